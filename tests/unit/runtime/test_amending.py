"""Approving a part, or with changes: the machine gets exactly that, and the task is told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from clawdesk.domain.model import FINAL, Kind, Phase, Task
from clawdesk.domain.replay import read
from clawdesk.ports.errors import GuestError
from clawdesk.runtime.plane import Plane
from tests.support.guest_fake import FakeSession, FakeStep
from tests.support.plane_world import PROJECT, PlaneWorld, until

TASK = """
title = "Write"
[[steps]]
name = "one"
run = "{}"
checkpoint = "{}"
[[steps]]
name = "two"
run = "two"
"""


async def writes(step: FakeStep) -> int:
    step.files["a.txt"] = b"first\n"
    step.files["b.txt"] = b"second\n"
    return 0


async def claws(step: FakeStep) -> int:
    await writes(step)
    said = await step.checkpoint(approve=True)
    step.files["outcome.txt"] = f"{said['outcome']}: {said.get('feedback', '')}".encode()
    return 0


async def two(step: FakeStep) -> int:
    step.files["heard.txt"] = step.machine.feedback.encode()
    step.files["seen.txt"] = ",".join(sorted(set(step.files) & {"a.txt", "b.txt"})).encode()
    return 0


def world_of(folder: Path, how: str) -> PlaneWorld:
    text = TASK.format(how, "approve" if how == "writes" else "none")
    return PlaneWorld(folder, {"write": text}, {"writes": writes, "claws": claws, "two": two})


def asks(task: Task) -> bool:
    request = task.request
    return task.phase is Phase.HELD and request is not None and request.kind is Kind.APPROVE


def ended(task: Task) -> bool:
    return task.phase in FINAL


async def waiting(plane: Plane) -> Task:
    return await until(plane, await plane.submit(PROJECT, "write"), asks)


def contents(world: PlaneWorld) -> dict[str, bytes]:
    return {path: content for path, (_, content) in world.project.work.items()}


@pytest.mark.parametrize("how", ["writes", "claws"])
async def test_a_part_is_approved_and_the_rest_goes_back(tmp_path: Path, how: str) -> None:
    world = world_of(tmp_path, how)
    plane = await world.open()
    task = await waiting(plane)
    assert task.request is not None
    done = await plane.approve(
        task.id, 1, task.request.digest, channel="t", note="Later.", only=("a.txt",)
    )
    assert done.ok, done.text
    task = await until(plane, task.id, ended)
    assert task.phase is Phase.DONE, task.finish_text
    second = task.checkpoints[1]
    assert (second.amends, second.approved, second.ordinal) == (1, True, 2)
    assert not task.checkpoints[0].approved
    assert second.snapshot is not None, "machine and Git agree"
    await plane.merge(task.id)
    work = contents(world)
    assert work["a.txt"] == b"first\n"
    assert "b.txt" not in work
    assert work["seen.txt"] == b"a.txt", "it was gone from the machine when work went on"
    told = b"Later.\nNot approved, and put back as it was before: b.txt"
    assert work["heard.txt"] == told
    if how == "claws":
        assert work["outcome.txt"] == b"continue: " + told
    await plane.close()


async def test_an_edited_version_is_what_runs(tmp_path: Path) -> None:
    world = world_of(tmp_path, "writes")
    plane = await world.open()
    task = await waiting(plane)
    assert task.request is not None
    edits = {"a.txt": b"mine\n"}
    done = await plane.approve(task.id, 1, task.request.digest, channel="t", edits=edits)
    assert done.ok, done.text
    task = await until(plane, task.id, ended)
    await plane.merge(task.id)
    assert contents(world)["a.txt"] == b"mine\n"
    assert contents(world)["b.txt"] == b"second\n"
    # Both versions stay (H4): the agent's in checkpoint 1, the user's in checkpoint 2.
    [file] = (await plane.diff(task.id, 1, 2)).files
    assert [line.text.strip() for line in file.hunks[0].lines] == ["first", "mine"]
    await plane.close()


@pytest.mark.parametrize("how", ["writes", "claws"])
async def test_a_crash_after_the_decision_carries_it_out(tmp_path: Path, how: str) -> None:
    world = world_of(tmp_path, how)
    plane = await world.open()
    task = await waiting(plane)
    await plane.close()
    plane = await world.open()  # parked: the machine comes back from its snapshot for it
    task = plane.state.tasks[task.id]
    assert task.request is not None
    done = await plane.approve(task.id, 1, task.request.digest, channel="t", only=("b.txt",))
    assert done.ok
    records = await _records(plane)
    last = max(n for n, record in enumerate(records) if record.event == "decision")
    told = records[last]
    assert told.fields["left_out"] == ["a.txt"]
    again = read(records[: last + 1])  # as a plane finds it that was killed right then
    assert (again.resume_outcome, again.resume_text) == ("amend", told.commit)
    wanted = await until(plane, task.id, lambda t: len(t.checkpoints) > 1)
    assert wanted.checkpoints[1].amends == 1
    diff = await plane.diff(task.id, 0, 2)
    assert [file.path for file in diff.files] == ["b.txt"]
    await plane.close()


async def _records(plane: Plane) -> tuple:  # type: ignore[type-arg]
    [history] = await plane._projects.repository(PROJECT).histories()
    return history.records


async def test_bytes_that_cannot_be_written_are_asked_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = world_of(tmp_path, "writes")
    plane = await world.open()
    task = await waiting(plane)
    assert task.request is not None
    real = FakeSession.apply

    async def refused(*_: object) -> None:
        raise GuestError("a.txt: a folder is in the way", code="refused")

    monkeypatch.setattr(FakeSession, "apply", refused)
    await plane.approve(task.id, 1, task.request.digest, channel="t", only=("a.txt",))
    task = await until(plane, task.id, lambda t: t.phase is Phase.HELD and bool(t.request))
    assert task.request is not None
    assert task.request.key == "retry"
    assert "a folder is in the way" in task.request.question
    monkeypatch.setattr(FakeSession, "apply", real)
    assert (await plane.answer(task.id, "retry", "retry", channel="t")).ok
    task = await until(plane, task.id, ended)
    assert task.phase is Phase.DONE
    assert task.checkpoints[-2].amends == 1
    await plane.close()


async def test_work_that_moved_meanwhile_is_shown_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = world_of(tmp_path, "writes")
    plane = await world.open()
    task = await waiting(plane)
    assert task.request is not None
    real = FakeSession.apply

    async def with_more(session: FakeSession, *arguments: object) -> None:
        await real(session, *arguments)  # type: ignore[arg-type]
        session._machine.files["late.txt"] = b"by something that runs on\n"

    monkeypatch.setattr(FakeSession, "apply", with_more)
    await plane.approve(task.id, 1, task.request.digest, channel="t", only=("a.txt",))
    task = await until(plane, task.id, lambda t: asks(t) and t.next_ordinal > 2)
    assert task.request is not None
    assert task.request.ordinal == 2
    assert "not what you approved" in task.request.why
    diff = await plane.diff(task.id, None, 2)
    assert [file.path for file in diff.files] == ["a.txt", "late.txt"]
    await plane.close()


async def test_what_is_no_path_of_it_is_refused_and_it_stays_held(tmp_path: Path) -> None:
    world = world_of(tmp_path, "writes")
    plane = await world.open()
    task = await waiting(plane)
    assert task.request is not None
    digest = task.request.digest
    refused = await plane.approve(task.id, 1, digest, channel="t", only=("nothing.txt",))
    assert not refused.ok
    assert "nothing.txt" in refused.text
    stale = await plane.approve(task.id, 1, "old", channel="t", only=("a.txt",))
    assert "changed since it was shown" in stale.text
    assert plane.state.tasks[task.id].phase is Phase.HELD
    await plane.close()


async def test_the_same_answer_twice_is_one_answer(tmp_path: Path) -> None:
    world = world_of(tmp_path, "writes")
    plane = await world.open()
    task = await waiting(plane)
    assert task.request is not None
    digest = task.request.digest
    both = await asyncio.gather(
        *(plane.approve(task.id, 1, digest, channel="chat", key="msg-7") for _ in range(2))
    )
    assert all(outcome.ok for outcome in both), "also while the first is being recorded"
    task = await until(plane, task.id, ended)
    late = await plane.approve(task.id, 1, digest, channel="chat", key="msg-7")
    assert late.ok
    other = await plane.approve(task.id, 1, digest, channel="chat", key="msg-8")
    assert not other.ok
    assert [r.event for r in await _records(plane)].count("decision") == 1
    await plane.close()
    plane = await world.open()
    assert (await plane.approve(task.id, 1, digest, channel="chat", key="msg-7")).ok
    await plane.close()
