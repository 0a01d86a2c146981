"""What a machine did beside its files stands in its next checkpoint, in Git, and in the review."""

from __future__ import annotations

from pathlib import Path

from clawdesk.domain.beside import Beside
from clawdesk.domain.model import Checkpoint, DiffStat, Phase, Task
from clawdesk.ports.guest import NetworkUsed
from clawdesk.ports.repository import Diff
from clawdesk.runtime.seen import PLACES_MAX, Seen
from clawdesk.viewmodels.risk import beside_of, risk_view
from tests.support.guest_fake import FakeStep
from tests.support.plane_world import PROJECT, PlaneWorld, until

TASK = """
[[steps]]
name = "load"
run = "load"
[[steps]]
name = "make"
run = "make"
checkpoint = "approve"
"""
REFUSED = NetworkUsed("evil.example", 443, 0, 0, refused="the task may not reach it", untold=2)


async def load(step: FakeStep) -> int:
    for _ in range(3):
        step.machine.tell(NetworkUsed("example.org", 443, 100, 2_000))
    step.machine.tell(REFUSED)
    return 0


async def make(step: FakeStep) -> int:
    step.files["a.txt"] = b"made"
    return 0


def asks(task: Task) -> bool:
    return task.phase is Phase.HELD and task.request is not None


async def test_a_checkpoint_keeps_what_was_done_beside_its_files(tmp_path: Path) -> None:
    world = PlaneWorld(tmp_path, {"load": TASK}, {"load": load, "make": make})
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "load")
    before = await until(plane, task_id, asks)
    assert [c.beside.network for c in before.checkpoints] == [("example.org:443 (3)",), ()]
    assert [c.beside.refused for c in before.checkpoints] == [3, 0]
    await plane.close()
    # The next start reads it from Git.
    plane = await world.open()
    task = plane.state.tasks[task_id]
    assert [c.beside.network for c in task.checkpoints] == [("example.org:443 (3)",), ()]
    # The first was let past by itself: nobody has seen what was reached.
    assert beside_of(task, task.checkpoints[-1]) == Beside(("example.org:443 (3)",), 3)
    await plane.close()


def test_places_are_counted_and_bounded() -> None:
    seen = Seen()
    for number in range(PLACES_MAX + 5):
        seen.used(NetworkUsed(f"h{number}", 80, 0, 0, untold=1 if number == 0 else 0))
    seen.used(REFUSED)
    made = seen.of(Checkpoint(1, 0, 0, "s", 1, "c", "t", "d"))
    assert len(made.beside.network) == PLACES_MAX
    assert "more places (7)" in made.beside.network
    assert made.beside.refused == 3


def test_the_review_says_it_and_it_weighs() -> None:
    diff = Diff((), DiffStat())
    assert risk_view(diff).level == "low"
    risk = risk_view(diff, (), Beside(("example.org:443 (1)",), 2, True))
    assert risk.level == "medium"
    assert [(line.text, line.detail) for line in risk.lines[:3]] == [
        ("network used", "example.org:443 (1)"),
        ("2 connections were not let out", "the log names them"),
        ("a person had a shell in the machine", "what was typed stands in these changes"),
    ]
