"""Starting the real Fabric process from the desktop's side, once, whoever comes first."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import pytest

import clawdesk_fabric
from clawdesk.adapters.fabric_client import PROTOCOL, FabricClient
from clawdesk_fabric.local_client import request
from tests.support.fabric_docker import short_place

pytestmark = pytest.mark.e2e


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with short_place() as folder:
        monkeypatch.setenv("CLAWDESK_RUNTIME_DIR", str(folder / "run"))
        monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
        yield folder


@pytest.fixture
async def client(place: Path) -> AsyncIterator[FabricClient]:
    made = FabricClient()
    yield made
    await made.shut_down()
    await made.close()


async def test_no_engine_is_said_with_the_command_that_mends_it(
    place: Path, client: FabricClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{place}/nobody.sock")
    status = await client.ensure_up()
    assert not status.ready
    assert status.version == clawdesk_fabric.__version__
    assert "no Docker engine answers" in status.problem
    assert status.mend
    token = await client.token(project="p", task="t", attempt=1, models=())
    response = await client.call(
        token,
        "POST",
        "/v1/chat/completions",
        {"Content-Type": "application/json"},
        b'{"model": "smollm2-135m", "messages": [{"role": "user", "content": "Hi"}]}',
    )
    body = b"".join([chunk async for chunk in response.chunks])
    assert response.status == 503
    assert b"no_capacity" in body
    assert b"no Docker engine answers" in body


async def test_two_starts_at_once_make_one_process(place: Path, client: FabricClient) -> None:
    other = FabricClient()
    first, second = await asyncio.gather(client.ensure_up(), other.ensure_up())
    assert first.version == second.version == clawdesk_fabric.__version__
    answer = await asyncio.to_thread(
        request, place / "run" / "fabric.sock", "GET", "/fabric/v1/status"
    )
    process = psutil.Process(answer["pid"])
    assert "--exit-when-idle" in process.cmdline()
    assert os.getsid(process.pid) == process.pid  # it outlives the window
    assert (place / "run" / "fabric.sock").stat().st_mode & 0o777 == 0o600
    await other.close()


async def test_one_that_was_killed_is_replaced_by_the_next_call(
    place: Path, client: FabricClient
) -> None:
    await client.ensure_up()
    token = await client.token(project="p", task="t", attempt=1, models=())
    answer = await asyncio.to_thread(
        request, place / "run" / "fabric.sock", "GET", "/fabric/v1/status"
    )
    killed = psutil.Process(answer["pid"])
    killed.kill()  # its process may be ending still as the next one is wanted
    response = await client.call(token, "GET", "/v1/models", {}, b"")
    assert response.status == 200
    assert b"smollm2-135m" in b"".join([chunk async for chunk in response.chunks])


async def test_one_of_another_version_is_drained_and_replaced(
    place: Path, client: FabricClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.ensure_up()
    path = place / "run" / "fabric.sock"
    before = await asyncio.to_thread(request, path, "GET", "/fabric/v1/status")
    # Seen from a newer desktop the running one is old; what it starts then counts as its own.
    newer = FabricClient()
    with monkeypatch.context() as patch:
        patch.setattr("clawdesk.adapters.fabric_client.PROTOCOL", PROTOCOL + 1)
        await newer.ensure_up()
    after = await asyncio.to_thread(request, path, "GET", "/fabric/v1/status")
    assert after["pid"] != before["pid"]
    await newer.close()
