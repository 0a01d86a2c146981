"""`clawdesk why TASK`: the reason it waits, and what would free it."""

from __future__ import annotations

import argparse

from clawdesk.cli.context import find_task, plain, print_json, task_summary, with_plane
from clawdesk.domain.model import Reason
from clawdesk.domain.values import as_fields
from clawdesk.runtime.api import PlaneApi


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", help="id of the task, or its beginning or end")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(options: argparse.Namespace) -> int:
    async def work(plane: PlaneApi) -> int:
        task = find_task(plane, options.task)
        reason = await plane.why(task.id)
        if options.json:
            told = task_summary(task)
            told["reason"] = as_fields(reason) if reason else None
            print_json({key: told[key] for key in ("task", "state", "reason", "request")})
        elif task.request is not None:
            what = task.request.question or f"your approval of checkpoint {task.request.ordinal}"
            print(f"It waits for you: {plain(what)}")
        elif reason is not None:
            _print(reason)
        else:
            print(f"It does not wait: {task.phase.value}.")
        return 0

    return with_plane(work)


def _print(reason: Reason) -> None:
    print(plain(f"It waits: {reason.text.rstrip('.')}."))
    for also in reason.also:
        print(plain(f"And: {also.text.rstrip('.')}."))
    if reason.frees:
        print(plain(f"Freed by: {reason.frees}"))
    width = max((len(name) for name, _ in reason.facts), default=0)
    for name, value in reason.facts:
        print(plain(f"  {name.replace('_', ' '):{width}}  {value}"))
