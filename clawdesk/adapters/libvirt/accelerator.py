"""KVM or emulation: decided by really booting a guest, never by what a capability list says.

Some hosts offer /dev/kvm and list KVM everywhere, yet no guest gets through its kernel (facts,
section 2). So a probe machine has five seconds; the answer is kept per kernel, QEMU, CPU and
device. `CLAWDESK_ACCEL=tcg` skips KVM.
"""

from __future__ import annotations

import json
import logging
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clawdesk.adapters.libvirt.records import durable
from clawdesk.ports.errors import MachineError

PROBE_S = 5.0
_NOTE_CHARS_MAX = 200
_log = logging.getLogger(__name__)
_DEVICE = Path("/dev/kvm")
_SLOW = "Machines are emulated (TCG): correct, but several times slower."


KERNEL_WORDS = {
    # QEMU 7.2 keeps what it translated by virtual address: in a guest that loads every program
    # somewhere else, each start has all its libraries translated anew (2026-11-26: a shell 50 ms
    # for 23, Git 135 for 41). What is inside a machine is not safer or less safe by it than by the
    # kernel's own place, which is fixed as well: the machine is what confines.
    "tcg": ("norandmaps",),
    "kvm": (),
}
"""What the guest's kernel is told beside the image's own words."""


@dataclass(frozen=True, slots=True)
class Acceleration:
    """`name` is "kvm" or "tcg"; `note` says why, for the user's eyes."""

    name: str
    note: str


def decide(
    cache: Path, qemu: str, probe: Callable[[], None], *, device: Path = _DEVICE
) -> Acceleration:
    """Find out which accelerator works here; seconds the first time, instant later. Blocks.

    Args:
        cache: file that remembers the answer.
        qemu: QEMU's version.
        probe: boots a guest under KVM and ends it; raises MachineError when it did not come up.
    """
    if os.environ.get("CLAWDESK_ACCEL", "") == "tcg":
        return Acceleration("tcg", f"{_SLOW} CLAWDESK_ACCEL=tcg asks for it.")
    if not device.exists():
        return Acceleration("tcg", f"{_SLOW} This host has no {device}.")
    fingerprint = _fingerprint(qemu, device)
    known = _recall(cache, fingerprint)
    if known is not None:
        return known
    try:
        probe()
        answer = Acceleration("kvm", "")
    except MachineError as error:
        _log.info("KVM probe: %s", error.what)
        answer = Acceleration(
            "tcg", f"{_SLOW} KVM was tried and no guest came up: {_short(error.what)}"
        )
    durable(
        cache,
        json.dumps({"host": fingerprint, "name": answer.name, "note": answer.note}, indent=1),
    )
    return answer


def expected(cache: Path, *, device: Path = _DEVICE) -> str:
    """What `decide` will most likely say, without a look at this host: "kvm" or "tcg"."""
    if os.environ.get("CLAWDESK_ACCEL", "") == "tcg" or not os.access(device, os.R_OK | os.W_OK):
        return "tcg"
    try:
        found = json.loads(cache.read_text())
        return "tcg" if found["name"] == "tcg" else "kvm"
    except (OSError, ValueError, KeyError, TypeError):
        return "kvm"


def _short(words: str) -> str:
    return words if len(words) <= _NOTE_CHARS_MAX else f"{words[:_NOTE_CHARS_MAX]}..."


def _recall(cache: Path, fingerprint: list[str]) -> Acceleration | None:
    try:
        found = json.loads(cache.read_text())
        if found["host"] == fingerprint and found["name"] in {"kvm", "tcg"}:
            return Acceleration(found["name"], str(found["note"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return None


def _fingerprint(qemu: str, device: Path) -> list[str]:
    """Everything whose change makes the answer stale; the device with its mode and owner."""
    seen = device.stat()
    number = f"{seen.st_rdev:x} {seen.st_mode:o} {seen.st_uid} {seen.st_gid}"
    return [platform.release(), qemu, _cpu_model(), number, str(os.geteuid())]


def _cpu_model() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor()
    lines = (line for line in text.splitlines() if line.startswith("model name"))
    return next(lines, "").partition(":")[2].strip()
