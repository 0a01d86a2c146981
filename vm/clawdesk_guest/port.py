"""The guest's end of the byte stream to the host: a virtio-serial port, or a socket in tests.

It moves bytes and survives a host that goes and comes back; what they mean is not its affair.
"""

import os
import socket
from collections.abc import Callable

from clawdesk_guest.loop import EDGE, GONE, READ, WRITE, Loop, read_some, write_some

PORT_NAME = "org.clawdesk.agent.0"
_READ_BYTES = 64 << 10
"""More at once is mapped for each read and given back: 110 us for 5 under emulation."""
_LOOK_AGAIN_S = 1.0


class SerialPort:
    """A virtio-serial port. Without a host, reads give nothing and writes would block."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._loop: Loop | None = None
        self._ready: Callable[[], None] = lambda: None
        self._waits = False
        self.tells_of_more = False

    def attach(self, loop: Loop, ready: Callable[[], None]) -> None:
        """Call `ready` whenever something may have changed.

        Edge-triggered while there is no host, because a port without one is "hung up" all the time.
        With one it is watched by its level: what is left after one read is told of again, so that
        nobody need read until there is nothing, which costs an exception each time. The timer is
        for a change that came while the machine was being saved.
        """
        self._loop, self._ready = loop, ready
        self._watch()

        def look_again() -> None:
            ready()
            loop.after(_LOOK_AGAIN_S, look_again)

        look_again()

    def _watch(self) -> None:
        if self._loop is not None:
            # Not for room to write always: the host takes each write, and would wake us for it.
            mask = READ | (WRITE if self._waits else 0) | (0 if self.tells_of_more else EDGE)
            self._loop.watch(self._descriptor, mask, self._changed)

    def _changed(self, mask: int) -> None:
        has_host = not mask & GONE
        if has_host != self.tells_of_more:
            self.tells_of_more = has_host
            self._watch()
        self._ready()

    def read(self) -> bytes:
        """What has come, b"" if nothing (no host reads as an end, which it is not).

        Read again until there is nothing, unless it tells of more by itself.
        """
        return read_some(self._descriptor, _READ_BYTES) or b""

    def write(self, content: memoryview) -> int:
        count = max(0, write_some(self._descriptor, content))
        if self._waits != (count == 0):
            self._waits = count == 0
            self._watch()
        return count

    def close(self) -> None:
        if self._loop is not None:
            self._loop.forget(self._descriptor)
        os.close(self._descriptor)


class SocketPort:
    """A listening Unix socket that behaves like the port's host end: one client at a time."""

    tells_of_more = False

    def __init__(self, path: str) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen(1)
        self._listener.setblocking(False)
        self._client: socket.socket | None = None
        self._loop: Loop | None = None
        self._ready: Callable[[], None] = lambda: None

    def attach(self, loop: Loop, ready: Callable[[], None]) -> None:
        self._loop, self._ready = loop, ready
        loop.watch(self._listener.fileno(), READ, lambda _: self._accept())

    def _accept(self) -> None:
        assert self._loop is not None
        if self._client is not None:
            self._loop.forget(self._listener.fileno())
            return
        self._client, _ = self._listener.accept()
        self._client.setblocking(False)
        self._loop.watch(self._client.fileno(), READ | WRITE | EDGE, lambda _: self._ready())

    def read(self) -> bytes:
        if self._client is None:
            return b""
        content = read_some(self._client.fileno(), _READ_BYTES)
        if content == b"":
            self._hang_up()
        return content or b""

    def write(self, content: memoryview) -> int:
        if self._client is None:
            return 0
        return max(0, write_some(self._client.fileno(), content))

    def _hang_up(self) -> None:
        assert self._loop is not None
        assert self._client is not None
        self._loop.forget(self._client.fileno())
        self._client.close()
        self._client = None
        self._loop.watch(self._listener.fileno(), READ, lambda _: self._accept())

    def close(self) -> None:
        if self._client is not None:
            self._hang_up()
        if self._loop is not None:
            self._loop.forget(self._listener.fileno())
        self._listener.close()


Port = SerialPort | SocketPort


def find_port() -> str:
    """Device of our port, by the name the host gave it; the first port if none has names."""
    ports = sorted(name for name in os.listdir("/dev") if name.startswith("vport"))
    for name in ports:
        try:
            with open(f"/sys/class/virtio-ports/{name}/name") as given:
                if given.read().strip() == PORT_NAME:
                    return f"/dev/{name}"
        except OSError:
            continue
    return f"/dev/{ports[0]}" if ports else ""
