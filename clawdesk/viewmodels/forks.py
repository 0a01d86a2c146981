"""Families of forks as the window shows them: order, letters, and what a fork or a choice does.

Says beforehand what an act does; decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clawdesk.domain.forking import family, root_of, to_end
from clawdesk.domain.memory_size import memory_size
from clawdesk.domain.model import Checkpoint, PlaneState, Task, TaskId
from clawdesk.viewmodels.amounts import and_more, files, where
from clawdesk.viewmodels.checkpoints import why_no_memory
from clawdesk.viewmodels.language import tr
from clawdesk.viewmodels.phases import look
from clawdesk.viewmodels.words import first_line, size

LISTED_MAX = 6
FORKS_AT_ONCE = 4


def letter(place: int) -> str:
    """A, B, … Z, AA, AB: the place of a task in its family."""
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(65 + rest) + text
    return text


def letters(state: PlaneState, task: Task) -> dict[TaskId, str]:
    """The letter of every member of the task's family; the oldest is A. Alone = none."""
    members = family(state, task)
    if len(members) < 2:
        return {}
    return {member.id: letter(place) for place, member in enumerate(members)}


def next_titles(state: PlaneState, parent: Task) -> tuple[str, ...]:
    """What new forks are called until a person says otherwise."""
    root = state.tasks.get(root_of(state, parent)) or parent
    first = len(family(state, parent))
    return tuple(f"{root.title[:180]} {letter(first + n)}" for n in range(FORKS_AT_ONCE))


def in_lanes(tasks: Sequence[Task]) -> list[tuple[Task, int]]:
    """Each task with its depth: forks below the task they come from, else the given order."""
    known = {task.id for task in tasks}
    below: dict[TaskId, list[Task]] = {}
    roots: list[Task] = []
    for task in tasks:
        origin = task.forked_from.task if task.forked_from is not None else ""
        if origin in known and origin != task.id:
            below.setdefault(origin, []).append(task)
        else:
            roots.append(task)
    found: list[tuple[Task, int]] = []
    todo = [(task, 0) for task in reversed(roots)]
    while todo:
        task, depth = todo.pop()
        found.append((task, depth))
        todo += [(child, depth + 1) for child in reversed(below.pop(task.id, []))]
    return found


@dataclass(frozen=True, slots=True)
class ForkView:
    """The fork sheet; every line is a sentence for the user."""

    task: TaskId
    ordinal: int
    title: str
    names: tuple[str, ...]
    gets: tuple[str, ...]
    costs: tuple[str, ...]
    later_steps: str

    def titles(self, title: str, count: int) -> tuple[str, ...]:
        """What each of `count` forks is called, from what a person wrote for all of them."""
        if title == self.names[0]:
            return self.names[:count]
        many = title and count > 1
        return tuple(f"{title} {n + 1}" if many else title for n in range(count))


def fork_view(state: PlaneState, task: Task, ordinal: int) -> ForkView:
    """What a fork of that checkpoint gets and costs; ordinal 0 is the start."""
    checkpoint = task.checkpoint(ordinal)
    need = task.definition.machine
    costs = (
        tr(
            "a machine of its own ({size}): it queues like any task, and its log and history are "
            "its own",
            size=f"{need.cpu_count} CPU, {memory_size(need.memory_mib)}",
        ),
        tr("{task} goes on undisturbed", task=task.title),
    )
    return ForkView(
        task=task.id,
        ordinal=ordinal,
        title=tr("Fork {task} at {where}?", task=task.title, where=where(ordinal)),
        names=next_titles(state, task),
        gets=_gets(task, checkpoint),
        costs=costs,
        later_steps=_later_steps(task, checkpoint),
    )


def _gets(task: Task, checkpoint: Checkpoint | None) -> tuple[str, ...]:
    if checkpoint is None:
        return (tr("the project's files as the task began with them, on a fresh machine"),)
    stat = checkpoint.diffstat
    first = tr("the files of {where}", where=where(checkpoint.ordinal))
    if stat.files:
        first += f" ({files(stat.files)} +{stat.added} −{stat.removed})"  # noqa: RUF001
    lines = [first]
    if checkpoint.snapshot is not None:
        memory = size(checkpoint.snapshot.bytes)
        lines.append(
            tr("the machine's memory ({size}): processes go on where they stood", size=memory)
        )
    else:
        lines.append(
            tr(
                "no memory ({why}): a fresh machine begins with these files",
                why=why_no_memory(checkpoint),
            )
        )
    if checkpoint.question is not None:
        asked = first_line(checkpoint.question.text, 80)
        lines.append(tr("its question again, to be answered anew: {question}", question=asked))
    elif checkpoint.approval_reason and not checkpoint.approved:
        lines.append(tr("the approval that was pending there"))
    return tuple(lines)


def _later_steps(task: Task, checkpoint: Checkpoint | None) -> str:
    """Which steps new variables reach."""
    first = checkpoint.step_index + 1 if checkpoint is not None else 0
    names = [step.name for step in task.steps[first:]]
    if not names:
        return tr("No step begins after this checkpoint, so variables would reach none.")
    shown = ", ".join(names[:LISTED_MAX]) + (" …" if names[LISTED_MAX:] else "")
    return tr("They reach the steps that begin after the fork: {steps}.", steps=shown)


@dataclass(frozen=True, slots=True)
class KeepView:
    """What keeping one of a family does to the others; `why_not` is "" when there are others."""

    task: TaskId
    title: str
    text: str
    ends: tuple[str, ...]
    stays: tuple[str, ...]
    why_not: str = ""


def keep_view(state: PlaneState, task: Task) -> KeepView:
    """The sheet before `keep`: every other member by name, with what happens to it."""
    members = family(state, task)
    names = letters(state, task)
    ending = {t.id for t in to_end(members, task.id)}
    others = [t for t in members if t.id != task.id]

    def line(other: Task) -> str:
        return f"{names.get(other.id, '')} {other.title} ({tr(look(other).word).lower()})".strip()

    return KeepView(
        task=task.id,
        title=tr("Keep {task}?", task=task.title),
        text=tr(
            "This cannot be undone: machine snapshots of the others are given back. Their commits "
            "stay, so you can still look at them, compare, and fork from their files."
        ),
        ends=_listed(line(t) for t in others if t.id in ending),
        stays=_listed(line(t) for t in others if t.id not in ending),
        why_not="" if others else tr("it has no forks, and is none"),
    )


def _listed(lines: Iterable[str]) -> tuple[str, ...]:
    found = list(lines)
    more = (and_more(len(found) - LISTED_MAX),) if found[LISTED_MAX:] else ()
    return (*found[:LISTED_MAX], *more)
