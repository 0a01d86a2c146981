"""A new task file in a person's own folder, written because they said so; never through a link.

It is the only thing ClawDesk writes into a working tree besides what a merge brings.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clawdesk.domain.definitions import TASKS_FOLDER, is_task_name, task_file
from clawdesk.ports.errors import PortError

EXISTS = "exists"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MEND = "Look at what that is, or save under another name."


def save(project: str, name: str, text: str, *, over: bool = False) -> Path:
    """Write `.clawdesk/tasks/NAME.toml`; whole, or not at all.

    Args:
        project: the folder that a person works in.
        over: in place of a file of that name.

    Raises:
        PortError: `exists` where there is such a file and it shall stay; else what stopped it.
    """
    assert is_task_name(name), "what is written was read before, under that name"
    file = task_file(name)
    try:
        with _folder(project) as folder:
            _write(folder, f"{name}.toml", text.encode(), over=over)
    except FileExistsError as error:
        raise PortError(f"There is a file {file}.", mend=_MEND, code=EXISTS) from error
    except OSError as error:
        raise PortError(f"{file} could not be written: {error.strerror}.", mend=_MEND) from error
    return Path(project) / file


@contextmanager
def _folder(project: str) -> Iterator[int]:
    """The folder of task files, made where it is missing; each part a folder of its own."""
    opened = os.open(project, _FOLDER)
    try:
        for part in TASKS_FOLDER.split("/"):
            try:
                inner = os.open(part, _FOLDER, dir_fd=opened)
            except FileNotFoundError:
                os.mkdir(part, dir_fd=opened)
                inner = os.open(part, _FOLDER, dir_fd=opened)
            os.close(opened)
            opened = inner
        yield opened
    finally:
        os.close(opened)


def _write(folder: int, name: str, content: bytes, *, over: bool) -> None:
    """A file that is in the way stays as it is until the new one is whole beside it."""
    into = f".{name}.{os.getpid()}" if over else name
    with os.fdopen(os.open(into, _NEW, 0o666, dir_fd=folder), "wb") as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            if over:
                os.replace(into, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            os.unlink(into, dir_fd=folder)
            raise
