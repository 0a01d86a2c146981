"""The relay beside engines that speak TCP only: bytes pass at once, ends pass on, bounds hold."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from clawdesk_fabric.paths import packaged

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(scope="module")
def program() -> Any:
    """The relay's server.py, which no package holds: it runs inside its image."""
    path = packaged("images") / "relay" / "server.py"
    found = importlib.util.spec_from_file_location("relay_program", path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


class Bench:
    """A relay on a socket, and the engine behind it in the test's own hands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.arrived: asyncio.Queue[Streams] = asyncio.Queue()

    async def client(self) -> Streams:
        return await asyncio.open_unix_connection(self.path)

    async def engine(self) -> Streams:
        return await asyncio.wait_for(self.arrived.get(), 5)


@pytest.fixture
async def bench(program: Any, short_folder: Path) -> AsyncIterator[Bench]:
    made = Bench(short_folder / "r.sock")

    async def arrive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.arrived.put_nowait((reader, writer))

    engine = await asyncio.start_server(arrive, "127.0.0.1", 0)
    relay = program.Relay(engine.sockets[0].getsockname()[1])
    server = await asyncio.start_unix_server(relay.connected, made.path)
    yield made
    server.close()
    engine.close()


async def test_each_byte_passes_before_the_next_is_written(bench: Bench) -> None:
    near_reader, near_writer = await bench.client()
    far_reader, far_writer = await bench.engine()
    for number in range(50):
        near_writer.write(b"ask %d\n" % number)
        assert await asyncio.wait_for(far_reader.readline(), 5) == b"ask %d\n" % number
        far_writer.write(b"token %d\n" % number)
        assert await asyncio.wait_for(near_reader.readline(), 5) == b"token %d\n" % number
    near_writer.close()
    far_writer.close()


async def test_a_client_that_leaves_closes_its_engines_connection(bench: Bench) -> None:
    _, near_writer = await bench.client()
    far_reader, far_writer = await bench.engine()
    far_writer.write(b"x" * 100)
    near_writer.close()
    assert await asyncio.wait_for(far_reader.read(), 5) == b""
    far_writer.close()


async def test_an_answer_that_ends_with_its_connection_arrives_whole(bench: Bench) -> None:
    near_reader, near_writer = await bench.client()
    _, far_writer = await bench.engine()
    far_writer.write(b"y" * 1_000_000)
    far_writer.close()
    assert len(await asyncio.wait_for(near_reader.read(), 10)) == 1_000_000
    near_writer.close()


async def test_a_client_that_does_not_read_holds_up_the_engine_not_our_memory(
    bench: Bench,
) -> None:
    near_reader, near_writer = await bench.client()
    _, far_writer = await bench.engine()
    sent = 0

    async def flood() -> None:
        nonlocal sent
        while sent < 64 * 2**20:
            far_writer.write(bytes(65536))
            sent += 65536
            await far_writer.drain()

    with pytest.raises(TimeoutError):  # it never ends, for nobody reads
        await asyncio.wait_for(flood(), 1)
    assert sent < 32 * 2**20
    assert await near_reader.read(10) == bytes(10)
    near_writer.close()
    far_writer.transport.abort()


async def test_more_connections_than_the_bound_are_closed_at_once(
    bench: Bench, program: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "CONNECTIONS_MAX", 1)
    first = await bench.client()
    engine = await bench.engine()
    second = await bench.client()
    assert await asyncio.wait_for(second[0].read(), 5) == b""
    for _, writer in (first, second, engine):
        writer.close()


async def test_an_engine_that_does_not_listen_closes_the_client(
    program: Any, short_folder: Path, unused_tcp_port: int
) -> None:
    path = short_folder / "r.sock"
    server = await asyncio.start_unix_server(program.Relay(unused_tcp_port).connected, path)
    reader, writer = await asyncio.open_unix_connection(path)
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    server.close()
