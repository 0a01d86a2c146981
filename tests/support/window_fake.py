"""The real window on the scripted plane, as a process of its own, for journeys and pictures.

`python -m tests.support.window_fake [--scene full|empty|first|run] [--step-ms N] [PROJECT]`
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from clawdesk.app import desktop_notices
from clawdesk.runtime.api import PlaneApi
from clawdesk.ui.loop import Around, run_window
from tests.support import plane_scenes as scenes
from tests.support.plane_fake import FakePlane


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
        if wanted.scene == "full":
            plane.fill()
        elif wanted.scene == "empty":
            plane.projects[scenes.PROJECT] = scenes.project(dirty=())
        plane.load = scenes.load(gpus=not wanted.no_gpu)
        plane.environment = scenes.environment(kvm=wanted.scene == "full")
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
