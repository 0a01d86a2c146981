"""Tasks from a prompt alone, on a plane of fakes: submitted, found again, refused, merged."""

from __future__ import annotations

from pathlib import Path

import pytest

from clawdesk.adapters.git.approved import approved
from clawdesk.domain.agents import shell_of
from clawdesk.domain.from_prompt import TaskPrompt, definition_from
from clawdesk.domain.model import FINAL, Phase, Task
from clawdesk.ports.errors import PortError
from clawdesk.runtime.client import PlaneClient
from clawdesk.runtime.places import plane_socket
from clawdesk.runtime.server import PlaneServer
from clawdesk.viewmodels.report import Around, file_name, report
from clawdesk.viewmodels.story import sentence
from tests.support.guest_fake import FakeStep
from tests.support.plane_world import PROJECT, PlaneWorld, until

ASKED = TaskPrompt("Write a note.\nA short one.", "command", "python3 agent.py")
NARROW = '[network]\nallow = ["b.example"]\n'
MODEL_IMAGE = 'pypi = ["rich"]\nnetwork = ["a.example"]\n'


async def agent(step: FakeStep) -> int:
    """Two files, a model call before each."""
    for name in ("a.txt", "b.txt"):
        await step.model_call()
        step.files[name] = b"by the agent: " + step.machine.feedback.encode()
    await step.model_call()
    return 0


def command_for(feedback: str = "") -> str:
    definition = definition_from(ASKED)
    assert definition.agent is not None
    return shell_of(definition.agent, definition.steps[0].run, feedback)


@pytest.fixture
def world(tmp_path: Path) -> PlaneWorld:
    """A project without any `.clawdesk`."""
    scripts = {command_for(): agent, command_for("shorter"): agent}
    return PlaneWorld(tmp_path, {}, scripts)


def held(task: Task) -> bool:
    return task.phase is Phase.HELD


async def approve(world: PlaneWorld, task: Task, plane: object) -> None:
    assert task.request is not None
    done = await plane.approve(  # type: ignore[attr-defined]
        task.id, task.request.ordinal, task.request.digest, channel="t"
    )
    assert done.ok, done.text


async def test_its_end_is_approved_whole_and_merged(world: PlaneWorld) -> None:
    plane = await world.open()
    task_id = await plane.submit(PROJECT, ASKED)
    task = await until(plane, task_id, held)
    assert task.title == "Write a note."
    assert [c.model_call for c in task.checkpoints] == [True, True, False]
    assert not any(c.approval_reason for c in task.checkpoints[:-1])
    # What is asked about is everything since the start, whatever was kept on the way.
    assert task.request is not None
    diff = await plane.diff(task_id, None, task.request.ordinal)
    assert [file.path for file in diff.files] == ["a.txt", "b.txt"]
    await approve(world, task, plane)
    await until(plane, task_id, lambda t: t.phase in FINAL)
    await plane.merge(task_id)
    assert b"by the agent" in world.project.work["b.txt"][1]
    await plane.close()


async def points(world: PlaneWorld, task: str) -> list[int]:
    """Ordinals that a merge may bring into the user's history, one commit each."""
    repository = await world.repositories.open(PROJECT)
    (history,) = [h for h in await repository.histories() if h.task == task]
    return [point.ordinal for point in approved(history.records).points]


async def test_points_on_the_way_are_not_merged_and_not_in_a_fork_either(
    world: PlaneWorld,
) -> None:
    plane = await world.open()
    task = await until(plane, await plane.submit(PROJECT, ASKED), held)
    assert await points(world, task.id) == []
    await approve(world, task, plane)
    await until(plane, task.id, lambda t: t.phase in FINAL)
    assert await points(world, task.id) == [3]
    fork = plane.state.tasks[await plane.fork(task.id, 2)]
    assert await points(world, fork.id) == []
    assert fork.judged == task.start_commit, "nobody has let any of it pass"
    await plane.close()


async def test_a_rejection_begins_again_with_the_note(world: PlaneWorld) -> None:
    plane = await world.open()
    task = await until(plane, await plane.submit(PROJECT, ASKED), held)
    assert task.request is not None
    said = await plane.reject(
        task.id, task.request.ordinal, task.request.digest, channel="t", note="shorter"
    )
    assert said.ok
    task = await until(plane, task.id, lambda t: held(t) and t.round == 2)
    assert b"shorter" in world.guests.machines[task.machine].files["a.txt"]
    await plane.close()


async def test_a_restart_finds_all_of_it_in_git(world: PlaneWorld) -> None:
    plane = await world.open()
    before = await until(plane, await plane.submit(PROJECT, ASKED), held)
    await plane.close()
    plane = await world.open()
    after = plane.state.tasks[before.id]
    assert after.definition == before.definition == definition_from(ASKED)
    assert (after.request, after.judged) == (before.request, before.judged)
    await approve(world, after, plane)
    task = await until(plane, before.id, lambda t: t.phase in FINAL)
    assert task.phase is Phase.DONE
    await plane.close()


async def test_a_lost_worker_begins_again_without_any_file(world: PlaneWorld) -> None:
    plane = await world.open()
    task_id = await plane.submit(PROJECT, ASKED)
    running = await until(plane, task_id, lambda t: bool(t.checkpoints))
    world.guests.machines[running.machine].die()
    task = await until(plane, task_id, lambda t: held(t) and t.attempt == 2)
    assert task.definition == definition_from(ASKED)
    await plane.close()


async def test_it_starts_from_the_users_files_if_they_say_so(world: PlaneWorld) -> None:
    world.project.user_edits({"notes.txt": "mine"})
    plane = await world.open()
    task_id = await plane.submit(PROJECT, ASKED, include_changes=True, priority=99)
    task = await until(plane, task_id, held)
    assert world.guests.machines[task.machine].files["notes.txt"] == b"mine"
    assert task.priority == task.policy.priority_max, "bounded as any other"
    await plane.close()


@pytest.mark.parametrize(
    ("asked", "settings", "says"),
    [
        (TaskPrompt(" ", "command", "r"), {}, "The prompt is empty"),
        (TaskPrompt("p", "robot", "r"), {}, "There is no agent 'robot'"),
        (ASKED, {"CLAWDESK_PROMPT": "x"}, "There is a prompt already"),
        (ASKED, {"A": "\0"}, "without a NUL"),
        (TaskPrompt("p", "gptme", model="m"), {}, "may be set up from no host"),
    ],
)
async def test_what_is_refused_leaves_no_task(
    world: PlaneWorld, asked: TaskPrompt, settings: dict[str, str], says: str
) -> None:
    plane = await world.open()
    with pytest.raises(PortError, match=says):
        await plane.submit(PROJECT, asked, settings=settings)
    assert not plane.state.tasks
    assert not world.project.tasks
    await plane.close()


async def test_the_policy_bounds_it_as_any_other(world: PlaneWorld) -> None:
    world.project.user_commits({
        ".clawdesk/project.toml": NARROW, ".clawdesk/image.toml": MODEL_IMAGE
    })  # fmt: skip
    plane = await world.open()
    with pytest.raises(PortError, match=r"a\.example, which \[network\] allow does not hold"):
        await plane.submit(PROJECT, ASKED)
    world.project.user_commits({
        ".clawdesk/project.toml": f'{NARROW}[approval]\npaths = ["a.txt"]\n',
        ".clawdesk/image.toml": None,
    })  # fmt: skip
    task = await until(plane, await plane.submit(PROJECT, ASKED), lambda t: t.reason is not None)
    assert task.reason is not None
    assert task.reason.code == "untrusted"
    await plane.close()


async def test_a_client_asks_for_it_over_the_socket(world: PlaneWorld) -> None:
    plane = await world.open()
    server = PlaneServer(plane, plane_socket())
    await server.start()
    client = await PlaneClient.connect(plane_socket())
    try:
        task_id = await client.submit(PROJECT, ASKED)
        assert plane.state.tasks[task_id].definition == definition_from(ASKED)
        with pytest.raises(PortError, match="There is no task 'write'"):
            await client.submit(PROJECT, "write")
    finally:
        await client.close()
        await server.close()
        await plane.close()


async def asks_between(step: FakeStep) -> int:
    step.files["before.txt"] = b"1"
    await step.ask("Go on?")
    step.files["after.txt"] = b"2"
    return 0


async def test_what_came_before_a_question_is_approved_at_the_end_too(tmp_path: Path) -> None:
    world = PlaneWorld(tmp_path, {}, {command_for(): asks_between})
    plane = await world.open()
    task = await until(plane, await plane.submit(PROJECT, ASKED), held)
    assert task.request is not None
    said = await plane.answer(task.id, task.request.id, "yes", channel="t")
    assert said.ok, said.text
    task = await until(plane, task.id, lambda t: held(t) and len(t.checkpoints) == 2)
    assert task.request is not None
    diff = await plane.diff(task.id, None, task.request.ordinal)
    assert [file.path for file in diff.files] == ["after.txt", "before.txt"]
    assert await points(world, task.id) == []
    await plane.close()


async def test_the_story_and_the_report_know_that_no_file_was_there(world: PlaneWorld) -> None:
    plane = await world.open()
    task = await until(plane, await plane.submit(PROJECT, ASKED), held)
    assert sentence(task.records[0]) == "submitted from a prompt"
    text = report(task, Around(0))
    assert "- Process: from a prompt" in text
    assert "## What the agent was told\n\n    Write a note.\n    A short one.\n" in text
    assert file_name(task).startswith("Write-a-note-")
    await plane.close()
