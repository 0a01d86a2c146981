"""What the window remembers between starts: recent projects, layout, theme, unsent drafts.

State of the screen only: everything that matters is in Git.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QMainWindow, QSplitter

from clawdesk.runtime.drafts import Drafts
from clawdesk.viewmodels.review import Draft

RECENT_MAX = 12
ARCHIVED_MAX = 10_000
LAYOUT = 1  # raised when panes change, so that an old layout is not forced on new panes


class Memory:
    """A thin face on QSettings, and on the folder of drafts (default: beside the settings)."""

    def __init__(self, settings: QSettings, drafts: Path | None = None) -> None:
        self.settings = settings
        beside = Path(settings.fileName()).parent / "drafts"
        self.drafts = Drafts(drafts or beside)

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

    def review(self, request: str) -> Draft:
        """What was begun as an answer to a request; an empty one where nothing was."""
        return self.drafts.load(request, Draft) or Draft()

    def keep_review(self, request: str, draft: Draft) -> None:
        """Raises PortError where it cannot be kept."""
        if draft.empty:
            self.drafts.drop(request)
        else:
            self.drafts.keep(request, draft)

    def archived(self) -> frozenset[str]:
        """Tasks a person has put out of sight; they and their history stay as they are."""
        value = self.settings.value("archived", [])
        if isinstance(value, str):
            return frozenset([value] if value else ())
        return (
            frozenset(v for v in value if isinstance(v, str))
            if isinstance(value, list)
            else frozenset()
        )

    def archive(self, task: str, archived: bool) -> bool:
        """Put a task into the archive or take it out; False when the archive is full."""
        tasks = self.archived() - {task}
        if archived and len(tasks) >= ARCHIVED_MAX:
            return False
        self.settings.setValue("archived", sorted(tasks | ({task} if archived else set())))
        return True

    def draft(self, request: str) -> str:
        """The words alone of what was begun."""
        return self.review(request).note

    def keep_draft(self, request: str, text: str) -> None:
        """As `keep_review`, for an answer that is words alone."""
        self.keep_review(request, Draft(note=text))

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
