"""Puts the parts of the adapter together on one connection, and tidies up after an earlier run.

Blocking; called once by `machines.py`. After a crash of this program its machines still run: the
ones of tasks are adopted, the ones that serve no task are ended, what belongs to none is removed.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import libvirt

from clawdesk.adapters.libvirt import disks
from clawdesk.adapters.libvirt.accelerator import (
    KERNEL_WORDS,
    PROBE_S,
    Acceleration,
    decide,
    expected,
)
from clawdesk.adapters.libvirt.background import BackgroundSnapshots
from clawdesk.adapters.libvirt.background_choice import BackgroundChoice
from clawdesk.adapters.libvirt.background_probe import BackgroundProbe
from clawdesk.adapters.libvirt.capture import Capture
from clawdesk.adapters.libvirt.clock_rate import known_khz
from clawdesk.adapters.libvirt.connection import Connection, open_connection, want_huge_pages
from clawdesk.adapters.libvirt.disk_use import disk_use
from clawdesk.adapters.libvirt.domain_xml import DomainShape
from clawdesk.adapters.libvirt.domains import Domains
from clawdesk.adapters.libvirt.freeze import Freezer
from clawdesk.adapters.libvirt.image import GuestImage
from clawdesk.adapters.libvirt.image_recipe import image_names
from clawdesk.adapters.libvirt.launch import Launcher, Purpose
from clawdesk.adapters.libvirt.layers import Layers
from clawdesk.adapters.libvirt.layout import SERVICE_TASK, Layout
from clawdesk.adapters.libvirt.old_images import remove_images
from clawdesk.adapters.libvirt.piped import PipedSnapshots
from clawdesk.adapters.libvirt.records import MachineRecord, read_machine
from clawdesk.adapters.libvirt.roster import Roster
from clawdesk.adapters.libvirt.sealing import Later
from clawdesk.adapters.libvirt.shelf import Shelf
from clawdesk.adapters.libvirt.templates import Blueprint, Templates
from clawdesk.adapters.libvirt.watcher import ProcessWatcher
from clawdesk.domain.model import MachineNeed
from clawdesk.ports.errors import MachineError, PortError
from clawdesk.ports.machines import DiskUse, ImageUse

_log = logging.getLogger(__name__)
_PROBE_MIB = 256
# libvirt's words for why a domain stopped (virDomainEventStoppedDetailType).
_WHY = {
    libvirt.VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN: "the guest ended by itself",
    libvirt.VIR_DOMAIN_EVENT_STOPPED_DESTROYED: "somebody else destroyed the machine",
    libvirt.VIR_DOMAIN_EVENT_STOPPED_CRASHED: "the guest crashed",
    libvirt.VIR_DOMAIN_EVENT_STOPPED_FAILED: "QEMU ended unexpectedly",
}
Lost = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the adapter is told from outside; tests narrow the bounds.

    Args:
        home: machine files; reachable by the account QEMU runs as.
        driver: folder of libvirt's embedded driver, used by root only.
        runtime: channels; a short path, private to this user.
        find_image: the built guest image of a name, or None.
        blank_disk: an empty disk of so many MiB.
        layers_max: longest chain of disk layers.
    """

    home: Path
    driver: Path
    runtime: Path
    find_image: Callable[[str], GuestImage | None]
    blank_disk: Callable[[int], Path]
    space: disks.SpaceRule = field(default_factory=disks.SpaceRule)
    layers_max: int = 30
    warm: bool = True
    start_s_max: float = 120.0


class Workplace:
    """Everything that hangs on one open connection."""

    def __init__(self, settings: Settings, later: Later, sealing: Later, lost: Lost) -> None:
        self.settings = settings
        self._lost = lost
        settings.home.mkdir(parents=True, exist_ok=True)
        # A session's daemon is started by the call that opens it, and hands this on to QEMU.
        want_huge_pages(expected(self._remembered) == "kvm")
        self.connection: Connection = open_connection(settings.driver)
        self.connection.settle()
        account = self.connection.confinement
        self.layout = Layout(settings.home, settings.runtime, account.uid, account.gid)
        self.versions = self.connection.versions()
        self.shelf = Shelf(self.layout)
        self.roster = Roster()
        self.watcher = ProcessWatcher()
        self.domains = Domains(self.connection, self._stopped)
        self.launcher = Launcher(
            self.layout,
            self.connection,
            self.domains,
            self.roster,
            shelf=self.shelf,
            watcher=self.watcher,
            ended=self._ended,
            layers_max=settings.layers_max,
        )
        self.choice = BackgroundChoice(settings.home, self.versions, account.uid)
        self.capture = Capture(
            self.layout,
            self.domains,
            self.roster,
            background=BackgroundSnapshots(self.connection, self.domains),
            piped=PipedSnapshots(self.connection, self.domains),
            may_hurry=self.choice.usable,
        )
        self.freezer = Freezer(
            self.layout,
            self.domains,
            self.roster,
            later,
            sealing,
            shelf=self.shelf,
            capture=self.capture,
            qemu=self.versions["qemu"],
            space=settings.space,
            layers_max=settings.layers_max,
        )
        self.templates = Templates(
            self.layout, self.launcher, self.domains, self.freezer, shelf=self.shelf
        )
        self.layers = Layers(self.layout, self.launcher, self.domains, self.roster)
        self._owner = self.layout.owner()
        self._closing = threading.Event()
        self._handed: set[str] = set()
        self._take_up()
        later(self.freezer.take_up)

    def owned(self) -> dict[str, MachineRecord]:
        """Our running machines that serve tasks."""
        claims = self.domains.claims()
        ours = {name for name, claim in claims.items() if claim.owner == self._owner}
        return {
            name: record
            for name in sorted(ours)
            if (record := self.roster.find(name)) is not None and record.role == "task"
        }

    def image(self, name: str) -> GuestImage:
        image = self.settings.find_image(name)
        if image is None:
            raise MachineError(
                f"The guest image {name!r} is not built yet.",
                mend="clawdesk images build" + ("" if name == "base" else f" {name}"),
                code="no_image",
            )
        self._handed.add(image.digest)
        return image

    def blueprint(
        self, need: MachineNeed, image: GuestImage, accelerator: str, layer: str = ""
    ) -> Blueprint:
        """`layer`: name of the image layer such machines begin with, "" = an empty disk."""
        return Blueprint(
            shape=DomainShape(
                emulator=self.connection.emulator,
                kernel=image.kernel,
                initrd=image.initrd,
                root=image.root,
                cmdline=" ".join((image.guest_cmdline, *self._kernel_words(accelerator))),
                cpu_count=need.cpu_count,
                memory_mib=need.memory_mib,
                accelerator=accelerator,
            ),
            base=self.layers.disk(layer) if layer else self.settings.blank_disk(need.disk_mib),
            image=image.digest,
            versions=self.versions,
            workspace_bytes=disks.WORKSPACE_BYTES,
        )

    def acceleration(self, image: GuestImage) -> Acceleration:
        """Which accelerator boots this image here; at most some seconds, then remembered."""
        found = decide(self._remembered, self.versions["qemu"], lambda: self._probe(image))
        want_huge_pages(found.name == "kvm")  # the embedded driver starts QEMU in this process
        return found

    def _kernel_words(self, accelerator: str) -> tuple[str, ...]:
        words: tuple[str, ...] = KERNEL_WORDS[accelerator]
        if accelerator == "tcg" and self._counter_khz:
            words = (*words, f"tsc_early_khz={self._counter_khz}")
        return words

    @cached_property
    def _counter_khz(self) -> int:
        return known_khz(self.settings.home / "clock_rate.json")

    @property
    def _remembered(self) -> Path:
        return self.settings.home / "accelerator.json"

    def prove_background(self, plan: Blueprint) -> bool:
        """Whether the fast path of snapshots may be used; found out once, in some seconds.

        Raises:
            MachineError: it could not be tried: there is no template to try it on.
        """
        template = self.templates.make(plan)

        def probe() -> None:
            try:
                BackgroundProbe(self.layout, self.launcher, self.capture).run(template)
            except MachineError as error:
                if self._closing.is_set():  # that is why the probe failed
                    raise MachineError("ClawDesk is being closed.", code="closed") from error
                raise

        return self.choice.decide(plan.shape.accelerator, probe)

    def discard(self, task: str) -> None:
        """End a task's machines and remove its files, except those that other tasks need."""
        known = {record.stem for record in self.layout.task(task).glob("machines/*.json")}
        for machine in known.union(self.roster.of_task(task)):
            self.launcher.end(machine)
        for name, claim in self.domains.claims().items():
            if claim.owner == self._owner and claim.task == task:
                self.domains.destroy(name)
        self.shelf.discard(task)

    def disk_use(self) -> DiskUse:
        return disk_use(self.settings.home, self.shelf.needs(), self._used_images())

    def remove_images(self, ids: Collection[str]) -> tuple[ImageUse, ...]:
        """See ports/machines.py. No snapshot is lent meanwhile, and what was handed out stays."""
        with self.shelf.held() as (needs, lent):
            used = self._used_images() | lent
            return remove_images(self.settings.home, needs, used, ids)

    def _used_images(self) -> set[str]:
        """Digests of what machines start from, those that a start may be about to begin with."""
        found = (self.settings.find_image(name) for name in image_names())
        self._handed |= {image.digest for image in found if image is not None}
        return set(self._handed)

    def close(self) -> None:
        """Let go; tasks' machines go on, a template in the making is given up."""
        self._closing.set()
        self.freezer.sealer.stop()
        self.templates.stop()
        for role in ("template", "probe", "layer"):
            for machine in self.roster.of_role(role):
                self.launcher.end(machine)

    def release(self) -> None:
        """The last call: the connection itself."""
        self.watcher.close()
        self.connection.close()

    def _probe(self, image: GuestImage) -> None:
        need = MachineNeed(memory_mib=_PROBE_MIB, disk_mib=_PROBE_MIB)
        plan = self.blueprint(need, image, "kvm")
        purpose = Purpose("probe", SERVICE_TASK, 0)
        record = self.launcher.boot(
            plan.shape, purpose, base=plan.base, image=image.digest, tar=None
        )
        try:
            self.domains.wait_for_guest(record.machine, PROBE_S)
        finally:
            self.launcher.end(record.machine)

    def _take_up(self) -> None:
        running = self.domains.claims()
        for path in self.layout.machine_records():
            try:
                record = read_machine(path)
            except ValueError as error:
                _log.info("an unreadable record is removed: %s", error)
                path.unlink()
                continue
            claim = running.get(record.machine)
            if claim is not None and claim.owner == self._owner and record.role == "task":
                self.launcher.adopt(record)
                self.capture.doubt(record.machine)
            else:
                self.launcher.end(record.machine)
        for name, claim in running.items():
            if claim.owner == self._owner and self.roster.find(name) is None:
                self.domains.destroy(name)  # its record was lost, so its files go now
        for part in self.settings.home.glob("tasks/*/snapshots/.*.part"):
            shutil.rmtree(part, ignore_errors=True)
        # Its machines have just been ended, and templates have their own files.
        shutil.rmtree(self.layout.task(SERVICE_TASK), ignore_errors=True)
        for gone in self.settings.home.glob("tasks/.*.gone"):
            shutil.rmtree(gone, ignore_errors=True)
        self.templates.sweep()
        self.layers.sweep()
        self.shelf.sweep()

    def _stopped(self, machine: str, detail: int) -> None:
        self._ended(machine, _WHY.get(detail, "the machine stopped"))

    def _ended(self, machine: str, why: str) -> None:
        record = self.roster.lose(machine)
        if record is not None and record.role == "task":
            self._lost(machine, why)


def make_quietly(place: Workplace, plan: Blueprint) -> None:
    """For the background: what cannot be made or proven only costs speed."""
    try:
        place.templates.make(plan)
        place.prove_background(plan)
    except (PortError, OSError, libvirt.libvirtError) as error:
        _log.info("no warm template, or no proof of background snapshots: %s", error)
