"""The socket `claw` speaks to: requests that wait for a person, and their answers.

A waiting request lives as long as its caller; it survives snapshots because both are in memory.
"""

import contextlib
import json
import os
import socket
from collections.abc import Callable
from typing import Any

from clawdesk_guest import protocol
from clawdesk_guest.loop import READ, Loop, read_some

_LINE_BYTES_MAX = 256 << 10
_WAITING_MAX = 64
_BOUNDARY = {"approve": False, "message": "", "next_step": "", "artifacts": []}
_QUESTION = {"key": "", "question": "", "choices": [], "default": ""}
_FIELDS: dict[str, dict[str, Any]] = {"boundary": _BOUNDARY, "question": _QUESTION}


class Requests:
    """Open `claw` calls.

    Args:
        new_id: a name no other request ever had.
        asked: told each new request as a message for the host, without its number `n`.
        left: told the id of a request whose caller is gone.
        part: told what the step works at now.
    """

    def __init__(
        self,
        loop: Loop,
        path: str,
        *,
        new_id: Callable[[], str],
        asked: Callable[[protocol.Message], None],
        left: Callable[[str], None],
        part: Callable[[str], None],
    ) -> None:
        self._loop = loop
        self._new_id = new_id
        self._asked = asked
        self._left = left
        self._part = part
        self._path = path
        self._clients: dict[int, tuple[socket.socket, bytearray]] = {}
        self._waiting: dict[str, int] = {}
        self._own: dict[str, Callable[[], None]] = {}
        self.feedback = ""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        os.chmod(path, 0o666)  # noqa: S103 - any user of the guest may speak to the person
        self._listener.listen(64)
        self._listener.setblocking(False)
        loop.watch(self._listener.fileno(), READ, lambda _: self._accept())

    @property
    def waiting(self) -> list[str]:
        return [*self._waiting, *self._own]

    def ask(self, message: protocol.Message, answered: Callable[[], None]) -> str:
        """A request of this program itself; `answered` is called when the host replies."""
        request_id = self._new_id()
        self._own[request_id] = answered
        self._asked({**message, "request": request_id})
        return request_id

    def reply(self, request_id: str, payload: dict[str, str]) -> bool:
        """Answer a request; False when nobody waits for it any more."""
        answered = self._own.pop(request_id, None)
        if answered is not None:
            answered()
            return True
        descriptor = self._waiting.pop(request_id, None)
        if descriptor is None:
            return False
        self._answer(descriptor, dict(payload))
        return True

    def close(self) -> None:
        for descriptor in list(self._clients):
            self._hang_up(descriptor)
        self._loop.forget(self._listener.fileno())
        self._listener.close()
        os.unlink(self._path)

    def _accept(self) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError:
            return
        client.setblocking(False)
        descriptor = client.fileno()
        self._clients[descriptor] = (client, bytearray())
        self._loop.watch(descriptor, READ, lambda _: self._read(descriptor))

    def _read(self, descriptor: int) -> None:
        content = read_some(descriptor, _LINE_BYTES_MAX)
        if content is None:
            return
        if content == b"":
            self._hang_up(descriptor)
            return
        _, line = self._clients[descriptor]
        line += content
        if len(line) > _LINE_BYTES_MAX:
            self._answer(descriptor, {"error": "the request is too long"})
        elif line.endswith(b"\n") and descriptor not in self._waiting.values():
            self._take(descriptor, bytes(line))

    def _take(self, descriptor: int, line: bytes) -> None:
        try:
            request = protocol.load(line)
        except protocol.RemoteError as error:
            self._answer(descriptor, {"error": str(error)})
            return
        op = request.get("op")
        if op == "feedback":
            self._answer(descriptor, {"text": self.feedback})
            return
        if op == "part":
            wrong = protocol.mistake(request, protocol.TO_HOST)
            self._answer(descriptor, {"error": wrong} if wrong else {})
            if not wrong:
                self._part(request["name"])
            return
        fields = _FIELDS.get(op) if isinstance(op, str) else None
        if fields is None:
            self._answer(descriptor, {"error": "unknown request"})
            return
        message = {"op": op, **{name: request.get(name, fields[name]) for name in fields}}
        message["request"] = self._new_id()
        wrong = protocol.mistake({**message, "n": 0}, protocol.TO_HOST)
        if len(self._waiting) >= _WAITING_MAX:
            wrong = "too many requests wait already"
        if wrong:
            self._answer(descriptor, {"error": wrong})
            return
        self._waiting[message["request"]] = descriptor
        self._asked(message)

    def _answer(self, descriptor: int, answer: dict[str, str]) -> None:
        """One line, then the end. A line fits the socket's buffer, so that nothing blocks."""
        client, _ = self._clients[descriptor]
        with contextlib.suppress(OSError):
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
            client.sendall(json.dumps(answer).encode() + b"\n")
        self._hang_up(descriptor)

    def _hang_up(self, descriptor: int) -> None:
        client, _ = self._clients.pop(descriptor)
        self._loop.forget(descriptor)
        client.close()
        for request_id in [r for r, waits in self._waiting.items() if waits == descriptor]:
            del self._waiting[request_id]
            self._left(request_id)
