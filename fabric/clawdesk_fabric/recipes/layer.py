"""One image layer: entries picked out of Debian tars and wheels, written to a new tar file.

Archives are read entry by entry and never unpacked onto the host. Times and owners are fixed, so
that the same inputs make the same layer.
"""

from __future__ import annotations

import fnmatch
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Protocol, cast

from clawdesk_fabric.errors import BuildError


class Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


def _normal(name: str) -> str:
    """Path without a leading slash; the pre-merge /lib of a bare package becomes /usr/lib."""
    path = name.removeprefix("./").strip("/")
    return "usr/" + path if path.startswith(("lib/", "lib64/", "bin/")) else path


def wants(keep: Iterable[str], drop: Iterable[str]) -> Callable[[str], bool]:
    """A test of paths against a recipe's patterns."""
    keep, drop = tuple(keep), tuple(drop)

    def wanted(path: str) -> bool:
        return any(fnmatch.fnmatchcase(path, pattern) for pattern in keep) and not any(
            fnmatch.fnmatchcase(path, pattern) for pattern in drop
        )

    return wanted


class Layer:
    """A tar file being written; each path is taken once, the first wins."""

    def __init__(self, out: IO[bytes]) -> None:
        self._tar = tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self._seen: set[str] = set()

    def close(self) -> None:
        self._tar.close()

    def _entry(self, path: str, kind: bytes, mode: int, size: int = 0) -> tarfile.TarInfo | None:
        if not path or path in self._seen:
            return None
        if ".." in path.split("/"):
            raise BuildError(f"an archive holds the path {path}", permanent=True)
        # An engine without root makes a folder that no entry names one that nobody may enter.
        if above := path.rpartition("/")[0]:
            self.folder(above)
        self._seen.add(path)
        entry = tarfile.TarInfo(path)
        entry.type, entry.mode, entry.size, entry.mtime = kind, mode, size, 0
        return entry

    def folder(self, path: str, mode: int = 0o755) -> None:
        entry = self._entry(path, tarfile.DIRTYPE, mode)
        if entry is not None:
            self._tar.addfile(entry)

    def file(self, path: str, content: bytes, mode: int = 0o644) -> None:
        self.stream(path, io.BytesIO(content), len(content), mode)

    def stream(self, path: str, source: Readable, size: int, mode: int = 0o644) -> None:
        """Copy `size` bytes of `source` as the file `path`."""
        entry = self._entry(path, tarfile.REGTYPE, mode, size)
        if entry is not None:
            self._tar.addfile(entry, cast(IO[bytes], source))

    def pick(self, archive: Path, wanted: Callable[[str], bool]) -> None:
        """Take the wanted folders, files and symbolic links of a tar file; nothing else."""
        with tarfile.open(archive, mode="r|") as source:
            for member in source:
                path = _normal(member.name)
                if not wanted(path):
                    continue
                if member.isdir():
                    self.folder(path)
                elif member.issym():
                    entry = self._entry(path, tarfile.SYMTYPE, 0o777)
                    if entry is not None:
                        entry.linkname = member.linkname
                        self._tar.addfile(entry)
                elif member.isreg():
                    body = source.extractfile(member)
                    assert body is not None
                    self.stream(path, body, member.size, 0o755 if member.mode & 0o100 else 0o644)
                else:
                    raise BuildError(f"{archive.name} holds {path} as a special file or hard link")

    def wheel(self, archive: Path, into: str) -> None:
        """Take every file of a wheel below the folder `into`."""
        with zipfile.ZipFile(archive) as source:
            for member in source.infolist():
                if not member.is_dir():
                    with source.open(member) as body:
                        self.stream(f"{into}/{member.filename}", body, member.file_size)

    def wheel_file(self, archive: Path, name: str, path: str, *, sha256: str, size: int) -> None:
        """Take one file of a wheel as `path`.

        Raises:
            BuildError: it is missing, or not the pinned bytes.
        """
        with zipfile.ZipFile(archive) as source:
            try:
                member = source.getinfo(name)
            except KeyError:
                raise BuildError(f"{archive.name} lacks {name}", permanent=True) from None
            if member.file_size != size:
                raise BuildError(f"{name} has {member.file_size} bytes, not {size}", permanent=True)
            with source.open(member) as body:
                checked = _Hashing(body)
                self.stream(path, checked, size)
        if checked.hexdigest() != sha256:
            raise BuildError(f"{name} is not the file the catalog names", permanent=True)


class _Hashing:
    """Reads through to another stream and hashes what passes."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._source.read(size)
        self._digest.update(chunk)
        return chunk

    def hexdigest(self) -> str:
        return self._digest.hexdigest()
