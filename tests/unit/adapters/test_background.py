"""The order of a background snapshot, against a scripted QEMU: nothing runs too early."""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

pytest.importorskip("libvirt")
import libvirt

from clawdesk.adapters.libvirt import background
from clawdesk.adapters.libvirt.background import BackgroundSnapshots
from clawdesk.adapters.libvirt.connection import Connection
from clawdesk.adapters.libvirt.domains import Domains
from clawdesk.adapters.libvirt.monitor import Progress
from clawdesk.adapters.libvirt.save_image import read_header
from clawdesk.adapters.libvirt.standstill import Standstill
from clawdesk.ports.errors import MachineError

MEMORY_KIB = 64
XML = "<domain><name>cd-1</name></domain>"


class Qemu:
    """A machine and its monitor: what is asked of it is written down, in order.

    Args:
        goes: what the migration says of itself, one look after the other; the last stays.
        starts_itself: whether the guest runs again by itself once its memory is protected.
        refuses: commands QEMU refuses.
    """

    def __init__(
        self, goes: list[Progress], *, starts_itself: bool = False, refuses: tuple[str, ...] = ()
    ) -> None:
        self.story: list[str] = []
        self.goes = goes
        self.starts_itself = starts_itself
        self.refuses = refuses
        self.running = True
        self.standstill = Standstill()
        self.libvirt = self
        self.guards = False

    # As libvirt's connection and domain

    def lookupByName(self, _name: str) -> Qemu:
        return self

    def name(self) -> str:
        return "cd-1"

    def XMLDesc(self, _flags: int) -> str:
        return XML

    def state(self) -> list[int]:
        states = (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_RUNNING)
        return [states[self.running], 0]

    def maxMemory(self) -> int:
        return MEMORY_KIB

    def destroy(self) -> None:
        self._said("destroy")

    def migrateSetMaxSpeed(self, mib_s: int, _flags: int) -> None:
        self._said("fast" if mib_s > 1 << 16 else "slow")

    def suspend(self) -> None:
        self._said("suspend")
        self.running = False
        self.standstill.hear("cd-1", libvirt.VIR_DOMAIN_EVENT_SUSPENDED)

    def resume(self) -> None:
        self._said("resume")
        self._started()

    def snapshotCreateXML(self, _xml: str, _flags: int) -> None:
        self._said("disk")

    # As its monitor

    def do(self, command: str, **_arguments: object) -> Any:
        self._said(command)

    def give(self, _name: str, descriptor: int) -> None:
        self._said("getfd")
        self.descriptor = descriptor

    def can(self, _capability: str, yes: bool) -> None:
        self._said(f"capability {'on' if yes else 'off'}")

    @contextmanager
    def told(self) -> Iterator[None]:
        yield

    def wait_for_news(self, _within_s: float) -> None: ...

    def progress(self) -> Progress:
        now = self.goes[0]
        if len(self.goes) > 1:
            self.goes.pop(0)
        self.story.append(f"{now.status} {now.pages}")
        if now.pages and self.starts_itself and not self.running:
            self._started()
        return now

    def _started(self) -> None:
        self.running = True
        self.standstill.hear("cd-1", libvirt.VIR_DOMAIN_EVENT_RESUMED)

    def _said(self, word: str) -> None:
        self.story.append(word)
        if word in self.refuses:
            raise MachineError(f"QEMU refuses {word}", code="refused")


def progress(status: str, pages: int = 0, why: str = "") -> Progress:
    return Progress(status, pages, why)


ALL_WELL = [progress("setup"), progress("active"), progress("active", 7), progress("completed", 9)]


def snapshots_of(qemu: Qemu, monkeypatch: pytest.MonkeyPatch) -> BackgroundSnapshots:
    monkeypatch.setattr(background, "Monitor", lambda _virt, _machine: qemu)
    snapshots = BackgroundSnapshots(cast(Connection, qemu), cast(Domains, qemu))
    monkeypatch.setattr(snapshots, "_is_caught", lambda _machine: qemu.guards)
    return snapshots


@pytest.fixture
def freeze(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    def call(qemu: Qemu, wanted: Any = lambda: None) -> object:
        snapshots = snapshots_of(qemu, monkeypatch)
        return snapshots.freeze("cd-1", tmp_path / "memory", tmp_path / "overlay", wanted)

    return call


@pytest.mark.parametrize("starts_itself", [True, False], ids=["QEMU 7.2", "a newer QEMU"])
def test_the_guest_runs_again_only_when_its_memory_is_protected(
    freeze: Any, tmp_path: Path, starts_itself: bool
) -> None:
    qemu = Qemu(list(ALL_WELL), starts_itself=starts_itself)
    pause = freeze(qemu)
    before = ["capability on", "getfd", "fast", "suspend", "disk", "migrate", "setup 0", "active 0"]
    assert qemu.story[: len(before)] == before
    assert qemu.story[len(before)] == "active 7"
    assert qemu.story.count("resume") == (0 if starts_itself else 1)
    assert qemu.story[-1] == "capability off"
    assert qemu.running
    assert 0 < pause.pause_ms <= pause.call_ms
    header = read_header(tmp_path / "memory")
    assert header.xml == XML
    # QEMU's stream begins where the header says.
    assert header.stream_offset == (tmp_path / "memory").stat().st_size
    running = struct.unpack_from("<16sIII", (tmp_path / "memory").read_bytes())[3]
    assert running == 1


def test_a_refused_capability_touches_nothing(freeze: Any) -> None:
    qemu = Qemu([progress("none")], refuses=("capability on",))
    with pytest.raises(MachineError) as caught:
        freeze(qemu)
    assert caught.value.code == "refused"
    assert qemu.story == ["capability on"]


@pytest.mark.parametrize("step", ["getfd", "disk", "migrate"])
def test_whatever_fails_the_guest_runs_and_the_capability_is_off(freeze: Any, step: str) -> None:
    qemu = Qemu([progress("none")], refuses=(step,))
    with pytest.raises(MachineError):
        freeze(qemu)
    assert qemu.running
    assert qemu.story[-1] == "capability off"
    assert ("migrate" in qemu.story) == (step == "migrate")


def test_a_migration_that_fails_before_the_memory_is_protected_lets_the_guest_go(
    freeze: Any,
) -> None:
    qemu = Qemu([progress("active"), progress("failed", 0, "no userfaultfd")])
    with pytest.raises(MachineError) as caught:
        freeze(qemu)
    assert caught.value.code == "failed"
    assert "no userfaultfd" in caught.value.what
    assert qemu.running
    assert "destroy" not in qemu.story


@pytest.mark.expect_log("its memory could not be saved")
def test_a_guest_whose_memory_stays_protected_is_ended(
    freeze: Any, caplog: pytest.LogCaptureFixture
) -> None:
    qemu = Qemu([progress("active", 1), progress("failed", 1, "I/O error")], starts_itself=True)
    qemu.guards = True
    with pytest.raises(MachineError) as caught:
        freeze(qemu)
    assert caught.value.code == "gone"
    assert "destroy" in qemu.story
    assert "I/O error" in caplog.text


def test_a_snapshot_nobody_waits_for_is_left_and_never_cancelled(freeze: Any) -> None:
    qemu = Qemu([progress("active", 1)], starts_itself=True)

    def wanted() -> None:
        raise MachineError("ending", code="gone")

    with pytest.raises(MachineError) as caught:
        freeze(qemu, wanted)
    assert caught.value.code == "gone"
    assert "migrate_cancel" not in qemu.story


def test_without_room_for_the_whole_file_the_guest_is_not_touched(
    freeze: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def full(_descriptor: int, offset: int, length: int) -> None:
        asked.append((offset, length))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    qemu = Qemu(list(ALL_WELL))
    with pytest.raises(OSError, match="No space"):
        freeze(qemu)
    assert qemu.story == []
    ((offset, length),) = asked
    assert offset == 0
    assert length > MEMORY_KIB * 1024


@pytest.mark.parametrize("status", ["setup", "active"])
def test_an_earlier_process_s_snapshot_keeps_the_next_one_waiting(
    status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    qemu = Qemu([progress(status, 3)])
    with pytest.raises(MachineError) as caught:
        snapshots_of(qemu, monkeypatch).settle("cd-1")
    assert caught.value.code == "busy"


@pytest.mark.parametrize("status", ["none", "completed", "failed"])
def test_what_an_earlier_process_left_switched_on_is_switched_off(
    status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    qemu = Qemu([progress(status)])
    snapshots_of(qemu, monkeypatch).settle("cd-1")
    assert qemu.story[-1] == "capability off"
