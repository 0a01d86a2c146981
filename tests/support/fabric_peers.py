"""Two running Fabrics that are strangers, each with an engine of its own, on this machine's
loopback: one that listens for peers, and one that does not."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from clawdesk_fabric.peers_identity import Identity
from tests.support.fabric_engine import FakeEngine
from tests.support.fabric_world import ASK, MODEL, World, catalog, running, spec

LOOK_S = 0.05
BORROWED = f"lender/{MODEL}"


@dataclass(slots=True)
class Two:
    """One that lends, and one that borrows; `engine` is the lender's."""

    lender: World
    borrower: World
    engine: FakeEngine

    async def pair(self, models: tuple[str, ...] = (MODEL,), calls: int = 2) -> None:
        """The borrower follows an invitation of the lender."""
        invitation = await self.invite(models, calls)
        body = {"invitation": invitation, "name": "lender"}
        answer = await self.borrower.control("peers/join", body)
        assert answer.get("peer"), answer
        self.borrower.token = await self.borrower.new_token(project="p", task="t", peers=True)

    async def invite(self, models: tuple[str, ...] = (MODEL,), calls: int = 2) -> str:
        body = {"models": list(models), "calls": calls, "name": "borrower"}
        answer = await self.lender.control("peers/invite", body)
        assert "invitation" in answer, answer
        return str(answer["invitation"])


async def view(world: World) -> dict[str, Any]:
    """The one peer that this Fabric knows, as it tells of it."""
    (peer,) = (await world.control("peers"))["peers"]
    return dict(peer)


@asynccontextmanager
async def strangers(folder: Path, *, slots: int = 2, look_s: float = LOOK_S) -> AsyncIterator[Two]:
    """Both, until the block ends."""
    async with AsyncExitStack() as stack:
        worlds, engines = [], []
        for name, address in (("a", "127.0.0.1:0"), ("b", "")):
            place = folder / name
            place.mkdir()
            engines.append(FakeEngine(place))
            known = catalog(spec(slots=slots), body_bytes_max=100_000)
            served = running(
                engines[-1],
                place / "f.sock",
                known,
                state_folder=place / "state",
                peers=address,
                look_s=look_s,
            )
            worlds.append(await stack.enter_async_context(served))
        yield Two(worlds[0], worlds[1], engines[0])


@asynccontextmanager
async def knocking(two: Two, identity: Identity | None) -> AsyncIterator[Knocker]:
    """A client of the lender's door that sends what it likes, as the owner of this identity."""
    assert two.lender.server.peers is not None
    door = two.lender.server.peers
    if identity is None:
        tls = ssl.create_default_context(cadata=door.identity().certificate)
        tls.check_hostname = False
    else:
        tls = identity.calling(door.identity().certificate)
    connector = aiohttp.TCPConnector(ssl=tls)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield Knocker(session, f"https://{door.listening}")


@dataclass(slots=True)
class Knocker:
    session: aiohttp.ClientSession
    base: str

    async def ask(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, Any, str]:
        """Status, JSON, and Retry-After."""
        headers = {"Host": "peer", **{k.replace("_", "-"): v for k, v in headers.items()}}
        async with self.session.request(
            method, self.base + path, json=body, headers=headers
        ) as answer:
            return answer.status, await answer.json(), answer.headers.get("Retry-After", "")

    async def chat(self, **changes: Any) -> tuple[int, Any, str]:
        return await self.ask("POST", "/v1/chat/completions", {**ASK, **changes})


def identity_of(world: World) -> Identity:
    """What this Fabric shows of itself."""
    assert world.server.peers is not None
    return world.server.peers.identity()
