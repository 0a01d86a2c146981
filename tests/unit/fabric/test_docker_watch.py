"""The watch of the Docker engine: what each version of its API tells, and what none should."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from clawdesk_fabric.engines import watch
from clawdesk_fabric.model import EngineView

ACTOR = {"Type": "container", "Action": "die", "Actor": {"ID": "c1", "Attributes": {}}}


@asynccontextmanager
async def watching(
    folder: Path, monkeypatch: pytest.MonkeyPatch, event: object
) -> AsyncIterator[tuple[asyncio.Queue[str], asyncio.Queue[EngineView]]]:
    """An engine that tells of one event in each stream, and what the watch of it calls back."""
    ended: asyncio.Queue[str] = asyncio.Queue()
    views: asyncio.Queue[EngineView] = asyncio.Queue()

    async def answer(request: web.Request) -> web.StreamResponse:
        name = request.path.rpartition("/")[2]
        if name == "events":
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(json.dumps(event).encode() + b"\n")
            return response
        told: dict[str, Any] = {"info": {"ServerVersion": "29.1"}, "json": []}
        return web.json_response(told.get(name, {}), headers={"Api-Version": "1.52"})

    app = web.Application()
    app.router.add_get("/{rest:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.UnixSite(runner, str(folder / "d.sock")).start()
    monkeypatch.setenv("DOCKER_HOST", f"unix://{folder}/d.sock")
    monkeypatch.setattr(watch, "_PAUSES_S", (0.01,))
    made = watch.Watch("me", ended=ended.put_nowait, alive=set, view=views.put_nowait)
    await made.open()
    try:
        yield ended, views
    finally:
        await made.close()
        await runner.cleanup()


@pytest.mark.parametrize("event", [ACTOR, {**ACTOR, "status": "die", "id": "c1"}])
async def test_an_end_is_heard_of_whether_or_not_the_old_fields_are_told(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch, event: object
) -> None:
    """Docker 29 (API 1.52) leaves out what was deprecated for ten years."""
    async with watching(short_folder, monkeypatch, event) as (ended, _):
        assert await asyncio.wait_for(ended.get(), 10) == "c1"


@pytest.mark.parametrize("event", [{}, [], {"Actor": 3}])
async def test_events_of_no_known_shape_do_not_end_the_watch(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch, event: object
) -> None:
    async with watching(short_folder, monkeypatch, event) as (_, views):
        seen = [(await asyncio.wait_for(views.get(), 10)).available for _ in range(4)]
        assert seen == [True, False, True, False]
