"""Puts files into the workspace and takes them away, exactly as told and losing nothing else.

A path is gone down name by name with open directories, so that no symbolic link is ever followed,
not even one that appears meanwhile. What the host wants is a Git tree: of files and links, where a
directory exists because something lies in it. From this follows what may give way:

- A file, link or special file at the path itself is replaced by a rename; a process that has it
  open keeps the old one.
- A directory at the path gives way if nothing but directories is in it. The host has the files
  below removed first; one it did not name is in the way.
- A file or link where a directory must be is in the way, unless the host had it removed first.
- Removing what is no file or link at that path (nothing, a directory, a name below a link) is done
  before it begins: no such file is there. So the same wishes can be told twice.
"""

import contextlib
import os
import stat

from clawdesk_guest.paths import (
    LINK,
    MODES,
    PART_NAME,
    PROGRAM,
    link_mistake,
    path_mistake,
)

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class InTheWayError(Exception):
    """The path cannot be as told; the text says why."""


class Placer:
    """Writes one file after the other, part by part. Methods raise InTheWayError and OSError.

    Args:
        folder: the workspace.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._path = ""  # of the unfinished file, "" = none
        self._mode = 0
        self._parent = -1
        self._file = -1
        self._target = bytearray()

    def put(self, path: str, mode: int, part: bytes, *, first: bool, last: bool) -> None:
        """Take the next part of a file; with the last one it appears, whole."""
        if first:
            self.drop()
        elif path != self._path:
            raise InTheWayError("its parts came out of order")
        try:
            if first:
                self._begin(path, mode)
            self._add(part)
            if last:
                self._finish()
        except BaseException:
            self.drop()
            raise

    def _begin(self, path: str, mode: int) -> None:
        wrong = path_mistake(path)
        if wrong or mode not in MODES:
            raise InTheWayError(wrong or f"{mode:o} is the mode of neither a file nor a link")
        self._parent = self._open_parent(path, make=True)
        self._path, self._mode = path, mode
        with contextlib.suppress(FileNotFoundError):
            os.unlink(PART_NAME, dir_fd=self._parent)
        if mode != LINK:
            self._file = os.open(PART_NAME, _NEW, 0o600, dir_fd=self._parent)

    def _add(self, part: bytes) -> None:
        if self._mode == LINK:
            self._target += part
            return
        view = memoryview(part)
        while view:
            view = view[os.write(self._file, view) :]

    def _finish(self) -> None:
        """Give the file its mode and its name."""
        if self._mode == LINK:
            wrong = link_mistake(bytes(self._target))
            if wrong:
                raise InTheWayError(wrong)
            os.symlink(bytes(self._target), os.fsencode(PART_NAME), dir_fd=self._parent)
        else:
            os.fchmod(self._file, 0o755 if self._mode == PROGRAM else 0o644)
            file, self._file = self._file, -1
            os.close(file)
        name = self._path.rpartition("/")[2]
        if _is_folder(self._parent, name):
            _clear_folder(self._parent, name)
        os.rename(PART_NAME, name, src_dir_fd=self._parent, dst_dir_fd=self._parent)
        self._close()

    def drop(self) -> None:
        """Forget the unfinished file, if there is one."""
        if self._parent >= 0:
            with contextlib.suppress(OSError):
                os.unlink(PART_NAME, dir_fd=self._parent)
        self._close()

    def _close(self) -> None:
        for descriptor in (self._file, self._parent):
            if descriptor >= 0:
                os.close(descriptor)
        self._file = self._parent = -1
        self._path = ""
        self._target.clear()

    def remove(self, path: str, *, prune: bool) -> None:
        """Have no file at this path; with `prune` no directories either that are empty now."""
        wrong = path_mistake(path)
        if wrong:
            raise InTheWayError(wrong)
        folders, _, name = path.rpartition("/")
        try:
            parent = self._open_parent(path, make=False)
        except (FileNotFoundError, InTheWayError):
            parent = -1
        if parent >= 0:
            try:
                if not _is_folder(parent, name):
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(name, dir_fd=parent)
            finally:
                os.close(parent)
        if prune and folders:
            self._prune(folders)

    def _prune(self, path: str) -> None:
        """Remove a directory and those above it, as far as they are empty."""
        while path:
            path, _, name = path.rpartition("/")
            try:
                parent = self._open_parent(f"{path}/{name}".lstrip("/"), make=False)
            except (FileNotFoundError, InTheWayError):
                continue  # What is not there is empty.
            try:
                os.rmdir(name, dir_fd=parent)
            except FileNotFoundError:
                continue
            except OSError:
                return  # Something is in it, or it is no directory, or somebody's mount.
            finally:
                os.close(parent)

    def _open_parent(self, path: str, *, make: bool) -> int:
        """The directory a path lies in. Raises FileNotFoundError when it is not to be made."""
        folder = os.open(self._folder, _FOLDER)
        way = ""
        try:
            for name in path.split("/")[:-1]:
                way = f"{way}/{name}".lstrip("/")
                if make:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(name, dir_fd=folder)
                mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
                if not stat.S_ISDIR(mode):
                    kind = "a symbolic link" if stat.S_ISLNK(mode) else "a file"
                    raise InTheWayError(f"{kind} is in the way, {way}")
                below = os.open(name, _FOLDER, dir_fd=folder)
                os.close(folder)
                folder = below
        except BaseException:
            os.close(folder)
            raise
        return folder


def _is_folder(parent: int, name: str) -> bool:
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


def _clear_folder(parent: int, name: str) -> None:
    """Remove a directory in which there are only directories; InTheWayError if there is more."""
    kept = _first_file(parent, name)
    if kept:
        raise InTheWayError(f"a directory is in the way, with {kept} in it")
    _remove_folders(parent, name)


def _first_file(parent: int, name: str) -> str:
    """A path below a directory that is no directory, "" if there is none."""
    folder = os.open(name, _FOLDER, dir_fd=parent)
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if not entry.is_dir(follow_symlinks=False):
                    if entry.name != PART_NAME:
                        return f"{name}/{entry.name}"
                elif below := _first_file(folder, entry.name):
                    return f"{name}/{below}"
    finally:
        os.close(folder)
    return ""


def _remove_folders(parent: int, name: str) -> None:
    """Remove directories; a file that appears meanwhile keeps its own (OSError)."""
    folder = os.open(name, _FOLDER, dir_fd=parent)
    try:
        for below in os.listdir(folder):
            if below == PART_NAME:
                os.unlink(below, dir_fd=folder)
            elif _is_folder(folder, below):
                _remove_folders(folder, below)
    finally:
        os.close(folder)
    os.rmdir(name, dir_fd=parent)
