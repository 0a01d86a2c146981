"""A calm strip above the panes: what happened, why, the next step, and the details to copy."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from clawdesk.ui.announce import announce
from clawdesk.ui.badge import Icon
from clawdesk.ui.button import Button
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import tr


@dataclass(frozen=True, slots=True)
class Notice:
    """`family` is bad, need, ok or run; `act` is an act, its words, and the task it is for."""

    family: str
    what: str
    next_step: str = ""
    details: str = ""
    act: tuple[str, str, str] = ("", "", "")


_ICONS = {"bad": "xc", "need": "warn", "ok": "okc", "run": "note"}


class Banner(QWidget):
    """Shows the newest notice until it is closed or replaced."""

    act_wanted = Signal(str, str)  # act, task

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("banner")
        self.notice: Notice | None = None
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._icon = Icon("xc", "bad")
        self._what = SafeLabel("", font="button", wrap=True, selectable=True)
        self._what.setObjectName("banner.what")
        self._next = SafeLabel("", role="fg1", wrap=True, selectable=True)
        self._next.setObjectName("banner.next")
        self._act = Button(tr("Act"), "banner.act", size="sm")
        self._copy = Button(tr("Copy details"), "banner.copy", icon="copy", size="sm")
        self._close = Button(
            "", "banner.close", kind="ghost", icon="x", size="sm", spoken=tr("Close")
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(10)
        top = Qt.AlignmentFlag.AlignTop
        words = QVBoxLayout()
        words.setContentsMargins(0, 3, 0, 3)
        words.setSpacing(2)
        words.addWidget(self._what)
        words.addWidget(self._next)
        sign = QVBoxLayout()
        sign.setContentsMargins(0, 4, 0, 0)  # on the first line, which the buttons' words are on
        sign.addWidget(self._icon)
        sign.addStretch(1)
        row.addLayout(sign)
        row.addLayout(words, 1)
        for button in (self._act, self._copy, self._close):
            row.addWidget(button, 0, top)
        self._act.clicked.connect(self._do)
        self._copy.clicked.connect(self._copy_details)
        self._close.clicked.connect(self.hide)
        self.hide()

    def show_notice(self, notice: Notice) -> None:
        self.notice = notice
        self._icon.show_icon(_ICONS[notice.family], notice.family)
        self._what.show_text(notice.what)
        self._next.show_text(notice.next_step)
        self._next.setVisible(bool(notice.next_step))
        self._copy.setVisible(bool(notice.details))
        self._act.setVisible(bool(notice.act[0]))
        if self._act.words != notice.act[1]:
            self._act.show_text(notice.act[1])
        said = f"{notice.what} {notice.next_step}"
        if said != self.accessibleName() or self.isHidden():
            announce(self, said)
        self.setAccessibleName(said)
        self.show()
        self.update()

    @property
    def fails(self) -> bool:
        """Whether it says that something failed."""
        return self.notice is not None and self.notice.family == "bad" and not self.isHidden()

    def hide_failure(self) -> None:
        """Something went well: what had failed before is past, what was told is not."""
        if self.fails:
            self.hide()

    def _do(self) -> None:
        if self.notice is not None:
            act, _, task = self.notice.act
            self.hide()
            self.act_wanted.emit(act, task)

    def _copy_details(self) -> None:
        if self.notice is not None:
            QGuiApplication.clipboard().setText(self.notice.details)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        family = self.notice.family if self.notice else "run"
        painter.fillRect(self.rect(), colour(f"{family}-bg"))
        painter.fillRect(QRect(0, self.height() - 1, self.width(), 1), colour(f"{family}-ln"))
