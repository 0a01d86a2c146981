"""Projects on the left: open ones with what they can run, mistakes in their task files, recent.

Below them stand other machines (`PeersSection`).
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from clawdesk.ui.badge import Icon
from clawdesk.ui.button import Button
from clawdesk.ui.nav_row import NavRow
from clawdesk.ui.pane import Ground, empty
from clawdesk.ui.peers_section import PeersSection
from clawdesk.ui.safe_text import SafeLabel, clean_line, set_tip
from clawdesk.ui.words import tr
from clawdesk.viewmodels.projects import DefinitionView, ProjectEntry, ProjectsView

WORDS_FROM = 176
"""The width of a row in px from which its button has a word."""


class _Definition(QWidget):
    """A process with its Run button, which shows on hover or focus as well as always in words."""

    def __init__(self, definition: DefinitionView) -> None:
        super().__init__()
        self.setFixedHeight(28)
        row = QHBoxLayout(self)
        row.setContentsMargins(32, 0, 2, 0)
        row.setSpacing(6)
        label = SafeLabel(definition.title, role="fg1", elide=True)
        label.setObjectName(f"projects.title.{definition.name}")
        row.addWidget(label, 1)
        name = clean_line(definition.name, 60)
        self.run = Button(
            tr("Run"),
            f"run.{name}",
            kind="ghost",
            icon="play",
            size="sm",
            spoken=tr("Run {name}", name=definition.title),
        )
        self.run.setEnabled(not definition.why_not)
        set_tip(self.run, definition.why_not or f"{definition.title} · {definition.tip}")
        row.addWidget(self.run)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow pane the names keep the room; the triangle and its spoken name stay."""
        super().resizeEvent(event)
        words = tr("Run") if self.width() >= WORDS_FROM else ""
        if self.run.words != words:
            self.run.show_text(words)


class _Mistake(QWidget):
    """A task file that cannot be read: where and what is allowed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 2, 8, 4)
        row.setSpacing(6)
        row.addWidget(Icon("warn", "need", 14), 0, Qt.AlignmentFlag.AlignTop)
        label = SafeLabel(_breakable(text), font="caption", role="fg2", wrap=True, selectable=True)
        label.setObjectName("project.mistake")
        row.addWidget(label, 1)


def _breakable(text: str) -> str:
    """Long paths may break after a slash or colon; only spaces do by themselves."""
    file, mark, rest = text.partition(": ")
    return f"{file.rpartition('/')[2]}{mark}{rest}" if mark else text


class ProjectsPane(Ground):
    """Shows projects; tells what a person wants of them."""

    open_wanted = Signal()
    chosen = Signal(str)
    recent_wanted = Signal(str)
    forget_wanted = Signal(str)
    close_wanted = Signal(str)
    run_wanted = Signal(str, str)  # project path, definition name

    def __init__(self) -> None:
        super().__init__("bg0")
        self.setObjectName("projects")
        self._view: ProjectsView | None = None
        self._current = ""
        area = QScrollArea()
        area.setObjectName("projects.scroll")
        area.setProperty("chrome", True)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = Ground("bg0")
        column = QVBoxLayout(inner)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(0)
        self._column = QVBoxLayout()
        self._column.setSpacing(0)
        self.peers = PeersSection()
        column.addLayout(self._column)
        column.addWidget(self.peers)
        column.addStretch(1)
        area.setWidget(inner)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(area)

    def sizeHint(self) -> QSize:
        return QSize(208, 400)

    def show_projects(self, view: ProjectsView, current: str) -> None:
        """Rebuilds only when something differs, so that focus and hover stay."""
        if view == self._view and current == self._current:
            return
        self._view, self._current = view, current
        empty(self._column)
        self._column.addWidget(self._group(tr("Projects"), with_open=True))
        for entry in view.entries:
            self._add_entry(entry, open_=entry.path == current)
        if view.recent:
            self._column.addSpacing(12)
            self._column.addWidget(self._group(tr("Recent")))
            for one in view.recent[:8]:
                line = NavRow(f"recent.{one.path}", one.name, icon="folder", indent=8)
                set_tip(line, one.path)
                line.clicked.connect(lambda _=False, path=one.path: self.recent_wanted.emit(path))
                line.add_act(
                    tr("Remove from this list"), partial(self.forget_wanted.emit, one.path)
                )
                self._column.addWidget(line)

    def _group(self, title: str, *, with_open: bool = False) -> QWidget:
        head = QWidget()
        head.setFixedHeight(28)
        row = QHBoxLayout(head)
        row.setContentsMargins(8, 0, 2, 0)
        row.addWidget(SafeLabel(title, font="group", role="fg2"))
        row.addStretch(1)
        if with_open:
            add = Button(
                "", "projects.open", kind="ghost", icon="plus", size="sm", spoken=tr("Open folder")
            )
            set_tip(add, tr("Open folder (Ctrl+O)"))
            add.clicked.connect(self.open_wanted)
            row.addWidget(add)
        return head

    def _add_entry(self, entry: ProjectEntry, *, open_: bool) -> None:
        line = NavRow(
            f"project.{entry.path}",
            entry.name,
            icon="cd" if open_ else "cr",
            strong=True,
            indent=8,
            chosen=open_,
        )
        set_tip(line, f"{entry.place}\n{entry.headline}")
        line.setAccessibleDescription(f"{entry.place}, {entry.headline}")
        line.clicked.connect(lambda: self.chosen.emit(entry.path))
        line.add_act(tr("Close project"), lambda: self.close_wanted.emit(entry.path))
        if entry.needs:
            line.show_count(entry.needs, need=True)
        elif entry.tasks:
            line.show_count(entry.tasks, need=False)
        self._column.addWidget(line)
        if not open_:
            return
        for definition in entry.definitions:
            row = _Definition(definition)
            row.run.clicked.connect(
                lambda _=False, name=definition.name: self.run_wanted.emit(entry.path, name)
            )
            self._column.addWidget(row)
        if not entry.definitions and not entry.mistakes:
            hint = SafeLabel(
                tr("No task files in .clawdesk/tasks"), font="caption", role="fg2", wrap=True
            )
            hint.setContentsMargins(32, 2, 8, 6)
            self._column.addWidget(hint)
        for mistake in entry.mistakes[:12]:
            self._column.addWidget(_Mistake(mistake))
        for warning in (*entry.warnings[:4], *([entry.read_only] if entry.read_only else [])):
            self._column.addWidget(_Mistake(warning))
        self._column.addSpacing(4)
