"""A guest that cannot be heard, or does not hear, costs its machine, and nothing that Git has."""

from __future__ import annotations

from pathlib import Path

import pytest

from clawdesk.domain.model import Phase, Task
from clawdesk.ports.errors import GuestError
from clawdesk.ports.guest import ModelCalled
from tests.support.guest_fake import FakeSession, FakeStep
from tests.support.plane_world import PROJECT, PlaneWorld, until

TASK = 'title = "Two"\n[[steps]]\nname = "one"\nrun = "one"\n[[steps]]\nname = "two"\nrun = "two"\n'


async def works(step: FakeStep) -> int:
    step.files["notes.txt"] = b"work"
    return 0


def done(task: Task) -> bool:
    return task.phase is Phase.DONE


def ended_attempts(task: Task) -> list[str]:
    return [str(r.fields["why"]) for r in task.records if r.event == "attempt_ended"]


@pytest.mark.expect_log("could not be taken in")
async def test_a_word_that_we_cannot_take_in_costs_its_machine_alone(tmp_path: Path) -> None:
    rounds: list[int] = []

    async def says_nonsense_once(step: FakeStep) -> int:
        rounds.append(1)
        if len(rounds) == 1:
            nonsense: str = None  # type: ignore[assignment]  # no adapter lets this through
            step.machine.tell(ModelCalled("m", nonsense, nonsense, 200, 0.0, None, None))
            await step.ask("is anybody there?")
        return await works(step)

    world = PlaneWorld(tmp_path, {"two": TASK}, {"one": says_nonsense_once, "two": works})
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "two")
    task = await until(plane, task_id, done)
    (why,) = ended_attempts(task)
    assert why.startswith("what its guest said could not be taken in (")
    assert not plane.ended.done(), "the others go on"
    await plane.close()


async def test_a_guest_that_dies_behind_a_commit_takes_nothing_of_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = PlaneWorld(tmp_path, {"two": TASK}, {"one": works, "two": works})
    plane = await world.open()
    deaf = [GuestError("The guest does not answer.", code="gone")]
    unquiesce = FakeSession.unquiesce

    async def once_deaf(session: FakeSession) -> None:
        if deaf:
            raise deaf.pop()
        await unquiesce(session)

    monkeypatch.setattr(FakeSession, "unquiesce", once_deaf)
    task_id = await plane.submit(PROJECT, "two")
    task = await until(plane, task_id, done)
    assert ended_attempts(task) == ["The guest does not answer."]
    assert [(c.ordinal, c.attempt) for c in task.checkpoints] == [(1, 1), (2, 2), (3, 2)]
    commits = [world.project.commits[oid] for oid in world.project.tasks[task_id]]
    events = [commit.record.event for commit in commits if commit.record is not None]
    assert events.count("checkpoint") == 3, "what Git has, the plane knows"
    await plane.close()
