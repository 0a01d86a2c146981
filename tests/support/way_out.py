"""The way out of a machine for tests: the real guest program's proxy, the host's judgement."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from clawdesk.adapters.egress import TcpEgress
from clawdesk.adapters.libvirt.channel import ChannelSession, GuestChannels
from clawdesk.domain.network import Reach
from clawdesk.ports.guest import NetworkUsed, StepOutput, StepRun
from tests.support.guest_process import running_guest
from tests.support.inference_fake import EchoInference


@dataclass
class WayOut:
    """A guest, where it goes out, and what was told of it."""

    channels: GuestChannels
    session: ChannelSession
    proxy: int
    looked_up: list[str]
    used: list[NetworkUsed] = field(default_factory=list)

    async def ask(self, head: str, body: bytes = b"") -> tuple[bytes, asyncio.StreamWriter]:
        """Send a request to the proxy; the first line of the answer, and the connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.proxy)
        self.reader = reader
        writer.write(head.encode() + b"\r\n\r\n" + body)
        return await reader.readline(), writer

    async def told(self) -> NetworkUsed:
        async for message in self.session.messages():
            if isinstance(message, NetworkUsed):
                return message
        raise AssertionError("the messages ended")


@asynccontextmanager
async def way_out(reach: Reach, trust: ssl.SSLContext | None = None) -> AsyncIterator[WayOut]:
    """A guest that may reach that; every name stands for this machine, which it may reach here.

    Args:
        trust: what certificates are judged by.
    """
    looked_up: list[str] = []

    async def look_up(host: str, _port: int) -> list[str]:
        looked_up.append(host)
        return ["127.0.0.1"]

    with running_guest({"a": b"a"}) as process:
        egress = TcpEgress(
            look_up=look_up,
            may=lambda _address, _own: True,
            trust=lambda: trust or ssl.create_default_context(),
        )
        channels = GuestChannels(lambda _machine: process.socket, EchoInference(), egress)
        try:
            session = await channels.connect("m", token="t", start=True, network=reach)
            env = {"CLAWDESK_NETWORK": " ".join(reach.hosts)}
            await session.run(StepRun("r", "n", 'echo "$HTTPS_PROXY $no_proxy"', 60, env))
            proxy = 0
            async for message in session.messages():
                assert isinstance(message, StepOutput)
                url, _, local = message.chunk.decode().strip().partition(" ")
                assert local == "127.0.0.1,localhost"
                proxy = int(url.rpartition(":")[2])
                break
            yield WayOut(channels, session, proxy, looked_up)
        finally:
            await channels.close()
