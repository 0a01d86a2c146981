"""Has one child change files of the workspace, in the order told, so that process 1 never blocks.

The child lives from the first thing to do until `rest`: one that lived for a single file would
cost a fork for each of ten thousand. It decides nothing; see `placing` for what it does.
"""

import contextlib
import json
import os
import socket
import struct
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from clawdesk_guest import protocol
from clawdesk_guest.errand import become_child
from clawdesk_guest.loop import READ, WRITE, Loop, read_some, write_some

if TYPE_CHECKING:
    from clawdesk_guest.placing import Placer

_HEAD = struct.Struct(">II")  # length of the message, length of the part behind it
_READ_BYTES = 64 << 10
_WORDS_CHARS_MAX = 2000

Ended = Callable[[str], None]
"""Told once what went wrong, "" = nothing."""


class Scribe:
    """Process 1's end. `put` and `remove` messages go in, their outcome comes back in order.

    Args:
        folder: the workspace.
    """

    def __init__(self, loop: Loop, folder: str) -> None:
        self._loop = loop
        self._folder = folder
        self._todo: deque[tuple[bytes, Ended]] = deque()
        self._ended: Ended | None = None  # of what the child has in hand
        self._unsent = memoryview(b"")
        self._answer = b""
        self._socket: socket.socket | None = None
        self._rests = False

    def do(self, message: protocol.Message, ended: Ended) -> None:
        """Have a `put` or `remove` done. Raises RemoteError when its part is malformed."""
        told = {name: value for name, value in message.items() if name not in ("call", "part")}
        part = protocol.unpack_part(message.get("part", ""))
        head = protocol.dump(told)
        self._todo.append((_HEAD.pack(len(head), len(part)) + head + part, ended))
        self._go_on()

    def rest(self) -> None:
        """Let the child end after what it has in hand; give up what it was not told yet.

        A file of which a part is missing is dropped. What comes later has a child of its own,
        begun when this one has ended: two never write at the same time.
        """
        given_up = list(self._todo)
        self._todo.clear()
        for _, ended in given_up:
            ended("it was given up")
        if self._socket is not None and not self._rests:
            self._rests = True
            self._unsent = memoryview(b"")
            with contextlib.suppress(OSError):  # the child is gone already
                self._socket.shutdown(socket.SHUT_WR)
            self._watch()

    def _go_on(self) -> None:
        if self._ended is not None or self._rests or not self._todo:
            return
        if self._socket is None:
            self._fork()
        told, self._ended = self._todo.popleft()
        self._unsent = memoryview(told)
        self._push()

    def _fork(self) -> None:
        self._socket, inside = socket.socketpair()
        self._socket.setblocking(False)
        pid = os.fork()
        if pid == 0:
            _in_child(inside.detach(), self._folder)
        inside.close()
        self._loop.child(pid, self._child_ended)

    def _push(self) -> None:
        assert self._socket is not None
        while self._unsent:
            count = write_some(self._socket.fileno(), self._unsent)
            if count <= 0:
                break  # Full for now; or the child is gone, which will be told.
            self._unsent = self._unsent[count:]
        self._watch()

    def _watch(self) -> None:
        assert self._socket is not None
        mask = READ | WRITE if self._unsent else READ
        self._loop.watch(self._socket.fileno(), mask, lambda _: self._ready())

    def _ready(self) -> None:
        assert self._socket is not None
        content = read_some(self._socket.fileno(), _READ_BYTES)
        if content == b"":
            self._loop.forget(self._socket.fileno())  # `_child_ended` comes in a moment.
            return
        self._answer += content or b""
        if self._answer.endswith(b"\n"):
            error, self._answer = json.loads(self._answer), b""
            self._finish(error)
        elif self._unsent:
            self._push()

    def _child_ended(self, exit_code: int) -> None:
        assert self._socket is not None
        self._loop.forget(self._socket.fileno())
        self._socket.close()
        self._socket = None
        self._rests = False
        self._answer = b""
        self._finish(f"the process that writes files ended with {exit_code}")

    def _finish(self, error: str) -> None:
        ended, self._ended = self._ended, None
        if ended is not None:
            ended(error)
        self._go_on()


def _in_child(inside: int, folder: str) -> None:
    """Never returns. It keeps nothing open that process 1 may want to close."""
    become_child()
    try:
        for name in os.listdir("/proc/self/fd"):
            if int(name) > 2 and int(name) != inside:
                with contextlib.suppress(OSError):  # the listing's own
                    os.close(int(name))
        _serve(inside, folder)
        os._exit(0)
    finally:
        os._exit(1)


def _serve(descriptor: int, folder: str) -> None:
    from clawdesk_guest.placing import InTheWayError, Placer

    placer = Placer(folder)
    with os.fdopen(descriptor, "rb", closefd=False) as source:
        while len(sizes := source.read(_HEAD.size)) == _HEAD.size:
            head_size, part_size = _HEAD.unpack(sizes)
            head, part = source.read(head_size), source.read(part_size)
            if len(part) < part_size or len(head) < head_size:
                break
            error = ""
            try:
                _perform(placer, json.loads(head), part)
            except InTheWayError as wrong:
                error = str(wrong)
            except Exception as wrong:
                error = getattr(wrong, "strerror", None) or repr(wrong)
            os.write(descriptor, json.dumps(error[:_WORDS_CHARS_MAX]).encode() + b"\n")
    placer.drop()


def _perform(placer: "Placer", told: protocol.Message, part: bytes) -> None:
    if told["op"] == "remove":
        placer.remove(told["path"], prune=told["prune"])
    else:
        placer.put(told["path"], told["mode"], part, first=told["first"], last=told["last"])
