"""`clawdesk restore TASK ORDINAL`: go back; what runs is made safe first."""

from __future__ import annotations

import argparse

from clawdesk.cli.context import CHANNEL, find_task, tell_of, with_plane
from clawdesk.runtime.api import PlaneApi


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", help="id of the task, or its beginning or end")
    parser.add_argument("ordinal", type=int, help="number of the checkpoint; 0 = the start")


def run(options: argparse.Namespace) -> int:
    async def work(plane: PlaneApi) -> int:
        task = find_task(plane, options.task)
        return tell_of(plane, task, await plane.restore(task.id, options.ordinal, channel=CHANNEL))

    return with_plane(work)
