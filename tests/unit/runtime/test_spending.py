"""What model calls used reaches the plane, Git and the next plane; going back gives none back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from clawdesk.domain.model import Phase, Task
from clawdesk.domain.spending import CallUse, spent_in, total_of
from clawdesk.runtime.plane import Plane
from tests.support.guest_fake import FakeStep
from tests.support.plane_world import PROJECT, PlaneWorld, until

TASK = """
title = "Agent"
[[steps]]
name = "plan"
run = "plans"
[[steps]]
name = "agent"
run = "works"
checkpoint = "model-call"
"""
LONG = """
title = "Agent"
models.default = "m"
[[steps]]
name = "plan"
run = "plans"
[[steps]]
name = "agent"
run = "goes on"
"""
USE = CallUse(
    "",
    by_fabric=True,
    measured=True,
    tokens_in=100,
    tokens_out=5,
    model_ms=300,
    place="gpu",
    gpu_ms=250,
    cost_micro=15,
    currency="EUR",
)


def costs(step: FakeStep) -> None:
    names = step.machine.new_id
    step.machine.use_of = lambda number: replace(USE, name=names())


async def plans(step: FakeStep) -> int:
    costs(step)
    await step.model_call()
    return 0


async def works(step: FakeStep) -> int:
    costs(step)
    for _ in range(3):
        await step.model_call()
    return 0


def in_git(task: Task) -> list[int]:
    """Calls so far, as each record that tells of them says."""
    found = (spent_in(record.fields) for record in task.records)
    return [total_of(steps).calls for steps in found if steps]


async def ended(plane: Plane, task: str) -> Task:
    return await until(plane, task, lambda t: t.phase is Phase.DONE)


async def test_it_is_summed_by_step_and_stands_in_git(tmp_path: Path) -> None:
    world = PlaneWorld(tmp_path, {"agent": TASK}, {"plans": plans, "works": works})
    plane = await world.open()
    task = await plane.submit(PROJECT, "agent")
    done = await ended(plane, task)
    by_step = {step.name: step.spent for step in done.spending.steps}
    assert {name: spent.calls for name, spent in by_step.items()} == {"plan": 1, "agent": 3}
    total = done.spending.total
    assert (total.tokens_in, total.gpu_ms, total.costs) == (400, 1000, (("EUR", 60),))
    shown = [line.text for line in await plane.log_lines(task)]
    assert sum("100 tokens in, 5 tokens out, 0.2 GPU-seconds" in line for line in shown) == 4
    await plane.close()
    again = await world.open()
    found = again.state.tasks[task]
    assert found.spending.steps == done.spending.steps, "the next plane knows it from Git"
    assert in_git(found)[-1] == 4
    assert in_git(found) == sorted(in_git(found))
    await again.close()


async def test_going_back_gives_no_token_back(tmp_path: Path) -> None:
    world = PlaneWorld(tmp_path, {"agent": TASK}, {"plans": plans, "works": works})
    plane = await world.open()
    task = await plane.submit(PROJECT, "agent")
    first = await ended(plane, task)
    assert (await plane.restore(task, 1, channel="t")).ok
    await until(plane, task, lambda t: t.phase is not Phase.DONE)
    done = await ended(plane, task)
    assert first.spending.total.calls == 4
    assert done.spending.total.calls == 7, "the second step was done twice"
    await plane.close()
    again = await world.open()
    assert again.state.tasks[task].spending.steps == done.spending.steps
    await again.close()


async def test_a_killed_plane_loses_no_call_that_the_fabric_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step has no checkpoint: all of its calls came after the last record."""
    called, answer = asyncio.Event(), asyncio.Event()

    async def goes_on(step: FakeStep) -> int:
        costs(step)
        for _ in range(2):
            await step.model_call()
        called.set()
        await answer.wait()
        await step.model_call()
        return 0

    world = PlaneWorld(tmp_path, {"agent": LONG}, {"plans": plans, "goes on": goes_on})
    first = await world.open()
    task = await first.submit(PROJECT, "agent")
    await asyncio.wait_for(called.wait(), 20)
    before = await until(first, task, lambda t: t.spending.total.calls == 3)
    world.inference.ended[task] = [
        replace(USE, name=name) for name in (*before.spending.counted, "cut off")
    ]
    monkeypatch.setattr("clawdesk.runtime.plane.recent_projects", lambda: [PROJECT])
    first._crashed(RuntimeError("killed"))
    await first.close()
    second = await world.open()
    await until(second, task, lambda t: t.phase is Phase.RUNNING)
    answer.set()
    done = await ended(second, task)
    assert [record.event for record in done.records].count("adopted") == 1
    by_step = {step.name: step.spent.calls for step in done.spending.steps}
    assert by_step == {"plan": 1, "agent": 4}
    assert in_git(done)[-1] == 5
    await second.close()
