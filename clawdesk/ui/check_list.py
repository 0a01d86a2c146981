"""The checks of this machine in groups: found or not, why it matters, the command that mends."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from clawdesk.ui.badge import Icon
from clawdesk.ui.button import Button
from clawdesk.ui.command_text import CommandText
from clawdesk.ui.pane import Ground, empty
from clawdesk.ui.safe_text import SafeLabel, clean_line
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import tr
from clawdesk.viewmodels.doctor import CheckGroup, CheckView
from clawdesk.viewmodels.phases import Family

_NAME = 160


class _Command(QWidget):
    """The mending command, framed, with Copy."""

    def __init__(self, name: str, command: str) -> None:
        super().__init__()
        self.setMinimumHeight(32)
        self._command = command
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 6, 4, 6)
        row.setSpacing(8)
        # Whole, on as many lines as it needs: a command that is cut cannot be judged.
        row.addWidget(CommandText(command), 1)
        copy = Button(
            tr("Copy"),
            f"check.{name}.copy",
            kind="ghost",
            icon="copy",
            size="sm",
            spoken=tr("Copy the command that mends {name}", name=name),
        )
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._command))
        row.addWidget(copy)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour("line2"), 1))
        painter.setBrush(colour("bg0"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)


class CheckRow(Ground):
    """One check; "Show fix" unfolds why and the command."""

    check_wanted = Signal()

    def __init__(self, view: CheckView, *, last: bool) -> None:
        super().__init__("bg1", "" if last else "b")
        name = clean_line(view.name, 60)
        self.setObjectName(f"check.{name}")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 0, 16, 0)
        whole.setSpacing(0)
        first = QHBoxLayout()
        first.setSpacing(12)
        first.addWidget(Icon(view.icon, view.family.value))
        label = SafeLabel(view.name, elide=True)
        label.setFixedWidth(_NAME - 28)
        first.addWidget(label)
        first.addWidget(SafeLabel(view.found, role="fg1", wrap=True), 1)
        if view.word:
            first.addWidget(SafeLabel(view.word, font="chip", role=view.family.value))
        box = QWidget()
        box.setMinimumHeight(40)
        box.setLayout(first)
        first.setContentsMargins(0, 6, 0, 6)
        whole.addWidget(box)
        self.setAccessibleName(f"{name}: {view.found}, {view.word or tr('ready')}")
        self._name, self._command = name, view.command
        if not view.why and not view.works and not view.command:
            return
        self._more = self._details(view, name)
        whole.addWidget(self._more)
        if view.open:
            self.fix = Button("", f"check.{name}.fix", size="sm")
            self.fix.clicked.connect(self._toggle)
            first.addWidget(self.fix)
        self._more.setVisible(view.family is Family.BAD)
        self._mind_word()

    def _details(self, view: CheckView, name: str) -> QWidget:
        more = QWidget()
        column = QVBoxLayout(more)
        column.setContentsMargins(28, 0, 0, 14)
        column.setSpacing(8)
        said = QVBoxLayout()
        said.setSpacing(4)
        for title, text in ((tr("Why"), view.why), (tr("Still works"), view.works)):
            if not text:
                continue
            line = QHBoxLayout()
            key: QLabel = SafeLabel(title, role="fg2")
            key.setFixedWidth(_NAME - 28)
            line.setSpacing(12)
            line.addWidget(key, 0, Qt.AlignmentFlag.AlignTop)
            line.addWidget(SafeLabel(text, role="fg1", wrap=True), 1)
            said.addLayout(line)
        column.addLayout(said)
        if view.command:
            line = QHBoxLayout()
            line.setSpacing(8)
            line.addWidget(_Command(name, view.command), 1)
            again = Button(tr("Check again"), f"check.{name}.again", icon="restore", size="sm")
            again.clicked.connect(self.check_wanted)
            line.addWidget(again)
            column.addLayout(line)
        return more

    def _toggle(self) -> None:
        self._more.setVisible(not self._more.isVisible())
        self._mind_word()

    def _mind_word(self) -> None:
        if not hasattr(self, "fix"):
            return
        if not self._more.isHidden():
            self.fix.show_text(tr("Hide"), tr("Hide how to mend {name}", name=self._name))
        elif self._command:
            self.fix.show_text(tr("Show fix"), tr("Show how to mend {name}", name=self._name))
        else:
            self.fix.show_text(tr("Why"), tr("Why {name} is limited", name=self._name))


class CheckList(QWidget):
    """All groups in one frame."""

    check_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("checks")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(1, 1, 1, 1)
        self._column.setSpacing(0)
        self.show_text(tr("Looking at this machine…"))

    def show_text(self, text: str) -> None:
        """A sentence instead of the list."""
        self._clear()
        label = SafeLabel(text, role="fg2")
        label.setContentsMargins(16, 12, 16, 12)
        self._column.addWidget(label)

    def _clear(self) -> None:
        empty(self._column)

    def show_groups(self, groups: Sequence[CheckGroup]) -> None:
        self._clear()
        for group in groups:
            head = Ground("bg2", "b")
            head.setFixedHeight(36)
            row = QHBoxLayout(head)
            row.setContentsMargins(16, 0, 16, 0)
            row.addWidget(SafeLabel(group.title, font="label"), 1)
            row.addWidget(SafeLabel(group.tally, font="small", role="fg2"))
            self._column.addWidget(head)
            for check in group.checks:
                last = group is groups[-1] and check is group.checks[-1]
                line = CheckRow(check, last=last)
                line.check_wanted.connect(self.check_wanted)
                self._column.addWidget(line)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour("line2"), 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
