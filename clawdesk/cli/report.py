"""`clawdesk report TASK`: what ran, checkpoints, decisions, waits and changes, as Markdown."""

from __future__ import annotations

import argparse
import asyncio
import time
from datetime import datetime
from pathlib import Path

from clawdesk.cli.context import find_task, with_plane
from clawdesk.ports.errors import PortError
from clawdesk.runtime.api import PlaneApi
from clawdesk.viewmodels.reporting import report_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", help="id of the task, or its beginning or end")
    parser.add_argument("--output", metavar="FILE", help="write it there instead of printing it")


def run(options: argparse.Namespace) -> int:
    async def work(plane: PlaneApi) -> int:
        task = find_task(plane, options.task)
        offset = datetime.now().astimezone().utcoffset()
        offset_ms = round(offset.total_seconds() * 1000) if offset is not None else 0
        text = await report_of(plane, task.id, time.time_ns() // 1_000_000, offset_ms)
        if not options.output:
            print(text, end="")
            return 0
        try:
            await asyncio.to_thread(Path(options.output).write_text, text, "utf-8")
        except OSError as error:
            raise PortError(f"{options.output} could not be written: {error.strerror}.") from None
        print(f"The report is in {options.output}")
        return 0

    return with_plane(work)
