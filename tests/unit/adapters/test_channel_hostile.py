"""A guest that breaks rules, floods, lies or falls silent: GuestLost with the reason, no harm."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from clawdesk.adapters.libvirt import channel_wire
from clawdesk.adapters.libvirt.channel import ChannelSession, GuestChannels
from clawdesk.adapters.libvirt.channel_output import HEAD_BYTES_MAX, TAIL_BYTES_MAX
from clawdesk.ports.errors import GuestError
from clawdesk.ports.guest import (
    PARTS_MAX,
    BoundaryAsked,
    FileEntry,
    GuestLost,
    PartStarted,
    StepEnded,
    StepOutput,
    StepRun,
)
from clawdesk_guest import protocol
from tests.support.guest_hostile import GREETING, HostileGuest
from tests.support.inference_fake import EchoInference


def _control(message: Mapping[str, object]) -> bytes:
    return protocol.pack(protocol.CONTROL, 0, protocol.dump(dict(message)))


def _open(stream: int, head: Mapping[str, object]) -> bytes:
    return protocol.pack(protocol.OPEN, stream, protocol.dump(dict(head)))


OUTPUT = {"op": "output", "run": "r", "stream": "out"}
ENDED = {"op": "ended", "n": 1, "run": "r", "exit_code": 0, "timed_out": False}


class Meeting:
    """A hostile guest and the session with it."""

    def __init__(self, guest: HostileGuest, session: ChannelSession) -> None:
        self.guest = guest
        self.session = session

    async def lost(self) -> str:
        """Why the guest was given up; nothing else may be said after that."""
        messages = [message async for message in self.session.messages()]
        assert isinstance(messages[-1], GuestLost)
        assert not any(isinstance(message, GuestLost) for message in messages[:-1])
        return messages[-1].why


@pytest.fixture
def socket_path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "agent.sock"


@pytest.fixture
async def meeting(socket_path: Path) -> AsyncIterator[Meeting]:
    guest = HostileGuest()
    await guest.listen(socket_path)
    channels = GuestChannels(lambda _m: socket_path, EchoInference(), silence_s_max=1.0)
    try:
        session = await channels.connect("m", token="t", start=False)
        session.pause_heartbeat(True)
        yield Meeting(guest, session)
    finally:
        await channels.close()
        await guest.close()


BROKEN = {
    "a length of 4 GB": b"\xff\xff\xff\xff\x01\x00\x00\x00\x00",
    "an unknown type": b"\x00\x00\x00\x00\x09\x00\x00\x00\x00",
    "no JSON": protocol.pack(protocol.CONTROL, 0, b"\xff\xfe"),
    "nested 100,000 deep": protocol.pack(protocol.CONTROL, 0, b"[" * 100_000),
    "an unknown message": _control({"op": "sudo"}),
    "a wrong field": _control({**ENDED, "exit_code": "0"}),
    "a second greeting": _control(GREETING),
    "a message of ours": _control({"op": "unpack", "call": 1}),
    "data on no stream": protocol.pack(protocol.CHUNK, 3, b"x"),
    "data beyond the credit": _open(1, OUTPUT)
    + protocol.pack_chunks(1, bytes(protocol.WINDOW_BYTES + 1)),
    "credit out of nothing": _open(1, OUTPUT) + protocol.pack_window(1, 1 << 30),
    "output of a step that does not run": _open(1, {**OUTPUT, "run": "other"}),
    "the same output twice": _open(1, OUTPUT) + _open(2, OUTPUT),
    "an answer to no call of the guest": _open(1, {"op": "answer", "status": 200, "headers": {}}),
}


@pytest.mark.parametrize("sent", BROKEN.values(), ids=BROKEN.keys())
async def test_a_broken_rule_ends_the_connection(meeting: Meeting, sent: bytes) -> None:
    meeting.guest.send(sent)
    await meeting.guest.hung_up.wait()
    assert "broke the protocol" in await meeting.lost()


async def test_files_nobody_asked_for_are_turned_away(meeting: Meeting) -> None:
    meeting.guest.send(_open(1, {"op": "files", "call": 7}) + _control(ENDED))
    assert await anext(meeting.session.messages()) == StepEnded("r", 0)


async def test_a_flood_of_messages_ends_the_connection(meeting: Meeting) -> None:
    for number in range(20_000):
        meeting.guest.send(_control({**ENDED, "n": number}))
    assert "messages a second" in await meeting.lost()


async def test_a_flood_of_output_is_bounded_and_does_not_delay_control(meeting: Meeting) -> None:
    meeting.guest.send(_open(1, OUTPUT))
    meeting.guest.send(protocol.pack_chunks(1, bytes(protocol.WINDOW_BYTES)))
    # Nobody has taken the output yet, and control comes through all the same.
    call = asyncio.ensure_future(meeting.session.set_feedback("x"))
    meeting.guest.send(_control({"op": "done", "call": 1}))
    await call


async def test_long_output_is_cut_in_the_middle(meeting: Meeting) -> None:
    meeting.guest.send(_open(1, OUTPUT))

    async def flood() -> None:
        await meeting.guest.send_chunks(1, b"y" * (3 * HEAD_BYTES_MAX))
        end = protocol.dump({"op": "end", "error": ""})
        meeting.guest.send(protocol.pack(protocol.CLOSE, 1, end) + _control(ENDED))

    flooding = asyncio.ensure_future(flood())
    received = b""
    async for message in meeting.session.messages():
        if isinstance(message, StepEnded | GuestLost):
            break
        assert isinstance(message, StepOutput)
        received += message.chunk
    await flooding
    assert message == StepEnded("r", 0)
    assert len(received) < HEAD_BYTES_MAX + TAIL_BYTES_MAX + 70_000
    assert b"bytes left out here" in received


async def test_silence_is_the_end(meeting: Meeting) -> None:
    meeting.session.pause_heartbeat(False)
    assert await meeting.lost() == "the guest stopped answering"


async def test_a_suspended_machine_may_be_silent(meeting: Meeting) -> None:
    meeting.session.pause_heartbeat(False)
    meeting.session.pause_heartbeat(True)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(meeting.session.messages()), 1.5)


async def test_a_program_that_stood_still_does_not_blame_the_guest(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl+Z, a debugger, a host that slept: the clock went on, and nobody listened meanwhile."""
    hours = count()
    still = SimpleNamespace(
        monotonic=lambda: time.monotonic() + next(hours) * 3600, time_ns=time.time_ns
    )
    monkeypatch.setattr(channel_wire, "time", still)
    meeting.session.pause_heartbeat(False)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(meeting.session.messages()), 0.7)


async def test_last_words_are_the_reason(meeting: Meeting) -> None:
    meeting.guest.send(_control({"op": "failed", "call": 0, "why": "the guest program failed: x"}))
    assert await meeting.lost() == "the guest program failed: x"


async def test_waiting_calls_fail_when_the_guest_is_lost(meeting: Meeting) -> None:
    call = asyncio.ensure_future(meeting.session.collect())
    await meeting.guest.connected.wait()
    await meeting.guest.close()
    with pytest.raises(GuestError) as caught:
        await call
    assert caught.value.code == "lost"


async def test_a_guest_that_never_answers(socket_path: Path) -> None:
    server = await asyncio.start_unix_server(lambda _r, w: w.close(), socket_path)
    channels = GuestChannels(lambda _m: socket_path, EchoInference())
    with pytest.raises(GuestError):
        await channels.connect("m", token="t", start=False, timeout_s=5)
    server.close()
    await channels.close()


async def test_a_machine_without_a_socket(socket_path: Path) -> None:
    channels = GuestChannels(lambda _m: socket_path, EchoInference())
    with pytest.raises(GuestError) as caught:
        await channels.connect("m", token="t", start=False, timeout_s=0.1)
    assert caught.value.code == "no_answer"
    await channels.close()


@pytest.mark.parametrize("version", [protocol.VERSION_MIN - 1, protocol.VERSION + 1, 99])
async def test_another_version_is_named(socket_path: Path, version: int) -> None:
    guest = HostileGuest({**GREETING, "version": version})
    await guest.listen(socket_path)
    channels = GuestChannels(lambda _m: socket_path, EchoInference())
    with pytest.raises(GuestError, match=f"version {version} .*images build"):
        await channels.connect("m", token="t", start=False, timeout_s=5)
    await channels.close()
    await guest.close()


async def test_the_oldest_version_is_spoken_but_for_what_came_since(socket_path: Path) -> None:
    guest = HostileGuest({**GREETING, "version": protocol.VERSION_MIN})
    await guest.listen(socket_path)
    channels = GuestChannels(lambda _m: socket_path, EchoInference())
    session = await channels.connect("m", token="t", start=False)
    with pytest.raises(GuestError, match="older ClawDesk") as caught:
        await session.apply([FileEntry("a", 0o100644, b"x")], [])
    assert (caught.value.code, caught.value.mend[:7]) == ("old_guest", "approve")
    await session.want_turn()  # it has no turns: nothing to say
    call = asyncio.ensure_future(session.run(StepRun("r", "s", "true", 60, every_calls=1)))
    await guest.told_call.wait()
    guest.send(_control({"op": "done", "call": guest.calls[-1]["call"]}))
    await call
    assert [message["op"] for message in guest.calls] == ["run"]
    await channels.close()
    await guest.close()


async def test_a_guest_that_cannot_look_at_its_files_stands_still_before_each_call(
    socket_path: Path,
) -> None:
    guest = HostileGuest({**GREETING, "version": protocol.ADDED["turns_by_change"] - 1})
    await guest.listen(socket_path)
    channels = GuestChannels(lambda _m: socket_path, EchoInference())
    session = await channels.connect("m", token="t", start=False)
    step = StepRun("r", "s", "true", 60, every_calls=9, every_s=7, when_changed=True)
    call = asyncio.ensure_future(session.run(step))
    await guest.told_call.wait()
    told = guest.calls[0]
    assert (told["op"], told["every_calls"], told["every_s"]) == ("turns", 1, 7)
    call.cancel()
    await channels.close()
    await guest.close()


async def test_what_is_asked_back_is_no_answer_to_a_guest_that_does_not_know_it(
    socket_path: Path,
) -> None:
    version = protocol.OUTCOMES_ADDED["asked_back"] - 1
    guest = HostileGuest({**GREETING, "version": version})
    await guest.listen(socket_path)
    channels = GuestChannels(lambda _m: socket_path, EchoInference())
    session = await channels.connect("m", token="t", start=False)
    call = asyncio.ensure_future(
        session.reply("q", {"outcome": "asked_back", "text": "for which wall?"})
    )
    await guest.told_call.wait()
    told = guest.calls[-1]["payload"]
    assert told == {"outcome": "rejected", "feedback": "for which wall?"}
    call.cancel()
    await channels.close()
    await guest.close()


async def test_an_older_guest_rests_and_tells_its_files_by_two_calls(socket_path: Path) -> None:
    guest = HostileGuest({**GREETING, "version": protocol.ADDED["rest"] - 1})
    await guest.listen(socket_path)
    channels = GuestChannels(lambda _m: socket_path, EchoInference())
    session = await channels.connect("m", token="t", start=False)
    call = asyncio.ensure_future(session.rest())
    await guest.told_call.wait()
    guest.told_call.clear()
    guest.send(_control({"op": "done", "call": guest.calls[-1]["call"]}))
    await guest.told_call.wait()
    assert [message["op"] for message in guest.calls] == ["quiesce", "collect"]
    call.cancel()
    await channels.close()
    await guest.close()


async def test_a_guest_that_writes_its_own_http_is_told_a_head_and_a_body(
    socket_path: Path,
) -> None:
    guest = HostileGuest({**GREETING, "version": protocol.FRAMES_ADDED[protocol.ASK] - 1})
    await guest.listen(socket_path)
    fabric = EchoInference()
    channels = GuestChannels(lambda _m: socket_path, fabric)
    await channels.connect("m", token="t", start=False)
    headers = {"content-type": "application/json"}
    head = {"op": "model", "method": "POST", "path": "/v1/x", "headers": headers, "size": 2}
    guest.send(_open(1, head) + protocol.pack_chunks(1, b"{}"))
    frames = [await guest.frames.get() for _ in range(3)]
    assert [(kind, stream) for kind, stream, _ in frames] == [
        (protocol.OPEN, 1),
        (protocol.CHUNK, 1),
        (protocol.CLOSE, 1),
    ]
    answer, body, end = (payload for _, _, payload in frames)
    assert protocol.load(answer) == {"op": "answer", "status": 200, "headers": headers}
    assert (body, protocol.load(end)["error"]) == (b"{}", "")
    assert fabric.asked == [("t", "POST", "/v1/x", headers, b"{}")]
    await channels.close()
    await guest.close()


async def test_a_flood_of_parts_is_cut(meeting: Meeting) -> None:
    for number in range(PARTS_MAX + 100):
        meeting.guest.send(_control({"op": "part", "name": f"{number}"}))
        if number % 200 == 0:
            await asyncio.sleep(0)
    meeting.guest.send(_control({"op": "turn", "n": 1, "request": "q", "number": 1}))
    parts = 0
    async for message in meeting.session.messages():
        if not isinstance(message, PartStarted):
            break
        parts += 1
    assert isinstance(message, BoundaryAsked)
    assert parts == PARTS_MAX


async def test_answers_nobody_waits_for_count_as_messages(meeting: Meeting) -> None:
    for _ in range(20_000):
        meeting.guest.send(_control({"op": "done", "call": 1}))
    assert "messages a second" in await meeting.lost()
