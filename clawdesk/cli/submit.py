"""`clawdesk submit`: a task for the ClawDesk that is running, or for the next one that does."""

from __future__ import annotations

import argparse
import sys

from clawdesk.cli.context import folder, plain, print_json, with_plane
from clawdesk.cli.typed import add_prompt_arguments, check, process_of
from clawdesk.ports.errors import PortError
from clawdesk.runtime.api import PlaneApi
from clawdesk.viewmodels.words import plural

TASK_HELP = "name of a file in .clawdesk/tasks, without .toml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", help="folder of the Git repository")
    parser.add_argument("task", nargs="?", help=TASK_HELP)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_submission_arguments(parser)


def add_submission_arguments(parser: argparse.ArgumentParser) -> None:
    """Options that `run` and `submit` share."""
    add_prompt_arguments(parser)
    parser.add_argument("--priority", type=int, help="instead of the task file's suggestion")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a variable in the environment of the task's steps",
    )
    parser.add_argument(
        "--changes",
        choices=("include", "ignore"),
        help="your uncommitted changes: part of the task's start, or not (the default)",
    )


def pairs(texts: list[str], option: str, form: str = "KEY=VALUE") -> dict[str, str]:
    """KEY=VALUE options as a mapping. Raises PortError."""
    found = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise PortError(f"{option} wants {form}, not {text!r}.", code="usage")
        found[key] = value
    return found


async def submit(plane: PlaneApi, project: str, options: argparse.Namespace) -> str:
    """Submit by the shared options; says what happens to uncommitted changes."""
    process = await process_of(plane, options)
    view = plane.projects[project]
    if view.dirty and options.changes is None:
        changes = plural(len(view.dirty), "uncommitted change")
        print(
            f"clawdesk: The task starts without your {changes} (--changes include takes them in).",
            file=sys.stderr,
        )
    return await plane.submit(
        project,
        process,
        priority=options.priority,
        include_changes=options.changes == "include",
        settings=pairs(options.set, "--set"),
    )


def run(options: argparse.Namespace) -> int:
    check(options)

    async def work(plane: PlaneApi) -> int:
        view = await plane.open_project(folder(options.project))
        task = await submit(plane, view.path, options)
        if options.json:
            print_json({"task": task, "project": view.path, "name": options.task or ""})
        else:
            print(f"{task} submitted.")
            submitted = plane.state.tasks.get(task)
            waits = submitted.reason if submitted else plane.state.environment
            if waits is not None:
                print(plain(f"It waits: {waits.text} Freed by: {waits.frees}"))
        return 0

    return with_plane(work, project=options.project)
