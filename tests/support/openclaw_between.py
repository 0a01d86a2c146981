"""A wire between ClawDesk and a real gateway that loses, doubles, reorders or cuts what passes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import aiohttp
from aiohttp import web

from tests.support.openclaw_fake import Json

BYTES_MAX = 1 << 25
Frames = list[Json]
Passing = Callable[[Json], Frames]


class Between:
    """Start it with `start`; a client dials `address`. `up` and `down` see every frame.

    Args:
        target: the gateway's address.
    """

    def __init__(self, target: str) -> None:
        self.target, self.address = target, ""
        self.up: Passing = lambda frame: [frame]  # to the gateway
        self.down: Passing = lambda frame: [frame]  # to the client
        self._clients: set[asyncio.Transport] = set()

    async def start(self) -> Between:
        app = web.Application()
        app.router.add_get("/", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.address = f"ws://127.0.0.1:{self._runner.addresses[0][1]}/"
        return self

    async def close(self) -> None:
        self.cut()
        await self._runner.cleanup()

    def cut(self) -> None:
        """End every connection without a word, as a cable does."""
        for client in self._clients:
            client.abort()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        client = web.WebSocketResponse(compress=False, max_msg_size=BYTES_MAX)
        assert isinstance(request.transport, asyncio.Transport)
        wire = request.transport
        async with aiohttp.ClientSession() as http:
            try:
                dialled = http.ws_connect(self.target, compress=0, max_msg_size=BYTES_MAX)
                async with dialled as gateway:
                    await client.prepare(request)
                    self._clients.add(wire)
                    await self._pass(client, gateway)
            except (aiohttp.ClientError, OSError):
                return web.Response(status=502)
            finally:
                self._clients.discard(wire)
        return client

    async def _pass(
        self, client: web.WebSocketResponse, gateway: aiohttp.ClientWebSocketResponse
    ) -> None:
        """Both ways until one end closes."""

        async def up() -> None:
            async for message in client:
                for frame in self.up(json.loads(message.data)):
                    await gateway.send_str(json.dumps(frame))

        async def down() -> None:
            async for message in gateway:
                for frame in self.down(json.loads(message.data)):
                    await client.send_str(json.dumps(frame))

        ways = {asyncio.ensure_future(up()), asyncio.ensure_future(down())}
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            await gateway.close()
            await client.close()
