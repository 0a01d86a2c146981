"""What a person does with the channel: set it up, test it, remove it; and the plane's use of it."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from clawdesk.domain import events as ev
from clawdesk.domain.channel.model import Card, Form
from clawdesk.domain.channel.settings import (
    CHANNELS_FILE,
    ChannelSettings,
    parse_channels,
    written,
)
from clawdesk.domain.channel.words import route_words
from clawdesk.domain.definitions import DefinitionError
from clawdesk.ports.channel import ChannelError, ChannelState, ChannelStatus
from clawdesk.ports.errors import PortError
from clawdesk.runtime.api import Change, ChannelView, Outcome
from clawdesk.runtime.channel_desk import ChannelDesk
from clawdesk.runtime.doctor import Check
from clawdesk.runtime.kernel import Kernel
from clawdesk.runtime.places import config_dir
from clawdesk.runtime.projects import Projects
from clawdesk.runtime.trust import write_durably
from clawdesk.runtime.watch import Parts

SETTLE_S = 8.0
"""How long a command waits for the connection to become what it will be."""
TEST_MS = 120_000
SET_UP = "clawdesk channels add openclaw"


class ChannelActs:
    """The part of `Plane` that speaks with the channel; `_begin_channel` once, when it starts."""

    _parts: Parts
    _drive: bool
    _kernel: Kernel
    _projects: Projects

    def _make_channel(
        self,
        decide: Callable[[Callable[[str], ev.Event]], Awaitable[Outcome]],
        publish: Callable[[Change], None],
        crashed: Callable[[BaseException], None],
    ) -> None:
        self._channel_decide = decide
        self._channel_publish, self._channel_crashed = publish, crashed
        self._desk: ChannelDesk | None = None
        self._channel_text = ""  # why there is none although one was set up
        self._channel_lock = asyncio.Lock()

    # -- life -----------------------------------------------------------------------------
    async def _begin_channel(self) -> None:
        """Connect, where the user has set a channel up."""
        if self._drive and self._parts.channels is not None:
            self._desk = await self._open_desk()

    async def _close_channel(self) -> None:
        desk, self._desk = self._desk, None
        if desk is not None:
            await desk.close()

    async def _open_desk(self) -> ChannelDesk | None:
        """A started desk, None where no channel is set up (`_channel_text` says why, if mistaken).

        A plane that drives nothing shows nothing: its desk only connects.
        """
        self._channel_text, channels = "", self._parts.channels
        if channels is None:
            return None
        try:
            settings = await asyncio.to_thread(_read)
            if not settings.url:
                return None
            channel, local = channels.open(settings.url), channels.is_local(settings.url)
        except PortError as error:
            self._channel_text = error.sentence
            return None
        desk = ChannelDesk(
            channel,
            state=self._kernel.state,
            shows=self._drive,
            decide=self._channel_decide,
            repository=self._projects.repository,
            clock=self._parts.clock,
            publish=self._channel_publish,
            crashed=self._channel_crashed,
            quiet=settings.quiet,
            local=local,
        )
        desk.start()
        return desk

    @contextlib.asynccontextmanager
    async def _some_desk(self) -> AsyncIterator[ChannelDesk | None]:
        """The desk in use; where none drives, one for the occasion. Settled where it can be."""
        async with self._channel_lock:
            own = self._desk is None
            desk = self._desk or await self._open_desk()
            if desk is None:
                yield None
                return
            try:
                await _settled(desk)
                yield desk
            finally:
                if own:
                    await desk.close()

    def _channel_changed(self, change: Change) -> None:
        if self._desk is not None:
            self._desk.changed(change.tasks)

    @property
    def _channel_view(self) -> ChannelView:
        if self._desk is not None:
            return ChannelView(self._desk.status, self._desk.deliveries)
        return ChannelView(ChannelStatus(text=self._channel_text))

    # -- what people do -------------------------------------------------------------------
    async def add_channel(self, address: str, token: str) -> Outcome:
        channels = self._parts.channels
        if channels is None:
            return Outcome(False, "This plane has no channels.")
        try:
            settings = await asyncio.to_thread(_read_or_usual)
            checked, place = await channels.add(address, token)
            await asyncio.to_thread(_write, replace(settings, url=checked))
        except PortError as error:
            return Outcome(False, error.sentence)
        async with self._channel_lock:
            await self._close_channel()
            await self._begin_channel()
        view = await self.channel()
        self._channel_publish(Change(environment=True))
        kept = f"The key is in {place}."
        if view.status.state is ChannelState.CONNECTED:
            return Outcome(True, f"Connected to {checked}. {kept} Try it: clawdesk channels test")
        said = f"{view.status.text} {view.status.mend}".strip()
        return Outcome(False, f"Set up, but {view.status.state.value}: {said} {kept}")

    async def remove_channel(self) -> Outcome:
        channels = self._parts.channels
        try:
            settings = await asyncio.to_thread(_read_or_usual)
            async with self._channel_lock:
                await self._close_channel()
            forgot = await channels.forget() if channels is not None else False
            await asyncio.to_thread(_write, replace(settings, url=""))
        except PortError as error:
            return Outcome(False, error.sentence)
        self._channel_publish(Change(environment=True))
        if not settings.url and not forgot:
            return Outcome(False, "No channel was set up.")
        text = "Removed. What is up there runs out by itself; on the gateway, the device can be "
        return Outcome(True, f"{text}removed with: openclaw devices remove")

    async def test_channel(self, wait_s: float) -> Outcome:
        card = Card(
            f"{uuid.uuid4().hex[:16]}.none",
            Form.APPROVAL,
            1,
            title="ClawDesk: a test message",
            description="Nothing depends on it. Tap any button to see that answers come back.",
            may_approve=True,
            lasts_ms=TEST_MS,
        )
        async with self._some_desk() as desk:
            if desk is None:
                return Outcome(False, self._channel_text or f"No channel is set up: {SET_UP}")
            status = desk.status
            if status.state is not ChannelState.CONNECTED:
                said = f"{status.state.value.capitalize()}. {status.text} {status.mend}"
                return Outcome(False, said.strip())
            try:
                raised, word = await desk.test(card, wait_s)
            except ChannelError as error:
                return Outcome(False, error.sentence)
        if not raised.route:
            text = "The gateway took it and has nobody to show it to. Set approvals.plugin in its "
            return Outcome(False, f"{text}configuration (docs/guide/answer-from-anywhere.md).")
        where = route_words(raised.route)
        if word is None:
            return Outcome(True, f"Delivered {where}; nobody tapped within {wait_s:g} s.")
        return Outcome(True, f"Delivered {where}, and {word.by} answered: {word.answer}.")

    async def channel(self) -> ChannelView:
        async with self._some_desk() as desk:
            if desk is None:
                return self._channel_view
            return ChannelView(desk.status, desk.deliveries)

    async def _channel_check(self) -> Check:
        view = await self.channel()
        status = view.status
        if status.state is ChannelState.ABSENT and not status.text:
            return Check("openclaw", "ok", "not set up (optional)", needed=False)
        if status.state is ChannelState.CONNECTED:
            found = f"OpenClaw {status.version} at {status.address}"
            return Check("openclaw", "ok", found, needed=False)
        found = f"{status.state.value}: {status.address}".rstrip(": ")
        works = "Every request can be answered in ClawDesk."
        why, mend = status.text, status.mend
        return Check("openclaw", "limited", found, why, mend, needed=False, works=works)


async def _settled(desk: ChannelDesk) -> None:
    """Wait until the connection is made or refused, a while at most."""
    if desk.status.state is not ChannelState.CONNECTED:
        desk.try_again()
    # One that does not answer is tried again meanwhile: it may just be starting.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SETTLE_S):
            await desk.settled()


def _file() -> Path:
    return config_dir() / CHANNELS_FILE


def _read() -> ChannelSettings:
    """Raises PortError: the file cannot be read, or has a mistake."""
    path = _file()
    try:
        return parse_channels(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        return ChannelSettings()
    except DefinitionError as error:
        raise PortError(f"No channel is used: {error.mistakes[0]}", code="channels") from None
    except (OSError, UnicodeDecodeError) as error:
        raise PortError(f"{path} cannot be read: {error}", code="channels") from None


def _read_or_usual() -> ChannelSettings:
    """For who writes it anew: a mistaken file is no reason not to."""
    try:
        return _read()
    except PortError:
        return ChannelSettings()


def _write(settings: ChannelSettings) -> None:
    path = _file()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_durably(path, written(settings).encode())
    except OSError as error:
        raise PortError(f"{path} cannot be written: {error.strerror}", code="channels") from None
