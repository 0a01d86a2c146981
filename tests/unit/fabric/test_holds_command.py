"""Pins, windows, budgets, leases and the queue from the command line of a running Fabric."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from clawdesk_fabric.__main__ import main
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.holds_command import moment
from tests.support.fabric_engine import FakeEngine
from tests.support.fabric_world import World, catalog, running, spec


@pytest.fixture
async def world(short_folder: Path) -> AsyncIterator[World]:
    known = catalog(spec(name="first"), spec(name="second"), memory_mib=1500)
    async with running(FakeEngine(short_folder), short_folder / "f.sock", known) as made:
        yield made


class Shell:
    def __init__(self, world: World, capsys: pytest.CaptureFixture[str]) -> None:
        self._world, self._capsys = world, capsys

    async def __call__(self, *words: str) -> tuple[int, str]:
        arguments = [words[0], "--socket", str(self._world.socket), *words[1:]]
        code = await asyncio.to_thread(main, arguments)
        found = self._capsys.readouterr()
        return code, found.out + found.err


@pytest.fixture
def shell(world: World, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(world, capsys)


async def test_a_pinned_model_is_loaded_until_it_is_unpinned(world: World, shell: Shell) -> None:
    assert await shell("pin", "first") == (0, "")
    await world.until(lambda: world.fabric.state.replicas["first"].ready_ms > 0)
    assert await shell("unpin", "first") == (0, "")
    assert not world.fabric.state.replicas["first"].pinned


@pytest.mark.expect_log("there is no model", "does not fit")
async def test_a_window_is_made_listed_refused_and_ended(world: World, shell: Shell) -> None:
    code, name = await shell("reserve", "first", "--until", "2999-01-01T00:00")
    assert code == 1, "more than a year"
    later = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    code, name = await shell("reserve", "first", "--until", later, "--project", "red")
    assert code == 0
    _, listed = await shell("reservations")
    assert listed.startswith(f"{name.strip()}  first for red  ")
    code, said = await shell("reserve", "second", "--until", later)
    assert code == 5
    assert "2048 MiB" in said
    assert (await shell("unreserve", name.strip()))[0] == 0
    assert (await shell("reservations"))[1] == "none\n"
    assert (await shell("pin", "nothing"))[0] == 1


async def test_a_budget_and_a_weight_show_with_what_was_used(world: World, shell: Shell) -> None:
    assert (await shell("budget", "red", "--tokens", "500", "--gpu-hours", "2"))[0] == 0
    assert (await shell("weight", "red", "3"))[0] == 0
    _, said = await shell("projects")
    assert "red  weight 3, 0 s of GPU time, 0 tokens" in said
    assert "budget 2 GPU-hours and 500 tokens" in said
    assert '"tokens": 500' in (await shell("projects", "--json"))[1]


async def test_leases_and_the_queue_say_why_somebody_waits(world: World, shell: Shell) -> None:
    assert (await shell("leases"))[1] == "no lease is held\n"
    assert (await shell("queue"))[1] == "nobody waits\n"
    for task, model in (("t1", "first"), ("t2", "second")):
        await world.control("leases", {"task": task, "model": model})
    waiting = asyncio.create_task(world.chat(model="second"))
    await world.until(lambda: bool(world.fabric.state.replicas["second"].waiting))
    _, leases = await shell("leases")
    assert "t1  first  agent  granted" in leases
    assert "t2  second  agent  waiting: second needs 1024 MiB" in leases
    _, queue = await shell("queue")
    assert "  1  second  agent  p: second needs 1024 MiB" in queue
    await world.control("leases/release", {"task": "t1"})
    assert (await waiting)[0] == 200


@pytest.mark.parametrize(
    "text", ["", "later", "25:00", "12:60", "2026-13-01", "1", "::", "0001-01-01"]
)
def test_odd_times_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(FabricError, match="is no time") as error:
        moment(text, datetime(2026, 5, 1, 12, tzinfo=UTC))
    assert "18:30" in error.value.mend


def test_a_time_of_day_is_the_next_one_and_a_date_without_a_zone_is_local() -> None:
    now = datetime(2026, 5, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert moment("13:30", now) == now.replace(hour=13, minute=30)
    assert moment("09:00", now) == now.replace(day=2, hour=9)
    assert moment("2026-05-03T10:00+00:00", now) == datetime(2026, 5, 3, 10, tzinfo=UTC)
    assert moment("2026-05-03T10:00", now).tzinfo is not None


@pytest.mark.parametrize("words", [("budget", "p", "--gpu-hours"), ("weight", "p")])
@pytest.mark.parametrize("number", ["nan", "inf", "1e999"])
def test_a_number_is_one_that_can_be_counted_with(
    words: tuple[str, ...], number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([*words, number])
    assert "no number that can be counted with" in capsys.readouterr().err


async def test_bounds_are_written_as_a_person_writes_them(shell: Shell) -> None:
    code, said = await shell("weight", "p", "1001")
    assert code == 1
    assert "from 0.01 to 1,000" in said


async def test_a_reservation_that_is_none_is_not_ended(shell: Shell) -> None:
    code, said = await shell("unreserve", "r9")
    assert code == 1
    assert "there is no reservation 'r9'" in said
