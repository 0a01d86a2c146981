"""256 streams at once through one Fabric: every token arrives, once and in order."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from tests.bench import gateway_load as load
from tests.bench.gateway_peers import STREAMS, Peer, StandIn, StandInEngine
from tests.support.fabric_world import MODEL, catalog, running, spec


async def test_no_token_is_lost_doubled_or_out_of_order(short_folder: Path) -> None:
    server = await asyncio.get_running_loop().create_unix_server(
        StandIn, str(short_folder / "model.sock"), backlog=STREAMS
    )
    known = catalog(spec(slots=STREAMS), waiting_max=STREAMS)
    async with (
        server,
        running(StandInEngine(short_folder), short_folder / "f.sock", known, port=0) as world,
    ):
        await world.fabric.load(MODEL)
        headers = {"Authorization": f"Bearer {world.token}"}
        peer = Peer("fabric", world.server.port, (os.getpid(),), headers)
        found = await load.paced(peer, streams=STREAMS, tokens=20, interval_ms=0)
        assert found.wrong == 0
        assert len(found.gaps_ms) == STREAMS * 19
        assert not world.fabric.state.calls


async def test_the_count_of_wrong_tokens_sees_them(short_folder: Path) -> None:
    """The measure itself: a model that says a token twice and leaves one out."""

    class Stutter(StandIn):
        def _token(self, number: int, count: int, interval_s: float, at: float) -> None:
            super()._token(1 if number == 0 else number, count, interval_s, at)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(Stutter, "127.0.0.1", 0)
    async with server:
        peer = Peer("model", server.sockets[0].getsockname()[1], (os.getpid(),))
        found = await load.paced(peer, streams=2, tokens=5, interval_ms=0)
    assert found.wrong > 0
