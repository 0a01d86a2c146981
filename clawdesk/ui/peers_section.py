"""Peers below the projects: other machines' model services, in words; folds away, and stays so."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from clawdesk.ui.nav_row import NavRow
from clawdesk.ui.safe_text import SafeLabel, clean_line, set_tip
from clawdesk.ui.words import tr
from clawdesk.viewmodels.peers import PeerRow, PeersView


class PeersSection(QWidget):
    """Shows peers; tells what a person wants of one. Hidden while there is nothing to say."""

    fold_wanted = Signal()
    shown_wanted = Signal()  # its models, on the page of models
    invite_wanted = Signal()
    join_wanted = Signal()
    withdraw_wanted = Signal()
    deafen_wanted = Signal()
    lend_wanted = Signal(str)
    revoke_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("peers")
        self.setAccessibleName(tr("Peers"))
        self._head = NavRow("peers.fold", tr("Peers"), icon="cd", font="group")
        self._head.clicked.connect(self.fold_wanted)
        self._head.add_act(tr("Invite a machine…"), self.invite_wanted.emit)
        self._head.add_act(tr("Pair with an invitation…"), self.join_wanted.emit)
        self._head.add_act(tr("Listen for peers no longer…"), self.deafen_wanted.emit)
        self._nobody = SafeLabel("", font="caption", role="fg2", wrap=True)
        self._nobody.setContentsMargins(32, 2, 8, 6)
        self._lines: dict[str, NavRow] = {}
        self.why_no_lending: Callable[[], str] = lambda: ""
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 12, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self._head)
        self._column.addWidget(self._nobody)
        self._invitation: NavRow | None = None
        self.hide()

    def show_peers(self, view: PeersView, *, folded: bool) -> None:
        """Lines are kept and changed in place, so that the keyboard and an open menu stay."""
        self.setVisible(view.shown)
        gone = sum(not row.here for row in view.rows)
        aside = ""
        if folded and view.rows:
            aside = tr("{count} away", count=gone) if gone else str(len(view.rows))
        self._head.show_state("cr" if folded else "cd", aside=aside)
        self._head.setAccessibleDescription(tr("folded") if folded else tr("unfolded"))
        self._nobody.show_text(
            tr("Nobody is paired. This machine listens at {address}.", address=view.listening)
        )
        self._nobody.setVisible(not view.rows and not folded and bool(view.listening))
        for name in [name for name in self._lines if name not in {r.name for r in view.rows}]:
            line = self._lines.pop(name)
            self._column.removeWidget(line)
            line.hide()
            line.deleteLater()
        for place, row in enumerate(view.rows, 1):
            if row.name not in self._lines:
                self._lines[row.name] = self._line(row)
                self._column.insertWidget(place, self._lines[row.name])
            self._show_line(self._lines[row.name], row)
            self._lines[row.name].setVisible(not folded)
        self._show_invitation("" if folded else view.invitation)

    def _show_invitation(self, words: str) -> None:
        """A line that shows the open invitation again."""
        line = self._invitation
        if line is not None and line.property("words") != words:
            self._invitation = None
            self._column.removeWidget(line)
            line.hide()
            line.deleteLater()
        if words and self._invitation is None:
            line = self._invitation = NavRow(
                "peers.invitation", tr("Invitation"), icon="clock", below=words
            )
            line.setProperty("words", words)
            line.clicked.connect(self.invite_wanted)
            line.add_act(tr("Show the invitation"), self.invite_wanted.emit)
            line.add_act(tr("Withdraw the invitation"), self.withdraw_wanted.emit)
            self._column.addWidget(line)

    def _line(self, row: PeerRow) -> NavRow:
        line = NavRow(f"peer.{row.name}", row.name, icon="peer", below=row.detail)
        line.clicked.connect(self.shown_wanted)
        line.add_act(tr("Show its models"), self.shown_wanted.emit)
        lend = partial(self.lend_wanted.emit, row.name)
        line.add_act(tr("Lend models…"), lend, self.why_no_lending)
        line.add_act(tr("Revoke…"), partial(self.revoke_wanted.emit, row.name))
        return line

    def _show_line(self, line: NavRow, row: PeerRow) -> None:
        line.show_state("peer", below=row.detail, aside=row.state, faint=not row.here)
        line.setAccessibleName(clean_line(f"{row.name}, {row.text}", 300))
        set_tip(line, row.tip)
        line.setAccessibleDescription(row.tip.replace("\n", ", "))
