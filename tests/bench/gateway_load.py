"""A client for rows F1 to F4 that does as little as possible: bytes out, bytes in, times noted."""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import dataclass, field

from tests.bench.gateway_peers import MODEL, Peer

_MESSAGES = [{"role": "user", "content": "Write a sentence about a cat. " * 10}]
_TOKEN = re.compile(rb'"content": ?"(\d+)"')


def _request(peer: Peer, **changes: object) -> bytes:
    body = json.dumps({"model": MODEL, "messages": _MESSAGES, **changes}).encode()
    lines = [
        "POST /v1/chat/completions HTTP/1.1",
        f"Host: 127.0.0.1:{peer.port}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in peer.headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def _one(reader: asyncio.StreamReader) -> bytes:
    """One answer's body."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if not head.startswith(b"http/1.1 200"):
        raise RuntimeError(f"answered {head[:200]!r} {await reader.read(500)!r}")
    for line in head.split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return await reader.readexactly(int(line[15:]))
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


@dataclass(slots=True)
class Burst:
    """What a number of unary calls took.

    Args:
        cpu_us: processor time of the peer a request.
        times_ms: of each call.
    """

    cpu_us: float
    per_s: float
    times_ms: list[float]


async def unary(peer: Peer, *, count: int, clients: int) -> Burst:
    """`count` calls by `clients` at once, each on one kept connection."""
    times_ms: list[float] = []
    request = _request(peer)

    async def client(calls: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", peer.port)
        for _ in range(calls):
            begun = time.perf_counter()
            writer.write(request)
            await _one(reader)
            times_ms.append((time.perf_counter() - begun) * 1000)
        writer.close()
        await writer.wait_closed()

    cpu_ns, begun = peer.cpu_ns(), time.perf_counter()
    await asyncio.gather(*(client(count // clients) for _ in range(clients)))
    took_s = time.perf_counter() - begun
    done = len(times_ms)
    return Burst((peer.cpu_ns() - cpu_ns) / done / 1000, done / took_s, times_ms)


@dataclass(slots=True)
class Tokens:
    """What paced streams delivered.

    Args:
        delivered: share of the tokens due within the time that arrived in it.
        gaps_ms: between two tokens of one stream.
        wrong: tokens that came out of order, twice or not at all.
    """

    delivered: float
    cpu_us: float
    gaps_ms: list[float] = field(repr=False)
    wrong: int = 0


async def paced(peer: Peer, *, streams: int, tokens: int, interval_ms: float) -> Tokens:
    """`streams` at once, each of `tokens` tokens, one every `interval_ms`."""
    request = _request(peer, stream=True, tokens=tokens, interval_ms=interval_ms)
    gaps_ms: list[float] = []
    late = wrong = 0

    async def stream() -> None:
        nonlocal late, wrong
        reader, writer = await asyncio.open_connection("127.0.0.1", peer.port)
        writer.write(request)
        expected, last, first, text = 0, 0.0, 0.0, b""
        while chunk := await reader.read(65536):
            now = time.perf_counter()
            text += chunk
            end = 0
            for found in _TOKEN.finditer(text):
                end = found.end()
                wrong += int(found[1]) != expected
                expected += 1
                if last:
                    gaps_ms.append((now - last) * 1000)
                first, last = first or now, now
                # Due one interval after another since this stream's first; half a second's grace.
                late += now - first > (expected - 1) * interval_ms / 1000 + 0.5
            text = text[end:]
            if b"[DONE]" in text:
                break
        wrong += tokens - expected
        writer.close()
        await writer.wait_closed()

    cpu_ns = peer.cpu_ns()
    await asyncio.gather(*(stream() for _ in range(streams)))
    due = streams * tokens
    cpu_us = (peer.cpu_ns() - cpu_ns) / due / 1000
    return Tokens(1 - (late + wrong) / due, cpu_us, gaps_ms, wrong)


async def leave(peer: Peer) -> int:
    """Read the first token of a stream and leave; the moment, in ns of the monotonic clock."""
    request = _request(peer, stream=True, tokens=100_000, interval_ms=5)
    reader, writer = await asyncio.open_connection("127.0.0.1", peer.port)
    writer.write(request)
    text = b""
    while b'"content"' not in text:
        text += await reader.read(65536)
    at_ns = time.monotonic_ns()
    writer.transport.abort()
    return at_ns


async def left(model: Peer) -> list[int]:
    """When clients left the stand-in, as it saw it, in ns of the monotonic clock."""
    reader, writer = await asyncio.open_connection("127.0.0.1", model.port)
    writer.write(b"GET /left HTTP/1.1\r\nHost: m\r\n\r\n")
    moments: list[int] = json.loads(await _one(reader))
    writer.close()
    await writer.wait_closed()
    return moments
