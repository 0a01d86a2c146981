"""An engine in memory whose models answer real HTTP on real Unix sockets, under a test's control.

Implements the Fabric's `Engine` port. A call's answer waits until the test lets it go, so that
queues and slots can be looked at; what a client's leaving does to the model can be awaited.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import web

from clawdesk_fabric.catalog import ModelSpec
from clawdesk_fabric.engines.base import Endpoint
from clawdesk_fabric.errors import EngineError, FabricError
from clawdesk_fabric.model import EngineView

UP = EngineView(True, "fake 1")


class FakeModel:
    """One running model: counts its calls, and answers when its gate is open."""

    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec
        self.gate = asyncio.Event()
        self.gate.set()
        self.in_flight = 0
        self.in_flight_max = 0
        self.bodies: list[dict[str, Any]] = []
        self.changed = asyncio.Condition()
        self.words = ["A", " cat", "."]
        self.status = 200
        self.runner: web.AppRunner | None = None

    async def serve(self, path: Path) -> None:
        app = web.Application()
        app.router.add_get("/health", self._health)
        app.router.add_post("/v1/{rest:.*}", self._answer)
        self.runner = web.AppRunner(
            app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1
        )
        await self.runner.setup()
        await web.UnixSite(self.runner, str(path)).start()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return once the condition holds; it is looked at whenever a call comes or goes."""
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(condition)

    async def _count(self, change: int) -> None:
        async with self.changed:
            self.in_flight += change
            self.in_flight_max = max(self.in_flight_max, self.in_flight)
            self.changed.notify_all()

    async def _health(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.bodies.append(body)
        await self._count(1)
        try:
            if self.status != 200:
                fields = {"error": {"message": "engine says no", "code": self.status}}
                return web.json_response(fields, status=self.status)
            if body.get("stream"):
                return await self._stream(request)
            await self.gate.wait()
            message = {"role": "assistant", "content": "".join(self.words)}
            return web.json_response({"choices": [{"index": 0, "message": message}]})
        finally:
            await asyncio.shield(self._count(-1))

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for word in self.words:
            event = {"choices": [{"index": 0, "delta": {"content": word}}]}
            await response.write(f"data: {json.dumps(event)}\n\n".encode())
            await self.gate.wait()
        await response.write(b"data: [DONE]\n\n")
        return response


class FakeEngine:
    """Implements `Engine`.

    Args:
        folder: where the sockets go; keep it short.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        self.models: dict[str, FakeModel] = {}  # by container
        self.latest: dict[str, FakeModel] = {}  # by model name
        self.refuse_start: FabricError | None = None
        self.start_gate = asyncio.Event()
        self.start_gate.set()
        self.view = UP
        self.left: list[Endpoint] = []
        self._endpoints: dict[str, Endpoint] = {}
        self._on_end: Callable[[Endpoint, FabricError], None] = lambda *_: None
        self._on_view: Callable[[EngineView], None] = lambda _: None

    async def open(
        self,
        *,
        on_end: Callable[[Endpoint, FabricError], None],
        on_view: Callable[[EngineView], None],
    ) -> None:
        self._on_end, self._on_view = on_end, on_view
        on_view(self.view)

    async def adopt(self, specs: Mapping[str, ModelSpec]) -> list[Endpoint]:
        return self.left

    async def start(
        self, spec: ModelSpec, devices: tuple[str, ...], report: Callable[[str], None]
    ) -> Endpoint:
        report("warming up")
        await self.start_gate.wait()
        if self.refuse_start is not None:
            raise self.refuse_start
        container = self.new_container()
        endpoint = Endpoint(spec.name, container, self._folder / container, "fake-image", devices)
        model = FakeModel(spec)
        await model.serve(endpoint.socket)
        self.models[container] = self.latest[spec.name] = model
        self._endpoints[container] = endpoint
        return endpoint

    def new_container(self) -> str:
        return f"fake-{next(self._numbers)}"

    async def renewed(self, endpoint: Endpoint) -> Endpoint:
        return endpoint

    def owners(self) -> Mapping[str, str]:
        return {container: model.spec.name for container, model in self.models.items()}

    async def stop(self, endpoint: Endpoint) -> None:
        model = self.models.pop(endpoint.container, None)
        self._endpoints.pop(endpoint.container, None)
        if model is not None and model.runner is not None:
            await model.runner.cleanup()
        with suppress(FileNotFoundError):
            endpoint.socket.unlink()

    async def close(self, *, remove: bool) -> None:
        for endpoint in list(self._endpoints.values()):
            await self.stop(endpoint)

    # -- what a test does to it ------------------------------------------------------------------

    def change(self, view: EngineView) -> None:
        """The engine goes or comes back."""
        self.view = view
        self._on_view(view)

    async def kill(self, name: str, said: str) -> None:
        """A model dies with its connections, as a killed container does."""
        container = next(c for c, m in self.models.items() if m is self.latest[name])
        endpoint = self._endpoints[container]
        model = self.models[container]
        assert model.runner is not None
        assert model.runner.server is not None
        for connection in list(model.runner.server.connections):
            if connection.transport is not None:
                connection.transport.abort()
        await self.stop(endpoint)
        self._on_end(endpoint, EngineError(said, code="model_failed"))
