"""What is written down beside machine files: who owns an overlay, what a snapshot is made of.

Plain JSON that appears whole or not at all. Records are not forced to the disk when written: an
fsync would wait for the hundred megabytes of memory file behind it, and a machine does not survive
a power cut anyway. Reads raise ValueError when a file is not ours or was cut.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import stat
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_RECORD_BYTES_MAX = 1 << 20


@dataclass(frozen=True, slots=True)
class MachineRecord:
    """A machine that was started and not yet destroyed.

    Args:
        role: "task", "template" or "probe".
        layers: frozen qcow2 files below the overlay, bottom first; they belong to others.
        base: the commit its workspace disk was made of.
    """

    machine: str
    role: str
    task: str
    attempt: int
    overlay: str
    layers: tuple[str, ...]
    workspace: str
    accelerator: str
    image: str
    base: str = ""


@dataclass(frozen=True, slots=True)
class SavedRecord:
    """A machine frozen at one moment: a task's snapshot, or a template.

    Args:
        layers: qcow2 files, bottom first; the last one froze with this snapshot.
        sizes: bytes of every file that must be there unchanged, the memory included.
        image: digest of the guest image.
        memory_sum: checksum of the memory's file as it was written; "" = it was not looked at.
        boot: the start of this host that it was taken in; "" = not known.
    """

    id: str
    task: str
    ordinal: int
    machine: str
    memory: str
    layers: tuple[str, ...]
    workspace: str
    sizes: dict[str, int]
    accelerator: str
    image: str
    qemu: str
    base: str = ""
    boot: str = ""
    memory_sum: str = ""


def write_machine(path: Path, record: MachineRecord) -> None:
    _write(path, asdict(record))


def read_machine(path: Path) -> MachineRecord:
    found = _read(path)
    try:
        return MachineRecord(**{**found, "layers": tuple(found["layers"])})
    except (TypeError, KeyError) as error:
        raise ValueError(f"{path}: not a machine's record: {error}") from error


def write_saved(path: Path, record: SavedRecord) -> None:
    _write(path, asdict(record))


def read_saved(path: Path) -> SavedRecord:
    found = _read(path)
    if "memory_sha256" in found:  # what an earlier version called it
        found["memory_sum"] = found.pop("memory_sha256")
    try:
        return SavedRecord(**{**found, "layers": tuple(found["layers"])})
    except (TypeError, KeyError) as error:
        raise ValueError(f"{path}: not a snapshot's record: {error}") from error


@dataclass(frozen=True, slots=True)
class Named:
    """What a record of either kind names: machine files, the memory first, and an image."""

    files: tuple[str, ...] = ()
    image: str = ""


def named_files(path: Path) -> tuple[str, ...]:
    """Every machine file that a record names. Raises OSError as `named_in` does."""
    return named_in(path).files


def named_in(path: Path) -> Named:
    """What a record names.

    Forgiving where the readers above are strict: a record with fields this version does not know
    still needs its files. One whose text was cut can never be used again, and names none.

    Raises:
        OSError: it could not be read, so nobody knows what it names.
    """
    try:
        found = _object(path)
    except ValueError:
        return Named()
    layers = found.get("layers")
    named = [found.get(key) for key in ("memory", "overlay", "workspace")]
    named += layers if isinstance(layers, list) else []
    image = found.get("image")
    return Named(
        tuple(file for file in named if isinstance(file, str) and file),
        image if isinstance(image, str) else "",
    )


def durable(path: Path, text: str) -> None:
    """Write a file so that after a power cut it is there whole or not at all."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    with part.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write(path: Path, fields: dict[str, Any]) -> None:
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    part.write_text(json.dumps(fields, indent=1, sort_keys=True), encoding="utf-8")
    part.replace(path)


def _read(path: Path) -> dict[str, Any]:
    try:
        return _object(path)
    except OSError as error:
        raise ValueError(f"{path}: {error}") from error


def _object(path: Path) -> dict[str, Any]:
    """A record's fields. QEMU's account owns the folder, so anything may stand under the name.

    Raises:
        ValueError: not a plain file of a sane size with one JSON object in it.
        OSError: it could not be read.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ValueError(f"{path}: a link") from error
        raise
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError(f"{path}: not a file")
        text = os.read(handle, _RECORD_BYTES_MAX + 1)
    finally:
        os.close(handle)
    if len(text) > _RECORD_BYTES_MAX:
        raise ValueError(f"{path}: too long")
    try:
        found = json.loads(text)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"{path}: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path}: not an object")
    return found
