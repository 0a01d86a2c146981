"""What the plane notes of pairing, and what it tells the window of the user's own rule."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from clawdesk.ports.errors import InferenceError
from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.models import Peering
from clawdesk.ports.pairing import (
    FOLLOWED,
    OPEN,
    MadeInvitation,
    PeerInvitation,
    PeerWish,
)
from clawdesk.runtime.plane import Plane
from tests.support.inference_fake import EchoInference
from tests.support.plane_world import PROJECT, PlaneWorld, own_policy

WORD = "clawdesk-peer:c2VjcmV0"
OURS = PeerInvitation("i-1", OPEN, 1_764_000_600, "box:7000", "desk")


class Pairing(EchoInference):
    """A Fabric that listens; `invitation` is its latest, `refusal` is raised if set."""

    def __init__(self) -> None:
        super().__init__()
        self.invitation: PeerInvitation | None = None
        self.refusal: InferenceError | None = None
        self.lent: list[PeerWish] = []

    async def ensure_up(self) -> FabricStatus:
        return await self.figures()

    async def figures(self) -> FabricStatus:
        peering = Peering("box:7000", "ab", invitation=self.invitation)
        return FabricStatus(True, "0.1.0", peering=peering)

    async def invite_peer(self, wish: PeerWish, address: str) -> MadeInvitation:
        if self.refusal is not None:
            raise self.refusal
        self.invitation = OURS
        return MadeInvitation("i-1", "box:7000", "ab", OURS.until_s, WORD)

    async def lend_to_peer(self, wish: PeerWish) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.lent.append(wish)

    async def join_peer(self, text: str, wish: PeerWish) -> str:
        if self.refusal is not None:
            raise self.refusal
        return wish.name


@pytest.fixture
def fabric() -> Pairing:
    return Pairing()


@pytest.fixture
async def plane(tmp_path: Path, fabric: Pairing) -> AsyncIterator[Plane]:
    made = Plane(replace(PlaneWorld(tmp_path, {}, {}).parts(), inference=fabric))
    await made.start()
    yield made
    await made.close()


async def noted(plane: Plane, wanted: str) -> list[str]:
    """What was done, once a look has had it written down."""
    async with asyncio.timeout(20):
        while wanted not in (found := [deed.text for deed in await plane.deeds()]):
            pass
    return found


FOLLOWED_BY_DESK = "Peer desk is paired: it followed an invitation of this machine."


async def test_only_names_are_noted(
    plane: Plane, fabric: Pairing, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    assert (await plane.invite_peer(PeerWish("desk", ("m",)), "")).text == WORD
    assert (await plane.join_peer(WORD, PeerWish("box"))).text == "Peer box is paired."
    lent = await plane.lend_to_peer(PeerWish("box", ("m", "n"), 2))
    assert lent.text == "Peer box may use m, n; calls at a time: 2."
    assert fabric.lent == [PeerWish("box", ("m", "n"), 2)]
    taken = await plane.lend_to_peer(PeerWish("box"))
    assert taken.text == "Peer box may use nothing of this machine."
    fabric.invitation = replace(OURS, state=FOLLOWED, peer="desk")
    await plane.check_environment()
    assert await noted(plane, FOLLOWED_BY_DESK) == [
        "A machine was invited as peer desk.",
        "Peer box is paired.",
        lent.text,
        taken.text,
        FOLLOWED_BY_DESK,
    ]
    assert {deed.kind for deed in await plane.deeds()} == {"paired"}
    assert WORD not in caplog.text


async def test_that_one_was_followed_is_noted_once(plane: Plane, fabric: Pairing) -> None:
    fabric.invitation = replace(OURS, state=FOLLOWED)
    await plane.check_environment()
    for peer in ("desk", "desk"):
        fabric.invitation = replace(OURS, state=FOLLOWED, peer=peer)
        await plane.check_environment()
    fabric.invitation = replace(OURS, id="i-2", state=FOLLOWED, peer="nas")
    await plane.check_environment()
    text = FOLLOWED_BY_DESK.replace("desk", "nas")
    assert await noted(plane, text) == [FOLLOWED_BY_DESK, text]


async def test_what_was_followed_before_this_plane_began_is_not_noted_again(
    tmp_path: Path, fabric: Pairing
) -> None:
    fabric.invitation = replace(OURS, state=FOLLOWED, peer="desk")
    parts = replace(PlaneWorld(tmp_path, {}, {}).parts(), inference=fabric)
    plane = Plane(parts)
    await plane.start()
    fabric.invitation = replace(OURS, id="i-2", state=FOLLOWED, peer="nas")
    await plane.check_environment()
    text = FOLLOWED_BY_DESK.replace("desk", "nas")
    assert await noted(plane, text) == [text]
    await plane.close()


async def test_a_refusal_is_raised_as_it_came_and_nothing_is_noted(
    plane: Plane, fabric: Pairing
) -> None:
    fabric.refusal = InferenceError("the other machine refused", mend="ask there")
    for call in (
        plane.join_peer(WORD, PeerWish()),
        plane.invite_peer(PeerWish(), ""),
        plane.lend_to_peer(PeerWish("box")),
    ):
        with pytest.raises(InferenceError) as refused:
            await call
        assert (refused.value.what, refused.value.mend) == (
            "the other machine refused",
            "ask there",
        )
    assert await plane.deeds() == ()


@pytest.mark.parametrize(
    ("policy", "barred"),
    [
        ("", False),
        ('[defaults.peers]\nuse = "trusted"\n', False),
        ('[defaults.peers]\nuse = "never"\n', True),
        (
            f'[defaults.peers]\nuse = "never"\n[projects."{PROJECT}".peers]\nuse = "trusted"\n',
            False,
        ),
    ],
)
async def test_the_window_is_told_whether_ones_own_rules_let_any_project_borrow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fabric: Pairing, policy: str, barred: bool
) -> None:
    own_policy(tmp_path, monkeypatch, policy)
    plane = Plane(replace(PlaneWorld(tmp_path, {}, {}).parts(), inference=fabric))
    await plane.start()
    assert plane.environment.peers_barred is barred
    await plane.close()
