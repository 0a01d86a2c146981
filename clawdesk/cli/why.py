"""`clawdesk why TASK`: the reason it waits, and what would free it."""

from __future__ import annotations

import argparse

from clawdesk.cli.context import find_task, plain, print_json, task_summary, with_plane
from clawdesk.runtime.api import PlaneApi


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", help="id of the task, or its beginning or end")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(options: argparse.Namespace) -> int:
    async def work(plane: PlaneApi) -> int:
        task = find_task(plane, options.task)
        if options.json:
            told = task_summary(task)
            print_json({key: told[key] for key in ("task", "state", "reason", "request")})
        elif task.request is not None:
            what = task.request.question or f"your approval of checkpoint {task.request.ordinal}"
            print(f"It waits for you: {plain(what)}")
        elif task.reason is not None:
            print(plain(task.reason.text))
            print(f"Freed by: {plain(task.reason.frees)}")
        else:
            print(f"It does not wait: {task.phase.value}.")
        return 0

    return with_plane(work)
