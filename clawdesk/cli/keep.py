"""`clawdesk keep TASK`: of several forks keep this one; the others end."""

from __future__ import annotations

import argparse
import asyncio
import sys

from clawdesk.cli.context import CHANNEL, find_task, plain, tell, with_plane
from clawdesk.domain.forking import family, to_end
from clawdesk.ports.errors import PortError
from clawdesk.runtime.api import PlaneApi


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", help="id of the task to keep, or its beginning or end")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(options: argparse.Namespace) -> int:
    async def work(plane: PlaneApi) -> int:
        task = find_task(plane, options.task)
        ending = to_end(family(plane.state, task), task.id)
        if ending and not options.yes:
            for other in ending:
                print(f"ends: {other.id}  {plain(other.title)}  ({other.phase.value})")
            if not sys.stdin.isatty():
                raise PortError("Add --yes to end them.", code="usage")
            said = await asyncio.to_thread(input, "End these, and keep the other? [y/N] ")
            if said.strip().lower() not in ("y", "yes"):
                print("Nothing was changed.")
                return 1
        return tell(await plane.keep(task.id, channel=CHANNEL))

    return with_plane(work)
