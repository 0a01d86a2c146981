"""Two Fabrics in two processes, of two users where that can be had, and one machine's memory."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from clawdesk_fabric.local_client import request
from tests.support import fabric_process
from tests.support.fabric_process import MODEL_MIB
from tests.support.fabric_world import ASK, MODEL

LIMIT_S = 30


@dataclass(slots=True)
class Place:
    """One Fabric: its socket, and its process."""

    socket: Path
    process: asyncio.subprocess.Process


async def asked(place: Place, target: str) -> Any:
    return await asyncio.to_thread(request, place.socket, "POST", f"/fabric/v1/{target}", {})


@pytest.fixture
async def two(
    request: pytest.FixtureRequest, short_folder: Path
) -> AsyncIterator[tuple[Place, Place]]:
    user, why = fabric_process.other_user() if request.param == "two users" else (None, "")
    if why:
        pytest.skip(why)
    short_folder.chmod(0o711)
    claims = short_folder / "claims"
    async with AsyncExitStack() as stack:
        places = []
        for name, owner in (("one", None), ("two", user)):
            folder = short_folder / name
            folder.mkdir()
            if owner is not None:
                os.chown(folder, owner, owner)
            path = folder / "f.sock"
            started = fabric_process.running(path, claims, owner)
            places.append(Place(path, await stack.enter_async_context(started)))
        yield places[0], places[1]


@pytest.mark.parametrize(
    ("two", "ending"),
    [("the same user", "its Fabric is killed"), ("two users", "it is unloaded")],
    indirect=["two"],
)
async def test_a_call_waits_for_memory_that_the_other_process_promised(
    two: tuple[Place, Place], ending: str
) -> None:
    one, other = two
    await asked(one, f"models/{MODEL}/load")
    token = (await asked(other, "tokens"))["token"]
    async with (
        asyncio.timeout(LIMIT_S),
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(path=str(other.socket))) as session,
        session.post(
            "http://localhost/v1/chat/completions",
            json={**ASK, "stream": True},
            headers={"Authorization": f"Bearer {token}"},
        ) as answer,
    ):
        while b"code=others" not in (line := await answer.content.readline()):
            assert line, "the call did not wait for the other Fabric"
        assert f"promised {MODEL_MIB} MiB".encode() in line
        if ending == "it is unloaded":
            await asked(one, f"models/{MODEL}/unload")
        else:
            one.process.kill()
        assert b"data: [DONE]" in await answer.read()
