"""Freezing with a few lines for libvirt: what is merged away is given up, and a QEMU that takes no
pipe has its file written by libvirt."""

from __future__ import annotations

import errno
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from subprocess import run
from typing import cast

import libvirt
import pytest
from blake3 import blake3

from clawdesk.adapters.libvirt import checksums, disks, freeze
from clawdesk.adapters.libvirt.background import BackgroundSnapshots
from clawdesk.adapters.libvirt.capture import Capture
from clawdesk.adapters.libvirt.domains import Domains
from clawdesk.adapters.libvirt.freeze import Freezer
from clawdesk.adapters.libvirt.layout import RECORD
from clawdesk.adapters.libvirt.piped import PipedSnapshots, Written
from clawdesk.adapters.libvirt.records import SavedRecord, read_machine, read_saved
from clawdesk.adapters.libvirt.roster import Roster
from clawdesk.adapters.libvirt.save_image import pack_header
from clawdesk.adapters.libvirt.standstill import Pause
from clawdesk.ports.errors import MachineError, SnapshotDamagedError
from tests.support.machine_files import MachineFiles

TASK = "01TASK"


class QuickDomains:
    """Freezes and merges at once; a QEMU that takes no pipe."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.looked: list[int] = []

    def through_pipe(self, _memory: Path, *, past_cache: bool) -> Written:
        self.asked.append("pipe")
        raise MachineError("no such command", code="refused")

    def freeze(self, _machine: str, memory: Path, _overlay: Path) -> Pause:
        self.asked.append("file")
        memory.write_bytes(b"memory")
        return Pause(1.0, 2.0)

    def looks(self, _machine: str) -> int:
        return self.looked.pop() if self.looked else 3

    def may_stand_still(self, _machine: str, most_ms: int) -> None:
        self.asked.append(f"{most_ms} ms")

    def overlay_of(self, _machine: str) -> str:
        return ""

    def merge_down(self, _machine: str) -> None:
        """QEMU has pulled all layers into the overlay."""


class QuickPipes:
    """The way through a pipe, as its domains have it."""

    def __init__(self, domains: QuickDomains) -> None:
        self._domains = domains

    def freeze(self, _machine: str, memory: Path, _overlay: Path, *, past_cache: bool) -> Written:
        return self._domains.through_pipe(memory, past_cache=past_cache)


def _capture(files: MachineFiles, domains: QuickDomains, roster: Roster) -> Capture:
    return Capture(
        files.layout,
        cast(Domains, domains),
        roster,
        background=cast(BackgroundSnapshots, None),  # the fast path is not proven here
        piped=cast(PipedSnapshots, QuickPipes(domains)),
        may_hurry=lambda _: False,
    )


class Place:
    """A home with a machine, and a freezer whose later work waits until it is called."""

    def __init__(self, tmp_path: Path) -> None:
        self.files = MachineFiles(tmp_path)
        self.files.base.unlink()
        make = ["qemu-img", "create", "-q", "-f", "qcow2", str(self.files.base), "1M"]
        run(make, check=True, timeout=60)
        self.later: list[Callable[[], object]] = []
        self.sealing: list[Callable[[], object]] = []
        self.roster = Roster()
        self.quick = QuickDomains()
        self.freezer = self.another()
        self.machine = self.files.start(TASK)
        Path(self.machine.overlay).unlink()
        disks.create_overlay(Path(self.machine.overlay), self.files.base)
        self.roster.put(self.machine)

    def another(self) -> Freezer:
        """As a program that is started again makes it."""
        return Freezer(
            self.files.layout,
            cast(Domains, self.quick),
            self.roster,
            partial(_keep, self.later),
            partial(_keep, self.sealing),
            shelf=self.files.shelf,
            capture=_capture(self.files, self.quick, self.roster),
            qemu="7.2",
            space=disks.SpaceRule(0, 0.0),
            layers_max=3,
        )

    def snapshot(self, ordinal: int) -> SavedRecord:
        return self.freezer.snapshot(self.machine.machine, TASK, ordinal).saved


def _keep(calls: list[Callable[[], object]], call: Callable[[], object]) -> Future[object]:
    calls.append(call)
    return Future()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_layers_merged_into_a_machine_go_unless_a_snapshot_needs_them(place: Place) -> None:
    files, machine = place.files, place.machine
    first, second, third = (place.snapshot(ordinal) for ordinal in (1, 2, 3))
    assert place.quick.asked == ["100 ms", "pipe", "file", *["100 ms", "file"] * 2]
    assert Path(third.memory).read_bytes() == b"memory"
    for saved in (first, third):
        files.shelf.forget(saved.id)
    assert Path(third.layers[-1]).exists()  # the machine stands on it
    place.later[-1]()
    assert read_machine(files.layout.machine(TASK, machine.machine)).layers == ()
    assert not Path(third.layers[-1]).exists()
    assert all(Path(path).exists() for path in (*second.layers, second.memory))
    assert files.there() == files.named()


def test_what_has_no_checksum_is_not_trusted_once_the_host_was_started_anew(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed, found = (place.snapshot(ordinal) for ordinal in (1, 2))
    place.freezer.seal(sealed)
    again = place.another()  # the first one was killed
    again.take_up()
    place.sealing[-1]()
    torn = place.snapshot(3)
    monkeypatch.setattr(freeze, "boot_id", lambda: "another start")
    assert again.verify(sealed)
    assert again.verify(found)
    with pytest.raises(SnapshotDamagedError, match="not safely on the disk"):
        again.verify(torn)
    place.freezer.sealer.settle()
    assert again.verify(torn), "a program that ends in order seals what is left"


class DyingDomains(QuickDomains):
    """libvirt's daemon dies in the middle of the first snapshot."""

    def through_pipe(self, memory: Path, *, past_cache: bool) -> Written:
        if "died" in self.asked:
            return super().through_pipe(memory, past_cache=past_cache)
        self.asked.append("died")
        error = libvirt.libvirtError("End of file while reading data: Input/output error")
        error.err = (libvirt.VIR_ERR_SYSTEM_ERROR, libvirt.VIR_FROM_RPC, "end of file")
        raise error


def test_a_daemon_that_dies_over_a_snapshot_says_nothing_of_pipes(tmp_path: Path) -> None:
    files = MachineFiles(tmp_path)
    machine = files.start(TASK)
    Path(machine.overlay).unlink()
    run(["qemu-img", "create", "-q", "-f", "qcow2", machine.overlay, "1M"], check=True, timeout=60)
    roster, dying = Roster(), DyingDomains()
    roster.put(machine)
    capture = _capture(files, dying, roster)
    with pytest.raises(libvirt.libvirtError):
        capture.take(machine, tmp_path / "memory")
    capture.take(machine, tmp_path / "memory")
    assert dying.asked == ["100 ms", "died", "100 ms", "pipe", "file"]


def test_what_an_emulated_guest_changed_too_fast_is_saved_again_while_it_stands_still(
    place: Place,
) -> None:
    place.quick.looked = [4]
    frozen = place.freezer.snapshot(place.machine.machine, TASK, 1)
    saved = frozen.saved
    assert frozen.pause.pause_ms == 2.0, "it stood still twice"
    assert place.quick.asked == ["100 ms", "pipe", "file", "2000000 ms", "file", "100 ms"]
    assert Path(saved.memory).read_bytes() == b"memory"
    assert len(saved.layers) == 3, "the disk froze twice"


class PipedDomains(QuickDomains):
    """A QEMU that takes pipes; its disk was slow the first time."""

    def __init__(self) -> None:
        super().__init__()
        self.ways: list[bool] = []

    def through_pipe(self, memory: Path, *, past_cache: bool) -> Written:
        self.ways.append(past_cache)
        memory.write_bytes(pack_header("<domain/>", b"") + b"memory")
        return Written(Pause(1.0, 2.0), checksums.of(memory), len(self.ways) == 1, 3)


class MergingDomains(PipedDomains):
    """Its disk is being merged at the first snapshot."""

    def through_pipe(self, memory: Path, *, past_cache: bool) -> Written:
        if not self.ways:
            self.ways.append(past_cache)
            raise MachineError("The machine's disk is being merged.", code="merging")
        return super().through_pipe(memory, past_cache=past_cache)


def test_a_disk_that_is_being_merged_says_nothing_of_pipes(place: Place) -> None:
    place.quick = quick = MergingDomains()
    place.freezer = place.another()
    with pytest.raises(MachineError, match="being merged"):
        place.snapshot(1)
    assert place.snapshot(2).memory_sum, "the next one goes through the pipe"
    assert len(quick.ways) == 2


def test_the_record_knows_the_sum_and_a_slow_disk_is_spared_for_a_while(place: Place) -> None:
    place.quick = quick = PipedDomains()
    place.freezer = place.another()
    for ordinal in range(1, 20):
        saved = place.snapshot(ordinal)
        whole = Path(saved.memory).read_bytes()
        assert saved.memory_sum == f"blake3:{blake3(whole).hexdigest()}"
        assert read_saved(Path(saved.memory).with_name(RECORD)) == saved
    assert quick.ways == [True, *[False] * 16, True, True], "tried again after sixteen"
    Path(saved.memory).chmod(0o600)
    Path(saved.memory).write_bytes(whole[:-1] + b"Y")
    with pytest.raises(SnapshotDamagedError, match="does not match"):
        place.freezer.verify(saved)


def test_a_disk_that_is_full_at_the_record_keeps_no_memory_file(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last gigabyte was taken up by what nobody could use, until the next start."""

    def full(_path: Path, _record: SavedRecord) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(freeze, "write_saved", full)
    with pytest.raises(MachineError) as caught:
        place.snapshot(1)
    assert caught.value.code == "no_space"
    assert list(place.files.layout.task(TASK).glob("snapshots/.*")) == []


def test_a_note_that_is_no_text_is_a_damaged_snapshot(place: Place) -> None:
    """It was taken for a mistake of ours, which ends the session."""
    saved = place.snapshot(1)
    place.freezer.seal(saved)
    for note in Path(saved.memory).parent.glob("memory.*"):
        note.chmod(0o600)
        note.write_bytes(b"\xff\xfe")
    with pytest.raises(SnapshotDamagedError):
        place.freezer.verify(saved)
