"""Peers below the projects: other machines' model services, in words; folds away, and stays so."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from clawdesk.ui.nav_row import NavRow
from clawdesk.ui.pane import empty
from clawdesk.ui.safe_text import SafeLabel, set_tip
from clawdesk.ui.words import tr
from clawdesk.viewmodels.peers import PeerRow, PeersView


class PeersSection(QWidget):
    """Shows peers; tells what a person wants of one. Hidden while there is nothing to say."""

    fold_wanted = Signal()
    shown_wanted = Signal()  # its models, on the page of models
    invite_wanted = Signal()
    revoke_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("peers")
        self.setAccessibleName(tr("Peers"))
        self._view, self._folded = PeersView(), False
        self._shown: object = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 12, 0, 0)
        self._column.setSpacing(0)
        self.hide()

    def show_peers(self, view: PeersView, *, folded: bool) -> None:
        """Rebuilds only when a line differs, so that focus, hover and an open menu stay."""
        shown = (view.shown, view.listening, folded, [(r.name, r.text, r.tip) for r in view.rows])
        if shown == self._shown:
            return
        self._shown = shown
        held = self.focusWidget()
        held_name = held.objectName() if held is not None and self.isAncestorOf(held) else ""
        self._view, self._folded = view, folded
        empty(self._column)
        self.setVisible(view.shown)
        if not view.shown:
            return
        self._column.addWidget(self._head())
        if not folded:
            for row in view.rows:
                self._column.addWidget(self._line(row))
            if not view.rows:
                self._column.addWidget(self._nobody())
        if held_name:
            self._take_back(held_name)

    def _head(self) -> NavRow:
        """The title; folded, it tells how many there are and how many of them are away."""
        gone = sum(not row.here for row in self._view.rows)
        aside = ""
        if self._folded and self._view.rows:
            aside = tr("{count} away", count=gone) if gone else str(len(self._view.rows))
        head = NavRow(
            "peers.fold",
            tr("Peers"),
            icon="cr" if self._folded else "cd",
            font="group",
            aside=aside,
        )
        head.setAccessibleDescription(tr("folded") if self._folded else tr("unfolded"))
        head.clicked.connect(self.fold_wanted)
        head.add_act(tr("Copy the command that invites a machine"), self.invite_wanted.emit)
        return head

    def _line(self, row: PeerRow) -> NavRow:
        line = NavRow(f"peer.{row.name}", row.name, icon="peer", indent=8, below=row.text)
        line.set_faint(not row.here)
        set_tip(line, row.tip)
        line.setAccessibleDescription(row.tip.replace("\n", ", "))
        line.clicked.connect(self.shown_wanted)
        line.add_act(tr("Show its models"), self.shown_wanted.emit)
        line.add_act(tr("Revoke…"), partial(self.revoke_wanted.emit, row.name))
        return line

    def _nobody(self) -> SafeLabel:
        text = tr(
            "Nobody is paired. This machine listens at {address}.", address=self._view.listening
        )
        hint = SafeLabel(text, font="caption", role="fg2", wrap=True)
        hint.setContentsMargins(32, 2, 8, 6)
        return hint

    def _take_back(self, name: str) -> None:
        """The keyboard stays where it was when the lines are made anew."""
        for line in self.findChildren(NavRow, name):
            if not line.isHidden():
                line.setFocus()
