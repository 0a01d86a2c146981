"""Models that run elsewhere, behind any OpenAI-compatible URL: no container, no memory of ours.

A key is read when the model is started, and again when the list of models is; it lives in the
endpoint only and is never logged. No redirect is followed, for it would carry the key to somebody
else.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import aiohttp

from clawdesk_fabric.engines.base import Endpoint
from clawdesk_fabric.engines.reach import address, connector
from clawdesk_fabric.errors import EngineError, FabricError
from clawdesk_fabric.keys import Keys
from clawdesk_fabric.model import EngineView
from clawdesk_fabric.specs import ModelSpec, UpstreamSource

ANSWER_S_MAX = 15.0


class UpstreamEngine:
    """Implements `Engine` for specs whose source is an upstream."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._numbers = itertools.count(1)

    async def open(
        self,
        *,
        on_end: Callable[[Endpoint, FabricError], None],
        on_view: Callable[[EngineView], None],
    ) -> None:
        # Nothing here can end by itself: an upstream that is away fails the calls made to it.
        on_view(EngineView(True, "upstreams"))

    async def adopt(self, specs: Mapping[str, ModelSpec]) -> list[Endpoint]:
        return []

    async def start(
        self, spec: ModelSpec, devices: tuple[str, ...], report: Callable[[str], None]
    ) -> Endpoint:
        """Ask the upstream for its models once, so that a wrong URL or key is told at once."""
        assert isinstance(spec.source, UpstreamSource)
        report(f"asking {spec.source.url}")
        key = await self._keys.get(spec.name)
        endpoint = Endpoint(
            model=spec.name,
            container=self._name(),
            socket=Path("/dev/null"),
            image=spec.source.url,
            url=spec.source.url,
            served_as=spec.source.model,
            headers=_headers(key),
        )
        await _ask(endpoint, bool(key))
        return endpoint

    async def renewed(self, endpoint: Endpoint) -> Endpoint:
        headers = _headers(await self._keys.get(endpoint.model))
        if headers == endpoint.headers:
            return endpoint
        # Another name, so that no connection made for the old key is used again.
        return replace(endpoint, container=self._name(), headers=headers)

    def owners(self) -> Mapping[str, str]:
        return {}

    async def stop(self, endpoint: Endpoint) -> None:
        return None

    async def close(self, *, remove: bool) -> None:
        return None

    def _name(self) -> str:
        return f"upstream-{next(self._numbers)}"


def _headers(key: str) -> tuple[tuple[str, str], ...]:
    return (("Authorization", f"Bearer {key}"),) if key else ()


async def _ask(endpoint: Endpoint, has_key: bool) -> None:
    """Raises EngineError unless the upstream answers and takes the key."""
    timeout = aiohttp.ClientTimeout(total=ANSWER_S_MAX)
    headers = dict(endpoint.headers)
    try:
        async with (
            aiohttp.ClientSession(connector=connector(endpoint), timeout=timeout) as session,
            session.get(
                address(endpoint, "models"), headers=headers, allow_redirects=False
            ) as answer,
        ):
            status = answer.status
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise EngineError(
            f"{endpoint.url} does not answer: {str(error) or 'it took too long'}",
            mend=f"check the address of {endpoint.model} and this machine's network",
            code="model_failed",
        ) from error
    if status in (401, 403):
        refused = "refuses the key" if has_key else "asks for a key, and none is kept"
        raise EngineError(
            f"{endpoint.url} {refused} of {endpoint.model}",
            mend=f"clawdesk-fabric key set {endpoint.model}",
            code="model_failed",
            permanent=True,
        )
    if 300 <= status < 400:
        raise EngineError(
            f"{endpoint.url} sends to another address, and that is never followed",
            mend=f"write the final address into the entry of {endpoint.model}",
            code="model_failed",
            permanent=True,
        )
    if status >= 500:
        raise EngineError(f"{endpoint.url} answers {status}", code="model_failed")
    # Not every service lists its models (404, 405): then the first call will tell.
