"""The left column of a review: files, risk, comments, steps, machine, the user's own edits."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from clawdesk.ui import tokens
from clawdesk.ui.badge import Icon
from clawdesk.ui.comment_list import CommentList
from clawdesk.ui.file_list import FileList
from clawdesk.ui.pane import Ground, empty
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.split import UpperFirst
from clawdesk.ui.tick_box import TickBox
from clawdesk.ui.words import counted, tr
from clawdesk.viewmodels.amounts import few_paths
from clawdesk.viewmodels.inbox import CheckpointView
from clawdesk.viewmodels.review import Draft, taken
from clawdesk.viewmodels.risk import RiskView, level_words, risk_view

WIDTH = 288
FILES_MIN = 3
FILES_SHARE = 0.6
"""Of the height below the head: the risk below the files stays in sight."""
_LEVELS = {"low": ("okc", "ok"), "medium": ("warn", "need"), "high": ("need", "bad")}


class ReviewSide(Ground):
    """`ticked` tells a path and its box; `all_ticked` the box above them."""

    ticked = Signal(str, bool)
    all_ticked = Signal(bool)

    def __init__(self, name: str) -> None:
        super().__init__("bg1", "tr")
        self.setFixedWidth(WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 1, 1, 0)
        column.setSpacing(0)
        self.all = TickBox(f"{name}.all", tr("Take all files"))
        self.all.clicked.connect(
            lambda: self.all_ticked.emit(self.all.state is not Qt.CheckState.Checked)
        )
        self._count = SafeLabel("", font="label")
        self._count.setObjectName(f"{name}.count")
        self._added = SafeLabel("", font="chip", role="ok")
        self._removed = SafeLabel("", font="chip", role="bad")
        head = QHBoxLayout()
        head.setContentsMargins(10, 0, 12, 0)
        head.setSpacing(6)
        head.addWidget(self.all)
        head.addWidget(self._count, 1)
        head.addWidget(self._added)
        head.addWidget(self._removed)
        box = QWidget()
        box.setFixedHeight(36)
        box.setLayout(head)
        column.addWidget(box)
        self.files = FileList(f"{name}.files")
        self.files.ticked.connect(self.ticked)
        self.split = UpperFirst(f"{name}.split", FILES_SHARE)
        self.split.addWidget(self.files)
        self.split.addWidget(self._sections(name))
        column.addWidget(self.split, 1)

    def _sections(self, name: str) -> QWidget:
        inner = Ground("bg1")
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._level = SafeLabel("", font="chip")
        self._level.setObjectName(f"{name}.risk")
        self._level_icon = Icon("okc", "ok", 14)
        level = QWidget()
        beside = QHBoxLayout(level)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(5)
        beside.addWidget(self._level_icon)
        beside.addWidget(self._level)
        risk = self._section(column, tr("Risk"), level)
        self._risk = QVBoxLayout()
        self._risk.setSpacing(6)
        risk.addLayout(self._risk)
        self._shown_risk: RiskView | None = None
        comments = self._section(column, tr("Comments"), None)
        comments.setContentsMargins(0, 10, 0, 8)
        self.comments = CommentList(f"{name}.comments")
        comments.addWidget(self.comments)
        self.ran = SafeLabel("", font="small", role="fg1", wrap=True)
        self.ran.setObjectName(f"{name}.ran")
        self._section(column, tr("What the task ran"), None).addWidget(self.ran)
        self._machine = SafeLabel("", font="small", role="fg1", wrap=True)
        self._section(column, tr("Machine"), None).addWidget(self._machine)
        self._own = SafeLabel("", font="small", role="fg1", wrap=True)
        self._section(column, tr("Your own edits"), None).addWidget(self._own)
        column.addStretch(1)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName(tr("What to know before deciding"))
        area.setWidget(inner)
        return area

    @staticmethod
    def _section(column: QVBoxLayout, title: str, beside: QWidget | None) -> QVBoxLayout:
        box = Ground("bg1", "t")
        inner = QVBoxLayout(box)
        inner.setContentsMargins(12, 10, 12, 12)
        inner.setSpacing(4)
        head = QHBoxLayout()
        label = SafeLabel(title, font="label")
        if title == tr("Comments"):
            label.setContentsMargins(12, 0, 0, 0)
        head.addWidget(label, 1)
        if beside is not None:
            head.addWidget(beside)
        inner.addLayout(head)
        column.addWidget(box)
        return inner

    def show_view(self, view: CheckpointView, draft: Draft) -> None:
        """Make the column look like a checkpoint and what was decided of it so far."""
        locked = bool(view.closed)
        diff = view.diff
        whole = view.stat.files
        count = len(taken(diff, draft)) if diff is not None else whole
        some = count < whole or bool(draft.rejected)
        self._count.show_text(
            counted(whole, "{taken} of {count} file", "{taken} of {count} files", taken=count)
            if some
            else counted(whole, "{count} file", "{count} files")
        )
        state = Qt.CheckState.PartiallyChecked if some else Qt.CheckState.Checked
        self.all.show_state(state if count or not whole else Qt.CheckState.Unchecked)
        self.all.setEnabled(diff is not None and not locked)
        self._added.show_text(f"+{view.stat.added}")
        self._removed.show_text(f"−{view.stat.removed}")  # noqa: RUF001
        self._added.setVisible(view.stat.added > 0)
        self._removed.setVisible(view.stat.removed > 0)
        self.files.show_diff(diff)
        self.files.show_draft(draft, locked=locked)
        need = max(whole, FILES_MIN) * tokens.FILE_ROW
        self.files.setMinimumHeight(FILES_MIN * tokens.FILE_ROW)
        self.files.setMaximumHeight(need)
        self.split.show_need(need)
        self.comments.show_comments(draft.comments, locked=locked)
        self.ran.show_text(view.ran or tr("no step yet"))
        self._machine.show_text(view.machine or tr("no checkpoint of the machine"))
        self._own.show_text(_own_words(view))
        self._show_risk(view)

    def _show_risk(self, view: CheckpointView) -> None:
        risk = RiskView("", ())
        if view.diff is not None:
            risk = risk_view(view.diff, view.own_edits, view.beside)
        if risk == self._shown_risk:
            return
        self._shown_risk = risk
        icon, role = _LEVELS.get(risk.level, ("okc", "fg2"))
        self._level.show_text(level_words(risk.level))
        self._level.set_role(role)
        self._level_icon.show_icon(icon, role)
        self._level_icon.setVisible(bool(risk.level))
        empty(self._risk)
        for line in risk.lines:
            row = QWidget()
            inner = QHBoxLayout(row)
            inner.setContentsMargins(0, 0, 0, 0)
            inner.setSpacing(8)
            role = "need" if line.warns else "fg1"
            inner.addWidget(Icon(line.icon, role, 14), 0, Qt.AlignmentFlag.AlignTop)
            words = QVBoxLayout()
            words.setSpacing(0)
            words.addWidget(SafeLabel(line.text, font="small", role="fg0", wrap=True))
            if line.detail:
                words.addWidget(SafeLabel(line.detail, font="caption", role="fg2", wrap=True))
            inner.addLayout(words, 1)
            self._risk.addWidget(row)


def _own_words(view: CheckpointView) -> str:
    """The user's own uncommitted changes, and that they are safe."""
    if not view.own_edits:
        return tr("none")
    return tr("kept, not part of this: {own_edits}", own_edits=few_paths(view.own_edits))
