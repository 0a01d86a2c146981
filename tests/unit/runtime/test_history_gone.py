"""A task whose commits another program removed from Git begins anew, and says so (fault 14)."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from clawdesk.domain.model import Phase, Task
from clawdesk.ports.errors import RepositoryError
from clawdesk.ports.repository import HISTORY_GONE
from clawdesk.runtime.api import Outcome
from clawdesk.runtime.plane import Plane
from tests.support.guest_fake import FakeStep
from tests.support.plane_world import PROJECT, PlaneWorld, until

TASK = 'title = "Ask"\n[[steps]]\nname = "one"\nrun = "asks"\n'
GONE = RepositoryError("Its ref was deleted.", mend="Submit it anew.", code=HISTORY_GONE)


async def asks(step: FakeStep) -> int:
    answer = await step.ask("which?")
    step.files["notes.txt"] = str(answer["text"]).encode()
    return 0


async def asking(folder: Path) -> tuple[PlaneWorld, Plane, str]:
    """A plane whose task waits for an answer: (world, plane, task)."""
    world = PlaneWorld(folder, {"ask": TASK}, {"asks": asks})
    plane = await world.open()
    task = await plane.submit(PROJECT, "ask")
    await until(plane, task, held)
    return world, plane, task


async def answer(plane: Plane, task_id: str, text: str) -> Outcome:
    request = plane.state.tasks[task_id].request
    assert request is not None
    return await plane.answer(task_id, request.id, text, channel="t")


def held(task: Task) -> bool:
    return task.phase is Phase.HELD


def again(task: Task) -> bool:
    """It asks in another attempt."""
    return held(task) and task.attempt == 2


async def test_an_answer_finds_no_history_and_the_task_asks_again(tmp_path: Path) -> None:
    world, plane, task_id = await asking(tmp_path)
    del world.project.tasks[task_id]
    world.project.fail("append", GONE)
    refused = await answer(plane, task_id, "red")
    assert not refused.ok
    assert "removed from Git by another program" in refused.text
    task = await until(plane, task_id, again)
    assert [c.ordinal for c in task.checkpoints] == [2], "what is gone cannot be gone back to"
    assert (await answer(plane, task_id, "blue")).ok
    await until(plane, task_id, lambda t: t.phase is Phase.DONE)
    commits = [world.project.commits[oid] for oid in world.project.tasks[task_id]]
    events = [commit.record.event for commit in commits if commit.record is not None]
    assert events[:3] == ["submitted", "history_lost", "started"]
    assert (events.count("decision"), events[-1]) == (1, "finished")
    assert commits[-1].tree["notes.txt"][1] == b"blue"
    assert world.machines.machines == {}
    await plane.close()
    plane = await world.open()
    assert plane.state.tasks[task_id].attempt == 2
    assert plane.state.tasks[task_id].phase is Phase.DONE
    await plane.close()


async def test_a_checkpoint_finds_no_history(tmp_path: Path) -> None:
    rounds = count()

    async def gone_at_first(step: FakeStep) -> int:
        if next(rounds) == 0:
            world.project.tasks.clear()
        return await asks(step)

    world = PlaneWorld(tmp_path, {"ask": TASK}, {"asks": gone_at_first})
    world.project.fail("checkpoint", GONE)
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "ask")
    await until(plane, task_id, again)
    await plane.close()


async def test_a_start_that_is_gone_too_is_asked_about(tmp_path: Path) -> None:
    """Nothing can be begun with: the person may bring it back from a backup, or give up."""
    world, plane, task_id = await asking(tmp_path)
    kept = world.project.tasks.pop(task_id)
    world.project.fail("append", GONE)
    world.project.fail("submit", RepositoryError("Its start is gone.", code="no_commit"))
    refused = await answer(plane, task_id, "red")
    assert (refused.ok, refused.text) == (False, f"Not recorded: {GONE.sentence}")
    world.project.tasks[task_id] = kept
    assert (await answer(plane, task_id, "blue")).ok
    task = await until(plane, task_id, lambda t: t.phase is Phase.DONE)
    assert task.attempt == 1
    await plane.close()
