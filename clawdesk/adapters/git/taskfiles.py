"""Task files and project files of a commit or of the work tree, found and parsed.

The work tree is read for the list of tasks only, so that a file shows up while its user writes it;
what a task runs is always read from a commit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

import pygit2
from pygit2.enums import FileMode

from clawdesk.adapters.git.folder import Folder, OddFileError
from clawdesk.adapters.git.lookup import entry_at, folder_at
from clawdesk.adapters.git.names import LINK_MODE, shown
from clawdesk.domain.definitions import (
    FILE_BYTES_MAX,
    PROJECT_FILE,
    TASKS_FOLDER,
    DefinitionError,
    is_task_name,
    parse_project,
    parse_task,
    task_file,
)
from clawdesk.domain.images import FILES_BYTES_MAX as IMAGE_BYTES_MAX
from clawdesk.domain.images import IMAGE_FILE, ImagePlan, parse_image
from clawdesk.domain.model import ProjectPolicy, TaskDefinition
from clawdesk.ports.errors import RepositoryError

DEFINITIONS_MAX = 500
SAID_MAX = 20
"""Names of tasks that one message lists."""
_ENDING = ".toml"


def in_commit(tree: pygit2.Tree, name: str) -> TaskDefinition:
    """The task file of a tree.

    Raises:
        RepositoryError: code `no_definition` or `bad_definition` (with every mistake).
    """
    text = _text_in(tree, task_file(name)) if is_task_name(name) else None
    if text is None:
        raise RepositoryError(
            f"There is no task {shown(name)!r} in this commit: {TASKS_FOLDER}/{shown(name)}.toml"
            " does not exist.",
            mend=f"{_there(_names_in(tree))} Or write and commit that file.",
            code="no_definition",
        )
    try:
        return parse_task(text, name)
    except DefinitionError as error:
        raise _bad(error) from error


def tasks_there(repo: pygit2.Repository, tree: pygit2.Tree) -> str:
    """A sentence with the names of the tasks a project has, on disk or in this tree."""
    return _there(_names(repo, tree))


def _there(names: list[str]) -> str:
    more = f" and {len(names) - SAID_MAX} more" if len(names) > SAID_MAX else ""
    return f"This project has: {', '.join(names[:SAID_MAX]) or 'no task yet'}{more}."


def policy_in(tree: pygit2.Tree) -> ProjectPolicy:
    """The project file of a tree; the defaults where there is none. Raises RepositoryError."""
    text = _text_in(tree, PROJECT_FILE)
    try:
        return parse_project(text) if text is not None else ProjectPolicy()
    except DefinitionError as error:
        raise _bad(error) from error


def image_in(tree: pygit2.Tree) -> ImagePlan:
    """The image file of a tree and what it names, empty without one. Raises RepositoryError."""
    try:
        text = _text_in(tree, IMAGE_FILE)
        if text is None:
            return ImagePlan()
        spec = parse_image(text)
        paths = dict.fromkeys((*((spec.script,) if spec.script else ()), *spec.files))
        return ImagePlan(spec, contents={path: _named_in(tree, path) for path in paths})
    except DefinitionError as error:
        raise _bad(error) from error


def _named_in(tree: pygit2.Tree, path: str) -> bytes:
    """The content of a file that the image file names. Raises DefinitionError."""
    entry = entry_at(tree, path)
    if (
        isinstance(entry, pygit2.Blob)
        and entry.filemode != FileMode.LINK
        and entry.size <= IMAGE_BYTES_MAX
    ):
        return entry.data
    found = f"{shown(path)}, which is no plain file of at most {IMAGE_BYTES_MAX >> 20} MiB"
    raise DefinitionError((f"{IMAGE_FILE}:1: found {found} of this commit",))


def project_file_in(tree: pygit2.Tree) -> bytes | None:
    """The project file of a tree as it is, None where there is none. Raises RepositoryError."""
    try:
        return _content_in(tree, PROJECT_FILE)
    except DefinitionError as error:
        raise _bad(error) from error


def listed(
    repo: pygit2.Repository, tree: pygit2.Tree
) -> tuple[tuple[TaskDefinition, ...], tuple[str, ...]]:
    """Every task as the work tree has it (else HEAD), and the mistakes in their files."""
    definitions: list[TaskDefinition] = []
    mistakes: list[str] = []
    for name in _names(repo, tree):
        try:
            text = _present(repo, tree, task_file(name))
            if text is not None:
                definitions.append(parse_task(text, name))
        except DefinitionError as error:
            mistakes += error.mistakes
    others: dict[str, Callable[[str], object]] = {
        PROJECT_FILE: parse_project,
        IMAGE_FILE: parse_image,
    }
    for path, parse in others.items():
        try:
            parse(_present(repo, tree, path) or "")
        except DefinitionError as error:
            mistakes += error.mistakes
    return tuple(definitions), tuple(mistakes)


def _names(repo: pygit2.Repository, tree: pygit2.Tree) -> list[str]:
    on_disk = _task_names(_names_on_disk(repo))
    return sorted({*on_disk, *_names_in(tree)})[:DEFINITIONS_MAX]


def _names_in(tree: pygit2.Tree) -> list[str]:
    return _task_names(str(entry.name) for entry in folder_at(tree, TASKS_FOLDER) or ())


def _task_names(files: Iterable[str]) -> list[str]:
    found = [file.removesuffix(_ENDING) for file in sorted(files) if file.endswith(_ENDING)]
    return [name for name in found if is_task_name(name)][:DEFINITIONS_MAX]


def _present(repo: pygit2.Repository, tree: pygit2.Tree, path: str) -> str | None:
    """A file as on disk. Also a committed one that was deleted since still counts."""
    text = _on_disk(repo, path)
    return text if text is not None else _text_in(tree, path)


def _names_on_disk(repo: pygit2.Repository) -> list[str]:
    folder = os.path.join(str(repo.workdir), TASKS_FOLDER)  # noqa: PTH118
    try:
        if os.path.realpath(folder) != os.path.join(  # noqa: PTH118
            os.path.realpath(str(repo.workdir)), TASKS_FOLDER
        ):
            return []  # reached through a link: not the project's own
        return os.listdir(folder)  # noqa: PTH208
    except OSError:
        return []


def _on_disk(repo: pygit2.Repository, path: str) -> str | None:
    try:
        state = Folder(str(repo.workdir)).read(path, FILE_BYTES_MAX)
    except OddFileError:
        raise _unreadable(path, "larger than 64 KiB or not a plain file") from None
    if state is None:
        return None
    if state.mode == LINK_MODE:
        raise _unreadable(path, "a symbolic link")
    return _decoded(path, state.content)


def _text_in(tree: pygit2.Tree, path: str) -> str | None:
    content = _content_in(tree, path)
    return None if content is None else _decoded(path, content)


def _content_in(tree: pygit2.Tree, path: str) -> bytes | None:
    entry = entry_at(tree, path)
    if entry is None:
        return None
    if not isinstance(entry, pygit2.Blob) or entry.filemode == FileMode.LINK:
        raise _unreadable(path, "not a plain file")
    if entry.size > FILE_BYTES_MAX:
        raise _unreadable(path, "larger than 64 KiB")
    return entry.data


def _decoded(path: str, content: bytes) -> str:
    try:
        return content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DefinitionError(
            (f"{path}:{line}: found bytes that are not UTF-8; allowed: UTF-8",)
        ) from error


def _unreadable(path: str, what: str) -> DefinitionError:
    return DefinitionError((f"{path}:1: found {what}; allowed: a text file of at most 64 KiB",))


def _bad(error: DefinitionError) -> RepositoryError:
    return RepositoryError(
        "\n".join(error.mistakes), mend="Mend the file, then try again.", code="bad_definition"
    )
