"""`clawdesk diff TASK [ORDINAL [ORDINAL | TASK ORDINAL]]`: what a checkpoint changed.

With a second task: from the first one's checkpoint to the other one's, say of two forks. With
`--branch`: from the last commit of the user's own branch.
"""

from __future__ import annotations

import argparse

from clawdesk.cli.context import find_task, plain, print_json, with_plane
from clawdesk.cli.show import note_shown
from clawdesk.domain.model import Task
from clawdesk.ports.errors import PortError
from clawdesk.ports.repository import Diff
from clawdesk.runtime.api import PlaneApi
from clawdesk.runtime.recents import remember_digest
from clawdesk.viewmodels.words import plural


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", help="id of the task, or its beginning or end")
    parser.add_argument("first", nargs="?", type=int, help="a checkpoint (default: the last)")
    parser.add_argument(
        "second", nargs="?", help="compare `first` with this checkpoint, or with one of this task"
    )
    parser.add_argument("third", nargs="?", type=int, help="the checkpoint of the second task")
    parser.add_argument(
        "--branch", action="store_true", help="compare your branch with the checkpoint"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(options: argparse.Namespace) -> int:
    async def work(plane: PlaneApi) -> int:
        task = find_task(plane, options.task)
        other, old, new = _wanted(plane, task, options)
        if options.branch and old is not None:
            raise PortError("--branch takes one checkpoint, not two.", code="usage")
        if options.branch:
            diff = await plane.diff_branch(task.id, new)
        else:
            diff = await plane.diff(task.id, old, new, other=other.id)
        checkpoint = other.checkpoint(new)
        if checkpoint is not None and old is None and not options.branch:
            remember_digest(task.id, new, checkpoint.digest)
            note_shown(task)
        if options.json:
            digest = checkpoint.digest if checkpoint else ""
            print_json({"ordinal": new, "digest": digest, "diff": diff})
        else:
            print(as_text(diff))
            if checkpoint is not None:
                for name in checkpoint.not_taken:
                    print(f"not taken: {plain(name)}")
                print(f"checkpoint {new}, digest {checkpoint.digest[:16]}")
        return 0

    return with_plane(work)


def _wanted(
    plane: PlaneApi, task: Task, options: argparse.Namespace
) -> tuple[Task, int | None, int]:
    """(the task of the second checkpoint, the first, the second). Raises PortError."""
    if options.third is not None:
        return find_task(plane, options.second), options.first, options.third
    if options.second is not None:
        if not options.second.isdecimal():
            raise PortError(
                f"{options.second!r} is no number of a checkpoint.",
                mend="clawdesk diff TASK ORDINAL TASK ORDINAL compares two tasks.",
                code="usage",
            )
        return task, options.first, int(options.second)
    if options.first is not None:
        return task, None, options.first
    if not task.checkpoints:
        raise PortError("The task has no checkpoint yet.", code="no_checkpoint")
    return task, None, task.checkpoints[-1].ordinal


def as_text(diff: Diff) -> str:
    """A unified diff for a terminal, hostile characters made visible."""
    lines: list[str] = []
    for file in diff.files:
        flag = "  (would run on your machine after a merge)" if file.runs_on_host else ""
        old = f" (was {plain(file.old_path)})" if file.status == "renamed" else ""
        head = f"{file.status} {plain(file.path)}{old}  +{file.added} -{file.removed}{flag}"
        lines.append(head)
        if file.note:
            lines.append(f"  {plain(file.note)}")
        for hunk in file.hunks:
            lines.append(plain(hunk.header.rstrip("\n")))
            lines += [f"{line.origin}{plain(line.text.rstrip(chr(10)))}" for line in hunk.lines]
    stat = diff.stat
    lines.append(f"{plural(stat.files, 'file')}, +{stat.added} -{stat.removed}")
    return "\n".join(lines)
