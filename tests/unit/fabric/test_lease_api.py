"""Leases, pins, windows and budgets over HTTP, as the control plane and the command line ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from clawdesk_fabric.kept import wall_ms
from tests.support.fabric_engine import FakeEngine
from tests.support.fabric_world import MODEL, World, catalog, running, spec

A, B = "first", "second"


@pytest.fixture
async def world(short_folder: Path) -> AsyncIterator[World]:
    """Two models of 1 GiB, and room for one."""
    known = catalog(spec(name=A), spec(name=B), memory_mib=1500)
    async with running(FakeEngine(short_folder), short_folder / "f.sock", known) as made:
        yield made


async def ask(world: World, task: str, model: str, **more: Any) -> dict[str, Any]:
    answer = await world.control("leases", {"task": task, "model": model, "project": "p", **more})
    found: dict[str, Any] = answer["lease"]
    return found


async def test_a_lease_is_granted_or_waits_with_the_fabrics_reason(world: World) -> None:
    assert (await ask(world, "t1", A))["status"] == "granted"
    assert (await ask(world, "t1", A))["status"] == "granted", "asking again changes nothing"
    waits = await ask(world, "t2", B)
    assert waits["status"] == "waiting"
    assert waits["code"] == "memory"
    assert "first (1024 MiB, 1 lease)" in waits["text"]
    listed = (await world.control("leases"))["leases"]
    assert [(found["id"], found["status"]) for found in listed] == [
        ("t1", "granted"),
        ("t2", "waiting"),
    ]


async def test_a_watch_answers_when_a_lease_changes(world: World) -> None:
    await ask(world, "t1", A)
    await world.until(lambda: world.fabric.state.replicas[A].ready_ms > 0)
    await ask(world, "t2", B)
    known = {"known": {"t2": "waiting"}, "wait_s": 30}
    watching = asyncio.create_task(world.control("leases/watch", known))
    await world.fabric.change()
    assert not watching.done()
    await world.control("leases/release", {"task": "t1"})
    (news,) = (await watching)["leases"]
    assert news["status"] == "granted"


async def test_a_watch_answers_at_once_of_leases_nobody_knows(world: World) -> None:
    known = {"known": {"gone": "granted"}, "wait_s": 30}
    (news,) = (await world.control("leases/watch", known))["leases"]
    assert news["status"] == "ended"
    assert "does not know" in news["text"]


async def test_a_lease_of_no_model_has_ended_with_the_reason(world: World) -> None:
    news = await ask(world, "t1", "nothing")
    assert news["status"] == "ended"
    assert "no model nothing" in news["text"]


@pytest.mark.parametrize(
    "body",
    [
        {"task": "", "model": A},
        {"task": "t", "model": 5},
        {"task": "t" * 300, "model": A},
        {"task": "t", "model": A, "class": "king"},
        {"task": "t", "model": A, "priority": "high"},
        {"task": "t", "model": A, "priority": True},
        {"task": "t", "model": A, "priority": 1e9},
    ],
)
async def test_odd_wishes_are_refused_by_field(world: World, body: dict[str, Any]) -> None:
    answer = await world.control("leases", body)
    assert answer["error"]["code"] == "invalid_request"
    assert world.fabric.state.leases == {}


async def test_a_pinned_model_is_loaded_and_stays(world: World) -> None:
    await world.control(f"models/{A}/pin", {"pinned": True})
    await world.until(lambda: world.fabric.state.replicas[A].ready_ms > 0)
    waits = await ask(world, "t2", B, **{"class": "interactive"})
    assert "pinned" in waits["text"]
    answer = await world.control(f"models/{A}/pin", {"pinned": 1})
    assert answer["error"]["code"] == "invalid_request"


@pytest.mark.expect_log("does not fit then")
async def test_windows_that_clash_are_refused_with_figures(world: World) -> None:
    window = {"model": A, "project": "red", "from": 4e9, "until": 4e9 + 60}
    assert "error" in await world.control("reservations", window), "too far ahead"
    now = await world.control("reservations", {"model": A, "from": 0, "until": 3e9})
    assert "error" in now
    at = datetime.now(UTC).timestamp() + 3600
    made = await world.control("reservations", {"model": A, "from": at, "until": at + 600})
    assert abs(made["reservation"]["from"] - at) <= 2
    clash = await world.control("reservations", {"model": B, "from": at + 60, "until": at + 90})
    assert clash["error"]["code"] == "no_capacity"
    assert "2048 MiB" in clash["error"]["message"]
    left = await world.control("reservations/end", {"id": made["reservation"]["id"]})
    assert left["reservations"] == []


async def test_a_window_stays_at_its_time_of_day_while_the_machine_sleeps(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s, slept_s = datetime.now(UTC).timestamp(), 8 * 3600
    window = {"from": now_s + 10 * 3600, "until": now_s + 11 * 3600}
    made = await world.control("reservations", {"model": A, **window})
    before = world.fabric.state.reservations[made["reservation"]["id"]]
    for module in ("runtime", "lease_api"):
        # Its clock goes on; ours, which stood still, does not show that the machine slept.
        monkeypatch.setattr(f"clawdesk_fabric.{module}.wall_ms", lambda: wall_ms() + slept_s * 1000)
    await world.until(lambda: world.fabric.state.reservations[before.id] != before)
    (listed,) = (await world.control("reservations"))["reservations"]
    assert listed["from"] == pytest.approx(window["from"], abs=2)
    assert listed["until"] == pytest.approx(window["until"], abs=2)


async def test_a_window_that_an_earlier_fabric_kept_is_not_replaced_by_a_new_one(
    short_folder: Path,
) -> None:
    now_s, path = datetime.now(UTC).timestamp(), short_folder / "f.sock"
    for hours in (1, 3):
        engine = FakeEngine(short_folder)
        async with running(engine, path, state_folder=short_folder / "kept") as world:
            window = {"from": now_s + hours * 3600, "until": now_s + (hours + 1) * 3600}
            await world.control("reservations", {"model": MODEL, **window})
            kept = (await world.control("reservations"))["reservations"]
    begins = sorted(round((window["from"] - now_s) / 3600) for window in kept)
    assert begins == [1, 3]


async def test_a_budget_counts_from_when_it_is_set(world: World) -> None:
    world.fabric.state.shares.clear()
    answer = await world.control("projects", {"project": "red", "tokens": 100, "weight": 2})
    (project,) = answer["projects"]
    assert project["budget"]["tokens"] == 100
    assert project["weight"] == 2
    assert project["budget"]["exceeded"] == ""
    answer = await world.control("projects", {"project": "red", "tokens": 0, "gpu_hours": 0})
    assert answer["projects"][0]["budget"] is None
    answer = await world.control("projects", {"project": "red", "weight": float("inf")})
    assert "error" in answer
