"""`clawdesk prune [--keep DAYS]`: machine snapshots of ended tasks; commits are never removed."""

from __future__ import annotations

import argparse

from clawdesk.cli.context import tell, with_plane
from clawdesk.runtime.api import PlaneApi

KEEP_DAYS = 7.0
KEEP_DAYS_MAX = 3650


def _days(text: str) -> float:
    """A number of days. Raises ValueError, as argparse wants it."""
    days = float(text)
    if not 0 <= days <= KEEP_DAYS_MAX:
        raise argparse.ArgumentTypeError(f"must be from 0 to {KEEP_DAYS_MAX}, not {text}")
    return days


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--keep",
        type=_days,
        default=KEEP_DAYS,
        metavar="DAYS",
        help=f"leave tasks alone that ended in the last DAYS days (default {KEEP_DAYS:g})",
    )


def run(options: argparse.Namespace) -> int:
    async def work(plane: PlaneApi) -> int:
        return tell(await plane.prune(options.keep))

    return with_plane(work)
