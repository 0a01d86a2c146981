"""What was measured of two sides: a line each, a tick where one did with less."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clawdesk.ui.badge import Icon
from clawdesk.ui.pane import Ground
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.words import tr
from clawdesk.viewmodels.compare import Fact, SideView

ROW, HEAD = 30, 52
NAME = 124


class _Cell(QWidget):
    """A value, with a tick before it or the room for one."""

    def __init__(self, text: str, *, better: bool) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.setSpacing(6)
        tick = Icon("check", "ok", 14)
        policy = tick.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        tick.setSizePolicy(policy)
        tick.setVisible(better)
        row.addWidget(tick)
        row.addWidget(SafeLabel(text, elide=True), 1)


class _Line(Ground):
    def __init__(self, fact: Fact) -> None:
        super().__init__("bg1", "b")
        self.setFixedHeight(ROW)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 8, 0)
        row.setSpacing(8)
        name = SafeLabel(fact.name, font="small", role="fg2", elide=True)
        name.setFixedWidth(NAME)
        row.addWidget(name)
        row.addWidget(_Cell(fact.left, better=fact.better == "left"), 1)
        row.addWidget(_Cell(fact.right, better=fact.better == "right"), 1)
        less = {"left": tr(", A less"), "right": tr(", B less")}.get(fact.better, "")
        self.setAccessibleName(
            tr(
                "{name}: A {left}, B {right}{less}",
                name=fact.name,
                left=fact.left,
                right=fact.right,
                less=less,
            )
        )


class _Head(Ground):
    """The two columns by letter, state and name."""

    def __init__(self) -> None:
        super().__init__("bg2", "b")
        self.setFixedHeight(HEAD)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 8, 0)
        row.setSpacing(8)
        hint = SafeLabel(tr("Measured"), font="small", role="fg2")
        hint.setFixedWidth(NAME)
        row.addWidget(hint)
        self._columns = []
        for _ in range(2):
            column = QVBoxLayout()
            column.setSpacing(1)
            column.setContentsMargins(20, 8, 0, 8)
            top, title = QHBoxLayout(), SafeLabel("", font="small", role="fg1", elide=True)
            mark, state = SafeLabel("", font="label"), SafeLabel("", font="small", elide=True)
            top.setSpacing(6)
            top.addWidget(mark)
            top.addWidget(state, 1)
            column.addLayout(top)
            column.addWidget(title)
            row.addLayout(column, 1)
            self._columns.append((mark, state, title))

    def show_sides(self, sides: Sequence[SideView]) -> None:
        for side, (mark, state, title) in zip(sides, self._columns, strict=True):
            mark.show_text(side.letter)
            state.show_text(side.state)
            state.set_role(side.family.value)
            title.show_text(side.title)


class FactTable(Ground):
    """Rebuilt only when a line differs."""

    def __init__(self) -> None:
        super().__init__("bg1")
        self.setObjectName("compare.facts")
        self._shown: tuple[Fact, ...] | None = None
        self._rows: list[_Line] = []
        self._head = _Head()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._column.addWidget(self._head)
        self._note = Ground("bg1", "b")
        self._note.setFixedHeight(ROW)
        row = QHBoxLayout(self._note)
        row.setContentsMargins(16, 0, 8, 0)
        row.addWidget(Icon("check", "ok", 14))
        row.addWidget(SafeLabel(tr("did with less"), font="small", role="fg2"), 1)

    @property
    def need(self) -> int:
        """How high all of it is, in px."""
        return HEAD + ROW * (len(self._rows) + (not self._note.isHidden()))

    def show_facts(self, left: SideView, right: SideView, facts: tuple[Fact, ...]) -> None:
        self._head.show_sides((left, right))
        if facts == self._shown:
            return
        self._shown = facts
        for line in self._rows:
            self._column.removeWidget(line)
            line.deleteLater()
        self._column.removeWidget(self._note)
        self._rows = [_Line(fact) for fact in facts]
        for line in self._rows:
            self._column.addWidget(line)
        self._column.addWidget(self._note)
        self._note.setVisible(any(fact.better for fact in facts))
