"""A process that starts a plane on a repository and says when it is ready; bench_restart runs it.

Git, replay, kernel and socket are the real ones; the machines that outlived the last plane are
simulated, named by the tasks given. Usage: restart_plane.py PROJECT RUNNING_TASK...
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "fabric"), str(ROOT / "vm")]

from clawdesk.adapters.git import GitRepositories  # noqa: E402
from clawdesk.runtime.clock import SystemClock  # noqa: E402
from clawdesk.runtime.plane import Plane  # noqa: E402
from clawdesk.runtime.recents import remember_project, state_dir  # noqa: E402
from clawdesk.runtime.server import PlaneServer  # noqa: E402
from clawdesk.runtime.watch import Parts  # noqa: E402
from tests.support.guest_fake import FakeGuests  # noqa: E402
from tests.support.inference_fake import EchoInference  # noqa: E402
from tests.support.machines_fake import FakeMachine, FakeMachines  # noqa: E402
from tests.support.plane_world import StillTelemetry  # noqa: E402


async def main(project: str, running: list[str]) -> None:
    """Print one JSON line once every task is known and commands are answered."""
    guests, machines = FakeGuests({}), FakeMachines()
    for number, task in enumerate(running):
        name = f"left-{number}"
        machines.machines[name] = FakeMachine(name, task, 1)
        guests.add(name, {})
    remember_project(project)
    with tempfile.TemporaryDirectory(prefix="cdr") as folder:
        parts = Parts(
            machines=machines,
            guests=guests,
            repositories=GitRepositories(tips=state_dir() / "tips"),
            inference=EchoInference(),
            telemetry=StillTelemetry(),
            clock=SystemClock(),
            workspaces=Path(folder) / "workspaces",
            image_present=lambda: "base 123",
        )
        plane = Plane(parts)
        server = PlaneServer(plane, Path(folder) / "plane.sock")
        await server.start()
        await plane.start()
        await plane.open_project(project)
        phases = Counter(task.phase.value for task in plane.state.tasks.values())
        print(json.dumps({"at": time.monotonic(), "phases": phases}), flush=True)
        await asyncio.to_thread(sys.stdin.read)  # until whoever measures has done with us


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
