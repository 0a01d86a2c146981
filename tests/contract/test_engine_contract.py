"""What every engine must do, on the fake and on real Docker with the real model.

Written against the port `clawdesk_fabric.engines.base.Engine`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import docker
import pytest

from clawdesk_fabric.engines.base import Endpoint, Engine
from clawdesk_fabric.engines.docker import DockerEngine
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.model import EngineView
from tests.support.fabric_docker import containers_of, docker_with_image, short_place
from tests.support.fabric_engine import FakeEngine
from tests.support.fabric_world import MODEL, spec
from tests.support.patience import NET_S

OWNER = "test-contract"


@dataclass
class Bench:
    """An opened engine and what it told."""

    engine: Engine
    kill: Callable[[Endpoint], Awaitable[None]]
    ends: asyncio.Queue[tuple[Endpoint, FabricError]] = field(default_factory=asyncio.Queue)
    views: list[EngineView] = field(default_factory=list)

    async def open(self) -> None:
        await self.engine.open(
            on_end=lambda endpoint, error: self.ends.put_nowait((endpoint, error)),
            on_view=self.views.append,
        )


@pytest.fixture(scope="module", params=["fake", pytest.param("docker", marks=pytest.mark.e2e)])
def client(request: pytest.FixtureRequest) -> Iterator[docker.DockerClient | None]:
    """None for the fake engine."""
    if request.param == "fake":
        yield None
        return
    with docker_with_image() as made:
        yield made


@asynccontextmanager
async def fake_bench(folder: Path) -> AsyncIterator[Bench]:
    engine = FakeEngine(folder)

    async def kill(endpoint: Endpoint) -> None:
        await engine.kill(endpoint.model, "killed from outside")

    yield Bench(engine, kill)
    await engine.close(remove=True)


@asynccontextmanager
async def docker_bench(folder: Path, client: docker.DockerClient) -> AsyncIterator[Bench]:
    engine = DockerEngine(OWNER, folder / "d")

    async def kill(endpoint: Endpoint) -> None:
        await asyncio.to_thread(lambda: client.containers.get(endpoint.container).kill())

    yield Bench(engine, kill)
    await engine.close(remove=True)
    assert containers_of(client, OWNER) == []
    assert not (folder / "d").exists()


@pytest.fixture
async def bench(client: docker.DockerClient | None) -> AsyncIterator[Bench]:
    with short_place() as folder:
        async with fake_bench(folder) if client is None else docker_bench(folder, client) as made:
            await made.open()
            yield made


async def chat(endpoint: Endpoint) -> int:
    connector = aiohttp.UnixConnector(path=str(endpoint.socket), force_close=True)
    body = {"max_tokens": 2, "messages": [{"role": "user", "content": "Hi"}]}
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.post("http://model/v1/chat/completions", json=body) as answer,
    ):
        return answer.status


async def test_the_engine_is_known_once_open_returns(bench: Bench) -> None:
    assert bench.views[-1].available
    assert bench.views[-1].name


async def test_a_started_model_answers_and_a_stopped_one_is_gone(bench: Bench) -> None:
    progress: list[str] = []
    endpoint = await bench.engine.start(spec(), (), progress.append)
    assert progress
    assert endpoint.model == MODEL
    assert await chat(endpoint) == 200
    assert bench.engine.owners() == {endpoint.container: MODEL}
    await bench.engine.stop(endpoint)
    assert bench.engine.owners() == {}
    assert not endpoint.socket.exists()
    await bench.engine.stop(endpoint)  # safe to repeat
    assert bench.ends.empty()  # stopped by us is no end by itself


async def test_a_model_that_dies_is_told_once_with_its_reason(bench: Bench) -> None:
    endpoint = await bench.engine.start(spec(), (), lambda _: None)
    await bench.kill(endpoint)
    ended, error = await asyncio.wait_for(bench.ends.get(), NET_S)
    assert ended == endpoint
    assert "killed from outside" in error.what
    assert not endpoint.socket.exists()
    again = await bench.engine.start(spec(), (), lambda _: None)
    assert again.container != endpoint.container
    await bench.engine.stop(again)
    assert bench.ends.empty()


async def test_nothing_is_adopted_where_nothing_was_left(bench: Bench) -> None:
    assert await bench.engine.adopt({MODEL: spec()}) == []
