"""`clawdesk prune [--keep DAYS]`: machine snapshots of ended tasks; commits are never removed."""

from __future__ import annotations

import argparse

from clawdesk.cli.context import tell, with_plane
from clawdesk.runtime.api import PlaneApi
from clawdesk_fabric.bounded import between

KEEP_DAYS = 7.0
KEEP_DAYS_MAX = 3650


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--keep",
        type=between(float, 0, KEEP_DAYS_MAX),
        default=KEEP_DAYS,
        metavar="DAYS",
        help=f"leave tasks alone that ended in the last DAYS days (default {KEEP_DAYS:g})",
    )


def run(options: argparse.Namespace) -> int:
    async def work(plane: PlaneApi) -> int:
        return tell(await plane.prune(options.keep))

    return with_plane(work)
