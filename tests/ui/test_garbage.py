"""Where Python's garbage ends: on Qt's thread, whichever thread made it or allocates."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject

from clawdesk.ui.garbage import Collector


class Knot(QObject):
    """Holds itself, as a widget does through a slot of its own."""

    def __init__(self, ended_on: list[str]) -> None:
        super().__init__()
        self.me = self
        weakref.finalize(self, lambda: ended_on.append(threading.current_thread().name))


@pytest.fixture
def collector(qapp: object) -> Iterator[Collector]:
    gc.enable()  # as a process begins
    yield Collector()
    gc.disable()  # as all tests of the window run (conftest.py)


def _allocate_elsewhere() -> None:
    """As a thread of the plane does: enough for every generation to be due."""

    def work() -> None:
        for _ in range(200_000):
            knot: list[object] = []
            knot.append(knot)

    thread = threading.Thread(target=work, name="elsewhere")
    thread.start()
    thread.join()


def test_a_thread_that_allocates_ends_nothing_of_qts(collector: Collector) -> None:
    ended_on: list[str] = []
    Knot(ended_on)
    _allocate_elsewhere()
    assert ended_on == []
    collector.collect_due()
    assert ended_on == [threading.main_thread().name]


def test_what_grew_old_is_collected_too(collector: Collector) -> None:
    ended_on: list[str] = []
    knot = Knot(ended_on)
    gc.collect()  # it is of the oldest generation now
    del knot
    kept: list[list[int]] = []
    for _ in range(500):
        kept += [[] for _ in range(gc.get_threshold()[0] + 1)]
        collector.collect_due()
        if ended_on:
            return
    pytest.fail("a whole collection was never due")


def test_a_process_that_shows_the_window_begins_so() -> None:
    code = "import gc; from clawdesk.ui.loop import application; kept = application(); "
    done = subprocess.run(
        [sys.executable, "-c", code + "print(gc.isenabled())"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"
