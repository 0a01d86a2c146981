"""`clawdesk fork TASK ORDINAL`: another task from that moment, beside the first."""

from __future__ import annotations

import argparse

from clawdesk.cli.context import find_task, print_json, with_plane
from clawdesk.cli.submit import pairs
from clawdesk.runtime.api import PlaneApi
from clawdesk_fabric.bounded import between

FORKS_MAX = 100
"""Each is a task with a machine of its own; more at once is a slip of the finger."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", help="id of the task, or its beginning or end")
    parser.add_argument("ordinal", type=int, help="number of the checkpoint; 0 = the start")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a variable for the steps that begin after the fork",
    )
    parser.add_argument("--name", default="", help="what to call it (default: as the first)")
    parser.add_argument(
        "--count",
        type=between(int, 1, FORKS_MAX),
        default=1,
        metavar="N",
        help="N forks (default: 1)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a fork")


def run(options: argparse.Namespace) -> int:
    async def work(plane: PlaneApi) -> int:
        task = find_task(plane, options.task)
        settings = pairs(options.set, "--set")
        for _ in range(options.count):
            fork = await plane.fork(task.id, options.ordinal, settings=settings, title=options.name)
            if options.json:
                print_json({"task": fork, "forked_from": task.id, "ordinal": options.ordinal})
            else:
                print(f"{fork} forked from checkpoint {options.ordinal} of {task.id}.")
        return 0

    return with_plane(work)
