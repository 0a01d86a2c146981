"""What it costs to ask the Fabric after each model call what that call used.

The relay's own client and teller on one side, the real Fabric in a process of its own on the other,
and a stand-in for the model that answers at once, which no model does. In turns with the same calls
of which nobody asks.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from clawdesk.adapters.fabric_client import FabricClient
from clawdesk.adapters.libvirt.channel_calls import Listener
from clawdesk.adapters.libvirt.channel_told import Ended, Teller
from clawdesk.ports.guest import ModelCalled, ModelsUsed
from tests.bench.gateway_peers import MODEL, Peer, running
from tests.bench.rows import Row, row

CALLS = int(os.environ.get("BENCH_CALLS", "2000")) // 4
_BODY = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "A cat. " * 40}]})
_HEADERS = {"Content-Type": "application/json"}
_RATIO_TO = "the same call of which nobody asks"


def measure(n: int) -> Iterator[Row]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cdb-")))
        stack.enter_context(running("model", folder))
        fabric = stack.enter_context(running("fabric", folder))
        asyncio.run(_calls(folder, fabric, asked=True))  # both are warm then
        pairs = []
        for _ in range(n):
            plain = asyncio.run(_calls(folder, fabric, asked=False))
            pairs.append((plain, asyncio.run(_calls(folder, fabric, asked=True))))
    names = (
        "A4 a model call that answers at once, what it used asked beside the next one",
        "A4 the same: processor time of relay and Fabric",
    )
    for number, name in enumerate(names):
        asking = [with_it[number] for _, with_it in pairs]
        beside = [without[number] for without, _ in pairs]
        yield row(name, asking, "ms", beside=beside, ratio_to=_RATIO_TO)


async def _calls(folder: Path, fabric: Peer, *, asked: bool) -> tuple[float, float]:
    """Milliseconds a call of the clock and of processors, until all were told."""
    client = FabricClient(socket=folder / "f.sock", spawn=False)
    token = await client.token(project="/bench", task="bench", attempt=1, models=(MODEL,))
    told, left = asyncio.Event(), CALLS

    def hear(message: ModelCalled | ModelsUsed) -> None:
        nonlocal left
        left -= len(message.uses)
        if not left:
            told.set()

    teller = Teller(client, hear)
    began_s, began_ns = time.monotonic(), time.process_time_ns() + fabric.cpu_ns()
    for _ in range(CALLS):
        await _call(client, token, teller, asked=asked)
    waited_s = time.monotonic()
    await told.wait()  # the last ones are told together, up to a second later: that is no cost
    used_ns = time.process_time_ns() + fabric.cpu_ns() - began_ns
    await teller.close()
    await client.close()
    return (waited_s - began_s) * 1e3 / CALLS, used_ns / 1e6 / CALLS


async def _call(client: FabricClient, token: str, teller: Teller, *, asked: bool) -> None:
    began_s, body = time.monotonic(), _BODY.encode()
    answer = await client.call(token, "POST", "/v1/chat/completions", _HEADERS, body)
    listener = Listener(body)
    async for chunk in answer.chunks:
        listener.heard(chunk)
    name = answer.headers["X-Clawdesk-Call"] if asked else ""
    teller.over(Ended(listener, answer.status, began_s, name))
