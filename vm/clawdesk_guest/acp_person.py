"""Asks the person on an agent's behalf, one question after the other, without blocking.

What an agent wants to be allowed or to know becomes a `claw ask`, the end of its turn a
`claw checkpoint`. The call waits however long the machine is stopped, saved or restored meanwhile.
"""

import json
import os
import socket
from collections import deque
from collections.abc import Callable
from typing import Any

from clawdesk_guest.claw import SOCKET
from clawdesk_guest.loop import READ, Loop, read_some

_WAITING_MAX = 32
_READ_BYTES = 64 << 10
_LINE_BYTES_MAX = 1 << 20

Reply = dict[str, Any]
"""{"outcome": ..., "text" or "feedback": ...}, or {"error": words} where nobody could be asked."""
Told = Callable[[Reply], None]


class Person:
    """A queue of questions over the guest program's socket."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._waiting: deque[tuple[dict[str, Any], Told]] = deque()
        self._socket: socket.socket | None = None
        self._heard = bytearray()

    def ask(
        self, text: str, choices: list[str], told: Told, *, key: str, default: str = ""
    ) -> bool:
        """`claw ask`. False when too many questions wait already; `told` is then never called."""
        question = {"op": "question", "key": key, "question": text, "choices": choices}
        if len(self._waiting) >= _WAITING_MAX:
            return False
        self._put({**question, "default": default}, told)
        return True

    def checkpoint(self, message: str, told: Told, *, approve: bool) -> None:
        """`claw checkpoint`. It is taken however many questions wait: a turn has one end."""
        self._put({"op": "boundary", "message": message, "approve": approve}, told)

    def _put(self, request: dict[str, Any], told: Told) -> None:
        self._waiting.append((request, told))
        if self._socket is None:
            self._begin()

    def _begin(self) -> None:
        """Send the first of those that wait. The socket takes a whole line at once."""
        request, _ = self._waiting[0]
        self._heard.clear()
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.connect(os.environ.get("CLAWDESK_SOCKET", SOCKET))
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
            self._socket.sendall(json.dumps(request).encode() + b"\n")
        except OSError as error:
            words = f"the guest program does not answer: {error}"
            self._loop.after(0, lambda: self._end({"error": words}))
            return
        self._socket.setblocking(False)
        self._loop.watch(self._socket.fileno(), READ, lambda _: self._read())

    def _read(self) -> None:
        assert self._socket is not None
        content = read_some(self._socket.fileno(), _READ_BYTES)
        if content is None:
            return
        self._heard += content
        if content and not self._heard.endswith(b"\n") and len(self._heard) < _LINE_BYTES_MAX:
            return
        try:
            reply = json.loads(self._heard)
        except ValueError:
            reply = {"error": "the guest program hung up"}
        self._end(reply)

    def _end(self, reply: Reply) -> None:
        self.hang_up()
        _, told = self._waiting.popleft()
        told(reply)
        if self._waiting and self._socket is None:
            self._begin()

    def hang_up(self) -> None:
        """Nobody waits for the answer any more."""
        if self._socket is not None:
            self._loop.forget(self._socket.fileno())
            self._socket.close()
            self._socket = None
