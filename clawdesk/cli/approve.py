"""`clawdesk approve TASK ORDINAL`: bound to the digest that was printed last.

`--only PATH` takes a part and gives the rest back; `--edit PATH=FILE` puts your version there.
"""

from __future__ import annotations

import argparse
import errno
from pathlib import Path

from clawdesk.cli.context import CHANNEL, find_task, tell_of, with_plane
from clawdesk.cli.submit import pairs
from clawdesk.domain.model import Task
from clawdesk.ports.errors import PortError
from clawdesk.runtime.api import PlaneApi
from clawdesk.runtime.recents import shown_digest

EDIT_BYTES_MAX = 600 * 1024
"""What the plane's socket takes in one request, as base64."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_decision_arguments(parser)
    parser.add_argument("--note", default="", help="a word that the task reads")
    parser.add_argument(
        "--only",
        action="extend",
        nargs="+",
        metavar="PATH",
        help="take only the changes of these files or folders; the rest is put back as it was "
        "before, and the task is told",
    )
    parser.add_argument(
        "--edit",
        action="append",
        default=[],
        metavar="PATH=FILE",
        help="approve PATH with the content of FILE instead",
    )


def _content(file: Path) -> bytes:
    """At most one byte more than is allowed; a device or pipe would never end. Raises OSError."""
    if not file.is_file():
        file.stat()  # one that is not there says so itself
        raise OSError(errno.EINVAL, "Is a directory" if file.is_dir() else "Not a regular file")
    with file.open("rb") as stream:
        return stream.read(EDIT_BYTES_MAX + 1)


def _edits(texts: list[str]) -> dict[str, bytes]:
    """PATH=FILE options as contents. Raises PortError."""
    edits: dict[str, bytes] = {}
    for path, name in pairs(texts, "--edit", "PATH=FILE").items():
        try:
            edits[path] = _content(Path(name).expanduser())
        except OSError as error:
            raise PortError(f"{name} cannot be read: {error.strerror}.", code="usage") from error
    if sum(map(len, edits.values())) > EDIT_BYTES_MAX:
        raise PortError(
            f"The edited files have more than {EDIT_BYTES_MAX // 1024} KiB together.",
            mend="Reject with a note, or merge and edit then.",
            code="usage",
        )
    return edits


def add_decision_arguments(parser: argparse.ArgumentParser) -> None:
    """Options that `approve` and `reject` share."""
    parser.add_argument("task", help="id of the task, or its beginning or end")
    parser.add_argument("ordinal", type=int, help="number of the checkpoint")
    parser.add_argument("--digest", help="what you looked at (default: what was printed last)")


def digest_of(task: Task, options: argparse.Namespace) -> str:
    """The digest a decision is bound to, "" where the checkpoint waits for none.

    Raises:
        PortError: there is no such checkpoint, or it waits and was never shown.
    """
    if task.checkpoint(options.ordinal) is None:
        there = ", ".join(str(c.ordinal) for c in task.checkpoints) or "none yet"
        raise PortError(
            f"The task has no checkpoint {options.ordinal}; there are: {there}.",
            code="no_checkpoint",
        )
    digest = options.digest or shown_digest(task.id, options.ordinal)
    request = task.request
    waits = request is not None and request.ordinal == options.ordinal
    if not digest and waits:
        raise PortError(
            "You have not looked at this checkpoint yet.",
            mend=f"clawdesk diff {task.id} {options.ordinal}",
            code="usage",
        )
    return str(digest)


def run(options: argparse.Namespace) -> int:
    edits = _edits(options.edit)

    async def work(plane: PlaneApi) -> int:
        task = find_task(plane, options.task)
        digest = digest_of(task, options)
        return tell_of(
            plane,
            task,
            await plane.approve(
                task.id,
                options.ordinal,
                digest,
                channel=CHANNEL,
                note=options.note,
                only=tuple(options.only) if options.only else None,
                edits=edits,
            ),
        )

    return with_plane(work)
