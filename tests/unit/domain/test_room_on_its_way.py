"""Nobody is asked to leave, or parked, for room that is on its way already."""

from __future__ import annotations

from clawdesk.domain import events as ev
from clawdesk.domain.model import (
    Capacity,
    Checkpoint,
    Phase,
    PlaneState,
    PriorityClass,
    Snapshot,
)
from clawdesk.domain.rules import Rules
from clawdesk.domain.transitions import step
from tests.sim.hall import task_of


def _leave(state: PlaneState, name: str) -> None:
    """A task that was asked to leave reaches a checkpoint, and its machine is gone."""
    machine = f"m{name}"
    step(state, ev.BoundaryAsked(7, name, machine, "g1", False, ""))
    made = Checkpoint(1, 7, 0, "s0", 1, "c1", "t", "d", snapshot=Snapshot("s", 60, 150, 1))
    step(state, ev.CheckpointTaken(8, name, machine, made))
    step(state, ev.EventRecorded(9, name, "yielded", "c2"))
    step(state, ev.MachineReleased(10, name, machine))


def test_who_starts_takes_its_room_once_from_what_another_waits_for() -> None:
    state = PlaneState(capacity=Capacity(3, 3 * 512, 3), rules=Rules(run_s_min=0))
    for number, name in enumerate(("a", "b", "c")):
        step(state, ev.TaskSubmitted(number, task_of(name, hint=-5)))
        step(state, ev.MachineStarted(number, name, 1, f"m{name}", 1.0, "tcg", warm=True))
    for name in ("x", "y"):
        urgent = task_of(name, f"/{name}", kind=PriorityClass.INTERACTIVE)
        step(state, ev.TaskSubmitted(5, urgent))
    asked = {t.yielding.for_task: t.id for t in state.tasks.values() if t.yielding}
    assert set(asked) == {"x", "y"}
    (third,) = {"a", "b", "c"} - set(asked.values())
    _leave(state, asked["x"])
    assert state.tasks["x"].phase is Phase.STARTING
    assert state.tasks[asked["y"]].yielding is not None
    assert state.tasks[third].yielding is None, "one is enough for y, and leaves already"
