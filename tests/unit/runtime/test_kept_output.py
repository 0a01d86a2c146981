"""What a step printed before it stood still is in Git, and above what it prints when it goes on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from clawdesk.domain.model import Phase, Snapshot
from clawdesk.runtime.plane import Plane
from tests.support.guest_fake import FakeStep
from tests.support.plane_world import PROJECT, JoinedMachines, PlaneWorld, until
from tests.support.repository_fake import FakeRepository

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


async def test_what_was_printed_before_a_kill_is_shown_and_kept_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed, on = asyncio.Event(), asyncio.Event()

    async def talks(step: FakeStep) -> int:
        step.print("before\n")
        await step.model_call()
        printed.set()
        await on.wait()
        step.print("after\n")
        return 0

    world = PlaneWorld(tmp_path, {"ask": TASK}, {"asks": talks})
    first = await world.open()
    task = await first.submit(PROJECT, "ask")
    await until(first, task, lambda t: t.spending.total.calls == 1)
    await first._live.tails.flush()
    monkeypatch.setattr("clawdesk.runtime.plane.recent_projects", lambda: [PROJECT])
    first._crashed(RuntimeError("killed"))
    await first.close()
    for number in (2, 3):  # killed again before Git has it
        plane = await world.open()
        shown = await lines(plane, task)
        assert shown.count("before") == 1, number
        assert sum(line.startswith("[model] m answered") for line in shown) == 1
        if number == 2:
            plane._crashed(RuntimeError("killed"))
            await plane.close()
    await until(plane, task, lambda t: t.phase is Phase.RUNNING)
    on.set()
    await until(plane, task, lambda t: t.phase is Phase.DONE)
    await plane.close()
    plane = await world.open()
    shown = await lines(plane, task)
    assert [line for line in shown if line in ("before", "after")] == ["before", "after"]
    assert not any("before ClawDesk ended" in line for line in shown), "Git has all of it"
    await plane.close()


async def test_a_checkpoint_begins_while_the_output_before_it_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen = asyncio.Event()
    keep, freeze = FakeRepository.append_log, JoinedMachines.snapshot

    async def keeps(self: FakeRepository, task: str, step: str, output: bytes) -> None:
        await asyncio.wait_for(frozen.wait(), 20)
        await keep(self, task, step, output)

    async def freezes(self: JoinedMachines, machine: str, task: str, ordinal: int) -> Snapshot:
        frozen.set()
        return await freeze(self, machine, task, ordinal)

    async def prints(step: FakeStep) -> int:
        step.print("before\n")
        return 0

    monkeypatch.setattr(FakeRepository, "append_log", keeps)
    monkeypatch.setattr(JoinedMachines, "snapshot", freezes)
    world = PlaneWorld(tmp_path, {"ask": TASK}, {"asks": prints})
    plane = await world.open()
    task = await plane.submit(PROJECT, "ask")
    await until(plane, task, lambda t: t.phase is Phase.DONE)
    assert world.project.logs[task] == {"one": b"before\n"}
    await plane.close()
