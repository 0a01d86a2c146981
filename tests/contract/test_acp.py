"""`claw acp` in the real guest program, with agents made by the official package."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from clawdesk.ports.guest import (
    BoundaryAsked,
    GuestLost,
    GuestMessage,
    GuestSession,
    PartStarted,
    QuestionAsked,
    StepEnded,
    StepOutput,
    StepRun,
)
from tests.support.guest_world import open_world

MENDER = Path(__file__).resolve().parents[1] / "support" / "acp_mender.py"
EDIT = "echo mended > a.txt"
ENV = {"CLAWDESK_PROMPT": "Mend it."}


@pytest.fixture
async def session() -> AsyncIterator[GuestSession]:
    async with open_world("process") as world:
        yield await world.connect(start=True)


def _mender(*commands: str) -> str:
    words = [sys.executable, str(MENDER), *commands]
    return f"exec claw acp {shlex.quote(shlex.join(words))}"


async def _run(session: GuestSession, command: str, **env: str) -> None:
    await session.run(StepRun("0.1", "agent", command, 60, {**ENV, **env}))


class Heard:
    """What a step said so far."""

    def __init__(self, session: GuestSession) -> None:
        self._session = session
        self._messages = session.messages()
        self.out = self.err = ""
        self.parts: list[str] = []

    async def next(self) -> GuestMessage:
        async for message in self._messages:
            if isinstance(message, PartStarted):
                self.parts.append(message.name)
                continue
            if not isinstance(message, StepOutput):
                return message
            text = message.chunk.decode()
            if message.stream == "out":
                self.out += text
            else:
                self.err += text
        raise AssertionError(f"the messages ended\n{self.out}\n{self.err}")

    async def kill(self, run: str) -> None:
        await self._session.kill(run)

    async def question(self) -> QuestionAsked:
        message = await self.next()
        assert isinstance(message, QuestionAsked), (message, self.out, self.err)
        return message

    async def boundary(self) -> BoundaryAsked:
        message = await self.next()
        assert isinstance(message, BoundaryAsked), (message, self.out, self.err)
        return message

    async def end(self) -> int:
        message = await self.next()
        assert isinstance(message, StepEnded | GuestLost), message
        assert isinstance(message, StepEnded), message
        return message.exit_code


async def test_an_agent_is_allowed_to_do_its_work(session: GuestSession) -> None:
    heard = Heard(session)
    await _run(session, _mender("cat a.txt", EDIT, "exit"))
    asked = await heard.question()
    assert asked.key == "permission"
    assert asked.choices == ("Allow", "Reject")
    assert asked.question == f"The agent asks to be allowed: {EDIT}\ncommand: {EDIT}"
    await session.reply(asked.request_id, {"outcome": "answered", "text": "Allow"})
    rests = await heard.boundary()
    assert (rests.message, rests.approve) == ("the agent has ended its turn", False)
    changes = await session.collect()
    assert [(f.path, f.content) for f in changes.changed] == [("a.txt", b"mended\n")]
    await session.reply(rests.request_id, {"outcome": "continue"})
    assert await heard.end() == 0
    printed = re.sub(r"; \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", "; WHEN", heard.out).splitlines()
    assert printed == [
        "[session] with Mender 1.2; WHEN",
        "[you] Mend it.",
        "[plan] [>] look",
        "    [ ] mend",
        "[tool 1] execute: cat a.txt",
        "[command t1] $ sh -c cat a.txt",
        "[command t1] ended with 0",
        "    a",
        printed[8],
        "[plan] [x] look",
        "    [>] mend",
        f"[tool 2] execute: {EDIT}",
        f"[permission] {EDIT}: Allow (by you)",
        f"[command t2] $ sh -c {EDIT}",
        "[command t2] ended with 0",
        printed[15],
        "[agent] It is mended.",
        "[turn] ended: end_turn; tokens: 120 in, 30 out; WHEN",
    ]
    assert printed[8].startswith("[tool 1] completed after ")
    assert heard.parts == ["look", "mend"], "its plan is the step's parts"


async def test_the_part_it_works_at_is_told_to_the_next_host() -> None:
    async with open_world("process") as world:
        first = await world.connect(start=True)
        heard = Heard(first)
        await _run(first, _mender("cat a.txt", EDIT, "exit"))
        asked = await heard.question()
        await first.close()
        second = await world.connect()
        again = Heard(second)
        assert await again.question() == asked
        await second.reply(asked.request_id, {"outcome": "answered", "text": "Allow"})
        rests = await again.boundary()
        assert again.parts == ["mend"]
        await second.reply(rests.request_id, {"outcome": "continue"})
        assert await again.end() == 0
        # A further step begins without.
        await second.run(StepRun("1.1", "next", "exec sleep 600", 60))
        await second.close()
        third = Heard(await world.connect())
        await third.kill("1.1")
        await third.end()
        assert third.parts == []


async def test_no_is_told_and_other_words_are_the_next_prompt(session: GuestSession) -> None:
    heard = Heard(session)
    await _run(session, _mender(EDIT, "exit", "exit"))
    asked = await heard.question()
    await session.reply(asked.request_id, {"outcome": "answered", "text": "rather use sed"})
    rests = await heard.boundary()
    assert (await session.collect()).changed == ()
    assert f"[permission] {EDIT}: Reject (by you)" in heard.out
    assert "[you] rather use sed" in heard.out
    await session.reply(rests.request_id, {"outcome": "continue"})
    assert await heard.end() == 0


async def test_what_is_asked_back_is_no_answer_and_the_next_prompt(session: GuestSession) -> None:
    heard = Heard(session)
    await _run(session, _mender(EDIT, "ask Which sign?", "exit", "exit", "exit"))
    asked = await heard.question()
    # "Allow" is what a person could answer: asked back, it allows nothing.
    await session.reply(asked.request_id, {"outcome": "asked_back", "text": "Allow"})
    asked = await heard.question()
    assert f"[permission] {EDIT}: Reject (by you)" in heard.out
    await session.reply(asked.request_id, {"outcome": "asked_back", "text": "Which are there?"})
    rests = await heard.boundary()
    assert (await session.collect()).changed == ()
    assert "[you] Allow" in heard.out
    assert "[you] Which are there?" in heard.out
    assert "The user says: Which" not in heard.out
    await session.reply(rests.request_id, {"outcome": "continue"})
    assert await heard.end() == 0


@pytest.mark.parametrize(("policy", "content"), [("allow", [b"mended\n"]), ("reject", [])])
async def test_permission_by_policy(
    session: GuestSession, policy: str, content: list[bytes]
) -> None:
    heard = Heard(session)
    await _run(session, _mender(EDIT, "exit"), CLAWDESK_PERMISSIONS=policy)
    await heard.boundary()
    assert [f.content for f in (await session.collect()).changed] == content
    assert "(by policy)" in heard.out


async def test_work_sent_back_is_the_next_prompt_of_the_same_session(
    session: GuestSession,
) -> None:
    heard = Heard(session)
    await _run(session, _mender("exit", EDIT, "exit"), CLAWDESK_APPROVE="1")
    rests = await heard.boundary()
    assert rests.approve
    await session.reply(rests.request_id, {"outcome": "rejected", "feedback": "now edit"})
    asked = await heard.question()
    assert "[you] now edit" in heard.out
    await session.reply(asked.request_id, {"outcome": "answered", "text": "allow"})
    await session.reply((await heard.boundary()).request_id, {"outcome": "continue"})
    assert await heard.end() == 0
    assert heard.out.count("[session]") == 1


async def test_a_question_waits_through_a_change_of_hosts(session: GuestSession) -> None:
    """Nothing of the agent hangs on the connection to the host."""
    async with open_world("process") as world:
        first = await world.connect(start=True)
        await _run(first, _mender(EDIT, "exit"))
        asked = await Heard(first).question()
        await first.close()
        second = await world.connect()
        heard = Heard(second)
        again = await heard.question()
        assert again == asked
        await second.reply(again.request_id, {"outcome": "answered", "text": "Allow"})
        await second.reply((await heard.boundary()).request_id, {"outcome": "continue"})
        assert await heard.end() == 0


async def test_an_agent_told_to_end_ends(session: GuestSession) -> None:
    heard = Heard(session)
    await _run(session, _mender(EDIT, "exit"))
    await heard.question()
    await session.kill("0.1")
    assert await heard.end() == 1
    assert "It was told to end." in heard.err


HOSTILE = MENDER.with_name("acp_hostile.py")


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("silent end", "The agent ended before its turn, with exit code 7."),
        ("old", "The agent speaks version 99 of ACP, ClawDesk version 1."),
        ("no session", "The agent opened a session without an id."),
        ("login", "The agent answered 'session/new' with an error: Authentication required"),
        ("prints", "The agent sent 200 lines that are no JSON-RPC (the last: not JSON)."),
        ("endless line", "The agent sent a message of more than 8 MiB, which no client takes."),
        ("dies at work", "The agent ended at its work, with exit code 9."),
        ("leaves a flood", "The agent ended at its work, with exit code 9."),
    ],
)
async def test_an_agent_that_is_of_no_use_ends_its_step(
    session: GuestSession, kind: str, why: str
) -> None:
    heard = Heard(session)
    await _run(session, f"claw acp {shlex.quote(shlex.join([sys.executable, str(HOSTILE), kind]))}")
    assert await heard.end() == 1
    assert f"clawdesk: {why}" in heard.err


async def test_what_an_agent_may_not_have_is_refused_in_words(session: GuestSession) -> None:
    """Each of its requests is answered; none ends it, none reaches outside the workspace."""
    heard = Heard(session)
    command = shlex.join([sys.executable, str(HOSTILE), "greedy"])
    await _run(session, f"claw acp {shlex.quote(command)}")
    rests = await heard.boundary()
    told = heard.out.split("[agent] ")[1].split("\n")[0].split("; ")
    assert told == [
        "-32601 this client does not know 'host/run'",
        "-32602 /etc/passwd is not inside /workspace",
        "-32602 ../outside is not inside /workspace",
        "-32602 link/outside is not inside /workspace",
        "-32602 a request for permission without options",
        "-32602 there is no such terminal",
        "-32602 only forms are asked of a person here",
        "-32602 the content is no text",
        "-32700 parameters nested deeper than 64",
        "ok {}",
        'ok {"content": "two\\n"}',
    ]
    await session.reply(rests.request_id, {"outcome": "continue"})
    assert await heard.end() == 0


async def test_a_stop_that_is_no_end_fails_the_step_once_it_is_durable(
    session: GuestSession,
) -> None:
    heard = Heard(session)
    await _run(session, f"claw acp {shlex.quote(f'{sys.executable} {HOSTILE} refuses')}")
    rests = await heard.boundary()
    assert rests.message == "the agent has stopped: it refuses to go on"
    await session.reply(rests.request_id, {"outcome": "continue"})
    assert await heard.end() == 1
    assert "clawdesk: The agent has stopped: it refuses to go on." in heard.err


async def test_a_form_is_asked_field_by_field(session: GuestSession) -> None:
    heard = Heard(session)
    await _run(session, f"claw acp {shlex.quote(f'{sys.executable} {HOSTILE} asks')}")
    first = await heard.question()
    assert (first.key, first.choices) == ("question", ("Red", "Blue"))
    assert first.question == "Which paint?\nColour"
    await session.reply(first.request_id, {"outcome": "answered", "text": "Blue"})
    second = await heard.question()
    assert second.question == "Which paint?\nHow much\nin litres"
    assert second.default == "3"
    await session.reply(second.request_id, {"outcome": "answered", "text": "4"})
    rests = await heard.boundary()
    assert '[agent] {"action": "accept", "content": {"colour": "b", "litres": 4}}' in heard.out
    await session.reply(rests.request_id, {"outcome": "continue"})
    assert await heard.end() == 0


async def test_a_form_of_the_official_package(session: GuestSession) -> None:
    heard = Heard(session)
    await _run(session, _mender("ask Which sign?", "exit"))
    asked = await heard.question()
    assert (asked.key, asked.question) == ("question", "Which sign?")
    assert asked.choices == ("plus", "minus")
    await session.reply(asked.request_id, {"outcome": "answered", "text": "minus"})
    rests = await heard.boundary()
    assert "The user says: minus" in heard.out
    await session.reply(rests.request_id, {"outcome": "continue"})
    assert await heard.end() == 0
