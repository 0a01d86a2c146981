"""What a step printed before it stood still is in Git, and above what it prints when it goes on."""

from __future__ import annotations

from pathlib import Path

from clawdesk.domain.model import Phase
from clawdesk.runtime.plane import Plane
from tests.support.guest_fake import FakeStep
from tests.support.plane_world import PROJECT, PlaneWorld, until

TASK = 'title = "Ask"\n[[steps]]\nname = "one"\nrun = "asks"\n'


async def asks(step: FakeStep) -> int:
    step.print("before\n")
    await step.ask("which?")
    step.print("after\n")
    return 0


async def lines(plane: Plane, task: str) -> list[str]:
    return [line.text for line in await plane.log_lines(task)]


async def asking(folder: Path) -> tuple[PlaneWorld, Plane, str, str]:
    """A plane whose task waits for an answer: (world, plane, task, request)."""
    world = PlaneWorld(folder, {"ask": TASK}, {"asks": asks})
    plane = await world.open()
    task = await plane.submit(PROJECT, "ask")
    held = await until(plane, task, lambda t: t.phase is Phase.HELD)
    assert held.request is not None
    return world, plane, task, held.request.id


async def test_it_is_kept_once_and_shown_above_what_follows(tmp_path: Path) -> None:
    world, plane, task, request = await asking(tmp_path)
    await plane.close()
    # Another plane, which nobody asks for the log before the task goes on.
    plane = await world.open()
    answered = await plane.answer(task, request, "blue", channel="t")
    assert answered.ok, answered.text
    await until(plane, task, lambda t: t.phase is Phase.RUNNING)
    shown = await lines(plane, task)
    assert shown.count("before") == 1
    assert shown.index("before") < shown.index("Bringing the machine back from its snapshot.")
    await plane.cancel(task, channel="t")
    await until(plane, task, lambda t: t.phase is Phase.CANCELLED)
    await plane.close()
    plane = await world.open()
    assert (await lines(plane, task)).count("before") == 1, "kept twice"
    await plane.close()


async def test_a_step_that_goes_on_is_kept_whole_and_once(tmp_path: Path) -> None:
    world, plane, task, request = await asking(tmp_path)
    await plane.answer(task, request, "blue", channel="t")
    await until(plane, task, lambda t: t.phase is Phase.DONE)
    await plane.close()
    plane = await world.open()
    shown = await lines(plane, task)
    assert [line for line in shown if line in ("before", "after")] == ["before", "after"]
    await plane.close()
