"""One connection to the session bus: calls with a bound, signals to a listener.

Nothing here knows what the calls mean. jeepney speaks the wire; its own router is not used because
it leaves its receiving task unawaited when the bus ends.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, NamedTuple

from jeepney import (
    DBusAddress,
    HeaderFields,
    MatchRule,
    Message,
    MessageType,
    new_method_call,
)
from jeepney.bus_messages import message_bus
from jeepney.io.asyncio import DBusConnection, open_dbus_connection

CALL_S_MAX = 3.0
Heard = Callable[["Signal"], None]


class Signal(NamedTuple):
    """What a program on the bus tells: its unique name, the signal's name, types and values."""

    sender: str
    member: str
    signature: str
    values: tuple[Any, ...]


class Reply(NamedTuple):
    """`sender` is the unique name of who answered: it never becomes another program's."""

    sender: str
    values: tuple[Any, ...]


class BusError(Exception):
    """A call was not carried out; `name` is D-Bus's word for it, "" = the bus itself is gone."""

    def __init__(self, text: str, name: str = "") -> None:
        super().__init__(text)
        self.name = name


class SessionBus:
    """Open it with `open`; `alive` is False once the bus has ended."""

    def __init__(self, connection: DBusConnection, heard: Heard) -> None:
        self._connection, self._heard = connection, heard
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._reader = asyncio.get_running_loop().create_task(self._read())

    @classmethod
    async def open(cls, heard: Heard) -> SessionBus:
        """`heard` is called for each signal asked for. Raises BusError."""
        try:
            connection = await asyncio.wait_for(open_dbus_connection("SESSION"), CALL_S_MAX)
        except KeyError:
            raise BusError("This session has no D-Bus.") from None
        except (OSError, EOFError, RuntimeError, ValueError, TimeoutError) as error:
            raise BusError(f"The session bus cannot be reached: {error}.") from None
        return cls(connection, heard)

    @property
    def alive(self) -> bool:
        return not self._reader.done()

    async def call(
        self, to: DBusAddress, method: str, types: str, signature: str, body: tuple[Any, ...]
    ) -> Reply:
        """Call, with values of `signature`; the answer must be of `types`.

        Raises:
            BusError: refused, silent for 3 s, of other types, or no bus any more.
        """
        reply, found = await self._send(new_method_call(to, method, signature or None, body))
        if found != types:
            raise BusError(f"It answered {found!r} instead of {types!r}.", "answer")
        return reply

    async def follow(self, rule: MatchRule) -> None:
        """Hear such signals from now on. Raises BusError."""
        await self._send(message_bus.AddMatch(rule))

    async def _send(self, message: Message) -> tuple[Reply, str]:
        if not self.alive:
            raise BusError("The session bus is gone.")
        serial = next(self._connection.outgoing_serial)
        reply: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[serial] = reply
        try:
            await self._connection.send(message, serial=serial)
            answer = await asyncio.wait_for(reply, CALL_S_MAX)
        except TimeoutError:
            raise BusError("It does not answer.", "silent") from None
        except OSError:
            raise BusError("The session bus is gone.") from None
        finally:
            self._waiting.pop(serial, None)
        fields = answer.header.fields
        if answer.header.message_type is MessageType.error:
            name = str(fields.get(HeaderFields.error_name, "error"))
            raise BusError(f"It refused: {name}.", name)
        sender = str(fields.get(HeaderFields.sender, ""))
        return Reply(sender, tuple(answer.body)), str(fields.get(HeaderFields.signature, ""))

    async def _read(self) -> None:
        try:
            while True:
                message = await self._connection.receive()
                fields = message.header.fields
                waiting = self._waiting.get(fields.get(HeaderFields.reply_serial, -1))
                if waiting is not None and not waiting.done():
                    waiting.set_result(message)
                elif message.header.message_type is MessageType.signal:
                    self._heard(_signal(message))
        except (OSError, EOFError):
            pass  # the bus ended: who still waits is told below
        finally:
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(BusError("The session bus is gone."))

    async def close(self) -> None:
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        with contextlib.suppress(OSError):
            await self._connection.close()


def _signal(message: Message) -> Signal:
    fields = message.header.fields
    return Signal(
        sender=str(fields.get(HeaderFields.sender, "")),
        member=str(fields.get(HeaderFields.member, "")),
        signature=str(fields.get(HeaderFields.signature, "")),
        values=tuple(message.body),
    )
