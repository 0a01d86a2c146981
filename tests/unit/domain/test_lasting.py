"""When there will be room: an estimate from runs that were measured, or none at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clawdesk.domain import events as ev
from clawdesk.domain.model import Capacity, Phase, PlaneState, Reason, Record, Task
from clawdesk.domain.scheduling import explain, plan
from clawdesk.domain.scheduling.reasons import EAGER_MAX
from clawdesk.domain.transitions import step
from tests.sim.hall import task_of


def mended(name: str, **more: object) -> Task:
    """A task of the file `mend`, with two steps."""
    task = task_of(name, steps=2)
    definition = replace(task.definition, name="mend", title="Mend")
    return replace(task, definition=definition, **more)  # type: ignore[arg-type]


def done(name: str, *records: Record) -> Task:
    return mended(name, phase=Phase.DONE, records=records)


def at(event: str, second: float, **fields: object) -> Record:
    return Record(event, round(second * 1000), dict(fields))


def ran(first_s: float, second_s: float) -> tuple[Record, ...]:
    """Two steps of such lengths, with ten minutes for a person between them."""
    between = first_s + 600
    return (
        at("submitted", 0),
        at("started", 0),
        at("checkpoint", first_s, step_index=0, ordinal=1),
        at("requested", first_s, ordinal=1),
        at("decision", between, ordinal=1),
        at("checkpoint", between + second_s, step_index=1, ordinal=2),
        at("finished", between + second_s),
    )


def waiting(*earlier: Task, index: int = 0) -> tuple[PlaneState, Reason]:
    """One machine, held by a task at that step; another task waits for it: why."""
    state = PlaneState(capacity=Capacity(1, 512, 1))
    for number, task in enumerate(earlier):
        step(state, ev.TaskRecovered(number, task))
    step(state, ev.TaskSubmitted(10, mended("now")))
    step(state, ev.MachineStarted(11, "now", 1, "m", 1.0, "tcg", warm=True))
    if index:
        state.tasks["now"] = replace(state.tasks["now"], step_index=index)
    step(state, ev.TaskSubmitted(12, task_of("next")))
    reason = state.tasks["next"].reason
    assert reason is not None
    return state, reason


def test_without_an_earlier_run_nothing_is_invented() -> None:
    state, reason = waiting()
    assert "estimate" not in reason.frees
    assert not [name for name, _ in reason.facts if name.startswith("estimate")]
    assert reason.code == "capacity"
    assert plan(state).reasons == {}


def test_it_is_what_its_earlier_runs_took_without_what_they_waited_for_a_person() -> None:
    _, reason = waiting(done("a", *ran(100, 200)))
    basis = "estimate: within 5 min, if Mend takes as long as its last run"
    assert reason.frees == f"Mend ends, yields, or waits for you; {basis}"
    assert dict(reason.facts)["estimate_within_s"] == 300
    assert dict(reason.facts)["estimate_runs"] == 1


def test_of_several_runs_the_median_counts_and_only_what_is_left_of_it() -> None:
    runs = [done(name, *ran(100, second)) for name, second in (("a", 60), ("b", 90), ("c", 5000))]
    _, reason = waiting(*runs, index=1)
    assert "within 90 s, if Mend takes as long as its last 3 runs, in the median" in reason.frees
    assert dict(reason.facts)["estimate_runs"] == 3


@pytest.mark.parametrize("event", ["restored", "attempt_ended", "history_lost"])
def test_a_run_that_went_back_tells_nothing(event: str) -> None:
    gone_back = (*ran(100, 200)[:3], at(event, 150), *ran(100, 200)[3:])
    _, reason = waiting(done("a", *gone_back))
    assert "estimate" not in reason.frees


def test_what_a_parked_run_waited_for_a_machine_is_no_work() -> None:
    parked = (*ran(100, 200)[:5], at("resumed", 900, ordinal=1))
    rest = (at("checkpoint", 1100, step_index=1, ordinal=2), at("finished", 1100))
    _, reason = waiting(done("a", *parked, *rest))
    assert dict(reason.facts)["estimate_within_s"] == 300


def test_a_run_with_other_steps_or_under_a_clock_set_back_tells_nothing() -> None:
    other = task_of("a", steps=3)
    steps = replace(other.definition, name="mend")
    other = replace(other, definition=steps, phase=Phase.DONE, records=ran(1, 2))
    back = (*ran(100, 200)[:-1], at("finished", 50))
    _, reason = waiting(other, done("b", *back))
    assert "estimate" not in reason.frees


def test_only_the_first_in_line_is_told_one() -> None:
    state, _ = waiting(done("a", *ran(100, 200)))
    step(state, ev.TaskSubmitted(13, task_of("last")))
    last = state.tasks["last"].reason
    assert last is not None
    assert "estimate" not in last.frees
    told = explain(state, "next")
    assert told is not None
    assert "estimate" in told.frees


def test_a_run_that_was_taken_back_counts_no_more() -> None:
    state, _ = waiting(done("a", *ran(100, 200)))
    step(state, ev.RestoreAsked(14, "a", 0, "me", "t", "i"))
    step(state, ev.RestoreRecorded(15, "a", 0, "c"))
    reason = state.tasks["next"].reason
    assert reason is not None
    assert "estimate" not in reason.frees


def test_in_a_long_queue_each_is_told_what_it_needs_and_how_important_it_is() -> None:
    state = PlaneState(capacity=Capacity(1, 512, 1))
    for number in range(EAGER_MAX + 3):
        step(state, ev.TaskSubmitted(number, task_of(f"t{number:03}", memory_mib=256)))
    reason = state.tasks[f"t{EAGER_MAX + 2:03}"].reason
    assert reason is not None
    assert reason.text == (
        f"more than {EAGER_MAX} tasks wait on this host; it needs 1 CPUs and 256 MiB of memory, "
        "and has 0 points"
    )
    assert reason.facts == (("cpus", 1), ("needs", 256), ("score", 0))
