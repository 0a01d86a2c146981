"""Every act of the window in one place: name, shortcut, and why it is not possible just now.

Menus, the palette and the tips of buttons read from here, so a shortcut is written once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget


@dataclass(frozen=True, slots=True)
class Act:
    """`why_not()` is "" when the act is possible; else the reason shown beside it."""

    key: str
    text: str
    keys: str
    icon: str
    run: Callable[[], None]
    why_not: Callable[[], str]

    @property
    def key_words(self) -> str:
        """The shortcut as buttons show it: `Ctrl Enter`."""
        return self.keys.replace("+", " ").replace("Return", "Enter")


class Registry:
    """Acts of one window; each is a QAction with a shortcut."""

    def __init__(self, window: QWidget) -> None:
        self._window = window
        self.acts: dict[str, Act] = {}
        self._actions: dict[str, QAction] = {}

    def add(
        self,
        key: str,
        text: str,
        run: Callable[[], None],
        *,
        keys: str = "",
        icon: str = "cr",
        why_not: Callable[[], str] = lambda: "",
    ) -> None:
        """Add an act; two acts with one shortcut are a mistake of ours."""
        taken = [a.key for a in self.acts.values() if keys and a.keys == keys]
        assert not taken, f"{keys} is taken by {taken}"
        act = self.acts[key] = Act(key, text, keys, icon, run, why_not)
        action = self._actions[key] = QAction(text, self._window)
        action.setObjectName(f"action.{key}")
        if keys:
            action.setShortcut(QKeySequence(keys))
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.triggered.connect(lambda: self.trigger(act.key))
        self._window.addAction(action)

    def trigger(self, key: str) -> None:
        """Do it, if it is possible."""
        act = self.acts[key]
        if not act.why_not():
            act.run()
