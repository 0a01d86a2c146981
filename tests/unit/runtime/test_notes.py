"""What is said with an approval reaches the task: the call that waits, or the next step."""

from __future__ import annotations

from pathlib import Path

import pytest

from clawdesk.domain.model import FINAL, Phase, Task
from clawdesk.runtime.plane import Plane
from tests.support.guest_fake import FakeStep
from tests.support.plane_world import PROJECT, PlaneWorld, until

STEPS = """
[[steps]]
name = "make"
run = "make"
checkpoint = "approve"
[[steps]]
name = "hear"
run = "hear"
[[steps]]
name = "after"
run = "after"
"""
CALLS = """
[[steps]]
name = "call"
run = "call"
"""
NOTE = "Fine. Next time with a test."


async def make(step: FakeStep) -> int:
    step.files["a.txt"] = b"made"
    return 0


async def hear(step: FakeStep) -> int:
    step.files["heard.txt"] = step.machine.feedback.encode()
    return 0


async def after(step: FakeStep) -> int:
    return 0


async def call(step: FakeStep) -> int:
    reply = await step.checkpoint(approve=True)
    said = f"{reply['outcome']}: {reply.get('feedback', '')}"
    step.files["heard.txt"] = said.encode()
    return 3 if step.environment.get("FAILS") else 0


@pytest.fixture
def world(tmp_path: Path) -> PlaneWorld:
    files = {"steps": STEPS, "calls": CALLS}
    return PlaneWorld(tmp_path, files, {"make": make, "hear": hear, "after": after, "call": call})


async def approved(plane: Plane, task_id: str, note: str) -> None:
    task = await until(plane, task_id, lambda t: t.phase is Phase.HELD and t.request is not None)
    assert task.request is not None
    ordinal, digest = task.request.ordinal, task.request.digest
    assert (await plane.approve(task_id, ordinal, digest, channel="t", note=note)).ok


async def heard(plane: Plane, task_id: str) -> str:
    task: Task = await until(plane, task_id, lambda t: t.phase in FINAL)
    assert task.phase is Phase.DONE, task.finish_text
    diff = await plane.diff(task_id, 0, task.checkpoints[-1].ordinal)
    [file] = [one for one in diff.files if one.path == "heard.txt"]
    return "".join(line.text for hunk in file.hunks for line in hunk.lines).strip()


async def test_the_next_step_reads_it(world: PlaneWorld) -> None:
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "steps")
    await approved(plane, task_id, NOTE)
    assert await heard(plane, task_id) == NOTE
    # The last step may still read it, and no message says it again.
    (machine,) = world.guests.machines.values()
    assert machine.feedbacks == ["", NOTE]
    await plane.close()


async def test_the_call_that_waits_gets_it(world: PlaneWorld) -> None:
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "calls")
    await approved(plane, task_id, NOTE)
    assert await heard(plane, task_id) == f"continue: {NOTE}"
    await plane.close()


async def test_it_is_not_lost_by_a_restart_before_the_machine_is_back(world: PlaneWorld) -> None:
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "steps")
    await until(plane, task_id, lambda t: t.phase is Phase.HELD)
    await plane.close()
    world.machines.ready = False
    plane = await world.open()
    await approved(plane, task_id, NOTE)
    await plane.close()
    world.machines.ready = True
    plane = await world.open()
    assert await heard(plane, task_id) == NOTE
    await plane.close()


async def test_a_step_that_ends_with_three_after_an_approval_was_not_rejected(
    world: PlaneWorld,
) -> None:
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "calls", settings={"FAILS": "1"})
    await approved(plane, task_id, NOTE)
    task = await until(plane, task_id, lambda t: t.phase in FINAL)
    assert task.phase is Phase.FAILED
    assert "rejection" not in task.finish_text
    await plane.close()
