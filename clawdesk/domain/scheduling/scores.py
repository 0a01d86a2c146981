"""Priority: system rules bound the project's policy, which bounds the process's suggestion."""

from __future__ import annotations

import math
from dataclasses import dataclass

from clawdesk.domain.model import PriorityClass, Task
from clawdesk.domain.rules import Rules

BASE = {PriorityClass.INTERACTIVE: 10, PriorityClass.AGENT: 0, PriorityClass.BATCH: -10}
BAND = 10
"""The system's bounds: a score stays this near to the base of its class, whatever is asked."""
Key = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Score:
    """`total` = class base + the suggestion inside its bounds, inside the system's."""

    total: int
    base: int
    suggestion: int

    @property
    def across(self) -> int:
        """What counts beside other projects: there a suggestion can lower, and never raise."""
        return max(self.base - BAND, self.base + min(0, self.suggestion))


def score_of(task: Task, rules: Rules) -> Score:
    """Never raises, whatever number a file or a caller brought."""
    base = BASE.get(task.priority_class, 0)
    hint = _clamp(_whole(task.priority), -rules.hint_max, rules.hint_max)
    low, high = _whole(task.policy.priority_min), _whole(task.policy.priority_max)
    suggestion = _clamp(hint, low, max(low, high))
    total = _clamp(base + suggestion, base - BAND, base + BAND)
    return Score(total, base, suggestion)


def key_of(task: Task, rules: Rules) -> Key:
    """What orders the tasks of one project: who has waited longest, priority turned into waiting.

    Ageing is linear, so that the order of two keys never changes with time.
    """
    return key_with(task, rules, score_of(task, rules).total)


def key_with(task: Task, rules: Rules, points: int) -> Key:
    """The key of a task that has so many points."""
    return (task.eligible_ms - rules.ageing_s * 1000 * points, task.seq, task.id)


def _whole(value: float) -> int:
    """A number as an integer; what is none (NaN) counts as 0, infinities as very large."""
    if isinstance(value, float) and math.isnan(value):
        return 0
    return int(max(-(10**9), min(10**9, value)))


def _clamp(value: int, low: int, high: int) -> int:
    return max(low, min(high, value))
