"""What a new task's image lacks: from which hosts, and the button that asks to allow them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from clawdesk.ui.badge import Icon
from clawdesk.ui.button import Button
from clawdesk.ui.pane import Ground
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.words import tr
from clawdesk.viewmodels.catalog_access import AllowBox


class AllowPanel(Ground):
    """Hidden while nothing is lacking. `wanted`: a person looks at what would be allowed."""

    wanted = Signal()

    def __init__(self) -> None:
        super().__init__("need-bg")
        self.setObjectName("new_task.allow")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 10, 12, 12)
        row.setSpacing(8)
        row.addWidget(Icon("warn", "need", 16), 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(6)
        row.addLayout(column, 1)
        self._text = SafeLabel("", wrap=True)
        self._text.setObjectName("new_task.allow.text")
        self._hosts = SafeLabel("", role="fg1", wrap=True)
        self._hosts.setObjectName("new_task.allow.hosts")
        self.go = Button(tr("Allow these hosts…"), "new_task.allow.go", icon="shield", size="sm")
        self.go.clicked.connect(self.wanted)
        below = QHBoxLayout()
        below.addWidget(self.go)
        below.addStretch(1)
        column.addWidget(self._text)
        column.addWidget(self._hosts)
        column.addLayout(below)
        self.hide()

    def show_box(self, box: AllowBox | None) -> None:
        """What is lacking, None = nothing."""
        self.setVisible(box is not None)
        if box is None:
            return
        self._text.show_text(box.text)
        self._hosts.show_text("\n".join(box.hosts))
        self.setAccessibleName(" ".join((box.text, *box.hosts)))
        self._hosts.setVisible(bool(box.hosts))
        self.go.setVisible(bool(box.hosts))
