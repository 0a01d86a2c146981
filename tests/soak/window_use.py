"""`make soak HOURS=1`: the real window, in use all the time on a scripted plane; what it holds.

Every act of `tests/support/driven_use.py` in turn, for the given time or number of rounds, without
a screen or on the one that is there. Python's garbage is collected as in the program, by
`clawdesk/ui/garbage.py`, and by nothing else but at the four marks: begin, warm, middle, end.
Prints one JSON line:

    rounds, acts, seconds, marks (what was held at each, see footprint.py), heap_kib_a_round,
    heap_kib_an_hour and rss_kib_an_hour (the slope between warm and end), growing (what is not
    flat, in words), grown (classes of which there are more at the end than in the middle),
    verdict ("flat" or "leaks")

The exit code is 0 when it is flat.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QWidget

from clawdesk.ui import theme, tokens
from clawdesk.ui.desk import Desk
from clawdesk.ui.loop import application
from clawdesk.ui.memory import Memory
from tests.support.driven_use import DrivenUse
from tests.support.footprint import Footprint, kinds, look
from tests.support.hand_clock import HandClock
from tests.support.notices_fake import FakeNotices
from tests.support.plane_fake import FakePlane, scripted_time

WARM_SHARE = 0.2
"""Caches fill in the first part; what counts is what comes after it."""
WARM_ROUNDS = 3
SAMPLE_S = 10.0
SLACK = {"qobjects": 0, "widgets": 0, "fds": 0, "threads": 0, "tracked": 40, "blocks": 400}
"""By how much the end may be above the middle; memory and blocks have a rate besides."""
BLOCKS_A_ROUND = 20
HEAP_KIB_A_ROUND = 4.0
"""Of a leak of one small object an act more than that stays behind; of noise less."""
HEAP_KIB_SLACK = 300
REFERENCES_A_ROUND = 0.5
MARKS = ("begin", "warm", "middle", "end")


@dataclass
class Result:
    rounds: int = 0
    acts: int = 0
    seconds: float = 0.0
    marks: dict[str, Footprint] = field(default_factory=dict)
    mark_rounds: dict[str, int] = field(default_factory=dict)
    garbage: dict[str, int] = field(default_factory=dict)
    heap_kib_a_round: float = 0.0
    heap_kib_an_hour: float = 0.0
    rss_kib_an_hour: float = 0.0
    growing: list[str] = field(default_factory=list)
    grown: dict[str, int] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        return "leaks" if self.growing else "flat"

    def as_json(self) -> str:
        return json.dumps({**asdict(self), "verdict": self.verdict})


class Leak:
    """Leaves something behind after every round, on purpose: the soak must find it."""

    KINDS = ("", "widgets", "memory", "handles", "references")

    def __init__(self, kind: str, window: QWidget) -> None:
        self._kind, self._window = kind, window
        self._kept: list[object] = []

    def leave(self) -> None:
        if self._kind == "widgets":
            self._kept.append(QWidget(self._window))
        elif self._kind == "memory":
            self._kept.append(bytearray(20_000))
        elif self._kind == "handles":
            self._kept.append(os.open("/dev/null", os.O_RDONLY))
        elif self._kind == "references":
            self._kept += [None] * 5


def compare(result: Result) -> None:
    """What is more at the end than in the middle, in words."""
    middle, end = result.marks["middle"], result.marks["end"]
    rounds = max(1, result.mark_rounds["end"] - result.mark_rounds["middle"])
    for name, slack in SLACK.items():
        more = getattr(end, name) - getattr(middle, name)
        if more > slack + (BLOCKS_A_ROUND * rounds if name == "blocks" else 0):
            result.growing.append(f"{name}: {more} more after {rounds} rounds")
    more = end.heap_kib - middle.heap_kib
    # Two looks at a heap differ by some hundred KiB for no reason; of all looks most do not.
    is_steady = result.heap_kib_a_round > HEAP_KIB_A_ROUND
    if is_steady and more > HEAP_KIB_SLACK + HEAP_KIB_A_ROUND * rounds:
        result.growing.append(f"heap: {more} KiB more after {rounds} rounds")
    for place, (was, is_now) in enumerate(zip(middle.references, end.references, strict=True)):
        drift = (is_now - was) / rounds
        # PySide leaves one to nine references to None behind with every widget that it makes.
        if drift < -REFERENCES_A_ROUND or (place and drift > REFERENCES_A_ROUND):
            result.growing.append(f"references to watched object {place}: {drift:+.2f} a round")


def slope(samples: list[tuple[float, float]]) -> float:
    """What grows for each 1 of the first value: the median of all pairs half a run apart."""
    half = len(samples) // 2
    found = [
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for earlier, later in zip(samples[:half], samples[len(samples) - half :], strict=True)
        if later[0] > earlier[0]
    ]
    return statistics.median(found) if found else 0.0


class Soak:
    """One run: rounds until enough, samples between them, a mark at each part's end."""

    def __init__(self, use: DrivenUse, leak: Leak) -> None:
        self._use, self._leak = use, leak
        self.result = Result()
        self._samples: list[tuple[float, int, int, int]] = []  # seconds, round, heap, resident KiB
        self._kinds: Counter[str] = Counter()
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    async def mark(self, name: str) -> None:
        """Look after all garbage is gone, at the same place of a round each time."""
        await self._use.begin()
        await scripted_time(50)
        self.result.garbage[name] = sum(gc.collect() for _ in range(3))
        self.result.mark_rounds[name] = self.result.rounds
        if name == "middle":
            self._kinds = kinds()
        self.result.marks[name] = look()

    async def run(self, seconds: float, rounds: int) -> Result:
        """Until both the time is over and the rounds are done."""
        result = self.result
        await self.mark("begin")
        await self._use.fill_caches()
        await self._until(seconds * WARM_SHARE, max(WARM_ROUNDS, round(rounds * WARM_SHARE)))
        await self.mark("warm")
        warm_s = self.seconds
        share = (1 + WARM_SHARE) / 2
        await self._until(seconds * share, round(rounds * share))
        await self.mark("middle")
        await self._until(seconds, rounds)
        await self.mark("end")
        result.seconds = round(self.seconds, 1)
        late = [sample for sample in self._samples if sample[0] >= warm_s]
        heap, resident = ([(sample[0], sample[place]) for sample in late] for place in (2, 3))
        result.heap_kib_an_hour = round(slope(heap) * 3600, 1)
        result.rss_kib_an_hour = round(slope(resident) * 3600, 1)
        result.heap_kib_a_round = round(slope([(sample[1], sample[2]) for sample in late]), 2)
        more = kinds() - self._kinds
        result.grown = dict(more.most_common(12))
        compare(result)
        return result

    async def _until(self, seconds: float, rounds: int) -> None:
        told = self.seconds
        while self.seconds < seconds or self.result.rounds < rounds:
            self.result.acts += await self._use.round()
            self.result.rounds += 1
            self._leak.leave()
            # Qt's own timers: ticks, drafts, and the collector of garbage.
            await scripted_time(5)
            seen = look()
            self._samples.append((self.seconds, self.result.rounds, seen.heap_kib, seen.rss_kib))
            if self.seconds - told >= SAMPLE_S:
                told = self.seconds
                line = {"round": self.result.rounds, "at_s": round(told), **asdict(seen)}
                print(json.dumps(line), file=sys.stderr, flush=True)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--pause-ms", type=int, default=0, help="after each act (default 0)")
    parser.add_argument(
        "--leak", choices=Leak.KINDS, default="", help="leave this behind on purpose"
    )
    wanted = parser.parse_args(argv)
    app = application()
    theme.apply(app, tokens.Theme.DARK)
    import qasync

    async def show() -> Result:
        with tempfile.TemporaryDirectory(prefix="cds-") as folder:
            project = Path(folder) / "project"
            project.mkdir()
            clock = HandClock()
            memory = Memory(QSettings(f"{folder}/w.ini", QSettings.Format.IniFormat))
            plane = FakePlane(clock.now_ms)
            plane.fill()
            desk = Desk(plane, clock, memory, notices=FakeNotices())
            desk.window.resize(1440, 900)
            desk.window.show()
            use = DrivenUse(desk, plane, clock, project, pause_ms=wanted.pause_ms)
            soak = Soak(use, Leak(wanted.leak, desk.window))
            try:
                return await soak.run(wanted.seconds, wanted.rounds)
            finally:
                await plane.close()
                await desk.close()
                desk.window.let_go()

    with qasync.QEventLoop(app) as loop:
        result = loop.run_until_complete(show())
    print(result.as_json())
    return 0 if result.verdict == "flat" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
