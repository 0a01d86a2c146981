"""The processes that rows F1 to F4 run beside one another: a model's stand-in and its relays.

Each is a process of its own, so that its processor time is its own. `python gateway_peers.py KIND
FOLDER` runs one; `Peer` starts and ends it. All of them speak TCP to the client and reach the
stand-in over the same Unix socket; LiteLLM, which speaks no Unix socket, reaches it over TCP.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "fabric")]

import aiohttp  # noqa: E402
from aiohttp import web  # noqa: E402

from clawdesk_fabric import logs  # noqa: E402
from clawdesk_fabric.catalog import Catalog, ModelSpec, Settings, load  # noqa: E402
from clawdesk_fabric.engines.base import Endpoint  # noqa: E402
from clawdesk_fabric.errors import FabricError  # noqa: E402
from clawdesk_fabric.model import EngineView  # noqa: E402
from clawdesk_fabric.server import Options, Server  # noqa: E402

MODEL = "smollm2-135m"
STREAMS = 256
_ANSWER = json.dumps(
    {
        "id": "x-1",
        "object": "chat.completion",
        "created": 1,
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": "word " * 80},
            }
        ],
        "usage": {"prompt_tokens": 20, "completion_tokens": 80, "total_tokens": 100},
    }
).encode()
_UNARY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (
    len(_ANSWER)
)
_STREAM = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)


class StandIn(asyncio.Protocol):
    """A model that costs next to nothing: one fixed answer, or paced tokens with their numbers.

    A stream's body says `tokens` and `interval_ms`. When a stream's client leaves, the moment is
    written to `left_at`, in ns of the monotonic clock, which all processes share.
    """

    left_at: list[int] = []  # noqa: RUF012 - of the process, not of one connection

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._text = b""
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self.left_at.append(time.monotonic_ns())

    def data_received(self, data: bytes) -> None:
        self._text += data
        head, gap, body = self._text.partition(b"\r\n\r\n")
        if not gap:
            return
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line[15:])
        if len(body) < length:
            return
        self._text = body[length:]
        self._answer(head, body[:length])

    def _answer(self, head: bytes, body: bytes) -> None:
        assert self._transport is not None
        if head.startswith(b"GET /left"):
            text = json.dumps(self.left_at).encode()
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(text) + text
            )
            return
        asked = json.loads(body)
        if not asked.get("stream"):
            self._transport.write(_UNARY + _ANSWER)
            return
        self._transport.write(_STREAM)
        interval_s = asked["interval_ms"] / 1000
        self._token(0, asked["tokens"], interval_s, asyncio.get_running_loop().time())

    def _token(self, number: int, count: int, interval_s: float, at: float) -> None:
        assert self._transport is not None
        if number == count:
            self._timer = None
            self._transport.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")
            return
        event = b'data: {"id":"x-1","object":"chat.completion.chunk","created":1,"model":"m",'
        event += b'"choices":[{"index":0,"delta":{"content":"%d"},"finish_reason":null}]}\n\n' % (
            number
        )
        self._transport.write(b"%x\r\n" % len(event) + event + b"\r\n")
        # At fixed moments, so that a late timer does not make the stream slower.
        at += interval_s
        loop = asyncio.get_running_loop()
        self._timer = loop.call_at(at, self._token, number + 1, count, interval_s, at)


async def _stand_in(folder: Path) -> None:
    loop = asyncio.get_running_loop()
    await loop.create_unix_server(StandIn, str(folder / "model.sock"), backlog=1024)
    server = await loop.create_server(StandIn, "127.0.0.1", 0, backlog=1024)
    _ready(folder / "model.port", server.sockets[0].getsockname()[1])


async def _relay(folder: Path) -> None:
    """The least that aiohttp can do: read the body, post it, pass the answer on."""
    connector = aiohttp.UnixConnector(path=str(folder / "model.sock"), limit=0)
    session = aiohttp.ClientSession(
        connector=connector, timeout=aiohttp.ClientTimeout(total=None), auto_decompress=False
    )

    async def passed(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        async with session.post(f"http://model{request.path}", data=body) as answer:
            headers = {"Content-Type": answer.headers["Content-Type"]}
            if "Content-Length" in answer.headers:
                headers["Content-Length"] = answer.headers["Content-Length"]
            response = web.StreamResponse(headers=headers)
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
            return response

    app = web.Application()
    app.router.add_post("/v1/chat/completions", passed)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    _ready(folder / "relay.port", runner.addresses[0][1])


class StandInEngine:
    """Implements `Engine`: every model is the stand-in."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def open(
        self,
        *,
        on_end: Callable[[Endpoint, FabricError], None],
        on_view: Callable[[EngineView], None],
    ) -> None:
        on_view(EngineView(True, "stand-in"))

    async def adopt(self, specs: Mapping[str, ModelSpec]) -> list[Endpoint]:
        return []

    async def start(
        self, spec: ModelSpec, devices: tuple[str, ...], report: Callable[[str], None]
    ) -> Endpoint:
        return Endpoint(spec.name, "stand-in", self._folder / "model.sock", "none", devices)

    async def renewed(self, endpoint: Endpoint) -> Endpoint:
        return endpoint

    def owners(self) -> Mapping[str, str]:
        return {}

    async def stop(self, endpoint: Endpoint) -> None:
        pass

    async def close(self, *, remove: bool) -> None:
        pass


async def _fabric(folder: Path) -> None:
    logs.set_up(sys.stderr)  # a line a call, as the real command writes
    spec = replace(load().models[MODEL], slots=STREAMS, idle_stop_s=3600)
    known = Catalog({MODEL: spec}, Settings(waiting_max=2 * STREAMS))
    options = Options(folder / "f.sock", port=0, state_folder=folder / "state")
    server = Server(known, StandInEngine(folder), options)
    serving = asyncio.create_task(server.run())
    await server.listening.wait()
    _ready(folder / "fabric.port", server.port)
    await serving


def _ready(file: Path, port: int) -> None:
    """Announce the port; the reader never sees half of it."""
    part = file.with_suffix(".part")
    part.write_text(str(port))
    part.rename(file)


KINDS = {"model": _stand_in, "relay": _relay, "fabric": _fabric}


async def _until_told(kind: str, folder: Path) -> None:
    told = asyncio.Event()
    if kind != "fabric":
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    await KINDS[kind](folder)
    if kind != "fabric":
        await told.wait()


@dataclass(slots=True)
class Peer:
    """A running process and where it listens.

    Args:
        pids: of the processes that do the work.
        headers: what a client must send besides.
    """

    name: str
    port: int
    pids: tuple[int, ...]
    headers: dict[str, str] = field(default_factory=dict)

    def cpu_ns(self) -> int:
        """Processor time of all its threads so far, from the kernel's own count."""
        return sum(
            int((task / "schedstat").read_text().split()[0])
            for pid in self.pids
            for task in Path(f"/proc/{pid}/task").iterdir()
        )

    def rss_mib(self) -> float:
        return sum(
            int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            for pid in self.pids
        ) / (1024 * 1024)


@contextmanager
def running(kind: str, folder: Path) -> Iterator[Peer]:
    """One of KINDS in a process of its own."""
    file = folder / f"{kind}.port"
    log = (folder / f"{kind}.log").open("wb")
    child = subprocess.Popen([sys.executable, __file__, kind, str(folder)], stderr=log)
    try:
        wait_for(file.exists, child)
        yield Peer(kind, int(file.read_text()), (child.pid,))
    finally:
        end(child)
        log.close()


def wait_for(
    ready: Callable[[], bool], child: subprocess.Popen[bytes], limit_s: float = 60
) -> None:
    """Return once it is ready. Raises RuntimeError when the process ended or took too long."""
    until = time.monotonic() + limit_s
    while not ready():
        try:
            code = child.wait(0.05)
        except subprocess.TimeoutExpired:
            if time.monotonic() > until:
                raise RuntimeError(f"not ready after {limit_s:g} s") from None
        else:
            raise RuntimeError(f"ended with {code}")


def end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


if __name__ == "__main__":
    asyncio.run(_until_told(sys.argv[1], Path(sys.argv[2])))
