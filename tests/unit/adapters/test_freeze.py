"""Freezing with a few lines for libvirt: what is merged away is given up, and a libvirt that writes
otherwise than we know gets its file."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from subprocess import run
from typing import cast

from clawdesk.adapters.libvirt import disks
from clawdesk.adapters.libvirt.background import BackgroundSnapshots
from clawdesk.adapters.libvirt.capture import Capture
from clawdesk.adapters.libvirt.domains import Domains
from clawdesk.adapters.libvirt.freeze import Freezer
from clawdesk.adapters.libvirt.records import read_machine
from clawdesk.adapters.libvirt.roster import Roster
from clawdesk.adapters.libvirt.standstill import Pause
from tests.support.machine_files import MachineFiles

TASK = "01TASK"


class QuickDomains:
    """Freezes and merges at once; writes as a libvirt does that we do not know."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def freeze(self, _machine: str, memory: Path, _overlay: Path) -> Pause:
        self.asked.append("fifo" if memory.is_fifo() else "file")
        memory.write_bytes(b"memory")
        return Pause(1.0, 2.0)

    def overlay_of(self, _machine: str) -> str:
        return ""

    def merge_down(self, _machine: str) -> None:
        """QEMU has pulled all layers into the overlay."""


def test_layers_merged_into_a_machine_go_unless_a_snapshot_needs_them(tmp_path: Path) -> None:
    files = MachineFiles(tmp_path)
    files.base.unlink()
    run(["qemu-img", "create", "-q", "-f", "qcow2", str(files.base), "1M"], check=True, timeout=60)
    later: list[Callable[[], object]] = []

    def keep(call: Callable[[], object]) -> Future[object]:
        later.append(call)
        return Future()

    roster = Roster()
    quick = QuickDomains()
    domains = cast(Domains, quick)
    background = cast(BackgroundSnapshots, None)  # the fast path is not proven here
    freezer = Freezer(
        files.layout,
        domains,
        roster,
        keep,
        shelf=files.shelf,
        capture=Capture(files.layout, domains, roster, background, lambda _: False),
        qemu="7.2",
        space=disks.SpaceRule(0, 0.0),
        layers_max=3,
    )
    machine = files.start(TASK)
    Path(machine.overlay).unlink()
    disks.create_overlay(Path(machine.overlay), files.base)
    roster.put(machine)
    first, second, third = (
        freezer.snapshot(machine.machine, TASK, ordinal).saved for ordinal in (1, 2, 3)
    )
    assert quick.asked == ["fifo", "file", "file", "file"]
    assert Path(third.memory).read_bytes() == b"memory"
    for saved in (first, third):
        files.shelf.forget(saved.id)
    assert Path(third.layers[-1]).exists()  # the machine stands on it
    later[-1]()
    assert read_machine(files.layout.machine(TASK, machine.machine)).layers == ()
    assert not Path(third.layers[-1]).exists()
    assert all(Path(path).exists() for path in (*second.layers, second.memory))
    assert files.there() == files.named()
