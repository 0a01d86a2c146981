"""The HTTP client of models on sockets: what is kept, what is given up, what is no answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from clawdesk_fabric import line as lines
from clawdesk_fabric.engines.base import Endpoint
from clawdesk_fabric.forward import Upstreams
from clawdesk_fabric.line import Line, LineError, NoHttpError

HEAD = b"POST / HTTP/1.1\r\nHost: model\r\nContent-Length: 2\r\n\r\n"
SIZED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
UNTIL_CLOSED = b"HTTP/1.1 200 OK\r\n\r\nabc"


class Model:
    """Answers every call with the same bytes."""

    def __init__(self, answer: bytes, *, stays: bool = True) -> None:
        self.answer = answer
        self.stays = stays
        self.connections = 0
        self.left = asyncio.Event()
        self.served: set[asyncio.Task[None]] = set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        served = asyncio.current_task()
        assert served is not None
        self.served.add(served)
        try:
            while await reader.readuntil(b"{}"):
                writer.write(self.answer)
                await writer.drain()
                if not self.stays:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        self.left.set()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def line_to(folder: Path, model: Model) -> AsyncIterator[Line]:
    server = await asyncio.start_unix_server(model.connected, str(folder / "m"))
    made = Line(folder / "m")
    yield made
    made.close()
    await asyncio.gather(*model.served)
    server.close()
    await server.wait_closed()


async def call(line: Line) -> bytes:
    """The body of one call, read to its end."""
    connection = await line.connection()
    try:
        await connection.post(HEAD, b"{}")
        body = b""
        while part := await connection.read():
            body += part
        return body
    finally:
        connection.release()


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (SIZED, b"{}"),
        (CHUNKED, b"abc"),
        (b"HTTP/1.1 103 Hints\r\nContent-Encoding: x\r\n\r\n" + SIZED, b"{}"),
    ],
)
async def test_a_whole_answer_leaves_its_connection_for_the_next_call(
    short_folder: Path, answer: bytes, body: bytes
) -> None:
    model = Model(answer)
    async with line_to(short_folder, model) as line:
        assert [await call(line) for _ in range(3)] == [body] * 3
    assert model.connections == 1


@pytest.mark.parametrize(
    ("answer", "stays"), [(SIZED + SIZED, True), (UNTIL_CLOSED, False), (SIZED + b"x", True)]
)
async def test_a_connection_on_which_more_or_the_end_came_is_not_used_again(
    short_folder: Path, answer: bytes, stays: bool
) -> None:
    model = Model(answer, stays=stays)
    async with line_to(short_folder, model) as line:
        assert await call(line) == (b"abc" if answer == UNTIL_CLOSED else b"{}")
        await model.left.wait()
        await call(line)
    assert model.connections == 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"220 mail\r\n\r\n", NoHttpError),
        (b"HTTP/1.1 101 Other\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nraw", NoHttpError),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * lines.HEAD_BYTES_MAX, NoHttpError),
        (SIZED[:-1], LineError),
        (CHUNKED[:-6], LineError),
        (b"", LineError),
    ],
)
async def test_what_is_no_whole_answer_is_an_error_and_its_connection_is_closed(
    short_folder: Path, answer: bytes, error: type[Exception]
) -> None:
    model = Model(answer, stays=False)
    async with line_to(short_folder, model) as line:
        with pytest.raises(LineError) as raised:
            await call(line)
        assert type(raised.value) is error
        await model.left.wait()


async def test_a_call_that_meets_a_connection_closed_meanwhile_takes_a_new_one(
    short_folder: Path,
) -> None:
    model = Model(SIZED, stays=False)  # says nothing of closing, and closes after its answer
    async with line_to(short_folder, model):
        upstreams = Upstreams()
        seat = Endpoint("m", "c", short_folder / "m")
        for _ in range(20):
            answer = await upstreams.post(seat, "/v1/x", b"{}", stream=False)
            while await answer.read():
                pass
            answer.release()
        await upstreams.close()
    assert model.connections == 20


async def test_an_answer_that_is_given_up_closes_the_connection(short_folder: Path) -> None:
    model = Model(CHUNKED[:-6])
    async with line_to(short_folder, model) as line:
        connection = await line.connection()
        await connection.post(HEAD, b"{}")
        assert await connection.read()
        connection.release()
        await model.left.wait()


async def test_an_idle_connection_is_closed_before_its_model_would(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "KEEPALIVE_S", 0.02)
    model = Model(SIZED)
    async with line_to(short_folder, model) as line:
        await asyncio.gather(call(line), call(line))
        await model.left.wait()
        assert model.connections == 2


async def test_no_more_is_read_than_its_reader_takes(short_folder: Path) -> None:
    size = 64 * lines.HELD_BYTES_MAX
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size
    model = Model(answer)
    async with line_to(short_folder, model) as line:
        connection = await line.connection()
        await connection.post(HEAD, b"{}")
        first = await connection.read()
        while connection.is_reading:
            await asyncio.sleep(0)
        rest = len(await connection.read())
        assert rest < 3 * lines.HELD_BYTES_MAX
        while part := await connection.read():
            rest += len(part)
        assert len(first) + rest == size
        connection.release()
