"""Forks on fakes: a task of its own from a checkpoint, compared with the first, one kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from clawdesk.domain.model import FINAL, Kind, Phase, Record, Task
from clawdesk.ports.errors import MachineError, PortError
from clawdesk.ports.repository import TaskHistory
from clawdesk.runtime.client import PlaneClient
from clawdesk.runtime.plane import Plane
from clawdesk.runtime.server import PlaneServer
from clawdesk.viewmodels.tasks import row_of, state_texts
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
[[steps]]
name = "two"
run = "two"
checkpoint = "approve"
[[steps]]
name = "three"
run = "three"
"""


async def one(step: FakeStep) -> int:
    step.files["a.txt"] = b"first"
    return 0


async def two(step: FakeStep) -> int:
    step.files["b.txt"] = f"by {step.environment.get('WHO', 'the first')}".encode()
    return 0


async def three(step: FakeStep) -> int:
    step.files["c.txt"] = b"third"
    return 0


@pytest.fixture
def world(tmp_path: Path) -> PlaneWorld:
    return PlaneWorld(tmp_path, {"write": TASK}, {"one": one, "two": two, "three": three})


def held(task: Task) -> bool:
    return task.phase is Phase.HELD


def ended(task: Task) -> bool:
    return task.phase in FINAL


async def parent_of(plane: Plane) -> Task:
    task_id = await plane.submit(PROJECT, "write")
    return await until(plane, task_id, held)


async def approve(plane: Plane, task: Task) -> None:
    assert task.request is not None
    assert task.request.kind is Kind.APPROVE
    done = await plane.approve(task.id, task.request.ordinal, task.request.digest, channel="t")
    assert done.ok, done.text


async def test_a_fork_goes_its_own_way_from_the_same_moment(world: PlaneWorld) -> None:
    plane = await world.open()
    parent = await parent_of(plane)
    fork_id = await plane.fork(parent.id, 1, settings={"WHO": "the fork"})
    fork = await until(plane, fork_id, held)
    assert fork.checkpoints[0].ordinal == 1
    assert fork.checkpoints[0].commit == parent.checkpoints[0].commit
    assert fork.checkpoints[-1].ordinal == 2, "ordinals go on from the fork's"
    assert plane.state.tasks[parent.id].phase is Phase.HELD, "the parent was left alone"
    diff = await plane.diff(parent.id, 2, 2, other=fork_id)
    [file] = diff.files
    assert file.path == "b.txt"
    assert [line.text.strip() for line in file.hunks[0].lines] == ["by the first", "by the fork"]
    await approve(plane, fork)
    fork = await until(plane, fork_id, ended)
    assert fork.phase is Phase.DONE
    await plane.merge(fork_id)
    work = {path: content for path, (_, content) in world.project.work.items()}
    assert work["a.txt"] == b"first", "the work before the fork is part of it"
    assert work["b.txt"] == b"by the fork"
    assert work["c.txt"] == b"third"
    await plane.close()


async def test_a_fork_outlives_its_parent(world: PlaneWorld) -> None:
    plane = await world.open()
    parent = await parent_of(plane)
    fork_id = await plane.fork(parent.id, 1)
    assert (await plane.cancel(parent.id, channel="t")).ok
    await until(plane, parent.id, ended)
    fork = await until(plane, fork_id, held)
    await approve(plane, fork)
    assert (await until(plane, fork_id, ended)).phase is Phase.DONE
    assert world.machines.kept(parent.id) == []
    await plane.close()


async def test_a_fork_is_found_again_at_the_next_start(world: PlaneWorld) -> None:
    plane = await world.open()
    parent = await parent_of(plane)
    fork_id = await plane.fork(parent.id, 1, settings={"WHO": "the fork"})
    before = await until(plane, fork_id, held)
    await plane.close()
    plane = await world.open()
    fork = plane.state.tasks[fork_id]
    assert fork.forked_from == before.forked_from
    assert fork.request == before.request
    assert fork.checkpoints == before.checkpoints
    assert fork.records[0].fields["forked_from"] == parent.id
    await approve(plane, fork)
    assert (await until(plane, fork_id, ended)).phase is Phase.DONE
    await plane.close()


async def test_a_lost_fork_begins_where_it_was_forked(world: PlaneWorld) -> None:
    plane = await world.open()
    parent = await parent_of(plane)
    fork_id = await plane.fork(parent.id, 1)
    fork = await until(plane, fork_id, held)
    assert (await plane.restore(fork_id, 0, channel="t")).ok, "0 is its own beginning"
    fork = await until(plane, fork_id, lambda t: held(t) and t.next_ordinal > 3)
    await approve(plane, fork)
    await until(plane, fork_id, lambda t: t.phase is Phase.RUNNING or ended(t))
    fork = await until(plane, fork_id, ended)
    assert fork.phase is Phase.DONE
    started = [record for record in fork.records if record.event == "started"]
    assert started == [], "a fork never starts from nothing"
    await plane.close()


async def test_a_fork_of_a_fork_and_one_of_the_start(world: PlaneWorld) -> None:
    plane = await world.open()
    parent = await parent_of(plane)
    child_id = await plane.fork(parent.id, 1)
    await until(plane, child_id, held)
    grandchild_id = await plane.fork(child_id, 2, settings={"WHO": "nobody"})
    grandchild = await until(plane, grandchild_id, held)
    assert grandchild.request is not None
    assert grandchild.request.ordinal == 2, "it is asked itself about what waited"
    await approve(plane, grandchild)
    await until(plane, grandchild_id, ended)
    await plane.merge(grandchild_id)
    assert world.project.work["a.txt"][1] == b"first"
    fresh_id = await plane.fork(parent.id, 0, settings={"WHO": "the fresh one"})
    fresh = await until(plane, fresh_id, held)
    assert any(record.event == "started" for record in fresh.records)
    diff = await plane.diff(fresh_id, 0, 2)
    assert {file.path for file in diff.files} == {"a.txt", "b.txt"}
    await plane.close()


async def test_one_is_kept_and_the_others_end(world: PlaneWorld) -> None:
    plane = await world.open()
    parent = await parent_of(plane)
    forks = [await plane.fork(parent.id, 1) for _ in range(3)]
    for fork in forks:
        await until(plane, fork, held)
    assert not (await plane.keep(await plane.submit(PROJECT, "write"), channel="t")).ok
    outcome = await plane.keep(forks[1], channel="t")
    assert outcome.ok
    assert "ended now: 3; before: 0" in outcome.text
    for other in (parent.id, forks[0], forks[2]):
        gone = await until(plane, other, ended)
        assert gone.phase is Phase.CANCELLED
        assert state_texts(gone, 0)[1] == f"{plane.state.tasks[forks[1]].title} was kept instead"
    assert plane.state.tasks[forks[1]].phase is Phase.HELD
    assert world.machines.kept(forks[1])
    again = await plane.keep(forks[1], channel="t")
    assert "ended now: 0; before: 3" in again.text
    await plane.close()
    for other in (parent.id, forks[0], forks[2]):
        assert world.machines.kept(other) == []
    plane = await world.open()
    told = {t.id: [r.event for r in t.records] for t in plane.state.tasks.values()}
    assert "kept" in told[forks[1]], "Git has it too"
    assert "passed_over" in told[parent.id]
    assert row_of(plane.state.tasks[forks[1]], 0).subtitle.startswith("kept · fork")
    await plane.close()


async def test_what_cannot_be_forked_is_said(world: PlaneWorld) -> None:
    plane = await world.open()
    parent = await parent_of(plane)
    with pytest.raises(PortError, match="no checkpoint 9; there are: 1, 2"):
        await plane.fork(parent.id, 9)
    world.machines.fail_next("share", MachineError("No room.", mend="Free some.", code="no_space"))
    with pytest.raises(PortError, match=r"No room\."):
        await plane.fork(parent.id, 1)
    with pytest.raises(PortError, match="no task"):
        await plane.fork("nobody", 1)
    assert len(plane.state.tasks) == 1
    await plane.close()


@pytest.mark.parametrize("name", ["1A", "A B", "", "a-b", "ä", "A" * 101])
async def test_a_variable_no_shell_can_write_is_refused(world: PlaneWorld, name: str) -> None:
    plane = await world.open()
    parent = await parent_of(plane)
    for refused in (
        plane.fork(parent.id, 1, settings={name: "b"}),
        plane.submit(PROJECT, "write", settings={name: "b"}),
    ):
        with pytest.raises(PortError, match="is no name of a variable") as found:
            await refused
        assert found.value.code == "usage"
    assert len(plane.state.tasks) == 1
    await plane.close()


async def test_a_fork_has_the_name_a_person_gave_also_after_a_restart(world: PlaneWorld) -> None:
    plane = await world.open()
    parent = await parent_of(plane)
    named = await plane.fork(parent.id, 1, title="Write it shorter")
    plain = await plane.fork(parent.id, 1)
    assert plane.state.tasks[named].title == "Write it shorter"
    assert plane.state.tasks[plain].title == parent.title
    for fork in (named, plain):
        await until(plane, fork, held)
    for title in ("two\nlines", "x" * 201):
        with pytest.raises(PortError, match="one line"):
            await plane.fork(parent.id, 1, title=title)
    await plane.close()
    again = await world.open()
    assert again.state.tasks[named].title == "Write it shorter"
    assert again.state.tasks[named].definition.name == "write"
    await again.close()


async def test_a_checkpoint_is_compared_with_the_users_branch(world: PlaneWorld) -> None:
    plane = await world.open()
    parent = await parent_of(plane)
    diff = await plane.diff_branch(parent.id, 2)
    assert {file.path for file in diff.files} == {"a.txt", "b.txt"}
    await plane.close()


async def test_without_its_machine_a_fork_has_the_files(world: PlaneWorld) -> None:
    plane = await world.open()
    parent = await parent_of(plane)
    snapshot = parent.checkpoints[0].snapshot
    assert snapshot is not None
    await world.machines.discard(parent.id)
    fork_id = await plane.fork(parent.id, 1)
    fork = await until(plane, fork_id, held)
    assert fork.checkpoints[0].snapshot is None
    diff = await plane.diff(fork_id, 0, fork.checkpoints[-1].ordinal)
    assert {file.path for file in diff.files} == {"a.txt", "b.txt"}
    await plane.close()


async def test_over_the_socket(world: PlaneWorld, tmp_path: Path) -> None:
    plane = await world.open()
    parent = await parent_of(plane)
    server = PlaneServer(plane, tmp_path / "s")
    await server.start()
    client = await PlaneClient.connect(tmp_path / "s")
    fork_id = await client.fork(parent.id, 1, settings={"WHO": "a client"})
    await until(client, fork_id, held)
    diff = await client.diff(parent.id, 2, 2, other=fork_id)
    assert [file.path for file in diff.files] == ["b.txt"]
    assert (await client.keep(fork_id, channel="t")).ok
    await client.close()
    await server.close()
    await plane.close()


async def test_a_fork_that_is_asked_again_is_asked_by_another_name(world: PlaneWorld) -> None:
    plane = await world.open()
    parent = await parent_of(plane)
    fork_id = await plane.fork(parent.id, 2)
    first = plane.state.tasks[fork_id].request
    assert first is not None
    assert (await plane.restore(fork_id, 2, channel="t")).ok
    again = await until(plane, fork_id, lambda t: held(t) and t.records[-1].event == "requested")
    assert again.request is not None
    assert again.request.id != first.id
    await plane.close()


async def test_a_fork_that_cannot_be_read_keeps_its_machine(
    world: PlaneWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody may bring its commits back, as the user is told."""
    plane = await world.open()
    parent = await parent_of(plane)
    fork_id = await plane.fork(parent.id, 2)
    await plane.close()
    histories = FakeRepository.histories

    async def damaged(self: FakeRepository) -> list[TaskHistory]:
        lost = Record("damaged", 0, {"why": "Its ref is gone."})
        return [
            replace(one, records=(lost,)) if one.task == fork_id else one
            for one in await histories(self)
        ]

    monkeypatch.setattr(FakeRepository, "histories", damaged)
    plane = await world.open()
    assert fork_id not in plane.state.tasks
    assert world.machines.kept(fork_id), "its machine files were removed"
    await plane.close()
