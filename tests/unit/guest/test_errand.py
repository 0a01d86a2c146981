"""The child that does slow work for process 1: order, what it writes, its end by any way."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clawdesk_guest import errand, protocol
from clawdesk_guest.errand import Errands
from clawdesk_guest.link import Got, Link
from clawdesk_guest.loop import Loop


def _write(out: int, text: str) -> bool:
    with os.fdopen(os.dup(out), "wb") as target:
        target.write(text.encode())
    return True


def _fail(_out: int, text: str) -> None:
    raise RuntimeError(text)


def _die(out: int) -> None:
    os.write(out, b"so far")
    os.kill(os.getpid(), signal.SIGKILL)


WORKS: dict[str, errand.Work] = {
    "write": _write,
    "fail": _fail,
    "die": _die,
    "pid": lambda out: _write(out, f"{os.getpid()}"),
    "open": lambda out: _write(out, " ".join(p.name for p in Path("/proc/self/fd").iterdir())),
}


Order = tuple[str, dict[str, object]]


class Bench:
    """Process 1's loop and link, and a host that takes all that comes."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.link, self.host = Link(guest=True), Link(guest=False, epoch=bytes(16))
        self.link.raw(protocol.SYNC + bytes(16))
        self.errands = Errands(self.loop, WORKS)
        self.loop.before_wait = self._pump
        self.loop.after(30, self.loop.stop)  # seconds; no test takes so long
        self.came: dict[int, bytes] = {}
        self.until: Callable[[], bool] = lambda: True

    def _pump(self) -> None:
        self.errands.pump(self.link)
        self._deliver()
        while waiting := self.host.outgoing():
            self.link.feed(bytes(waiting))
            self.host.sent(len(waiting))
        if self.until():
            self.loop.stop()
            self.loop.after(0, lambda: None)  # it looks at its descriptors once more

    def run(self, *orders: Order) -> list[tuple[str, bool, bytes]]:
        """Give all orders at once; (error, answer, what it wrote) of each, as they end."""
        ended: list[tuple[str, bool, bytes]] = []
        for name, arguments in orders:
            stream = self.link.open({"op": "files", "call": 1})

            def told(error: str, answer: bool, stream: int = stream) -> None:
                self._deliver()
                ended.append((error, answer, self.came.get(stream, b"")))

            self.errands.do(name, told, stream=stream, **arguments)
        self.run_until(lambda: len(ended) == len(orders))
        assert len(ended) == len(orders), ended
        return ended

    def run_until(self, until: Callable[[], bool]) -> None:
        self.until = until
        self.loop._running = True
        self.loop.run()

    def _deliver(self) -> None:
        while waiting := self.link.outgoing():
            for event in self.host.feed(bytes(waiting)):
                if isinstance(event, Got):
                    self.came[event.stream] = self.came.get(event.stream, b"") + event.content
                    self.host.grant(event.stream, len(event.content))
            self.link.sent(len(waiting))


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(errand, "_PAGES_MAX", 1 << 40)  # that of a test holds all of pytest
    bench = Bench()
    yield bench
    bench.errands.close()
    bench.loop.close()


def test_what_is_asked_at_once_is_done_in_turn_by_one_child(bench: Bench) -> None:
    many: list[Order] = [("write", {"text": f"{number}"}) for number in range(20)]
    assert bench.run(*many) == [("", True, b"%d" % number) for number in range(20)]
    first, second = bench.run(("pid", {}), ("pid", {}))
    assert first == second


def test_much_more_than_a_pipe_holds_comes_whole(bench: Bench) -> None:
    text = "0123456789" * 20_000
    assert bench.run(("write", {"text": text[:200_000]})) == [("", True, text.encode())]


def test_what_fails_says_why_and_the_child_goes_on(bench: Bench) -> None:
    before, failed, unknown, after = bench.run(
        ("pid", {}), ("fail", {"text": "no\nplace" * 1000}), ("unheard", {}), ("pid", {})
    )
    assert failed[0].startswith("no\nplace")
    assert len(failed[0]) == errand._WORDS_CHARS_MAX
    assert unknown[0] == "KeyError('unheard')"
    assert before == after


def test_a_child_that_is_killed_fails_what_it_had_in_hand_and_no_more(bench: Bench) -> None:
    before, died, after = bench.run(("pid", {}), ("die", {}), ("pid", {}))
    assert died == ("ended with 137", False, b"so far")
    assert after[0] == ""
    assert after[2] != before[2]


def test_a_child_that_was_stopped_goes_on_for_what_it_is_told(bench: Bench) -> None:
    ((_, _, pid),) = bench.run(("pid", {}))
    os.kill(int(pid), signal.SIGSTOP)
    assert bench.run(("pid", {})) == [("", True, pid)]


def test_a_child_killed_between_two_orders_is_not_missed(bench: Bench) -> None:
    ((_, _, before),) = bench.run(("pid", {}))
    os.kill(int(before), signal.SIGKILL)
    bench.run_until(lambda: bench.errands._pid == 0)
    ((error, _, after),) = bench.run(("pid", {}))
    assert (error, after != before) == ("", True)


def test_a_child_that_holds_much_memory_ends_and_gives_it_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len({pid for _, _, pid in bench.run(("pid", {}), ("pid", {}))}) == 1
    bench.errands.close()
    monkeypatch.setattr(errand, "_PAGES_MAX", 1)
    bench.errands = Errands(bench.loop, WORKS)
    came = bench.run(("pid", {}), ("pid", {}), ("pid", {}))
    assert [error for error, *_ in came] == ["", "", ""]
    assert len({pid for _, _, pid in came}) == 3


def test_it_has_no_file_of_its_parents_open(bench: Bench, tmp_path: Path) -> None:
    with (tmp_path / "port").open("wb"):
        ours = Errands(bench.loop, WORKS)
    ours.close()
    ((_, _, listed),) = bench.run(("open", {}))
    # Beside its three standard ones: its orders, its two ways back, the folder that is listed.
    assert len(listed.split()) == 7
