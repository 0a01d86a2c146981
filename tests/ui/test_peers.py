"""Peers in the window: hidden where there are none, in words, folded, invited and revoked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QLabel, QMenu

from clawdesk.ports.models import Peering
from clawdesk.runtime.api import Outcome
from clawdesk.ui import search
from clawdesk.ui.ask_sheet import AskSheet
from clawdesk.ui.button import Button
from clawdesk.ui.guard import GUARD_MS
from clawdesk.ui.main_window import Page
from clawdesk.ui.nav_row import NavRow
from tests.support import model_scenes

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk
    from tests.ui.conftest import Bench


@pytest.fixture
def desk(bench: Bench) -> Desk:
    """A window on a machine with one peer that is here and one that is away."""
    return bench.open_paired()


def lines(desk: Desk) -> dict[str, NavRow]:
    found = desk.window.projects.peers.findChildren(NavRow)
    return {line.objectName(): line for line in found if not line.isHidden()}


def menu_of(line: NavRow) -> QMenu:
    where = QPoint(5, 5)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, where, line.mapToGlobal(where))
    QApplication.sendEvent(line, event)
    (menu,) = line.findChildren(QMenu)
    return menu


def test_without_a_peer_nothing_new_is_shown(bench: Bench, desk: Desk) -> None:
    for nobody in (Peering(), None):
        bench.show_fabric(replace(model_scenes.busy(), peering=nobody))
        assert desk.window.projects.peers.isHidden()
        assert desk.window.models.loans.isHidden()
        assert desk.registry.acts["fold_peers"].why_not()
    bench.show_fabric(model_scenes.paired())
    assert not desk.window.projects.peers.isHidden()


def test_each_peer_is_said_in_words(desk: Desk) -> None:
    found = lines(desk)
    assert found["peer.lab2"].accessibleName() == "lab2, here, lends 2 models"
    assert found["peer.nas"].accessibleName() == "nas, away, last seen 14 m ago"
    assert model_scenes.PRINT in found["peer.lab2"].toolTip()
    assert "nas does not answer at nas.example:7443" in found["peer.nas"].accessibleDescription()


def test_who_listens_and_knows_nobody_says_so(bench: Bench, desk: Desk) -> None:
    bench.show_fabric(replace(model_scenes.busy(), peering=Peering("0.0.0.0:7443")))
    texts = [label.text() for label in desk.window.projects.peers.findChildren(QLabel)]
    assert any("Nobody is paired" in text and "0.0.0.0:7443" in text for text in texts)


def test_folded_they_stay_folded_and_tell_how_many_are_away(bench: Bench, desk: Desk) -> None:
    lines(desk)["peers.fold"].click()
    bench.settle()
    assert list(lines(desk)) == ["peers.fold"]
    assert lines(desk)["peers.fold"].accessibleName() == "Peers, 1 away"
    assert desk.memory.peers_folded()
    bench.leave()
    again = bench.open()
    assert list(lines(again)) == ["peers.fold"]
    again.registry.trigger("fold_peers")
    bench.settle()
    assert "peer.lab2" in lines(again)


def test_the_keyboard_and_an_open_menu_stay_while_figures_change(bench: Bench, desk: Desk) -> None:
    line = lines(desk)["peer.lab2"]
    line.setFocus(Qt.FocusReason.TabFocusReason)
    menu = menu_of(line)
    busier = replace(model_scenes.LAB2, borrowed_in_flight=3)
    peering = replace(model_scenes.PEERING, peers=(busier, model_scenes.NAS))
    bench.show_fabric(replace(model_scenes.paired(), peering=peering))
    assert lines(desk)["peer.lab2"] is line
    assert menu.isVisible()
    menu.close()
    gone = replace(busier, state="away", last_seen_s=20)
    bench.show_fabric(replace(model_scenes.paired(), peering=replace(peering, peers=(gone,))))
    assert lines(desk)["peer.lab2"].hasFocus(), "the keyboard stays with it"


def test_a_click_shows_what_is_borrowed_and_lent(desk: Desk) -> None:
    lines(desk)["peer.lab2"].click()
    assert desk.window.page is Page.MODELS
    loans = desk.window.models.loans
    assert not loans.isHidden()
    said = [line.accessibleName() for line in loans.lines.values()]
    assert said[0] == "lab2/qwen3-235b, Here, 4 calls at once · 1 in flight"
    assert "lab2/qwen3-235b" not in desk.window.models.models.lines


def test_revoking_asks_before_and_says_what_ends(bench: Bench, desk: Desk) -> None:
    menu = menu_of(lines(desk)["peer.lab2"])
    revoke = next(action for action in menu.actions() if "Revoke" in action.text())
    revoke.trigger()
    menu.close()
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, AskSheet)
    assert not any(call[0] == "revoke_peer" for call in bench.plane.calls)
    texts = " ".join(label.text() for label in sheet.findChildren(QLabel))
    assert "1 call of its own that is answered here breaks off." in texts
    bench.clock.advance(GUARD_MS)
    go = sheet.findChild(Button, "revoke.go")
    assert go is not None
    go.click()
    bench.settle()
    assert ("revoke_peer", "lab2") in bench.plane.calls


def test_a_refused_revocation_is_said(bench: Bench, desk: Desk) -> None:
    bench.plane.answers["revoke_peer"] = Outcome(False, "Peer nas is not revoked: no such peer")
    desk.peers._revoke("nas")
    bench.settle()
    texts = [label.text() for label in desk.window.banner.findChildren(QLabel)]
    assert any("Peer nas is not revoked" in text for text in texts)


def test_the_palette_revokes_each(desk: Desk) -> None:
    entries = {entry.text: entry for entry in search.entries(desk)}
    assert entries["Revoke nas…"].detail == "away, last seen 14 m ago"


def test_whose_calls_run_and_wait_stands_with_the_peer_and_with_what_it_is_lent(
    bench: Bench, desk: Desk
) -> None:
    bench.show_fabric(model_scenes.busy_peers())
    line = lines(desk)["peer.lab2"]
    assert line.accessibleName() == "lab2, here, 1 call runs, 2 wait"
    assert "Its calls here: 1 call runs, 2 wait" in line.accessibleDescription()
    assert "lends 2 models" in line.accessibleDescription()
    desk.registry.trigger("models")
    said = [line.accessibleName() for line in desk.window.models.loans.lines.values()]
    assert "bge-small, lent to lab2, Here, 2 calls at once · 1 call runs, 2 wait" in said


def test_the_bar_says_that_one_is_away(bench: Bench, desk: Desk) -> None:
    words = [label.text() for label in desk.window.status.findChildren(QLabel)]
    assert "Fabric ok, 1 peer away" in words


@pytest.mark.parametrize("wide", [1024, 1440])
def test_nothing_in_the_bar_is_cut(bench: Bench, desk: Desk, wide: int) -> None:
    """What has no room is left out as a whole; health is always there."""
    desk.window.resize(wide, 700)
    bench.settle()
    shown = [label for label in desk.window.status.findChildren(QLabel) if label.isVisible()]
    assert "Fabric ok, 1 peer away" in [label.text() for label in shown]
    assert {"libvirt ok", "Docker ok"} <= {label.text() for label in shown}
    cut = [label.text() for label in shown if label.width() < label.sizeHint().width()]
    assert not cut


def test_names_of_others_are_plain_text(bench: Bench, desk: Desk) -> None:
    bad = replace(
        model_scenes.NAS, name=model_scenes.HOSTILE, why=model_scenes.HOSTILE, address="<b>x</b>"
    )
    bench.show_fabric(replace(model_scenes.paired(), peering=Peering(peers=(bad,))))
    for line in lines(desk).values():
        for said in (line.accessibleName(), line.objectName()):
            assert "\x1b" not in said
            assert "\u202e" not in said
        assert "<b>" not in line.toolTip()
