"""Rows F1 to F4 of performance.md: the gateway beside direct calls, bare relay, nginx and LiteLLM.

All of them in one run, in turns, against one stand-in for a model. A stand-in, because a real model
is so slow that nothing of a relay could be seen beside it.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from clawdesk_fabric.local_client import request
from tests.bench import gateway_load as load
from tests.bench import gateway_others as others
from tests.bench.gateway_load import Burst, Tokens
from tests.bench.gateway_peers import STREAMS, Peer, running
from tests.bench.rows import Row, row
from tests.support.environments import NotHereError

CALLS = int(os.environ.get("BENCH_CALLS", "2000"))
"""Unary calls in each round of F1."""
MEMORY_CALLS = int(os.environ.get("BENCH_MEMORY_CALLS", "100000"))
"""For the memory row; a million takes about ten minutes."""
TOKENS, INTERVAL_MS = 150, 20.0
_SLOW_CALLS = 60


def measure(n: int) -> Iterator[Row]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cdb-")))
        model = stack.enter_context(running("model", folder))
        relay = stack.enter_context(running("relay", folder))
        fabric = _fabric(stack, folder)
        peers = [model, relay, fabric]
        try:
            peers.append(stack.enter_context(others.nginx(folder)))
        except NotHereError as error:
            print(f"bench_gateway: without nginx: {error}", file=sys.stderr)
        for peer in peers:
            asyncio.run(load.unary(peer, count=CALLS // 4, clients=16))
        yield from _unary(peers, n)
        yield from _latency(model, fabric, n)
        yield from _streams(peers, n)
        yield from _leaving(model, fabric, n)
        yield from _memory(fabric)
        yield from _litellm(stack, folder, model, fabric)


def _unary(peers: list[Peer], n: int) -> Iterator[Row]:
    found: dict[str, list[Burst]] = {peer.name: [] for peer in peers}
    for _ in range(n):
        for peer in peers:
            found[peer.name].append(asyncio.run(load.unary(peer, count=CALLS, clients=16)))
    relay = [burst.cpu_us for burst in found["relay"]]
    for name in [name for name in found if name != "relay"]:
        yield row(
            f"F1 {_NAMES[name]}: processor time a call, 16 at once",
            [burst.cpu_us for burst in found[name]],
            "µs",
            beside=relay,
            ratio_to=_NAMES["relay"],
            goal="at most 2.5 times" if name == "fabric" else "",
        )


def _latency(model: Peer, fabric: Peer, n: int) -> Iterator[Row]:
    added_ms, far_ms, far_direct_ms = [], [], []
    for _ in range(n):
        direct = asyncio.run(load.unary(model, count=CALLS // 4, clients=1)).times_ms
        ours = asyncio.run(load.unary(fabric, count=CALLS // 4, clients=1)).times_ms
        added_ms.append(statistics.median(ours) - statistics.median(direct))
        far_ms.append(_percentile(ours, 99))
        far_direct_ms.append(_percentile(direct, 99))
    yield row("F2 gateway: time added to a call, median", added_ms, "ms", goal="at most 1 ms")
    yield row(
        "F2 gateway: a call, 99th percentile",
        far_ms,
        "ms",
        beside=far_direct_ms,
        ratio_to="direct",
        goal="at most 5 times and 5 ms",
    )


def _streams(peers: list[Peer], n: int) -> Iterator[Row]:
    found: dict[str, list[Tokens]] = {peer.name: [] for peer in peers}
    for _ in range(n):
        for peer in peers:
            streams = load.paced(peer, streams=STREAMS, tokens=TOKENS, interval_ms=INTERVAL_MS)
            found[peer.name].append(asyncio.run(streams))
    what = f"{STREAMS} streams of {1000 / INTERVAL_MS:g} tokens/s"
    direct = [_percentile(each.gaps_ms, 99) for each in found["model"]]
    relay = [each.cpu_us for each in found["relay"]]
    for name in [name for name in found if name != "model"]:
        yield row(
            f"F3 {_NAMES[name]}: gap between tokens, 99th percentile, {what}",
            [_percentile(each.gaps_ms, 99) for each in found[name]],
            "ms",
            beside=direct,
            ratio_to=_NAMES["model"],
            goal="at most 1.3 times" if name == "fabric" else "",
        )
        yield row(
            f"F3 {_NAMES[name]}: processor time a token",
            [each.cpu_us for each in found[name]],
            "µs",
            beside=relay,
            ratio_to=_NAMES["relay"],
            goal="at most 1.5 times" if name == "fabric" else "",
        )
    ours = found["fabric"]
    shares = [each.delivered * 100 for each in ours]
    yield row("F3 gateway: tokens in time", shares, "%", goal="at least 97 %")
    wrong = [float(each.wrong) for each in ours]
    yield row("F3 gateway: tokens lost, doubled or out of order", wrong, "", goal="none")


def _leaving(model: Peer, fabric: Peer, n: int) -> Iterator[Row]:
    took_ms = []
    for _ in range(max(n, 5) * 4):
        before = len(asyncio.run(load.left(model)))
        took_ms.append(asyncio.run(_left_after(model, fabric, before)))
    yield row("F4 gateway: client gone to slot free", took_ms, "ms", goal="at most 100 ms")


async def _left_after(model: Peer, fabric: Peer, before: int) -> float:
    """From the client's leaving to the model's hearing of it, in ms."""
    left_ns = await load.leave(fabric)
    async with asyncio.timeout(30):
        while len(moments := await load.left(model)) == before:
            pass
    return (moments[-1] - left_ns) / 1e6


def _memory(fabric: Peer) -> Iterator[Row]:
    """What the process holds after many calls beside what it held after the first tenth."""
    asyncio.run(load.unary(fabric, count=MEMORY_CALLS // 10, clients=16))
    before = fabric.rss_mib()
    for tenth in range(1, 11):
        asyncio.run(load.unary(fabric, count=MEMORY_CALLS // 10, clients=16))
        done = tenth * MEMORY_CALLS // 10
        print(f"bench_gateway: {done:,} calls: {fabric.rss_mib():.1f} MiB", file=sys.stderr)
    yield row(
        f"F1 gateway: memory after {MEMORY_CALLS:,} more calls",
        [fabric.rss_mib()],
        "MiB",
        beside=[before],
        ratio_to="before them",
        goal="at most 1.02 times",
    )


def memory_alone() -> Iterator[Row]:
    """The memory row without the others: `python -m tests.bench.bench_gateway memory`."""
    with tempfile.TemporaryDirectory(prefix="cdb-") as name, ExitStack() as stack:
        stack.enter_context(running("model", Path(name)))
        yield from _memory(_fabric(stack, Path(name)))


def _fabric(stack: ExitStack, folder: Path) -> Peer:
    """The gateway, and a token for it."""
    fabric = stack.enter_context(running("fabric", folder))
    token = request(folder / "f.sock", "POST", "/fabric/v1/tokens", {})["token"]
    fabric.headers["Authorization"] = f"Bearer {token}"
    return fabric


def _litellm(stack: ExitStack, folder: Path, model: Peer, fabric: Peer) -> Iterator[Row]:
    """Last, because starting it keeps a processor busy for a while."""
    try:
        peer = stack.enter_context(others.litellm(folder, model.port))
    except NotHereError as error:
        print(f"bench_gateway: without LiteLLM: {error}", file=sys.stderr)
        return
    asyncio.run(load.unary(peer, count=_SLOW_CALLS, clients=4))
    theirs = [asyncio.run(load.unary(peer, count=_SLOW_CALLS, clients=16)) for _ in range(3)]
    ours = [asyncio.run(load.unary(fabric, count=CALLS, clients=16)) for _ in range(3)]
    yield row(
        "F1 gateway: calls a second, 16 at once",
        [burst.per_s for burst in ours],
        "/s",
        beside=[burst.per_s for burst in theirs],
        ratio_to="LiteLLM's proxy",
        goal="at least 50 times",
    )
    yield row(
        "F1 LiteLLM's proxy: processor time a call",
        [burst.cpu_us for burst in theirs],
        "µs",
        beside=[burst.cpu_us for burst in ours],
        ratio_to="gateway",
    )


_NAMES = {
    "model": "direct (the stand-in itself)",
    "relay": "bare aiohttp relay",
    "fabric": "gateway",
    "nginx": "nginx",
}


def _percentile(samples: list[float], percent: int) -> float:
    return statistics.quantiles(samples, n=100)[percent - 1]


if __name__ == "__main__":
    for found_row in memory_alone() if sys.argv[1:] == ["memory"] else measure(1):
        print(found_row.as_json())
