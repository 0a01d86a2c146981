"""A list that stays at its end while things are added, until a person scrolls away."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from clawdesk.ui import tokens
from clawdesk.ui.badge import Icon
from clawdesk.ui.button import Button
from clawdesk.ui.code_list import CodeList
from clawdesk.ui.pane import Ground
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.words import tr


class FollowingList(CodeList):
    """`following_changed` tells whether new rows scroll into view."""

    following_changed = Signal(bool)

    def __init__(self, name: str, spoken: str) -> None:
        super().__init__(name, spoken)
        self.following = True
        self.list.scrolled_by_hand.connect(self.mind_following)
        self.list.verticalScrollBar().sliderMoved.connect(lambda _: self.mind_following())
        self.list.resized.connect(self.keep_end)

    def follow(self) -> None:
        """Go to the end and stay there."""
        self.set_following(True)
        self.keep_end()

    def keep_end(self) -> None:
        """Something was added."""
        if self.following:
            self.list.scrollToBottom()

    def set_following(self, following: bool) -> None:
        if following != self.following:
            self.following = following
            self.following_changed.emit(following)

    def mind_following(self) -> None:
        """A person went somewhere: at the end, new rows go on scrolling into view."""
        bar = self.list.verticalScrollBar()
        self.set_following(bar.value() >= bar.maximum() - tokens.CODE_ROW)


class FollowFoot(Ground):
    """The line below such a list: whether it follows, and how to make it; more goes into `row`."""

    def __init__(self, of: FollowingList, name: str) -> None:
        super().__init__("bg1", "t")
        self.setFixedHeight(32)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(12, 0, 12, 0)
        self.row.setSpacing(6)
        self._icon = Icon("cd", "run", 14)
        self._word = SafeLabel(tr("following"), font="small", role="fg2")
        self.button = Button(tr("Follow"), name, kind="ghost", size="sm")
        self.button.clicked.connect(of.follow)
        self.button.hide()
        self.size_label = SafeLabel("", font="small", role="fg2")
        parts: tuple[QWidget, ...] = (self._icon, self._word, self.button)
        for part in parts:
            self.row.addWidget(part)
        self.row.addStretch(1)
        self.row.addWidget(self.size_label)
        of.following_changed.connect(self._show)

    def _show(self, following: bool) -> None:
        self._word.show_text(tr("following") if following else tr("not following"))
        self._icon.show_icon("cd" if following else "pause", "run" if following else "fg2")
        self.button.setVisible(not following)
