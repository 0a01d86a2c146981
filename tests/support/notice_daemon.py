"""A notification server for tests, on the session bus of its environment.

`python -m tests.support.notice_daemon [CAPABILITY ...]` prints one JSON object a line for what it
is asked, and reads `{"press": ID}`, `{"dismiss": ID}` and `{"mute": true}` from stdin.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jeepney import (
    DBusAddress,
    HeaderFields,
    Message,
    MessageType,
    new_error,
    new_method_return,
    new_signal,
)
from jeepney.bus_messages import message_bus
from jeepney.io.asyncio import DBusConnection, DBusRouter, Proxy, open_dbus_connection

NAME = "org.freedesktop.Notifications"
_ITSELF = DBusAddress("/org/freedesktop/Notifications", bus_name=NAME, interface=NAME)
_USUAL = ("actions", "body", "body-markup", "persistence")
NEXT_S_MAX = 20.0
ROOT = Path(__file__).resolve().parents[2]


class Server:
    def __init__(self, connection: DBusConnection, can: Sequence[str]) -> None:
        self._connection, self._can = connection, list(can)
        self._last = 0
        self._open: set[int] = set()
        self._mute = False

    async def serve(self) -> None:
        while True:
            message = await self._connection.receive()
            if message.header.message_type is MessageType.method_call and not self._mute:
                answer, told = self._answer(message)
                await self._connection.send(answer)
                if told:
                    say(**told)

    def _answer(self, message: Message) -> tuple[Message, dict[str, object]]:
        """The answer, and what is said of it once it is on its way."""
        method, body = message.header.fields[HeaderFields.member], message.body
        if method == "GetServerInformation":
            return new_method_return(message, "ssss", ("Scripted", "ClawDesk", "1.0", "1.2")), {}
        if method == "GetCapabilities":
            return new_method_return(message, "as", (self._can,)), {}
        if method == "Notify":
            number = body[1] or self._last + 1
            self._last = max(self._last, number)
            self._open.add(number)
            hints = {name: value[1] for name, value in body[6].items()}
            return new_method_return(message, "u", (number,)), {
                "event": "notify",
                "id": number,
                "replaces": body[1],
                "title": body[3],
                "body": body[4],
                "actions": body[5],
                "hints": hints,
            }
        if method == "CloseNotification":
            known = body[0] in self._open
            self._open.discard(body[0])
            told = {"event": "close", "id": body[0], "known": known}
            return new_method_return(message), told
        return new_error(message, "org.freedesktop.DBus.Error.UnknownMethod"), {}

    async def told(self, command: Mapping[str, Any]) -> None:
        if "mute" in command:
            self._mute = bool(command["mute"])
        elif "press" in command:
            await self._signal("ActivationToken", "us", (command["press"], "token-1"))
            await self._signal("ActionInvoked", "us", (command["press"], "review"))
        elif "dismiss" in command:
            self._open.discard(command["dismiss"])
            await self._signal("NotificationClosed", "uu", (command["dismiss"], 2))
        say(event="told")

    async def _signal(self, member: str, signature: str, body: tuple[Any, ...]) -> None:
        await self._connection.send(new_signal(_ITSELF, member, signature, body))


def say(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def main(can: Sequence[str]) -> None:
    connection = await open_dbus_connection("SESSION")
    async with DBusRouter(connection) as router:
        await Proxy(message_bus, router).RequestName(NAME)
    server = Server(connection, can or _USUAL)
    say(event="ready")
    loop = asyncio.get_running_loop()
    serving = loop.create_task(server.serve())
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        await server.told(json.loads(line))
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    await connection.close()


class NoticeDaemon:
    """The server as a process; `next` waits for what it is asked next."""

    def __init__(self, environment: Mapping[str, str], can: Sequence[str]) -> None:
        command = [sys.executable, "-m", "tests.support.notice_daemon", *can]
        self._popen = subprocess.Popen(
            command,
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        assert self.next()["event"] == "ready"

    def _read(self) -> None:
        assert self._popen.stdout is not None
        for line in self._popen.stdout:
            self._lines.put(line)

    def next(self) -> dict[str, Any]:
        """Raises queue.Empty when nothing was asked for a while."""
        found: dict[str, Any] = json.loads(self._lines.get(timeout=NEXT_S_MAX))
        return found

    @property
    def idle(self) -> bool:
        """Whether it has said nothing that is not read yet."""
        return self._lines.empty()

    def tell(self, **command: object) -> None:
        """Returns once it is done."""
        assert self._popen.stdin is not None
        self._popen.stdin.write(json.dumps(command) + "\n")
        self._popen.stdin.flush()
        assert self.next()["event"] == "told"

    def close(self) -> None:
        assert self._popen.stdin is not None
        self._popen.stdin.close()
        self._popen.wait(NEXT_S_MAX)
        self._reader.join(NEXT_S_MAX)
        assert self._popen.stdout is not None
        self._popen.stdout.close()


@contextlib.contextmanager
def notice_daemon(environment: Mapping[str, str], *can: str) -> Iterator[NoticeDaemon]:
    """A notification server on the session bus of that environment."""
    made = NoticeDaemon(environment, can)
    try:
        yield made
    finally:
        made.close()


@contextlib.contextmanager
def session_bus() -> Iterator[dict[str, str]]:
    """A session bus of its own; yields what to put into the environment."""
    bus = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert bus.stdout is not None
    try:
        yield {"DBUS_SESSION_BUS_ADDRESS": bus.stdout.readline().strip()}
    finally:
        bus.terminate()
        bus.communicate(timeout=10)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
