"""What the window remembers between starts: recent projects, layout, theme, unsent drafts.

State of the screen only: everything that matters is in Git.
"""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QMainWindow, QSplitter

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
