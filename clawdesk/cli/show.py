"""`clawdesk show TASK`: its steps, checkpoints and decisions."""

from __future__ import annotations

import argparse
from datetime import datetime

from clawdesk.cli.context import find_task, plain, print_json, task_summary, with_plane
from clawdesk.domain.model import Kind, Task
from clawdesk.domain.values import as_fields
from clawdesk.runtime.api import PlaneApi
from clawdesk.runtime.recents import remember_digest
from clawdesk.viewmodels.costs import spent_words
from clawdesk.viewmodels.story import sentence
from clawdesk.viewmodels.words import first_line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", help="id of the task, or its beginning or end")
    parser.add_argument("--json", action="store_true", help="one JSON object, with the raw fields")


def run(options: argparse.Namespace) -> int:
    async def work(plane: PlaneApi) -> int:
        task = find_task(plane, options.task)
        note_shown(task)
        if options.json:
            checkpoints = [as_fields(c) for c in task.checkpoints]
            records = [as_fields(r) for r in task.records]
            more = {"checkpoints": checkpoints, "records": records}
            agent = as_fields(task.definition.agent)
            print_json({**task_summary(task), "agent": agent, **more})
        else:
            _print(task)
        return 0

    return with_plane(work)


def note_shown(task: Task) -> None:
    """`approve` without a digest answers what was printed last."""
    request = task.request
    if request is not None and request.kind is Kind.APPROVE:
        remember_digest(task.id, request.ordinal, request.digest)


def _print(task: Task) -> None:
    told = task_summary(task)
    print(f"{plain(task.title)}  ({task.id})")
    print(f"  state       {told['state']}, step {told['step']}, attempt {task.attempt}")
    if (agent := task.definition.agent) is not None:
        print(f"  agent       {plain(agent.kind)}, told: {plain(first_line(agent.prompt, 200))}")
    if task.reason:
        freed = f"; freed by: {plain(task.reason.frees)}" if task.reason.frees else ""
        print(f"  waits       {plain(task.reason.text).rstrip('.')}{freed}")
    if task.spending.steps:
        print(f"  used        {plain(spent_words(task.spending.total))}")
    if task.finish_text:
        print(f"  end         {plain(task.finish_text)}")
    if task.request:
        waits = task.request.question or f"approval of checkpoint {task.request.ordinal}"
        print(f"  asks        {plain(waits)}  (key {task.request.key or task.request.ordinal})")
    last_day = ""
    for record in task.records:
        at = datetime.fromtimestamp(record.at_ms / 1000).astimezone()
        day = f"{at:%Y-%m-%d}"
        if day != last_day:
            print(f"  {day}")
            last_day = day
        print(f"  {at:%H:%M:%S}  {plain(sentence(record))}")
