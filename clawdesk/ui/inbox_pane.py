"""The inbox: one card for each decision that waits, over all projects, longest wait first."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from clawdesk.domain.model import Kind
from clawdesk.ui.badge import Badge, Icon
from clawdesk.ui.button import Button
from clawdesk.ui.pane import Ground, PaneHead
from clawdesk.ui.safe_text import SafeLabel, set_tip
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import tr
from clawdesk.viewmodels.inbox import InboxCard
from clawdesk.viewmodels.projects import nothing_waits
from clawdesk.viewmodels.words import few_words

TITLE_CHARS_MAX, QUOTE_CHARS_MAX = 56, 72


class Card(QWidget):
    """One decision; the only act is to look at it, never a blind yes."""

    opened = Signal(str)
    put_off = Signal(str)
    taken_back = Signal(str)

    def __init__(self, card: InboxCard) -> None:
        super().__init__()
        self.setObjectName(f"inbox.card.{card.request}")
        self._request = card.request
        self._icon = Icon("need", "need")
        self._title = SafeLabel("", font="label", wrap=True)
        self._age = SafeLabel("", font="small", role="fg2")
        self._task = SafeLabel("", font="chip", elide=True)
        self._added = SafeLabel("", font="chip", role="ok")
        self._removed = SafeLabel("", font="chip", role="bad")
        self._detail = SafeLabel("", font="small", role="fg1", elide=True)
        self._quote = SafeLabel("", font="small", role="fg1", wrap=True)
        self._unsent = SafeLabel("", font="small", role="need", wrap=True)
        self._project = SafeLabel("", font="small", role="fg2", elide=True)
        self.act = Button(card.act, f"inbox.open.{card.request}", size="sm")
        self.later = Button(
            tr("Later"), f"inbox.later.{card.request}", kind="ghost", icon="snooze", size="sm"
        )
        self.back = Button(
            tr("Take back"), f"inbox.back.{card.request}", kind="ghost", icon="restore", size="sm"
        )
        self.back.clicked.connect(lambda: self.taken_back.emit(self._request))
        self.act.clicked.connect(lambda: self.opened.emit(self._request))
        self.later.clicked.connect(lambda: self.put_off.emit(self._request))
        self._build()
        self.show_card(card)

    def _build(self) -> None:
        whole = QHBoxLayout(self)
        whole.setContentsMargins(13, 11, 12, 11)
        whole.setSpacing(8)
        whole.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(3)
        first = QHBoxLayout()
        first.setSpacing(8)
        first.addWidget(self._title, 1)
        first.addWidget(self._age, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(first)
        second = QHBoxLayout()
        second.setSpacing(6)
        second.addWidget(self._task)
        second.addWidget(self._detail, 1)  # gives way before the task's name does
        second.addWidget(self._added)
        second.addWidget(self._removed)
        column.addLayout(second)
        column.addWidget(self._unsent)
        column.addWidget(self._quote)
        column.addSpacing(4)
        third = QHBoxLayout()
        third.setSpacing(6)
        third.addWidget(self.act)
        third.addWidget(self._project, 1)
        third.addWidget(self.later)
        third.addWidget(self.back)
        third.setContentsMargins(0, 0, -8, 0)  # words of a button without an edge end with the text
        column.addLayout(third)
        whole.addLayout(column, 1)

    def show_card(self, card: InboxCard) -> None:
        self._icon.show_icon("ask" if card.kind is Kind.CLARIFY else "need", "need")
        # Two lines of each, as a rule; the whole stands in the sheet and in the tip.
        self._title.show_text(few_words(card.title, TITLE_CHARS_MAX))
        set_tip(self, "\n".join(part for part in (card.title, card.quote) if part))
        self._age.show_text(card.age)
        self._task.show_text(card.task_title)
        self._detail.show_text(f"· {card.detail}")
        self._project.show_text(card.project)
        added = f"+{card.stat.added}" if card.stat.added else ""
        removed = f"−{card.stat.removed}" if card.stat.removed else ""  # noqa: RUF001
        self._added.show_text(added)
        self._removed.show_text(removed)
        self._added.setVisible(bool(added))
        self._removed.setVisible(bool(removed))
        quote = few_words(card.quote, QUOTE_CHARS_MAX)
        self._quote.show_text(tr("“{quote}”", quote=quote) if quote else "")
        self._quote.setVisible(bool(card.quote))
        self._unsent.show_text(card.unsent)
        for widget in (self._unsent, self.back):
            widget.setVisible(bool(card.unsent))
        self.later.setVisible(not card.unsent)
        spoken = tr(
            "{what}, {task} of {project}, waits {age}",
            what=card.title,
            task=card.task_title,
            project=card.project,
            age=card.age,
        )
        self.setAccessibleName(f"{spoken}. {card.unsent}" if card.unsent else spoken)
        self.back.setAccessibleName(tr("Take back the answer to {task}", task=card.task_title))
        self.act.setAccessibleName(
            tr("{act}: {what} of {task}", act=card.act, what=card.title, task=card.task_title)
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour("line2"), 1))
        painter.setBrush(colour("card"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)


class InboxPane(QWidget):
    """`opened` asks to show a request; `put_off` moves it behind the others for now."""

    opened = Signal(str)
    taken_back = Signal(str)  # the request whose answer is not sent yet

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("inbox")
        self._cards: dict[str, Card] = {}
        self._later: list[str] = []
        self.badge = Badge("inbox.badge", need=True)
        head = PaneHead(tr("Inbox"), "bg0")
        head.row.addWidget(self.badge)
        head.row.addStretch(1)
        area = QScrollArea()
        area.setProperty("chrome", True)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setObjectName("inbox.scroll")
        area.setAccessibleName(tr("What waits for you"))
        inner = Ground("bg0")
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(12, 12, 12, 12)
        self._column.setSpacing(8)
        self._column.addStretch(1)
        area.setWidget(inner)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(head)
        self._stack = QStackedLayout()
        self._stack.addWidget(area)
        self._stack.addWidget(self._empty_page())
        whole.addLayout(self._stack, 1)
        self.show_cards(())

    @staticmethod
    def _empty_page() -> QWidget:
        page = Ground("bg0")
        column = QVBoxLayout(page)
        column.setContentsMargins(24, 0, 24, 0)
        column.setSpacing(4)
        middle = Qt.AlignmentFlag.AlignHCenter
        empty = nothing_waits()
        title = SafeLabel(empty.title, font="label")
        text = SafeLabel(empty.text, font="small", role="fg2", wrap=True)
        title.setAlignment(middle)
        text.setAlignment(middle)
        column.addStretch(1)
        column.addWidget(Icon("inbox", "fg2", 20), 0, middle)
        column.addSpacing(6)
        column.addWidget(title)
        column.addWidget(text)
        column.addStretch(1)
        return page

    def show_cards(self, cards: Sequence[InboxCard]) -> None:
        """Make the list look like `cards`; cards keep their widget, so nothing jumps."""
        wanted = {c.request: c for c in cards}
        self._later = [r for r in self._later if r in wanted]
        for request in [r for r in self._cards if r not in wanted]:
            gone = self._cards.pop(request)
            self._column.removeWidget(gone)
            gone.deleteLater()
        order = [c.request for c in cards if c.request not in self._later] + self._later
        for place, request in enumerate(order):
            card = self._cards.get(request)
            if card is None:
                card = self._cards[request] = Card(wanted[request])
                card.opened.connect(self.opened)
                card.put_off.connect(self.put_off)
                card.taken_back.connect(self.taken_back)
            else:
                card.show_card(wanted[request])
            if self._column.indexOf(card) != place:
                self._column.removeWidget(card)
                self._column.insertWidget(place, card)
        self.badge.show_count(len(cards))
        self.setAccessibleName(tr("Inbox, {count} need you", count=len(cards)))
        self._stack.setCurrentIndex(0 if cards else 1)

    def put_off(self, request: str) -> None:
        """Not now: the card goes behind the others; nothing is answered."""
        card = self._cards.get(request)
        if card is None:
            return
        if request in self._later:
            self._later.remove(request)
        self._later.append(request)
        self._column.removeWidget(card)
        self._column.insertWidget(len(self._cards) - 1, card)

    def order(self) -> list[str]:
        """Requests from the top."""
        places = {self._column.indexOf(card): request for request, card in self._cards.items()}
        return [places[p] for p in sorted(places)]
