"""`clawdesk demo`: the sample project, through checkpoint, question, approval and merge."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from clawdesk.app import copy_demo
from clawdesk.cli.context import with_plane
from clawdesk.cli.exits import code_of
from clawdesk.cli.follow import Decider, Follower
from clawdesk.cli.run import leave
from clawdesk.domain.model import Phase
from clawdesk.runtime.api import PlaneApi

TASK = "tidy-notes"
ANSWERS = {"sort": "date"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--headless", action="store_true", help="without a window")
    parser.add_argument("--dir", metavar="DIR", help="where the sample project is copied to")
    parser.add_argument("--json", action="store_true", help="events, one JSON object a line")


def run(options: argparse.Namespace) -> int:
    project = str(copy_demo(Path(options.dir) if options.dir else None))
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not options.headless and screen:
        from clawdesk.cli import window

        print(f"The sample project is at {project}. Run {TASK!r} in the window.", file=sys.stderr)
        return window.run(argparse.Namespace(project=[project]))
    if not options.headless:
        print("There is no display: the sample runs without a window.", file=sys.stderr)
    print(
        f"The sample project is at {project}.\n"
        "No person looks at this run: a script approves the checkpoint and answers the question.",
        file=sys.stderr,
    )
    return _headless(project, as_json=options.json)


def _headless(project: str, *, as_json: bool) -> int:
    script = Decider(approve="all", answers=ANSWERS, channel="demo-script")

    async def work(plane: PlaneApi) -> int:
        view = await plane.open_project(project)
        task_id = await plane.submit(view.path, TASK)
        task = await Follower(plane, task_id, as_json=as_json).until_rest(script)
        if task.phase is not Phase.DONE:
            return leave(task, project)
        merged = await plane.merge(task_id)
        print(f"{merged.text} ({merged.branch} at {merged.commit[:12]})", file=sys.stderr)
        print(
            "Approved and answered by the demo's script, not by a person. "
            f"Look at it: git -C {project} log --stat",
            file=sys.stderr,
        )
        return code_of(task)

    return with_plane(work, drive=True, project=project)
