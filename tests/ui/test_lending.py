"""What is lent to a paired machine: shown as it is, changed, refused, and why it cannot be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QWidget

from clawdesk.domain.model import Reason
from clawdesk.ports.errors import InferenceError
from clawdesk.ports.models import Loan, Peering
from clawdesk.ports.pairing import PeerWish
from clawdesk.runtime.api import Outcome
from clawdesk.runtime.watch import NOT_DRIVEN
from clawdesk.ui.guard import GUARD_MS
from clawdesk.ui.lend_sheet import LendSheet
from clawdesk.ui.nav_row import NavRow
from tests.support import model_scenes

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk
    from tests.ui.conftest import Bench


@pytest.fixture
def desk(bench: Bench) -> Desk:
    """A window on a machine with one peer that is here and one that is away."""
    return bench.open_paired()


def opened(bench: Bench, desk: Desk) -> LendSheet:
    """The sheet, after its guard."""
    bench.clock.advance(GUARD_MS)
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, LendSheet)
    return sheet


def ticked(sheet: LendSheet) -> list[str]:
    return [model for model, box in sheet.fields.models.boxes.items() if box.isChecked()]


def texts(within: QWidget) -> list[str]:
    return [label.text() for label in within.findChildren(QLabel)]


def lent(bench: Bench) -> list[object]:
    return [call[1] for call in bench.plane.calls if call[0] == "lend_to_peer"]


def menu_lines(desk: Desk, peer: str) -> dict[str, bool]:
    """The lines of a peer's menu, and whether each can be chosen."""
    (line,) = [
        row
        for row in desk.window.projects.peers.findChildren(NavRow)
        if row.objectName() == f"peer.{peer}"
    ]
    where = QPoint(5, 5)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, where, line.mapToGlobal(where))
    QApplication.sendEvent(line, event)
    (menu,) = [menu for menu in line.findChildren(QMenu) if menu.isVisible()]
    found = {action.text(): action.isEnabled() for action in menu.actions()}
    menu.close()
    return found


def test_what_is_lent_now_is_ticked_and_changed(bench: Bench, desk: Desk) -> None:
    loan = model_scenes.LAB2.lent
    assert loan.models
    desk.peers.lend("lab2")
    sheet = opened(bench, desk)
    assert sheet.peer.currentData() == "lab2"
    assert ticked(sheet) == list(loan.models)
    assert sheet.fields.calls.text() == str(loan.calls)
    assert all(model in sheet.now.text() for model in loan.models)
    for box in sheet.fields.models.boxes.values():
        box.setChecked(False)
    sheet.fields.models.boxes["qwen3-32b"].setChecked(True)
    sheet.fields.calls.setText("3")
    assert "qwen3-32b, 3 calls at a time" in sheet.fields.words.text()
    done = "Peer lab2 may use nothing of this machine."
    bench.plane.answers["lend_to_peer"] = Outcome(True, done)
    sheet.go.click()
    bench.settle()
    assert lent(bench) == [PeerWish("lab2", ("qwen3-32b",), 3)]
    assert desk.decisions.sheet is None
    assert any(done in text for text in texts(desk.window.banner))


def test_another_peer_has_what_is_lent_to_it(bench: Bench, desk: Desk) -> None:
    peers = (model_scenes.LAB2, replace(model_scenes.NAS, lent=Loan((), 0)))
    peering = replace(model_scenes.PEERING, peers=peers)
    bench.show_fabric(replace(model_scenes.paired(), peering=peering))
    desk.registry.trigger("lend_to_peer")
    sheet = opened(bench, desk)
    sheet.peer.setCurrentIndex(sheet.peer.findData("nas"))
    assert (ticked(sheet), sheet.now.text(), sheet.fields.calls.text()) == ([], "nothing", "1")
    sheet.go.click()
    bench.settle()
    assert lent(bench) == [PeerWish("nas", (), 1)]


def test_what_is_lent_and_cannot_be_any_more_can_be_taken_back(bench: Bench, desk: Desk) -> None:
    gone = replace(model_scenes.LAB2, lent=Loan(("was-here",), 2))
    bench.show_fabric(
        replace(model_scenes.paired(), peering=replace(model_scenes.PEERING, peers=(gone,))),
    )
    desk.peers.lend("lab2")
    sheet = opened(bench, desk)
    assert ticked(sheet) == ["was-here"]


def test_a_refusal_is_said_and_the_sheet_stays(bench: Bench, desk: Desk) -> None:
    bench.plane.refuse["lend_to_peer"] = InferenceError("there is no peer 'lab2'; known: nas")
    desk.peers.lend("lab2")
    sheet = opened(bench, desk)
    sheet.fields.calls.setText("65")
    sheet.go.click()
    assert "from 1 to 64" in sheet.outcome.text()
    assert not lent(bench), "nothing was asked"
    sheet.fields.calls.setText("64")
    sheet.go.click()
    bench.settle()
    assert sheet.outcome.text() == "There is no peer 'lab2'; known: nas."
    assert desk.decisions.sheet is sheet
    assert sheet.go.isEnabled(), "it can be tried again"


def test_where_nothing_can_be_lent_it_is_said_why(bench: Bench, desk: Desk) -> None:
    act = desk.registry.acts["lend_to_peer"]
    assert act.why_not() == ""
    assert menu_lines(desk, "lab2")["Lend models…"]
    bench.plane.state.environment = Reason(NOT_DRIVEN, "Another ClawDesk drives the machines.")
    why = "Another ClawDesk drives the machines."
    assert act.why_not() == why
    assert not menu_lines(desk, "lab2")[f"Lend models…   ({why})"]
    entries = {entry.text: entry for entry in desk.peers.entries()}
    assert entries["Lend models to lab2…"].why_not == why
    desk.peers.lend("lab2")
    assert desk.decisions.sheet is None


def test_without_a_peer_there_is_nobody_to_lend_to(bench: Bench, desk: Desk) -> None:
    bench.show_fabric(replace(model_scenes.paired(), peering=Peering("box:7000")))
    assert desk.registry.acts["lend_to_peer"].why_not() == "no peer is paired"
    desk.registry.trigger("lend_to_peer")
    assert desk.decisions.sheet is None


def test_each_peer_stands_in_the_palette(bench: Bench, desk: Desk) -> None:
    entries = {entry.text: entry for entry in desk.peers.entries()}
    entries["Lend models to nas…"].run()
    assert opened(bench, desk).peer.currentData() == "nas"


def test_where_nobody_can_come_that_is_said(bench: Bench, desk: Desk) -> None:
    deaf = replace(model_scenes.PEERING, listening="")
    bench.show_fabric(replace(model_scenes.paired(), peering=deaf))
    desk.peers.lend("lab2")
    assert any("does not listen" in text for text in texts(opened(bench, desk)))
