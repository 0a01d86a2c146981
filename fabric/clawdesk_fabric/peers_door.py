"""The door for other machines: mutual TLS, and behind it model calls and nothing else.

Who comes is known by the certificate of the connection, looked up anew at every request. What a
peer says of itself in headers counts for nothing, and it has no token.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import socket
import ssl
from contextlib import suppress

from aiohttp import web

from clawdesk_fabric import gateway
from clawdesk_fabric import openai_wire as wire
from clawdesk_fabric.guard import Answer, authorised, guard
from clawdesk_fabric.listening import Door, Entrance, bound_tcp, serving
from clawdesk_fabric.model import PEER_PROJECT, CallClass
from clawdesk_fabric.openai_request import parse_object
from clawdesk_fabric.openai_wire import WireError
from clawdesk_fabric.peers import Peers
from clawdesk_fabric.peers_asking import HOST, PAIR_PATH
from clawdesk_fabric.peers_kept import Peer
from clawdesk_fabric.peers_pairing import parse_address
from clawdesk_fabric.tokens import Grant

CONNECTIONS_MAX = 128
"""Of strangers too; far fewer than what a process may have open, which our own callers need."""
PAIR_BYTES_MAX = 16 * 1024
PEERS = web.AppKey("peers", Peers)


async def opened(app: web.Application, peers: Peers, address: str) -> Listener:
    """Listens at HOST:PORT for peers from now on; `app` carries PEERS, and what calls need.

    Raises:
        FabricError: the address cannot be had.
    """
    door = Door(CONNECTIONS_MAX)
    app.middlewares.extend((guard((HOST,), local=False, on_request=door.spoke), of_peers))
    app.router.add_get("/v1/models", _models)
    answering = gateway.answering_calls(app)
    for path in gateway.CALL_PATHS:
        app.router.add_post(path, answering)
    app.router.add_post(PAIR_PATH, _pair)
    listener = Listener(peers, door, await serving(app))
    try:
        await listener.open(address)
    except BaseException:
        await listener.close()
        raise
    return listener


@web.middleware
async def of_peers(request: web.Request, handler: Answer) -> web.StreamResponse:
    """Lets in whoever is paired, and no more calls of theirs at a time than are lent."""
    if request.path == PAIR_PATH:
        return await handler(request)
    peers, peer = request.app[PEERS], _sender(request)
    peers.spoke(peer)
    link = peers.link(peer.name)
    wait_s = link.pace(asyncio.get_running_loop().time())
    if wait_s:
        await asyncio.sleep(wait_s)
    if request.path not in gateway.CALL_PATHS:
        return await handler(request)
    if link.in_flight >= peer.lent.calls:
        text = f"{peer.lent.calls} calls at a time are lent to you, and they are in flight"
        raise WireError("too_many", text, retry_after_s=5)
    link.in_flight += 1
    try:
        return await handler(request)
    finally:
        link.in_flight -= 1


def who(request: web.Request) -> Grant:
    """What a peer may do: the models that are lent to it, after every call of ours."""
    peer = _sender(request)
    if not peer.lent.models:
        raise WireError("model_not_found", "no model is lent to you", param="model")
    return Grant(
        project=PEER_PROJECT + peer.name,
        call_class=CallClass.PEER,
        models=frozenset(peer.lent.models),
    )


def _sender(request: web.Request) -> Peer:
    """Raises WireError unless the connection is of a peer that is trusted now."""
    found = None
    if request.transport is not None:
        fingerprint = _fingerprint(request.transport)
        found = request.app[PEERS].by_fingerprint(fingerprint) if fingerprint else None
    if found is None:
        raise WireError("origin_refused", "this machine is not paired with yours, or no longer")
    return found


def _fingerprint(transport: asyncio.BaseTransport) -> str:
    """Of the certificate that the other side showed, "" if it showed none."""
    tls = transport.get_extra_info("ssl_object")
    shown = tls.getpeercert(binary_form=True) if isinstance(tls, ssl.SSLObject) else None
    return hashlib.sha256(shown).hexdigest() if shown else ""


async def _models(request: web.Request) -> web.Response:
    """As everywhere, with what a borrower must know of each."""
    peer, catalog = _sender(request), request.app[gateway.FABRIC].catalog
    names = (
        gateway.open_to(request.app, authorised(request.app, request)) if peer.lent.models else []
    )
    listed = [
        {
            **wire.model_entry(name),
            "calls": peer.lent.calls,
            "endpoints": list(catalog.models[name].endpoints),
            "context": catalog.models[name].context,
        }
        for name in names
    ]
    return web.json_response({"object": "list", "data": listed})


async def _pair(request: web.Request) -> web.Response:
    """Answers to a right proof, and says nothing of why another one is wrong."""
    if (request.content_length or PAIR_BYTES_MAX + 1) > PAIR_BYTES_MAX:
        raise WireError("request_too_large", f"at most {PAIR_BYTES_MAX} bytes, and their number")
    body = parse_object(await request.read())
    answer = await request.app[PEERS].accept(body, request.remote or "")
    if answer is None:
        raise WireError("origin_refused", "the invitation does not hold")
    return web.json_response(answer)


class Listener:
    """Listens for peers; whom TLS lets in follows who is paired.

    Args:
        runner: of what is answered there.
    """

    def __init__(self, peers: Peers, door: Door, runner: web.AppRunner) -> None:
        assert runner.server is not None
        self._peers = peers
        self._door = door
        self._runner = runner
        self._server = runner.server
        self._entrance: Entrance | None = None
        self._trusts: object = None

    async def open(self, address: str) -> None:
        """Begin. Raises FabricError when the address cannot be had."""
        host, port = parse_address(address)
        self._peers.identity()
        listening = bound_tcp(host, port, option="--peers")
        self._entrance = Entrance(listening, self._door.open(self._server))
        port = listening.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        self._peers.listening = f"{socket.gethostname() if _is_every(host) else shown}:{port}"
        self._peers.port = port
        await self.renew()

    async def renew(self) -> None:
        """Trust who is paired now, and nobody else; connections of others end."""
        if self._entrance is None:
            return
        trusted = [peer.certificate for peer in self._peers.all()]
        strangers = self._peers.is_inviting()
        if (trusted, strangers) != self._trusts:
            self._entrance.open(self._peers.identity().listening(trusted, strangers=strangers))
            self._trusts = (trusted, strangers)
        self._end_others()

    def _end_others(self) -> None:
        for protocol in list(self._server.connections):
            transport = protocol.transport
            if transport is None:
                continue
            fingerprint = _fingerprint(transport)
            if fingerprint and self._peers.by_fingerprint(fingerprint) is None:
                transport.abort()

    async def close(self) -> None:
        """No peer can come any more, and those that are here are sent away."""
        self._peers.listening, self._peers.port = "", 0
        entrance, self._entrance = self._entrance, None
        if entrance is not None:
            await entrance.close()
        await self._runner.cleanup()


def _is_every(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_unspecified
    return False
