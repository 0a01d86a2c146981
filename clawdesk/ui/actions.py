"""Every act of the window in one place: name, shortcut, and why it is not possible just now.

Menus, the palette and the tips of buttons read from here, so a shortcut is written once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from clawdesk.ui.safe_text import clean_line
from clawdesk.ui.words import tr


@dataclass(frozen=True, slots=True)
class Act:
    """`why_not()` is "" when the act is possible; else the reason shown beside it.

    `group` is the heading under which menus, the palette and the help sheet list it.
    """

    key: str
    text: str
    keys: str
    icon: str
    run: Callable[[], None]
    why_not: Callable[[], str]
    group: str = ""

    @property
    def key_words(self) -> str:
        """The shortcut as buttons show it: `Ctrl Enter`."""
        return self.keys.replace("+", " ").replace("Return", "Enter")


class Registry:
    """Acts of one window; each is a QAction with a shortcut."""

    def __init__(self, window: QWidget) -> None:
        self._window = window
        self.group = "ClawDesk"  # that acts added from now on belong to
        self.acts: dict[str, Act] = {}
        # An act's words now and what it would do, by its key; "" = its own words, no more to say.
        self.subject: Callable[[str], tuple[str, str]] = lambda _: ("", "")
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
        """Add an act to the present group; two acts with one shortcut are a mistake of ours."""
        taken = [a.key for a in self.acts.values() if keys and a.keys == keys]
        assert not taken, f"{keys} is taken by {taken}"
        act = self.acts[key] = Act(key, tr(text), keys, icon, run, why_not, tr(self.group))
        action = self._actions[key] = QAction(act.text, self._window)
        action.setObjectName(f"action.{key}")
        if keys:
            action.setShortcut(QKeySequence(keys))
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.triggered.connect(lambda: self.trigger(act.key))
        self._window.addAction(action)

    def words(self, act: Act) -> tuple[str, str]:
        """What the act is called now, naming what it would touch, and what it would do there."""
        named, does = self.subject(act.key)
        return named or act.text, does

    def menu(self, parent: QWidget) -> QMenu:
        """All acts, each group in a menu of its own but the first: one long list would not fit.

        What is not possible stands there with its reason.
        """
        made = QMenu(parent)
        made.setObjectName("menu")
        made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        made.setToolTipsVisible(True)
        groups: dict[str, QMenu] = {}
        for act in sorted(self.acts.values(), key=self._order):
            if not groups:
                groups[act.group] = made
            elif act.group not in groups:
                if len(groups) == 1:
                    made.addSeparator()
                groups[act.group] = made.addMenu(act.group)
                groups[act.group].setObjectName("menu.group")
            why = act.why_not()
            text, _ = self.words(act)
            words = clean_line(f"{text}   ({why})" if why else text)
            line = groups[act.group].addAction(words.replace("&", "&&"))
            line.setObjectName(f"menu.{act.key}")
            line.setEnabled(not why)
            if act.keys:
                # Shown only: the shortcut itself belongs to the window's own action.
                line.setShortcut(QKeySequence(act.keys))
                line.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            line.triggered.connect(lambda _=False, key=act.key: self.trigger(key))
        return made

    def _order(self, act: Act) -> int:
        """Groups in the order in which they first came."""
        groups = list(dict.fromkeys(other.group for other in self.acts.values()))
        return groups.index(act.group)

    def trigger(self, key: str) -> None:
        """Do it, if it is possible."""
        act = self.acts[key]
        if not act.why_not():
            act.run()
