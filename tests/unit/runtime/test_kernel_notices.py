"""What the kernel tells after an event: the tasks that moved, never every task that waits."""

from __future__ import annotations

from clawdesk.domain import effects as do
from clawdesk.domain import events as ev
from clawdesk.domain.model import ProjectPolicy, Reason, StepSpec, Task, TaskDefinition
from clawdesk.runtime.api import Change
from clawdesk.runtime.kernel import Kernel

WAITING = 400
DEFINITION = TaskDefinition("t", "T", (StepSpec("s", "true"),))


def waiting(number: int) -> Task:
    task_id = f"01JN{number:022d}"
    return Task(task_id, "/p", DEFINITION, ProjectPolicy(), number, "c", "c")


async def test_a_notice_names_what_moved_and_not_every_waiting_task() -> None:
    told: list[Change] = []
    carried_out: list[do.Effect] = []
    kernel = Kernel(carried_out.append, told.append)
    for number in range(WAITING):
        kernel.post(ev.TaskSubmitted(number, waiting(number)))
    assert kernel.state.tasks[waiting(0).id].reason == Reason("starting", "ClawDesk is starting.")
    assert sum(len(change.tasks) for change in told) <= 3 * WAITING, "quadratic in what waits"
    told.clear()
    kernel.post(ev.CancelAsked(WAITING, waiting(7).id, "ann", "window"))
    assert waiting(7).id in told[-1].tasks
    assert len(told[-1].tasks) <= 2


async def test_a_reason_that_changes_is_told() -> None:
    """Another event gave it; without this the window would show the old reason."""
    told: list[Change] = []
    kernel = Kernel(lambda effect: None, told.append)
    kernel.post(ev.TaskSubmitted(1, waiting(1)))
    why = Reason("no_libvirt", "libvirt does not answer.")
    kernel.post(ev.CapacityChanged(2, kernel.state.capacity, why))
    assert kernel.state.tasks[waiting(1).id].reason == why
    assert waiting(1).id in told[-1].tasks
