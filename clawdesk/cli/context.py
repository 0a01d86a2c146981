"""What commands share: a plane, the task a person means, and how values are printed."""

from __future__ import annotations

import asyncio
import getpass
import json
import shlex
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from clawdesk.app import open_plane
from clawdesk.cli.exits import FAILED
from clawdesk.domain.model import FINAL, Task
from clawdesk.domain.values import as_fields
from clawdesk.ports.errors import PortError
from clawdesk.runtime.api import Outcome, PlaneApi
from clawdesk.runtime.client import PlaneGoneError
from clawdesk.runtime.recents import recent_projects
from clawdesk.runtime.watch import NOT_DRIVEN

CHANNEL = "cli"
PREFIX_MIN = 4


def with_plane(
    work: Callable[[PlaneApi], Awaitable[int]], *, drive: bool = False, project: str | None = None
) -> int:
    """Run `work` on the user's plane; a plane of our own knows the recent projects.

    Where the plane ends before it took anything that changes something, `work` is begun once more
    with the next one: another process', or one of our own.
    """

    path = folder(project) if project is not None else None

    async def once() -> int:
        async with open_plane(drive=drive) as plane:
            await _open_projects(plane, path)
            return await work(plane)

    async def session() -> int:
        end_on_sigterm()
        try:
            return await once()
        except PlaneGoneError as gone:
            if not gone.undone:
                raise
            print("clawdesk: the running ClawDesk was just ending; again.", file=sys.stderr)
        return await once()

    try:
        return asyncio.run(session())
    except asyncio.CancelledError:
        return FAILED  # SIGTERM: what ran was suspended on the way out


def end_on_sigterm() -> None:
    """Take SIGTERM as Ctrl+C: suspend what runs, then leave."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


async def _open_projects(plane: PlaneApi, project: str | None) -> None:
    if project is not None:
        await plane.open_project(project)
        return
    if plane.projects:
        return
    for path in recent_projects():
        try:
            await plane.open_project(path)
        except PortError as error:
            # One that was deleted or moved away is no news: folders that are gone are left out too.
            if error.code != "not_a_repository":
                print(plain(f"clawdesk: {error.sentence}"), file=sys.stderr)


def folder(project: str) -> str:
    """A project as every process understands it: the plane has another working directory."""
    return str(Path(project).expanduser().resolve())


def find_task(plane: PlaneApi, text: str) -> Task:
    """The task a person means: its id, the beginning or the end of one, or a unique name.

    Raises:
        PortError: none or several match.
    """
    wanted = text.upper()
    tasks = plane.state.tasks
    if wanted in tasks:
        return tasks[wanted]
    found = [
        task
        for task in tasks.values()
        if (len(wanted) >= PREFIX_MIN and (task.id.startswith(wanted) or task.id.endswith(wanted)))
        or (text and task.definition.name == text)
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        raise PortError(f"There is no task {text!r}.", mend="See: clawdesk tasks", code="no_task")
    ids = ", ".join(sorted(task.id for task in found))
    raise PortError(f"{text!r} could be any of: {ids}.", code="no_task")


async def tasks_in(plane: PlaneApi, project: str | None) -> list[Task]:
    """All tasks, or those of the project in that folder."""
    only = (await plane.open_project(folder(project))).path if project else None
    return [t for t in plane.state.tasks.values() if only is None or t.project == only]


def print_json(value: object) -> None:
    """One JSON object on one line, at once (streams are read by programs)."""
    fields = as_fields(value)
    try:
        print(json.dumps(fields, ensure_ascii=False), flush=True)
    except UnicodeEncodeError:  # the name of a file that is no UTF-8, or a terminal of few letters
        print(json.dumps(fields), flush=True)


def secret_line(prompt: str, what: str) -> str:
    """A token or password: asked for without echo, or a line of standard input.

    Raises:
        PortError: there is nobody to ask and nothing to read.
    """
    if sys.stdin is not None and sys.stdin.isatty():
        return getpass.getpass(f"{prompt}: ")
    line = sys.stdin.readline().strip() if sys.stdin is not None else ""
    if not line:
        raise PortError(f"{what} is read from standard input, and there was none.", code="usage")
    return line


def tell(outcome: Outcome) -> int:
    """Print what an intent led to; 0 when it was obeyed, 1 when not."""
    print(outcome.text, file=sys.stdout if outcome.ok else sys.stderr)
    return 0 if outcome.ok else 1


def tell_of(plane: PlaneApi, task: Task, outcome: Outcome) -> int:
    """`tell`, and what makes the task go on where no ClawDesk runs that would do it now."""
    code = tell(outcome)
    nobody = plane.state.environment
    now = plane.state.tasks.get(task.id, task)
    if outcome.ok and nobody is not None and nobody.code == NOT_DRIVEN and now.phase not in FINAL:
        text = f"It is kept. To go on with it: clawdesk run {shlex.quote(task.project)} --resume"
        print(plain(text), file=sys.stderr)
    return code


def plain(text: str) -> str:
    """Guest and repository text for a terminal: control characters are shown, not obeyed."""
    return "".join(c if c in "\n\t" or c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def task_summary(task: Task) -> dict[str, Any]:
    """A task as `tasks --json` and `show --json` print it."""
    step = task.steps[task.step_index].name if task.step_index < len(task.steps) else ""
    return {
        "task": task.id,
        "project": task.project,
        "name": task.definition.name,
        "title": task.title,
        "state": task.phase.value,
        "step": step,
        "priority": task.priority,
        "attempt": task.attempt,
        "checkpoints": [c.ordinal for c in task.checkpoints],
        "reason": as_fields(task.reason) if task.reason else None,
        "request": as_fields(task.request) if task.request else None,
        "text": task.finish_text,
        "merged_into": task.merged_into,
    }
