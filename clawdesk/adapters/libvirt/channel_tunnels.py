"""Connections of a guest's programs to the outside, on the I/O thread.

The guest asks for a host by its name; what the task may reach is decided here, the name is looked
up on the host, and every connection is told, the refused ones too. A plain request to a host that
the task has a key for goes on over TLS, with the key.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence

from clawdesk.adapters.libvirt.channel_answers import Wire
from clawdesk.adapters.libvirt.channel_keys import (
    KeyedAnswer,
    KeyedRequest,
    RequestRefusedError,
    refusal,
)
from clawdesk.adapters.libvirt.channel_output import TokenBucket
from clawdesk.domain.network import NOWHERE, Key, Reach, allows
from clawdesk.ports.egress import Egress, EgressError
from clawdesk.ports.guest import NetworkUsed

_TUNNELS_MAX = 32
_READ_BYTES = 64 << 10
_IDLE_S_MAX = 600.0
_TOLD_PER_S, _TOLD_BURST = 5.0, 100.0


class _Tunnel:
    """One connection; `queue` holds what the guest sent, at most the credit it was given.

    Args:
        keys: with any, what is sent is one plain request, and goes on with them over TLS.
    """

    def __init__(self, host: str, port: int, keys: Sequence[Key]) -> None:
        self.host = host
        self.port = port
        self.keys = keys
        self.request = KeyedRequest(keys) if keys else None
        self.answer = KeyedAnswer(keys) if keys else None
        self.broken_off = ""
        self.queue: asyncio.Queue[bytes] = asyncio.Queue()
        self.sent_bytes = 0
        self.received_bytes = 0
        self.task: asyncio.Task[None] | None = None
        self.idle: asyncio.Timeout | None = None  # ends it when nothing moves for long

    def moved(self) -> None:
        """Bytes went out: one that only sends for long, as an upload does, is not idle."""
        idle = self.idle
        with contextlib.suppress(RuntimeError):  # what came is being passed on just now
            if idle is not None:
                idle.reschedule(asyncio.get_running_loop().time() + _IDLE_S_MAX)


class Tunnels:
    """The connections of one machine.

    Args:
        network: what the task may reach.
        hear: told each connection once it is over or refused.
    """

    def __init__(
        self,
        wire: Wire,
        egress: Egress | None,
        network: Reach,
        hear: Callable[[NetworkUsed], None],
    ) -> None:
        self._wire = wire
        self._egress = egress
        self._network = network if egress is not None else NOWHERE
        self._hear = hear
        self._tunnels: dict[int, _Tunnel] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._bucket = TokenBucket(_TOLD_PER_S, _TOLD_BURST)
        self._untold = 0

    def opened(self, stream: int, head: Mapping[str, object]) -> None:
        port = head["port"]
        assert isinstance(port, int)
        host = str(head["host"])
        if not host.isprintable():  # no name; and what is told of it stays one line
            host = host.encode("unicode_escape").decode()
        tunnel = _Tunnel(host, port, self._network.keys_for(host, port))
        self._tunnels[stream] = tunnel
        tunnel.task = asyncio.get_running_loop().create_task(self._run(stream, tunnel))
        self._tasks.add(tunnel.task)
        tunnel.task.add_done_callback(self._tasks.discard)

    def owns(self, stream: int) -> bool:
        return stream in self._tunnels

    def got(self, stream: int, content: bytes) -> None:
        self._tunnels[stream].queue.put_nowait(content)

    def closed(self, stream: int) -> None:
        """The program inside is done."""
        tunnel = self._tunnels.pop(stream, None)
        if tunnel is not None and tunnel.task is not None:
            tunnel.task.cancel()

    async def close(self) -> None:
        """End all connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, stream: int, tunnel: _Tunnel) -> None:
        refused = ""
        try:
            refused = self._why_not(tunnel)
            if not refused:
                await self._carry(stream, tunnel)
        except EgressError as error:
            refused = error.what
        finally:
            if refused:
                self._head(stream, 403, {"x-clawdesk-reason": refused})
            self._wire.link.close(stream)
            self._tunnels.pop(stream, None)
            self._wire.wake()
            self._tell(tunnel, refused)

    def _why_not(self, tunnel: _Tunnel) -> str:
        if len(self._tunnels) > _TUNNELS_MAX:
            return f"more than {_TUNNELS_MAX} connections at once"
        if not allows(self._network.hosts, tunnel.host, tunnel.port):
            may = ", ".join(self._network.hosts) or "none"
            return f"the task may not reach {tunnel.host}:{tunnel.port}; it may reach: {may}"
        return ""

    async def _carry(self, stream: int, tunnel: _Tunnel) -> None:
        """Both ways until either end is done, or nothing moves for long."""
        assert self._egress is not None, "without a way out no host is allowed"
        reader, writer = await self._egress.open(
            tunnel.host,
            tunnel.keys[0].tls_port if tunnel.keys else tunnel.port,
            self._network.own_networks,
            tls=bool(tunnel.keys),
        )
        try:
            self._head(stream, 200, {})
            async with asyncio.TaskGroup() as both:
                out = both.create_task(self._send(stream, tunnel, writer))
                await self._receive(stream, tunnel, reader)
                out.cancel()
        except* RequestRefusedError as group:
            tunnel.broken_off = str(group.exceptions[0])
            if not tunnel.received_bytes and await self._wire.room(stream):
                self._wire.link.write(stream, refusal(tunnel.broken_off))
        except* (OSError, TimeoutError):
            pass  # the other end broke off or fell silent: the program inside sees its end
        finally:
            # An end that reads nothing, or never says the end of TLS, would keep us for ever.
            if tunnel.keys or writer.transport.get_write_buffer_size():
                writer.transport.abort()
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _send(self, stream: int, tunnel: _Tunnel, writer: asyncio.StreamWriter) -> None:
        while True:
            content = await tunnel.queue.get()
            writer.write(content if tunnel.request is None else tunnel.request.feed(content))
            await writer.drain()
            tunnel.moved()
            tunnel.sent_bytes += len(content)
            self._wire.link.grant(stream, len(content))
            self._wire.wake()

    async def _receive(self, stream: int, tunnel: _Tunnel, reader: asyncio.StreamReader) -> None:
        while True:
            async with asyncio.timeout(_IDLE_S_MAX) as tunnel.idle:
                content = await reader.read(_READ_BYTES)
            is_over = not content
            if tunnel.answer is not None:
                content = tunnel.answer.feed(content)
            view = memoryview(content)
            while view:
                room = await self._wire.room(stream)
                if room == 0:
                    return
                self._wire.link.write(stream, bytes(view[:room]))
                self._wire.wake()
                tunnel.received_bytes += min(room, len(view))
                view = view[room:]
            if is_over:
                return

    def _head(self, stream: int, status: int, headers: Mapping[str, str]) -> None:
        self._wire.link.head(stream, {"op": "answer", "status": status, "headers": dict(headers)})
        self._wire.wake()

    def _tell(self, tunnel: _Tunnel, refused: str) -> None:
        """A guest must not be able to fill the log: what is too much is counted."""
        sent = tunnel.keys if tunnel.request is not None and tunnel.request.is_sent else ()
        if tunnel.broken_off:
            refused = f"{tunnel.host}:{tunnel.port}: {tunnel.broken_off}"
        if not self._bucket.take(time.monotonic()):
            self._untold += 1
            return
        used = NetworkUsed(
            tunnel.host,
            sent[0].tls_port if sent else tunnel.port,
            tunnel.sent_bytes,
            tunnel.received_bytes,
            refused,
            self._untold,
            tuple(dict.fromkeys(key.secret for key in sent)),
        )
        self._untold = 0
        self._hear(used)
