"""Words from a chat through our plugin in a real gateway: no model, the least rights, two locks."""

from __future__ import annotations

from time import monotonic

import pytest

from clawdesk.adapters.openclaw.identity import SCOPES
from clawdesk.domain.model import FINAL, Phase
from tests.support.channel_world import (
    CANARY,
    ChannelWorld,
    decision,
    mark,
    pending_in_git,
)
from tests.support.openclaw_peer import Peer, RefusedError
from tests.support.openclaw_stage import Stage, marks, opened
from tests.support.plane_world import until
from tests.support.telegram_fake import STRANGER

pytestmark = [
    *marks(),
    pytest.mark.parametrize("stage", [["telegram:4242"]], indirect=True, scope="module"),
]


async def name_of_one(stage: Stage) -> str:
    """The name of the one request that waits, as the chat is told it."""
    listed = await stage.telegram.told("/clawdesk")
    assert len(listed.splitlines()) == 2, listed
    return listed.split(maxsplit=1)[0]


async def test_a_question_is_listed_read_and_answered_in_words(
    stage: Stage, world: ChannelWorld
) -> None:
    async with opened(world, stage) as plane:
        task = await world.submit(plane, "ask")
        name = await name_of_one(stage)
        read = await stage.telegram.told(f"/clawdesk {name}")
        assert "Which style?" in read
        assert "Choices: long | short" in read
        began_s = monotonic()
        told = await stage.telegram.told(f"/clawdesk {name} neither: as the others do,\nplease")
        print(f"typed to told: {monotonic() - began_s:.3f} s")
        assert told.startswith("Applied."), told
        task = await until(plane, task.id, lambda t: t.phase in FINAL)
        fields = decision(task).fields
        assert fields["text"] == "neither: as the others do,\nplease"
        assert (fields["actor"], fields["channel"]) == ("telegram:4242", "openclaw")
        assert "Nothing waits" in await stage.telegram.told(f"/clawdesk {name} again")
        assert await pending_in_git(world.project.path) == set()
    texts = [m["text"] for m in stage.telegram.sent]
    assert not [t for t in texts if "provider" in t], "a model was asked"


async def test_an_approval_is_rejected_with_a_comment_and_never_approved(
    stage: Stage, world: ChannelWorld
) -> None:
    async with opened(world, stage) as plane:
        task = await world.submit(plane, "write")
        first = mark(task)
        card = await stage.telegram.message(lambda m: first in m["text"])
        name = await name_of_one(stage)
        assert f"/clawdesk {name} and your comment" in card["text"]
        assert (await stage.telegram.told(f"/clawdesk {name} approve")).startswith("Applied.")
        task = await until(plane, task.id, lambda t: t.phase is Phase.HELD and mark(t) != first)
        fields = decision(task).fields
        assert (fields["verdict"], fields["note"]) == ("rejected", "approve")
        assert await pending_in_git(world.project.path) == {mark(task)}
        assert (await plane.cancel(task.id, channel="cli")).ok
    texts = [m["text"] for m in stage.telegram.sent]
    assert not [t for t in texts if CANARY in t or "line of the change" in t]


async def test_who_is_not_named_is_told_so_and_changes_nothing(
    stage: Stage, world: ChannelWorld
) -> None:
    async with opened(world, stage) as plane:
        task = await world.submit(plane, "ask")
        name = await name_of_one(stage)
        for text in (f"/clawdesk {name} short", "/clawdesk"):
            told = await stage.telegram.told(text, STRANGER)
            assert 'add "telegram:5555" to plugins.entries.clawdesk.config.senders' in told
        assert plane.state.tasks[task.id].phase is Phase.HELD
        assert await pending_in_git(world.project.path) == {mark(task)}
        assert (await plane.cancel(task.id, channel="cli")).ok


async def test_a_client_with_fewer_rights_hears_and_reads_nothing(stage: Stage) -> None:
    peer = Peer(stage.gateway.address, stage.gateway.token)
    await peer.open(tuple(scope for scope in SCOPES if scope != "operator.questions"))
    try:
        for method in ("clawdesk.typed", "clawdesk.reply"):
            with pytest.raises(RefusedError) as refused:
                await peer.call(method, {})
            assert refused.value.reason == "MISSING_SCOPE"
    finally:
        await peer.close()


@pytest.mark.leaves_processes("the gateway of all tests was ended")
async def test_without_a_clawdesk_the_words_are_not_taken_and_nothing_keeps_the_gateway(
    stage: Stage,
) -> None:
    told = await stage.telegram.told("/clawdesk abcdef yes")
    assert told.startswith("No ClawDesk is listening on this gateway. Your words were not taken")
    await stage.gateway.stop(kill=False)
