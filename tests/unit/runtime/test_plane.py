"""The plane on fakes: decisions, refusals, restarts, and the socket."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from clawdesk.app import open_plane
from clawdesk.domain.model import FINAL, Phase, Record, Task
from clawdesk.ports.errors import MachineError, PortError, RepositoryError
from clawdesk.runtime import watch
from clawdesk.runtime.client import PlaneClient
from clawdesk.runtime.places import plane_socket
from clawdesk.runtime.server import PlaneServer
from clawdesk.runtime.watch import Parts
from tests.support.guest_fake import FakeStep
from tests.support.plane_world import PROJECT, PlaneWorld, until
from tests.support.repository_fake import FakeRepository

TASK = """
title = "Write"
[machine]
memory_mib = 256
[[steps]]
name = "one"
run = "one"
checkpoint = "approve"
[[steps]]
name = "two"
run = "two"
"""


async def one(step: FakeStep) -> int:
    step.files["a.txt"] = step.machine.feedback.encode() or b"first"
    step.print("wrote a.txt\n")
    return 0


async def two(step: FakeStep) -> int:
    step.files["b.txt"] = b"second"
    return 0


async def fails(step: FakeStep) -> int:
    step.print("no such thing\n", "err")
    return 4


async def starves(step: FakeStep) -> int:
    step.print("about to\n")
    step.machine.killed = 2
    return 137


async def goes_on(step: FakeStep) -> int:
    step.machine.killed = 1
    return 0


@pytest.fixture
def world(tmp_path: Path) -> PlaneWorld:
    scripts = {"fails": fails, "starves": starves, "goes_on": goes_on}
    files = {n: f'title = "Bad"\n[[steps]]\nname = "x"\nrun = "{n}"\n' for n in scripts}
    return PlaneWorld(tmp_path, {"write": TASK, **files}, {"one": one, "two": two, **scripts})


def held(task: Task) -> bool:
    return task.phase is Phase.HELD


def ended(task: Task) -> bool:
    return task.phase in FINAL


async def test_approve_then_merge_gives_what_was_approved(world: PlaneWorld) -> None:
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "write")
    task = await until(plane, task_id, held)
    assert task.request is not None
    machine = world.machines.machines[task.machine]
    assert machine.suspended, "a held machine's virtual CPUs must stand still"
    assert (await plane.approve(task_id, 1, "old digest", channel="t")).ok is False
    done = await plane.approve(task_id, 1, task.request.digest, channel="t")
    assert done.ok
    again = await plane.approve(task_id, 1, task.request.digest, channel="u")
    assert not again.ok
    assert "via t" in again.text
    task = await until(plane, task_id, ended)
    assert task.phase is Phase.DONE
    outcome = await plane.merge(task_id)
    assert outcome.branch
    (merged,) = (r for r in plane.state.tasks[task_id].records if r.event == "merged")
    assert merged.fields["merge_commit"] == outcome.commit, "the way back names it at once"
    assert b"second" in world.project.work["b.txt"]
    assert world.machines.kept(task_id) == [], "snapshots outlived the merge"
    undone = await plane.unmerge(task_id)
    assert undone.ok
    assert "b.txt" not in world.project.work
    assert plane.state.tasks[task_id].merged_into == ""
    assert not (await plane.unmerge(task_id)).ok
    await plane.merge(task_id)
    assert b"second" in world.project.work["b.txt"]
    await plane.close()
    assert world.machines.machines == {}


async def test_what_git_has_done_and_nobody_recorded_is_recorded_by_asking_again(
    world: PlaneWorld,
) -> None:
    """A merge and its undo, each cut off between Git and the task's own record."""
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "write")
    task = await until(plane, task_id, held)
    assert task.request is not None
    await plane.approve(task_id, 1, task.request.digest, channel="t")
    await until(plane, task_id, ended)

    world.project.fail("append", RepositoryError("No space."))
    with pytest.raises(RepositoryError):
        await plane.merge(task_id)
    branch = world.project.branch
    merged = world.project.branches[branch]
    assert plane.state.tasks[task_id].merged_into == "", "nobody recorded it"
    await plane.close()
    plane = await world.open()
    outcome = await plane.merge(task_id)
    assert (outcome.commit, world.project.branches[branch]) == (merged, merged), "and not twice"
    assert outcome.backup
    assert plane.state.tasks[task_id].merged_into == branch

    world.project.fail("append", RepositoryError("No space."))
    with pytest.raises(RepositoryError):
        await plane.unmerge(task_id)
    before = world.project.branches[branch]
    assert before != merged
    await plane.close()
    plane = await world.open()
    assert plane.state.tasks[task_id].merged_into == branch, "nobody recorded it"
    assert (await plane.unmerge(task_id)).ok
    assert plane.state.tasks[task_id].merged_into == ""
    assert world.project.branches[branch] == before
    events = [record.event for record in plane.state.tasks[task_id].records]
    assert (events.count("merged"), events.count("unmerged")) == (1, 1)
    await plane.close()
    plane = await world.open()
    assert plane.state.tasks[task_id].merged_into == "", "Git says so too"
    await plane.close()


async def test_a_rejection_runs_the_step_again_with_the_note(world: PlaneWorld) -> None:
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "write")
    task = await until(plane, task_id, held)
    assert task.request is not None
    assert not (await plane.reject(task_id, 1, task.request.digest, channel="t", note=" ")).ok
    assert (await plane.reject(task_id, 1, task.request.digest, channel="t", note="again")).ok
    task = await until(plane, task_id, lambda t: held(t) and t.request is not None and t.round == 2)
    diff = await plane.diff(task_id, 0, task.checkpoints[-1].ordinal)
    [file] = diff.files
    assert [line.text.strip() for hunk in file.hunks for line in hunk.lines] == ["again"]
    await plane.close()


async def test_a_restart_asks_the_same_request_again(world: PlaneWorld) -> None:
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "write")
    before = await until(plane, task_id, held)
    await plane.close()
    assert world.machines.machines == {}, "closing left a machine"

    plane = await world.open()
    after = plane.state.tasks[task_id]
    assert before.request is not None
    assert after.request == before.request
    assert after.phase is Phase.HELD
    assert (await plane.approve(task_id, 1, before.request.digest, channel="t")).ok
    task = await until(plane, task_id, ended)
    assert task.phase is Phase.DONE
    assert "restore" in [call for call, _ in world.machines.calls]
    await plane.close()


async def test_a_failing_step_ends_with_its_output(world: PlaneWorld) -> None:
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "fails")
    task = await until(plane, task_id, ended)
    assert task.phase is Phase.FAILED
    assert "exited with 4" in task.finish_text
    assert "no such thing" in task.finish_text
    lines = [line.text for line in await plane.log_lines(task_id)]
    assert "no such thing" in lines
    await plane.close()
    plane = await world.open()
    kept = [line.text for line in await plane.log_lines(task_id)]
    assert "no such thing" in kept, "the output was not kept in Git"
    await plane.close()


async def test_a_step_that_dies_of_its_memory_says_so_and_what_to_do(world: PlaneWorld) -> None:
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "starves")
    task = await until(plane, task_id, ended)
    assert task.phase is Phase.FAILED
    said = "Memory ran out: the machine has 512 MiB, and its kernel ended 2 of the task's programs."
    assert task.finish_text.startswith(f"Step x exited with 137. {said} Give the task more by")
    assert task.finish_text.endswith("\nabout to")
    await plane.close()


async def test_a_step_that_goes_on_without_what_the_kernel_ended_has_it_in_its_log(
    world: PlaneWorld,
) -> None:
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "goes_on")
    assert (await until(plane, task_id, ended)).phase is Phase.DONE
    await plane.close()
    plane = await world.open()
    kept = [line.text for line in await plane.log_lines(task_id)]
    assert any(line.startswith("Memory ran out: the machine has 512 MiB") for line in kept)
    await plane.close()


async def test_a_request_that_cannot_be_recorded_is_not_lost(world: PlaneWorld) -> None:
    plane = await world.open()
    # The `started` record comes first; the request is the second append.
    world.project.fail("append", RepositoryError("No space.", mend="Free some."), after=1)
    task_id = await plane.submit(PROJECT, "write")
    task = await until(plane, task_id, held)
    assert task.request is not None
    assert task.request.key == "retry"
    assert "No space." in task.request.question
    assert (await plane.answer(task_id, "retry", "retry", channel="t")).ok
    task = await until(plane, task_id, lambda t: held(t) and bool(t.request and not t.request.key))
    assert task.checkpoints[-1].approval_reason
    await plane.close()


async def test_cancel_is_final_and_leaves_nothing(world: PlaneWorld) -> None:
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "write")
    await until(plane, task_id, held)
    assert (await plane.cancel(task_id, channel="t")).ok
    task = await until(plane, task_id, ended)
    assert task.phase is Phase.CANCELLED
    assert not (await plane.cancel(task_id, channel="t")).ok
    assert world.machines.machines == {}
    with pytest.raises(PortError, match="cancelled"):
        await plane.merge(task_id)
    await plane.close()


async def test_a_client_sees_and_decides_as_the_plane_does(
    world: PlaneWorld, tmp_path: Path
) -> None:
    plane = await world.open()
    server = PlaneServer(plane, tmp_path / "p.sock")
    await server.start()
    assert (tmp_path / "p.sock").stat().st_mode & 0o777 == 0o600
    client = await PlaneClient.connect(tmp_path / "p.sock")
    task_id = await client.submit(PROJECT, "write")
    task = await until(client, task_id, held)
    assert task.request == plane.state.tasks[task_id].request
    assert client.projects[PROJECT] == plane.projects[PROJECT]
    diff = await client.diff(task_id, None, 1)
    assert diff == await plane.diff(task_id, None, 1)
    assert task.request is not None
    outcome = await client.approve(task_id, 1, task.request.digest, channel="client")
    assert outcome.ok
    await until(client, task_id, ended)
    with pytest.raises(PortError, match="no task"):
        await client.diff("NOBODY", None, 1)
    await client.close()
    await server.close()
    await plane.close()
    assert not (tmp_path / "p.sock").exists()


async def test_a_plane_that_only_looks_starts_nothing(world: PlaneWorld, tmp_path: Path) -> None:
    from clawdesk.runtime.plane import Plane

    plane = Plane(world.parts(), drive=False)
    await plane.start()
    await plane.open_project(PROJECT)
    task_id = await plane.submit(PROJECT, "write")
    reason = plane.state.tasks[task_id].reason
    assert reason is not None
    assert reason.code == "not_driven"
    await plane.close()
    assert [call for call, _ in world.machines.calls if call != "owned"] == []


async def test_going_back_to_rejected_work_after_a_restart_asks_again(world: PlaneWorld) -> None:
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "write")
    task = await until(plane, task_id, held)
    assert task.request is not None
    await plane.reject(task_id, 1, task.request.digest, channel="t", note="again")
    task = await until(plane, task_id, lambda t: held(t) and t.round == 2)
    assert (await plane.cancel(task_id, channel="t")).ok
    await until(plane, task_id, ended)
    await plane.close()

    plane = await world.open()
    assert (await plane.restore(task_id, 1, channel="t")).ok
    task = await until(plane, task_id, lambda t: held(t) or t.phase is Phase.DONE)
    assert task.phase is Phase.HELD, "rejected work went on without being asked about"
    assert task.request is not None
    assert task.request.ordinal == 1
    await plane.close()


async def test_an_answer_needs_text(world: PlaneWorld) -> None:
    plane = await world.open()
    world.project.fail("append", RepositoryError("No space."), after=1)
    task_id = await plane.submit(PROJECT, "write")
    await until(plane, task_id, held)
    outcome = await plane.answer(task_id, "retry", "  ", channel="t")
    assert (outcome.ok, "text" in outcome.text) == (False, True)
    assert (await plane.answer(task_id, "retry", "give up", channel="t")).ok
    task = await until(plane, task_id, ended)
    assert "No space." in task.finish_text
    await plane.close()


async def test_without_room_for_a_snapshot_the_checkpoint_holds_files_and_says_so(
    world: PlaneWorld,
) -> None:
    plane = await world.open()
    why = MachineError("Only 3 GiB are free.", mend="clawdesk prune", code="no_space")
    world.machines.fail_next("snapshot", why)
    task_id = await plane.submit(PROJECT, "write")
    task = await until(plane, task_id, held)
    [checkpoint] = task.checkpoints
    assert checkpoint.snapshot is None
    assert checkpoint.why_files_only == "Only 3 GiB are free. clawdesk prune"
    await plane.close()

    # Nothing but files: the next start goes on in a fresh machine with them.
    plane = await world.open()
    assert (await plane.approve(task_id, 1, checkpoint.digest, channel="t")).ok
    task = await until(plane, task_id, ended)
    assert task.phase is Phase.DONE
    assert [c for c, _ in world.machines.calls].count("restore") == 0
    resumed = next(r for r in task.records if r.event == "resumed")
    assert resumed.fields["memory"] is False
    assert "3 GiB" in resumed.fields["note"]
    await plane.close()


async def test_what_a_killed_plane_left_half_way_is_removed(world: PlaneWorld) -> None:
    left = world.folder / "workspaces" / "export-abc"
    left.mkdir(parents=True)
    (left / "workspace.tar").write_bytes(b"half")
    plane = await world.open()
    assert not left.exists()
    await plane.close()


async def test_without_libvirt_tasks_wait_and_say_what_mends_it(world: PlaneWorld) -> None:
    world.machines.ready = False
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "write")
    reason = plane.state.tasks[task_id].reason
    assert reason is not None
    assert (reason.code, reason.text) == ("no_machines", "There is no libvirt in this test.")

    world.machines.ready = True
    await plane.check_environment()
    await until(plane, task_id, held)
    await plane.close()


@pytest.mark.parametrize("call", ["start", "restore"])
async def test_a_task_outlives_a_libvirt_that_is_gone_for_a_while(
    world: PlaneWorld, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Neither a start nor a way back from a snapshot may end it; and nobody has to look again."""
    monkeypatch.setattr(watch, "ASK_AGAIN_S", 0.01)
    plane = await world.open()
    if call == "restore":
        task_id = await plane.submit(PROJECT, "write")
        await until(plane, task_id, held)
        assert (await plane.yield_now(task_id, channel="t")).ok
    world.machines.ready = False
    for _ in range(3):  # as often as it is tried: twice would end it otherwise
        world.machines.fail_next(call, MachineError("libvirt does not answer."))
    if call == "restore":
        request = plane.state.tasks[task_id].request
        assert request is not None
        assert (await plane.approve(task_id, 1, request.digest, channel="t")).ok
    else:
        task_id = await plane.submit(PROJECT, "write")
    waits = await until(plane, task_id, lambda t: bool(t.reason and t.reason.code == "no_machines"))
    assert waits.phase is Phase.QUEUED
    world.machines.forgive(call)
    world.machines.ready = True
    task = await until(plane, task_id, held if call == "start" else ended)
    assert (task.attempt, task.start_failures) == (1, 0)
    await plane.close()


async def test_a_task_that_waits_in_a_closed_project_goes_on_when_it_is_opened(
    world: PlaneWorld,
) -> None:
    world.machines.ready = False
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "write")
    assert (await plane.close_project(PROJECT)).ok
    world.machines.ready = True
    await plane.check_environment()
    task = plane.state.tasks[task_id]
    assert task.phase is Phase.QUEUED, "a closed project's task must not start, and not fail"
    assert task.reason is not None
    assert task.reason.code == "project_closed"
    await plane.open_project(PROJECT)
    await until(plane, task_id, held)
    await plane.close()


async def test_a_project_is_not_closed_while_a_machine_of_it_starts(world: PlaneWorld) -> None:
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "write")
    assert plane.state.tasks[task_id].phase is Phase.STARTING
    outcome = await plane.close_project(PROJECT)
    assert not outcome.ok
    assert "still run: Write" in outcome.text
    await until(plane, task_id, held)
    await plane.close()


async def test_the_log_of_a_new_task_does_not_say_that_output_was_lost(world: PlaneWorld) -> None:
    world.machines.ready = False
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "write")
    assert await plane.log_lines(task_id) == ()
    await plane.close()


async def test_a_call_under_way_is_answered_before_its_plane_closes(
    world: PlaneWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two terminals at once: the command that holds the plane is done before the other's call."""
    begun, closing = asyncio.Event(), asyncio.Event()
    submit, finish = FakeRepository.submit, PlaneServer.finish

    async def slow(self: FakeRepository, task: str, start: str, record: Record) -> str:
        begun.set()
        await closing.wait()
        return await submit(self, task, start, record)

    async def at_the_end(self: PlaneServer) -> None:
        closing.set()
        await finish(self)

    async def parts() -> Parts:
        return world.parts()

    monkeypatch.setattr(FakeRepository, "submit", slow)
    monkeypatch.setattr(PlaneServer, "finish", at_the_end)
    async with open_plane(drive=False, parts=parts) as plane:
        await plane.open_project(PROJECT)
        client = await PlaneClient.connect(plane_socket())
        call = asyncio.ensure_future(client.submit(PROJECT, "write"))
        await begun.wait()
    assert await call
    await client.close()


async def test_a_cancel_is_acknowledged_when_git_has_it(world: PlaneWorld) -> None:
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "write")
    await until(plane, task_id, held)
    world.project.fail("append", RepositoryError("No space."))
    outcome = await plane.cancel(task_id, channel="t")
    assert not outcome.ok
    assert "Git did not take that: No space." in outcome.text
    await until(plane, task_id, ended)
    await plane.close()
    plane = await world.open()
    assert plane.state.tasks[task_id].phase is Phase.HELD, "as it was said"
    assert (await plane.cancel(task_id, channel="t")).ok
    assert "finished" in [record.event for record in plane.state.tasks[task_id].records]
    await plane.close()
