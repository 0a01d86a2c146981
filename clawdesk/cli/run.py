"""`clawdesk run PROJECT`, TASK or `--prompt TEXT`: follow it to its end; `--resume`: what waits.

Always without a window; `--headless` says so, for scripts that want to be explicit.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from clawdesk.cli.context import folder, plain, with_plane
from clawdesk.cli.exits import NOT_READY, code_of
from clawdesk.cli.follow import Decider, Follower, until_moved
from clawdesk.cli.submit import TASK_HELP, add_submission_arguments, pairs, submit
from clawdesk.cli.typed import check
from clawdesk.domain.model import FINAL, Phase, Task, TaskId
from clawdesk.ports.errors import PortError
from clawdesk.runtime.api import PlaneApi
from clawdesk.runtime.client import PlaneClient


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", help="folder of the Git repository")
    parser.add_argument("task", nargs="?", help=TASK_HELP)
    parser.add_argument("--resume", action="store_true", help="go on with the task that waits")
    parser.add_argument("--headless", action="store_true", help="without a window (always so)")
    parser.add_argument(
        "--approve",
        choices=("ask", "all"),
        default="ask",
        help="ask on the terminal (default), or approve everything: you then look at nothing",
    )
    parser.add_argument(
        "--answer",
        action="append",
        default=[],
        metavar="KEY=TEXT",
        help="the answer to a question, by its key",
    )
    parser.add_argument("--json", action="store_true", help="events, one JSON object a line")
    add_submission_arguments(parser)


def ask(prompt: str) -> str:
    """A line from the terminal; `input` would put its prompt between the events on our output."""
    print(prompt, end="", file=sys.stderr, flush=True)
    return input()


def decider(options: argparse.Namespace) -> Decider:
    """Who decides, from the options and the terminal."""
    terminal = sys.stdin is not None and sys.stdin.isatty()
    return Decider(
        approve=options.approve,
        answers=pairs(options.answer, "--answer"),
        ask=ask if terminal else None,
        channel="cli-script" if options.approve == "all" or not terminal else "cli",
    )


def run(options: argparse.Namespace) -> int:
    check(options, options.resume)
    who = decider(options)

    async def work(plane: PlaneApi) -> int:
        view = await plane.open_project(folder(options.project))
        if options.resume:
            task_id = _waiting(plane, view.path).id
        else:
            task_id = await submit(plane, view.path, options)
        task = await Follower(plane, task_id, as_json=options.json).until_rest(who)
        await others_at_rest(plane, task_id)
        return leave(task, options.project)

    return with_plane(work, drive=True, project=options.project)


async def others_at_rest(plane: PlaneApi, mine: TaskId) -> None:
    """Tasks of other commands run in this process too: stay until they have ended or wait."""
    if isinstance(plane, PlaneClient):
        return
    moved = asyncio.Event()
    unsubscribe = plane.subscribe(lambda _: moved.set())
    told = False
    try:
        while busy := [t.title for t in plane.state.tasks.values() if t.id != mine and _busy(t)]:
            if not told:
                names = plain(", ".join(busy))
                print(f"Staying for {names}; Ctrl+C suspends what runs.", file=sys.stderr)
                told = True
            await until_moved(plane, moved)
            moved.clear()
    finally:
        unsubscribe()


def _busy(task: Task) -> bool:
    return task.phase not in FINAL and task.phase not in (Phase.HELD, Phase.QUEUED)


def leave(task: Task, project: str) -> int:
    """Say what to do next where the task did not end, and give the exit code."""
    if task.phase in FINAL:
        return code_of(task)
    if task.request is not None:
        print(
            f"{task.id} waits for you; it keeps its place. Decide by `clawdesk inbox`, then: "
            f"clawdesk run {project} --resume",
            file=sys.stderr,
        )
        return code_of(task)
    reason = task.reason
    print(
        f"{task.id} is queued: {plain(reason.text if reason else 'it cannot start')}",
        file=sys.stderr,
    )
    if reason is not None and reason.frees:
        print(f"  {plain(reason.frees)}", file=sys.stderr)
    if reason is not None and reason.code == "untrusted":
        return code_of(task)
    return NOT_READY


def _waiting(plane: PlaneApi, project: str) -> Task:
    open_tasks = [
        task
        for task in plane.state.tasks.values()
        if task.project == project and task.phase not in FINAL
    ]
    if not open_tasks:
        raise PortError("No task of this project waits.", mend="See: clawdesk tasks")
    return max(open_tasks, key=lambda task: task.submitted_at_ms)
