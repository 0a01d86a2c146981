"""/fabric/v1 on the Unix socket, and /healthz and /metrics: status, queue, models, tokens.

Only our own user reaches it (guard.py); it is not served on TCP at all.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

import clawdesk_fabric
from clawdesk_fabric import ledger, views
from clawdesk_fabric.catalog import ModelSpec
from clawdesk_fabric.errors import CatalogError
from clawdesk_fabric.gateway import CALLS, FABRIC, account_of
from clawdesk_fabric.guard import TOKENS, authorised
from clawdesk_fabric.metrics import METRICS
from clawdesk_fabric.model import HOST, OWN_CLASSES, CallClass, Phase, Replica
from clawdesk_fabric.openai_request import parse_object
from clawdesk_fabric.openai_wire import WireError
from clawdesk_fabric.peers_door import PEERS
from clawdesk_fabric.reloading import Changes
from clawdesk_fabric.runtime import Fabric
from clawdesk_fabric.tokens import Grant
from clawdesk_fabric.waits import waits

PROTOCOL = 2
"""Raised when /fabric/v1 changes in a way that an older client would misread."""
ASK_EXIT: web.AppKey[Callable[[], None]] = web.AppKey("ask_exit")
REREAD: web.AppKey[Callable[[], Awaitable[Changes]]] = web.AppKey("reread")
_NAMES_MAX = 200


def add_routes(app: web.Application) -> None:
    """The control routes; `app` carries FABRIC, TOKENS and ASK_EXIT."""
    app.router.add_get("/fabric/v1/status", _status)
    app.router.add_get("/fabric/v1/queue", _queue)
    app.router.add_get("/fabric/v1/calls", _accounts)
    app.router.add_get("/fabric/v1/calls/{name}", _account)
    app.router.add_post("/fabric/v1/models/{name}/load", _load)
    app.router.add_post("/fabric/v1/models/{name}/unload", _unload)
    app.router.add_post("/fabric/v1/tokens", _create_token)
    app.router.add_post("/fabric/v1/tokens/revoke", _revoke_token)
    app.router.add_post("/fabric/v1/reload", _reload)
    app.router.add_post("/fabric/v1/exit", _exit)


def add_health(app: web.Application, *, local: bool) -> None:
    """/healthz for everybody who may connect; /metrics needs a token on TCP."""
    app.router.add_get("/healthz", _healthz)
    app.router.add_get("/metrics", _metrics if local else _metrics_with_token)


async def _healthz(request: web.Request) -> web.Response:
    return web.json_response({"ok": True, "version": clawdesk_fabric.__version__})


async def _status(request: web.Request) -> web.Response:
    return web.json_response(status(request.app[FABRIC], len(request.app[TOKENS])))


def status(fabric: Fabric, token_count: int) -> dict[str, Any]:
    """What /fabric/v1/status answers."""
    state = fabric.state
    engine = state.engine
    return {
        "version": clawdesk_fabric.__version__,
        "protocol": PROTOCOL,
        "pid": os.getpid(),
        "engine": {
            "available": engine.available,
            "name": engine.name,
            "problem": "" if engine.available else engine.problem,
            "mend": "" if engine.available else engine.mend,
        },
        "memory_mib": {
            "used": ledger.used_mib(state, HOST),
            "limit": state.devices[HOST].total_mib,
        },
        "devices": views.devices(state),
        "gpu_note": state.gpu_note,
        "waiting": state.waiting_count,
        "waiting_max": state.limits.waiting_max,
        "tokens": token_count,
        "models": [
            _model_status(fabric, fabric.spec_of(r.model), r) for r in state.replicas.values()
        ],
    }


def _model_status(fabric: Fabric, spec: ModelSpec, replica: Replica) -> dict[str, Any]:
    endpoint = fabric.endpoints.get(spec.name)
    idle = replica.phase is Phase.READY and not replica.in_flight
    return {
        "name": spec.name,
        "title": spec.title,
        "licence": spec.licence,
        "endpoints": list(spec.endpoints),
        "lendable": not spec.is_remote,
        **views.replica_view(fabric.state, replica),
        "progress": replica.progress,
        "problem": replica.problem,
        "mend": replica.mend,
        "slots": replica.slots,
        "in_flight": len(replica.in_flight),
        "waiting": len(replica.waiting),
        "context": spec.context,
        "threads": spec.threads,
        "idle_stop_s": spec.idle_stop_s,
        "idle_s": (fabric.now_ms() - replica.idle_since_ms) // 1000 if idle else 0,
        "container": endpoint.container if endpoint else "",
        "image": endpoint.image if endpoint else "",
    }


async def _queue(request: web.Request) -> web.Response:
    state = request.app[FABRIC].state
    calls = [
        {
            "call": call.id,
            "model": call.model,
            "project": call.project,
            "task": call.task,
            "class": call.call_class.value,
            "priority": call.priority,
            "position": wait.position,
            "reason": {"code": wait.code, "text": wait.text, "frees": wait.frees},
            "expected_ms": wait.expected_ms,
        }
        for replica in state.replicas.values()
        for number, wait in waits(state, replica).items()
        for call in [state.calls[number]]
    ]
    return web.json_response({"waiting": calls})


async def _account(request: web.Request) -> web.Response:
    """What a call used, by the name its answer carried; waits a little where it goes on."""
    return web.json_response(await account_of(request.app, request.match_info["name"]))


async def _accounts(request: web.Request) -> web.Response:
    """What the calls of one task used, of those that are still known."""
    task = request.query.get("task", "")
    if not task:
        raise WireError("invalid_request", "name the task: /fabric/v1/calls?task=ID")
    return web.json_response({"calls": request.app[CALLS].accounts.of_task(task)})


def named_model(request: web.Request) -> str:
    """The model of the path. Raises WireError."""
    name = request.match_info["name"]
    if name not in request.app[FABRIC].catalog.models:
        known = ", ".join(request.app[FABRIC].catalog.models)
        raise WireError("model_not_found", f"there is no model {name!r}; known: {known}")
    return name


async def _load(request: web.Request) -> web.Response:
    """Answers once the model is ready."""
    await request.app[FABRIC].load(named_model(request))
    return await _status(request)


async def _unload(request: web.Request) -> web.Response:
    """Answers once its container is gone."""
    await request.app[FABRIC].unload(named_model(request))
    return await _status(request)


async def json_body(request: web.Request) -> dict[str, Any]:
    """The body as a JSON object. Raises WireError."""
    return parse_object(await request.read())


async def _create_token(request: web.Request) -> web.Response:
    grant = parse_grant(await json_body(request))
    known = request.app[FABRIC].catalog.models
    peers = request.app.get(PEERS)
    # What a peer lends is known only once it was heard of; that there is such a peer, always.
    paired = {peer.name for peer in peers.all()} if peers is not None else set()
    unknown = sorted(n for n in grant.models - known.keys() if n.partition("/")[0] not in paired)
    if unknown:
        raise WireError(
            "model_not_found", f"there is no model {unknown[0]!r}; known: {', '.join(known)}"
        )
    return web.json_response({"token": request.app[TOKENS].create(grant)})


def parse_grant(body: Mapping[str, Any]) -> Grant:
    """A grant from a JSON object; every field may be left out, unknown ones are errors.

    Raises:
        WireError: invalid_request, naming the field.
    """
    fields = dict(body)
    texts = {key: fields.pop(key, "") for key in ("project", "task")}
    numbers = {key: fields.pop(key, 0) for key in ("attempt", "priority_min", "priority_max")}
    models = fields.pop("models", [])
    peers = fields.pop("peers", False)
    asked_class = fields.pop("class", CallClass.AGENT.value)
    if fields:
        raise WireError("invalid_request", f"unknown field `{sorted(fields)[0]}`")
    for key, text in texts.items():
        if not isinstance(text, str) or len(text) > 4096:
            raise WireError("invalid_request", f"`{key}` must be a text")
    for key, number in numbers.items():
        if not isinstance(number, int) or isinstance(number, bool) or abs(number) > 1000:
            raise WireError("invalid_request", f"`{key}` must be a number from -1000 to 1000")
    if not isinstance(models, list) or len(models) > _NAMES_MAX:
        raise WireError("invalid_request", "`models` must be a list of names")
    if not isinstance(peers, bool):
        raise WireError("invalid_request", "`peers` must be true or false")
    if asked_class not in OWN_CLASSES:
        allowed = ", ".join(OWN_CLASSES)
        raise WireError("invalid_request", f"`class` must be one of {allowed}")
    return Grant(
        project=texts["project"],
        task=texts["task"],
        attempt=numbers["attempt"],
        call_class=CallClass(asked_class),
        models=frozenset(str(name) for name in models),
        priority_min=numbers["priority_min"],
        priority_max=max(numbers["priority_min"], numbers["priority_max"]),
        peers=peers,
    )


async def _revoke_token(request: web.Request) -> web.Response:
    token = (await json_body(request)).get("token")
    if not isinstance(token, str):
        raise WireError("invalid_request", "`token` must be a text")
    return web.json_response({"revoked": request.app[TOKENS].revoke(token)})


async def _reload(request: web.Request) -> web.Response:
    """Reads the list of models anew; loaded ones stay. Answers what differs."""
    try:
        changes = await request.app[REREAD]()
    except CatalogError as error:
        raise WireError("invalid_request", error.what, mend=error.mend) from None
    return web.json_response(changes.as_json())


async def _exit(request: web.Request) -> web.Response:
    """Drain and exit; the caller knows the end by the lock beside the socket."""
    request.app[ASK_EXIT]()
    return web.json_response({"exiting": True})


async def _metrics_with_token(request: web.Request) -> web.Response:
    authorised(request.app, request)
    return await _metrics(request)


async def _metrics(request: web.Request) -> web.Response:
    """Prometheus text format."""
    return web.Response(
        body=request.app[METRICS].text(),
        headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
    )
