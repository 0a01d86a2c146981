"""The top of the window: which project, its branch, the search field, New task, theme."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from clawdesk.ui import fonts, icons, tokens
from clawdesk.ui.badge import Icon
from clawdesk.ui.button import Button
from clawdesk.ui.pane import Ground
from clawdesk.ui.safe_text import SafeLabel, set_tip
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import tr
from clawdesk.viewmodels.projects import ProjectEntry

SEARCH = 400
"""Width of the search field in px; where there is less, its words stay whole."""
_KEY = "Ctrl K"


class SearchField(QAbstractButton):
    """Looks like a field, opens the palette."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("toolbar.search")
        self.setAccessibleName(tr("Search or run a command"))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(SEARCH, 28)

    def least(self) -> int:
        """The width in px at which icon, words and key are just whole."""
        words = fonts.width("body", tr("Search or run a command"))
        return round(33 + words + 12 + fonts.width("caption", _KEY) + 9 + 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = "acc" if self.hasFocus() else "ctl" if self.underMouse() else "line2"
        painter.setPen(QPen(colour(edge), 1))
        painter.setBrush(colour("bg1"))
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, 6, 6)
        icons.draw(painter, 9, 6, "search", "fg2")
        painter.setFont(fonts.font("body"))
        painter.setPen(colour("fg2"))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(box.adjusted(33, 0, 0, 0), middle, tr("Search or run a command"))
        wide = fonts.width("caption", _KEY) + 9
        frame = QRectF(box.right() - 8 - wide, 6.5, wide, 15)
        painter.setPen(QPen(colour("line2"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(frame, 4, 4)
        painter.setPen(colour("fg2"))
        painter.setFont(fonts.font("caption"))
        painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, _KEY)


class ToolBar(Ground):
    """Tells what was pressed; the window decides."""

    search_wanted = Signal()
    new_wanted = Signal()
    theme_wanted = Signal()
    projects_wanted = Signal()
    inbox_wanted = Signal()
    home_wanted = Signal()
    models_wanted = Signal()
    menu_wanted = Signal()

    def __init__(self) -> None:
        super().__init__("bg0", "b")
        self.setObjectName("toolbar")
        self.setFixedHeight(tokens.TOOL_BAR)
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 1)
        row.setSpacing(8)
        left, right = QWidget(), QWidget()
        west, east = QHBoxLayout(left), QHBoxLayout(right)
        for layout in (west, east):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(8)
        self.side = self._icon_button(
            "toolbar.projects", "side", tr("Show or hide projects"), "Ctrl+B"
        )
        self.side.clicked.connect(self.projects_wanted)
        self._folder = Icon("folder", "acc")
        self._name = SafeLabel("ClawDesk", font="label")
        self._name.setObjectName("toolbar.project")
        self._branch_icon = Icon("branch", "fg2", 14)
        self._branch = SafeLabel("", font="small", role="fg2", elide=True)
        self._branch.setObjectName("toolbar.branch")
        west.addWidget(self.side)
        west.addWidget(self._folder)
        west.addWidget(self._name)
        west.addSpacing(8)
        west.addWidget(self._branch_icon)
        west.addWidget(self._branch, 1)
        self.search = SearchField()
        self.search.clicked.connect(self.search_wanted)
        self.new = Button(tr("New task"), "toolbar.new", kind="main", icon="plus", key="Ctrl N")
        self.new.clicked.connect(self.new_wanted)
        models = self._icon_button("toolbar.models", "gpu", tr("Models and GPUs"), "Ctrl+G")
        models.clicked.connect(self.models_wanted)
        home = self._icon_button("toolbar.home", "cpu", tr("This machine"), "Ctrl+H")
        home.clicked.connect(self.home_wanted)
        theme = self._icon_button("toolbar.theme", "sun", tr("Dark or light"), "Ctrl+Shift+L")
        theme.clicked.connect(self.theme_wanted)
        inbox = self._icon_button("toolbar.inbox", "rpane", tr("Show or hide the inbox"), "Ctrl+I")
        inbox.clicked.connect(self.inbox_wanted)
        self.menu = self._icon_button("toolbar.menu", "more", tr("Menu of all acts"), "F10")
        self.menu.clicked.connect(self.menu_wanted)
        east.addStretch(1)
        for widget in (self.new, models, home, theme, inbox, self.menu):
            east.addWidget(widget)
        row.addWidget(left, 1)
        row.addWidget(self.search)
        row.addWidget(right, 1)
        self._west, self._east = west, east
        self.show_project(None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._mind_room()

    def _mind_room(self) -> None:
        """The search field gives way to the branch's words, which nothing else tells in full."""
        sides = self._west.sizeHint().width() + self._east.sizeHint().width()
        wide = max(self.search.least(), min(SEARCH, self.width() - sides - 40))
        self.search.setFixedWidth(wide)
        for side in (0, 2):  # in the middle where there is room; else each side has what it needs
            self._row.setStretch(side, 1 if wide == SEARCH else 0)

    @staticmethod
    def _icon_button(name: str, icon: str, spoken: str, keys: str) -> Button:
        made = Button("", name, kind="ghost", icon=icon, spoken=spoken)
        set_tip(made, f"{spoken} ({keys})")
        return made

    def show_project(self, entry: ProjectEntry | None) -> None:
        """The project the window looks at; None = none is open."""
        self._name.show_text(entry.name if entry else tr("ClawDesk"))
        self._branch.show_text(entry.headline if entry else "")
        for widget in (self._folder, self._branch_icon, self._branch):
            widget.setVisible(entry is not None)
        why_not = entry.read_only if entry is not None else ""
        self.new.setVisible(entry is not None)
        self.new.setEnabled(not why_not)
        set_tip(self.new, tr("read-only: {why}", why=why_not) if why_not else "")
        self._mind_room()
