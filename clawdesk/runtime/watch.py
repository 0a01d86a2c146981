"""Keeps an eye on the host: load, libvirt, the Fabric, and so what the planner may give away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from clawdesk.domain.events import CapacityChanged
from clawdesk.domain.model import Capacity, Reason
from clawdesk.ports.clock import Clock
from clawdesk.ports.guest import Guests
from clawdesk.ports.inference import Inference
from clawdesk.ports.machines import Machines
from clawdesk.ports.repository import Repositories
from clawdesk.ports.telemetry import HostLoad, Telemetry
from clawdesk.runtime.api import Change, Environment

SAMPLE_S = 2.0
MACHINES_MAX = 8
RESERVE_MIB_MIN = 2048
"""Memory the desktop keeps: this much, or a quarter of the host, whichever is more."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The adapters a plane is made of; `image_present` names the guest image or gives ""."""

    machines: Machines
    guests: Guests
    repositories: Repositories
    inference: Inference
    telemetry: Telemetry
    clock: Clock
    workspaces: Path
    image_present: Callable[[], str]


def capacity_of(load: HostLoad) -> Capacity:
    """What this host gives to machines."""
    reserve = max(RESERVE_MIB_MIN, load.memory_total_mib // 4)
    return Capacity(
        cpu_count=max(1, load.cpu_count),
        memory_mib=max(512, load.memory_total_mib - reserve),
        machines=MACHINES_MAX,
    )


class HostWatch:
    """What is known of the host.

    Args:
        drive: False = only its load is looked at, and no machine may be started.
        post: takes the capacity for the planner.
        publish: told what changed.
    """

    def __init__(
        self,
        parts: Parts,
        *,
        drive: bool,
        post: Callable[[CapacityChanged], None],
        publish: Callable[[Change], None],
    ) -> None:
        self._parts = parts
        self._drive = drive
        self._post = post
        self._publish = publish
        self._quitting = False
        self.load: HostLoad | None = None
        self.environment = Environment()

    async def look(self) -> Environment:
        """Ask every part anew."""
        if self._drive:
            support = await self._parts.machines.support()
            fabric = await self._parts.inference.status()
            self.environment = Environment(support, fabric)
        self.load = await self._parts.telemetry.sample()
        self._announce()
        self._publish(Change(environment=True, load=True))
        return self.environment

    def quit(self) -> None:
        """From now on nothing is started any more."""
        self._quitting = True
        self._announce()

    async def keep_looking(self) -> None:
        """Sample until cancelled."""
        while True:
            await asyncio.sleep(SAMPLE_S)
            self.load = await self._parts.telemetry.sample()
            support = self.environment.machines
            if support is not None and support.ready:
                self._announce()  # an image may have been built meanwhile
            self._publish(Change(load=True))
            await self.look_at_fabric()

    async def start_fabric(self) -> None:
        await self._parts.inference.ensure_up()
        await self.look_at_fabric()

    async def look_at_fabric(self) -> None:
        fabric = await self._parts.inference.status()
        if fabric != self.environment.fabric:
            self.environment = replace(self.environment, fabric=fabric)
            self._publish(Change(environment=True))

    def _announce(self) -> None:
        if self.load is None:
            return  # closed before the host was looked at: nothing was started either
        now = self._parts.clock.now_ms()
        self._post(CapacityChanged(now, capacity_of(self.load), self._why_none()))

    def _why_none(self) -> Reason | None:
        """Why no machine can be started at all, None when they can."""
        support = self.environment.machines
        if not self._drive:
            text = "No ClawDesk is running that could go on with it."
            return Reason("not_driven", text, "clawdesk, or clawdesk run PROJECT --resume")
        if self._quitting:
            return Reason("quitting", "ClawDesk is closing.", "the next start")
        if support is not None and not support.ready:
            return Reason("no_machines", support.problem, support.mend)
        if not self._parts.image_present():
            mend = "clawdesk images build base"
            return Reason("no_image", "There is no guest image to boot.", mend)
        return None
