"""Opening a folder as a project, and saying exactly why one cannot be opened (rule G11).

Nothing of the repository is run or changed here. libgit2's check of the owner stays on: a folder of
another user could carry settings that act against this one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pygit2
from pygit2.enums import RepositoryOpenFlag

from clawdesk.adapters.git.loose import AFTER_PACKS, LooseObjects
from clawdesk.adapters.git.names import shown
from clawdesk.domain.parameters import is_utf8
from clawdesk.ports.errors import RepositoryError

pygit2.settings.enable_fsync_gitdir(True)  # rule G4: libgit2 makes nothing durable by itself
pygit2.settings.owner_validation = True


@dataclass(frozen=True, slots=True)
class Place:
    """Where a project lies. `common_dir` differs from `git_dir` in a linked work tree."""

    path: str
    git_dir: str
    common_dir: str


def staging_of(place: Place, task: str) -> Path:
    """Where a merge stages files: on the disk of the work tree, so that they can be renamed."""
    inside = Path(place.git_dir)
    if os.stat(inside).st_dev != os.stat(place.path).st_dev:  # noqa: PTH116
        inside = Path(place.path)
    return inside / f".clawdesk-merge-{task}"


def open_place(place: Place) -> pygit2.Repository:
    """A fresh handle: it sees what other programs did since the last one."""
    return _open(place.path)


def _open(path: str) -> pygit2.Repository:
    repo = pygit2.Repository(path, RepositoryOpenFlag.NO_SEARCH)
    objects = os.path.join(common_dir_of(repo.path), "objects")  # noqa: PTH118 - text, not a Path
    repo.odb.add_backend(LooseObjects(objects), AFTER_PACKS)
    return repo


def find(path: str) -> Place:
    """Check that a folder is a project ClawDesk can work on.

    Raises:
        RepositoryError: with the reason and the one next step; the codes are not_found,
            not_a_repository, bad_name, inside, bare, sha256, reftable, foreign_owner,
            partial_clone, unsupported, unborn, read_only.
    """
    try:
        folder = Path(path).expanduser()
        what = "" if folder.is_dir() else "is a file, not a folder"
        what = what if not what or folder.exists() else "does not exist"
        real = os.fspath(folder.resolve())
    except (OSError, RuntimeError) as error:  # forbidden, on a mount that died; nobody's home
        reason = error.strerror if isinstance(error, OSError) else error
        folder, real, what = Path(path), "", f"cannot be looked at: {reason}"
    if what:
        raise RepositoryError(f"{folder} {what}.", mend="Choose a folder.", code="not_found")
    if not is_utf8(real):
        raise RepositoryError(
            f"The path {shown(real)} is not UTF-8 text.",
            mend="Rename that folder, or clone the project to another place.",
            code="bad_name",
        )
    try:
        repo = _open(real)
    except (pygit2.GitError, OSError, ValueError, KeyError) as error:
        raise _refused(real, str(error)) from error
    try:
        return _check(real, repo)
    finally:
        repo.free()


def _check(real: str, repo: pygit2.Repository) -> Place:
    if repo.is_bare or repo.workdir is None:
        raise RepositoryError(
            f"{real} is a bare repository: it has no files to work on.",
            mend=f"Clone it and open the clone: git clone {real}",
            code="bare",
        )
    work_tree = os.path.realpath(repo.workdir)
    if work_tree != real:
        raise _inside(real, work_tree)
    if _is_partial(repo):
        raise _partial(real)
    if repo.head_is_unborn:
        raise RepositoryError(
            f"{real} has no commit yet, so there is nothing a task could start from.",
            mend=f'Make a first commit: git -C {real} add -A && git -C {real} commit -m "First"',
            code="unborn",
        )
    try:
        repo.head.peel(pygit2.Tree)
    except (pygit2.GitError, KeyError, OSError) as error:
        raise RepositoryError(
            f"The present commit of {real} cannot be read: {error}.",
            mend=f"Look at it with: git -C {real} fsck",
            code="damaged",
        ) from error
    git_dir = os.path.realpath(repo.path)
    return Place(real, git_dir, common_dir_of(git_dir))


def common_dir_of(git_dir: str) -> str:
    """The directory with refs and objects: another one than `git_dir` in a linked work tree."""
    pointer = Path(git_dir) / "commondir"
    if not pointer.is_file():
        return git_dir
    return os.path.realpath(Path(git_dir) / pointer.read_text("utf-8").strip())


def _is_partial(repo: pygit2.Repository) -> bool:
    """A clone that fetches missing objects on demand; libgit2 cannot."""
    return any(
        entry.name.endswith((".promisor", ".partialclonefilter"))
        for entry in repo.config
        if entry.name.startswith("remote.")
    )


def _refused(real: str, text: str) -> RepositoryError:
    lowered = text.lower()
    if "not owned by current user" in lowered:
        return RepositoryError(
            f"{real} belongs to another user, who could have put settings into it that act on you.",
            mend=f"If you trust it: git config --global --add safe.directory {real}",
            code="foreign_owner",
        )
    if "object format" in lowered:
        return RepositoryError(
            f"{real} names its objects by SHA-256; only SHA-1 repositories can be opened yet.",
            mend="Open a SHA-1 clone of the project.",
            code="sha256",
        )
    if "refstorage" in lowered:
        return RepositoryError(
            f"{real} keeps its refs as a reftable, which cannot be read yet.",
            mend=f"With Git 2.46 or newer: git -C {real} refs migrate --ref-format=files",
            code="reftable",
        )
    if "partialclone" in lowered:
        return _partial(real)
    if "unsupported extension" in lowered:
        return RepositoryError(
            f"{real} uses a Git extension that cannot be read yet ({text}).",
            mend="Open a fresh clone of the project.",
            code="unsupported",
        )
    above = _repository_above(real)
    if above:
        return _inside(real, above)
    if "not found" in lowered or (Path(real) / ".git").is_file():
        return _no_repository(real)
    return RepositoryError(
        f"{real} cannot be opened as a Git repository: {text}.",
        mend=f"See what Git says: git -C {real} status",
        code="broken",
    )


def _no_repository(real: str) -> RepositoryError:
    what, mend = "", f"To make it one: git init {real}, then add and commit its files"
    if (Path(real) / ".git").is_file():  # of a work tree or submodule whose repository has gone
        what, mend = ": its file .git leads to none", f"See what Git says: git -C {real} status"
    return RepositoryError(
        f"{real} is not a Git repository{what}.", mend=mend, code="not_a_repository"
    )


def _repository_above(real: str) -> str:
    """The top of the repository a folder lies in; "" when it lies in none."""
    for folder in Path(real).parents:
        if (folder / ".git").exists():
            return os.fspath(folder)
    return ""


def _inside(real: str, top: str) -> RepositoryError:
    return RepositoryError(
        f"{real} is a folder inside the repository {top}.",
        mend=f"Open {top} itself.",
        code="inside",
    )


def _partial(real: str) -> RepositoryError:
    return RepositoryError(
        f"{real} is a partial clone: some of its objects are only on the server.",
        mend=f"Fetch everything: git -C {real} fetch --refetch --no-filter, or clone it anew",
        code="partial_clone",
    )
