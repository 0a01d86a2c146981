"""The timeline of 100 tasks with thousands of marks: a page painted, and a second's work.

The real window, offscreen, on a scripted plane: 100 lanes of 2,000 steps, checkpoints and
decisions each. Beside the full page stands the same page with ten marks a lane.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from tests.bench.offscreen import in_window
from tests.bench.rows import Row, row

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk
    from tests.support.plane_fake import FakePlane

TASKS = 100
STEPS = 700  # with their checkpoints and decisions: 2,100 marks a lane
SAMPLES = 5


def _plane(now_ms: Callable[[], int], steps: int) -> FakePlane:
    from tests.support import plane_scenes as scenes
    from tests.support.plane_fake import FakePlane

    plane = FakePlane(now_ms)
    plane.projects[scenes.PROJECT] = scenes.project(dirty=())
    for seq in range(TASKS):
        story = scenes.Story(seq + 1, f"task-{seq}", now_ms(), steps, steps=1)
        story.started(steps)
        for place in range(steps):
            at = steps - place
            story.step(at, 0)
            story.checkpoint(at - 0.5, files_only=bool(place % 3))
            if place % 97 == 0:
                story.record("yielded", at - 0.5, ordinal=place + 1, why="another needed it")
                story.record("resumed", at - 0.2, ordinal=place + 1, memory=True)
        story.step(0.3, 0)
        plane.state.tasks[story.task.id] = replace(story.task, project=scenes.PROJECT)
    return plane


def _sampled(n: int, steps: int, act: str) -> list[float]:
    """ms of each time `act` was done in a window with so many steps a lane."""

    async def work(desk: Desk, _plane: FakePlane) -> list[float]:
        view = desk.window.tasks.list
        view.viewport().grab()
        found: list[float] = []
        for _ in range(n * SAMPLES):
            began = time.perf_counter()
            if act == "paint":
                view.viewport().grab()
            else:
                desk.tick()
            found.append((time.perf_counter() - began) * 1000)
        return found

    return in_window(partial(_plane, steps=steps), work)


def measure(n: int) -> Iterator[Row]:
    few = _sampled(n, 3, "paint")
    yield row(
        "Timeline, 100 lanes of 2,100 marks: a page painted",
        _sampled(n, STEPS, "paint"),
        "ms",
        beside=few,
        ratio_to="the same page with ten marks a lane",
        goal="at most 25 ms",
    )
    yield row(
        "Timeline, 100 lanes of 2,100 marks: the work of a second",
        _sampled(n, STEPS, "tick"),
        "ms",
        beside=_sampled(n, 3, "tick"),
        ratio_to="the same with ten marks a lane",
        goal="at most 50 ms",
    )
