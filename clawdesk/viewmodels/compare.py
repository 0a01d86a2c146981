"""Two checkpoints side by side: which ones, what was measured of each, and which diffs to ask for.

Pure. A side is a checkpoint of a task, or the user's own branch. What two forks have in common is
the last checkpoint before they parted; each is measured from there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from clawdesk.domain.forking import family
from clawdesk.domain.memory_size import memory_size
from clawdesk.domain.model import Checkpoint, PlaneState, Task, TaskId
from clawdesk.ports.repository import Diff
from clawdesk.viewmodels.amounts import files, moment, recorded, where
from clawdesk.viewmodels.forks import letters
from clawdesk.viewmodels.language import counted, marked, tr
from clawdesk.viewmodels.phases import Family, look
from clawdesk.viewmodels.words import duration, size

Clock = Callable[[int], str]  # a moment in words
CHOICES_MAX = 200


@dataclass(frozen=True, slots=True)
class Side:
    """A checkpoint (0 = the task's start), or with no task the user's branch."""

    task: TaskId = ""
    ordinal: int = 0

    @property
    def is_branch(self) -> bool:
        return not self.task


BRANCH = Side()


@dataclass(frozen=True, slots=True)
class Ask:
    """A diff to ask the plane for: its arguments, and the words for it."""

    key: str  # both | left | right
    text: str
    task: TaskId
    old: int | None
    new: int
    other: TaskId = ""
    branch: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the table; `better` is the side that did with less, "" = neither or unknown."""

    name: str
    left: str
    right: str
    better: str = ""


@dataclass(frozen=True, slots=True)
class SideView:
    """The head of one column; `keep` is the words of its button, "" = there is nothing to keep."""

    letter: str
    title: str
    state: str
    family: Family
    where: str
    task: TaskId = ""
    keep: str = ""


@dataclass(frozen=True, slots=True)
class CompareView:
    """The page: two columns, their facts, and the diffs one can look at."""

    title: str
    subtitle: str
    left: SideView
    right: SideView
    facts: tuple[Fact, ...]
    asks: tuple[Ask, ...]
    lanes: tuple[TaskId, ...]
    choices: tuple[tuple[Side, str], ...]


def first_pair(state: PlaneState, task: Task, ordinal: int) -> tuple[Side, Side]:
    """What is compared when a person names one checkpoint.

    A fork with the task it comes from, a task with its newest fork; else the checkpoint with the
    present state, or the present state with the checkpoint before.
    """
    this = Side(task.id, ordinal)
    parent = state.tasks.get(task.forked_from.task) if task.forked_from is not None else None
    if parent is not None:
        return Side(parent.id, parent.tip_ordinal), this
    forks = [t for t in family(state, task) if t.id != task.id]
    if forks:
        newest = max(forks, key=lambda t: t.submitted_at_ms)
        return this, Side(newest.id, newest.tip_ordinal)
    if ordinal != task.tip_ordinal:
        return this, Side(task.id, task.tip_ordinal)
    before = max((c.ordinal for c in task.checkpoints if c.ordinal < ordinal), default=0)
    return Side(task.id, before), this


def parted_at(state: PlaneState, one: Task, other: Task) -> tuple[TaskId, int] | None:
    """The task and ordinal two members of a family have in common; None = they share nothing."""
    reached: dict[TaskId, int] = {one.id: one.next_ordinal}
    walk = one
    while walk.forked_from is not None and walk.forked_from.task not in reached:
        reached[walk.forked_from.task] = walk.forked_from.ordinal
        parent = state.tasks.get(walk.forked_from.task)
        if parent is None:
            break
        walk = parent
    task, ordinal, seen = other.id, other.next_ordinal, {other.id}
    while task not in reached:
        known = state.tasks.get(task)
        if known is None or known.forked_from is None or known.forked_from.task in seen:
            return None
        task, ordinal = known.forked_from.task, known.forked_from.ordinal
        seen.add(task)
    return task, min(ordinal, reached[task])


def _from(task: Task, shared: tuple[TaskId, int] | None) -> int:
    """The ordinal a side is measured from, as its own task counts it."""
    return shared[1] if shared is not None else 0


def _between(one: str, other: str) -> str:
    return tr("{one} with {other}", one=one, other=other)


def asks_of(state: PlaneState, left: Side, right: Side) -> tuple[Ask, ...]:
    """The diffs of a pair: one with the other, and each with what they have in common."""
    if left.is_branch or right.is_branch:
        side = right if left.is_branch else left
        text = tr("With your branch")
        return (Ask("both", text, side.task, None, side.ordinal, branch=True),)
    one, other = state.tasks[left.task], state.tasks[right.task]
    both = Ask("both", _between("A", "B"), left.task, left.ordinal, right.ordinal, right.task)
    if one.id == other.id:
        return (both,)
    shared = parted_at(state, one, other)
    start = _from(one, shared)
    word = str(start) if start else tr("start")
    return (
        Ask("left", _between("A", word), left.task, start, left.ordinal),
        Ask("right", _between("B", word), right.task, start, right.ordinal),
        both,
    )


def compare_view(
    state: PlaneState,
    left: Side,
    right: Side,
    diffs: Mapping[str, Diff],
    *,
    branch: str,
    offset_ms: int = 0,
    now_ms: int = 0,
) -> CompareView:
    """The page for two sides.

    Args:
        diffs: what was loaded so far, by the key of its Ask.
        branch: the name of the user's branch.
        now_ms: with it, moments of another day have its date.
    """
    clock = partial(moment, now_ms=now_ms, offset_ms=offset_ms)
    tasks = [state.tasks[s.task] for s in (left, right) if s.task]
    same = len({t.id for t in tasks}) == 1
    shared = parted_at(state, tasks[0], tasks[-1]) if not same else None
    heads = tuple(
        _head(state, side, mark, branch, clock, keep=not same)
        for side, mark in ((left, "A"), (right, "B"))
    )
    return CompareView(
        title=_title(tasks, shared),
        subtitle=_subtitle(state, tasks, shared, clock),
        left=heads[0],
        right=heads[1],
        facts=_facts(state, (left, right), shared, diffs),
        asks=asks_of(state, left, right),
        lanes=tuple(t.id for t in family(state, tasks[0])) if shared else
        tuple(dict.fromkeys(t.id for t in tasks)),
        choices=_choices(state, tasks[0], branch, clock),
    )  # fmt: skip


def _title(tasks: list[Task], shared: tuple[TaskId, int] | None) -> str:
    if len({t.id for t in tasks}) == 1:
        return tr("Compare two states of {task}", task=tasks[0].title)
    one, other = tasks[0].title, tasks[-1].title
    if shared is not None:
        return tr("Compare two alternatives: {one} and {other}", one=one, other=other)
    return tr("Compare two tasks: {one} and {other}", one=one, other=other)


def _subtitle(
    state: PlaneState, tasks: list[Task], shared: tuple[TaskId, int] | None, clock: Clock
) -> str:
    if len({t.id for t in tasks}) == 1:
        return tr("What changed from one to the other, in files and in the machine")
    if shared is None:
        return tr("They have no checkpoint in common; each is measured from its own start")
    origin = state.tasks.get(shared[0])
    point = origin.checkpoint(shared[1]) if origin is not None else None
    if point is None:
        return tr("They part at the start, with the same files")
    text = marked("They part at {where}, {time}: same memory, disk and files until there")
    if point.snapshot is None:
        text = marked("They part at {where}, {time}: same files until there")
    return tr(text, where=where(shared[1]), time=clock(point.at_ms))


def _head(
    state: PlaneState, side: Side, mark: str, branch: str, clock: Clock, *, keep: bool
) -> SideView:
    if side.is_branch:
        name = branch or tr("your branch")
        return SideView(mark, name, tr("your branch"), Family.STILL, tr("its last commit"))
    task = state.tasks[side.task]
    shown = look(task)
    checkpoint = task.checkpoint(side.ordinal)
    place = where(side.ordinal) if side.ordinal else tr("its start")
    if checkpoint is not None:
        place += f", {clock(checkpoint.at_ms)}"
    kept = tr("Keep {letter}…", letter=mark) if keep and letters(state, task) else ""
    return SideView(mark, task.title, tr(shown.word).lower(), shown.family, place, task.id, kept)


def _choices(
    state: PlaneState, task: Task, branch: str, clock: Clock
) -> tuple[tuple[Side, str], ...]:
    """What a side can be: checkpoints of the family, of other tasks of the project, the branch."""
    members = family(state, task)
    others = [t for t in state.tasks.values() if t.project == task.project and t not in members]
    found: list[tuple[Side, str]] = [(BRANCH, tr("Your branch {branch}", branch=branch).rstrip())]
    for known in (*members, *sorted(others, key=lambda t: t.submitted_at_ms, reverse=True)):
        own = reversed(known.checkpoints)
        for c in own:
            at = clock(c.at_ms)
            found.append((Side(known.id, c.ordinal), f"{known.title} · {c.ordinal} · {at}"))
        if known.forked_from is None:
            found.append((Side(known.id, 0), f"{known.title} · {tr('start')}"))
    return tuple(found[:CHOICES_MAX])


# -- the table -------------------------------------------------------------------------------------


def _facts(
    state: PlaneState,
    sides: tuple[Side, Side],
    shared: tuple[TaskId, int] | None,
    diffs: Mapping[str, Diff],
) -> tuple[Fact, ...]:
    # A single diff tells of the later side, or of the one that is not the branch.
    alone = "both" if "left" not in diffs and "right" not in diffs else ""
    keys = (alone if sides[1].is_branch else "left", alone or "right")
    columns = [
        _column(state, side, shared, diffs.get(key)) for side, key in zip(sides, keys, strict=True)
    ]
    found = []
    for key, name, compared in _NAMES:
        (left, left_value), (right, right_value) = (c.get(key, ("", None)) for c in columns)
        if not left and not right:
            continue
        better = ""
        if compared and left_value is not None and right_value is not None:
            if left_value < right_value:
                better = "left"
            elif right_value < left_value:
                better = "right"
        found.append(Fact(tr(name), left or "–", right or "–", better))  # noqa: RUF001
    return tuple(found)


_NAMES = (
    ("steps", marked("Steps done"), False),
    ("time", marked("Time"), True),
    ("files", marked("Files changed"), False),
    ("risky", marked("Would run here"), True),
    ("decisions", marked("Decisions"), False),
    ("yields", marked("Gave way"), True),
    ("machine", marked("Machine"), False),
    ("memory", marked("Memory kept"), True),
    ("snapshots", marked("All its snapshots"), True),
    ("model", marked("Model"), False),
    ("variables", marked("Variables"), False),
)
"""The lines of the table by key, not yet translated; True where less is plainly better."""
_Cell = tuple[str, float | None]


def _column(
    state: PlaneState,
    side: Side,
    shared: tuple[TaskId, int] | None,
    diff: Diff | None,
) -> dict[str, _Cell]:
    if side.is_branch:
        return {}
    task = state.tasks[side.task]
    checkpoint = task.checkpoint(side.ordinal)
    need = task.definition.machine
    found: dict[str, _Cell] = {
        "steps": (_steps(task, checkpoint), None),
        "machine": (f"{need.cpu_count} CPU · {memory_size(need.memory_mib)}", None),
        "model": (task.definition.model, None),
        "variables": (", ".join(f"{k}={v}" for k, v in task.settings[:6]), None),
        "decisions": (_decisions(task, checkpoint), None),
    }
    if task.preemptions:
        found["yields"] = (
            counted(task.preemptions, "{count} time", "{count} times"),
            task.preemptions,
        )
    held = sum(c.snapshot.bytes for c in task.checkpoints if c.snapshot is not None)
    found["snapshots"] = (size(held) if held else tr("none left"), held)
    if checkpoint is not None:
        began = _began(state, task, shared)
        if checkpoint.at_ms >= began:
            took = checkpoint.at_ms - began
            found["time"] = (duration(took), took)
        kept = checkpoint.snapshot
        found["memory"] = (size(kept.bytes), kept.bytes) if kept else (tr("files only"), None)
    if diff is not None:
        stat, risky = diff.stat, sum(f.runs_on_host for f in diff.files)
        found["files"] = (f"{stat.files} +{stat.added} −{stat.removed}", None)  # noqa: RUF001
        found["risky"] = (files(risky) if risky else tr("nothing"), risky)
    return found


def _began(state: PlaneState, task: Task, shared: tuple[TaskId, int] | None) -> int:
    """When the part of its work began that is its own."""
    if shared is None:
        return task.submitted_at_ms
    if shared[0] == task.id:
        point = task.checkpoint(shared[1])
        return point.at_ms if point is not None else task.submitted_at_ms
    while task.forked_from is not None and task.forked_from.task != shared[0]:
        parent = state.tasks.get(task.forked_from.task)
        if parent is None:
            break
        task = parent
    return task.submitted_at_ms


def _steps(task: Task, checkpoint: Checkpoint | None) -> str:
    done = checkpoint.step_index + (not checkpoint.mid_step) if checkpoint is not None else 0
    count = len(task.steps)
    return tr("{done} of {count}", done=min(done, count), count=count)


def _decisions(task: Task, checkpoint: Checkpoint | None) -> str:
    """How often people decided, up to the checkpoint."""
    until = checkpoint.at_ms if checkpoint is not None else 0
    counts: dict[str, int] = {}
    for record in task.records:
        verdict = record.fields.get("verdict")
        if record.event == "decision" and isinstance(verdict, str) and record.at_ms <= until:
            counts[verdict] = counts.get(verdict, 0) + 1
    said = [f"{count} {recorded(verdict)}" for verdict, count in counts.items()]
    return " · ".join(said) or tr("none")
