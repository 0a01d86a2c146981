"""The settings page's section about OpenClaw: state, the step that mends it, what it shows now.

Shows values and emits what a person wants; `ChannelSetUp` asks the plane.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clawdesk.ui.badge import Icon
from clawdesk.ui.button import Button
from clawdesk.ui.pane import empty
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.words import tr
from clawdesk.viewmodels.channel import ChannelPage

_STATE_WIDE = 180


class ChannelSection(QWidget):
    """One column; `show_page` makes it look like a value."""

    add_wanted = Signal()
    test_wanted = Signal()
    remove_wanted = Signal()
    again_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("settings.channel")
        self._page: ChannelPage | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(self._head())
        self.text = SafeLabel(role="fg1", wrap=True)
        self.text.setObjectName("settings.channel.text")
        column.addWidget(self.text)
        self._mend = QWidget()
        column.addWidget(self._mend)
        self._mend_row()
        column.addLayout(self._buttons())
        self.outcome = SafeLabel(wrap=True, selectable=True)
        self.outcome.setObjectName("settings.channel.outcome")
        self.outcome.hide()
        column.addWidget(self.outcome)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(4)
        column.addLayout(self._rows)

    # -- building ------------------------------------------------------------------------------
    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self._icon = Icon("spin", "mute")
        self.state = SafeLabel(tr("Checking"))
        self.state.setObjectName("settings.channel.state")
        self._address = SafeLabel(font="code", role="fg1", elide=True, selectable=True)
        row.addWidget(self._icon)
        row.addWidget(self.state)
        row.addWidget(self._address, 1)
        return row

    def _mend_row(self) -> None:
        row = QHBoxLayout(self._mend)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.mend = SafeLabel(wrap=True, selectable=True)
        self.mend.setObjectName("settings.channel.mend")
        self.copy = Button(
            tr("Copy"),
            "settings.channel.copy",
            kind="ghost",
            icon="copy",
            size="sm",
            spoken=tr("Copy the command"),
        )
        self.copy.clicked.connect(self._copy)
        row.addWidget(self.mend, 1)
        row.addWidget(self.copy)
        self._mend.hide()

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.add = Button(tr("Set up…"), "settings.channel.add", size="sm")
        self.change = Button(tr("Change…"), "settings.channel.change", size="sm")
        self.test = Button(tr("Send a test message"), "settings.channel.test", size="sm")
        self.again = Button(tr("Try again"), "settings.channel.again", size="sm")
        self.remove = Button(tr("Remove…"), "settings.channel.remove", kind="danger", size="sm")
        for button, signal in (
            (self.add, self.add_wanted),
            (self.change, self.add_wanted),
            (self.test, self.test_wanted),
            (self.again, self.again_wanted),
            (self.remove, self.remove_wanted),
        ):
            button.clicked.connect(signal)
            button.hide()
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _copy(self) -> None:
        if self._page is not None:
            QGuiApplication.clipboard().setText(self._page.command)

    # -- showing -------------------------------------------------------------------------------
    def show_page(self, page: ChannelPage) -> None:
        """Idempotent; cheap when nothing changed."""
        if page == self._page:
            return
        self._page = page
        self._icon.show_icon(page.icon, page.family.value)
        self.state.show_text(page.state)
        self._address.show_text(page.address)
        self.text.show_text(page.text)
        self.mend.show_text(page.mend)
        self._mend.setVisible(bool(page.mend))
        self.copy.setVisible(bool(page.command))
        self.add.setVisible(not page.is_set_up)
        self.change.setVisible(page.is_set_up)
        self.test.setVisible(page.can_test)
        self.again.setVisible(page.is_set_up and not page.can_test)
        self.remove.setVisible(page.is_set_up)
        self._show_rows(page)

    def _show_rows(self, page: ChannelPage) -> None:
        empty(self._rows)
        for title, how in (*page.rows, *((("", page.more),) if page.more else ())):
            line = QWidget()
            row = QHBoxLayout(line)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(8)
            name = SafeLabel(title, role="fg1", elide=True)
            name.setFixedWidth(_STATE_WIDE)
            row.addWidget(name)
            row.addWidget(SafeLabel(how, role="fg1", wrap=True), 1)
            line.setAccessibleName(f"{title}: {how}" if title else how)
            self._rows.addWidget(line)

    def show_outcome(self, text: str, role: str) -> None:
        """What came of the last act; "" takes it away."""
        self.outcome.set_role(role)
        self.outcome.show_text(text)
        self.outcome.setVisible(bool(text))

    def show_testing(self, testing: bool) -> None:
        """A test message is out, and somebody may tap it."""
        self.test.setEnabled(not testing)
        said = tr("A test message was sent. Tap any of its buttons; this waits for a minute.")
        self.show_outcome(said if testing else "", "fg1")
