"""Reads loose objects in libgit2's place, whose own reader never ends on one that was cut off.

A power cut, a full disk or a hostile repository leaves such files, and libgit2 (1.9 at least; its
issue 7342) then turns in a loop that no signal ends and that holds Python's lock with it. Asked
after the packs and before libgit2's own reader; measured at 1.2 times its time an object.
libgit2 checks the name of what is returned here against its content, as of everything it reads.
"""

from __future__ import annotations

import errno
import os
import zlib
from pathlib import Path

import pygit2

AFTER_PACKS = 2
"""libgit2 asks packs at 2 and its own loose reader at 1; the last one added comes last of its 2."""
_TYPES = {b"commit": 1, b"tree": 2, b"blob": 3, b"tag": 4}
_HEAD_BYTES_MAX = 32
_DIGITS_MAX = 12
_HEX_CHARS = 40
_ALTERNATES_DEPTH_MAX = 5


class LooseObjects(pygit2.OdbBackend):
    """The loose objects of a repository, and for reading of those it borrows from.

    Args:
        objects: the repository's `objects` directory.
    """

    def __init__(self, objects: str) -> None:
        super().__init__()
        self._folders = _with_alternates(objects)
        self._writer = pygit2.Odb()
        self._writer.add_backend(pygit2.OdbBackendLoose(objects, -1, True), 1)

    def read_cb(self, oid: pygit2.Oid | str) -> tuple[int, bytes]:
        """Type and content of an object.

        Raises:
            KeyError: it is not loose here.
            pygit2.GitError: its file is no whole object.
        """
        name = str(oid)
        for folder in self._folders:
            try:
                with open(f"{folder}/{name[:2]}/{name[2:]}", "rb") as file:  # noqa: PTH123 - speed
                    packed = file.read()
            except (FileNotFoundError, NotADirectoryError):
                continue
            return _unpacked(name, packed)
        raise KeyError(name)

    def read_prefix_cb(self, prefix: str) -> tuple[int, bytes, pygit2.Oid]:
        """As `read_cb`, by the first digits. Raises also ValueError: several begin so."""
        names = {
            prefix[:2] + name
            for folder in self._folders
            for name in _listed(f"{folder}/{prefix[:2]}")
            if len(name) == _HEX_CHARS - 2 and name.startswith(prefix[2:])
        }
        if not names:
            raise KeyError(prefix)
        if len(names) > 1:
            raise ValueError(f"several objects begin with {prefix}")
        name = names.pop()
        return (*self.read_cb(name), pygit2.Oid(hex=name))

    def read_header_cb(self, oid: pygit2.Oid) -> tuple[int, int]:
        """Left to libgit2, whose reader of headers ends."""
        raise KeyError(str(oid))

    def exists_cb(self, _oid: pygit2.Oid) -> bool:
        """Left to libgit2."""
        return False

    def exists_prefix_cb(self, prefix: str) -> pygit2.Oid:
        """Left to libgit2."""
        raise KeyError(prefix)

    def write_cb(self, oid: pygit2.Oid, content: bytes, kind: int) -> None:
        """Whoever stands first gets what is written; libgit2 does it, with fsync (rule G4).

        Raises:
            KeyError: it could not be written. libgit2 goes on to its own writer then, and would
                return a success beside any other exception.
        """
        try:
            self._writer.write(kind, content)
        except (pygit2.GitError, OSError) as error:
            raise KeyError(str(oid)) from error

    def refresh_cb(self) -> None:
        """Nothing is remembered."""


def write_blob(repo: pygit2.Repository, content: bytes) -> pygit2.Oid:
    """Write a file's content. Raises OSError: it is not durable, and not to be relied on."""
    try:
        return repo.create_blob(content)
    except KeyError as error:
        raise OSError(errno.EIO, "the content of a file could not be written") from error


def _unpacked(name: str, packed: bytes) -> tuple[int, bytes]:
    stream = zlib.decompressobj()
    try:
        head = stream.decompress(packed, _HEAD_BYTES_MAX)
        kind, _, rest = head.partition(b" ")
        digits, end, body = rest.partition(b"\0")
        size = int(digits) if end and digits.isdigit() and len(digits) <= _DIGITS_MAX else -1
        if kind not in _TYPES or size < 0:
            raise _damaged(name)
        body += stream.decompress(stream.unconsumed_tail, size + 1 - len(body))
        if not stream.eof:  # the last bytes of the stream bring no content, only its checksum
            body += stream.decompress(stream.unconsumed_tail, 1)
    except zlib.error:
        raise _damaged(name) from None
    if not stream.eof or len(body) != size:
        raise _damaged(name)
    return _TYPES[kind], body


def _damaged(name: str) -> pygit2.GitError:
    return pygit2.GitError(f"the file of object {name} is damaged or was cut off")


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - names are all that is wanted
    except OSError:
        return []


def _with_alternates(objects: str, depth: int = 0) -> list[str]:
    """The directory itself and what its `info/alternates` name, as far as libgit2 follows them."""
    found = [objects]
    if depth >= _ALTERNATES_DEPTH_MAX:
        return found
    try:
        lines = (Path(objects) / "info/alternates").read_text("utf-8", "surrogateescape")
    except OSError:
        return found
    for line in lines.splitlines():
        if line and not line.startswith("#"):
            found += _with_alternates(os.path.normpath(Path(objects) / line), depth + 1)
    return found
