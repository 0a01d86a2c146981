"""Weights on disk: found, hashed once, and checked before each start.

A hash is kept by the file's identity (device, inode, size, times), so that only a file that may
have changed is read again. Nothing is copied: containers get the files where they lie, read-only.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clawdesk_fabric.errors import WeightsError
from clawdesk_fabric.paths import cache_folder
from clawdesk_fabric.recipes.roots import locked

CHUNK_BYTES = 4 * 2**20
LARGE_BYTES = 256 * 2**20
KNOWN_MAX = 1024
FILES_MAX = 1024
# What an engine reads of a published folder; anything that can carry code is left out.
_TAKEN = {".safetensors", ".json", ".model", ".txt", ".jinja", ".tiktoken"}


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file a model consists of: its name inside the container, and the bytes it must have."""

    name: str
    path: Path
    sha256: str
    size: int


def found(path: Path) -> list[Path]:
    """The files to take: the GGUF file itself, or what counts of a folder.

    Raises:
        WeightsError: it is not there, or nothing that can be served.
    """
    if path.is_dir():
        files = sorted(f for f in path.iterdir() if f.suffix in _TAKEN and f.is_file())
        if not files or len(files) > FILES_MAX:
            raise WeightsError(f"{path} holds {len(files)} files of a model", permanent=True)
        return files
    _look(path)
    return [path]


def _look(path: Path) -> os.stat_result:
    """Raises WeightsError unless a container could read the file."""
    try:
        seen = path.stat()
    except OSError as error:
        raise WeightsError(
            f"{path} cannot be read: {error.strerror}",
            mend="put it back, or clawdesk-fabric remove the model",
            permanent=True,
        ) from error
    if not stat.S_ISREG(seen.st_mode):
        raise WeightsError(f"{path} is not a plain file", permanent=True)
    if not seen.st_mode & stat.S_IROTH:
        raise WeightsError(
            f"{path} is closed to others, and the container's user is not you",
            mend=f"chmod o+r {path}",
            permanent=True,
        )
    return seen


def sha256_of(path: Path, report: Callable[[str], None]) -> str:
    """Hex digest of the file; says how far it is, at each tenth of a large one."""
    digest = hashlib.sha256()
    done, told = 0, 0
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
                done += len(chunk)
                tenth = done * 10 // max(size, 1)
                if size > LARGE_BYTES and tenth > told:
                    told = tenth
                    report(f"reading {path.name}: {tenth * 10} %")
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror}") from error
    return digest.hexdigest()


class Hashes:
    """Digests of files by their identity, kept in a file; losing it costs one more reading."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or cache_folder() / "weights.json"

    def of(self, path: Path, report: Callable[[str], None]) -> str:
        """The file's digest, read again if it may have changed. Raises WeightsError."""
        key = _identity(_look(path))
        known = self._read()
        if key in known:
            return known[key]
        digest = sha256_of(path, report)
        if _identity(_look(path)) != key:
            raise WeightsError(
                f"{path} changed while it was read", mend="wait until it is written, then again"
            )
        with contextlib.suppress(OSError), locked(self._file.with_suffix(".lock")):
            known = {**self._read(), key: digest}
            write_private(self._file, json.dumps(dict(list(known.items())[-KNOWN_MAX:])))
        return digest

    def check(self, files: tuple[WeightFile, ...], report: Callable[[str], None]) -> None:
        """Raises WeightsError, naming the file, unless each has the bytes it had when added."""
        for file in files:
            seen = _look(file.path)
            if seen.st_size != file.size or self.of(file.path, report) != file.sha256:
                raise WeightsError(
                    f"{file.path} is not the file that was added: its bytes have changed",
                    mend="put the old file back, or clawdesk-fabric remove the model and add it",
                    permanent=True,
                )

    def _read(self) -> dict[str, str]:
        try:
            known = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        pairs = known.items() if isinstance(known, dict) else ()
        return {k: v for k, v in pairs if isinstance(v, str) and len(v) == 64}


def _identity(seen: os.stat_result) -> str:
    # The time of the last change of the inode cannot be set back, as the other one can.
    parts = (seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)
    return ":".join(map(str, parts))


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(partial).replace(path)
    except OSError as error:
        error.filename = error.filename or str(path)  # a write that found no room names no file
        Path(partial).unlink(missing_ok=True)
        raise
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
