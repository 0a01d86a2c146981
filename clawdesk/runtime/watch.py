"""Keeps an eye on the host: load, libvirt, the Fabric, and so what the planner may give away."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from clawdesk.domain.events import CapacityChanged, Event, RulesChanged, Ticked
from clawdesk.domain.model import Capacity, Reason
from clawdesk.ports.channel import Channels
from clawdesk.ports.clock import Clock
from clawdesk.ports.guest import Guests
from clawdesk.ports.inference import FabricStatus, Inference
from clawdesk.ports.machines import Machines
from clawdesk.ports.repository import Repositories
from clawdesk.ports.secrets import Secrets
from clawdesk.ports.set_up import SetUps
from clawdesk.ports.telemetry import HostLoad, Telemetry
from clawdesk.runtime.api import Change, Environment
from clawdesk.runtime.offer import Offer
from clawdesk.runtime.settings import Settings

NOT_DRIVEN = "not_driven"
"""Why nothing starts beside a command that only looks and decides."""
TICK_S = 1.0
SAMPLE_TICKS = 2
"""The host and the user's files are looked at with every second tick."""
ASK_AGAIN_S = 10.0
"""Machines that could not be had are asked for again so often."""


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
    channels: Channels | None = None
    secrets: Secrets | None = None
    set_ups: SetUps | None = None


class HostWatch:
    """What is known of the host.

    Args:
        drive: False = only its load is looked at, and no machine may be started.
        settings: the user's own rules, looked at on the way.
        used: what machines hold now.
        post: takes what the planner must know.
        publish: told what changed.
        looked: told what the Fabric says, each time it was asked.
    """

    def __init__(
        self,
        parts: Parts,
        *,
        settings: Settings,
        drive: bool,
        used: Callable[[], Capacity],
        post: Callable[[Event], None],
        publish: Callable[[Change], None],
        looked: Callable[[FabricStatus], None],
    ) -> None:
        self._parts = parts
        self._drive = drive
        self._post = post
        self._publish = publish
        self._looked = looked
        self._settings = settings
        self._used = used
        self._offer = Offer()
        self._posted: tuple[Capacity, Reason | None] | None = None
        self._ticked_ms = 0
        self._quitting = False
        self.load: HostLoad | None = None
        self.environment = Environment()

    async def look(self) -> Environment:
        """Ask every part anew."""
        if self._drive:
            support = await self._parts.machines.support()
            fabric = await self._parts.inference.figures()
            self.environment = Environment(support, fabric)
            self._looked(fabric)
        self.load = await self._parts.telemetry.sample()
        self._announce()
        self._publish(Change(environment=True, load=True))
        return self.environment

    async def keep_asking(self) -> None:
        """While no machine can be had, ask for them anew: libvirt comes back without a word."""
        while True:
            await asyncio.sleep(ASK_AGAIN_S)
            support = self.environment.machines
            if support is not None and not support.ready:
                await self.look()

    def quit(self) -> None:
        """From now on nothing is started any more."""
        self._quitting = True
        self._announce()

    async def read_settings(self) -> None:
        """Read the user's rules and trust for the first time."""
        await asyncio.to_thread(self._settings.begin)
        self._tell_rules()

    async def keep_looking(self) -> None:
        """Tick and sample until cancelled."""
        self._ticked_ms = self._parts.clock.steady_ms()
        for number in itertools.count(1):
            await asyncio.sleep(TICK_S)
            self._tick()
            if number % SAMPLE_TICKS == 0:
                await self._look_at_settings()
                await self._sample()
                await self.look_at_fabric()

    def _tick(self) -> None:
        steady_ms = self._parts.clock.steady_ms()
        elapsed_ms, self._ticked_ms = steady_ms - self._ticked_ms, steady_ms
        self._post(Ticked(self._parts.clock.now_ms(), elapsed_ms))

    async def _look_at_settings(self) -> None:
        if await asyncio.to_thread(self._settings.look):
            self.rules_changed()
        if news := self._settings.news():
            self._publish(Change(notices=news))

    def rules_changed(self) -> None:
        """The user's rules or trust are others now: they hold at once."""
        self._tell_rules()
        self._announce()
        self._publish(Change(environment=True))

    def _tell_rules(self) -> None:
        settings, now = self._settings, self._parts.clock.now_ms()
        self._post(RulesChanged(now, settings.rules, settings.trusted))

    async def _sample(self) -> None:
        self.load = await self._parts.telemetry.sample()
        support = self.environment.machines
        if support is not None and support.ready:
            self._announce()  # an image may have been built meanwhile
        self._publish(Change(load=True))

    async def start_fabric(self) -> None:
        await self._parts.inference.ensure_up()
        await self.look_at_fabric()

    async def look_at_fabric(self) -> None:
        fabric = await self._parts.inference.figures()
        self._looked(fabric)
        if fabric != self.environment.fabric:
            self.environment = replace(self.environment, fabric=fabric)
            self._publish(Change(environment=True))

    def _announce(self) -> None:
        if self.load is None:
            return  # closed before the host was looked at: nothing was started either
        now = self._parts.clock.now_ms()
        capacity = self._offer.take(self.load, self._settings.rules, self._used())
        news = (capacity, self._why_none(self.load))
        if news != self._posted:
            self._posted = news
            self._post(CapacityChanged(now, *news))

    def _why_none(self, load: HostLoad) -> Reason | None:
        """Why no machine can be started at all, None when they can."""
        support = self.environment.machines
        if not self._drive:
            text = "No ClawDesk is running that could go on with it."
            return Reason(NOT_DRIVEN, text, "clawdesk, or clawdesk run PROJECT --resume")
        if self._quitting:
            return Reason("quitting", "ClawDesk is closing.", "the next start")
        if support is not None and not support.ready:
            return Reason("no_machines", support.problem, support.mend)
        if not self._parts.image_present():
            mend = "clawdesk images build base"
            return Reason("no_image", "There is no guest image to boot.", mend)
        return self._offer.no_space(load)
