"""`clawdesk merge TASK`: approved work into a branch, as one commit or many; and back again."""

from __future__ import annotations

import argparse
import sys

from clawdesk.cli.context import find_task, plain, tell, with_plane
from clawdesk.cli.exits import FAILED
from clawdesk.ports.errors import ConflictError
from clawdesk.runtime.api import PlaneApi


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", help="id of the task, or its beginning or end")
    parser.add_argument("--into", default="", metavar="BRANCH", help="default: the present branch")
    parser.add_argument(
        "--each-checkpoint", action="store_true", help="one commit a checkpoint instead of one"
    )
    parser.add_argument(
        "--undo",
        action="store_true",
        help="take its last merge back: branch and files as they were before",
    )


def run(options: argparse.Namespace) -> int:
    async def work(plane: PlaneApi) -> int:
        task = find_task(plane, options.task)
        try:
            if options.undo:
                return tell(await plane.unmerge(task.id))
            done = await plane.merge(
                task.id, into=options.into, each_checkpoint=options.each_checkpoint
            )
        except ConflictError as error:
            print(f"clawdesk: {error.what}", file=sys.stderr)
            for path in error.paths:
                print(f"  {plain(path)}", file=sys.stderr)
            if error.mend:
                print(f"  {error.mend}", file=sys.stderr)
            return FAILED
        print(f"{done.text} ({done.branch} at {done.commit[:12]})")
        return 0

    return with_plane(work)
