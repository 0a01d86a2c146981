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
    spent_at,
    spent_words,
    step_words,
    used_words,
)
from clawdesk.viewmodels.language import counted, tr


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", nargs="?", help="only this project's tasks")
    parser.add_argument("--checkpoints", action="store_true", help="also from one to the next")
    parser.add_argument("--json", action="store_true", help="one JSON object a project")


def run(options: argparse.Namespace) -> int:
    async def work(plane: PlaneApi) -> int:
        tasks = await tasks_in(plane, options.project)
        found = projects_spending(tasks)
        for project in found:
            if options.json:
                print_json(_fields(project, options.checkpoints))
            else:
                _print(project, options.checkpoints)
        if not found and not options.json:
            print(tr("No task has called a model yet."))
        return 0

    return with_plane(work, project=options.project)


def _fields(project: ProjectSpending, checkpoints: bool) -> dict[str, Any]:
    tasks = [_task_fields(task, checkpoints) for task in project.tasks]
    return {"project": project.project, "total": as_fields(project.spent), "tasks": tasks}


def _task_fields(task: Task, checkpoints: bool) -> dict[str, Any]:
    fields = {"task": task.id, "title": task.title, **spent_fields(task.spending.steps)["spent"]}
    if checkpoints:
        found = spent_at(task).items()
        fields["checkpoints"] = [{"ordinal": o, "spent": as_fields(spent)} for o, spent in found]
    return fields


def _print(project: ProjectSpending, checkpoints: bool) -> None:
    print(plain(project.project))
    count = len(project.tasks)
    of = counted(count, "{count} task", "{count} tasks")
    print(plain(f"  {of}: {spent_words(project.spent)}"))
    for task in project.tasks:
        _print_task(task, checkpoints)


def _print_task(task: Task, checkpoints: bool) -> None:
    print(plain(f"  {task.id}  {task.title}: {spent_words(task.spending.total)}"))
    if len(task.spending.steps) > 1:
        for step in task.spending.steps:
            print(plain(f"    {step_words(step)}"))
    for ordinal, spent in spent_at(task).items() if checkpoints else ():
        named = tr("checkpoint {ordinal}", ordinal=ordinal)
        where = named if ordinal else tr("since the last checkpoint")
        print(plain(f"    {where}: {used_words(spent)}"))
