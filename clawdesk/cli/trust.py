"""`clawdesk trust PROJECT`: what the project's file asks beyond the usual, and your answer to it.

Trust is for the bytes that were shown: a changed file asks again.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import Any

from clawdesk.cli.context import folder, plain, print_json, tell, with_plane
from clawdesk.cli.exits import DONE, FAILED, REFUSED, WRONG_USE
from clawdesk.domain.definitions import PROJECT_FILE
from clawdesk.domain.model import FINAL
from clawdesk.runtime.api import PlaneApi, PolicyView


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", help="folder of the Git repository")
    parser.add_argument("--yes", action="store_true", help="trust what is asked, without asking")
    parser.add_argument("--revoke", action="store_true", help="trust no version of its file more")
    parser.add_argument(
        "--json", action="store_true", help="one JSON object a version of the file; asks nothing"
    )


def run(options: argparse.Namespace) -> int:
    async def work(plane: PlaneApi) -> int:
        project = (await plane.open_project(folder(options.project))).path
        if options.revoke:
            outcome = await plane.untrust(project)
            if options.json:
                print_json({"project": project, "trusted": not outcome.ok, "text": outcome.text})
                return DONE if outcome.ok else FAILED
            return tell(outcome)
        return await _decide(plane, project, options)

    return with_plane(work, project=options.project)


async def versions(plane: PlaneApi, project: str) -> list[PolicyView]:
    """The file as the next task would start with it, then as waiting tasks did, each once."""
    found = {(view := await plane.project_policy(project)).digest: view}
    for task in list(plane.state.tasks.values()):
        waits = task.project == project and task.phase not in FINAL and task.policy_asks
        if waits and task.policy_digest not in found:
            found[task.policy_digest] = await plane.project_policy(project, task.id)
    return list(found.values())


async def _decide(plane: PlaneApi, project: str, options: argparse.Namespace) -> int:
    code = DONE
    for view in await versions(plane, project):
        if not options.json:
            _show(view)
        if view.asks and not view.trusted:
            code = max(code, await _trust(plane, view, options))
        elif options.json:
            print_json(_fields(view))
    return code


async def _trust(plane: PlaneApi, view: PolicyView, options: argparse.Namespace) -> int:
    if not options.yes:
        if options.json:
            print_json(_fields(view))
            return DONE
        if sys.stdin is None or not sys.stdin.isatty():
            print("clawdesk: there is no terminal to ask on; nothing is trusted.", file=sys.stderr)
            print("  --yes trusts what is shown above.", file=sys.stderr)
            return WRONG_USE
        answer = await asyncio.to_thread(input, "Trust it? Its tasks then get that. [y/N] ")
        if answer.strip().lower() not in {"y", "yes"}:
            print("Not trusted; its tasks wait.")
            return REFUSED
    outcome = await plane.trust(view.project, view.digest)
    if options.json:
        print_json({**_fields(view), "trusted": outcome.ok, "text": outcome.text})
        return DONE if outcome.ok else FAILED
    return tell(outcome)


def _fields(view: PolicyView) -> dict[str, Any]:
    return {
        "project": view.project,
        "file": PROJECT_FILE,
        "digest": view.digest,
        "asks": [{"line": line, "text": text} for line, text in view.asks],
        "trusted": view.trusted,
        "uncommitted": view.uncommitted,
    }


def _show(view: PolicyView) -> None:
    if view.uncommitted:
        print(
            "clawdesk: the work tree has another version of the file; tasks start from commits.",
            file=sys.stderr,
        )
    if not view.digest:
        print(f"{plain(view.project)} has no {PROJECT_FILE}; there is nothing to trust.")
        return
    print(f"{plain(view.project)}/{PROJECT_FILE} (sha256 {view.digest[:16]})")
    if not view.asks:
        print("  asks nothing beyond the usual and your own rules; it needs no trust.")
        return
    for line, text in view.asks:
        print(f"  line {line}: {plain(text)}")
    if view.trusted:
        print("It is trusted.")
