"""The Docker engine dies and comes back, with and without the containers it ran."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from clawdesk_fabric.engines.base import Endpoint
from clawdesk_fabric.engines.docker import DockerEngine
from clawdesk_fabric.engines.reach import is_healthy
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.model import EngineView
from tests.support.dockerd import NoEngineError, OwnEngine
from tests.support.fabric_world import spec
from tests.support.patience import NET_S

pytestmark = pytest.mark.e2e


class Bench:
    """The adapter on an engine that may die, and what it told."""

    def __init__(self, dockerd: OwnEngine, folder: Path) -> None:
        self.dockerd = dockerd
        self.engine = DockerEngine("test-dies", folder / "d")
        self.ends: asyncio.Queue[tuple[Endpoint, FabricError]] = asyncio.Queue()
        self._view = EngineView()
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        await self.engine.open(
            on_end=lambda endpoint, error: self.ends.put_nowait((endpoint, error)),
            on_view=self._see,
        )

    def _see(self, view: EngineView) -> None:
        async def tell() -> None:
            async with self._changed:
                self._view = view
                self._changed.notify_all()

        task = asyncio.create_task(tell())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def until(self, condition: Callable[[EngineView], bool]) -> EngineView:
        async with asyncio.timeout(NET_S), self._changed:
            await self._changed.wait_for(lambda: condition(self._view))
            return self._view

    async def die(self, number: signal.Signals) -> None:
        await asyncio.to_thread(self.dockerd.end, number)
        gone = await self.until(lambda view: not view.available)
        assert "no Docker engine answers" in gone.problem
        assert gone.mend

    async def come_back(self) -> None:
        await asyncio.to_thread(self.dockerd.start)
        await self.until(lambda view: view.available)


@asynccontextmanager
async def bench(monkeypatch: pytest.MonkeyPatch, *options: str) -> AsyncIterator[Bench]:
    with tempfile.TemporaryDirectory(prefix="cdd-", ignore_cleanup_errors=True) as place:
        folder = Path(place)
        dockerd = OwnEngine(folder, *options)
        try:
            await asyncio.to_thread(dockerd.start)
        except NoEngineError as error:
            pytest.skip(str(error))
        monkeypatch.setenv("DOCKER_HOST", dockerd.host)
        made = Bench(dockerd, folder)
        try:
            await made.open()
            yield made
        finally:
            await made.engine.close(remove=True)
            await asyncio.to_thread(dockerd.close)


def ignore(_: str) -> None:
    return None


async def test_a_model_outlives_an_engine_that_keeps_its_containers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with bench(monkeypatch, "--live-restore") as made:
        endpoint = await made.engine.start(spec(), (), ignore)
        for _ in range(2):
            await made.die(signal.SIGTERM)
            assert await is_healthy(endpoint, "/health")
            with pytest.raises(FabricError, match="no Docker engine answers"):
                await made.engine.start(spec(), (), ignore)
            await made.come_back()
            assert await is_healthy(endpoint, "/health")
        assert made.ends.empty()
        await made.engine.stop(endpoint)
        assert not await is_healthy(endpoint, "/health")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["term", "kill"])
async def test_a_model_that_went_with_its_engine_is_told_once_and_starts_again(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    async with bench(monkeypatch) as made:
        endpoint = await made.engine.start(spec(), (), ignore)
        await made.die(number)
        await made.come_back()
        ended, error = await asyncio.wait_for(made.ends.get(), NET_S)
        assert ended == endpoint
        assert spec().name in error.what
        again = await made.engine.start(spec(), (), ignore)
        assert await is_healthy(again, "/health")
        assert made.ends.empty()
        await made.engine.stop(again)
        # What the engine still had of the first one was removed when it was back.
        assert await asyncio.to_thread(made.dockerd.containers) == []
