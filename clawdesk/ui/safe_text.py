"""The one door through which text of others reaches the screen.

Task names, logs, diffs, questions, file names and error texts are written by programs we do not
trust. Here they lose control characters, bidirectional overrides and ANSI sequences, are cut at
64 KB, and are shown as plain text only: nothing is interpreted, nothing is loaded.
"""

from __future__ import annotations

import html
import re

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from clawdesk.ui import fonts, tokens
from clawdesk.ui.words import tr

TEXT_MAX = 64 * 1024
LINE_MAX = 4_000
_WORD = re.compile(r"[^\s/]{20,}")  # may have to be broken
LONG_WORD = 14  # characters of such a word that a label always has room for
_BREAK = "\u200b"  # a line may end here; no text of others has one

# Escape sequences: CSI, OSC (to BEL or ST), and two-character ones.
_ANSI = re.compile(
    r"\x1b(?:\[[0-?]{0,64}[ -/]{0,16}[@-~]|\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|[ -/]{0,4}[0-~])"
)
# C0 and C1 controls without tab and newline; marks that reorder, hide or separate text invisibly.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)


def clean(text: str, limit: int = TEXT_MAX) -> str:
    """Text fit for the screen: at most `limit` characters, several lines allowed."""
    cut = len(text) > limit
    text = _HIDDEN.sub("", _ANSI.sub("", text[: limit + 256].replace("\r\n", "\n")))[:limit]
    return text + tr(" … cut") if cut else text


def clean_line(text: str, limit: int = LINE_MAX) -> str:
    """As `clean`, in one line; tabs become spaces."""
    return clean(text, limit).replace("\n", " ").expandtabs(4)


def set_tip(widget: QWidget, text: str) -> None:
    """A tooltip that is never read as rich text of the sender's making."""
    shown = html.escape(clean(text, 2_000)).replace("\n", "<br>")
    widget.setToolTip(f"<p style='white-space:pre-wrap'>{shown}</p>" if shown else "")


def broken(text: str, measures: QFontMetricsF, wide: int) -> str:
    """The text with places to break in each word that is wider than a line of `wide` px."""

    def parts(found: re.Match[str]) -> str:
        word = found[0]
        if measures.horizontalAdvance(word) <= wide:
            return word
        widest = measures.horizontalAdvance(max(word, key=measures.horizontalAdvance))
        step = max(1, int(wide // max(1.0, widest)))
        return _BREAK.join(word[at : at + step] for at in range(0, len(word), step))

    return _WORD.sub(parts, text)


class SafeLabel(QLabel):
    """A label for text of others; elides on the right when `elide`, else wraps when `wrap`.

    A word longer than a line is broken where it wraps: a name or a digest of a stranger's making
    would push what stands beside it out of the window.
    """

    def __init__(
        self,
        text: str = "",
        *,
        font: str = "body",
        role: str = "fg0",
        wrap: bool = False,
        elide: bool = False,
        selectable: bool = False,
    ) -> None:
        super().__init__()
        self._role = role
        self._elide = elide
        self._font_name = font
        self._words = ""
        self._spoken = ""  # for a screen reader, where the text has places to break
        self._long = False  # some word of it may have to be broken
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(fonts.font(font))
        self.setWordWrap(wrap)
        if selectable:
            self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        if elide:
            self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._recolour()
        self.show_text(text)

    def show_text(self, text: str) -> None:
        """Show `text`, cleaned."""
        text = clean(text) if self.wordWrap() else clean_line(text, TEXT_MAX)
        if text != self._words:
            self._words = text
            self._long = self.wordWrap() and _WORD.search(text) is not None
            self.setText(text)
            self._mind_words()
        self._mind_tip()

    def text(self) -> str:
        """What it says, without the places where it is broken."""
        return self._words

    def _broken(self, wide: int) -> str:
        return broken(self._words, QFontMetricsF(self.font()), wide - 2)

    def _mind_words(self) -> None:
        if not self._long:
            return
        shown = self._broken(self.contentsRect().width())
        if shown != super().text():
            self.setText(shown)
            if self.accessibleName() in {"", self._spoken}:
                self._spoken = self._words if shown != self._words else ""
                self.setAccessibleName(self._spoken)

    def set_role(self, role: str) -> None:
        """Colour by role."""
        if role != self._role:
            self._role = role
            self._recolour()

    def _recolour(self) -> None:
        palette = self.palette()
        palette.setColor(self.foregroundRole(), tokens.colour(self._role))
        self.setPalette(palette)

    def _mind_tip(self) -> None:
        """Cut text has its whole in a tooltip."""
        if self._elide:
            cut = QFontMetricsF(self.font()).horizontalAdvance(self.text()) > self.width()
            set_tip(self, self.text() if cut else "")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.ApplicationPaletteChange, QEvent.Type.StyleChange}:
            self._recolour()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._mind_words()
        self._mind_tip()

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        if self._long:
            most = round(fonts.width(self._font_name, "n" * LONG_WORD))
            return QSize(min(hint.width(), most), hint.height())
        return QSize(0, hint.height()) if self._elide else hint

    def heightForWidth(self, wide: int) -> int:
        if not self._long:
            return super().heightForWidth(wide)
        edges = self.contentsMargins()
        room = max(1, wide - edges.left() - edges.right())
        flags = int(Qt.TextFlag.TextWordWrap | Qt.TextFlag.TextExpandTabs)
        box = self.fontMetrics().boundingRect(QRect(0, 0, room, 1 << 20), flags, self._broken(room))
        return box.height() + edges.top() + edges.bottom()

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        if self._elide:
            wide = fonts.metrics(self._font_name).horizontalAdvance(self.text()[:500])
            return QSize(round(wide) + 2, hint.height())
        return hint

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._elide:
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.setPen(tokens.colour(self._role))
        painter.setFont(self.font())
        # Measuring a very long line costs time; no screen is wider than this.
        text = self.text()[:2_000]
        shown = QFontMetricsF(self.font()).elidedText(
            text, Qt.TextElideMode.ElideRight, self.width()
        )
        painter.drawText(self.rect(), int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), shown)
