"""Bring a finished task's approved work into a branch; refusals and conflicts name their paths."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QLineEdit, QVBoxLayout, QWidget

from clawdesk.ports.repository import Conflicts
from clawdesk.ui import fonts
from clawdesk.ui.button import Button
from clawdesk.ui.choice_row import ChoiceRow
from clawdesk.ui.clock import Clock
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.sheet import Sheet
from clawdesk.ui.words import counted, tr


class MergeSheet(Sheet):
    """`merge_wanted` carries branch ("" = the one checked out) and one-per-checkpoint."""

    merge_wanted = Signal(str, str, bool)  # task, branch, each checkpoint
    conflicts_wanted = Signal(object, str)  # Conflicts, branch

    def __init__(
        self, parent: QWidget, clock: Clock, *, task: str, title: str, branch: str
    ) -> None:
        super().__init__("merge", parent, clock, icon="merge", role="acc")
        self._task = task
        self._sending = self._done = False
        self._found: Conflicts | None = None
        self._found_in = ""
        self._title = title
        self.show_title(tr("Merge {title}?", title=title))
        column = QVBoxLayout()
        column.setContentsMargins(44, 2, 20, 16)
        column.setSpacing(10)
        self.rules = SafeLabel(
            tr(
                "Only approved and automatic checkpoints go in; questions, prompts and "
                "rejected work stay out. Your state before is kept under refs/clawdesk/backup."
            ),
            role="fg1",
            wrap=True,
        )
        column.addWidget(self.rules)
        self.contents = SafeLabel("", wrap=True)
        self.contents.setObjectName("merge.contents")
        column.addWidget(self.contents)
        self.branch = QLineEdit(branch)
        self.branch.setObjectName("merge.branch")
        self.branch.setAccessibleName(tr("Into branch"))
        self.branch.setFont(fonts.font("body"))
        self.branch.setPlaceholderText(tr("the branch that is checked out"))
        self.branch.setMaxLength(250)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        self.into = SafeLabel(tr("Into branch"), role="fg1")
        grid.addWidget(self.into, 0, 0)
        grid.addWidget(self.branch, 0, 1)
        column.addLayout(grid)
        self.squash = ChoiceRow("merge.squash", tr("One commit (squash)"), 1, tr("default"))
        self.each = ChoiceRow("merge.each", tr("One commit per checkpoint"), 2)
        self._group = QButtonGroup(self)
        for row in (self.squash, self.each):
            self._group.addButton(row)
            column.addWidget(row)
        self.squash.setChecked(True)
        self.outcome = SafeLabel("", wrap=True, selectable=True)
        self.outcome.setObjectName("merge.result")
        self.outcome.hide()
        column.addWidget(self.outcome)
        self.paths = SafeLabel("", font="code", role="fg1", wrap=True, selectable=True)
        self.paths.setObjectName("merge.paths")
        self.paths.hide()
        column.addWidget(self.paths)
        column.addStretch(1)
        self.body.addLayout(column, 1)
        self._build_foot()
        self.squash.setFocus(Qt.FocusReason.OtherFocusReason)

    def _build_foot(self) -> None:
        self.later = Button(tr("Not now"), "merge.later", key="Esc")
        self.go = Button(tr("Merge"), "merge.go", kind="yes", icon="merge")
        self.settle = Button("", "merge.settle", kind="need", icon="cr")
        self.settle.hide()
        self.settle.clicked.connect(self._settle)
        self.later.clicked.connect(self.reject)
        self.go.clicked.connect(self._merge)
        self.foot.addStretch(1)
        self.foot.addWidget(self.settle)
        self.foot.addWidget(self.later)
        self.foot.addWidget(self.go)

    def mind_buttons(self) -> None:
        if hasattr(self, "go"):
            self.go.setEnabled(not self.guard.up and not self._sending and not self._done)

    def _merge(self) -> None:
        if self.go.isEnabled():
            self.merge_wanted.emit(self._task, self.branch.text().strip(), self.each.isChecked())

    def show_sending(self, sending: bool) -> None:
        self._sending = sending
        self.mind_buttons()

    def show_contents(self, text: str) -> None:
        """What the task changed, all in all."""
        self.contents.show_text(text)
        self._make_room()

    def show_result(self, text: str, commit: str) -> None:
        """Merged: say how and the way back, then there is nothing left but to close."""
        self._done = True
        self.show_title(tr("Merged {title}", title=self._title))
        for asked in (self.rules, self.into, self.branch, self.squash, self.each):
            asked.hide()
        back = tr(
            "To take it back: “Undo the merge” in the menu, or git revert {commit}",
            commit=commit[:12],
        )
        text = f"{text}\n{back}" if commit and not self.each.isChecked() else text
        self.outcome.set_role("ok")
        self.outcome.show_text(text)
        self.outcome.show()
        self.paths.hide()
        self.later.show_text(tr("Close"))
        self.later.setFocus(Qt.FocusReason.OtherFocusReason)
        self.go.hide()
        self._activated()
        self.resize(self.fitted(self.width()))

    def show_refusal(
        self, text: str, mend: str, paths: Sequence[str] = (), found: Conflicts | None = None
    ) -> None:
        """Not merged, nothing changed: why, what to do, and which paths.

        Args:
            found: conflicts that can be settled here, file by file.
        """
        self._found, self._found_in = found, self.branch.text().strip()
        count = len(found.files) if found is not None else 0
        self.settle.show_text(
            counted(count, "Settle {count} file here…", "Settle {count} files here…")
        )
        self.settle.setVisible(found is not None)
        self.outcome.set_role("bad")
        self.outcome.show_text(f"{text} {mend}".strip())
        self.outcome.show()
        listed = "\n".join(paths[:20]) + (
            "\n" + tr("… and {count} more", count=len(paths) - 20) if paths[20:] else ""
        )
        self.paths.show_text(listed)
        self.paths.setVisible(bool(paths))
        self._make_room()

    def _make_room(self) -> None:
        self._activated()
        # Wrapped sentences need the height of their width, which no size hint knows.
        self.resize(self.width(), max(self.height(), self.fitted(self.width()).height()))

    def _activated(self) -> None:
        """Inner layouts still have the height of the words before."""
        layout = self.layout()
        assert layout is not None
        layout.activate()

    def _settle(self) -> None:
        if self._found is not None and not self._sending:
            self.conflicts_wanted.emit(self._found, self._found_in)

    def sizeHint(self) -> QSize:
        return QSize(560, 372)  # what it changes is read a moment later, and needs room
