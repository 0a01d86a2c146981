"""Which project files the user trusts: by content, in a file that only the user may write.

Trust is for bytes, not for a place: the digest of a project file. Writing is atomic and durable;
what was answered "trusted" is on disk. Only the holder of the plane's lock writes.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

import msgspec

from clawdesk.ports.errors import PortError

TRUST_FILE = "trusted.json"
_BYTES_MAX = 8 * 1024 * 1024
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Trusted:
    """One answer of the user: this content may ask for these things.

    Args:
        digest: sha256 of the project file, in hex.
        project: where it was seen when the user was asked.
    """

    digest: str
    project: str
    at_ms: int
    asks: tuple[str, ...] = ()


class _Stored(msgspec.Struct):
    trusted: list[Trusted] = []
    version: int = 1


class TrustStore:
    """The file in the configuration directory; all calls block."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> tuple[Trusted, ...]:
        """What is trusted; nothing where there is no file.

        Raises:
            PortError: not readable, damaged, or others may write to it: then nothing is trusted.
        """
        try:
            content = self._content()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise self._refusal(f"cannot be read: {error.strerror}") from None
        try:
            stored = msgspec.json.decode(content, type=_Stored)
        except (msgspec.DecodeError, RecursionError) as error:
            raise self._refusal(f"is damaged: {error}") from None
        if stored.version != 1 or not all(_DIGEST.fullmatch(t.digest) for t in stored.trusted):
            raise self._refusal("was not written by this version")
        return tuple(stored.trusted)

    def add(self, new: Trusted) -> None:
        """Trust a content from now on. Raises PortError when it could not be made durable."""
        self._write([*(t for t in self.read() if not _same(t, new)), new])

    def remove(self, project: str, digest: str = "") -> int:
        """Trust no file any more that was trusted for that project, nor this one; how many."""
        found = self.read()
        gone = {t.digest for t in found if t.project == project} | {digest}
        kept = [t for t in found if t.digest not in gone]
        if len(kept) < len(found):
            self._write(kept)
        return len(found) - len(kept)

    def _content(self) -> bytes:
        descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:  # noqa: PTH123 - of a descriptor
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid():
                raise self._refusal("is not a file of yours")
            if found.st_mode & 0o022:
                raise self._refusal("may be written by others", f"chmod 600 {self._path}")
            content = file.read(_BYTES_MAX + 1)
        if len(content) > _BYTES_MAX:
            raise self._refusal("is larger than 8 MiB")
        return content

    def _write(self, trusted: list[Trusted]) -> None:
        content = msgspec.json.format(msgspec.json.encode(_Stored(trusted)), indent=2) + b"\n"
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_durably(self._path, content)
        except OSError as error:
            raise self._refusal(f"cannot be written: {error.strerror}") from None

    def _refusal(self, why: str, mend: str = "") -> PortError:
        mend = mend or f"Move {self._path} away; projects then ask for trust again."
        return PortError(f"{self._path} {why}.", mend=mend, code="trust_store")


def _same(one: Trusted, other: Trusted) -> bool:
    return (one.digest, one.project) == (other.digest, other.project)


def write_durably(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Replace a file as a whole, and on disk when this returns. Raises OSError."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # 0600
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - of a descriptor
            file.write(content)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
