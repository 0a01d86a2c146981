"""/v1: model calls in OpenAI's shape, queued by the Fabric and relayed to a model's container.

Bytes are passed on as they come. A client that leaves frees its slot or its place at once.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any

import aiohttp
from aiohttp import web

from clawdesk_fabric import openai_wire as wire
from clawdesk_fabric.engines.base import Endpoint
from clawdesk_fabric.guard import as_wire_error, authorised
from clawdesk_fabric.openai_wire import Ask, WireError
from clawdesk_fabric.runtime import Fabric, Ticket
from clawdesk_fabric.tokens import Grant

log = logging.getLogger("clawdesk_fabric")
FABRIC = web.AppKey("fabric", Fabric)
QUIET_S_MAX = 300.0
"""A model that sends nothing for so long is taken as wedged."""
FIRST_COMMENT_S = 1.0
COMMENT_S = 10.0
ERROR_BYTES_MAX = 64 * 1024
_PASSED_ON = ("Content-Type", "Content-Length")


def add_routes(app: web.Application) -> None:
    """The routes of /v1; `app` carries FABRIC and guard.TOKENS."""
    app.router.add_get("/v1/models", _models)
    for endpoint in ("chat/completions", "completions", "embeddings"):
        app.router.add_post(f"/v1/{endpoint}", _call)


async def _models(request: web.Request) -> web.Response:
    grant = authorised(request)
    names = [name for name in request.app[FABRIC].catalog.models if grant.allows(name)]
    return web.json_response(wire.model_list(names))


async def _call(request: web.Request) -> web.StreamResponse:
    grant = authorised(request)
    fabric = request.app[FABRIC]
    endpoint = request.path.removeprefix("/v1/")
    body = await request.read()
    ask = wire.parse(endpoint, body)
    _check_model(fabric, grant, ask.model, endpoint)
    ticket = fabric.admit(
        ask.model,
        project=grant.project,
        task=grant.task,
        call_class=grant.call_class,
        priority=grant.bounded(_suggestion(request)),
    )
    relay = _Relay(request, fabric, ticket, ask)
    try:
        return await relay.run(body)
    finally:
        # Also when the handler is cancelled because its client left.
        fabric.leave(ticket, succeeded=relay.succeeded)


def _check_model(fabric: Fabric, grant: Grant, model: str, endpoint: str) -> None:
    spec = fabric.catalog.models.get(model)
    if spec is None or not grant.allows(model):
        allowed = ", ".join(name for name in fabric.catalog.models if grant.allows(name))
        raise WireError("model_not_found", f"there is no model {model!r} for you; known: {allowed}")
    if endpoint not in spec.endpoints:
        offered = ", ".join(spec.endpoints)
        raise WireError("endpoint_not_supported", f"{model} offers {offered}, not {endpoint}")


def _suggestion(request: web.Request) -> int:
    """X-Clawdesk-Priority; only a suggestion, so a malformed one counts as none."""
    with suppress(ValueError):
        return int(request.headers.get("X-Clawdesk-Priority", "0"))
    return 0


class _ClientLeftError(Exception):
    """Writing to the client failed; not the model's fault."""


async def _send(response: web.StreamResponse, chunk: bytes) -> None:
    try:
        await response.write(chunk)
    except (ConnectionError, aiohttp.ClientConnectionError) as error:
        raise _ClientLeftError from error


class _Relay:
    """One call on its way: waits for a slot, forwards, streams back."""

    def __init__(self, request: web.Request, fabric: Fabric, ticket: Ticket, ask: Ask) -> None:
        self._request = request
        self._fabric = fabric
        self._ticket = ticket
        self._ask = ask
        self._response: web.StreamResponse | None = None  # once its headers have been sent
        self.succeeded = False

    async def run(self, body: bytes) -> web.StreamResponse:
        """The whole way. Failures before the first byte are raised, later ones end the stream."""
        try:
            seat = await self._seat()
            return await self._forward(seat, body)
        except _ClientLeftError:
            assert self._response is not None
            return self._response
        except Exception as error:
            if self._response is None:
                raise
            return await self._end_broken(error)

    async def _seat(self) -> Endpoint:
        """Wait for a slot; a streaming client gets comment lines meanwhile."""
        ticket = self._ticket
        if not self._ask.stream:
            return await ticket.seat
        pause_s = FIRST_COMMENT_S
        while not ticket.seat.done():
            news = asyncio.create_task(ticket.news.wait())
            # Before the first comment, news must not commit us to a stream: an error may follow.
            watched: set[asyncio.Future[Any]] = {ticket.seat}
            if self._response is not None:
                watched.add(news)
            try:
                await asyncio.wait(watched, timeout=pause_s, return_when=asyncio.FIRST_COMPLETED)
            finally:
                news.cancel()
            if not ticket.seat.done():
                ticket.news.clear()
                response = await self._stream({"Content-Type": "text/event-stream"})
                await _send(response, wire.queued_comment(ticket.wait))
                pause_s = COMMENT_S
        return ticket.seat.result()

    async def _stream(self, headers: dict[str, str]) -> web.StreamResponse:
        """The response, its headers sent; the same one when called again."""
        if self._response is None:
            response = web.StreamResponse(headers=headers)
            response.headers["X-Clawdesk-Call"] = str(self._ticket.call.id)
            if self._ask.stream:
                response.headers["Cache-Control"] = "no-store"
            await response.prepare(self._request)
            self._response = response
        return self._response

    async def _forward(self, seat: Endpoint, body: bytes) -> web.StreamResponse:
        # One connection a call: closing it is how the engine learns that the client left.
        connector = aiohttp.UnixConnector(path=str(seat.socket), force_close=True)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=QUIET_S_MAX)
        try:
            async with (
                aiohttp.ClientSession(
                    connector=connector, timeout=timeout, auto_decompress=False
                ) as session,
                session.post(
                    f"http://model{self._request.path}",
                    data=body,
                    headers={"Content-Type": "application/json"},
                ) as answer,
            ):
                if answer.status != 200:
                    raise wire.engine_error(
                        answer.status, await answer.content.read(ERROR_BYTES_MAX)
                    )
                headers = {k: v for k, v in answer.headers.items() if k in _PASSED_ON}
                response = await self._stream(headers)
                async for chunk in answer.content.iter_any():
                    await _send(response, chunk)
        except TimeoutError:
            text = f"{seat.model} sent nothing for {QUIET_S_MAX:g} s"
            raise WireError("model_failed", text) from None
        except (aiohttp.ClientError, OSError) as error:
            raise await self._broken(seat, error) from None
        self.succeeded = True
        await response.write_eof()
        return response

    async def _broken(self, seat: Endpoint, error: Exception) -> WireError:
        """The connection to the container broke: say what the engine knows of its end."""
        said = await self._fabric.why_ended(seat)
        return WireError("model_failed", said or f"{seat.model} broke off: {error}")

    async def _end_broken(self, error: Exception) -> web.StreamResponse:
        """Headers are out: a stream gets an error event, anything else a cut connection."""
        response = self._response
        assert response is not None
        failure = as_wire_error(error)
        log.warning("call %d failed midway: %s", self._ticket.call.id, failure.message)
        with suppress(ConnectionError):
            if self._ask.stream:
                await response.write(wire.error_event(failure))
                await response.write_eof()
            elif self._request.transport is not None:
                self._request.transport.close()
        return response
