"""Calls to a model that runs elsewhere: who may make them, what is sent, and what never is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from clawdesk_fabric.engines.dispatch import Engines
from clawdesk_fabric.engines.upstream import UpstreamEngine
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.keys import Keys
from clawdesk_fabric.model import EngineView
from clawdesk_fabric.server import Options, Server
from clawdesk_fabric.specs import UpstreamSource
from tests.support.fabric_engine import FakeEngine
from tests.support.fabric_world import ASK, World, catalog, serving, spec

KEY = "sk-canary-0815"
GONE = EngineView(False, "", "no Docker engine answers", "start it")


class OneKey(Keys):
    """One key for all, which a test changes."""

    def __init__(self) -> None:
        super().__init__()
        self.key = KEY
        self.trouble: FabricError | None = None

    async def get(self, name: str) -> str:
        if self.trouble is not None:
            raise self.trouble
        return self.key


@dataclass
class Elsewhere:
    """A service of somebody else on loopback."""

    heard: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    moved: bool = False
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    """Answers come once it is set, as it is until a test clears it."""

    def __post_init__(self) -> None:
        self.gate.set()

    async def models(self, request: web.Request) -> web.Response:
        return web.json_response({"data": []})

    async def chat(self, request: web.Request) -> web.StreamResponse:
        key = request.headers.get("Authorization", "")
        self.heard.append((request.path, key, await request.json()))
        await self.gate.wait()
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
def keys() -> OneKey:
    return OneKey()


@pytest.fixture
async def world(
    service: tuple[Elsewhere, str], short_folder: Path, keys: OneKey
) -> AsyncIterator[World]:
    source = UpstreamSource(service[1], "big-model-2", ("open",))
    big = replace(spec(name="big"), source=source, weights=None, memory_mib=0)
    containers = FakeEngine(short_folder)
    containers.view = GONE  # an upstream needs no container engine
    engine = Engines(containers, UpstreamEngine(keys))
    path, known = short_folder / "u.sock", catalog(big)
    server = Server(known, engine, Options(path, reread=lambda: known))
    async with serving(server, path) as made:
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


async def test_a_new_key_is_used_after_a_reload_and_a_call_on_its_way_is_answered(
    world: World, service: tuple[Elsewhere, str], keys: OneKey
) -> None:
    assert (await ask(world, project="open", task="t"))[0] == 200
    assert (await world.control("reload", {}))["keys"] == []
    service[0].gate.clear()
    on_its_way = asyncio.create_task(world.chat(model="big"))
    await world.until(lambda: bool(world.fabric.state.replicas["big"].in_flight))
    keys.key = "sk-canary-2"
    assert (await world.control("reload", {}))["keys"] == ["big"]
    service[0].gate.set()
    assert (await on_its_way)[0] == 200
    assert (await world.chat(model="big"))[0] == 200
    assert [key for _, key, _ in service[0].heard] == [
        *[f"Bearer {KEY}"] * 2,
        "Bearer sk-canary-2",
    ]
    keys.key = ""
    assert (await world.control("reload", {}))["keys"] == ["big"]
    assert (await world.chat(model="big"))[0] == 200
    assert service[0].heard[-1][1] == ""


async def test_a_keyring_that_refuses_is_told_and_the_key_in_use_stays(
    world: World, service: tuple[Elsewhere, str], keys: OneKey
) -> None:
    assert (await ask(world, project="open", task="t"))[0] == 200
    keys.trouble = FabricError("the keyring refused (KeyringLocked)", mend="unlock the keyring")
    changes = await world.control("reload", {})
    assert (changes["keys"], changes["problems"]) == (
        [],
        ["the key of big cannot be looked at: the keyring refused (KeyringLocked)"],
    )
    assert (await world.chat(model="big"))[0] == 200
    assert service[0].heard[-1][1] == f"Bearer {KEY}"
