"""Sums of model calls: by step, each call once, what nobody told said as such."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from clawdesk.domain.spending import (
    COUNTED_MAX,
    FURTHER,
    NOTHING_SPENT,
    RECENT_MAX,
    STEPS_MAX,
    CallUse,
    Spending,
    Spent,
    StepSpent,
    counted_fields,
    spending_in,
    spent_by,
    spent_fields,
    spent_in,
    total_of,
)
from clawdesk.domain.values import UnreadableHistoryError

ON_GPU = CallUse(
    "r-1",
    measured=True,
    tokens_in=100,
    tokens_out=7,
    model_ms=400,
    place="gpu",
    gpu_ms=350,
    cost_micro=270,
    currency="EUR",
)
SILENT = CallUse("r-2", measured=True, model_ms=90, place="elsewhere")


def here(run: str) -> tuple[int, str]:
    return 0, f"step {run}"


def test_a_call_that_is_told_twice_counts_once() -> None:
    once = NOTHING_SPENT.plus([ON_GPU, ON_GPU], here)
    assert once.plus([ON_GPU], here) is once
    assert once.total == spent_by(ON_GPU)
    assert once.plus([SILENT], here).total.calls == 2
    assert len(once.plus([replace(SILENT, name=str(n)) for n in range(999)], here).recent) == (
        RECENT_MAX
    )


def test_what_nobody_told_is_counted_as_that() -> None:
    assert spent_by(SILENT) == Spent(calls=1, uncounted=1, model_ms=90, elsewhere=1)
    assert spent_by(CallUse("a")) == Spent(calls=1, uncounted=1, unmeasured=1)
    refused = CallUse("a", failed=True)
    assert spent_by(refused) == Spent(calls=1, failed=1), "no model worked on it"


def test_steps_are_summed_apart_and_their_number_is_bounded() -> None:
    uses = [replace(SILENT, name=f"r-{n}", run=str(n)) for n in range(STEPS_MAX + 5)]
    spending = NOTHING_SPENT.plus([*uses, replace(ON_GPU, name="other")], here)
    assert [step.name for step in spending.steps] == [
        *(f"step {n}" for n in range(STEPS_MAX)),
        FURTHER,
    ]
    assert spending.steps[-1].spent.calls == 6
    assert spending.total.calls == STEPS_MAX + 6


def test_money_of_two_currencies_is_never_added() -> None:
    both = spent_by(ON_GPU) + spent_by(replace(ON_GPU, currency="USD")) + spent_by(ON_GPU)
    assert both.costs == (("EUR", 540), ("USD", 270))
    assert both.priced == 3
    assert both - spent_by(ON_GPU) == spent_by(replace(ON_GPU, currency="USD")) + spent_by(ON_GPU)
    assert both - both == Spent()


def test_a_record_holds_it_and_gives_it_back() -> None:
    assert spent_fields(()) == {}
    assert spent_in({}) == spent_in({"spent": 3}) == ()
    spending = Spending().plus([ON_GPU, SILENT], here)
    kept = json.loads(json.dumps(spent_fields(spending.steps)))
    assert kept["spent"]["total"]["tokens_in"] == 100
    assert "failed" not in kept["spent"]["total"], "what is 0 is left out"
    assert spent_in(kept) == spending.steps
    assert total_of(spent_in(kept)) == spending.total
    with pytest.raises(UnreadableHistoryError):
        spent_in({"spent": {"steps": [{"index": "no"}]}})
    assert spent_in(spent_fields((StepSpent(0, "s", Spent()),))) == (StepSpent(0, "s", Spent()),)


def of_fabric(count: int) -> list[CallUse]:
    return [replace(ON_GPU, name=f"r-{n}", by_fabric=True) for n in range(count)]


def read_back(spending: Spending) -> Spending:
    fields = spent_fields(spending.steps) | counted_fields(spending.counted)
    return spending_in(json.loads(json.dumps(fields)))


def test_the_next_plane_counts_what_ended_since_the_record_and_nothing_twice() -> None:
    listed = of_fabric(5)
    # The second had ended, and was not told yet; a call that the Fabric never saw is no mark.
    record = NOTHING_SPENT.plus([listed[0], listed[2], CallUse("here-1")], here)
    found = read_back(record)
    assert (found.total, found.counted) == (record.total, ("r-0", "r-2"))
    missing = found.uncounted(listed)
    assert [use.name for use in missing] == ["r-1", "r-3", "r-4"]
    assert found.plus(missing, here).total.on_gpu == 5
    assert found.plus(missing, here).uncounted(listed) == ()
    # A Fabric that was started anew knows later calls only.
    assert found.uncounted([ON_GPU]) == (ON_GPU,)


def test_more_calls_than_a_record_names_are_not_counted_again() -> None:
    listed = of_fabric(3 * COUNTED_MAX)
    record = NOTHING_SPENT.plus(listed[:-3], here)
    found = read_back(record)
    assert len(found.counted) == COUNTED_MAX
    assert found.uncounted(listed) == tuple(listed[-3:])
    assert found.uncounted(listed[-2:]) == tuple(listed[-2:]), "the others are known no more"


def test_a_record_of_an_earlier_version_names_no_calls_so_none_is_added_to_it() -> None:
    earlier = spending_in(spent_fields(NOTHING_SPENT.plus(of_fabric(2), here).steps))
    assert earlier.total.calls == 2
    assert earlier.uncounted(of_fabric(3)) == ()
    assert spending_in({}).uncounted(of_fabric(3)) == tuple(of_fabric(3))
