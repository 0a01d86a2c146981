"""`clawdesk tasks`: state, step, priority, and why each waits."""

from __future__ import annotations

import argparse

from clawdesk.cli.context import plain, print_json, task_summary, tasks_in, with_plane
from clawdesk.domain.model import Phase, Task
from clawdesk.runtime.api import PlaneApi


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", nargs="?", help="only this project's tasks")
    parser.add_argument("--json", action="store_true", help="one JSON object a task")


def _line(task: Task) -> str:
    """One task: id, state, priority, step, title, and why it waits or how it ended."""
    told = task_summary(task)
    if task.request is not None and task.phase is Phase.HELD:
        asked = f"your approval of checkpoint {task.request.ordinal}"
        why = f"waits for {'your answer' if task.request.question else asked}"
    else:
        why = task.reason.text if task.reason else task.finish_text.split("\n")[0]
    head = f"{task.id}  {told['state']:<12} {task.priority:>3}  {told['step']:<14}"
    return f"{head} {task.title}  {why}".rstrip()


def run(options: argparse.Namespace) -> int:
    async def work(plane: PlaneApi) -> int:
        tasks = await tasks_in(plane, options.project)
        above = ""
        for task in tasks:
            if options.json:
                print_json(task_summary(task))
                continue
            if options.project is None and task.project != above:
                above = task.project
                print(plain(above))
            print(plain(_line(task)))
        if not tasks and not options.json:
            print("No tasks yet. clawdesk run PROJECT TASK starts one.")
        return 0

    return with_plane(work, project=options.project)
