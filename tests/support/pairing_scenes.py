"""The sheets that pair, as scenes: an invitation made and followed, another's read; models lent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from clawdesk.ports.errors import InferenceError
from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.pairing import FOLLOWED, OVER
from clawdesk.runtime.api import Change
from clawdesk.ui.guard import GUARD_MS
from clawdesk.ui.invite_sheet import InviteSheet
from clawdesk.ui.join_sheet import JoinSheet
from clawdesk.ui.lend_sheet import LendSheet
from tests.support import model_scenes
from tests.support.at_rest import Wait
from tests.support.plane_fake import FakePlane

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk

LIFE_S = 600
ANSWER_MS = 200
REFUSED = InferenceError(
    "the other machine refused: the invitation was used, is too old, or is not its latest",
    mend="ask there for a new one: clawdesk-fabric peers pair",
)


def prepare(plane: FakePlane, scene: str) -> None:
    """What the plane answers in the scene."""
    until_s = plane.now_ms() // 1000 + LIFE_S
    plane.made = replace(model_scenes.MADE, until_s=until_s)
    plane.read = replace(model_scenes.READ, until_s=until_s)
    if scene == "join-again":
        plane.read = replace(plane.read, known_as="lab2", until_s=until_s - LIFE_S - 60)
    if scene == "join-asking":
        plane.hold["join_peer"] = asyncio.Event()
    if scene == "join-refused":
        plane.refuse["join_peer"] = REFUSED


def tell(desk: Desk, state: str, peer: str = "") -> None:
    """The plane has looked at the model service: so stands the invitation now."""
    plane = desk.plane
    assert isinstance(plane, FakePlane)
    invited = replace(model_scenes.INVITED, until_s=plane.made.until_s, state=state, peer=peer)
    now = plane.environment.fabric or FabricStatus(True, "1")
    assert now.peering is not None
    peering = replace(now.peering, invitation=invited)
    plane.environment = replace(plane.environment, fabric=replace(now, peering=peering))
    plane.publish(Change(environment=True))


def _sheet_of(desk: Desk) -> InviteSheet:
    desk.registry.trigger("invite_peer")
    sheet = desk.decisions.sheet
    assert isinstance(sheet, InviteSheet)
    return sheet


def _invite(desk: Desk) -> None:
    sheet = _sheet_of(desk)
    sheet.fields.name.setText("desk")
    for model in ("bge-small", "qwen3-32b"):
        sheet.fields.models.boxes[model].setChecked(True)
    sheet.fields.calls.setText("2")


def _join(desk: Desk) -> JoinSheet:
    desk.registry.trigger("join_peer")
    sheet = desk.decisions.sheet
    assert isinstance(sheet, JoinSheet)
    return sheet


def _lend(desk: Desk) -> LendSheet:
    desk.peers.lend("lab2")
    sheet = desk.decisions.sheet
    assert isinstance(sheet, LendSheet)
    return sheet


async def act(desk: Desk, scene: str, wait: Wait) -> None:
    """Bring the scene on; the guard of each sheet passes first."""
    if scene.startswith("invit"):
        _invite(desk)
        await wait(GUARD_MS)
        if scene.startswith("invitation"):
            sheet = desk.decisions.sheet
            assert isinstance(sheet, InviteSheet)
            sheet.go.click()
            await wait(ANSWER_MS)
            ends = {"invitation-followed": (FOLLOWED, "desk"), "invitation-over": (OVER, "")}
            if scene in ends:
                tell(desk, *ends[scene])
        return
    if scene.startswith("lend"):
        loan = _lend(desk)
        await wait(GUARD_MS)
        loan.fields.models.boxes["qwen3-32b"].setChecked(True)
        return
    sheet = _join(desk)
    await wait(GUARD_MS)
    if scene == "join":
        return
    sheet.text.setPlainText(model_scenes.WORD)
    await wait(ANSWER_MS)
    if scene in {"join-refused", "join-asking"}:
        sheet.go.click()


def _fabric(scene: str) -> Callable[[], FabricStatus]:
    return model_scenes.deaf if scene in {"invite-deaf", "join"} else model_scenes.paired


SCENES = {
    scene: _fabric(scene)
    for scene in (
        "invite",
        "invite-deaf",
        "invitation",
        "invitation-followed",
        "invitation-over",
        "lend",
        "join",
        "join-read",
        "join-again",
        "join-asking",
        "join-refused",
    )
}
