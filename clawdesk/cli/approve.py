"""`clawdesk approve TASK ORDINAL`: bound to the digest that was printed last."""

from __future__ import annotations

import argparse

from clawdesk.cli.context import CHANNEL, find_task, tell, with_plane
from clawdesk.ports.errors import PortError
from clawdesk.runtime.api import PlaneApi
from clawdesk.runtime.recents import shown_digest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_decision_arguments(parser)
    parser.add_argument("--note", default="", help="a word for the record")


def add_decision_arguments(parser: argparse.ArgumentParser) -> None:
    """Options that `approve` and `reject` share."""
    parser.add_argument("task", help="id of the task, or its beginning or end")
    parser.add_argument("ordinal", type=int, help="number of the checkpoint")
    parser.add_argument("--digest", help="what you looked at (default: what was printed last)")


def digest_of(task: str, options: argparse.Namespace) -> str:
    """The digest a decision is bound to. Raises PortError when nothing was ever shown."""
    digest = options.digest or shown_digest(task, options.ordinal)
    if not digest:
        raise PortError(
            "You have not looked at this checkpoint yet.",
            mend=f"clawdesk diff {task} {options.ordinal}",
            code="usage",
        )
    return str(digest)


def run(options: argparse.Namespace) -> int:
    async def work(plane: PlaneApi) -> int:
        task = find_task(plane, options.task)
        digest = digest_of(task.id, options)
        return tell(
            await plane.approve(
                task.id, options.ordinal, digest, channel=CHANNEL, note=options.note
            )
        )

    return with_plane(work)
