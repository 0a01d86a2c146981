"""Long lines on the plane's socket, and one that is cut off as the plane dies."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from clawdesk.domain import events as ev
from clawdesk.domain.model import Phase, Record
from clawdesk.domain.replacing import replace
from clawdesk.runtime import server as served
from clawdesk.runtime.client import PlaneClient, PlaneGoneError
from clawdesk.runtime.output import LINE_CHARACTERS_MAX, LINES_MAX
from clawdesk.runtime.server import PlaneServer
from clawdesk.runtime.wire import LINE_BYTES_MAX, Picture, encode, hello
from tests.sim.hall import task_of
from tests.support.plane_world import PROJECT, PlaneWorld


async def test_a_plane_that_dies_in_the_middle_of_a_line_has_ended(tmp_path: Path) -> None:
    """Its client took the half line for a whole one, and waited for ever."""

    async def die(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(encode(hello()) + encode({"change": Picture(whole=True)}))
        await reader.readline()
        writer.write(encode({"change": Picture(notices=["half of this"])})[:-9])
        writer.close()

    server = await asyncio.start_unix_server(die, tmp_path / "s")
    client = await PlaneClient.connect(tmp_path / "s")
    async with asyncio.timeout(10):
        with pytest.raises(PlaneGoneError):
            await client.why("T")
        await client.ended
    await client.close()
    server.close()


async def test_the_longest_log_reaches_a_client_that_reads_it(tmp_path: Path) -> None:
    """The connection was dropped for it, and the client said that ClawDesk had ended."""
    world = PlaneWorld(tmp_path, {}, {})
    plane = await world.open()
    server = PlaneServer(plane, tmp_path / "s")
    await server.start()
    line = b"x" * LINE_CHARACTERS_MAX + b"\n"
    plane._live.output("T").feed(1, "out", line * LINES_MAX)
    client = await PlaneClient.connect(tmp_path / "s")
    async with asyncio.timeout(60):
        assert len(await client.log_lines("T")) == LINES_MAX
    await client.close()
    await server.close()
    await plane.close()


async def test_a_client_is_shown_more_tasks_than_a_line_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With some thousand tasks every command said that a message was too long."""
    monkeypatch.setattr(served, "TASKS_AT_ONCE", 10)
    world = PlaneWorld(tmp_path, {}, {})
    plane = await world.open()
    server = PlaneServer(plane, tmp_path / "s")
    await server.start()
    text = "x" * (LINE_BYTES_MAX // 40)
    records = (Record("checkpoint", 1, {"text": text}, "c" * 40),)
    for number in range(45):
        task = replace(task_of(f"T{number}", PROJECT), phase=Phase.DONE, records=records)
        plane._kernel.post(ev.TaskRecovered(1, task))
    async with asyncio.timeout(60):
        client = await PlaneClient.connect(tmp_path / "s")
    assert len(client.state.tasks) == 45
    await client.close()
    await server.close()
    await plane.close()
