"""`clawdesk log TASK`: what its steps printed; `--follow` until it ends or waits."""

from __future__ import annotations

import argparse
import asyncio

from clawdesk.cli.context import find_task, plain, with_plane
from clawdesk.cli.follow import until_moved
from clawdesk.domain.model import FINAL, TaskId
from clawdesk.ports.errors import PortError
from clawdesk.runtime.api import Change, LogLine, PlaneApi


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", help="id of the task, or its beginning or end")
    parser.add_argument("--step", type=int, metavar="N", help="only step N, counted from 1")
    parser.add_argument("--follow", action="store_true", help="go on until the task ends")


def run(options: argparse.Namespace) -> int:
    async def work(plane: PlaneApi) -> int:
        task = find_task(plane, options.task)
        step = None
        if options.step is not None:
            if not 1 <= options.step <= len(task.steps):
                raise PortError(f"The task has {len(task.steps)} steps.", code="usage")
            step = task.steps[options.step - 1].name
        last = _print(await plane.log_lines(task.id), step)
        if options.follow:
            await _follow(plane, task.id, last, step)
        return 0

    return with_plane(work)


def _print(lines: tuple[LogLine, ...], step: str | None, last: int = 0) -> int:
    for line in lines:
        last = line.number
        # Git keeps the output of a step's later rounds under "name.round".
        if step is None or line.step.partition(".")[0] == step:
            print(plain(line.text), flush=True)
    return last


async def _follow(plane: PlaneApi, task: TaskId, last: int, step: str | None) -> None:
    moved = asyncio.Event()

    def look(change: Change) -> None:
        if task in change.logs or task in change.tasks:
            moved.set()

    unsubscribe = plane.subscribe(look)
    try:
        while plane.state.tasks[task].phase not in FINAL:
            last = _print(await plane.log_lines(task, last), step, last)
            await until_moved(plane, moved)
            moved.clear()
        _print(await plane.log_lines(task, last), step, last)
    finally:
        unsubscribe()
