"""What every `Guests` does: the fake, and the real guest program over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from clawdesk.ports.errors import GuestError
from clawdesk.ports.guest import (
    BoundaryAsked,
    FileEntry,
    GuestLost,
    GuestMessage,
    GuestSession,
    ModelCalled,
    QuestionAsked,
    StepEnded,
    StepOutput,
    StepRun,
)
from tests.support.guest_world import (
    ASKS,
    CALLS_AND_EDITS,
    CALLS_LATE,
    CHECKPOINTS,
    EDITS,
    MODEL_CALLS,
    RECALLS,
    TALKS,
    WAITS,
    World,
    open_world,
)


@pytest.fixture(params=["fake", "process"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with open_world(request.param) as opened:
        yield opened


async def _until_end(session: GuestSession) -> list[GuestMessage]:
    """Messages up to the end of a step."""
    seen: list[GuestMessage] = []
    async for message in session.messages():
        seen.append(message)
        if isinstance(message, StepEnded | GuestLost):
            break
    return seen


async def _next(session: GuestSession) -> GuestMessage:
    async for message in session.messages():
        if not isinstance(message, StepOutput | ModelCalled):
            return message
    raise AssertionError("the messages ended")


def _printed(messages: list[GuestMessage], stream: str = "out") -> bytes:
    chunks = [m for m in messages if isinstance(m, StepOutput) and m.stream == stream]
    return b"".join(m.chunk for m in chunks)


async def test_greeting_tells_an_idle_guest(world: World) -> None:
    session = await world.connect(start=True)
    assert session.greeting.python.startswith("3.")
    assert session.greeting.running == ""
    assert session.greeting.pending == ()


async def test_a_step_prints_then_ends_with_its_code(world: World) -> None:
    session = await world.connect(start=True)
    await session.run(StepRun("r1", "talk", TALKS, 60))
    messages = await _until_end(session)
    assert _printed(messages) == b"hello\n"
    assert _printed(messages, "err") == b"oops\n"
    assert messages[-1] == StepEnded("r1", 4, timed_out=False)


async def test_one_step_at_a_time(world: World) -> None:
    session = await world.connect(start=True)
    await session.run(StepRun("r1", "wait", WAITS, 60))
    with pytest.raises(GuestError):
        await session.run(StepRun("r2", "talk", TALKS, 60))


async def test_a_step_over_its_time_is_ended(world: World) -> None:
    session = await world.connect(start=True)
    await session.run(StepRun("r1", "wait", WAITS, 1))
    assert (await _until_end(session))[-1] == StepEnded("r1", 143, timed_out=True)


async def test_a_killed_step_ends(world: World) -> None:
    session = await world.connect(start=True)
    await session.run(StepRun("r1", "wait", WAITS, 60))
    await session.kill("r1")
    assert (await _until_end(session))[-1] == StepEnded("r1", 143, timed_out=False)


async def test_a_checkpoint_waits_for_its_reply(world: World) -> None:
    session = await world.connect(start=True)
    await session.run(StepRun("r1", "check", CHECKPOINTS, 60))
    asked = await _next(session)
    assert isinstance(asked, BoundaryAsked)
    assert (asked.approve, asked.message) == (True, "look")
    await session.reply(asked.request_id, {"outcome": "continue"})
    assert (await _until_end(session))[-1] == StepEnded("r1", 0)


async def _to_the_end_over_model_calls(session: GuestSession) -> list[GuestMessage]:
    """Have each boundary of a step made durable; all its messages."""
    seen: list[GuestMessage] = []
    async for message in session.messages():
        seen.append(message)
        if isinstance(message, StepEnded):
            break
        if isinstance(message, BoundaryAsked):
            assert message.model_call
            assert await session.quiesce()
            await session.unquiesce()
            await session.reply(message.request_id, {"outcome": "continue"})
    return seen


def _asked(seen: list[GuestMessage]) -> list[str]:
    return [said.message for said in seen if isinstance(said, BoundaryAsked)]


async def test_a_model_call_waits_for_its_checkpoint(world: World) -> None:
    """The program that calls knows nothing of it: its call takes long."""
    session = await world.connect(start=True)
    await session.run(StepRun("r1", "agent", MODEL_CALLS, 60, every_calls=1))
    seen = await _to_the_end_over_model_calls(session)
    assert _asked(seen) == ["before model call 2", "before model call 3"]
    assert _printed(seen) == b"0\n1\n2\n"
    assert seen[-1] == StepEnded("r1", 0)
    # What was printed before a call is told before its boundary.
    printed = [said for said in seen if isinstance(said, StepOutput | BoundaryAsked)]
    told = b"".join(s.chunk if isinstance(s, StepOutput) else b"|" for s in printed)
    assert told == b"0\n|1\n|2\n"


async def test_a_model_call_is_a_boundary_where_files_have_changed(world: World) -> None:
    session = await world.connect(start=True)
    await session.run(StepRun("r0", "edit", EDITS, 60))
    await _until_end(session)  # what was changed before the step is no change of the step
    await session.run(StepRun("r1", "agent", CALLS_AND_EDITS, 60, when_changed=True))
    seen = await _to_the_end_over_model_calls(session)
    assert _asked(seen) == ["before model call 3", "before model call 4"]
    assert _printed(seen) == b"0\n1\n2\n3\n4\n"
    # A boundary by the number of calls is one for the files too.
    await session.run(StepRun("r2", "a", CALLS_AND_EDITS, 60, every_calls=3, when_changed=True))
    assert _asked(await _to_the_end_over_model_calls(session)) == [
        "before model call 3",
        "before model call 4",
    ]
    await session.run(StepRun("r3", "agent", MODEL_CALLS, 60))
    assert _asked(await _until_end(session)) == []


async def test_model_calls_go_on_where_they_are_no_boundaries(world: World) -> None:
    session = await world.connect(start=True)
    await session.run(StepRun("r1", "agent", MODEL_CALLS, 60, every_calls=2))
    asked = await _next(session)
    assert isinstance(asked, BoundaryAsked)
    assert asked.message == "before model call 3"
    await session.reply(asked.request_id, {"outcome": "continue"})
    await _until_end(session)
    await session.run(StepRun("r2", "agent", MODEL_CALLS, 60))
    assert not any(isinstance(said, BoundaryAsked) for said in await _until_end(session))


async def test_each_model_call_is_told_when_it_is_over(world: World) -> None:
    session = await world.connect(start=True)
    await session.run(StepRun("r1", "agent", MODEL_CALLS, 60))
    called = [said for said in await _until_end(session) if isinstance(said, ModelCalled)]
    assert [said.status for said in called] == [200, 200, 200]
    uses = [use for said in called for use in said.uses]
    assert [use.run for use in uses] == ["r1"] * 3
    assert len({use.name for use in uses}) == 3


async def test_a_call_that_waits_for_its_checkpoint_survives_its_host(world: World) -> None:
    first = await world.connect(start=True)
    await first.run(StepRun("r1", "agent", MODEL_CALLS, 60, every_calls=2))
    asked = await _next(first)
    assert isinstance(asked, BoundaryAsked)
    await first.close()
    second = await world.connect()
    assert second.greeting.pending == (asked.request_id,)
    assert await _next(second) == asked
    await second.reply(asked.request_id, {"outcome": "continue"})
    messages = await _until_end(second)
    assert messages[-1] == StepEnded("r1", 0)
    assert not any(isinstance(said, BoundaryAsked) for said in messages)


async def test_the_next_call_is_a_boundary_where_one_is_wanted(world: World) -> None:
    session = await world.connect(start=True)
    await session.run(StepRun("r1", "agent", CALLS_LATE, 60, every_calls=100))
    await session.want_turn()
    await session.apply([FileEntry("go", 0o100644, b"")], [])
    asked = await _next(session)
    assert isinstance(asked, BoundaryAsked)
    assert asked.message == "before model call 1"
    await session.reply(asked.request_id, {"outcome": "continue"})
    assert (await _until_end(session))[-1] == StepEnded("r1", 0)


async def test_a_rejection_prints_the_feedback_and_exits_3(world: World) -> None:
    session = await world.connect(start=True)
    await session.run(StepRun("r1", "check", CHECKPOINTS, 60))
    asked = await _next(session)
    assert isinstance(asked, BoundaryAsked)
    await session.reply(asked.request_id, {"outcome": "rejected", "feedback": "too long"})
    messages = await _until_end(session)
    assert _printed(messages) == b"too long\n"
    assert messages[-1] == StepEnded("r1", 3)


async def test_an_answer_is_printed(world: World) -> None:
    session = await world.connect(start=True)
    await session.run(StepRun("r1", "ask", ASKS, 60))
    asked = await _next(session)
    assert isinstance(asked, QuestionAsked)
    assert (asked.question, asked.choices) == ("which?", ("red", "blue"))
    await session.reply(asked.request_id, {"outcome": "answered", "text": "blue, größer"})
    assert _printed(await _until_end(session)).decode() == "blue, größer\n"


async def test_a_command_no_shell_can_be_given_is_refused_and_the_next_one_runs() -> None:
    async with open_world("process") as world:
        session = await world.connect(start=True)
        with pytest.raises(GuestError, match="could not be started: embedded null"):
            await session.run(StepRun("r1", "nul", "echo \0", 60))
        await session.run(StepRun("r2", "talk", TALKS, 60))
        assert (await _until_end(session))[-1] == StepEnded("r2", 4)


async def test_what_is_asked_back_is_printed_and_exits_4(world: World) -> None:
    session = await world.connect(start=True)
    await session.run(StepRun("r1", "ask", ASKS, 60))
    asked = await _next(session)
    assert isinstance(asked, QuestionAsked)
    await session.reply(asked.request_id, {"outcome": "asked_back", "text": "for which wall?"})
    messages = await _until_end(session)
    assert _printed(messages) == b"for which wall?\n"
    assert messages[-1] == StepEnded("r1", 4)


async def test_feedback_is_told_again(world: World) -> None:
    session = await world.connect(start=True)
    await session.set_feedback("shorter")
    await session.run(StepRun("r1", "recall", RECALLS, 60))
    assert _printed(await _until_end(session)) == b"shorter\n"


async def test_a_reply_nobody_waits_for_is_refused(world: World) -> None:
    session = await world.connect(start=True)
    with pytest.raises(GuestError):
        await session.reply("nothing", {"outcome": "continue"})


async def test_collect_tells_what_differs_from_the_start(world: World) -> None:
    session = await world.connect(start=True)
    nothing = await session.collect()
    assert (nothing.changed, nothing.deleted) == ((), ())
    await session.run(StepRun("r1", "edit", EDITS, 60))
    await _until_end(session)
    for _ in range(2):  # not from the last call: from the start
        changes = await session.collect()
        assert {f.path: (f.mode, f.content) for f in changes.changed} == {
            "a.txt": (0o100644, b"changed\n"),
            "new/d.txt": (0o100644, b"new\n"),
        }
        assert changes.deleted == ("b.txt",)


async def test_quiet_and_on(world: World) -> None:
    session = await world.connect(start=True)
    assert await session.quiesce()
    await session.unquiesce()
    await session.run(StepRun("r1", "talk", TALKS, 60))
    assert (await _until_end(session))[-1] == StepEnded("r1", 4)


async def test_it_rests_and_tells_what_differs(world: World) -> None:
    session = await world.connect(start=True)
    await session.run(StepRun("r1", "edit", EDITS, 60))
    await _until_end(session)
    quiet, changes = await session.rest()
    assert quiet
    assert changes == await session.collect()
    assert changes.changed
    with pytest.raises(GuestError, match="checkpoint is being taken"):
        await session.shell(80, 24, {})
    await session.unquiesce()
    await session.run(StepRun("r2", "talk", TALKS, 60))
    assert (await _until_end(session))[-1] == StepEnded("r2", 4)


async def test_a_new_connection_finds_the_waiting_request(world: World) -> None:
    first = await world.connect(start=True)
    await first.run(StepRun("r1", "check", CHECKPOINTS, 60))
    asked = await _next(first)
    assert isinstance(asked, BoundaryAsked)
    assert await first.quiesce()
    await first.close()
    second = await world.connect()
    assert second.greeting.running == "r1"
    assert second.greeting.pending == (asked.request_id,)
    await second.reply(asked.request_id, {"outcome": "continue"})
    assert (await _until_end(second))[-1] == StepEnded("r1", 0)


async def test_what_was_said_without_a_host_is_said_again(world: World) -> None:
    first = await world.connect(start=True)
    await first.run(StepRun("r1", "check", CHECKPOINTS, 60))
    asked = await _next(first)
    assert isinstance(asked, BoundaryAsked)
    await first.reply(asked.request_id, {"outcome": "continue"})
    await first.close()  # most often before its end could be heard
    second = await world.connect()
    greeting = second.greeting
    if greeting.last_ended:  # the first host may have acknowledged it already
        assert (greeting.last_run, greeting.last_exit_code) == ("r1", 0)
    else:
        assert await _next(second) == StepEnded("r1", 0)


async def test_a_call_that_waits_is_told_again_to_the_next_host(world: World) -> None:
    """The first host may have died between its acknowledgement and what it had to do."""
    first = await world.connect(start=True)
    await first.run(StepRun("0.1", "check", CHECKPOINTS, 60))
    asked = await _next(first)
    await first.close()
    second = await world.connect()
    greeting = second.greeting
    assert (greeting.last_run, greeting.last_ended) == ("0.1", False)
    assert await _next(second) == asked
    assert isinstance(asked, BoundaryAsked)
    await second.reply(asked.request_id, {"outcome": "continue"})
    assert await _next(second) == StepEnded("0.1", 0)
    await second.close()
    third = await world.connect()
    greeting = third.greeting
    assert (greeting.last_run, greeting.last_ended, greeting.last_exit_code) == ("0.1", True, 0)


async def test_a_crash_is_told_once_and_ends_the_messages(world: World) -> None:
    session = await world.connect(start=True)
    await session.run(StepRun("r1", "wait", WAITS, 60))
    world.crash()
    messages = [message async for message in session.messages()]
    assert [type(m) for m in messages] == [GuestLost]
    with pytest.raises(GuestError):
        await session.collect()


async def test_closing_ends_the_messages(world: World) -> None:
    session = await world.connect(start=True)
    reader = asyncio.ensure_future(_until_end(session))
    await session.close()
    assert await reader == []
