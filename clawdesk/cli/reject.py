"""`clawdesk reject TASK ORDINAL --note TEXT`: the task gets the note and tries again."""

from __future__ import annotations

import argparse

from clawdesk.cli.approve import add_decision_arguments, digest_of
from clawdesk.cli.context import CHANNEL, find_task, tell_of, with_plane
from clawdesk.runtime.api import PlaneApi


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_decision_arguments(parser)
    parser.add_argument("--note", required=True, help="what should be different; the task reads it")


def run(options: argparse.Namespace) -> int:
    async def work(plane: PlaneApi) -> int:
        task = find_task(plane, options.task)
        digest = digest_of(task, options)
        return tell_of(
            plane,
            task,
            await plane.reject(
                task.id, options.ordinal, digest, channel=CHANNEL, note=options.note
            ),
        )

    return with_plane(work)
