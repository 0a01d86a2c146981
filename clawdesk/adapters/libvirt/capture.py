"""One capture of a running machine: a fresh overlay, its memory in a file, its record moved on.

It takes the fast path where the probe has passed, and a live snapshot otherwise and whenever the
fast path fails; QEMU writes that one into a pipe of ours (`piped`), or, where it takes none,
libvirt into the file from then on. In any case the record says at once which overlay is written to,
so that ending the machine removes the right file. Blocks.
"""

from __future__ import annotations

import errno
import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import libvirt

from clawdesk.adapters.libvirt import disks
from clawdesk.adapters.libvirt.background import BackgroundSnapshots
from clawdesk.adapters.libvirt.connection import explain
from clawdesk.adapters.libvirt.domains import Domains
from clawdesk.adapters.libvirt.layout import Layout
from clawdesk.adapters.libvirt.piped import PipedSnapshots
from clawdesk.adapters.libvirt.records import MachineRecord, write_machine
from clawdesk.adapters.libvirt.roster import Roster
from clawdesk.adapters.libvirt.standstill import Pause
from clawdesk.ports.errors import MachineError

_log = logging.getLogger(__name__)
_STANDSTILL_MS, _STANDSTILL_MS_MAX = 100, 2_000_000
"""So much QEMU may leave for when the guest stands still, and the highest it takes. Its own limit,
300 ms, stopped a guest of 256 MiB for 73 ms, as what it leaves is written at a gigabyte a second;
with 30 ms guests that write much needed a second pass, which is torn under emulation."""
_LOOKS_OF_ONE_PASS = 3
"""Emulation marks what a guest writes as changed a moment late. What is saved while the guest
stands still is right all the same; but where so much is left after one pass of the memory that QEMU
makes a second one under the running guest, pages of it can be old. Such a copy died soon after its
restore (2026-11-26, QEMU 7.2.22). Three looks for changed pages are one pass: at its beginning, at
its end, and with the guest stopped."""
_TURNS = 16
"""So many snapshots after one that a slow disk held up go through the kernel's cache."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""A full disk, where libvirt's own snapshot would fail as well, with the guest standing still."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A capture just made.

    Args:
        record: the machine's, as it is afterwards; its last layer is frozen.
        memory_sum: of the memory's file as it was written; "" = it was not looked at.
        looks: how often QEMU looked for pages that had changed meanwhile; 0 on the fast path.
    """

    record: MachineRecord
    pause: Pause
    memory_sum: str = ""
    looks: int = 0


class Caught(NamedTuple):
    """As `Taken` has it."""

    pause: Pause
    memory_sum: str
    looks: int


class Capture:
    """Captures of the machines of one connection.

    Args:
        may_hurry: whether the fast path is proven for machines of this accelerator.
    """

    def __init__(
        self,
        layout: Layout,
        domains: Domains,
        roster: Roster,
        *,
        background: BackgroundSnapshots,
        piped: PipedSnapshots,
        may_hurry: Callable[[str], bool],
    ) -> None:
        self._layout = layout
        self._domains = domains
        self._roster = roster
        self._background = background
        self._piped = piped
        self._may_hurry = may_hurry
        self._doubtful: set[str] = set()
        self._takes_pipes: bool | None = None  # whether QEMU does; None = untried
        self._through_cache = 0  # so many more go through the kernel's cache: the disk was slow

    def doubt(self, machine: str) -> None:
        """It was started by an earlier process, which may have died over a fast capture of it."""
        self._doubtful.add(machine)

    def take(self, record: MachineRecord, memory: Path) -> Taken:
        """Capture a machine, its memory into a new file.

        Raises:
            MachineError, OSError, libvirt.libvirtError: there is no capture; the machine goes on.
        """
        if record.machine in self._doubtful:
            # libvirt's own snapshot would be torn if the fast path were still switched on in QEMU.
            self._background.settle(record.machine)
            self._doubtful.discard(record.machine)
        # QEMU 7.2 starts the guest after the fast path even if somebody had suspended it before.
        if self._may_hurry(record.accelerator) and self._domains.is_running(record.machine):
            try:
                return self.hurry(record, memory)
            except (MachineError, OSError, libvirt.libvirtError) as error:
                if _is_final(error):
                    raise
                _log.info("%s: no background snapshot, so a live one: %s", record.machine, error)
                record = self._roster.get(record.machine)
        self._domains.may_stand_still(record.machine, _STANDSTILL_MS)
        taken = self._live(record, memory)
        if record.accelerator != "tcg" or taken.looks <= _LOOKS_OF_ONE_PASS:
            return taken
        _log.info("%s writes too much to be saved as it runs; it stands still", record.machine)
        memory.unlink()
        self._domains.may_stand_still(record.machine, _STANDSTILL_MS_MAX)
        try:
            again = self._live(taken.record, memory)
            # The guest stood still twice, and that is what a person is told.
            pause_ms = taken.pause.pause_ms + again.pause.pause_ms
            return replace(again, pause=replace(again.pause, pause_ms=pause_ms))
        finally:
            with suppress(MachineError, libvirt.libvirtError):  # it may have ended
                self._domains.may_stand_still(record.machine, _STANDSTILL_MS)

    def _live(self, record: MachineRecord, memory: Path) -> Taken:
        if self._takes_pipes is not False:
            try:
                taken = self._with_overlay(record, partial(self._through_pipe, record, memory))
            except (MachineError, OSError, libvirt.libvirtError) as error:
                if self._takes_pipes or _is_final(error) or _is_cut_off(error):
                    raise  # it is not the way that fails
                self._takes_pipes = False
                _log.info("%s: libvirt writes snapshots itself: %s", record.machine, error)
                record = self._roster.get(record.machine)
            else:
                self._takes_pipes = True
                return taken
        return self._with_overlay(record, partial(self._by_libvirt, record, memory))

    def _by_libvirt(self, record: MachineRecord, memory: Path, overlay: Path) -> Caught:
        pause = self._domains.freeze(record.machine, memory, overlay)
        return Caught(pause, "", self._domains.looks(record.machine))

    def _through_pipe(self, record: MachineRecord, memory: Path, overlay: Path) -> Caught:
        past_cache = self._through_cache == 0
        written = self._piped.freeze(record.machine, memory, overlay, past_cache=past_cache)
        # A disk may be slow, or only busy for now: it is tried again.
        self._through_cache = _TURNS if written.is_slow else max(0, self._through_cache - 1)
        return Caught(written.pause, written.digest, written.looks)

    def hurry(self, record: MachineRecord, memory: Path) -> Taken:
        """By the fast path, whether it is proven or not; as `take`, and it leaves no file."""

        def freeze(overlay: Path) -> Caught:
            pause = self._background.freeze(
                record.machine, memory, overlay, lambda: self._roster.get(record.machine)
            )
            return Caught(pause, "", 0)

        try:
            return self._with_overlay(record, freeze)
        except BaseException:
            memory.unlink(missing_ok=True)
            raise

    def _with_overlay(self, record: MachineRecord, freeze: Callable[[Path], Caught]) -> Taken:
        fresh = f"{record.machine}-{secrets.token_hex(4)}.qcow2"
        overlay = Path(record.overlay).with_name(fresh)
        try:
            disks.create_overlay(overlay, Path(record.overlay))
            self._layout.give(overlay)
            caught = freeze(overlay)
        except BaseException:
            # The disk may have moved before the rest failed: then the overlay is the machine's.
            if self._writes_to(record.machine) == str(overlay):
                self._moved(record, overlay)
            else:
                disks.remove(overlay)
            raise
        return Taken(self._moved(record, overlay), *caught)

    def _moved(self, record: MachineRecord, overlay: Path) -> MachineRecord:
        moved = replace(record, overlay=str(overlay), layers=(*record.layers, record.overlay))
        self._roster.put(moved)
        write_machine(self._layout.machine(record.task, record.machine), moved)
        return moved

    def _writes_to(self, machine: str) -> str:
        try:
            return self._domains.overlay_of(machine)
        except (MachineError, libvirt.libvirtError) as error:
            words = explain(error) if isinstance(error, libvirt.libvirtError) else error
            _log.info("%s cannot be asked for its disk: %s", machine, words)
            return ""


def _is_cut_off(error: Exception) -> bool:
    """Whether libvirt's daemon died over the call, which costs that call and no more."""
    if not isinstance(error, libvirt.libvirtError):
        return False
    return bool(error.get_error_domain() == libvirt.VIR_FROM_RPC)


def _is_final(error: Exception) -> bool:
    """Whether another way to take the snapshot would fail as well."""
    by_no_way = isinstance(error, MachineError) and error.code in {"gone", "merging"}
    return by_no_way or (isinstance(error, OSError) and error.errno in _FULL)
