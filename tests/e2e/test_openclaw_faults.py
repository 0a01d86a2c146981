"""Faults between ClawDesk and a real gateway: afterwards what stands there is what waits in Git.

Four more are in test_openclaw.py (gateway started again, ClawDesk killed, silence, decided at the
desk while the gateway is away), four in test_crash_points.py (ClawDesk dies over a request).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from clawdesk.domain.channel import book
from clawdesk.domain.model import FINAL, Phase
from clawdesk.ports.channel import ChannelState
from clawdesk.runtime.plane import Plane
from tests.support import channel_world as seen
from tests.support.channel_world import ChannelWorld, decision, mark, pending_in_git
from tests.support.openclaw_between import Between, Frames
from tests.support.openclaw_fake import Json
from tests.support.openclaw_peer import Peer, RefusedError
from tests.support.openclaw_stage import Stage, marks, opened, state_of
from tests.support.patience import NET_S
from tests.support.plane_world import until

pytestmark = marks()
RAISE = "plugin.approval.request"
ENDS = ("plugin.approval.resolved", "question.resolved")


@asynccontextmanager
async def wire(stage: Stage) -> AsyncIterator[Between]:
    between = await Between(stage.gateway.address).start()
    try:
        yield between
    finally:
        await between.close()


def connected(plane: Plane) -> bool:
    return plane.environment.channel.status.state is ChannelState.CONNECTED


async def same_as_git(world: ChannelWorld, page: Peer, address: str, wanted: set[str]) -> None:
    """Both what stands on the gateway and what waits in Git become this."""
    await page.settles(wanted, await world.owner(address))
    assert await pending_in_git(world.project.path) == wanted


@pytest.mark.parametrize("ends", ["connection", "gateway"])
@pytest.mark.leaves_processes("the gateway of all tests may have been started again")
async def test_what_ends_in_the_middle_of_a_raise_leaves_one_card(
    stage: Stage, world: ChannelWorld, ends: str
) -> None:
    """The gateway has taken the request; its answer never arrives."""
    raised: list[str] = []
    cut = asyncio.Event()
    async with wire(stage) as between, opened(world, stage, between.address) as plane:

        def up(frame: Json) -> Frames:
            if frame.get("method") == RAISE and not cut.is_set():
                raised.append(frame["id"])
            return [frame]

        def down(frame: Json) -> Frames:
            if frame.get("id") not in raised or cut.is_set():
                return [frame]
            cut.set()
            between.cut()
            return []

        between.up, between.down = up, down
        async with stage.page() as page:
            task = await world.submit(plane, "write")
            await asyncio.wait_for(cut.wait(), NET_S)
            if ends == "gateway":
                await stage.gateway.stop()
                await seen.heard(plane, lambda: not connected(plane))
                await stage.gateway.start()
                await seen.heard(plane, lambda: connected(plane))
        async with stage.page() as page:
            await seen.delivered(plane, task.id)
            await same_as_git(world, page, between.address, {mark(task)})
            # A gateway that was started again may let its old card go and be given another.
            card = await page.only_approval(mark(task))
            await page.tap(card["id"], "allow-once")
            task = await until(plane, task.id, lambda t: t.phase in FINAL)
            assert [r.event for r in task.records].count("decision") == 1
            await same_as_git(world, page, between.address, set())


async def test_a_gateway_that_hangs_is_left_and_found_again(
    stage: Stage, world: ChannelWorld
) -> None:
    """Stopped with its connections open: nothing is refused, nothing is answered."""
    async with opened(world, stage) as plane, stage.page() as page:
        gone = await world.submit(plane, "make")
        await seen.delivered(plane, gone.id)
        stage.gateway.hang(True)
        try:
            kept = await world.submit(plane, "write")
            assert (await plane.cancel(gone.id, channel="cli")).ok, "the desk needs no gateway"
            await seen.heard(plane, lambda: state_of(plane) is ChannelState.UNREACHABLE)
            assert "silent" in plane.environment.channel.status.text
        finally:
            stage.gateway.hang(False)
        await seen.connected(plane)
        address = stage.gateway.address
        await same_as_git(world, page, address, {mark(kept)})
        assert (await plane.cancel(kept.id, channel="cli")).ok
        await same_as_git(world, page, address, set())


async def test_contradictory_answers_doubled_and_out_of_order_make_one_decision(
    stage: Stage, world: ChannelWorld
) -> None:
    """Approved by a tap and rejected in words; both ends arrive twice, the later one first."""
    held: list[Json] = []
    async with wire(stage) as between, opened(world, stage, between.address) as plane:

        def down(frame: Json) -> Frames:
            if frame.get("event") not in ENDS or len(held) >= 2:
                return [frame]
            held.append(frame)
            return [held[1], held[1], held[0], held[0]] if len(held) == 2 else []

        async with stage.page() as page, stage.page() as phone:
            task = await world.submit(plane, "write")
            first = mark(task)
            card, words = await page.sees_approval(first), await page.sees_question(first)
            await seen.delivered(plane, task.id)
            between.down = down
            await page.tap(card["id"], "allow-once")
            await phone.answer(words["id"], "shorter, please")
            task = await until(plane, task.id, lambda t: t.phase is Phase.HELD and mark(t) != first)
            told = decision(task).fields
            assert (told["verdict"], told["note"]) == ("rejected", "shorter, please")
            # The tap belongs to work that is not there any more: it approves nothing (H3).
            await same_as_git(world, page, between.address, {mark(task)})
            with pytest.raises(RefusedError, match="already resolved"):
                await page.tap(card["id"], "deny")
            assert (await plane.cancel(task.id, channel="cli")).ok
            assert [r.event for r in task.records].count("decision") == 1
            await same_as_git(world, page, between.address, set())


async def test_answers_of_which_no_word_arrives_are_found_by_looking(
    stage: Stage, world: ChannelWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gateway drops events of a slow reader, and never says so."""
    monkeypatch.setattr(book, "LOOK_MS", 1_000)
    async with wire(stage) as between, opened(world, stage, between.address) as plane:
        between.down = lambda frame: [] if frame.get("event") in ENDS else [frame]
        async with stage.page() as page:
            task = await world.submit(plane, "write")
            asked = await world.submit(plane, "ask")
            card, question = (
                await page.sees_approval(mark(task)),
                await page.sees_question(mark(asked)),
            )
            await page.tap(card["id"], "allow-once")
            await page.answer(question["id"], "short")
            for waits in (task, asked):
                ended = await until(plane, waits.id, lambda t: t.phase in FINAL)
                assert [r.event for r in ended.records].count("decision") == 1
            await same_as_git(world, page, between.address, set())
