"""What differs in a small workspace, told without starting git: that is dear under emulation.

The answer is the one git would give for the private index of `workspace`, or there is none:
whatever is unusual is left to git. What is kept in memory only saves work; nothing is written.
"""

import os
import stat
import struct
import time
from typing import NamedTuple

from clawdesk_guest.paths import LINK, MODES

ENTRY = struct.Struct(">10I20sH")
"""Of an index, version 2: `numbers_of` a file, its content's name, flags; its path follows."""
_HEAD = struct.Struct(">4sII")
_EXTENSION = struct.Struct(">4sI")
_SHA1_BYTES = 20
_UNUSUAL_FLAGS = 0xF000  # assumed valid, extended (e.g. skip-worktree), or a stage of a merge
_ENTRIES_MAX = 500
_FILES_MAX = 1000
_VERDICTS_MAX = 2000
_READ_BYTES_MAX = 1 << 20
"""Of all files read for one listing. Where there is more to read, starting git is cheap."""
_CLOCK_REALTIME_COARSE = 5  # the clock that files' times are taken from

Differences = tuple[list[bytes], list[bytes], list[bytes]]
"""Paths of the start tree that changed, those that are gone, and others that are not ignored."""


class Walk(NamedTuple):
    """What a look at every folder found. Paths are relative to the workspace."""

    files: list[bytes]  # and links
    special: list[bytes]  # pipes, sockets and devices
    is_linked: bool  # a link leads to anything but a file
    is_complete: bool  # `files` are all there are, and no folder is a repository of its own
    begun_ns: int  # by the clock that files' times are taken from


class _Entry(NamedTuple):
    mode: int
    size: int
    oid: bytes
    numbers: tuple[int, ...]  # a file with these is as it was; () = only its content can tell


class _UnsureError(Exception):
    """Git has to be asked."""


class Listing:
    """Tells what differs as long as that is sure, and learns from git what is ignored.

    Whether the rules of the start tree ignore a file depends on its path alone: the rules are
    fixed, no path ever enters or leaves the index, and only real folders lie on the way.

    Args:
        folder: the workspace.
        index: path of the private index.
    """

    def __init__(self, folder: str, index: str) -> None:
        self._root = os.fsencode(folder) + b"/"
        self._index = index
        self._read_of: tuple[int, ...] = ()  # the state of the index that was read last
        self._entries: dict[bytes, _Entry] | None = None  # None = not an index to be read here
        self._is_other: dict[bytes, bool] = {}  # paths not of the start tree: False = ignored
        self._readable_bytes = 0

    def known(self, walk: Walk) -> Differences | None:
        """What differs; None where git has to be asked. The lists are sorted."""
        if not walk.is_complete:
            return None
        files = set(walk.files)
        try:
            entries = self._tracked()
            if entries is None or not entries.keys() <= files:
                return None  # what is gone, a folder now or behind a link is told apart by git
            new = sorted(files - entries.keys())
            if not all(path in self._is_other for path in new):
                return None
            self._readable_bytes = _READ_BYTES_MAX
            changed = [path for path, entry in entries.items() if self._is_changed(path, entry)]
        except (OSError, _UnsureError):
            return None
        return changed, [], [path for path in new if self._is_other[path]]

    def learn(self, walk: Walk, others: list[bytes]) -> None:
        """Take from git's list of others, made after the walk, what it says of the walk's files."""
        if not walk.is_complete or any(path.endswith(b"/") for path in others):
            return  # what lies in a repository is not listed, and yet not ignored
        entries = self._tracked()
        if entries is None:
            return
        listed = set(others)
        if len(self._is_other) > _VERDICTS_MAX:
            self._is_other.clear()
        for path in walk.files:
            if path in listed:
                self._is_other[path] = True
            elif path not in entries and self._has_stayed(path, walk.begun_ns):
                self._is_other[path] = False

    def _has_stayed(self, path: bytes, since_ns: int) -> bool:
        """Whether git must have seen the file: one made meanwhile could be missed for good."""
        try:
            return os.lstat(self._root + path).st_ctime_ns < since_ns
        except OSError:
            return False

    def _tracked(self) -> dict[bytes, _Entry] | None:
        """The files of the start tree, read anew when git rewrote its index. In order of paths."""
        if _state(os.lstat(self._index)) != self._read_of:
            with open(self._index, "rb") as source:
                s = os.fstat(source.fileno())
                try:
                    self._entries = _parse(source.read(), s)
                except (_UnsureError, ValueError, struct.error):
                    self._entries = None
            self._read_of = _state(s)
        return self._entries

    def _is_changed(self, path: bytes, entry: _Entry) -> bool:
        """As git's `ie_modified` has it. Raises OSError and _UnsureError."""
        place = self._root + path
        s = os.lstat(place)
        is_link = stat.S_ISLNK(s.st_mode)
        if is_link != (entry.mode == LINK):
            return True
        if not is_link and (not stat.S_ISREG(s.st_mode) or (s.st_mode ^ entry.mode) & 0o100):
            return True
        if numbers_of(s, entry.mode) == entry.numbers:
            return False
        # Where git was not sure of a file it notes the size 0; then, as here, its content counts.
        if entry.size not in (0, s.st_size & 0xFFFFFFFF):
            return True
        content = os.readlink(place) if is_link else self._content(place, s.st_size)
        return sha1(b"blob %d\0" % len(content) + content) != entry.oid

    def _content(self, place: bytes, size: int) -> bytes:
        self._readable_bytes -= size
        if self._readable_bytes < 0:
            raise _UnsureError
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as source:
            return source.read(size)


def walked(folder: str) -> Walk:
    """Look at every folder of a workspace but its own `.git`."""
    begun_ns = time.clock_gettime_ns(_CLOCK_REALTIME_COARSE)
    root = os.fsencode(folder) + b"/"
    files: list[bytes] = []
    special: list[bytes] = []
    is_linked, is_complete, folders = False, True, [b""]
    while folders:
        inside = folders.pop()
        try:
            with os.scandir(root + inside) as entries:
                for entry in entries:
                    path = inside + entry.name
                    if entry.name == b".git":
                        is_complete = is_complete and not inside
                    elif entry.is_symlink():
                        is_linked = is_linked or not os.path.isfile(entry.path)
                        files.append(path)
                    elif entry.is_dir():
                        folders.append(path + b"/")
                    else:
                        (files if entry.is_file() else special).append(path)
        except OSError:
            is_complete = False  # it went meanwhile, or its path is too long for git as well
        if len(files) > _FILES_MAX:
            files.clear()  # git lists them; only the rest matters now
            is_complete = False
    return Walk(files, special, is_linked, is_complete, begun_ns)


def numbers_of(s: os.stat_result, mode: int) -> tuple[int, ...]:
    """What an index says of a file, in its order; `mode` is the file's mode in Git."""
    times = (*divmod(s.st_ctime_ns, 10**9), *divmod(s.st_mtime_ns, 10**9))
    numbers = (*times, s.st_dev, s.st_ino, mode, s.st_uid, s.st_gid, s.st_size)
    return tuple([n & 0xFFFFFFFF for n in numbers])  # no generator: this is done for each file


def sha1(content: bytes) -> bytes:
    """The 20 bytes Git names a content by."""
    # Imported here, as it is wanted seldom; and hashlib would load all of OpenSSL for it.
    try:
        from _sha1 import sha1 as digest  # type: ignore[import-not-found]
    except ImportError:
        from hashlib import sha1 as digest
    return bytes(digest(content, usedforsecurity=False).digest())


def _state(s: os.stat_result) -> tuple[int, ...]:
    return s.st_mtime_ns, s.st_ctime_ns, s.st_ino, s.st_size


def _parse(content: bytes, s: os.stat_result) -> dict[bytes, _Entry]:
    """The entries of an index whose file is in the state `s`.

    Raises _UnsureError for what is not read here, ValueError and struct.error for what is broken.
    Source: gitformat-index(5).
    """
    magic, version, count = _HEAD.unpack_from(content)
    if magic != b"DIRC" or version != 2 or count > _ENTRIES_MAX:
        raise _UnsureError
    written = divmod(s.st_mtime_ns, 10**9)
    entries = {}
    start = _HEAD.size
    for _ in range(count):
        *numbers, oid, flags = ENTRY.unpack_from(content, start)
        end = content.index(b"\0", start + ENTRY.size)
        mode, size = numbers[6], numbers[9]
        if flags & _UNUSUAL_FLAGS or mode not in MODES:
            raise _UnsureError
        # A file that may have been written after it was looked at, within one tick of the clock,
        # is not told by its times. Git calls that racy.
        is_told = size and max(numbers[:2], numbers[2:4]) < [*written]
        path = content[start + ENTRY.size : end]
        entries[path] = _Entry(mode, size, oid, tuple(numbers) if is_told else ())
        start = end + 8 - (end - start) % 8
    while start < len(content) - _SHA1_BYTES:
        name, length = _EXTENSION.unpack_from(content, start)
        if not name[:1].isupper():
            raise _UnsureError  # one that must be understood
        start += _EXTENSION.size + length
    if start != len(content) - _SHA1_BYTES:
        raise _UnsureError
    return entries
