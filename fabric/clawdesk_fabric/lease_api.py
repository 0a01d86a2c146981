"""/fabric/v1 leases, pins, reservations, budgets and weights, on the Unix socket only.

A holder asks once, then watches: one long request renews its leases and answers when one of them
stands otherwise than the holder knows.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from aiohttp import web

from clawdesk_fabric import events
from clawdesk_fabric.control import json_body, named_model
from clawdesk_fabric.gateway import FABRIC
from clawdesk_fabric.kept import wall_ms
from clawdesk_fabric.leases import Budget, Lease, Reservation
from clawdesk_fabric.model import OWN_CLASSES, CallClass
from clawdesk_fabric.openai_wire import WireError
from clawdesk_fabric.order import share_of
from clawdesk_fabric.runtime import Fabric
from clawdesk_fabric.waits import reason

IDS_MAX = 1000
WAIT_S_MAX = 60.0
TEXT_MAX = 200
WINDOW_MS_MAX = 366 * 24 * 3_600_000
RESERVATIONS_MAX = 100


def add_routes(app: web.Application) -> None:
    """The routes; `app` carries FABRIC."""
    app.router.add_get("/fabric/v1/leases", _list)
    app.router.add_post("/fabric/v1/leases", _ask)
    app.router.add_post("/fabric/v1/leases/watch", _watch)
    app.router.add_post("/fabric/v1/leases/release", _release)
    app.router.add_post("/fabric/v1/models/{name}/pin", _pin)
    app.router.add_get("/fabric/v1/reservations", _reservations)
    app.router.add_post("/fabric/v1/reservations", _reserve)
    app.router.add_post("/fabric/v1/reservations/end", _end_reservation)
    app.router.add_get("/fabric/v1/projects", _projects)
    app.router.add_post("/fabric/v1/projects", _set_project)


def _text(body: dict[str, Any], key: str, *, empty: bool = False) -> str:
    value = body.get(key, "")
    if not isinstance(value, str) or len(value) > TEXT_MAX or not (value or empty):
        raise WireError("invalid_request", f"`{key}` must be a text of 1 to {TEXT_MAX} characters")
    return value


def _said(number: float) -> str:
    """As a person writes it: no exponent, thousands apart."""
    return f"{number:,.3f}".rstrip("0").rstrip(".")


def _number(body: dict[str, Any], key: str, least: float, most: float) -> float:
    value = body.get(key, 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise WireError(
            "invalid_request", f"`{key}` must be a number from {_said(least)} to {_said(most)}"
        )
    return value


# -- leases --------------------------------------------------------------------------------------


def lease_view(fabric: Fabric, name: str) -> dict[str, Any]:
    """How the lease stands: its id and status; while it waits or has ended, why."""
    lease = fabric.state.leases.get(name)
    if lease is None:
        text = fabric.lease_ends.get(name, "the Fabric does not know it")
        return {"id": name, "status": "ended", "code": "", "text": text, "frees": ""}
    if lease.granted_ms is None:
        code, text, frees = reason(fabric.state, fabric.state.replicas[lease.model])
        return {"id": name, "status": "waiting", "code": code, "text": text, "frees": frees}
    status = "asked_back" if lease.asked_back else "granted"
    return {"id": name, "status": status, "code": "", "text": lease.asked_back, "frees": ""}


async def _list(request: web.Request) -> web.Response:
    fabric = request.app[FABRIC]
    found = [
        {
            **lease_view(fabric, lease.id),
            "model": lease.model,
            "project": lease.project,
            "class": lease.call_class.value,
            "held_s": None
            if lease.granted_ms is None
            else (fabric.now_ms() - lease.granted_ms) // 1000,
        }
        for lease in fabric.state.leases.values()
    ]
    return web.json_response({"leases": found})


async def _ask(request: web.Request) -> web.Response:
    fabric, body = request.app[FABRIC], await json_body(request)
    call_class = body.get("class", CallClass.AGENT.value)
    if call_class not in OWN_CLASSES:
        raise WireError("invalid_request", f"`class` must be one of {', '.join(OWN_CLASSES)}")
    now_ms = fabric.now_ms()
    lease = Lease(
        id=_text(body, "task"),
        model=_text(body, "model"),
        project=_text(body, "project", empty=True),
        task=_text(body, "task"),
        call_class=CallClass(call_class),
        priority=int(_number(body, "priority", -1000, 1000)),
        asked_ms=now_ms,
        expires_ms=now_ms + fabric.state.limits.lease_ms,
    )
    fabric.ask_lease(lease)
    return web.json_response({"lease": lease_view(fabric, lease.id)})


async def _watch(request: web.Request) -> web.Response:
    """Renews; answers at once where something differs, else when it does or time is up."""
    fabric, body = request.app[FABRIC], await json_body(request)
    known = body.get("known")
    if not isinstance(known, dict) or len(known) > IDS_MAX:
        raise WireError("invalid_request", f"`known` must map at most {IDS_MAX} leases to statuses")
    wait_s = _number(body, "wait_s", 0, WAIT_S_MAX)
    for name in known:
        fabric.post(events.LeaseRenewed(fabric.now_ms(), name))

    def views() -> list[dict[str, Any]]:
        return [lease_view(fabric, name) for name in known]

    async def until_changed() -> None:
        while all(view["status"] == known[view["id"]] for view in views()):
            await fabric.change()

    with suppress(TimeoutError):
        await asyncio.wait_for(until_changed(), wait_s)
    return web.json_response({"leases": views()})


async def _release(request: web.Request) -> web.Response:
    fabric = request.app[FABRIC]
    fabric.post(events.LeaseReleased(fabric.now_ms(), _text(await json_body(request), "task")))
    return web.json_response({"released": True})


# -- what a person decides -----------------------------------------------------------------------


async def _pin(request: web.Request) -> web.Response:
    fabric, name, body = request.app[FABRIC], named_model(request), await json_body(request)
    pinned = body.get("pinned")
    if not isinstance(pinned, bool):
        raise WireError("invalid_request", "`pinned` must be true or false")
    fabric.post(events.PinSet(fabric.now_ms(), name, pinned))
    fabric.save()
    return web.json_response({"model": name, "pinned": pinned})


def _reservation_view(fabric: Fabric, found: Reservation) -> dict[str, Any]:
    offset_s = wall_ms() / 1000 - fabric.now_ms() / 1000
    return {
        "id": found.id,
        "model": found.model,
        "project": found.project,
        "from": round(found.from_ms / 1000 + offset_s),
        "until": round(found.until_ms / 1000 + offset_s),
    }


async def _reservations(request: web.Request) -> web.Response:
    fabric = request.app[FABRIC]
    views = [_reservation_view(fabric, found) for found in fabric.state.reservations.values()]
    return web.json_response({"reservations": views})


async def _reserve(request: web.Request) -> web.Response:
    """`from` and `until` are seconds since 1970; a window that has begun is fine."""
    fabric, body = request.app[FABRIC], await json_body(request)
    model = _text(body, "model")
    replica = fabric.state.replicas.get(model)
    if replica is None or replica.is_removed:  # that one only ends what it works on
        raise WireError("model_not_found", f"there is no model {model!r}")
    if len(fabric.state.reservations) >= RESERVATIONS_MAX:
        raise WireError("queue_full", f"{RESERVATIONS_MAX} reservations are the limit")
    now_s, now_ms = wall_ms() / 1000, fabric.now_ms()
    most_s = WINDOW_MS_MAX / 1000
    from_s = _number(body, "from", 0, now_s + most_s)
    until_s = _number(body, "until", 0, now_s + most_s)
    if until_s <= max(from_s, now_s):
        raise WireError("invalid_request", "`until` must be after `from`, and to come")
    made = Reservation(
        id=_free_name(fabric),
        model=model,
        project=_text(body, "project", empty=True),
        from_ms=now_ms + int((from_s - now_s) * 1000),
        until_ms=now_ms + int((until_s - now_s) * 1000),
    )
    fabric.reserve(made)
    fabric.save()
    return web.json_response({"reservation": _reservation_view(fabric, made)})


def _free_name(fabric: Fabric) -> str:
    """One that no window has, those that an earlier process kept included."""
    while (name := fabric.new_name("r")) in fabric.state.reservations:
        pass
    return name


async def _end_reservation(request: web.Request) -> web.Response:
    fabric = request.app[FABRIC]
    fabric.post(events.ReservationEnded(fabric.now_ms(), _text(await json_body(request), "id")))
    fabric.save()
    return await _reservations(request)


async def _projects(request: web.Request) -> web.Response:
    """Use, weight and budget of every project that was seen or given a budget."""
    state = request.app[FABRIC].state
    views = []
    for project in sorted(state.shares.keys() | state.budgets.keys()):
        share, budget = share_of(state, project), state.budgets.get(project)
        views.append(
            {
                "project": project,
                "weight": share.weight,
                "gpu_s": round(share.used_ms / 1000, 1),
                "tokens": share.tokens,
                "waiting": share.waiting,
                "in_flight": share.in_flight,
                "budget": None
                if budget is None
                else {
                    "gpu_hours": budget.gpu_ms / 3_600_000,
                    "tokens": budget.tokens,
                    "exceeded": budget.exceeded(share),
                },
            }
        )
    return web.json_response({"projects": views})


async def _set_project(request: web.Request) -> web.Response:
    """`weight`, and `gpu_hours` and `tokens` from now on (0 and 0 = no limit)."""
    fabric, body = request.app[FABRIC], await json_body(request)
    project, now_ms = _text(body, "project", empty=True), fabric.now_ms()
    if "weight" in body:
        fabric.post(events.WeightSet(now_ms, project, _number(body, "weight", 0.01, 1000)))
    if "gpu_hours" in body or "tokens" in body:
        share = share_of(fabric.state, project)
        budget = Budget(
            gpu_ms=int(_number(body, "gpu_hours", 0, 1e6) * 3_600_000),
            tokens=int(_number(body, "tokens", 0, 1e15)),
            gpu_ms_before=share.used_ms,
            tokens_before=share.tokens,
        )
        limited = budget.gpu_ms or budget.tokens
        fabric.post(events.BudgetSet(now_ms, project, budget if limited else None))
    fabric.save()
    return await _projects(request)
