"""`clawdesk answer TASK KEY TEXT`, or `--ask-back TEXT`: a question in return."""

from __future__ import annotations

import argparse

from clawdesk.cli.context import CHANNEL, find_task, tell_of, with_plane
from clawdesk.runtime.api import PlaneApi


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", help="id of the task, or its beginning or end")
    parser.add_argument("key", help="key of the question, as the inbox shows it")
    said = parser.add_mutually_exclusive_group(required=True)
    said.add_argument("text", nargs="?", help="the answer")
    said.add_argument(
        "--ask-back",
        metavar="TEXT",
        help="a question of yours in place of an answer: an agent gets the words and may ask "
        "again; in a plain command `claw ask` prints them and exits with 4, and a step that was "
        "not written for that fails",
    )


def run(options: argparse.Namespace) -> int:
    async def work(plane: PlaneApi) -> int:
        task = find_task(plane, options.task)
        if options.ask_back is not None:
            give, said = plane.ask_back, options.ask_back
        else:
            give, said = plane.answer, options.text
        return tell_of(plane, task, await give(task.id, options.key, said, channel=CHANNEL))

    return with_plane(work)
