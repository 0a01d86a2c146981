"""Answers through a real OpenClaw gateway and its Telegram plugin, whose Bot API is on loopback."""

from __future__ import annotations

import asyncio
import os
import sys
from time import monotonic
from typing import Any

import pytest

from clawdesk.domain.channel import rhythm
from clawdesk.domain.channel.model import Form
from clawdesk.domain.model import FINAL, Phase, Task
from clawdesk.ports.channel import ChannelState
from tests.support.channel_world import (
    CANARY,
    ChannelWorld,
    connected,
    decision,
    delivered,
    heard,
    mark,
    pending_in_git,
)
from tests.support.import_path import IMPORT_PATH, ROOT
from tests.support.openclaw_peer import Peer, RefusedError
from tests.support.openclaw_stage import Stage, marks, opened, state_of
from tests.support.patience import net
from tests.support.plane_world import until

pytestmark = marks()


async def shown_in_chat(stage: Stage, task: Task) -> dict[str, Any]:
    """The message about a task, once the gateway has its number: a tap before that is lost."""
    message = await stage.telegram.message(lambda m: mark(task) in m["text"])
    await stage.gateway.logged(f"messageId={message['id']} ")
    return message


@pytest.mark.alone
async def test_a_tap_in_the_chat_approves_and_the_chat_saw_no_line_of_the_change(
    stage: Stage, world: ChannelWorld
) -> None:
    async with opened(world, stage) as plane, stage.page() as page:
        task = await world.submit(plane, "write")
        began_s = monotonic()
        shown = await page.sees_approval(mark(task))
        visible_s = monotonic() - began_s
        detail = shown["request"]["detail"]
        assert "line of the change" in detail, "the page on this machine shows the change"
        message = await shown_in_chat(stage, task)
        await page.settles(
            await pending_in_git(world.project.path), await world.owner(page.address)
        )
        stage.telegram.tap(message, "Allow Once")
        await page.event("plugin.approval.resolved", lambda e: e["id"] == shown["id"])
        began_s = monotonic()
        task = await until(plane, task.id, lambda t: t.phase in FINAL)
        print(f"visible after {visible_s:.3f} s, applied after {monotonic() - began_s:.3f} s")
        assert visible_s < 5
        assert task.phase is Phase.DONE
        told = decision(task).fields
        assert (told["verdict"], told["channel"]) == ("approved", "openclaw")
        assert (told["seen"], told["actor"]) == ("summary", "Telegram approval (4242)")
        await page.settles(set(), await world.owner(page.address))
        assert await pending_in_git(world.project.path) == set()
    texts = [m["text"] for m in stage.telegram.sent]
    assert not [t for t in texts if CANARY in t or "line of the change" in t]
    assert not [t for t in texts if str(world.folder) in t]


async def typed(stage: Stage, page: Peer, card: str) -> None:
    """Deny by a command; again where the bot says it failed (its database may be locked)."""
    for _ in range(3):
        told = len(stage.telegram.sent)
        stage.telegram.type(f"/approve {card} deny")
        ends = page.event("plugin.approval.resolved", lambda event: event["id"] == card)
        fails = stage.telegram.message(lambda m: "ail" in m["text"], after=told)
        waits = {asyncio.ensure_future(ends), asyncio.ensure_future(fails)}
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        resolved = [e for e in page.events if e["event"] == "plugin.approval.resolved"]
        for waiting in waits:
            waiting.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        if any(event["payload"]["id"] == card for event in resolved):
            return
    raise AssertionError(f"never resolved: {stage.telegram.sent[-3:]}")


async def test_a_typed_deny_rejects_and_what_runs_on_the_host_cannot_be_approved_there(
    stage: Stage, world: ChannelWorld
) -> None:
    async with opened(world, stage) as plane, stage.page() as page:
        task = await world.submit(plane, "make")
        message = await shown_in_chat(stage, task)
        labels = [button["text"] for row in message["inline_keyboard"] for button in row]
        assert labels == ["Deny"], labels
        assert "Makefile would run on your machine" in message["text"]
        shown = await page.sees_approval(mark(task))
        with pytest.raises(RefusedError):
            await page.tap(shown["id"], "allow-once")
        await typed(stage, page, shown["id"])
        first = mark(task)
        task = await until(plane, task.id, lambda t: t.phase is Phase.HELD and mark(t) != first)
        assert decision(task).fields["verdict"] == "rejected"
        outcome = await plane.cancel(task.id, channel="cli")
        assert outcome.ok
        await page.settles(set(), await world.owner(page.address))


async def test_a_question_is_answered_and_a_rejection_commented_on_a_second_client(
    stage: Stage, world: ChannelWorld
) -> None:
    async with opened(world, stage) as plane, stage.page() as page:
        task = await world.submit(plane, "ask")
        shown = await page.sees_question(mark(task))
        assert [o["label"] for o in shown["questions"][0]["options"]] == ["long", "short"]
        await page.answer(shown["id"], "neither: as the others do")
        task = await until(plane, task.id, lambda t: t.phase in FINAL)
        assert decision(task).fields["text"] == "neither: as the others do"
        task = await world.submit(plane, "write")
        first = mark(task)
        shown = await page.sees_question(first)
        await page.answer(shown["id"], "shorter, please")
        task = await until(plane, task.id, lambda t: t.phase is Phase.HELD and mark(t) != first)
        assert decision(task).fields["note"] == "shorter, please"
        assert (await plane.cancel(task.id, channel="cli")).ok
        await page.settles(set(), await world.owner(page.address))


async def test_silence_is_no_rejection_although_the_gateway_says_deny(
    stage: Stage, world: ChannelWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = {Form.APPROVAL: 1_500, Form.QUESTION: 60_000}
    monkeypatch.setattr(rhythm, "LASTS_MS", short)
    monkeypatch.setattr(rhythm, "AHEAD_MS", 200)
    async with opened(world, stage) as plane, stage.page() as page:
        task = await world.submit(plane, "write")
        first = await page.sees_approval(mark(task))
        said = await page.event(
            "plugin.approval.resolved", lambda event: event["id"] == first["id"]
        )
        assert (said["decision"], said["resolvedBy"]) == ("deny", None)
        again = await page.event(
            "plugin.approval.requested",
            lambda event: mark(task) in event["request"]["toolName"] and event["id"] != first["id"],
        )
        assert again["id"] != first["id"]
        assert plane.state.tasks[task.id].phase is Phase.HELD
        assert (await pending_in_git(world.project.path)) == {mark(task)}
        monkeypatch.undo()
        assert (await plane.cancel(task.id, channel="cli")).ok
        await page.settles(set(), await world.owner(page.address))


async def test_an_answer_given_while_clawdesk_was_dead_is_applied_at_its_next_start(
    stage: Stage, world: ChannelWorld
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.channel_world",
        str(world.folder),
        stage.gateway.address,
        stage.gateway.token,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": IMPORT_PATH},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with stage.page() as page:
        try:
            async with net(lambda: "no word of it"):
                shown_mark = (await process.stdout.readline()).decode().strip()
            assert shown_mark, "it ended before anything was shown"
            # What is told is the first of its two cards, the question: this one may come later.
            shown = await page.sees_approval(shown_mark)
        finally:
            process.kill()
            await process.wait()
        await page.settles(
            await pending_in_git(world.project.path), await world.owner(page.address)
        )
        await page.tap(shown["id"], "allow-once")
        plane = await world.open()
        try:
            task = next(iter(plane.state.tasks))
            ended = await until(plane, task, lambda t: t.phase in FINAL)
            assert decision(ended).fields["verdict"] == "approved"
            assert [r.event for r in ended.records].count("decision") == 1
            await page.settles(set(), await world.owner(page.address))
            assert await pending_in_git(world.project.path) == set()
        finally:
            await plane.close()


@pytest.mark.leaves_processes("the gateway of all tests was started again")
async def test_a_gateway_that_is_started_again_shows_what_git_says_and_no_more(
    stage: Stage, world: ChannelWorld
) -> None:
    async with opened(world, stage) as plane:
        kept = await world.submit(plane, "write")
        gone = await world.submit(plane, "make")
        await delivered(plane, kept.id)
        await delivered(plane, gone.id)
        await stage.gateway.stop()
        await heard(plane, lambda: state_of(plane) is ChannelState.UNREACHABLE)
        request = gone.request
        assert request is not None
        first = mark(gone)
        outcome = await plane.reject(
            gone.id, request.ordinal, request.digest, channel="cli", note="no, not like this"
        )
        assert outcome.ok, "the window and the command line need no gateway"
        gone = await until(plane, gone.id, lambda t: t.phase is Phase.HELD and mark(t) != first)
        await stage.gateway.start()
        await connected(plane)
        async with stage.page() as page:
            await page.settles({mark(kept), mark(gone)}, await world.owner(page.address))
            assert await pending_in_git(world.project.path) == {mark(kept), mark(gone)}
            shown = await page.sees_approval(mark(kept))
            await page.tap(shown["id"], "allow-once")
            kept = await until(plane, kept.id, lambda t: t.phase in FINAL)
            with pytest.raises(RefusedError) as late:
                await page.tap(shown["id"], "deny")
            assert late.value.reason == "APPROVAL_ALREADY_RESOLVED"
            assert [r.event for r in kept.records].count("decision") == 1
            assert (await plane.cancel(gone.id, channel="cli")).ok
            await page.settles(set(), await world.owner(page.address))


async def test_a_test_message_is_delivered_and_what_it_needs_is_said(
    stage: Stage, world: ChannelWorld
) -> None:
    async with opened(world, stage) as plane, stage.page() as page:
        testing = asyncio.ensure_future(plane.test_channel(30.0))
        shown = await page.event(
            "plugin.approval.requested", lambda e: "test message" in e["request"]["title"]
        )
        await page.tap(shown["id"], "allow-once")
        outcome = await testing
        assert outcome.ok, outcome.text
        assert "Page answered: approved" in outcome.text
        check = next(c for c in await plane.doctor() if c["name"] == "openclaw")
        assert check["state"] == "ok", check
        assert (await plane.remove_channel()).ok
        assert state_of(plane) is ChannelState.ABSENT
        assert not list((world.folder / "keys").iterdir())
