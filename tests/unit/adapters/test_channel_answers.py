"""How answers of model calls are written: at once and whole where they can be, never too much."""

from __future__ import annotations

import asyncio

import pytest

from clawdesk.adapters.libvirt.channel_answers import RawAnswer
from clawdesk_guest import protocol
from clawdesk_guest.link import Closed, Event, Got, Link

EPOCH = b"e" * 16


class Joined:
    """A wire whose guest is in memory; its one stream is a call's."""

    def __init__(self) -> None:
        self.link = Link(guest=False, epoch=EPOCH)
        self.guest = Link(guest=True)
        self.guest.raw(protocol.SYNC + EPOCH)
        self.link.raw(protocol.SYNC)
        self.events: list[Event] = []
        self._room_comes = asyncio.Event()
        self._carry(self.link, self.guest)
        self.stream, _ = self.guest.ask(b"POST / HTTP/1.1", b"")
        self._carry(self.guest, self.link)

    def wake(self) -> None:
        self._carry(self.link, self.guest)

    async def room(self, stream: int) -> int:
        while not self.link.room(stream) and self.link.is_open(stream):
            self._room_comes.clear()
            await self._room_comes.wait()
        return self.link.room(stream)

    def use_up(self) -> bytes:
        """What has come; credit for it goes back."""
        content = b"".join(event.content for event in self.events if isinstance(event, Got))
        self.events = [event for event in self.events if not isinstance(event, Got)]
        self.guest.grant(self.stream, len(content))
        self._carry(self.guest, self.link)
        self._room_comes.set()
        return content

    def leave(self) -> None:
        self.guest.close(self.stream, "the program closed its connection")
        self._carry(self.guest, self.link)
        self._room_comes.set()

    def _carry(self, source: Link, target: Link) -> None:
        while content := source.outgoing():
            count = len(content)
            events = target.feed(bytes(content))
            if target is self.guest:
                self.events += events
            source.sent(count)


@pytest.fixture
async def joined() -> Joined:
    return Joined()


def answering(joined: Joined, head: bytes = b"POST / HTTP/1.1") -> RawAnswer:
    return RawAnswer(joined, joined.stream, head)


async def test_what_ends_before_anything_else_runs_says_its_length(joined: Joined) -> None:
    answer = answering(joined)
    answer.begin(200, {"A": "b"})
    assert await answer.send(b"xy")
    assert await answer.send(b"z")
    assert joined.events == []
    await answer.end()
    wanted = b"HTTP/1.1 200 OK\r\na: b\r\nConnection: close\r\nContent-Length: 3\r\n\r\nxyz"
    assert joined.events == [Got(joined.stream, wanted), Closed(joined.stream, "")]


async def test_what_takes_its_time_begins_at_once_and_comes_in_chunks(joined: Joined) -> None:
    answer = answering(joined)
    answer.begin(200, {})
    await answer.send(b"xy")
    await asyncio.sleep(0)  # anything else runs
    begun = joined.use_up()
    assert begun.endswith(b"Transfer-Encoding: chunked\r\n\r\n2\r\nxy\r\n")
    await answer.send(b"z")
    await answer.end()
    assert joined.use_up() == b"1\r\nz\r\n0\r\n\r\n"
    assert joined.events == [Closed(joined.stream, "")]


async def test_much_is_not_held_back_and_goes_as_fast_as_it_is_taken(joined: Joined) -> None:
    answer = answering(joined)
    answer.begin(200, {})
    body = bytes(range(256)) * 4000  # a MB: four times the window
    sending = asyncio.ensure_future(answer.send(body))
    come = b""
    while not sending.done():
        await asyncio.sleep(0)
        come += joined.use_up()
        assert len(come) < 1 << 21
    await answer.end()
    come += joined.use_up()
    assert come.endswith(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))


@pytest.mark.parametrize("whole", [True, False])
async def test_who_said_that_it_asks_once_is_not_told_so(joined: Joined, whole: bool) -> None:
    answer = answering(joined, b"POST / HTTP/1.1\r\nConnection: close")
    answer.begin(200, {"A": "b"})
    if not whole:
        await asyncio.sleep(0)  # anything else runs
    await answer.end()
    assert b"onnection" not in joined.use_up()


@pytest.mark.parametrize(("status", "method"), [(200, "HEAD"), (204, "POST"), (304, "GET")])
async def test_an_answer_without_a_body_has_none(joined: Joined, status: int, method: str) -> None:
    answer = answering(joined, f"{method} / HTTP/1.1".encode())
    answer.begin(status, {})
    assert await answer.send(b"dropped")
    await answer.end()
    head = joined.use_up()
    assert head.endswith(b"Connection: close\r\n\r\n")
    assert b"chunked" not in head


async def test_a_monstrous_head_is_cut_to_what_fits(joined: Joined) -> None:
    answer = answering(joined)
    answer.begin(200, {f"h{number}": "x" * 30_000 for number in range(100)} | {"last": "1"})
    await asyncio.sleep(0)
    assert 60_000 < len(joined.use_up()) < 70_000


async def test_a_client_that_leaves_ends_it(joined: Joined) -> None:
    answer = answering(joined)
    answer.begin(200, {})
    sending = asyncio.ensure_future(answer.send(bytes(1 << 20)))
    await asyncio.sleep(0)
    assert not sending.done()
    joined.leave()
    assert not await sending
    await answer.end()  # says no more
    assert not any(isinstance(event, Closed) for event in joined.events)
