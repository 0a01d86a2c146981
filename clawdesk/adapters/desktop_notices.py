"""Notices over D-Bus: org.freedesktop.Notifications of the session bus, through jeepney.

Asks the server what it can do before it shows the first notice, and again when another server took
over. Every call has a bound; a server that is missing or silent costs nothing but its notices.
Text of others loses its markup here where the server reads markup, and only there.
"""

from __future__ import annotations

import asyncio
import html
import logging
from collections.abc import Callable
from typing import Any, NamedTuple

from jeepney import DBusAddress, MatchRule

from clawdesk.adapters.session_bus import BusError, SessionBus, Signal
from clawdesk.ports.notices import Notice, NoticeSupport

NAME = "org.freedesktop.Notifications"
_PATH = "/org/freedesktop/Notifications"
_ACT = "review"
_ENTRY = "org.clawdesk.ClawDesk"
STANDING_MAX = 200
"""More are forgotten, oldest first: they can no longer be taken back, only dismissed."""
_INSTALL = "Notices need a notification server. Most desktops bring one, else install e.g. dunst."

_log = logging.getLogger(__name__)


class _Server(NamedTuple):
    """Its unique name on the bus, and what it can do."""

    name: str
    can: frozenset[str]


class DesktopNotices:
    """The desktop's notification server; connects when it is first needed."""

    def __init__(self) -> None:
        self._bus: SessionBus | None = None
        self._ids: dict[str, int] = {}
        self._keys: dict[int, str] = {}
        self._server: _Server | None = None
        self._token: tuple[int, str] = (0, "")
        self._early = 0  # pressed before the answer that gave us its number was taken in
        self._acted: Callable[[str, str], None] = lambda key, token: None
        self._lock = asyncio.Lock()  # one call at a time: a withdrawal never overtakes its notice

    async def support(self) -> NoticeSupport:
        try:
            async with self._lock:
                server = await self._found()
                asked = await self._call(server.name, "GetServerInformation", "ssss")
        except BusError as error:
            return NoticeSupport(problem=_why(error), mend=_INSTALL)
        name, vendor, version, _ = asked
        words = " ".join(part for part in (str(name) or str(vendor), str(version)) if part)
        return NoticeSupport(words, acts="actions" in server.can)

    async def show(self, notice: Notice) -> bool:
        try:
            async with self._lock:
                try:
                    await self._notify(notice)
                except BusError as error:
                    if not _has_left(error):
                        raise
                    self._forget()  # another server may have taken over: ask what it can do
                    await self._notify(notice)
                return True
        except BusError as error:
            _log.info("a notice was not shown: %s", _why(error))
            return False

    async def withdraw(self, key: str) -> None:
        async with self._lock:
            number = self._ids.pop(key, None)
            if number is None:
                return
            self._keys.pop(number, None)
            try:
                server = await self._found()
                await self._call(server.name, "CloseNotification", "", "u", (number,))
            except BusError as error:
                # It is gone already (dismissed, or its server ended), or the next call will tell.
                _log.info("a notice was not taken back: %s", _why(error))

    def listen(self, acted: Callable[[str, str], None]) -> None:
        self._acted = acted

    async def close(self) -> None:
        async with self._lock:
            await self._leave()

    async def _notify(self, notice: Notice) -> None:
        server = await self._found()
        body = html.escape(notice.body) if "body-markup" in server.can else notice.body
        acts = [_ACT, notice.act] if notice.act and "actions" in server.can else []
        hints = {"urgency": ("y", int(notice.urgency)), "desktop-entry": ("s", _ENTRY)}
        before = self._ids.get(notice.key, 0)
        values = ("ClawDesk", before, _ENTRY, notice.title, body, acts, hints, -1)
        (number,) = await self._call(server.name, "Notify", "u", "susssasa{sv}i", values)
        self._stands(notice.key, int(number))

    def _stands(self, key: str, number: int) -> None:
        self._keys.pop(self._ids.pop(key, 0), None)
        self._ids[key], self._keys[number] = number, key
        while len(self._ids) > STANDING_MAX:
            self._keys.pop(self._ids.pop(next(iter(self._ids))), None)
        if self._early == number:
            self._press(number)

    def _press(self, number: int) -> None:
        key = self._keys.get(number)
        self._early = number if key is None else 0
        if key is not None:
            self._acted(key, self._token[1] if self._token[0] == number else "")

    async def _found(self) -> _Server:
        """Who shows notices now; a notice is made for its abilities and sent to it only."""
        if self._bus is not None and not self._bus.alive:
            await self._leave()
        if self._server is None:
            bus = await self._connected()
            sender, (can,) = await bus.call(_at(NAME), "GetCapabilities", "as", "", ())
            self._server = _Server(sender, frozenset(str(word) for word in can))
        return self._server

    async def _call(
        self, to: str, method: str, types: str, signature: str = "", body: tuple[Any, ...] = ()
    ) -> tuple[Any, ...]:
        bus = await self._connected()
        return (await bus.call(_at(to), method, types, signature, body)).values

    async def _connected(self) -> SessionBus:
        if self._bus is None:
            self._bus = await SessionBus.open(self._heard)
            for rule in _rules():
                await self._bus.follow(rule)
        return self._bus

    async def _leave(self) -> None:
        """Forget the connection; the next call makes another."""
        bus, self._bus = self._bus, None
        self._forget()
        if bus is not None:
            await bus.close()

    def _forget(self) -> None:
        """Another server knows none of our numbers and may have other abilities."""
        self._server = None
        self._ids.clear()
        self._keys.clear()

    def _heard(self, signal: Signal) -> None:
        if signal.member == "NameOwnerChanged":
            self._forget()
            return
        # Anybody on the bus may send such signals; only the server's own count.
        known = self._server is not None and signal.sender == self._server.name
        if not known or signal.signature not in {"us", "uu"}:
            return
        number, word = signal.values
        if signal.member == "ActivationToken":
            self._token = (number, word)
        elif signal.member == "ActionInvoked" and word == _ACT:
            self._press(number)
        elif signal.member == "NotificationClosed":
            self._ids.pop(self._keys.pop(number, ""), None)


def _at(name: str) -> DBusAddress:
    return DBusAddress(_PATH, bus_name=name, interface=NAME)


def _has_left(error: BusError) -> bool:
    return error.name.endswith(("ServiceUnknown", "NameHasNoOwner"))


def _why(error: BusError) -> str:
    if _has_left(error):
        return "Nothing on this desktop shows notices."
    if error.name == "silent":
        return "The notification server does not answer."
    return f"The notification server cannot be used: {error}" if error.name else str(error)


def _rules() -> list[MatchRule]:
    rules = [
        MatchRule(type="signal", interface=NAME, member=member, path=_PATH)
        for member in ("ActivationToken", "ActionInvoked", "NotificationClosed")
    ]
    bus = "org.freedesktop.DBus"
    owner = MatchRule(type="signal", sender=bus, interface=bus, member="NameOwnerChanged")
    owner.add_arg_condition(0, NAME)
    return [*rules, owner]
