"""The projects pane and the pages shown while there is nothing to show.

Pure; a project that cannot be used says why in a sentence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from clawdesk.domain.model import Task
from clawdesk.ports.repository import ProjectView
from clawdesk.viewmodels.amounts import steps
from clawdesk.viewmodels.language import counted, tr
from clawdesk.viewmodels.phases import needs_you, wants_trust
from clawdesk.viewmodels.told import told


@dataclass(frozen=True, slots=True)
class DefinitionView:
    """A process that can be run; `why_not` is "" when it can. `tip` does not repeat the title."""

    name: str
    title: str
    tip: str
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class ProjectEntry:
    path: str
    name: str
    place: str
    branch: str
    dirty: tuple[str, ...]
    needs: int
    tasks: int
    definitions: tuple[DefinitionView, ...]
    mistakes: tuple[str, ...]
    warnings: tuple[str, ...]
    read_only: str = ""

    @property
    def headline(self) -> str:
        """`main · 2 files changed by you`."""
        branch = self.branch or tr("detached HEAD")
        if not self.dirty:
            return f"{branch} · {tr('clean')}"
        changed = counted(
            len(self.dirty), "{count} file changed by you", "{count} files changed by you"
        )
        return f"{branch} · {changed}"


class Recent(NamedTuple):
    """A project that is not open; `opened` says in words when it last was, "" = not known."""

    name: str
    path: str
    place: str
    opened: str = ""


@dataclass(frozen=True, slots=True)
class ProjectsView:
    entries: tuple[ProjectEntry, ...]
    recent: tuple[Recent, ...]


@dataclass(frozen=True, slots=True)
class EmptyView:
    """A page instead of an empty list."""

    title: str
    text: str


def _definition(
    view: ProjectView, name: str, title: str, description: str, count: int
) -> DefinitionView:
    why_not = tr("read-only: {why}", why=told(view.read_only)) if view.read_only else ""
    return DefinitionView(
        name=name,
        title=title or name,
        tip=f"{description} · {steps(count)}" if description else steps(count),
        why_not=why_not,
    )


def short_path(path: str, home: str) -> str:
    """The path with the home directory as `~`."""
    home = home.rstrip("/")
    if home and (path == home or path.startswith(home + "/")):
        return "~" + path[len(home) :]
    return path


def names_of(projects: Mapping[str, str]) -> dict[str, str]:
    """Each path with its name; two of the same name have as much of their paths as parts them.

    Args:
        projects: the name of each, by its path.
    """
    many = {name for name, count in Counter(projects.values()).items() if count > 1}
    found = dict(projects)
    for name in many:
        parts = {path: path.strip("/").split("/") for path, own in projects.items() if own == name}
        for path, own in parts.items():
            others = [other for one, other in parts.items() if one != path]
            deep = next(
                (n for n in range(2, len(own)) if own[-n:] not in [o[-n:] for o in others]), 0
            )
            found[path] = "/".join(own[-deep:]) if deep else path
    return found


def projects_view(
    projects: Mapping[str, ProjectView],
    tasks: Iterable[Task],
    recent: Mapping[str, str] | None = None,
    home: str = "",
) -> ProjectsView:
    """Open projects in the order they were opened, then recent ones.

    Args:
        recent: by its folder, when each was opened, in words.
    """
    needs: dict[str, int] = {}
    total: dict[str, int] = {}
    for task in tasks:
        total[task.project] = total.get(task.project, 0) + 1
        if needs_you(task) or wants_trust(task):
            needs[task.project] = needs.get(task.project, 0) + 1
    others = {path: opened for path, opened in (recent or {}).items() if path not in projects}
    last = {path: path.rstrip("/").rpartition("/")[2] or path for path in others}
    names = names_of({path: view.name for path, view in projects.items()} | last)
    entries = tuple(
        ProjectEntry(
            path=path,
            name=names[path],
            place=short_path(path, home),
            branch=view.branch,
            dirty=view.dirty,
            needs=needs.get(path, 0),
            tasks=total.get(path, 0),
            definitions=tuple(
                _definition(view, d.name, d.title, d.description, len(d.steps))
                for d in view.definitions
            ),
            mistakes=tuple(map(told, view.mistakes)),
            warnings=tuple(map(told, view.warnings)),
            read_only=told(view.read_only),
        )
        for path, view in projects.items()
    )
    closed = tuple(
        Recent(names[path], path, short_path(path, home), opened) for path, opened in others.items()
    )
    return ProjectsView(entries, closed)


def no_tasks(project: str) -> EmptyView:
    """The page of a project in which nothing was run yet."""
    return EmptyView(
        tr("No tasks yet in {project}", project=project),
        tr(
            "A task gets its own machine and a copy of this project. You see every step, "
            "and your files change only when you approve."
        ),
    )


def nothing_waits() -> EmptyView:
    """The inbox while nobody asks."""
    return EmptyView(
        tr("Nothing waits for you"),
        tr("Approvals, questions and policies to trust, of all projects, appear here."),
    )


def no_project() -> EmptyView:
    """The first page."""
    return EmptyView(
        tr("Open a project folder to begin"),
        tr(
            "A project is a Git repository on this disk. Tasks work on a copy inside their own "
            "machine; your files change only when you approve."
        ),
    )
