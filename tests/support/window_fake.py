"""The real window on the scripted plane, as a process of its own, for journeys and pictures.

`python -m tests.support.window_fake [--scene NAME] [--step-ms N] [PROJECT]`; scenes: full, fits
(and whatever is started there fits), hundred, empty, first, run.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from clawdesk.app import desktop_notices
from clawdesk.runtime.api import PlaneApi
from clawdesk.ui.loop import Around, run_window
from tests.support import plane_scenes as scenes
from tests.support.plane_fake import FakePlane


def multiply(plane: FakePlane, times: int) -> None:
    """Every task so often, each with an id and requests of its own."""
    for task in list(plane.state.tasks.values()):
        for number in range(1, times):
            request = task.request and replace(task.request, id=f"{task.request.id}-{number}")
            name = f"{task.id[:-3]}{number}{task.id[-2:]}"
            named = replace(task.definition, title=f"{task.title} {number}")
            plane.state.tasks[name] = replace(task, id=name, definition=named, request=request)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scene", default="run")
    parser.add_argument("--step-ms", type=int, default=300)
    parser.add_argument("--no-gpu", action="store_true")
    parser.add_argument("project", nargs="*")
    wanted = parser.parse_args(argv)

    @asynccontextmanager
    async def make() -> AsyncIterator[PlaneApi]:
        plane = FakePlane(lambda: time.time_ns() // 1_000_000, step_ms=wanted.step_ms)
        if wanted.scene in {"full", "fits", "hundred"}:
            plane.fill()
        if wanted.scene == "hundred":
            multiply(plane, 10)
        elif wanted.scene == "empty":
            plane.projects[scenes.PROJECT] = scenes.project(dirty=())
        plane.load = scenes.load(gpus=not wanted.no_gpu)
        plane.environment = scenes.environment(kvm=wanted.scene in {"full", "fits"})
        if wanted.scene in {"fits", "run"}:
            plane.let_all_fit()
        # A journey answers through another channel, as OpenClaw or the command line would.
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, plane.answer_elsewhere)
        try:
            yield plane
        finally:
            await plane.close()

    return run_window(make, wanted.project, Around(desktop_notices))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
