"""How a peer is spoken to about itself: what it lends now, and the pairing with it.

What it answers is another machine's word: bounded in time and size, checked field by field, and
no redirect is followed.
"""

from __future__ import annotations

import errno
import json
import os
import ssl
from dataclasses import dataclass
from typing import Any

import aiohttp

from clawdesk_fabric.entries import ENDPOINTS
from clawdesk_fabric.entries import NAME as MODEL_NAME
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.peers_kept import CALLS_MAX, MODELS_MAX, Peer

ANSWER_S_MAX = 5.0
ANSWER_BYTES_MAX = 64 * 1024
CONTEXT_MAX = 2**31
PAIR_PATH = "/peer/v1/pair"
REFUSED = "invalid_request"
"""The code of an error that says: the other side does not take this invitation."""
_CLOSED = (errno.ECONNRESET, errno.EPIPE)
HOST = "peer"
"""What peers call each other in HTTP, whatever their address: it is the certificate that counts."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A model that a peer lends, by its name there.

    Args:
        calls: of ours that it takes at a time, over all models it lends.
    """

    model: str
    calls: int
    endpoints: tuple[str, ...]
    context: int


class PeerAwayError(FabricError):
    """The peer did not answer, or not as a peer does; the text is one sentence."""


class PeerClosedError(PeerAwayError):
    """It is there, and closed the connection: it does not trust who came."""


async def offers_of(peer: Peer, tls: ssl.SSLContext) -> tuple[Offer, ...]:
    """What it lends us now. Raises PeerAwayError."""
    status, value = await _asked(peer.name, peer.address, "/v1/models", tls)
    if status in (401, 403):
        raise PeerAwayError(f"{peer.name} no longer lends anything to this machine: it revoked it")
    if status != 200:
        raise PeerAwayError(f"{peer.name} answered with status {status}")
    try:
        listed = value["data"]
        if not isinstance(listed, list) or len(listed) > MODELS_MAX:
            raise ValueError
        return tuple(_offer(entry) for entry in listed)
    except (KeyError, TypeError, ValueError):
        raise PeerAwayError(
            f"{peer.name} answered something that is no list of lent models"
        ) from None


def _offer(entry: Any) -> Offer:
    """Raises KeyError, TypeError or ValueError."""
    model, calls, context = entry["id"], entry["calls"], entry["context"]
    endpoints = entry["endpoints"]
    if not isinstance(model, str) or not MODEL_NAME.fullmatch(model):
        raise ValueError
    for number, most in ((calls, CALLS_MAX), (context, CONTEXT_MAX)):
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= most:
            raise ValueError
    known = tuple(name for name in ENDPOINTS if name in endpoints)
    if not isinstance(endpoints, list) or not known:
        raise ValueError
    return Offer(model, max(1, calls), known, context)


async def pair(address: str, fingerprint: str, body: dict[str, Any]) -> Any:
    """Send our side of a pairing to whoever has that certificate, and to nobody else.

    Raises:
        FabricError: it is not there, shows another certificate, or refuses.
    """
    pinned = aiohttp.Fingerprint(bytes.fromhex(fingerprint))
    try:
        status, value = await _asked("the other machine", address, PAIR_PATH, pinned, body)
    except PeerClosedError:
        status, value = 403, None  # who is not expected is not even let in
    if status != 200:
        raise FabricError(
            "the other machine refused: the invitation was used, is too old, or is not its latest",
            mend="ask there for a new one: clawdesk-fabric peers pair",
            code=REFUSED,
        )
    return value


async def _asked(
    name: str,
    address: str,
    path: str,
    tls: ssl.SSLContext | aiohttp.Fingerprint,
    body: dict[str, Any] | None = None,
) -> tuple[int, Any]:
    """GET, or POST of the body.

    Returns: the status, and the JSON value where it is 200.
    Raises:
        PeerAwayError: it is not there, or answers something else.
    """
    try:
        async with (
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=tls, force_close=True),
                timeout=aiohttp.ClientTimeout(total=ANSWER_S_MAX),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            ) as session,
            session.request(
                "GET" if body is None else "POST",
                f"https://{address}{path}",
                json=body,
                headers={"Host": HOST, "Accept-Encoding": "identity"},
                allow_redirects=False,
            ) as answer,
        ):
            if answer.status != 200:
                return answer.status, None
            raw = await _at_most(answer)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise _away(name, address, error) from None
    try:
        return 200, json.loads(raw)
    except (ValueError, RecursionError):
        raise PeerAwayError(f"{name} answered something that is no JSON") from None


async def _at_most(answer: aiohttp.ClientResponse) -> bytes:
    """Raises ValueError where it is too much."""
    parts, count = [], 0
    async for chunk in answer.content.iter_any():
        parts.append(chunk)
        count += len(chunk)
        if count > ANSWER_BYTES_MAX:
            raise ValueError(f"it sent more than {ANSWER_BYTES_MAX} bytes")
    return b"".join(parts)


def _away(name: str, address: str, error: Exception) -> PeerAwayError:
    """Why it did not answer, in a sentence."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(
        error, aiohttp.ServerFingerprintMismatch | aiohttp.ClientConnectorCertificateError
    ):
        text = f"what answers at {address} is not {name}: it shows another certificate"
        return PeerAwayError(text)
    if isinstance(error, TimeoutError):
        return PeerAwayError(f"{name} did not answer at {address} within {ANSWER_S_MAX:g} s")
    if isinstance(error, aiohttp.ClientResponseError):
        return PeerAwayError(f"{name} answered something that is no HTTP")
    number = cause.errno if isinstance(cause, OSError) else None
    is_closed = isinstance(error, aiohttp.ServerDisconnectedError) or number in _CLOSED
    if is_closed or isinstance(cause, ssl.SSLError):
        return PeerClosedError(
            f"{name} closed the connection at {address}: it may have revoked this machine; if so, "
            "pair the two anew"
        )
    said = os.strerror(number) if number and number > 0 else str(cause)
    return PeerAwayError(f"{name} does not answer at {address}: {said}")
