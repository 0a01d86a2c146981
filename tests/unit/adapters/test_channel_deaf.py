"""A guest that greets and then reads nothing more, as one that hangs or is hostile."""

from __future__ import annotations

import asyncio
from pathlib import Path

from clawdesk.adapters.libvirt.channel import GuestChannels
from clawdesk.ports.errors import GuestError
from clawdesk_guest import protocol
from tests.support.guest_hostile import GREETING
from tests.support.inference_fake import EchoInference


async def test_a_guest_that_reads_nothing_more_is_hung_up_at_once(tmp_path: Path) -> None:
    """What was on its way to it was waited for, and its machine could not be ended."""
    released = asyncio.Event()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parser = protocol.FrameParser(protocol.SYNC, again=True)
        frames: list[protocol.Frame] = []
        while not frames:
            frames = parser.feed(await reader.read(65536))
        epoch = bytes.fromhex(protocol.load(frames[0][2])["epoch"])
        writer.write(protocol.SYNC + epoch)
        writer.write(protocol.pack(protocol.CONTROL, 0, protocol.dump(GREETING)))
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await released.wait()
        writer.transport.abort()

    server = await asyncio.start_unix_server(greet, tmp_path / "s")
    guests = GuestChannels(lambda _: tmp_path / "s", EchoInference())
    session = await guests.connect("m", token="", start=False)
    asked = [asyncio.ensure_future(session.set_feedback("x" * 16_000)) for _ in range(100)]
    try:
        async with asyncio.timeout(10):
            await session._thread.do(asyncio.sleep(0))  # they are on their way by now
            await session.close()
    finally:
        released.set()
    for answer in await asyncio.gather(*asked, return_exceptions=True):
        assert isinstance(answer, GuestError)
    await guests.close()
    server.close()
