"""A plane and two real Fabrics in processes of their own: the lender goes away and comes back."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from clawdesk.adapters.fabric_client import FabricClient
from clawdesk.domain.model import FINAL, Phase
from clawdesk_fabric.__main__ import main
from tests.support import fabric_peer_process
from tests.support.fabric_docker import short_place
from tests.support.fabric_world import MODEL
from tests.support.guest_fake import FakeStep
from tests.support.plane_world import PROJECT, PlaneWorld, own_policy, until

LIMIT_S = 30
TASK = f'[models]\ndefault = "box/{MODEL}"\n[[steps]]\nname = "one"\nrun = "one"\n'


async def one(_step: FakeStep) -> int:
    return 0


def free_address() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


async def run(folder: Path, *arguments: str) -> int:
    return await asyncio.to_thread(main, [*arguments, f"--socket={folder / 'f.sock'}"])


async def until_peer(client: FabricClient, state: str) -> None:
    async with asyncio.timeout(LIMIT_S):
        while (await client.peers()).peers[0].state != state:
            pass


async def test_a_task_waits_for_the_other_machine_and_starts_when_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own_policy(tmp_path, monkeypatch, "")
    address = free_address()
    async with AsyncExitStack() as stack:
        place = stack.enter_context(short_place())
        a, b = place / "a", place / "b"
        await stack.enter_async_context(fabric_peer_process.running(b))
        client = FabricClient(socket=b / "f.sock", spawn=False)
        stack.push_async_callback(client.close)
        async with fabric_peer_process.running(a, address):
            assert await run(a, "peers", "pair", f"--lend={MODEL}", "--name=desk") == 0
            invitation = capsys.readouterr().out.strip()
            assert await run(b, "peers", "pair", invitation, "--name=box") == 0
        world = PlaneWorld(tmp_path, {"borrow": TASK}, {"one": one})
        world.project.user_commits({".clawdesk/project.toml": '[peers]\nuse = "trusted"\n'})
        monkeypatch.setattr(world, "inference", client)
        plane = await world.open()
        stack.push_async_callback(plane.close)
        await until_peer(client, "away")
        task = await plane.submit(PROJECT, "borrow")
        held = await until(plane, task, lambda t: t.reason is not None)
        assert held.reason is not None
        assert held.reason.code == "untrusted", "the project's wish is the user's to grant"
        assert (await plane.trust(PROJECT, held.policy_digest)).ok
        waiting = await until(
            plane, task, lambda t: t.reason is not None and t.reason.code == "peer_away"
        )
        assert waiting.phase is Phase.QUEUED
        async with fabric_peer_process.running(a, address):
            await until_peer(client, "here")
            await plane.check_environment()
            done = await until(plane, task, lambda t: t.phase in FINAL)
            assert done.phase is Phase.DONE
            assert [r.event for r in done.records].count("lease_granted") == 1
