"""The tasks pane of a project in which nothing was run: what a lane looks like, how to begin."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from clawdesk.domain.definitions import EXAMPLE, EXAMPLE_PATH
from clawdesk.ui import fonts, marks
from clawdesk.ui.button import Button
from clawdesk.ui.pane import Ground, empty
from clawdesk.ui.safe_text import SafeLabel, clean_line, set_tip
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import tr
from clawdesk.viewmodels.projects import DefinitionView, ProjectEntry, no_tasks

_WIDE = 640


class _Legend(QWidget):
    """A lane with every kind of mark, named."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(112)
        self.setAccessibleName(
            tr(
                "A lane shows steps, checkpoints, the way back to an older checkpoint, "
                "and where a task asks you"
            )
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour("line2"), 1))
        painter.drawRoundedRect(QRectF(0.5, 0.5, self.width() - 1, 111), 8, 8)
        small = min(1.0, self.width() / _WIDE)  # in a narrow window it is drawn smaller, not cut
        painter.translate(0, 56 * (1 - small))
        painter.scale(small, small)
        painter.setFont(fonts.font("caption"))
        painter.setPen(colour("fg2"))
        for x, text in (
            (76, tr("a step")),
            (143, tr("a checkpoint")),
            (303, tr("you went back")),
            (486, tr("it asks you")),
        ):
            painter.drawText(x, 30, text)
        painter.drawText(406, 88, tr("the old branch is kept"))
        top, low = 40.0, 75.0
        marks.paint_elbow(painter, 296, top + 8, low + 8, 326)
        for x0, x1, number in ((76, 169, "1"), (183, 289, "2"), (394, 480, "3")):
            marks.paint_block(painter, x0, x1, top, number)
        marks.paint_block(painter, 326, 378, low, "3", kind="left")
        marks.paint_disc(painter, 176, top + 8)
        marks.paint_disc(painter, 296, top + 8)
        marks.paint_disc(painter, 486, top + 8)
        marks.paint_ring(painter, 386, low + 8, "bg1")
        marks.paint_restore(painter, 386, low + 8, 296, top + 8)
        marks.paint_need(painter, 493, 568, top, "!", label="")


class _DefinitionRow(Ground):
    """A process of the project, with its Run."""

    def __init__(self, definition: DefinitionView) -> None:
        super().__init__("bg1", "b")
        self.setFixedHeight(44)
        line = QHBoxLayout(self)
        line.setContentsMargins(12, 0, 12, 0)
        line.setSpacing(12)
        line.addWidget(SafeLabel(definition.title, font="button"))
        told = SafeLabel(definition.tip, role="fg2", elide=True)
        set_tip(told, definition.tip)  # it may be longer than the line
        line.addWidget(told, 1)
        self.run = Button(
            tr("Run"),
            f"empty.run.{clean_line(definition.name, 60)}",
            icon="play",
            size="sm",
            spoken=tr("Run {name}", name=definition.title),
        )
        self.run.setEnabled(not definition.why_not)
        set_tip(self.run, definition.why_not or tr("Run {name}", name=definition.title))
        line.addWidget(self.run)


class _Example(Ground):
    """A whole task file to begin with, and a button that copies it."""

    def __init__(self) -> None:
        super().__init__("bg2")
        self.setObjectName("empty.example")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 12, 12, 12)
        text = SafeLabel(EXAMPLE.rstrip(), font="code", wrap=True, selectable=True)
        text.setAccessibleName(tr("An example of a task file"))
        row.addWidget(text, 1)
        self.copy = Button(tr("Copy"), "empty.example.copy", icon="copy", size="sm")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(EXAMPLE))
        row.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignTop)


class EmptyTasks(Ground):
    """Tells which process to run, or that the sample is wanted."""

    run_wanted = Signal(str)
    write_wanted = Signal()

    def __init__(self) -> None:
        super().__init__("bg1")
        self.setObjectName("tasks.empty")
        self._shown: tuple[object, ...] = ()
        whole = QHBoxLayout(self)
        whole.addStretch(0)
        middle = QWidget()
        middle.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        middle.setMaximumWidth(_WIDE)
        self._column = QVBoxLayout(middle)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        whole.addWidget(middle, 1)
        whole.addStretch(0)
        self._title = SafeLabel("", font="title")
        self._title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._text = SafeLabel("", role="fg1", wrap=True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._text.setContentsMargins(60, 0, 60, 0)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self._hint = SafeLabel("", role="fg2", wrap=True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._column.addStretch(2)
        self._column.addWidget(self._title)
        self._column.addSpacing(8)
        self._column.addWidget(self._text)
        self._column.addSpacing(24)
        self._column.addWidget(_Legend())
        self._column.addSpacing(24)
        self.write = Button(
            tr("Write a prompt…"), "empty.prompt", kind="main", icon="edit", key="Ctrl Shift N"
        )
        self.write.clicked.connect(self.write_wanted)
        self._column.addWidget(self.write, 0, Qt.AlignmentFlag.AlignHCenter)
        self._column.addSpacing(20)
        self._start = SafeLabel(tr("Or start from a task file"), font="group", role="fg2")
        self._start.setContentsMargins(12, 0, 0, 8)
        self._column.addWidget(self._start)
        self._column.addLayout(self._rows)
        self._column.addWidget(self._hint)
        self.example = _Example()
        self._column.addSpacing(12)
        self._column.addWidget(self.example)
        self._column.addStretch(3)

    def show_project(self, entry: ProjectEntry) -> None:
        """Show the page of one project. Idempotent."""
        name, definitions, mistakes = entry.name, entry.definitions, len(entry.mistakes)
        shown = (name, definitions, mistakes, entry.read_only)
        if shown == self._shown:
            return
        self._shown = shown
        view = no_tasks(name)
        self._title.show_text(view.title)
        self._text.show_text(view.text)
        self.write.setEnabled(not entry.read_only)
        set_tip(self.write, tr("read-only: {why}", why=entry.read_only) if entry.read_only else "")
        empty(self._rows)
        for definition in definitions:
            line = _DefinitionRow(definition)
            line.run.clicked.connect(
                lambda _=False, wanted=definition.name: self.run_wanted.emit(wanted)
            )
            self._rows.addWidget(line)
        self._start.setVisible(bool(definitions))
        self.example.setVisible(not definitions and not mistakes)
        if definitions:
            self._hint.show_text("")
        elif mistakes:
            self._hint.show_text(
                tr("Its task files have mistakes; the list on the left names them.")
            )
        else:
            self._hint.show_text(
                tr(
                    "What is run often can be a task file. It appears here as soon as it is "
                    "there: put this into {path}, for example.",
                    path=EXAMPLE_PATH,
                )
            )
