"""Words of a length nobody bounds, in a room that is bounded: what is more is scrolled to."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QScrollArea, QWidget


class ShortArea(QScrollArea):
    """As high as what is in it, up to `most` px; the keyboard stops at it only if it scrolls."""

    def __init__(self, name: str, spoken: str, inner: QWidget, most: int) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(spoken)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._inner, self._most = inner, most
        self.setWidget(inner)
        inner.installEventFilter(self)
        self.fit()

    def need(self, wide: int) -> int:
        """How high all of it is at that width, in px."""
        layout = self._inner.layout()
        if layout is None:
            return 0
        need = layout.totalHeightForWidth(max(1, wide))
        return need if need >= 0 else layout.totalSizeHint().height()

    def fit(self) -> None:
        """Take the room it needs now."""
        need = self.need(self.viewport().width())
        if need > self._most:  # the bar takes some of the width
            need = self.need(self.width() - self.verticalScrollBar().sizeHint().width())
        scrolls = need > self._most
        policy = Qt.FocusPolicy.StrongFocus if scrolls else Qt.FocusPolicy.NoFocus
        self.setFocusPolicy(policy)
        self.setFixedHeight(min(need, self._most))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.LayoutRequest and watched is self._inner:
            self.fit()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 0)

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())
