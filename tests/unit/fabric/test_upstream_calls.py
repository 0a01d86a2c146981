"""Calls to a model that runs elsewhere: who may make them, what is sent, and what never is."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from clawdesk_fabric.engines.dispatch import Engines
from clawdesk_fabric.engines.upstream import UpstreamEngine
from clawdesk_fabric.keys import Keys
from clawdesk_fabric.model import EngineView
from clawdesk_fabric.specs import UpstreamSource
from tests.support.fabric_engine import FakeEngine
from tests.support.fabric_world import ASK, World, catalog, running, spec

KEY = "sk-canary-0815"
GONE = EngineView(False, "", "no Docker engine answers", "start it")


class OneKey(Keys):
    async def get(self, name: str) -> str:
        return KEY


@dataclass
class Elsewhere:
    """A service of somebody else on loopback."""

    heard: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    moved: bool = False

    async def models(self, request: web.Request) -> web.Response:
        return web.json_response({"data": []})

    async def chat(self, request: web.Request) -> web.StreamResponse:
        key = request.headers.get("Authorization", "")
        self.heard.append((request.path, key, await request.json()))
        if self.moved:
            raise web.HTTPTemporaryRedirect("/elsewhere")
        message = {"role": "assistant", "content": "hello"}
        return web.json_response({"choices": [{"index": 0, "message": message}]})


@pytest.fixture
async def service() -> AsyncIterator[tuple[Elsewhere, str]]:
    made, app = Elsewhere(), web.Application()
    app.router.add_get("/api/v1/models", made.models)
    app.router.add_post("/{rest:.*}", made.chat)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield made, f"http://127.0.0.1:{port}/api/v1"
    await runner.cleanup()


@pytest.fixture
async def world(service: tuple[Elsewhere, str], short_folder: Path) -> AsyncIterator[World]:
    source = UpstreamSource(service[1], "big-model-2", ("open",))
    big = replace(spec(name="big"), source=source, weights=None, memory_mib=0)
    containers = FakeEngine(short_folder)
    containers.view = GONE  # an upstream needs no container engine
    engine = Engines(containers, UpstreamEngine(OneKey()))
    async with running(engine, short_folder / "u.sock", catalog(big)) as made:
        yield made


async def ask(world: World, **grant: Any) -> tuple[int, Any]:
    world.token = await world.new_token(**grant)
    return await world.chat(model="big")


async def test_a_project_that_is_named_is_served_without_docker(
    world: World, service: tuple[Elsewhere, str]
) -> None:
    status, answer = await ask(world, project="open", task="t")
    assert (status, answer["choices"][0]["message"]["content"]) == (200, "hello")
    ((path, key, body),) = service[0].heard
    assert (path, key) == ("/api/v1/chat/completions", f"Bearer {KEY}")
    assert body == {**ASK, "model": "big-model-2"}
    assert world.fabric.state.shares["open"].used_ms == 0, "none of our GPUs was used"


@pytest.mark.parametrize(
    ("grant", "status"),
    [
        ({"project": "closed", "task": "t"}, 404),
        ({"project": "closed", "class": "interactive"}, 404),
        ({"class": "agent"}, 404),
        ({"class": "interactive"}, 200),
    ],
)
@pytest.mark.expect_log("there is no model of this name")
async def test_nobody_else_is(
    world: World, service: tuple[Elsewhere, str], grant: dict[str, Any], status: int
) -> None:
    found, _ = await ask(world, **grant)
    assert found == status
    assert bool(service[0].heard) == (status == 200)
    async with world.session.get("http://localhost/v1/models", headers=world.headers()) as listed:
        names = [model["id"] for model in (await listed.json())["data"]]
    assert names == (["big"] if status == 200 else [])


@pytest.mark.expect_log("big")
async def test_no_redirect_is_followed_and_the_key_is_in_no_answer_and_no_log(
    world: World, service: tuple[Elsewhere, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    service[0].moved = True
    status, answer = await ask(world, project="open", task="t")
    assert status == 502
    assert len(service[0].heard) == 1
    shown = json.dumps(await world.control("status"))
    assert KEY not in json.dumps(answer) + shown + caplog.text
