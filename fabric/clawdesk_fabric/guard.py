"""Who may speak at all: Host, Origin, content type, peer and token, and errors in one shape.

A web page in the user's browser must not reach a model, nor another user of this machine.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Container, Iterable

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Middleware

from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.openai_wire import STATUS, WireError
from clawdesk_fabric.tickets import RefusedError
from clawdesk_fabric.tokens import Grant, Tokens

log = logging.getLogger("clawdesk_fabric")
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
CALL_HEADER = "X-Clawdesk-Call"
CALL_NAME = web.RequestKey("call_name", str)
"""What a request's call is called, once it has been admitted."""
TOKENS = web.AppKey("tokens", Tokens)
WHO: web.AppKey[Callable[[web.Request], Grant]] = web.AppKey("who")
"""What a request's sender may do, by whatever it shows of itself. Raises WireError."""
_HTTP_CODES = {404: "not_found", 405: "method_not_allowed", 413: "request_too_large"}


def peer_uid(request: web.Request) -> int | None:
    """User id of the process at the other end of a Unix socket; None on TCP."""
    transport = request.transport
    if transport is None:
        return None
    sock = transport.get_extra_info("socket")
    if sock is None or sock.family != socket.AF_UNIX:
        return None
    size = struct.calcsize("3i")
    _, uid, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return int(uid)


def as_wire_error(error: Exception) -> WireError:
    """Any failure as one a client understands."""
    if isinstance(error, WireError):
        return error
    if isinstance(error, FabricError):
        code = error.code if error.code in STATUS else "internal_error"
        retry_after_s = error.retry_after_s if isinstance(error, RefusedError) else 0
        return WireError(code, error.what, mend=error.mend, retry_after_s=retry_after_s)
    if isinstance(error, web.HTTPException):
        return WireError(_HTTP_CODES.get(error.status, "invalid_request"), error.reason)
    if isinstance(error, ConnectionError | aiohttp.ClientConnectionError):
        # The request's body broke off; nobody is left to read this.
        return WireError("request_timeout", "the connection broke before the request was whole")
    log.error("unexpected failure of a request", exc_info=error)
    return WireError("internal_error", "the Fabric failed; its log says why")


def error_response(error: WireError) -> web.Response:
    """The error as an HTTP answer."""
    headers = {"Retry-After": str(error.retry_after_s)} if error.retry_after_s else {}
    if error.code == "deadline":
        # Clients of OpenAI repeat a 504 by themselves; this answer is of no use to them any more.
        headers["x-should-retry"] = "false"
    return web.Response(
        status=error.status,
        headers=headers,
        body=json.dumps(error.body()).encode(),
        content_type="application/json",
    )


def guard(
    hosts: Iterable[str],
    *,
    local: bool,
    on_request: Callable[[web.Request], None],
    calls: Container[str] = (),
) -> Middleware:
    """A middleware.

    Args:
        hosts: the exact Host headers that are answered.
        local: a Unix socket: its peer must be our own user, or root.
        on_request: called first with every request, also with those that are refused.
        calls: paths of our own, which come here without a route.
    """
    allowed = frozenset(hosts)

    @web.middleware
    async def middleware(request: web.Request, handler: Answer) -> web.StreamResponse:
        on_request(request)
        try:
            _check(request, allowed, local=local)
            return await handler(request)
        except Exception as error:  # the edge: every failure gets one shape
            wire = as_wire_error(error)
            shown = request.raw_path if request.raw_path in calls else _shown(request)
            log.log(wire.level, "%s %s: %s", request.method, shown, wire.logged)
            answer = error_response(wire)
            if CALL_NAME in request:
                answer.headers[CALL_HEADER] = request[CALL_NAME]
            return answer

    return middleware


def _shown(request: web.Request) -> str:
    """The path for the log, in which a client could otherwise write what it likes."""
    route = request.match_info.route.resource
    return route.canonical if route is not None else "an unknown path"


def _check(request: web.Request, allowed: frozenset[str], *, local: bool) -> None:
    if local and peer_uid(request) not in (os.getuid(), 0):
        raise WireError("origin_refused", "this socket belongs to another user")
    if request.headers.getall("Host", []) != [request.host] or request.host not in allowed:
        raise WireError("misdirected_request", "this host name is not answered here")
    if "Origin" in request.headers:
        raise WireError("origin_refused", "web pages may not call the Fabric")
    if request.headers.get("Sec-Fetch-Site", "none") != "none":
        raise WireError("origin_refused", "web pages may not call the Fabric")
    if request.can_read_body and request.content_type != "application/json":
        raise WireError("unsupported_media_type", "the body must be application/json")
    if "Content-Encoding" in request.headers:
        # A small compressed body may be a huge one, and no client of this API compresses.
        raise WireError("unsupported_media_type", "the body must not be compressed")


def by_token(tokens: Tokens) -> Callable[[web.Request], Grant]:
    """WHO for those who bring a bearer token."""

    def who(request: web.Request) -> Grant:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        grant = tokens.grant(token.strip()) if scheme.lower() == "bearer" else None
        if grant is None:
            raise WireError(
                "invalid_api_key",
                "a bearer token of this Fabric is needed",
                mend="clawdesk-fabric token prints one",
            )
        return grant

    return who


def authorised(app: web.Application, request: web.Request) -> Grant:
    """What the request's sender may do. Raises WireError."""
    return app[WHO](request)
