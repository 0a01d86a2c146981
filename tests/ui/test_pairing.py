"""The sheets that pair: what they show before anything is sent, what comes of it, the way back."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton

from clawdesk.domain.model import Reason
from clawdesk.ports.errors import InferenceError, PortError
from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.models import Peering
from clawdesk.ports.pairing import FOLLOWED, OPEN, OVER, WITHDRAWN, PeerWish
from clawdesk.runtime.api import Environment, Outcome
from clawdesk.ui.ask_sheet import AskSheet
from clawdesk.ui.button import Button
from clawdesk.ui.guard import GUARD_MS
from clawdesk.ui.help_sheet import HelpSheet
from clawdesk.ui.invitation_sheet import InvitationSheet
from clawdesk.ui.invite_sheet import InviteSheet
from clawdesk.ui.join_sheet import JoinSheet
from clawdesk.ui.nav_row import NavRow
from clawdesk.ui.sheet import Sheet
from tests.support import model_scenes
from tests.support.pairing_scenes import REFUSED, tell

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk
    from tests.ui.conftest import Bench

ACTS = ("invite_peer", "join_peer", "withdraw_invitation", "deafen_peers")


@pytest.fixture
def desk(bench: Bench) -> Desk:
    bench.plane.made, bench.plane.read = model_scenes.MADE, model_scenes.READ
    return bench.open_paired()


def ready(bench: Bench, desk: Desk) -> Sheet:
    """The sheet that is open, after its guard."""
    bench.clock.advance(GUARD_MS)
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, Sheet)
    return sheet


def inviting(bench: Bench, desk: Desk) -> InviteSheet:
    desk.registry.trigger("invite_peer")
    sheet = ready(bench, desk)
    assert isinstance(sheet, InviteSheet)
    return sheet


def invited(bench: Bench, desk: Desk) -> InvitationSheet:
    inviting(bench, desk).go.click()
    bench.settle()
    sheet = ready(bench, desk)
    assert isinstance(sheet, InvitationSheet)
    tell(desk, OPEN)
    bench.settle()
    return sheet


def joining(bench: Bench, desk: Desk, text: str = model_scenes.WORD) -> JoinSheet:
    desk.registry.trigger("join_peer")
    sheet = ready(bench, desk)
    assert isinstance(sheet, JoinSheet)
    if text:
        sheet.text.setPlainText(text)
        bench.settle()
    return sheet


def texts(sheet: Sheet) -> str:
    found = [label.text() for label in sheet.findChildren(QLabel) if label.isVisibleTo(sheet)]
    return "\n".join(found)


def asked(bench: Bench, name: str) -> list[tuple[object, ...]]:
    return [call for call in bench.plane.calls if call[0] == name]


def banner(desk: Desk) -> str:
    return " ".join(label.text() for label in desk.window.banner.findChildren(QLabel))


# -- inviting -------------------------------------------------------------------------------------


def test_nothing_is_lent_unless_it_is_ticked(bench: Bench, desk: Desk) -> None:
    sheet = inviting(bench, desk)
    assert "It may use nothing of this machine." in texts(sheet)
    sheet.go.click()
    bench.settle()
    assert asked(bench, "invite_peer") == [("invite_peer", PeerWish("", (), 1), "")]
    assert not asked(bench, "listen_for_peers")


def test_what_was_chosen_is_what_is_asked_for(bench: Bench, desk: Desk) -> None:
    sheet = inviting(bench, desk)
    assert "lab2/qwen3-235b" not in sheet.fields.models.boxes, "what was borrowed is not lent on"
    sheet.address.setText("box.example:7000")
    sheet.fields.name.setText(" desk ")
    sheet.fields.models.boxes["bge-small"].setChecked(True)
    sheet.fields.calls.setText("2")
    assert "bge-small, 2 calls at a time" in texts(sheet)
    sheet.go.click()
    bench.settle()
    wish = PeerWish("desk", ("bge-small",), 2)
    assert asked(bench, "invite_peer") == [("invite_peer", wish, "box.example:7000")]


@pytest.mark.parametrize("calls", ["0", "65", "", "two", "²"])
def test_a_number_of_calls_that_cannot_be_granted_is_said(
    bench: Bench, desk: Desk, calls: str
) -> None:
    sheet = inviting(bench, desk)
    sheet.fields.calls.setText(calls)
    sheet.go.click()
    bench.settle()
    assert "from 1 to 64" in sheet.outcome.text()
    assert not asked(bench, "invite_peer")


def test_where_nothing_listens_a_person_names_the_address_first(bench: Bench, desk: Desk) -> None:
    bench.show_fabric(model_scenes.deaf())
    sheet = inviting(bench, desk)
    assert "does not listen for other machines yet" in texts(sheet)
    assert sheet.go.words == "Listen and make the invitation"
    sheet.go.click()
    bench.settle()
    assert "“Listen at” must be an address" in sheet.outcome.text()
    assert not asked(bench, "listen_for_peers")
    sheet.address.setText("192.168.1.5:7000")
    sheet.go.click()
    bench.settle()
    assert [call[0] for call in bench.plane.calls][-2:] == ["listen_for_peers", "invite_peer"]
    assert asked(bench, "listen_for_peers") == [("listen_for_peers", "192.168.1.5:7000")]
    assert asked(bench, "invite_peer")[0][2] == "", "it finds us where we listen"


@pytest.mark.parametrize(
    ("listening", "typed"), [("0.0.0.0:7443", ""), ("", "[::]:7000"), ("box:7000", "0.0.0.0:7000")]
)
def test_an_address_at_which_no_other_machine_can_come_is_said(
    bench: Bench, desk: Desk, listening: str, typed: str
) -> None:
    bench.show_fabric(replace(model_scenes.busy(), peering=Peering(listening, "sha256:cd")))
    sheet = inviting(bench, desk)
    assert sheet.address.placeholderText() in (listening, "such as 192.168.1.5:7000")
    assert "0.0.0.0" not in sheet.address.placeholderText()
    sheet.address.setText(typed)
    sheet.go.click()
    bench.settle()
    assert "Name the address at which the other machine finds this one" in sheet.outcome.text()
    assert not asked(bench, "invite_peer")
    assert not asked(bench, "listen_for_peers")


def test_an_address_that_cannot_be_had_is_said_and_the_sheet_stays(
    bench: Bench, desk: Desk
) -> None:
    bench.show_fabric(model_scenes.deaf())
    why = "192.0.2.1:1 cannot be used: Cannot assign requested address"
    bench.plane.refuse["listen_for_peers"] = InferenceError(why, mend="choose another")
    sheet = inviting(bench, desk)
    sheet.address.setText("192.0.2.1:1")
    sheet.go.click()
    bench.settle()
    assert sheet.outcome.text() == f"{why}. Choose another"
    assert desk.decisions.sheet is sheet
    assert sheet.go.isEnabled()
    assert not asked(bench, "invite_peer")


def test_the_invitation_is_copied_only_when_a_person_wants_it(bench: Bench, desk: Desk) -> None:
    QGuiApplication.clipboard().setText("mine")
    sheet = invited(bench, desk)
    assert QGuiApplication.clipboard().text() == "mine"
    assert sheet.text.toPlainText() == model_scenes.WORD
    flags = sheet.text.textInteractionFlags()
    assert flags & Qt.TextInteractionFlag.TextSelectableByKeyboard
    assert not flags & Qt.TextInteractionFlag.TextEditable
    sheet.copy.click()
    assert QGuiApplication.clipboard().text() == model_scenes.WORD
    assert "until" in texts(sheet)
    assert "Waits for the other machine" in texts(sheet)


def test_that_it_was_followed_is_told_by_the_planes_own_look(bench: Bench, desk: Desk) -> None:
    sheet = invited(bench, desk)
    tell(desk, FOLLOWED, "desk")
    bench.settle()
    assert "Paired: desk followed it." in texts(sheet)
    assert sheet.text.toPlainText() == "", "a used secret is on no screen"
    assert sheet.withdraw.isHidden()
    assert not banner(desk).count("desk followed"), "the sheet says it"


def test_who_closed_the_sheet_is_told_by_a_notice_and_may_look_again(
    bench: Bench, desk: Desk
) -> None:
    sheet = invited(bench, desk)
    sheet.reject()
    bench.settle()
    assert not asked(bench, "withdraw_invitation"), "closing decides nothing"
    rows = desk.window.projects.peers.findChildren(NavRow)
    line = next(row for row in rows if row.objectName() == "peers.invitation")
    assert line.accessibleName() == "Invitation, open until 16:10"
    line.click()
    again = ready(bench, desk)
    assert isinstance(again, InvitationSheet)
    assert again.text.toPlainText() == model_scenes.WORD
    again.reject()
    tell(desk, FOLLOWED, "desk")
    bench.settle()
    assert "Paired: desk followed it." in banner(desk)


def test_withdrawing_asks_the_plane_once_and_shows_what_came_of_it(
    bench: Bench, desk: Desk
) -> None:
    sheet = invited(bench, desk)
    sheet.withdraw.click()
    sheet.withdraw.click()
    bench.settle()
    assert len(asked(bench, "withdraw_invitation")) == 1
    tell(desk, WITHDRAWN)
    bench.settle()
    assert "It is withdrawn" in texts(sheet)
    assert not sheet.anew.isHidden()
    sheet.anew.click()
    assert isinstance(ready(bench, desk), InviteSheet)


def test_a_withdrawal_that_failed_is_said_on_the_sheet(bench: Bench, desk: Desk) -> None:
    sheet = invited(bench, desk)
    gone = InferenceError("the model service does not run", mend="clawdesk-fabric serve")
    bench.plane.refuse["withdraw_invitation"] = gone
    sheet.withdraw.click()
    bench.settle()
    assert "The model service does not run. clawdesk-fabric serve" in sheet.notice.text()
    assert sheet.withdraw.isEnabled()


def test_an_invitation_of_before_is_shown_without_words_and_can_be_replaced(
    bench: Bench, desk: Desk
) -> None:
    tell(desk, OPEN)
    bench.settle()
    desk.registry.trigger("invite_peer")
    sheet = ready(bench, desk)
    assert isinstance(sheet, InvitationSheet)
    assert sheet.text.isHidden()
    assert "its words are not kept anywhere" in texts(sheet)
    assert not sheet.anew.isHidden()
    assert not sheet.withdraw.isHidden()


def test_the_secret_is_not_remembered_once_it_holds_no_more(bench: Bench, desk: Desk) -> None:
    invited(bench, desk)
    tell(desk, OVER)
    bench.settle()
    assert desk.peers.pairing._made is None


def test_turning_off_that_it_listens_asks_before(bench: Bench, desk: Desk) -> None:
    bench.plane.answers["listen_for_peers"] = Outcome(
        True, "This machine listens for peers no longer."
    )
    desk.registry.trigger("deafen_peers")
    sheet = ready(bench, desk)
    assert isinstance(sheet, AskSheet)
    assert not asked(bench, "listen_for_peers")
    go = sheet.findChild(Button, "deafen.go")
    assert go is not None
    go.click()
    bench.settle()
    assert asked(bench, "listen_for_peers") == [("listen_for_peers", "")]
    assert "listens for peers no longer" in banner(desk)


# -- following ------------------------------------------------------------------------------------


def test_whom_it_names_is_shown_before_anything_is_sent(bench: Bench, desk: Desk) -> None:
    sheet = joining(bench, desk, "")
    assert not sheet.go.isEnabled()
    sheet.text.setPlainText(f"  {model_scenes.WORD[:30]}\n{model_scenes.WORD[30:]} ")
    bench.settle()
    assert asked(bench, "read_invitation") == [("read_invitation", model_scenes.WORD)]
    said = texts(sheet)
    assert "lab3.example:7000" in said
    assert model_scenes.PRINT[::-1][:8] in said
    assert "until 16:10" in said
    assert sheet.go.isEnabled()
    assert not asked(bench, "join_peer")


@pytest.mark.parametrize("what", ["this is no invitation of a Fabric, or not the whole of it"])
def test_what_is_none_is_said_and_cannot_be_sent(bench: Bench, desk: Desk, what: str) -> None:
    bench.plane.refuse["read_invitation"] = InferenceError(what)
    sheet = joining(bench, desk, "hello")
    assert sheet.outcome.text().startswith("This is no invitation of a Fabric")
    assert not sheet.go.isEnabled()
    del bench.plane.refuse["read_invitation"]
    sheet.text.setPlainText(model_scenes.WORD)
    bench.settle()
    assert sheet.outcome.isHidden()
    assert sheet.go.isEnabled()


def test_only_what_stands_in_the_field_now_counts(bench: Bench, desk: Desk) -> None:
    sheet = joining(bench, desk)
    bench.plane.hold["read_invitation"] = held = asyncio.Event()
    sheet.text.setPlainText("clawdesk-peer:other")
    assert not sheet.go.isEnabled(), "it was read of another text"
    sheet.text.setPlainText("")
    held.set()
    bench.settle()
    assert not sheet.go.isEnabled()
    assert "lab3.example" not in texts(sheet)


def test_a_text_without_end_is_not_sent_anywhere(bench: Bench, desk: Desk) -> None:
    sheet = joining(bench, desk, "x" * 5_000)
    assert "too long" in sheet.outcome.text()
    assert not asked(bench, "read_invitation")


def test_pairing_ends_with_the_peer_and_says_so(bench: Bench, desk: Desk) -> None:
    bench.plane.answers["join_peer"] = Outcome(True, "Peer box is paired.")
    sheet = joining(bench, desk)
    sheet.fields.name.setText("box")
    sheet.go.click()
    bench.settle()
    assert asked(bench, "join_peer") == [("join_peer", model_scenes.WORD, PeerWish("box", (), 1))]
    assert desk.decisions.sheet is None
    assert "Peer box is paired." in banner(desk)


def test_a_machine_that_does_not_listen_offers_nothing(bench: Bench, desk: Desk) -> None:
    bench.show_fabric(model_scenes.deaf())
    sheet = joining(bench, desk)
    assert sheet.fields.models.boxes == {}
    assert "the other one can use nothing here" in texts(sheet)
    sheet.go.click()
    bench.settle()
    assert asked(bench, "join_peer")[0][2] == PeerWish()


def test_a_refusal_stays_on_the_sheet_with_what_was_typed(bench: Bench, desk: Desk) -> None:
    bench.plane.refuse["join_peer"] = REFUSED
    sheet = joining(bench, desk)
    sheet.fields.name.setText("box")
    sheet.go.click()
    bench.settle()
    assert "Ask there for a new invitation." in sheet.outcome.text()
    assert desk.decisions.sheet is sheet
    assert (sheet.fields.name.text(), sheet.pasted()) == ("box", model_scenes.WORD)
    assert sheet.go.isEnabled()
    assert sheet.text.isEnabled()


def test_while_it_asks_escape_calls_it_off_and_the_sheet_stays(bench: Bench, desk: Desk) -> None:
    bench.plane.hold["join_peer"] = held = asyncio.Event()
    sheet = joining(bench, desk)
    sheet.go.click()
    bench.run(asyncio.sleep(0))
    assert "Asking lab3.example:7000…" in sheet.notice.text()
    assert sheet.later.words == "Cancel"
    assert not sheet.go.isEnabled()
    bench.plane.refuse["join_peer"] = InferenceError("pairing was called off")
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    assert desk.decisions.sheet is sheet
    held.set()
    bench.settle()
    assert asked(bench, "stop_joining") == [("stop_joining",)]
    assert sheet.outcome.text().startswith("Pairing was called off.")
    assert sheet.later.words == "Not now"
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    bench.settle()
    assert desk.decisions.sheet is None


def test_another_sheet_takes_its_place_and_the_asking_ends(bench: Bench, desk: Desk) -> None:
    bench.plane.hold["join_peer"] = held = asyncio.Event()
    joining(bench, desk).go.click()
    bench.run(asyncio.sleep(0))
    bench.plane.refuse["join_peer"] = InferenceError("pairing was called off")
    desk.registry.trigger("help")
    assert isinstance(desk.decisions.sheet, HelpSheet)
    held.set()
    bench.settle()
    assert asked(bench, "stop_joining")
    assert "Pairing was called off" in banner(desk)


# -- acts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ACTS)
def test_each_act_is_in_the_one_registry_and_says_why_it_is_not_possible(
    bench: Bench, desk: Desk, act: str
) -> None:
    assert desk.registry.acts[act].group == "Machine and models"
    bench.show_fabric(FabricStatus(False, problem="the model service does not run"))
    assert "the model service does not run" in desk.registry.acts[act].why_not()
    bench.show_fabric(model_scenes.inviting())
    assert desk.registry.acts[act].why_not() == ""
    bench.plane.state.environment = Reason("not_driven", "No ClawDesk is running.", "clawdesk")
    assert "No ClawDesk is running" in desk.registry.acts[act].why_not()
    bench.plane.state.environment = None
    desk.decisions.show_lost(True)
    assert "connects again" in desk.registry.acts[act].why_not()
    desk.registry.trigger(act)
    assert desk.decisions.sheet is None
    desk.decisions.show_lost(False)


def test_ones_own_rule_bars_only_the_borrowing(bench: Bench, desk: Desk) -> None:
    bench.show_fabric(model_scenes.paired(), peers_barred=True)
    assert "policy.toml" in desk.registry.acts["join_peer"].why_not()
    assert desk.registry.acts["invite_peer"].why_not() == ""


def test_without_an_open_one_nothing_is_withdrawn(desk: Desk) -> None:
    assert desk.registry.acts["withdraw_invitation"].why_not() == "no invitation is open"


@pytest.mark.parametrize("scene", ["invite", "invitation", "join"])
def test_no_key_decides_by_accident_and_every_part_has_a_name(
    bench: Bench, desk: Desk, scene: str
) -> None:
    opens = {"invite": inviting, "invitation": invited, "join": joining}
    sheet = opens[scene](bench, desk)
    for button in sheet.findChildren(QPushButton):
        assert not button.isDefault()
        assert not button.autoDefault()
        assert button.accessibleName()
    before = list(bench.plane.calls)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
        QTest.keyClick(sheet, key)
    bench.settle()
    assert desk.decisions.sheet is sheet
    assert bench.plane.calls == before


def test_the_way_through_by_the_keyboard(bench: Bench, desk: Desk) -> None:
    sheet = inviting(bench, desk)
    assert sheet.address.hasFocus()
    seen = []
    for _ in range(12):
        QTest.keyClick(sheet.focusWidget() or sheet, Qt.Key.Key_Tab)
        focus = sheet.focusWidget()
        assert focus is not None
        seen.append(focus.objectName())
    assert seen[0] == "invite.name"
    assert {"invite.model.bge-small", "invite.calls", "invite.go"} <= set(seen)
    box = sheet.fields.models.boxes["bge-small"]
    box.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(box, Qt.Key.Key_Space)
    sheet.go.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(sheet.go, Qt.Key.Key_Space)
    bench.settle()
    assert asked(bench, "invite_peer")[0][1] == PeerWish("", ("bge-small",), 1)


def test_no_invitation_is_in_a_log_or_in_a_failure(
    bench: Bench, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bench.plane.refuse["join_peer"] = PortError("the plane is gone", code="gone")
    invited(bench, desk).reject()
    joining(bench, desk).go.click()
    bench.settle()
    assert model_scenes.WORD not in caplog.text
    assert model_scenes.WORD not in banner(desk)
    assert isinstance(bench.plane.environment, Environment)
