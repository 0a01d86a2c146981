"""A loop that stands still is seen, with the place where it stood; one that answers is not."""

from __future__ import annotations

import asyncio
import threading
import weakref
from pathlib import Path

from clawdesk.runtime.stalls import REPORT_BYTES_MAX, StallReport, StallWatch, stack_of


def stand_still_here(seconds: float) -> None:
    """As a forgotten blocking call would."""
    threading.Event().wait(seconds)


async def test_a_stall_is_told_once_with_its_stack() -> None:
    loop = asyncio.get_running_loop()
    told: asyncio.Queue[tuple[float, str]] = asyncio.Queue()

    def note(lasted_s: float, stack: str) -> None:
        loop.call_soon_threadsafe(told.put_nowait, (lasted_s, stack))

    watch = StallWatch(note)
    watch.start()
    try:
        stand_still_here(0.3)
        while True:  # a busy machine may have stalled the loop before
            lasted_s, stack = await asyncio.wait_for(told.get(), 10)
            if "stand_still_here" in stack:
                break
    finally:
        watch.stop()
    assert 0.05 <= lasted_s < 10


async def test_what_a_stalled_function_held_goes_when_it_returns() -> None:
    class Held:
        """As a painter: it must end where and when its function does."""

    ended_on: list[int] = []

    def stand_still_holding() -> None:
        held = Held()
        weakref.finalize(held, lambda: ended_on.append(threading.get_ident()))
        stand_still_here(0.4)

    watch = StallWatch(lambda _s, _stack: None)
    watch.start()
    try:
        stand_still_holding()
        assert ended_on == [threading.get_ident()]
    finally:
        watch.stop()


def test_the_stack_of_a_thread_outermost_call_first() -> None:
    stack = stack_of(threading.get_ident())
    assert stack.rstrip().endswith("in stack_of")
    assert "in test_the_stack_of_a_thread_outermost_call_first" in stack
    assert stack_of(12_345) == ""


async def test_a_loop_that_answers_is_not_told_of() -> None:
    told: list[str] = []
    watch = StallWatch(lambda _s, stack: told.append(stack), limit_s=30)
    watch.start()
    asked = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0.2, asked.set_result, None)
    await asked
    watch.stop()
    assert told == []


async def test_stopping_while_the_loop_stands_still_tells_nothing() -> None:
    told: list[str] = []
    watch = StallWatch(lambda _s, stack: told.append(stack), limit_s=0.01)
    watch.start()
    watch.stop()
    watch.stop()
    assert told == []


def test_the_report_is_bounded_and_keeps_the_newest(tmp_path: Path) -> None:
    report = StallReport(tmp_path / "state" / "stalls.txt")
    for number in range(4):
        report(0.1, f"stack {number} " + "x" * (REPORT_BYTES_MAX // 3))
    text = report.path.read_text()
    assert len(text) <= REPORT_BYTES_MAX
    assert "stack 3" in text
    assert "stack 0" not in text


def test_a_report_that_cannot_be_written_breaks_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    StallReport(tmp_path / "file" / "stalls.txt")(0.1, "stack")
