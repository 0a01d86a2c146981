"""`clawdesk costs [PROJECT]`: what model calls used, by project, task and step."""

from __future__ import annotations

import argparse
from typing import Any

from clawdesk.cli.context import plain, print_json, tasks_in, with_plane
from clawdesk.domain.model import Task
from clawdesk.domain.spending import spent_fields
from clawdesk.domain.values import as_fields
from clawdesk.runtime.api import PlaneApi
from clawdesk.viewmodels.costs import (
    ProjectSpending,
    projects_spending,
    spent_words,
    step_words,
)
from clawdesk.viewmodels.language import counted, tr


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", nargs="?", help="only this project's tasks")
    parser.add_argument("--json", action="store_true", help="one JSON object a project")


def run(options: argparse.Namespace) -> int:
    async def work(plane: PlaneApi) -> int:
        tasks = await tasks_in(plane, options.project)
        found = projects_spending(tasks)
        for project in found:
            if options.json:
                print_json(_fields(project))
            else:
                _print(project)
        if not found and not options.json:
            print(tr("No task has called a model yet."))
        return 0

    return with_plane(work, project=options.project)


def _fields(project: ProjectSpending) -> dict[str, Any]:
    tasks = [
        {"task": task.id, "title": task.title, **spent_fields(task.spending.steps)["spent"]}
        for task in project.tasks
    ]
    return {"project": project.project, "total": as_fields(project.spent), "tasks": tasks}


def _print(project: ProjectSpending) -> None:
    print(plain(project.project))
    count = len(project.tasks)
    of = counted(count, "{count} task", "{count} tasks")
    print(plain(f"  {of}: {spent_words(project.spent)}"))
    for task in project.tasks:
        _print_task(task)


def _print_task(task: Task) -> None:
    print(plain(f"  {task.id}  {task.title}: {spent_words(task.spending.total)}"))
    if len(task.spending.steps) > 1:
        for step in task.spending.steps:
            print(plain(f"    {step_words(step)}"))
