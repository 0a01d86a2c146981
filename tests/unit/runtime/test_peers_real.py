"""Planes and two real Fabrics in processes of their own: they are paired as the window pairs them,
and the lender goes away and comes back."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from clawdesk.adapters.fabric_client import FabricClient
from clawdesk.domain.model import FINAL, Phase
from clawdesk.ports.errors import PortError
from clawdesk.ports.models import Peering
from clawdesk.ports.pairing import FOLLOWED, OPEN, WITHDRAWN, PeerInvitation, PeerWish
from clawdesk.runtime.client import PlaneClient
from clawdesk.runtime.server import PlaneServer
from clawdesk_fabric.__main__ import main
from tests.support import fabric_peer_process
from tests.support.fabric_docker import short_place
from tests.support.fabric_world import MODEL
from tests.support.guest_fake import FakeStep
from tests.support.plane_world import PROJECT, PlaneWorld, own_policy, until

LIMIT_S = 30


def latest(peering: Peering) -> PeerInvitation:
    assert peering.invitation is not None
    return peering.invitation


TASK = f'[models]\ndefault = "box/{MODEL}"\n[[steps]]\nname = "one"\nrun = "one"\n'


async def one(_step: FakeStep) -> int:
    return 0


def free_address() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


async def run(folder: Path, *arguments: str) -> int:
    return await asyncio.to_thread(main, [*arguments, f"--socket={folder / 'f.sock'}"])


async def until_told(plane: PlaneClient, wanted: Callable[[Peering], bool]) -> Peering:
    """What the plane tells its window of peers, once it is as wanted; an event, never a sleep."""
    moved = asyncio.Event()
    unsubscribe = plane.subscribe(lambda _: moved.set())
    try:
        async with asyncio.timeout(LIMIT_S):
            while True:
                fabric = plane.environment.fabric
                if fabric is not None and fabric.peering and wanted(fabric.peering):
                    return fabric.peering
                moved.clear()
                await moved.wait()
    finally:
        unsubscribe()


@asynccontextmanager
async def window_on(
    fabric: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[PlaneClient]:
    """A plane over the Fabric in that folder, and a window's own client of the plane."""
    async with AsyncExitStack() as stack:
        client = FabricClient(socket=fabric / "f.sock", spawn=False)
        stack.push_async_callback(client.close)
        world = PlaneWorld(place, {}, {})
        monkeypatch.setattr(world, "inference", client)
        plane = await world.open()
        stack.push_async_callback(plane.close)
        server = PlaneServer(plane, fabric / "p.sock")
        await server.start()
        stack.push_async_callback(server.close)
        window = await PlaneClient.connect(fabric / "p.sock")
        stack.push_async_callback(window.close)
        yield window


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


async def test_two_machines_are_paired_as_their_windows_do_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    own_policy(tmp_path, monkeypatch, "")
    async with AsyncExitStack() as stack:
        place = stack.enter_context(short_place())
        for name in ("a", "b"):
            await stack.enter_async_context(fabric_peer_process.running(place / name))
        lender, borrower = [
            await stack.enter_async_context(window_on(place / n, tmp_path / n, monkeypatch))
            for n in ("a", "b")
        ]
        with pytest.raises(PortError, match="does not listen for other machines"):
            await lender.invite_peer(PeerWish(), "")
        assert (await lender.listen_for_peers("127.0.0.1:0")).ok
        first = await lender.invite_peer(PeerWish("desk", (MODEL,), 2), "")
        assert (await lender.withdraw_invitation()).ok
        await until_told(lender, lambda p: latest(p).state == WITHDRAWN)
        with pytest.raises(PortError, match="the other machine refused"):
            await borrower.join_peer(first.text, PeerWish("box"))
        made = await lender.invite_peer(PeerWish("desk", (MODEL,), 2), "")
        peering = await until_told(lender, lambda p: latest(p).id == made.id)
        assert latest(peering).state == OPEN
        read = await borrower.read_invitation(made.text)
        assert (read.address, read.fingerprint) == (peering.listening, peering.fingerprint)
        with pytest.raises(PortError, match="this machine's own invitation"):
            await lender.read_invitation(made.text)
        outcome = await borrower.join_peer(made.text, PeerWish("box"))
        assert (outcome.ok, outcome.text) == (True, "Peer box is paired.")
        known = await until_told(borrower, lambda p: bool(p.peers and p.peers[0].offers))
        assert [(peer.name, peer.state) for peer in known.peers] == [("box", "here")]
        told = await until_told(lender, lambda p: latest(p).state == FOLLOWED)
        assert (latest(told).peer, told.peers[0].name) == ("desk", "desk")
        assert told.peers[0].lent.models == (MODEL,)
        await lender.stop_joining()
        assert (await lender.listen_for_peers("")).ok
        await until_told(lender, lambda p: p.listening == "")
        said = {deed.text for deed in await lender.deeds()}
        assert {
            f"This machine listens for peers at {peering.listening}.",
            "A machine was invited as peer desk.",
            "The invitation is withdrawn.",
            "Peer desk is paired: it followed an invitation of this machine.",
            "Peer box is paired.",
            "This machine listens for peers no longer.",
        } <= said
        for text in (first.text, made.text):
            assert text not in caplog.text
            assert all(text not in deed for deed in said)
            for file in place.rglob("*"):
                assert not file.is_file() or text.encode() not in file.read_bytes(), file
