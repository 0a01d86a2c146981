"""A running Fabric for tests: the real server on a real socket, in the test's own loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp

from clawdesk_fabric.catalog import Catalog, ModelSpec, Settings, load
from clawdesk_fabric.engines.base import Engine
from clawdesk_fabric.runtime import Fabric
from clawdesk_fabric.server import Options, Server

MODEL = "smollm2-135m"
ASK: dict[str, Any] = {"model": MODEL, "messages": [{"role": "user", "content": "Hello"}]}


def spec(**changes: Any) -> ModelSpec:
    """The shipped model, changed."""
    return replace(load().models[MODEL], **changes)


def catalog(*specs: ModelSpec, **settings: Any) -> Catalog:
    return Catalog({s.name: s for s in specs or (spec(),)}, Settings(**settings))


@dataclass(slots=True)
class World:
    """A Fabric that answers, and a client of it."""

    server: Server
    session: aiohttp.ClientSession
    socket: Path
    token: str = ""

    @property
    def fabric(self) -> Fabric:
        return self.server.fabric

    def headers(self, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", **more}

    def post(self, target: str, body: Any = None, **more: Any) -> Any:
        more.setdefault("headers", self.headers())
        return self.session.post(f"http://localhost{target}", json=body, **more)

    async def chat(self, **changes: Any) -> tuple[int, Any]:
        async with self.post("/v1/chat/completions", {**ASK, **changes}) as answer:
            return answer.status, await answer.json()

    async def control(self, target: str, body: dict[str, Any] | None = None) -> Any:
        method = "GET" if body is None else "POST"
        async with self.session.request(
            method, f"http://localhost/fabric/v1/{target}", json=body
        ) as answer:
            return await answer.json()

    async def new_token(self, **grant: Any) -> str:
        return str((await self.control("tokens", grant))["token"])

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return once the condition on the Fabric's state holds."""
        async with asyncio.timeout(30):
            while not condition():
                await self.fabric.change()


@asynccontextmanager
async def running(
    engine: Engine,
    path: Path,
    known: Catalog | None = None,
    *,
    port: int | None = None,
    state_folder: Path | None = None,
    peers: str = "",
    look_s: float = 10,
) -> AsyncIterator[World]:
    """Serve until the block ends; then drain and close, as on SIGTERM."""
    options = Options(path, port=port, state_folder=state_folder, peers=peers, look_s=look_s)
    async with serving(Server(known or catalog(), engine, options), path) as world:
        yield world


@asynccontextmanager
async def serving(server: Server, path: Path) -> AsyncIterator[World]:
    """The same with a server of the test's own; `path` is its socket."""
    runs = asyncio.create_task(server.run())
    listening = asyncio.create_task(server.listening.wait())
    await asyncio.wait({runs, listening}, return_when=asyncio.FIRST_COMPLETED)
    listening.cancel()
    try:
        connector = aiohttp.UnixConnector(path=str(path), force_close=True)
        async with aiohttp.ClientSession(connector=connector) as session:
            world = World(server, session, path)
            if not runs.done():
                world.token = await world.new_token(project="p", task="t", attempt=1)
                yield world
    finally:
        server.ask_exit()
        await runs
