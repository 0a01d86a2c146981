"""Another theme is on screen at once, also in widgets that paint themselves."""

from __future__ import annotations

from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

from clawdesk.ui import theme, tokens


class Painted(QWidget):
    """Paints with a colour of the theme, as lanes and cards do."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.seen: list[str] = []

    def paintEvent(self, event: QPaintEvent) -> None:
        self.seen.append(tokens.colour("bg0").name())


def test_a_widget_that_paints_itself_is_painted_anew(qapp: QApplication) -> None:
    window = QWidget()
    outer = QWidget(window)
    painted = Painted(outer)
    try:
        for widget in (window, outer, painted):
            widget.resize(60, 60)
        window.show()
        qapp.processEvents()
        for chosen in (tokens.Theme.LIGHT, tokens.Theme.DARK, tokens.Theme.LIGHT):
            painted.seen.clear()
            theme.apply(qapp, chosen)
            qapp.processEvents()
            assert painted.seen, f"{chosen} is not on screen"
            assert painted.seen[-1] == tokens.colour("bg0").name()
    finally:
        theme.apply(qapp, tokens.Theme.DARK)
