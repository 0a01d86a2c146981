"""How long a running task may still take: from how long its earlier runs took, and nothing else.

Runs of the same task file in the same project that went through to their end without going back.
Of those the time a machine worked is measured, without what they waited for a person or in the
queue, from the begin of the step in which the task is now. It is an estimate and is called one:
where no such run is known there is none.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from clawdesk.domain.model import Phase, Record, Task, TaskId

RUNS_MAX = 5
"""So many of the latest runs count: older ones tell of older work."""
_OPENS = frozenset({"started", "resumed", "decision"})
_CLOSES = frozenset({"requested", "yielded", "finished"})
_GOES_BACK = frozenset({"restored", "attempt_ended", "history_lost"})


@dataclass(frozen=True, slots=True)
class Lasting:
    """`within_s`: a task is done so long after its present step began, as `runs` runs were."""

    within_s: int
    runs: int


class Runs:
    """The runs of every task file that are done, kept up to date at every change of one."""

    def __init__(self) -> None:
        self._done: dict[tuple[str, str], list[TaskId]] = {}  # in the order of their submission
        self._left: dict[TaskId, dict[int, int | None]] = {}  # a step of a run -> see `_left_ms`

    def count(self, task: Task) -> None:
        """It is done now, or was and goes on."""
        runs = self._done.setdefault((task.project, task.definition.name), [])
        if task.phase is Phase.DONE:
            insort(runs, task.id)
        else:
            runs.remove(task.id)
            self._left.pop(task.id, None)

    def lasting(self, task: Task, tasks: Mapping[TaskId, Task]) -> Lasting | None:
        """What its earlier runs say of a task that works; None = nothing."""
        if task.phase is Phase.HELD:
            return None  # a person decides how long
        found: list[int] = []
        for run_id in reversed(self._done.get((task.project, task.definition.name), ())):
            run, left = tasks[run_id], self._left.setdefault(run_id, {})
            if task.step_index not in left:
                left[task.step_index] = _left_ms(run.records, task.step_index)
            left_ms = left[task.step_index]
            if left_ms is not None and run.steps == task.steps:
                found.append(left_ms)
            if len(found) == RUNS_MAX:
                break
        return Lasting(round(median(found) / 1000), len(found)) if found else None


def _left_ms(records: Sequence[Record], step_index: int) -> int | None:
    """How long a run worked from the begin of that step to its end; None where that is unknown."""
    worked_ms, at_step_ms, since_ms = 0, 0, None
    for record in records:
        if record.event in _GOES_BACK:
            return None
        if since_ms is not None and record.event in _CLOSES | {"checkpoint"}:
            if record.at_ms < since_ms:
                return None  # the clock was set back meanwhile
            worked_ms += record.at_ms - since_ms
            since_ms = record.at_ms
        if record.event in _CLOSES:
            since_ms = None
        elif record.event in _OPENS:
            since_ms = record.at_ms
        if record.event == "checkpoint" and int(record.fields.get("step_index", 0)) < step_index:
            at_step_ms = worked_ms
    return worked_ms - at_step_ms if worked_ms > 0 else None
