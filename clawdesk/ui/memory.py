"""What the window remembers between starts: recent projects, layout, theme, unsent drafts.

State of the screen only: everything that matters is in Git.
"""

from __future__ import annotations

from dataclasses import fields, replace

from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QMainWindow, QSplitter

from clawdesk.viewmodels.notices import NoticeRules

_RULES = tuple(field.name for field in fields(NoticeRules))
RECENT_MAX = 12
LAYOUT = 1  # raised when panes change, so that an old layout is not forced on new panes


class Memory:
    """A thin face on QSettings."""

    def __init__(self, settings: QSettings) -> None:
        self.settings = settings

    def recent(self) -> list[str]:
        value = self.settings.value("recent", [])
        if isinstance(value, str):
            return [value] if value else []
        return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []

    def remember_project(self, path: str) -> None:
        paths = [path, *(p for p in self.recent() if p != path)]
        self.settings.setValue("recent", paths[:RECENT_MAX])

    def forget_project(self, path: str) -> None:
        self.settings.setValue("recent", [p for p in self.recent() if p != path])

    def open_projects(self) -> list[str]:
        """What was open when the window was closed."""
        value = self.settings.value("open", [])
        if isinstance(value, str):
            return [value] if value else []
        return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []

    def keep_open_projects(self, paths: list[str]) -> None:
        self.settings.setValue("open", paths)

    def draft(self, request: str) -> str:
        value = self.settings.value(f"drafts/{request}", "")
        return value if isinstance(value, str) else ""

    def keep_draft(self, request: str, text: str) -> None:
        if text:
            self.settings.setValue(f"drafts/{request}", text)
        else:
            self.settings.remove(f"drafts/{request}")

    def notice_rules(self) -> NoticeRules:
        """What the desktop is told of; what was never chosen is as in `NoticeRules`."""
        rules = NoticeRules()
        for name in _RULES:
            # An ini file gives back words, QSettings in memory gives back what it got.
            value = self.settings.value(f"notices/{name}", getattr(rules, name))
            rules = replace(rules, **{name: str(value).lower() in {"true", "1"}})
        return rules

    def keep_notice_rules(self, rules: NoticeRules) -> None:
        for name in _RULES:
            self.settings.setValue(f"notices/{name}", getattr(rules, name))

    def keep_layout(self, window: QMainWindow, splitters: dict[str, QSplitter]) -> None:
        self.settings.setValue(f"layout{LAYOUT}/window", window.saveGeometry())
        for name, splitter in splitters.items():
            self.settings.setValue(f"layout{LAYOUT}/{name}", splitter.saveState())

    def restore_layout(self, window: QMainWindow, splitters: dict[str, QSplitter]) -> None:
        for name, restore in (
            ("window", window.restoreGeometry),
            *((n, s.restoreState) for n, s in splitters.items()),
        ):
            value = self.settings.value(f"layout{LAYOUT}/{name}")
            if isinstance(value, QByteArray):
                restore(value)

    def flush(self) -> None:
        self.settings.sync()
