"""What a task's model calls used: tokens, time at the model, GPU time and cost, by its steps. Pure.

Sums only grow: going back to a checkpoint gives no token back. Whatever nobody told (a model that
counts no tokens, a Fabric that is gone) is counted as not told, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from clawdesk.domain.replacing import replace
from clawdesk.domain.values import as_fields, from_fields

STEPS_MAX = 32
"""Parts of a task that are counted one by one; `claw step NAME` may name any number."""
FURTHER = "further steps"
RECENT_MAX = 256
"""Names of calls that are remembered, so that one told twice counts once."""
COUNTED_MAX = 64
"""Names that stand in records: the Fabric may tell of them again, to the next plane."""
GPU, PROCESSORS, ELSEWHERE = "gpu", "processors", "elsewhere"


@dataclass(frozen=True, slots=True)
class CallUse:
    """One model call that is over.

    Args:
        name: no other call has it.
        run: `INDEX.ROUND` of the step that ran when the call was made, "" = none.
        failed: it was refused, or broke off.
        measured: the Fabric told the time at the model; else `model_ms` is 0.
        tokens_in, tokens_out: None = not told.
        place: gpu | processors | elsewhere; "" = not told.
        gpu_ms: its share of the time of the GPUs it ran on; None = not told.
        cost_micro: millionths of `currency`, by the price the user stated; None = no price, or
            tokens that were not told.
        by_fabric: the Fabric gave the name, and may tell of the call again.
    """

    name: str
    run: str = ""
    failed: bool = False
    measured: bool = False
    tokens_in: int | None = None
    tokens_out: int | None = None
    model_ms: int = 0
    place: str = ""
    gpu_ms: int | None = None
    cost_micro: int | None = None
    currency: str = ""
    by_fabric: bool = False


@dataclass(frozen=True, slots=True)
class Spent:
    """A sum over calls.

    Args:
        calls: all of them; `failed` of them failed.
        uncounted: calls of which a model worked on, and whose tokens were not told.
        unmeasured: calls of which neither time nor place was told.
        on_gpu, on_processors, elsewhere: calls by where they ran.
        priced: calls whose cost is in `costs`.
        costs: (currency, millionths of it).
    """

    calls: int = 0
    failed: int = 0
    uncounted: int = 0
    unmeasured: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    model_ms: int = 0
    gpu_ms: int = 0
    on_gpu: int = 0
    on_processors: int = 0
    elsewhere: int = 0
    priced: int = 0
    costs: tuple[tuple[str, int], ...] = ()

    def __add__(self, other: Spent) -> Spent:
        sums = {name: getattr(self, name) + getattr(other, name) for name in _NUMBERS}
        costs = dict(self.costs)
        for currency, micro in other.costs:
            costs[currency] = costs.get(currency, 0) + micro
        return Spent(**sums, costs=tuple(sorted(costs.items())))

    def __sub__(self, before: Spent) -> Spent:
        """What came to it since it was `before`."""
        more = {name: getattr(self, name) - getattr(before, name) for name in _NUMBERS}
        known = dict(before.costs)
        costs = tuple((name, micro - known.get(name, 0)) for name, micro in self.costs)
        return Spent(**more, costs=tuple(cost for cost in costs if cost[1]))


_NUMBERS = tuple(name for name in Spent.__slots__ if name != "costs")


@dataclass(frozen=True, slots=True)
class StepSpent:
    """What one part of a task used, in all its rounds."""

    index: int
    name: str
    spent: Spent


@dataclass(frozen=True, slots=True)
class Spending:
    """What a task used so far.

    Args:
        recent: names of the calls counted last.
        counted: of those, the ones that the Fabric named; the latest stand in records.
    """

    steps: tuple[StepSpent, ...] = ()
    recent: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()

    @property
    def total(self) -> Spent:
        return total_of(self.steps)

    def plus(self, uses: Iterable[CallUse], place_of: Callable[[str], tuple[int, str]]) -> Spending:
        """With these calls; those that were counted already change nothing.

        Args:
            place_of: the step's index and name that a run stands for.
        """
        spending = self
        for use in uses:
            if use.name not in spending.recent:
                recent = (*spending.recent, use.name)[-RECENT_MAX:]
                steps = _with(spending.steps, *place_of(use.run), spent_by(use))
                named = (use.name,) if use.by_fabric else ()
                counted = (*spending.counted, *named)[-COUNTED_MAX:]
                spending = Spending(steps, recent, counted)
        return spending

    def uncounted(self, listed: Sequence[CallUse]) -> tuple[CallUse, ...]:
        """Of all calls that the Fabric still knows of this task, those that are not counted here.

        Args:
            listed: in the order in which they ended.
        """
        total = self.total
        if not self.counted and total.on_gpu + total.on_processors + total.elsewhere:
            return ()  # records of an earlier version: nobody knows which ones are in their sums
        known = [number for number, use in enumerate(listed) if use.name in self.counted]
        # With as many names as are kept there were more, which ended before them.
        full = len(self.counted) >= COUNTED_MAX
        later = listed[known[0] :] if known and full else listed
        return tuple(use for use in later if use.name not in self.counted)


NOTHING_SPENT = Spending()


def total_of(steps: Iterable[StepSpent]) -> Spent:
    """All steps together."""
    return sum((step.spent for step in steps), Spent())


def spent_by(use: CallUse) -> Spent:
    """One call as a sum."""
    worked = use.measured or not use.failed
    untold = use.tokens_in is None or use.tokens_out is None
    priced = use.cost_micro is not None
    return Spent(
        calls=1,
        failed=int(use.failed),
        uncounted=int(worked and untold),
        unmeasured=int(worked and not use.measured),
        tokens_in=use.tokens_in or 0,
        tokens_out=use.tokens_out or 0,
        model_ms=use.model_ms,
        gpu_ms=use.gpu_ms or 0,
        on_gpu=int(use.place == GPU),
        on_processors=int(use.place == PROCESSORS),
        elsewhere=int(use.place == ELSEWHERE),
        priced=int(priced),
        costs=((use.currency, use.cost_micro or 0),) if priced else (),
    )


def _with(
    steps: tuple[StepSpent, ...], index: int, name: str, spent: Spent
) -> tuple[StepSpent, ...]:
    for place, step in enumerate(steps):
        if (step.index, step.name) == (index, name):
            more = replace(step, spent=step.spent + spent)
            return (*steps[:place], more, *steps[place + 1 :])
    if len(steps) >= STEPS_MAX and (index, name) != (-1, FURTHER):
        return _with(steps, -1, FURTHER, spent)
    return (*steps, StepSpent(index, name, spent))


def spent_fields(steps: tuple[StepSpent, ...]) -> dict[str, Any]:
    """As a record's fields hold it, {} where nothing was used: the task's total, and its steps."""
    if not steps:
        return {}
    listed = [
        {"index": step.index, "name": step.name, "spent": _short(step.spent)} for step in steps
    ]
    return {"spent": {"total": _short(total_of(steps)), "steps": listed}}


def counted_fields(names: tuple[str, ...]) -> dict[str, Any]:
    """As a record's fields hold the names of the calls in its sums; {} where there are none."""
    return {"counted": " ".join(names)} if names else {}


def spending_in(fields: dict[str, Any]) -> Spending:
    """What a record's fields tell. Raises UnreadableHistoryError."""
    names = tuple(str(fields.get("counted", "")).split()[-COUNTED_MAX:])
    return Spending(spent_in(fields), names, names)


def spent_in(fields: dict[str, Any]) -> tuple[StepSpent, ...]:
    """The inverse of `spent_fields`. Raises UnreadableHistoryError."""
    found = fields.get("spent")
    listed = found.get("steps") if isinstance(found, dict) else None
    return from_fields(listed, tuple[StepSpent, ...]) if listed else ()


def _short(spent: Spent) -> dict[str, Any]:
    return {name: value for name, value in as_fields(spent).items() if value}
