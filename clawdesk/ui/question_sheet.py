"""Answer a task's question: choices by number, or free words; or ask back in words of one's own.

Nothing expires, drafts are kept.
"""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QPlainTextEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from clawdesk.ui import fonts
from clawdesk.ui.button import Button
from clawdesk.ui.choice_row import ChoiceRow
from clawdesk.ui.clock import Clock
from clawdesk.ui.pane import Ground
from clawdesk.ui.question_context import Becomes, Known, Printed
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.sheet import Sheet
from clawdesk.ui.words import tr
from clawdesk.viewmodels.questions import QuestionView

TEXT_MAX = 16_000
WIDE = 720
_HEAD_AND_FOOT = 106


class QuestionSheet(Sheet):
    """Shows a QuestionView; tells the answer, or what is asked back."""

    answered = Signal(str, str, str)  # task, key, text
    asked_back = Signal(str, str, str)  # task, key, text
    draft_changed = Signal(str, str)  # request, text
    step_wanted = Signal(int)
    task_wanted = Signal(str)
    log_wanted = Signal(str)

    def __init__(self, parent: QWidget, clock: Clock) -> None:
        super().__init__("question", parent, clock, icon="ask", role="need")
        self.view: QuestionView | None = None
        self._sending = ""
        self._rows: list[ChoiceRow] = []
        self._group = QButtonGroup(self)
        self._waiting = SafeLabel("", font="small", role="fg2")
        self._place = SafeLabel("", font="small", role="fg1")
        self._back = Button(
            "",
            "question.previous",
            kind="ghost",
            icon="cl",
            size="sm",
            spoken=tr("Previous request"),
        )
        self._on = Button(
            "", "question.next", kind="ghost", icon="cr", size="sm", spoken=tr("Next request")
        )
        self._back.clicked.connect(lambda: self.step_wanted.emit(-1))
        self._on.clicked.connect(lambda: self.step_wanted.emit(1))
        for place, widget in enumerate((self._waiting, self._back, self._place, self._on)):
            self.head.insertWidget(2 + place, widget)
        self._build_body()
        self._build_foot()

    def _build_body(self) -> None:
        area = QScrollArea()
        area.setObjectName("question.scroll")
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._page = Ground("bg1")
        column = QVBoxLayout(self._page)
        column.setContentsMargins(44, 4, 16, 12)
        column.setSpacing(8)
        self._question = SafeLabel("", font="heading", wrap=True, selectable=True)
        self._question.setObjectName("question.text")
        self._context = SafeLabel("", role="fg1", wrap=True, selectable=True)
        self._context.setObjectName("question.context")
        self._before = SafeLabel("", font="small", role="fg1", wrap=True, selectable=True)
        self._before.setObjectName("question.before")
        for label in (self._before, self._question, self._context):
            column.addWidget(label)
        column.addSpacing(2)
        self.printed = Printed()
        self.printed.log_wanted.connect(self._open_log)
        column.addWidget(self.printed)
        self._known = Known()
        column.addWidget(self._known)
        column.addSpacing(4)
        self._choices = QVBoxLayout()
        self._choices.setSpacing(8)
        column.addLayout(self._choices)
        self._other = SafeLabel(tr("Other, in your own words"), font="small", role="fg2")
        column.addWidget(self._other)
        self._build_field()
        column.addWidget(self.text)
        foot = QHBoxLayout()
        self._draft = SafeLabel("", font="small", role="fg2")
        foot.addStretch(1)
        foot.addWidget(self._draft)
        column.addLayout(foot)
        column.addStretch(1)
        area.setWidget(self._page)
        self.body.addWidget(area, 1)
        # Outside of what scrolls: it stands above the button it is about.
        self.becomes = Becomes()
        self.body.addWidget(self.becomes)

    def _build_field(self) -> None:
        self.text = QPlainTextEdit()
        self.text.setObjectName("field")
        self.text.setAccessibleName(tr("Your own words"))
        self.text.setAccessibleIdentifier("question.free")
        self.text.setFont(fonts.font("body"))
        self.text.setPlaceholderText(tr("Your own words"))
        self.text.setFixedHeight(72)
        self.text.setTabChangesFocus(True)
        self.text.textChanged.connect(self._typed)

    def _build_foot(self) -> None:
        self._open = Button(tr("Open task"), "question.task", kind="ghost")
        self._open.clicked.connect(self._open_task)
        self.later = Button(tr("Later"), "question.later", icon="snooze", key="Esc")
        self.send = Button(
            tr("Send answer"), "question.send", kind="yes", icon="check", key="Ctrl Enter"
        )
        self.back = Button(tr("Ask back"), "question.back", icon="ask", key="Alt B")
        self.later.clicked.connect(self.reject)
        self.back.clicked.connect(self._ask_back)
        self.send.clicked.connect(self._send)
        self.foot.addWidget(self._open)
        self.foot.addStretch(1)
        self.foot.addWidget(self.later)
        self.foot.addWidget(self.back)
        self.foot.addWidget(self.send)
        keys = [("Ctrl+Return", self._send), ("Ctrl+Enter", self._send), ("Alt+B", self._ask_back)]
        self._shortcuts = [QShortcut(QKeySequence(k), self, act) for k, act in keys]
        for shortcut in self._shortcuts:
            shortcut.setAutoRepeat(False)  # a key that is still held answers nothing more

    def render_view(
        self, view: QuestionView, place: tuple[int, int] = (1, 1), draft: str = ""
    ) -> None:
        """Make the sheet look like `view`; the choices are rebuilt only for another request."""
        if self.view is None or self.view.request != view.request:
            self._show_choices(view)
            self.text.setPlainText(draft)
            self.show_notice("")
            self.guard.raise_now()
        self.view = view
        self.show_title(view.title)
        self._waiting.show_text(view.waiting if not view.closed else "")
        self._place.show_text(tr("{number} of {total}", number=place[0], total=place[1]))
        for widget in (self._back, self._place, self._on):
            widget.setVisible(place[1] > 1)
        self._before.show_text(tr("You asked back: {words}", words=view.asked_back))
        self._before.setVisible(bool(view.asked_back))
        self._question.show_text(view.question)
        self._context.show_text(view.context)
        self._context.setVisible(bool(view.context))
        self.printed.show_where(view.where)
        self._known.show_facts(view.facts)
        self._other.setVisible(bool(view.choices))
        if view.closed:
            self.show_notice(view.closed, "fg1")
        self.mind_buttons()

    def _show_choices(self, view: QuestionView) -> None:
        for row in self._rows:
            self._group.removeButton(row)
            self._choices.removeWidget(row)
            row.deleteLater()
        self._rows = []
        for number, choice in enumerate(view.choices, 1):
            note = tr("default") if choice.usual else ""
            name = f"question.choice.{number}"
            row = ChoiceRow(name, choice.text, number, note, below=choice.note)
            row.toggled.connect(self._picked)
            self._group.addButton(row)
            self._choices.addWidget(row)
            self._rows.append(row)
            shortcut = QShortcut(QKeySequence(str(number)), row)
            shortcut.activated.connect(lambda row=row: row.click())
        if self._rows:
            self._rows[0].setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def answer_text(self) -> str:
        """The answer as it would be sent: own words win over a choice, so one clears the other."""
        words = self.text.toPlainText().strip()
        if words:
            return words
        chosen = next((i for i, row in enumerate(self._rows) if row.isChecked()), None)
        return (
            self.view.choices[chosen].answer if self.view is not None and chosen is not None else ""
        )

    def _picked(self, chosen: bool) -> None:
        if chosen and self.text.toPlainText():
            self.text.clear()
        self.mind_buttons()

    def _typed(self) -> None:
        text = self.text.toPlainText()
        if len(text) > TEXT_MAX:
            self.text.setPlainText(text[:TEXT_MAX])
            return
        if text.strip():
            self._group.setExclusive(False)
            for row in self._rows:
                row.setAutoExclusive(False)
                row.setChecked(False)
                row.setAutoExclusive(True)
            self._group.setExclusive(True)
        if self.view is not None:
            self.draft_changed.emit(self.view.request, text)
        self.mind_buttons()

    def mind_buttons(self) -> None:
        view = self.view
        if view is None:
            return
        open_ = not view.closed
        ready = open_ and not self.guard.up and not self._sending
        self.send.setEnabled(ready and bool(self.answer_text()))
        self.send.setVisible(open_)
        self._mind_back(view, ready=ready)
        self.text.setReadOnly(not open_)
        for row in self._rows:
            row.setEnabled(open_)
        self.later.show_text(tr("Later") if open_ else tr("Close"))
        self.later.set_icon_name("snooze" if open_ else "")
        if not open_:
            self._draft.show_text("")
        elif self._sending:
            self._draft.show_text(self._sending)
        elif self.text.toPlainText().strip():
            self._draft.show_text(tr("Draft kept. This question does not expire."))
        else:
            self._draft.show_text(tr("This question does not expire."))

    def _mind_back(self, view: QuestionView, *, ready: bool) -> None:
        """A question in return is always in words of one's own."""
        words = self.text.toPlainText().strip()
        why_not = view.back.why_not or (
            "" if words else tr("Write what you ask in your own words.")
        )
        self.back.setEnabled(ready and not why_not)
        self.back.setVisible(not view.closed)
        shown = self.back.isEnabled() or view.closed or not why_not
        self.back.say(view.back.becomes if shown else tr("Not possible: {why}", why=why_not))
        may_end = view.back.may_end
        becomes = "" if view.closed else view.back.becomes
        self.becomes.show_words(becomes, may_end=may_end, warns=may_end and bool(words))

    def show_sending(self, words: str) -> None:
        """What is under way, "" = nothing; nothing can be decided meanwhile."""
        self._sending = words
        self.mind_buttons()

    def _send(self) -> None:
        if self.view is not None and self.send.isEnabled() and self.send.isVisible():
            self.answered.emit(self.view.task, self.view.key, self.answer_text())

    def _ask_back(self) -> None:
        if self.view is not None and self.back.isEnabled() and self.back.isVisible():
            words = self.text.toPlainText().strip()
            self.asked_back.emit(self.view.task, self.view.key, words)

    def _open_task(self) -> None:
        if self.view is not None:
            self.task_wanted.emit(self.view.task)
            self.reject()

    def _open_log(self) -> None:
        if self.view is not None:
            self.log_wanted.emit(self.view.task)
            self.reject()

    def sizeHint(self) -> QSize:
        layout = self._page.layout()
        high = layout.totalHeightForWidth(WIDE - 2) if layout is not None else 0
        return QSize(WIDE, high + self.becomes.high(WIDE - 2) + _HEAD_AND_FOOT)
