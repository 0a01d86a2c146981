"""Giving every machine back when the plane ends, so that the next start finds every task."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from clawdesk.domain.model import Phase, Task, TaskId
from clawdesk.runtime.api import Change, PlaneApi

SUSPEND_S_MAX = 90.0
"""A checkpoint may wait for model calls in flight; past this the machines that are left live on,
and the next start takes them up."""


def may_suspend(task: Task) -> bool:
    """Whether the task has a machine that it can give back right now."""
    if task.phase is Phase.RUNNING:
        return task.wish is None
    held = task.phase is Phase.HELD and bool(task.machine) and task.deciding is None
    return held and task.request is not None and not task.request.is_ours


def _stands(task: Task) -> bool:
    """Whether only a person's answer to the plane's own question moves it: its machine lives on."""
    held = task.phase is Phase.HELD and task.deciding is None and task.wish is None
    return held and task.request is not None and task.request.is_ours


async def suspend_all(plane: PlaneApi, ask: Callable[[TaskId], None]) -> None:
    """Ask each task once, as soon as it can obey; return when no machine is left that can go, or
    in time."""
    done = asyncio.Event()
    asked: set[TaskId] = set()

    def look(_: Change) -> None:
        tasks = list(plane.state.tasks.values())
        if not any(task.leaving or (task.machine and not _stands(task)) for task in tasks):
            done.set()
            return
        for task in tasks:
            if task.id not in asked and may_suspend(task):
                asked.add(task.id)
                ask(task.id)

    unsubscribe = plane.subscribe(look)
    look(Change())
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(done.wait(), SUSPEND_S_MAX)
    unsubscribe()
