"""`clawdesk tasks`: state, step, priority, and why each waits."""

from __future__ import annotations

import argparse

from clawdesk.cli.context import plain, print_json, task_summary, tasks_in, with_plane
from clawdesk.runtime.api import PlaneApi


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", nargs="?", help="only this project's tasks")
    parser.add_argument("--json", action="store_true", help="one JSON object a task")


def run(options: argparse.Namespace) -> int:
    async def work(plane: PlaneApi) -> int:
        tasks = await tasks_in(plane, options.project)
        for task in tasks:
            if options.json:
                print_json(task_summary(task))
                continue
            told = task_summary(task)
            why = task.reason.text if task.reason else task.finish_text.split("\n")[0]
            line = f"{task.id}  {told['state']:<12} {told['step']:<14} {plain(task.title)}"
            print(f"{line}  {plain(why)}".rstrip())
        if not tasks and not options.json:
            print("No tasks yet. clawdesk run PROJECT TASK starts one.")
        return 0

    return with_plane(work, project=options.project)
