"""A damaged or missing key of ours costs what peers lend, never our own models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from clawdesk_fabric.peers_identity import open_identity
from clawdesk_fabric.peers_kept import Peer, PeerFile
from clawdesk_fabric.server import owner_id
from tests.support.fabric_engine import FakeEngine
from tests.support.fabric_world import running


def _cut_key(path: Path) -> None:
    text = path.read_text()
    begin = text.index("-----END PRIVATE KEY")
    path.write_text(text[: begin - 30] + text[begin:])


@pytest.mark.expect_log("identity.pem, by which peers know")
@pytest.mark.parametrize("harm", [_cut_key, lambda path: path.write_text("")])
async def test_a_fabric_with_peers_serves_its_own_although_its_key_is_damaged(
    short_folder: Path, harm: Callable[[Path], None]
) -> None:
    path = short_folder / "f.sock"
    place = short_folder / "state" / f"peers-{owner_id(path)}"
    open_identity(place)
    lender = open_identity(short_folder / "lender")
    file = PeerFile(place / "peers.json")
    file.keep(Peer("lender", lender.certificate, "127.0.0.1:1"))
    file.listen_at("127.0.0.1:0")
    harm(place / "identity.pem")
    async with running(
        FakeEngine(short_folder), path, state_folder=short_folder / "state", look_s=0.02
    ) as world:
        peers = world.server.peers
        assert peers is not None
        await peers.look()
        assert (await world.chat())[0] == 200
        (peer,) = (await world.control("peers"))["peers"]
        assert "identity.pem" in peer["why"]
        answer = await world.control("peers/listen", {"address": "127.0.0.1:0"})
        assert f"remove {place / 'identity.pem'}" in answer["error"]["message"]
