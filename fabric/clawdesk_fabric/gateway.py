"""/v1: model calls in OpenAI's shape, admitted here, queued by the Fabric, relayed by relay.py.

A client that leaves frees its slot or its place at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from aiohttp import web

from clawdesk_fabric import accounts, call_limits, short_way
from clawdesk_fabric import openai_request as requests
from clawdesk_fabric import openai_wire as wire
from clawdesk_fabric.guard import CALL_NAME, authorised
from clawdesk_fabric.logs import CallEnded
from clawdesk_fabric.metrics import METRICS, CallRecord
from clawdesk_fabric.model import CallClass
from clawdesk_fabric.openai_wire import WireError
from clawdesk_fabric.relay import Calls, Relay, peer_lost
from clawdesk_fabric.runtime import Fabric
from clawdesk_fabric.short_way import WRITE_AT_ONCE_BYTES
from clawdesk_fabric.specs import Price, UpstreamSource
from clawdesk_fabric.tickets import Ticket
from clawdesk_fabric.tokens import Grant

log = logging.getLogger("clawdesk_fabric")
FABRIC = web.AppKey("fabric", Fabric)


class Bodies:
    """How many bytes of request bodies are held, all calls together."""

    def __init__(self) -> None:
        self.held_bytes = 0

    def hold(self, count_bytes: int) -> None:
        """Hold so many more from now on. Raises WireError too_many when there is no room."""
        if self.held_bytes + count_bytes > call_limits.BODIES_BYTES_MAX:
            text = f"calls hold {self.held_bytes} bytes already"
            raise WireError("too_many", text, retry_after_s=5)
        self.held_bytes += count_bytes

    def let_go(self, count_bytes: int) -> None:
        self.held_bytes -= count_bytes


BODIES = web.AppKey("bodies", Bodies)
CALLS = web.AppKey("calls", Calls)
CALL_PATHS = ("/v1/chat/completions", "/v1/completions", "/v1/embeddings")


async def account_of(app: web.Application, name: str) -> Mapping[str, Any]:
    """What a call used, once it has ended. Raises WireError not_found."""
    kept, calls = app[CALLS].accounts, app[FABRIC].state.calls
    number = kept.number_of(name)
    found = None
    if number is not None:
        with suppress(TimeoutError):
            async with asyncio.timeout(accounts.WAIT_S):
                while number in calls:
                    await app[FABRIC].change()
        found = kept.find(number)
    if found is None:
        raise WireError("not_found", "no call of this name has ended here, or too long ago")
    return found


def add_routes(app: web.Application) -> None:
    """The routes of /v1; `app` carries FABRIC, BODIES, CALLS, METRICS and guard.TOKENS."""
    answering = answering_calls(app)
    app.router.add_get("/v1/models", _models)
    app.router.add_get("/v1/models/{name:.+}", _model)
    for path in CALL_PATHS:
        app.router.add_post(path, answering)


def answering_calls(app: web.Application) -> short_way.Answering:
    """What answers POST to each of CALL_PATHS, with or without a route."""
    return partial(_call, app)


async def _models(request: web.Request) -> web.Response:
    grant = authorised(request.app, request)
    return web.json_response(wire.model_list(open_to(request.app, grant)))


async def _model(request: web.Request) -> web.Response:
    grant = authorised(request.app, request)
    name = request.match_info["name"]
    _check_known(request.app, grant, name)
    return web.json_response(wire.model_entry(name))


async def _call(app: web.Application, request: web.Request) -> web.StreamResponse:
    grant = authorised(app, request)
    size_max = request.client_max_size
    held = size_max if request.content_length is None else request.content_length
    if held > size_max:
        raise WireError("request_too_large", f"the body is longer than {size_max} bytes")
    bodies = app[BODIES]
    bodies.hold(held)
    try:
        response = await _admit(app, request, grant, await _read(request))
    finally:
        bodies.let_go(held)
    if type(response) is web.Response and (response.content_length or 0) > WRITE_AT_ONCE_BYTES:
        # The slot is free already; what remains is a client that may never read.
        try:
            async with asyncio.timeout(call_limits.CLIENT_STALL_S_MAX):
                await response.prepare(request)
                await response.write_eof()
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
    return response


async def _read(request: web.Request) -> bytes:
    if request.content.is_eof():
        return await request.read()  # it came with the head
    try:
        async with asyncio.timeout(call_limits.BODY_S_MAX):
            return await request.read()
    except TimeoutError:
        text = f"the body did not arrive within {call_limits.BODY_S_MAX:g} s"
        raise WireError("request_timeout", text) from None


async def _admit(
    app: web.Application, request: web.Request, grant: Grant, body: bytes
) -> web.StreamResponse:
    fabric, calls = app[FABRIC], app[CALLS]
    endpoint = request.path.removeprefix("/v1/")
    ask = requests.parse(endpoint, body)
    deadline_ms = requests.deadline_ms(request.headers.get("X-Clawdesk-Deadline-Ms"))
    _check_model(app, grant, ask, endpoint)
    price = fabric.catalog.models[ask.model].price
    ticket = fabric.admit(
        ask.model,
        project=grant.project,
        task=grant.task,
        call_class=grant.call_class,
        priority=grant.bounded(_suggestion(request)),
        deadline_ms=deadline_ms or None,
        width=ask.answers,
    )
    request[CALL_NAME] = calls.accounts.name_of(ticket.call.id)
    now = asyncio.get_running_loop().time()
    relay = Relay(
        request,
        fabric,
        ticket,
        ask,
        deadline_at=now + deadline_ms / 1000 if deadline_ms else 0.0,
        calls=calls,
    )
    try:
        return await relay.run(body)
    finally:
        # Also when this task is cancelled because its client left.
        _leave(app, request[CALL_NAME], relay, ticket, price)


def _leave(
    app: web.Application, name: str, relay: Relay, ticket: Ticket, price: Price | None
) -> None:
    used = relay.usage()
    tokens = used.prompt_tokens + used.completion_tokens if used else 0
    fabric, call = app[FABRIC], ticket.call
    place = accounts.place_of(fabric.state, call, fabric.now_ms())
    fabric.leave(ticket, succeeded=relay.succeeded, tokens=tokens)
    record = CallRecord(
        call.model,
        call.call_class.value,
        call.project,
        relay.outcome,
        relay.wait_ms,
        used,
        call.id,
        call.task,
    )
    app[METRICS].ended(record)
    told = accounts.account(name, record, place, price)
    app[CALLS].accounts.keep(call.id, call.task, told)
    if log.isEnabledFor(logging.INFO):
        log.handle(CallEnded(log.name, record.fields()))


def _is_open(fabric: Fabric, grant: Grant, model: str) -> bool:
    """Whether this caller may use it: its token says which, an upstream for which projects."""
    spec = fabric.catalog.models.get(model)
    interactive = grant.call_class is CallClass.INTERACTIVE
    return (
        spec is not None
        and grant.allows(model)
        and spec.is_open_to(grant.project, interactive=interactive, peers=grant.peers)
    )


def open_to(app: web.Application, grant: Grant) -> list[str]:
    """The models that this caller may use now."""
    fabric, lost = app[FABRIC], app[CALLS].peer_problem
    return [
        name
        for name in fabric.catalog.models
        if _is_open(fabric, grant, name) and not lost(_peer_of(name))
    ]


def _peer_of(model: str) -> str:
    """The peer that a model is named after, "" for one of ours: those have no slash."""
    return model.rpartition("/")[0]


def _check_known(app: web.Application, grant: Grant, model: str) -> None:
    fabric, peer = app[FABRIC], _peer_of(model)
    spec = fabric.catalog.models.get(model)
    if spec is not None and peer and grant.allows(model) and not grant.peers:
        raise WireError(
            "peers_not_allowed",
            f"{model} is lent by another machine, and this caller may not use peers: the rule "
            "`[peers] use` is off for it",
            param="model",
            mend='set `use = "trusted"` under [peers] in .clawdesk/project.toml; your own tools '
            "need a token of clawdesk-fabric token --peers",
        )
    if peer and grant.peers and grant.allows(model):
        problem = app[CALLS].peer_problem(peer)
        if problem:
            raise peer_lost(problem)
    if not _is_open(fabric, grant, model):
        allowed = ", ".join(open_to(app, grant))
        text = f"there is no model of this name for you (known: {allowed})"
        raise WireError("model_not_found", text, param="model", quoted=repr(model))


def _check_model(app: web.Application, grant: Grant, ask: requests.Ask, endpoint: str) -> None:
    model = ask.model
    _check_known(app, grant, model)
    spec = app[FABRIC].catalog.models[model]
    if endpoint not in spec.endpoints:
        text = f"{model} offers {', '.join(spec.endpoints)}, not {endpoint}"
        raise WireError("endpoint_not_supported", text, param="model")
    if ask.answers > 1 and grant.call_class is CallClass.PEER:
        text = "what is lent makes one answer a call"
        raise WireError("invalid_request", text, param="n", mend="ask several times")
    if ask.answers > spec.slots and not isinstance(spec.source, UpstreamSource):
        text = f"{model} makes at most {spec.slots} answers at once, not {ask.answers}"
        raise WireError("invalid_request", text, param="n", mend="ask several times")


def _suggestion(request: web.Request) -> int:
    """X-Clawdesk-Priority; only a suggestion, so a malformed one counts as none."""
    said = request.headers.get("X-Clawdesk-Priority")
    if said is not None:
        with suppress(ValueError):
            return int(said[:8])
    return 0
