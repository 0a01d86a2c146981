"""The base of every dialog: window-modal, opened and never executed, drawn by our own tokens.

Esc always means "later": it closes and decides nothing. No button is a default, Enter presses none.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QRegion,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from clawdesk.ui.announce import announce
from clawdesk.ui.badge import Icon
from clawdesk.ui.button import Button
from clawdesk.ui.clock import Clock
from clawdesk.ui.guard import Guard
from clawdesk.ui.pane import Ground
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import tr

RADIUS = 10


class _Head(QWidget):
    """The title row; the sheet is moved by it."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        handle = self.window().windowHandle()
        if event.button() == Qt.MouseButton.LeftButton and handle is not None:
            handle.startSystemMove()


class Sheet(QDialog):
    """Subclasses fill `body` and `foot`. `guard` is up for 700 ms after the sheet appears."""

    def __init__(self, name: str, parent: QWidget, clock: Clock, *, icon: str, role: str) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setObjectName(name)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.clock = clock
        self.guard = Guard(clock, self.mind_buttons, self)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(1, 1, 1, 1)
        whole.setSpacing(0)
        head = _Head()
        self.head = QHBoxLayout(head)
        self.head.setContentsMargins(16, 14, 12, 6)
        self.head.setSpacing(8)
        self.icon = Icon(icon, role, 20)
        self.title = SafeLabel("", font="heading", elide=True)
        self.title.setObjectName(f"{name}.title")
        self.close_button = Button(
            "", f"{name}.close", kind="ghost", icon="x", size="sm", spoken=tr("Close, decide later")
        )
        # The keyboard has Esc and "Later"; the first focus belongs to the content.
        self.close_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.close_button.clicked.connect(self.reject)
        self.head.addWidget(self.icon)
        self.head.addWidget(self.title, 1)
        self.head.addWidget(self.close_button)
        whole.addWidget(head)
        self.body = QVBoxLayout()
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(0)
        whole.addLayout(self.body, 1)
        self.notice = SafeLabel("", role="need", wrap=True)
        self.notice.setObjectName(f"{name}.notice")
        self.notice.setContentsMargins(16, 8, 16, 8)
        self.notice.hide()
        whole.addWidget(self.notice)
        foot = Ground("bg0", "t")
        foot.setMinimumHeight(56)
        self.foot = QHBoxLayout(foot)
        self.foot.setContentsMargins(16, 0, 16, 0)
        self.foot.setSpacing(8)
        whole.addWidget(foot)

    def show_title(self, text: str) -> None:
        self.title.show_text(text)
        self.setWindowTitle(self.title.text())
        self.setAccessibleName(self.title.text())

    def show_notice(self, text: str, role: str = "need") -> None:
        """A sentence above the buttons; "" takes it away."""
        before = self.notice.text()
        self.notice.set_role(role)
        self.notice.show_text(text)
        if text and self.notice.text() != before:
            announce(self, text)
        self.notice.setVisible(bool(text))

    def mind_buttons(self) -> None:
        """Enable what may be pressed now; subclasses decide."""

    def fitted(self, wide: int) -> QSize:
        """As high as its words need at that width, with no room left over."""
        layout = self.layout()
        return QSize(wide, layout.totalHeightForWidth(wide) if layout is not None else 0)

    def appear(self, size: QSize) -> None:
        """Open over the parent, at most as large as it allows."""
        parent = self.parentWidget()
        assert parent is not None
        room = parent.window().size()
        wide = min(size.width(), room.width() - 44)
        high = min(max(size.height(), self.minimumSizeHint().height()), room.height() - 44)
        self.resize(wide, high)
        frame = parent.window().geometry()
        self.move(frame.x() + (frame.width() - wide) // 2, frame.y() + (frame.height() - high) // 2)
        self.open()

    def reject(self) -> None:
        """Later: it closes and decides nothing.

        PySide keeps some bytes for ever of each connection to a method of Qt's own; this one of
        ours is what every sheet connects to.
        """
        super().reject()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.guard.raise_now()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            event.accept()  # Enter decides nothing
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        path = QPainterPath()
        path.addRoundedRect(QRectF(self.rect()), RADIUS, RADIUS)
        self.setMask(QRegion(path.toFillPolygon().toPolygon()))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), colour("bg1"))
        painter.setPen(QPen(colour("pop-ln"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)


class Scrim(QWidget):
    """Dims the window under a sheet; follows its parent's size."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        parent.installEventFilter(self)
        self._sheets = 0
        self.hide()

    def cover(self, sheet: QDialog) -> None:
        """Stay until the sheet is finished."""
        self._sheets += 1
        sheet.finished.connect(self._uncover)
        self._mind_size()
        self.raise_()
        self.show()

    def _uncover(self) -> None:
        self._sheets -= 1
        self.setVisible(self._sheets > 0)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize and watched is self.parentWidget():
            self._mind_size()
        return False

    def _mind_size(self) -> None:
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), colour("scrim"))
