"""How the engines ask a model whether it is there: on its socket, or at its URL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import aiohttp

from clawdesk_fabric.engines.base import Endpoint

PROBE_S_MAX = 5.0
_PAUSES_S = (0.02, 0.05, 0.1, 0.2)


def connector(endpoint: Endpoint) -> aiohttp.BaseConnector:
    """For one question; the connection is closed with it."""
    if endpoint.url:
        return aiohttp.TCPConnector(force_close=True)
    return aiohttp.UnixConnector(path=str(endpoint.socket), force_close=True)


def address(endpoint: Endpoint, path: str) -> str:
    """Where to send a call.

    Args:
        path: below /v1, such as "chat/completions".
    """
    return f"{endpoint.url or 'http://model/v1'}/{path}"


async def is_healthy(endpoint: Endpoint, path: str) -> bool:
    """Whether a model on a socket answers 200 there."""
    try:
        timeout = aiohttp.ClientTimeout(total=PROBE_S_MAX)
        async with (
            aiohttp.ClientSession(connector=connector(endpoint), timeout=timeout) as session,
            session.get(f"http://model{path}", allow_redirects=False) as answer,
        ):
            return answer.status == 200
    except (aiohttp.ClientError, OSError, TimeoutError):
        return False


async def wait_healthy(endpoint: Endpoint, path: str) -> None:
    attempt = 0
    while not await is_healthy(endpoint, path):
        await asyncio.sleep(_PAUSES_S[min(attempt, len(_PAUSES_S) - 1)])
        attempt += 1


def quietly(
    loop: asyncio.AbstractEventLoop, report: Callable[[str], None]
) -> Callable[[str], None]:
    """`report` for other threads; a loop that has ended meanwhile hears nothing."""

    def tell(text: str) -> None:
        try:
            loop.call_soon_threadsafe(report, text)
        except RuntimeError:
            return

    return tell
