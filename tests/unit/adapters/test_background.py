"""The order of a background snapshot, against a scripted QEMU: nothing runs too early."""

from __future__ import annotations

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
from clawdesk.adapters.libvirt.domains import Domains
from clawdesk.adapters.libvirt.monitor import Progress
from clawdesk.adapters.libvirt.save_image import read_header
from clawdesk.adapters.libvirt.standstill import Standstill
from clawdesk.ports.errors import MachineError

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


@pytest.fixture
def freeze(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    def call(qemu: Qemu, wanted: Any = lambda: None, **limits: float) -> object:
        monkeypatch.setattr(background, "Monitor", lambda _virt, _machine: qemu)
        snapshots = BackgroundSnapshots(qemu, cast(Domains, qemu), **limits)
        return snapshots.freeze("cd-1", tmp_path / "memory", tmp_path / "overlay", wanted)

    return call


@pytest.mark.parametrize("starts_itself", [True, False], ids=["QEMU 7.2", "a newer QEMU"])
def test_the_guest_runs_again_only_when_its_memory_is_protected(
    freeze: Any, tmp_path: Path, starts_itself: bool
) -> None:
    qemu = Qemu(list(ALL_WELL), starts_itself=starts_itself)
    pause = freeze(qemu)
    before = ["capability on", "getfd", "suspend", "disk", "migrate", "setup 0", "active 0"]
    assert qemu.story[:7] == before
    assert qemu.story[7] == "active 7"
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


def test_memory_that_is_never_protected_stops_the_guest_for_a_bounded_time(freeze: Any) -> None:
    qemu = Qemu([progress("active")])
    qemu.goes = [*[progress("active")] * 3, progress("cancelled")]
    with pytest.raises(MachineError) as caught:
        freeze(qemu, still_s_max=0.0)
    assert caught.value.code == "slow"
    assert qemu.story.index("migrate_cancel") < qemu.story.index("resume")
    assert qemu.running


def test_a_file_that_never_ends_is_cancelled_while_the_guest_runs(freeze: Any) -> None:
    qemu = Qemu([progress("active", 1)] * 2 + [progress("cancelled", 1)], starts_itself=True)
    qemu.goes.insert(1, progress("active", 2))
    with pytest.raises(MachineError) as caught:
        freeze(qemu, whole_s_max=0.0)
    assert caught.value.code == "slow"
    assert "migrate_cancel" in qemu.story


@pytest.mark.parametrize(
    ("why", "code"),
    [("Unable to write to file: No space left on device", "no_space"), ("Input/output", "failed")],
)
def test_a_failed_migration_says_why(freeze: Any, why: str, code: str) -> None:
    qemu = Qemu([progress("active", 1), progress("failed", 1, why)], starts_itself=True)
    with pytest.raises(MachineError) as caught:
        freeze(qemu)
    assert caught.value.code == code
    assert qemu.running


def test_a_snapshot_nobody_waits_for_is_given_up(freeze: Any) -> None:
    qemu = Qemu([progress("active", 1)] * 3 + [progress("cancelled", 1)], starts_itself=True)

    def wanted() -> None:
        raise MachineError("ending", code="gone")

    with pytest.raises(MachineError) as caught:
        freeze(qemu, wanted)
    assert caught.value.code == "gone"
    assert "migrate_cancel" in qemu.story
