"""Ten thousand tasks that come at once: each has its reason, and its turn by the rules."""

from __future__ import annotations

from clawdesk.domain import effects as do
from clawdesk.domain import events as ev
from clawdesk.domain.model import Capacity, Phase, PlaneState
from clawdesk.domain.scheduling import explain
from clawdesk.domain.scheduling.reasons import EAGER_MAX
from clawdesk.domain.transitions import step
from tests.sim.hall import task_of

COUNT, SLOTS = 10_000, 4


def starts(effects: do.Effects) -> list[str]:
    return [effect.task for effect in effects if isinstance(effect, do.StartMachine)]


def test_ten_thousand_tasks_at_once() -> None:
    state, running = PlaneState(capacity=Capacity(SLOTS, 512 * SLOTS, SLOTS)), list[str]()
    for number in range(COUNT):
        task = task_of(f"t{number:05}", f"/p{number % 20}", hint=number % 11 - 5)
        running += starts(step(state, ev.TaskSubmitted(number, task)))
    assert running == ["t00000", "t00001", "t00002", "t00003"], "each was first of its project"
    waiting = [task for task in state.tasks.values() if task.phase is Phase.QUEUED]
    assert len(waiting) == COUNT - SLOTS
    assert {task.reason.code for task in waiting if task.reason} == {"capacity", "rank"}
    assert all(task.reason and task.reason.text and task.reason.frees for task in waiting)
    brief = [task for task in waiting if task.reason and task.reason.code == "rank"]
    assert len(brief) >= COUNT - SLOTS - EAGER_MAX, "a long queue is counted out when it is asked"
    asked = explain(state, waiting[-1].id)
    assert asked is not None
    assert dict(asked.facts)["queued"] == COUNT - SLOTS
    assert float(dict(asked.facts)["place_in_project"]) > 1
    # One ends: the next of a project that holds nothing, by its points, and nobody else.
    step(state, ev.CancelAsked(COUNT, "t00000", "me", "test", "i"))
    (begun,) = starts(step(state, ev.MachineFailed(COUNT, "t00000", 1, "cancelled")))
    task = state.tasks[begun]
    assert task.project not in {"/p1", "/p2", "/p3"}
    assert task.priority == max(t.priority for t in waiting if t.project == task.project), (
        "the most important of its project"
    )
