"""A real process that starts ClawDesk's plane on a project, with machines in memory.

Lock, socket, client, Git and replay are the real ones. Usage: plane_process.py PROJECT. It prints a
JSON line when it is ready and after every line it reads ("look": opens the project again;
"submit"), one {"ended": true} when its plane has ended, and ends at the end of its input.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "fabric"), str(ROOT / "vm")]

from clawdesk.adapters.git import GitRepositories  # noqa: E402
from clawdesk.app import open_plane  # noqa: E402
from clawdesk.ports.errors import PortError  # noqa: E402
from clawdesk.runtime.api import PlaneApi  # noqa: E402
from clawdesk.runtime.client import PlaneClient  # noqa: E402
from clawdesk.runtime.clock import SystemClock  # noqa: E402
from clawdesk.runtime.recents import state_dir  # noqa: E402
from clawdesk.runtime.watch import Parts  # noqa: E402
from tests.support.guest_fake import FakeGuests  # noqa: E402
from tests.support.inference_fake import EchoInference  # noqa: E402
from tests.support.machines_fake import FakeMachines  # noqa: E402
from tests.support.plane_world import StillTelemetry  # noqa: E402


async def picture(plane: PlaneApi, project: str) -> dict[str, Any]:
    """Open the project (again); what a user would see of it."""
    view = await plane.open_project(project)
    tasks = {
        task.id: {
            "phase": task.phase.value,
            "reason": task.reason.text if task.reason else "",
            "code": task.reason.code if task.reason else "",
        }
        for task in plane.state.tasks.values()
    }
    client = isinstance(plane, PlaneClient)
    return {"client": client, "read_only": view.read_only, "tasks": tasks}


def say(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


async def obey(plane: PlaneApi, project: str) -> None:
    """Do what the lines of our input say."""
    say(await picture(plane, project))
    while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
        try:
            if line == "submit":
                await plane.submit(project, "tidy")
            say(await picture(plane, project))
        except PortError as error:
            say({"error": error.what, "mend": error.mend, "code": error.code})


async def main(project: str) -> None:
    async def parts() -> Parts:
        machines = FakeMachines()
        machines.ready = False  # nothing runs: what is shown stays as it is
        return Parts(
            machines=machines,
            guests=FakeGuests({}),
            repositories=GitRepositories(),
            inference=EchoInference(),
            telemetry=StillTelemetry(),
            clock=SystemClock(),
            workspaces=state_dir() / "workspaces",
            image_present=lambda: "base 123",
        )

    async with open_plane(parts=parts) as plane:
        work = asyncio.ensure_future(obey(plane, project))
        await asyncio.wait([work, plane.ended], return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            say({"ended": True})
            await work
        work.result()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
