"""Reading and writing files of a work tree without ever following a symbolic link.

Every path is walked name by name with directory descriptors, so a link that appears in place of a
folder leads to a refusal, not to another part of the disk. Contents are the bytes of the file: no
filter, no line-end conversion.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from clawdesk.adapters.git.names import FILE_MODE, LINK_MODE, PROGRAM_MODE

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as Git would keep it."""

    mode: int
    content: bytes


class OddFileError(Exception):
    """A folder, socket, device or the like stands where a file is expected."""


class Folder:
    """A work tree's root."""

    def __init__(self, root: str) -> None:
        self._root = root

    @contextlib.contextmanager
    def _parent(self, path: str, *, create: bool = False) -> Iterator[tuple[int, str]]:
        """Descriptor of the folder of a path, and its last name. Raises OSError."""
        *parts, name = path.split("/")
        fd = os.open(self._root, _FOLDER_FLAGS & ~os.O_NOFOLLOW)
        try:
            for part in parts:
                if create:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(part, dir_fd=fd)
                below = os.open(part, _FOLDER_FLAGS, dir_fd=fd)
                os.close(fd)
                fd = below
            yield fd, name
        finally:
            os.close(fd)

    def read(self, path: str, bytes_max: int | None = None) -> FileState | None:
        """The file at a path; None when there is none (or a link stands in for a folder).

        Raises:
            OddFileError: something that is neither file nor link, or a file over `bytes_max`.
        """
        try:
            with self._parent(path) as (fd, name):
                found = os.stat(name, dir_fd=fd, follow_symlinks=False)
                if stat.S_ISLNK(found.st_mode):
                    target = os.readlink(os.fsencode(name), dir_fd=fd)
                    return FileState(LINK_MODE, os.fsencode(target))
                if not stat.S_ISREG(found.st_mode):
                    raise OddFileError(path)
                if bytes_max is not None and found.st_size > bytes_max:
                    raise OddFileError(path)
                mode = PROGRAM_MODE if found.st_mode & stat.S_IXUSR else FILE_MODE
                return FileState(mode, self._content(fd, name))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno == errno.ELOOP:  # a link where a folder was expected
                return None
            raise

    @staticmethod
    def _content(fd: int, name: str) -> bytes:
        with open(os.open(name, _READ_FLAGS, dir_fd=fd), "rb") as file:  # noqa: PTH123
            return file.read()

    def stage(self, path: str, state: FileState) -> None:
        """Write a new file that must not exist yet, durable; used for staging only."""
        with self._parent(path, create=True) as (fd, name):
            if state.mode == LINK_MODE:
                os.symlink(state.content, os.fsencode(name), dir_fd=fd)
                return
            mode = 0o777 if state.mode == PROGRAM_MODE else 0o666
            with open(os.open(name, _WRITE_FLAGS, mode, dir_fd=fd), "wb") as file:  # noqa: PTH123
                file.write(state.content)
                file.flush()
                os.fsync(file.fileno())

    def replace(self, path: str, staged: str) -> None:
        """Put a staged file (absolute path, same disk) in place, making folders as needed."""
        with self._parent(path, create=True) as (fd, name):
            os.rename(staged, name, dst_dir_fd=fd)

    def remove(self, path: str) -> None:
        """Remove a file and the folders that became empty; nothing there is fine."""
        try:
            with self._parent(path) as (fd, name):
                os.unlink(name, dir_fd=fd)
        except (FileNotFoundError, NotADirectoryError):
            return
        above = path.rpartition("/")[0]
        while above:
            try:
                with self._parent(above) as (fd, name):
                    os.rmdir(name, dir_fd=fd)
            except OSError:
                return  # not empty: the user has other files there
            above = above.rpartition("/")[0]

    def is_blocked(self, path: str) -> bool:
        """Whether a folder, or a file in place of one of its folders, is where a file must go."""
        *parts, _ = path.split("/")
        for depth in range(1, len(parts) + 1):
            found = self._kind("/".join(parts[:depth]))
            if found is None:
                return False
            if not stat.S_ISDIR(found):
                return True
        found = self._kind(path)
        return found is not None and stat.S_ISDIR(found)

    def _kind(self, path: str) -> int | None:
        try:
            with self._parent(path) as (fd, name):
                return os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode
        except OSError:
            return None
