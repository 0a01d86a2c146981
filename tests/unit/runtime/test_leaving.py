"""A plane that ends: what it took is answered, what it did not take is asked of the next one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from clawdesk.app import open_plane
from clawdesk.cli import context
from clawdesk.cli.follow import Decider, Follower
from clawdesk.domain.model import FINAL, Phase, Record
from clawdesk.ports.errors import PortError
from clawdesk.runtime.api import PlaneApi
from clawdesk.runtime.client import PlaneClient, PlaneGoneError
from clawdesk.runtime.plane import Plane
from clawdesk.runtime.server import PlaneServer
from clawdesk.runtime.watch import Parts
from clawdesk.runtime.wire import encode
from tests.support.guest_fake import FakeStep
from tests.support.plane_world import PROJECT, PlaneWorld
from tests.support.repository_fake import FakeRepository

TASK = 'title = "T"\n[[steps]]\nname = "s"\nrun = "one"\n'


async def one(step: FakeStep) -> int:
    return 0


@pytest.fixture
def world(tmp_path: Path) -> PlaneWorld:
    world = PlaneWorld(tmp_path, {"t": TASK}, {"one": one})
    world.machines.ready = False  # nothing runs: only what is asked and answered counts
    return world


@asynccontextmanager
async def served(
    world: PlaneWorld, socket: Path
) -> AsyncIterator[tuple[Plane, PlaneServer, PlaneClient]]:
    plane = await world.open()
    server = PlaneServer(plane, socket)
    await server.start()
    client = await PlaneClient.connect(socket)
    try:
        yield plane, server, client
    finally:
        await client.close()
        await server.close()
        await plane.close()


async def gone(client: PlaneClient) -> PlaneGoneError:
    with pytest.raises(PlaneGoneError) as caught:
        await client.submit(PROJECT, "t")
    return caught.value


async def test_what_comes_as_a_plane_ends_is_not_taken_and_what_it_took_is_answered(
    world: PlaneWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    submit, begins = FakeRepository.submit, []

    async def slow(self: FakeRepository, task: str, start: str, record: Record) -> str:
        begins.append(task)
        begun.set()
        await go_on.wait()
        return await submit(self, task, start, record)

    monkeypatch.setattr(FakeRepository, "submit", slow)
    async with served(world, tmp_path / "s") as (plane, server, client):
        await client.open_project(PROJECT)
        reader = await PlaneClient.connect(tmp_path / "s")
        plain, writer = await asyncio.open_unix_connection(tmp_path / "s")
        await plain.readline(), await plain.readline()
        taken = asyncio.ensure_future(client.submit(PROJECT, "t"))
        await begun.wait()
        ending = asyncio.ensure_future(server.finish())
        await plain.readline()  # it says so
        writer.write(encode({"id": 1, "method": "submit", "args": [PROJECT, "t"]}))
        writer.write_eof()
        assert await plain.read() == b"", "one who did not hear it is not answered either"
        writer.close()
        assert len(begins) == 1
        assert (await gone(reader)).undone
        assert not (await gone(client)).undone, "its first call may change something"
        assert not ending.done()
        go_on.set()
        await ending
        assert set(plane.state.tasks) == {await taken}
        with pytest.raises(PortError) as refused:
            await PlaneClient.connect(tmp_path / "s")
        assert refused.value.code == "no_plane", "whoever comes now waits for the next"
        await reader.close()


async def kill(server: PlaneServer) -> None:
    """As the end of its process would: it says nothing first."""
    for writer in server._writers:
        writer.transport.abort()


@pytest.mark.parametrize("end", [kill, PlaneServer.close])
async def test_a_call_that_may_have_been_taken_is_never_said_to_be_undone(
    world: PlaneWorld,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    end: Callable[[PlaneServer], Coroutine[None, None, None]],
) -> None:
    begun = asyncio.Event()

    async def never(self: FakeRepository, task: str, start: str, record: Record) -> str:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(FakeRepository, "submit", never)
    async with served(world, tmp_path / "s") as (_, server, client):
        await client.open_project(PROJECT)
        reader = await PlaneClient.connect(tmp_path / "s")
        await reader.deeds()
        lost = asyncio.ensure_future(gone(client))
        await begun.wait()
        ending = asyncio.create_task(end(server))
        assert not (await lost).undone
        assert not (await gone(client)).undone, "nor may a later call be repeated with it"
        await reader.ended
        assert (await gone(reader)).undone, "it only looked"
        await reader.close()
        await client.close()
        await ending


class Holder(threading.Thread):
    """Another process' plane, as far as locks and sockets go; it ends when it is told to."""

    def __init__(self, opened: Callable[[], AbstractAsyncContextManager[PlaneApi]]) -> None:
        super().__init__()
        self._opened = opened
        self.up, self.leave = threading.Event(), threading.Event()

    def run(self) -> None:
        async def hold() -> None:
            async with self._opened() as plane:
                await plane.open_project(PROJECT)
                self.up.set()
                await asyncio.to_thread(self.leave.wait)

        asyncio.run(hold())


def test_a_command_that_reaches_a_plane_as_it_ends_is_obeyed_by_the_next(
    world: PlaneWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def parts() -> Parts:
        return world.parts()

    ends = threading.Event()
    finish = PlaneServer.finish

    async def at_the_end(self: PlaneServer) -> None:
        await finish(self)
        ends.set()

    monkeypatch.setattr(PlaneServer, "finish", at_the_end)
    opened = partial(open_plane, drive=False, parts=parts)
    holder = Holder(opened)
    holder.start()
    assert holder.up.wait(10)
    seen: list[PlaneApi] = []

    async def work(plane: PlaneApi) -> int:
        seen.append(plane)
        if len(seen) == 1:
            holder.leave.set()
            assert await asyncio.to_thread(ends.wait, 10)
        task = await plane.submit(PROJECT, "t")
        assert list(plane.state.tasks) == [task], "it was taken once"
        return 0

    monkeypatch.setattr(context, "open_plane", opened)
    assert context.with_plane(work, project=PROJECT) == 0
    holder.join(10)
    assert [type(plane) for plane in seen] == [PlaneClient, Plane]
    assert "just ending" in capsys.readouterr().err


async def test_who_follows_a_task_to_its_end_misses_nothing_where_the_plane_ends_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A plane that ran for others leaves as their last task rests, and they still read its end."""

    async def forever(step: FakeStep) -> int:
        step.print("at work\n")
        await asyncio.Event().wait()
        raise AssertionError

    world = PlaneWorld(tmp_path, {"t": TASK}, {"one": forever})
    async with served(world, tmp_path / "s") as (plane, server, client):
        task = await client.submit(PROJECT, "t")
        running, ended = asyncio.Event(), asyncio.Event()
        plane.subscribe(lambda change: running.set() if task in change.logs else None)
        plane.subscribe(lambda _: ended.set() if plane.state.tasks[task].phase in FINAL else None)
        follower = Follower(client, task, as_json=False)
        following = asyncio.ensure_future(follower.until_rest(Decider()))
        await running.wait()
        following.add_done_callback(lambda _: asyncio.ensure_future(client.close()))
        await plane.cancel(task, channel="cli")
        await ended.wait()
        await server.finish()
        await server.close()
        assert (await following).phase is Phase.CANCELLED
    assert "cancelled" in capsys.readouterr().out
