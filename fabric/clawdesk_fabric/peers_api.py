"""/fabric/v1/peers on the Unix socket: who is paired, and pairing, lending and revoking.

Answers from what is known; no peer is asked while somebody waits here, but for pairing itself.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from aiohttp import web

from clawdesk_fabric.control import json_body
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.gateway import FABRIC
from clawdesk_fabric.model import PEER_PROJECT, FabricState
from clawdesk_fabric.openai_wire import WireError
from clawdesk_fabric.peers import Peers
from clawdesk_fabric.peers_door import PEERS
from clawdesk_fabric.peers_kept import Lent, Peer, checked_lent
from clawdesk_fabric.runtime import Fabric


def add_routes(app: web.Application) -> None:
    """The routes; `app` carries FABRIC, and PEERS where this Fabric can have peers."""
    app.router.add_get("/fabric/v1/peers", _list)
    app.router.add_post("/fabric/v1/peers/invite", _invite)
    app.router.add_post("/fabric/v1/peers/withdraw", _withdraw)
    app.router.add_post("/fabric/v1/peers/read", _read)
    app.router.add_post("/fabric/v1/peers/join", _join)
    app.router.add_post("/fabric/v1/peers/call-off", _call_off)
    app.router.add_post("/fabric/v1/peers/listen", _listen)
    app.router.add_post("/fabric/v1/peers/{name}/revoke", _revoke)
    app.router.add_post("/fabric/v1/peers/{name}/lend", _lend)


def _peers(request: web.Request) -> Peers:
    found = request.app.get(PEERS)
    if found is None:
        raise WireError("not_found", "this Fabric keeps nothing on disk, so it has no peers")
    return found


async def _list(request: web.Request) -> web.Response:
    return web.json_response(view(request.app.get(PEERS), request.app[FABRIC]))


def view(peers: Peers | None, fabric: Fabric) -> dict[str, Any]:
    """What GET /fabric/v1/peers answers."""
    if peers is None:
        return {"listening": None, "fingerprint": None, "invitation": None, "peers": []}
    return {
        "listening": peers.listening or None,
        "fingerprint": peers.fingerprint,
        "invitation": _standing(peers),
        "peers": [_view(peers, fabric, peer) for peer in peers.all()],
    }


def _standing(peers: Peers) -> dict[str, Any] | None:
    """The latest invitation without its secret, and what became of it."""
    meant = peers.meant
    if meant is None:
        return None
    return {
        "id": meant.id,
        "state": peers.standing().value,
        "until": meant.until_s,
        "address": meant.address,
        "name": meant.name,
        "models": list(meant.lent.models),
        "calls": meant.lent.calls,
        "peer": meant.peer,
    }


def _view(peers: Peers, fabric: Fabric, peer: Peer) -> dict[str, Any]:
    link = peers.link(peer.name)
    state, why = peers.state_of(peer)
    now_s = asyncio.get_running_loop().time()
    borrowed = [r for r in fabric.state.replicas.values() if r.model.startswith(f"{peer.name}/")]
    return {
        "name": peer.name,
        "fingerprint": peer.fingerprint,
        "state": state,
        "last_seen_s": None if link.seen_s is None else round(now_s - link.seen_s, 1),
        "address": peer.address or None,
        "lent": {
            "models": list(peer.lent.models),
            "calls": peer.lent.calls,
            "in_flight": link.in_flight,
        },
        "served": _served(fabric.state, peer.name),
        "offers": [{"model": offer.model, "calls": offer.calls} for offer in link.offers],
        "borrowed_in_flight": sum(len(replica.in_flight) for replica in borrowed),
        "why": why,
    }


def _served(state: FabricState, peer: str) -> list[dict[str, Any]]:
    """Its calls here: of each model so many that the model answers, and so many that wait."""
    running: Counter[str] = Counter()
    waiting: Counter[str] = Counter()
    for call in state.calls.values():
        if call.project == PEER_PROJECT + peer:
            replica = state.replicas.get(call.model)
            is_running = replica is not None and call.id in replica.in_flight
            (running if is_running else waiting)[call.model] += 1
    return [
        {"model": model, "running": running[model], "waiting": waiting[model]}
        for model in sorted(running | waiting)
    ]


def _lent(request: web.Request, body: dict[str, Any]) -> Lent:
    """`models` and `calls` of a body. Raises FabricError, also for what cannot be lent."""
    lent = checked_lent(body.get("models", []), body.get("calls", 1))
    known = request.app[FABRIC].catalog.models
    for name in lent.models:
        if name not in known:
            raise FabricError(
                f"there is no model {name!r}; known: {', '.join(known)}", code="model_not_found"
            )
        if known[name].is_remote:
            raise FabricError(
                f"{name} does not run on this machine, and only what runs here can be lent",
                mend="lend a model of this machine",
                code="invalid_request",
            )
    return lent


def _text(body: dict[str, Any], key: str) -> str:
    value = body.get(key, "")
    if not isinstance(value, str) or len(value) > 4096:
        raise WireError("invalid_request", f"`{key}` must be a text")
    return value


async def _invite(request: web.Request) -> web.Response:
    """A new invitation; the one before is void."""
    peers, body = _peers(request), await json_body(request)
    lent = _lent(request, body)
    made = await peers.invite(_text(body, "address"), _text(body, "name"), lent)
    told = {**(_standing(peers) or {}), "fingerprint": made.fingerprint}
    return web.json_response({**told, "invitation": made.text()})


async def _withdraw(request: web.Request) -> web.Response:
    """The open invitation holds no more."""
    await _peers(request).withdraw()
    return await _list(request)


async def _read(request: web.Request) -> web.Response:
    """Whom an invitation names, before anybody is asked."""
    peers, body = _peers(request), await json_body(request)
    found = peers.read(_text(body, "invitation"))
    known = peers.by_fingerprint(found.fingerprint)
    told = {"address": found.address, "fingerprint": found.fingerprint, "until": found.until_s}
    return web.json_response({**told, "known_as": known.name if known is not None else ""})


async def _join(request: web.Request) -> web.Response:
    """Follows an invitation; answers when both sides know each other."""
    peers, body = _peers(request), await json_body(request)
    lent = _lent(request, body)
    peer = await peers.join(_text(body, "invitation"), _text(body, "name"), lent)
    return web.json_response({"peer": _view(peers, request.app[FABRIC], peer)})


async def _call_off(request: web.Request) -> web.Response:
    """Whoever follows an invitation now waits for its answer no longer."""
    _peers(request).call_off()
    return web.json_response({"called_off": True})


async def _listen(request: web.Request) -> web.Response:
    """`address`: where from now on and at every start; "" = nowhere."""
    await _peers(request).listen_at(_text(await json_body(request), "address"))
    return await _list(request)


async def _lend(request: web.Request) -> web.Response:
    """What the peer may use from now on, in place of what it might before."""
    peers, body = _peers(request), await json_body(request)
    await peers.lend(request.match_info["name"], _lent(request, body))
    return await _list(request)


async def _revoke(request: web.Request) -> web.Response:
    await _peers(request).revoke(request.match_info["name"])
    return await _list(request)
