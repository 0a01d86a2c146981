"""What the window remembers between starts: recent projects, layout, theme, unsent drafts.

State of the screen only: everything that matters is in Git.
"""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QMainWindow, QSplitter

from clawdesk.domain.from_prompt import TaskPrompt
from clawdesk.runtime.drafts import Drafts
from clawdesk.viewmodels.notices import NoticeRules
from clawdesk.viewmodels.review import Draft

_RULES = tuple(field.name for field in fields(NoticeRules))
_AGENT = ("kind", "run", "model")
RECENT_MAX = 12
ARCHIVED_MAX = 10_000
LAYOUT = 1  # raised when panes change, so that an old layout is not forced on new panes


class View(NamedTuple):
    """Where the user was: project and task looked at, and the inspector's place; "" = nowhere."""

    project: str = ""
    task: str = ""
    place: str = ""


class Memory:
    """A thin face on QSettings, and on the folder of drafts (default: beside the settings)."""

    def __init__(self, settings: QSettings, drafts: Path | None = None) -> None:
        self.settings = settings
        beside = Path(settings.fileName()).parent / "drafts"
        self.drafts = Drafts(drafts or beside)
        self.unsent = Drafts((drafts or beside) / "unsent")  # answers, which no draft pushes out

    def _texts(self, key: str) -> list[str]:
        """A list of words; an ini file gives one word back as itself."""
        value = self.settings.value(key, [])
        if isinstance(value, str):
            return [value] if value else []
        return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []

    def recent(self) -> list[str]:
        return self._texts("recent")

    def recent_at(self) -> dict[str, int]:
        """When each recent project was last opened, in ms since 1970; one of before has none."""
        pairs = zip(self.recent(), self._texts("recent_at"), strict=False)
        return {path: int(at) for path, at in pairs if at.isdecimal() and int(at)}

    def remember_project(self, path: str, at_ms: int = 0) -> None:
        """`at_ms`: when it was opened, 0 = not known."""
        known = self.recent_at()
        others = [(p, known.get(p, 0)) for p in self.recent() if p != path]
        kept = [(path, at_ms), *others][:RECENT_MAX]
        # Two lists side by side: a path is no key, since slashes part the groups of settings.
        self.settings.setValue("recent", [p for p, _ in kept])
        self.settings.setValue("recent_at", [str(at) for _, at in kept])

    def forget_project(self, path: str) -> None:
        """It is no recent project any more; one whose folder is gone would stand there for good."""
        known = self.recent_at()
        kept = [other for other in self.recent() if other != path]
        self.settings.setValue("recent", kept)
        self.settings.setValue("recent_at", [str(known.get(other, 0)) for other in kept])

    def open_projects(self) -> list[str]:
        """What was open when the window was closed."""
        return self._texts("open")

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

    def typed(self, project: str) -> TaskPrompt | None:
        """A task that was written for a project and not started yet."""
        return self.drafts.load(_typed_key(project), TaskPrompt)

    def keep_typed(self, project: str, asked: TaskPrompt) -> None:
        """Raises PortError where it cannot be kept; one without a prompt is forgotten."""
        if asked.prompt.strip():
            self.drafts.keep(_typed_key(project), asked)
        else:
            self.drafts.drop(_typed_key(project))

    def last_agent(self) -> TaskPrompt | None:
        """The agent of the task that was last started without a file; its prompt is ""."""
        told = {name: self.settings.value(f"agent/{name}", "") for name in _AGENT}
        known = {name: value for name, value in told.items() if isinstance(value, str)}
        kind, run, model = (known.get(name, "") for name in _AGENT)
        return TaskPrompt("", kind, run, model) if kind else None

    def keep_last_agent(self, asked: TaskPrompt) -> None:
        for name in _AGENT:
            self.settings.setValue(f"agent/{name}", getattr(asked, name))

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

    def view(self) -> View:
        """What the window looked at when it was closed."""
        told = {name: self.settings.value(f"view/{name}", "") for name in View._fields}
        return View(**{name: v if isinstance(v, str) else "" for name, v in told.items()})

    def keep_view(self, view: View) -> None:
        for name, value in view._asdict().items():
            self.settings.setValue(f"view/{name}", value)

    def hidden_panes(self) -> list[str]:
        """Names of panes that the user folded away."""
        return self._texts(f"layout{LAYOUT}/hidden")

    def peers_folded(self) -> bool:
        """Whether the user folded the peers away."""
        return str(self.settings.value("peers/folded", "")).lower() in {"true", "1"}

    def fold_peers(self, away: bool) -> None:
        self.settings.setValue("peers/folded", away)

    def keep_layout(
        self, window: QMainWindow, splitters: dict[str, QSplitter], hidden: list[str]
    ) -> None:
        self.settings.setValue(f"layout{LAYOUT}/window", window.saveGeometry())
        self.settings.setValue(f"layout{LAYOUT}/hidden", hidden)
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

    def keep_split(self, splitter: QSplitter) -> None:
        """Where a person left the line of a splitter with a name of its own."""
        name = splitter.objectName()
        self.settings.setValue(f"layout{LAYOUT}/{name}", splitter.saveState())

    def restore_split(self, splitter: QSplitter) -> bool:
        """Whether one was kept that fits."""
        value = self.settings.value(f"layout{LAYOUT}/{splitter.objectName()}")
        return isinstance(value, QByteArray) and splitter.restoreState(value)

    def flush(self) -> None:
        self.settings.sync()


def _typed_key(project: str) -> str:
    return f"new-task:{project}"
