"""U3 to U5, and the end: the real window, offscreen, while much happens on a scripted plane.

U3: 20 tasks print and move; how late the loop is, at worst in each second. U4: 100,000
lines of a log, and its filter beside Qt's on the same lines, from the word to the list. U5: from
what a task asks to the dialog, and from the answer to the plane; the guard of 700 ms between the
two is not counted. The end: a plane with 20 machines in memory, each suspended with its snapshot;
what real machines add is M3.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from clawdesk.ports.telemetry import HostLoad
from tests.bench.offscreen import NowMs, in_window
from tests.bench.rows import Row, row

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk
    from tests.support.plane_fake import FakePlane

TASKS = 20
MACHINES = 8  # at once, by the rules of a user's machine
LINES = 100_000
BATCH = 500
TICK_MS = 5
SCROLLS = 40


def _plane(now_ms: NowMs, tasks: int) -> FakePlane:
    from tests.support import plane_scenes as scenes
    from tests.support.plane_fake import FakePlane

    plane = FakePlane(now_ms)
    plane.fill()
    (model, *_) = (t for t in plane.state.tasks.values() if t.phase.value == "running")
    for number in range(tasks):
        name = f"{model.id[:-3]}{number:03d}"
        plane.state.tasks[name] = replace(model, id=name, project=scenes.PROJECT)
    return plane


async def _stalls(desk: Desk, plane: FakePlane, *, seconds: int, busy: bool) -> list[float]:
    """ms by which the loop was late at worst, second by second."""
    from tests.support import plane_scenes as scenes
    from tests.support.plane_fake import scripted_time

    desk.choose_project(scenes.PROJECT)
    tasks = [t for t in plane.state.tasks.values() if t.phase.value == "running"]
    desk.choose_task(tasks[0].id)
    found = []
    for _ in range(seconds):
        worst, ends, turn = 0.0, time.perf_counter() + 1, 0
        while (began := time.perf_counter()) < ends:
            await scripted_time(TICK_MS)
            worst = max(worst, time.perf_counter() - began - TICK_MS / 1000)
            if busy:
                task = tasks[turn % len(tasks)]
                plane.log(task.id, f"line {turn} of {task.title}")
                plane.put(replace(task, round=turn % 3 + 1))
                turn += 1
        found.append(worst * 1000)
    return found


def _filled(desk: Desk) -> list[float]:
    """Rows a second while lines are appended to the log."""
    from clawdesk.runtime.api import LogLine

    view = desk.window.inspector.log
    rates = []
    for first in range(0, LINES, BATCH):
        batch = [
            LogLine(n, 1_000 * n, "s", 1, "out", f"epoch {n} loss {n % 97 / 97:.4f} top1 71.38")
            for n in range(first, first + BATCH)
        ]
        began = time.perf_counter()
        view.append(batch)
        rates.append(BATCH / (time.perf_counter() - began))
    return rates


async def _log(desk: Desk, plane: FakePlane, *, what: str) -> list[float]:
    """Rows a second while lines are appended, or ms of each frame of a scroll through them."""
    view = desk.window.inspector.log
    rates = _filled(desk)
    if what == "append":
        return rates
    bar, frames = view.list.verticalScrollBar(), []
    for step in range(SCROLLS):
        began = time.perf_counter()
        bar.setValue(bar.maximum() * (step * 7 % SCROLLS) // SCROLLS)
        view.list.viewport().grab()
        frames.append((time.perf_counter() - began) * 1000)
    return frames


async def _filter(desk: Desk, plane: FakePlane, *, words: tuple[str, ...]) -> list[float]:
    """ms from each word but the first, in place of the one before, to its lines, painted."""
    _filled(desk)
    bar, view = desk.window.inspector.log_filter, desk.window.inspector.log
    found = []
    for place, word in enumerate(words):
        began = time.perf_counter()
        bar.field.setText(word)
        while view.rows.searching:
            await asyncio.sleep(0)
        view.list.viewport().grab()
        if place:
            found.append((time.perf_counter() - began) * 1000)
    return found


async def _late(desk: Desk, plane: FakePlane, *, words: tuple[str, ...]) -> list[float]:
    """ms by which the loop was late at worst while each of those filters worked."""
    from tests.support.plane_fake import scripted_time

    _filled(desk)
    bar, view = desk.window.inspector.log_filter, desk.window.inspector.log
    await scripted_time(TICK_MS)  # the rows that came are laid out
    found = []
    for word in words:
        began = time.perf_counter()
        bar.field.setText(word)
        worst = time.perf_counter() - began
        while view.rows.searching:
            began = time.perf_counter()
            await scripted_time(TICK_MS)
            worst = max(worst, time.perf_counter() - began - TICK_MS / 1000)
        found.append(worst * 1000)
    return found


async def _proxy(
    desk: Desk, plane: FakePlane, *, words: tuple[str, ...], plain: bool
) -> list[float]:
    """The same with Qt's filter on the log's own rows, or on a `plain` list of Qt's strings."""
    from PySide6.QtCore import QSortFilterProxyModel, QStringListModel, Qt
    from PySide6.QtWidgets import QListView

    _filled(desk)
    rows = desk.window.inspector.log.rows
    source = QStringListModel([line.text for line in rows.lines]) if plain else rows
    proxy, view = QSortFilterProxyModel(), QListView()
    proxy.setSourceModel(source)
    proxy.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    view.setUniformItemSizes(True)
    view.setModel(proxy)
    view.resize(desk.window.inspector.log.list.size())
    view.show()
    found = []
    for place, word in enumerate(words):
        began = time.perf_counter()
        proxy.setFilterFixedString(word)
        view.viewport().grab()
        if place:
            found.append((time.perf_counter() - began) * 1000)
    view.setModel(None)
    view.deleteLater()
    return found


async def _dialog(desk: Desk, plane: FakePlane, *, times: int, what: str) -> list[float]:
    """ms from what a task asks to its dialog with the diff, or from the answer to the plane."""
    from clawdesk.ui.approval_sheet import ApprovalSheet

    (task,) = (t for t in plane.state.tasks.values() if t.title == "fix-loader")
    found = []
    for number in range(times):
        request = task.request and replace(task.request, id=f"{task.id}-bench-{number}")
        began = time.perf_counter()
        plane.put(replace(task, request=request))
        desk.decisions.open_task(task.id)
        sheet = desk.decisions.sheet
        while not (isinstance(sheet, ApprovalSheet) and sheet.view and sheet.view.diff):
            await asyncio.sleep(0)
            sheet = desk.decisions.sheet
        sheet.grab()
        shown = time.perf_counter() - began
        while not sheet.yes.isEnabled():  # the guard
            await asyncio.sleep(0)
        known = len(plane.calls)
        began = time.perf_counter()
        sheet.yes.click()
        while not any(call[0] == "approve" for call in plane.calls[known:]):
            await asyncio.sleep(0)
        told = time.perf_counter() - began
        found.append((shown if what == "shown" else told) * 1000)
        while desk.decisions.sheet is not None:
            await asyncio.sleep(0)
    return found


TASK = 'title = "Waits"\n[[steps]]\nname = "one"\nrun = "waits"\n'


class _Roomy:
    """A host with room for every machine."""

    async def sample(self) -> HostLoad:
        return HostLoad(1.0, 64, 1_000, 64_000, 100_000, gpu_note="no NVIDIA GPU")

    async def close(self) -> None:
        """Nothing is held."""


async def _quit(tasks: int) -> float:
    """ms until a plane with so many running machines has let go of everything."""
    from clawdesk.domain.model import Phase
    from clawdesk.runtime.plane import Plane
    from tests.support.guest_fake import FakeStep
    from tests.support.plane_world import PROJECT, PlaneWorld, until

    async def waits(_step: FakeStep) -> int:
        await asyncio.Event().wait()
        return 0

    with tempfile.TemporaryDirectory(prefix="cdb-") as folder:
        world = PlaneWorld(Path(folder), {"wait": TASK}, {"waits": waits})
        plane = Plane(replace(world.parts(), telemetry=_Roomy()))
        await plane.start()
        await plane.open_project(PROJECT)
        for _ in range(tasks):
            name = await plane.submit(PROJECT, "wait")
            # As many run as the rules of a user's machine let; the others wait and say so.
            await until(plane, name, lambda t: t.phase is Phase.RUNNING or t.reason is not None)
        running = [t for t in plane.state.tasks.values() if t.phase is Phase.RUNNING]
        assert len(running) == MACHINES, f"{len(running)} run"
        began = time.perf_counter()
        await plane.close()
        assert world.machines.machines == {}, "every machine was given back"
        return (time.perf_counter() - began) * 1000


def measure(n: int) -> Iterator[Row]:
    many, none = partial(_plane, tasks=TASKS), partial(_plane, tasks=0)
    yield row(
        f"U3 the loop at its latest in a second, {TASKS} tasks that print",
        in_window(many, partial(_stalls, seconds=max(5, n), busy=True)),
        "ms",
        beside=in_window(none, partial(_stalls, seconds=5, busy=False)),
        ratio_to="the same window while nothing happens",
        goal="none over 50 ms",
    )
    yield row(
        "U4 100,000 lines of a log, appended",
        in_window(none, partial(_log, what="append")),
        "lines/s",
        goal="at least 20,000",
    )
    yield row(
        "U4 100,000 lines of a log, a frame of a scroll",
        in_window(none, partial(_log, what="scroll")),
        "ms",
        goal="at most 40 ms in 95 of 100",
    )
    few, every = ("top1 7", *("loss 0.4", "epoch 77") * n), ("77", *("loss", "EPOCH") * n)
    for words, lets in ((few, "few"), (every, "every line")):
        yield row(
            f"U4 filter: from a word that {lets} of 100,000 lines hold to the list",
            in_window(none, partial(_filter, words=words)),
            "ms",
            beside=in_window(none, partial(_proxy, words=words, plain=True)),
            ratio_to="QSortFilterProxyModel on a list of Qt's own strings",
            goal="at most 150 ms",
        )
    yield row(
        "U4 filter: few lines, beside Qt's filter on the log's own rows",
        in_window(none, partial(_filter, words=few)),
        "ms",
        beside=in_window(none, partial(_proxy, words=few, plain=False)),
        ratio_to="QSortFilterProxyModel on the rows of the log",
        goal="at most 150 ms",
    )
    yield row(
        "U4 filter: one more letter",
        in_window(none, partial(_filter, words=tuple("epoch 77777"[:e] for e in range(5, 12)))),
        "ms",
        goal="at most 150 ms",
    )
    yield row(
        "U4 filter: the loop at its latest while a word is looked for",
        in_window(none, partial(_late, words=(*few, *every))),
        "ms",
        goal="none over 50 ms",
    )
    yield row(
        "U5 from what a task asks to the dialog with its diff",
        in_window(none, partial(_dialog, times=n, what="shown")),
        "ms",
        goal="at most 300 ms",
    )
    yield row(
        "U5 from the answer to the plane",
        in_window(none, partial(_dialog, times=n, what="told")),
        "ms",
        goal="at most 500 ms to the next step",
    )
    yield row(
        f"Quit with {TASKS} tasks, {MACHINES} of them in machines (in memory)",
        [asyncio.run(_quit(TASKS)) for _ in range(n)],
        "ms",
        goal="at most 5 s",
    )
