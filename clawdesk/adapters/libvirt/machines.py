"""The Machines port over libvirt: asynchronous outside, bounded threads inside.

It adds waiting, time limits and the user's words to what the other files of this folder do; it
decides nothing. A libvirt call cannot be cancelled: when its caller stops waiting, what the call
may still start is ended late, so no outcome is lost.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

import libvirt

from clawdesk.adapters.libvirt.connection import explain
from clawdesk.adapters.libvirt.freeze import Frozen
from clawdesk.adapters.libvirt.launch import Purpose
from clawdesk.adapters.libvirt.layout import SERVICE_TASK
from clawdesk.adapters.libvirt.records import MachineRecord, SavedRecord
from clawdesk.adapters.libvirt.shelf import expect_files
from clawdesk.adapters.libvirt.templates import Blueprint
from clawdesk.adapters.libvirt.workplace import Settings, Workplace, make_quietly
from clawdesk.domain.model import MachineId, MachineNeed, Snapshot, TaskId
from clawdesk.ports.errors import MachineError, PortError
from clawdesk.ports.machines import (
    DiskUse,
    ImageUse,
    Layer,
    MachineSpec,
    MachineSupport,
    OwnedMachine,
    StartedMachine,
)

_log = logging.getLogger(__name__)
_P = ParamSpec("_P")
_R = TypeVar("_R")
_THREADS = 8
_OPEN_S = 60.0
_SNAPSHOT_S = 180.0
_END_S = 60.0
_KEEP_S = 600.0  # gigabytes are read and written once
_SHORT_S = 30.0


class LibvirtMachines:
    """See ports/machines.py. The connection is opened by the first call and kept."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="machines")
        # Merges wait for one another, never for a machine's start; so do checksums.
        self._background = ThreadPoolExecutor(1, thread_name_prefix="machines-merge")
        self._sealing = ThreadPoolExecutor(1, thread_name_prefix="machines-seal")
        self._moulding = ThreadPoolExecutor(1, thread_name_prefix="machines-mould")
        self._tell: list[Callable[[MachineId, str], None]] = []
        self._workplace: Workplace | None = None
        self._opening = asyncio.Lock()
        self._closed = False
        self._unmade: set[str] = set()  # keys of templates that failed since this program began
        # Machines in the making and whose; set: nobody wants that one any more.
        self._starts: dict[threading.Event, TaskId] = {}

    async def support(self) -> MachineSupport:
        uri = "qemu:///session" if os.geteuid() != 0 else "qemu:///embed"
        try:
            place = await self._use()
            await self._within("asking libvirt", _SHORT_S, place.connection.check)
        except MachineError as error:
            return MachineSupport(False, uri, "tcg", "", {}, False, error.what, error.mend)
        uri, confined = place.connection.uri, place.connection.confinement.confined
        try:
            image = await self._within("the image", _SHORT_S, place.image, "base")
            found = await self._within("the KVM probe", _OPEN_S, place.acceleration, image)
        except MachineError as error:
            note = "Not tried yet: KVM is probed by booting the guest image."
            return MachineSupport(
                False, uri, "tcg", note, place.versions, confined, error.what, error.mend
            )
        problem = "" if confined else "Machines are not confined: QEMU runs as root."
        versions = {**place.versions, "snapshots": place.choice.path(found.name)}
        note, mend = place.choice.lack(found.name)
        return MachineSupport(
            True,
            uri,
            found.name,
            found.note,
            versions,
            confined,
            problem,
            snapshots_note=note,
            snapshots_mend=mend,
        )

    async def start(self, spec: MachineSpec) -> StartedMachine:
        begun = time.monotonic()
        place = await self._use()
        purpose = Purpose("task", spec.task, spec.attempt, spec.base)
        need, layer, tar = spec.need, spec.layer, spec.workspace
        record, warm = await self._started(
            "starting a machine",
            place,
            spec.task,
            lambda unwanted: self._start(place, need, layer, purpose, tar, unwanted=unwanted),
        )
        boot_ms = (time.monotonic() - begun) * 1000
        if self.settings.warm and not (warm and place.choice.settled(record.accelerator)):
            self._mould(place, need, layer)
        return StartedMachine(record.machine, boot_ms, record.accelerator, warm)

    async def find_layer(self, need: MachineNeed, digest: str) -> Layer:
        place = await self._use()

        def find() -> Layer:
            return place.layers.find(place.image(need.image), need.disk_mib, digest)

        return await self._within("looking for an image layer", _SHORT_S, find)

    async def start_builder(self, need: MachineNeed, set_up: Path) -> StartedMachine:
        begun = time.monotonic()
        place = await self._use()
        purpose = Purpose("layer", SERVICE_TASK, 0)
        record, warm = await self._started(
            "starting a machine",
            place,
            purpose.task,
            lambda unwanted: self._start(place, need, "", purpose, set_up, unwanted=unwanted),
        )
        boot_ms = (time.monotonic() - begun) * 1000
        return StartedMachine(record.machine, boot_ms, record.accelerator, warm)

    async def keep_layer(self, machine: MachineId, layer: str, about: str) -> None:
        place = await self._use()
        keep = place.layers.keep
        await self._within("keeping an image layer", _KEEP_S, keep, machine, layer, about)

    async def warm(self, need: MachineNeed) -> None:
        """Make the template for machines of this need, if there is none. Raises MachineError."""
        place = await self._use()
        call = self._moulding.submit(lambda: self._make_template(place, need))
        await asyncio.shield(asyncio.wrap_future(call))

    async def suspend(self, machine: MachineId) -> None:
        place = await self._use()
        await self._within("suspending", _SHORT_S, place.domains.suspend, machine)
        place.freezer.sealer.at_rest(machine)

    async def resume(self, machine: MachineId) -> None:
        place = await self._use()
        await self._within("resuming", _SHORT_S, place.domains.resume, machine)

    async def snapshot(self, machine: MachineId, task: TaskId, ordinal: int) -> Snapshot:
        place = await self._use()
        begun = time.monotonic()
        frozen: Frozen = await self._within(
            "the snapshot", _SNAPSHOT_S, place.freezer.snapshot, machine, task, ordinal
        )
        saved = frozen.saved
        return Snapshot(
            id=saved.id,
            pause_ms=frozen.pause.pause_ms,
            snapshot_ms=(time.monotonic() - begun) * 1000,
            bytes=saved.sizes[saved.memory],
            accelerator=saved.accelerator,
        )

    async def digest(self, snapshot: Snapshot) -> str:
        """The sha256 over all files of a snapshot, once they are hashed."""
        place = await self._use()

        def seal() -> str:
            return place.freezer.seal(place.shelf.find(snapshot.id))

        return await self._within("the checksum", _SNAPSHOT_S, seal)

    async def restore(self, task: TaskId, attempt: int, snapshot: Snapshot) -> StartedMachine:
        begun = time.monotonic()
        place = await self._use()
        record, warm = await self._started(
            "restoring a snapshot",
            place,
            task,
            lambda _: _restore(place, task, attempt, snapshot),
        )
        boot_ms = (time.monotonic() - begun) * 1000
        return StartedMachine(record.machine, boot_ms, record.accelerator, warm)

    async def share(self, snapshot: Snapshot, task: TaskId, ordinal: int) -> Snapshot:
        place = await self._use()
        saved = await self._within(
            "sharing a snapshot", _SHORT_S, place.shelf.share, snapshot.id, task, ordinal
        )
        return replace(snapshot, id=saved.id)

    async def forget(self, snapshot: Snapshot) -> None:
        place = await self._use()
        await self._within("forgetting a snapshot", _END_S, place.shelf.forget, snapshot.id)

    async def disk_use(self) -> DiskUse:
        place = await self._use()
        return await self._within("measuring machine files", _SHORT_S, place.disk_use)

    async def remove_images(self, ids: Collection[str]) -> tuple[ImageUse, ...]:
        place = await self._use()
        return await self._within("removing guest images", _END_S, place.remove_images, ids)

    async def destroy(self, machine: MachineId) -> None:
        place = await self._use()
        await self._within("ending a machine", _END_S, place.launcher.end, machine)
        place.freezer.sealer.at_rest(machine)

    async def discard(self, task: TaskId) -> None:
        place = await self._use()
        for unwanted, starting in self._starts.items():
            if starting == task:
                unwanted.set()
        await self._within("removing a task's machine files", _END_S, place.discard, task)

    async def owned(self) -> list[OwnedMachine]:
        place = await self._use()
        records = await self._within("listing machines", _SHORT_S, place.owned)
        return [
            OwnedMachine(r.machine, r.task, r.attempt, r.accelerator, r.base)
            for r in records.values()
        ]

    def on_lost(self, tell: Callable[[MachineId, str], None]) -> None:
        self._tell.append(tell)

    def pids(self) -> tuple[int, ...]:
        """Process ids of our machines; from any thread, blocks a moment."""
        place = self._workplace
        return place.connection.pids() if place is not None else ()

    def socket_path(self, machine: MachineId) -> Path:
        """The Unix socket of a machine's channel, for `GuestChannels`."""
        return self.settings.runtime / f"{machine}.sock"

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        async with self._opening:
            place, self._workplace = self._workplace, None
        await asyncio.to_thread(self._close, place)

    def _close(self, place: Workplace | None) -> None:
        if place is not None:
            place.close()
        for pool in (self._moulding, self._background, self._sealing, self._pool):
            pool.shutdown(wait=True, cancel_futures=True)
        if place is not None:
            place.freezer.sealer.settle()
            place.release()

    async def _use(self) -> Workplace:
        if self._closed:
            raise MachineError("ClawDesk is being closed.", code="closed")
        async with self._opening:
            if self._workplace is None:
                self._workplace = await self._within("connecting to libvirt", _OPEN_S, self._open)
            return self._workplace

    def _open(self) -> Workplace:
        later, sealing = self._background.submit, self._sealing.submit
        return Workplace(self.settings, later, sealing, self._lost)

    def _lost(self, machine: MachineId, why: str) -> None:
        for tell in list(self._tell):
            tell(machine, why)

    def _start(
        self,
        place: Workplace,
        need: MachineNeed,
        layer: str,
        purpose: Purpose,
        tar: Path,
        *,
        unwanted: threading.Event,
    ) -> tuple[MachineRecord, bool]:
        """(the machine, whether its template was there before)."""
        image = place.image(need.image)
        plan = place.blueprint(need, image, place.acceleration(image).name, layer)
        if self.settings.warm:
            there = place.templates.find(plan)
            template = there
            if template is None and purpose.role == "task":  # few builders are of one shape
                template = self._made(place, plan)
            if unwanted.is_set():  # a template takes seconds
                raise MachineError("The start of this machine was called off.", code="called_off")
            if template is not None:
                try:
                    return place.launcher.thaw(template, purpose, tar), there is not None
                except MachineError as error:
                    _log.info("the warm template did not start, so a cold start: %s", error.what)
                    place.templates.spoil(Path(template.memory).parent)
                    self._unmade.add(plan.key)
        record = place.launcher.boot(
            plan.shape, purpose, base=plan.base, image=image.digest, tar=tar
        )
        try:
            place.domains.wait_for_guest(record.machine, self.settings.start_s_max)
        except (MachineError, libvirt.libvirtError):
            place.launcher.end(record.machine)
            raise
        return record, False

    def _made(self, place: Workplace, plan: Blueprint) -> SavedRecord | None:
        """A new template, for this start and all later ones; None where it cannot be made.

        A command whose one task is over in seconds would leave none behind if it were made beside
        the task. What failed once is tried again in the background only: no start waits for it.
        """
        if plan.key in self._unmade:
            return None
        try:
            return place.templates.make(plan)
        except (PortError, OSError, libvirt.libvirtError) as error:
            if isinstance(error, MachineError) and error.code == "closed":
                raise
            _log.info("no warm template, so a cold start: %s", error)
            self._unmade.add(plan.key)
            return None

    def _make_template(self, place: Workplace, need: MachineNeed) -> None:
        image = place.image(need.image)
        plan = place.blueprint(need, image, place.acceleration(image).name)
        place.templates.make(plan)

    def _mould(self, place: Workplace, need: MachineNeed, layer: str) -> None:
        def mould() -> None:
            image = place.image(need.image)
            plan = place.blueprint(need, image, place.acceleration(image).name, layer)
            make_quietly(place, plan)

        self._moulding.submit(mould)

    async def _started(
        self,
        what: str,
        place: Workplace,
        task: TaskId,
        call: Callable[[threading.Event], tuple[MachineRecord, bool]],
    ) -> tuple[MachineRecord, bool]:
        """Run a call that starts a machine; if nobody waits for it any more, end what it starts."""
        unwanted = threading.Event()
        self._starts[unwanted] = task
        pending = self._pool.submit(call, unwanted)
        try:
            return await self._outcome(what, self.settings.start_s_max + _SHORT_S, pending)
        except (MachineError, asyncio.CancelledError):
            unwanted.set()
            if not pending.done() or not pending.exception():
                pending.add_done_callback(lambda late: self._reap_late(place, late))
            raise
        finally:
            del self._starts[unwanted]

    def _reap_late(self, place: Workplace, late: Future[tuple[MachineRecord, bool]]) -> None:
        try:
            record, _warm = late.result()
            place.launcher.end(record.machine)
        except (MachineError, CancelledError) as error:
            _log.info("a machine nobody waits for did not start: %s", error)

    async def _within(
        self,
        what: str,
        seconds: float,
        call: Callable[_P, _R],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _R:
        return await self._outcome(what, seconds, self._pool.submit(call, *args, **kwargs))

    async def _outcome(self, what: str, seconds: float, pending: Future[_R]) -> _R:
        """Wait for a call in the pool; libvirt's errors become ours here and nowhere else."""
        waiting = asyncio.wrap_future(pending)
        waiting.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            # Not `wait_for`: in Python 3.11 it takes a cancellation that comes as the call ends for
            # nothing, and whoever cancelled waits for ever.
            async with asyncio.timeout(seconds):
                return await asyncio.shield(waiting)
        except TimeoutError:
            raise MachineError(
                f"libvirt did not finish {what} within {seconds:g} s.",
                mend="Run: clawdesk doctor",
                code="slow",
            ) from None
        except libvirt.libvirtError as error:
            raise MachineError(f"{what} failed: {explain(error)}.", code="libvirt") from error
        except OSError as error:
            raise MachineError(f"{what} failed: {error.strerror or error}.") from error


def _restore(
    place: Workplace, task: TaskId, attempt: int, snapshot: Snapshot
) -> tuple[MachineRecord, bool]:
    with place.shelf.borrowed(snapshot.id) as saved:
        if saved.accelerator == "kvm" and os.environ.get("CLAWDESK_ACCEL", "") == "tcg":
            raise MachineError(
                "The snapshot was taken under KVM and cannot go on under emulation.",
                mend="Unset CLAWDESK_ACCEL, or run the task again.",
                code="other_accelerator",
            )
        expect_files(saved)  # what costs nothing comes before anything is made
        check = partial(place.freezer.verify, saved)
        return place.launcher.thaw(saved, Purpose("task", task, attempt), None, check), True
