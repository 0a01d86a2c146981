"""Two checkpoints side by side: their lanes, what was measured, and the files that differ."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from clawdesk.ports.repository import Diff
from clawdesk.ui.badge import Icon
from clawdesk.ui.button import Button
from clawdesk.ui.clock import Clock
from clawdesk.ui.diff_view import DiffView
from clawdesk.ui.fact_table import FactTable
from clawdesk.ui.file_list import FileList
from clawdesk.ui.form_sheet import Choice
from clawdesk.ui.lanes import Lanes
from clawdesk.ui.pane import Ground, empty, key_inside
from clawdesk.ui.safe_text import SafeLabel, clean_line
from clawdesk.ui.segments import Segments
from clawdesk.ui.split import UpperFirst, split
from clawdesk.ui.words import tr
from clawdesk.viewmodels.compare import Ask, CompareView, Side
from clawdesk.viewmodels.tasks import TaskRow

LANES_MAX = 4
LANE = 38
AXIS = 24
FACTS_SHARE = 0.6


class ComparePage(QWidget):
    """Tells what a person wants; loads nothing itself."""

    closed = Signal()
    keep_wanted = Signal(str)  # task
    fork_wanted = Signal()
    sides_chosen = Signal(object, object)  # Side, Side
    ask_chosen = Signal(str)  # key of a diff

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.setObjectName("compare")
        self._view: CompareView | None = None
        self._choices: tuple[tuple[Side, str], ...] = ()
        self._asks: tuple[Ask, ...] = ()
        self.lanes = Lanes(clock, "compare.lanes")
        self.table = FactTable()
        self.files = FileList("compare.files", boxes=False)
        self.diff = DiffView("compare.diff")
        self.diff.show_split(True)
        self.sides = [Choice(), Choice()]
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._head())
        whole.addWidget(self.lanes)
        self.split = split("split.compare", Qt.Orientation.Horizontal)
        self.split.addWidget(self._left())
        self.split.addWidget(self._right())
        self.split.setStretchFactor(1, 1)
        self.split.setSizes([460, 980])
        whole.addWidget(self.split, 1)
        whole.addWidget(self._foot())
        self.files.chosen.connect(self.diff.show_file)
        self.diff.at_file.connect(self.files.mark)
        for keys, act in (
            ("Esc", self.closed.emit),
            ("Alt+A", lambda: self._keep(0)),
            ("Alt+B", lambda: self._keep(1)),
        ):
            key_inside(self, keys, act)

    # -- parts ---------------------------------------------------------
    def _head(self) -> QWidget:
        head = Ground("bg1", "b")
        head.setFixedHeight(56)
        row = QHBoxLayout(head)
        row.setContentsMargins(16, 0, 12, 0)
        row.setSpacing(10)
        row.addWidget(Icon("fork", "acc", 20))
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addStretch(1)
        self.title = SafeLabel("", font="heading", elide=True)
        self.title.setObjectName("compare.title")
        self.subtitle = SafeLabel("", font="small", role="fg2", elide=True)
        words.addWidget(self.title)
        words.addWidget(self.subtitle)
        words.addStretch(1)
        row.addLayout(words, 1)
        self.again = Button(tr("Fork again…"), "compare.fork", icon="plus")
        self.again.clicked.connect(self.fork_wanted)
        close = Button(tr("Close"), "compare.close", key="Esc")
        close.clicked.connect(self.closed)
        row.addWidget(self.again)
        row.addWidget(close)
        return head

    def _left(self) -> QWidget:
        left = self.left = UpperFirst("split.compare.left", FACTS_SHARE)
        left.setMinimumWidth(360)
        area = QScrollArea()
        area.setObjectName("compare.facts.area")
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self.table)
        left.addWidget(area)
        left.addWidget(self.files)
        return left

    def _right(self) -> QWidget:
        right = Ground("bg1", "l")
        column = QVBoxLayout(right)
        column.setContentsMargins(1, 0, 0, 0)
        column.setSpacing(0)
        head = Ground("bg1", "b")
        head.setFixedHeight(40)
        row = QHBoxLayout(head)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(8)
        self.said = SafeLabel("", font="small", role="fg2", elide=True)
        self.said.setObjectName("compare.said")
        row.addWidget(self.said, 1)
        self._ask_row = QHBoxLayout()
        row.addLayout(self._ask_row)
        self.mode = Segments("compare.mode", [("split", tr("Split")), ("unified", tr("Unified"))])
        self.mode.chosen.connect(lambda mode: self.diff.show_split(mode == "split"))
        row.addWidget(self.mode)
        column.addWidget(head)
        pick = Ground("bg2", "b")
        pick.setFixedHeight(40)
        line = QHBoxLayout(pick)
        line.setContentsMargins(12, 0, 12, 0)
        line.setSpacing(8)
        for box, mark, name in zip(self.sides, "AB", ("left", "right"), strict=True):
            box.setObjectName(f"compare.{name}")
            box.setAccessibleName(tr("Side {mark}", mark=mark))
            box.setMaxVisibleItems(16)
            box.setMinimumContentsLength(12)
            box.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.activated.connect(lambda _: self._chosen())
            line.addWidget(SafeLabel(mark, font="label"))
            line.addWidget(box, 1)
        column.addWidget(pick)
        column.addWidget(self.diff, 1)
        return right

    def _foot(self) -> QWidget:
        foot = Ground("bg0", "t")
        foot.setFixedHeight(56)
        row = QHBoxLayout(foot)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(8)
        self.note = SafeLabel("", font="small", role="fg2", wrap=True)
        row.addWidget(self.note, 1)
        self.stay = Button(tr("Keep all for now"), "compare.stay", key="Esc")
        self.stay.clicked.connect(self.closed)
        row.addWidget(self.stay)
        self.keeps = []
        for place, mark in enumerate("AB"):
            button = Button(
                tr("Keep {mark}…", mark=mark), f"compare.keep.{mark.lower()}", key=f"Alt {mark}"
            )
            button.clicked.connect(lambda _=False, place=place: self._keep(place))
            row.addWidget(button)
            self.keeps.append(button)
        return foot

    # -- what is shown ---------------------------------------------------
    def show_view(self, view: CompareView, rows: Sequence[TaskRow], asked: str) -> None:
        """Make the page look like `view`; `asked` is the diff that is chosen."""
        self._view = view
        self.title.show_text(view.title)
        self.subtitle.show_text(view.subtitle)
        self.lanes.show_rows(rows)
        shown = min(max(1, len(rows)), LANES_MAX)
        tall = sum(22 * (r.lane.rows - 1) for r in rows[:LANES_MAX])
        self.lanes.setFixedHeight(AXIS + LANE * shown + tall + 2)
        self.table.show_facts(view.left, view.right, view.facts)
        self.left.show_need(self.table.need)
        self._show_asks(view.asks, asked)
        for button, side in zip(self.keeps, (view.left, view.right), strict=True):
            button.setVisible(bool(side.keep))
        keeps = bool(view.left.keep or view.right.keep)
        self.stay.setVisible(keeps)
        self.again.setVisible(keeps)
        self.note.show_text(
            tr("Those you do not keep end; their commits stay, to compare and to fork again.")
            if keeps
            else tr("Nothing changes by looking.")
        )

    def _show_asks(self, asks: tuple[Ask, ...], asked: str) -> None:
        words = [(a.key, a.text) for a in asks]
        if words != [(a.key, a.text) for a in self._asks]:
            empty(self._ask_row)
            made = self.asks = Segments("compare.ask", words)
            made.choose(asked)
            made.chosen.connect(self.ask_chosen)
            self._ask_row.addWidget(made)
        self._asks = asks

    def show_sides(self, choices: tuple[tuple[Side, str], ...], left: Side, right: Side) -> None:
        """Fill the two pickers."""
        for box, side in zip(self.sides, (left, right), strict=True):
            with QSignalBlocker(box):
                if choices != self._choices:
                    box.clear()
                    for known, text in choices:
                        box.addItem(clean_line(text, 120), known)
                place = next((i for i, (known, _) in enumerate(choices) if known == side), -1)
                box.setCurrentIndex(place)
        self._choices = choices

    def show_diff(self, said: str, diff: Diff | None) -> None:
        self.said.show_text(said)
        self.diff.show_diff(diff)
        self.files.show_diff(diff)

    def _chosen(self) -> None:
        left, right = (self._choices[max(0, box.currentIndex())][0] for box in self.sides)
        self.sides_chosen.emit(left, right)

    def _keep(self, place: int) -> None:
        view = self._view
        if view is not None:
            side = (view.left, view.right)[place]
            if side.keep:
                self.keep_wanted.emit(side.task)

    def regions(self) -> list[QWidget]:
        """What F6 goes round."""
        return [self.lanes.list, self.sides[0], self.files, self.diff.list]
