"""A plane with a real Git project and a real channel client; machines and guests are in memory."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from clawdesk.adapters.git import GitRepositories
from clawdesk.adapters.openclaw import OpenClawChannels
from clawdesk.adapters.openclaw.cards import OWNER_CHARS
from clawdesk.adapters.openclaw.credentials import CredentialStore
from clawdesk.domain.channel.model import Stage
from clawdesk.domain.model import Phase, Record, Task, TaskId
from clawdesk.domain.replay import read, recover
from clawdesk.ports.channel import ChannelState
from clawdesk.runtime.clock import SystemClock
from clawdesk.runtime.plane import Plane
from clawdesk.runtime.watch import Parts
from clawdesk_fabric.keys import Keys
from tests.support.git_projects import GitProject
from tests.support.guest_fake import FakeGuests, FakeStep
from tests.support.inference_fake import EchoInference
from tests.support.patience import net
from tests.support.plane_world import JoinedMachines, StillTelemetry, until

CANARY = "ghp_canary0123456789abcdef0123456789abcd"
STEP = '[[steps]]\nname = "one"\nrun = "{run}"\n{checkpoint}\n'
APPROVE = 'checkpoint = "approve"'
TASKS = {
    "write": 'title = "Write the notes"\n' + STEP.format(run="write", checkpoint=APPROVE),
    "make": 'title = "Mend the build"\n' + STEP.format(run="make", checkpoint=APPROVE),
    "ask": 'title = "Choose a style"\n' + STEP.format(run="ask", checkpoint=""),
}


async def write(step: FakeStep) -> int:
    feedback = step.machine.feedback or "first"
    step.files["notes.txt"] = f"{feedback} {CANARY} and a line of the change\n".encode()
    return 0


async def make(step: FakeStep) -> int:
    step.files["Makefile"] = b"all:\n\techo built\n"
    return 0


async def ask(step: FakeStep) -> int:
    answer = await step.ask("Which style?", choices=("long", "short"))
    step.files["style.txt"] = str(answer.get("text")).encode()
    return 0


class ChannelWorld:
    """What outlives a plane: the project's Git, and the key that is shown to the gateway."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        files = {f".clawdesk/tasks/{name}.toml": text for name, text in TASKS.items()}
        if (folder / "notes").is_dir():
            self.project = GitProject.__new__(GitProject)
            self.project.folder = folder / "notes"
        else:
            self.project = GitProject(folder / "notes", {"notes.txt": "start\n", **files})
        self.store = CredentialStore(Keys(lambda: None, folder / "keys"))
        self.guests = FakeGuests({"write": write, "make": make, "ask": ask})
        self.machines = JoinedMachines(self.guests)

    def parts(self) -> Parts:
        return Parts(
            machines=self.machines,
            guests=self.guests,
            repositories=GitRepositories(),
            inference=EchoInference(),
            telemetry=StillTelemetry(),
            clock=SystemClock(),
            workspaces=self.folder / "workspaces",
            image_present=lambda: "base 123",
            channels=OpenClawChannels(SystemClock(), self.store),
        )

    async def owner(self, address: str) -> str:
        """How this installation's cards are named on a gateway."""
        kept = await self.store.load(address)
        assert kept is not None
        return kept.identity.device[:OWNER_CHARS]

    async def open(self) -> Plane:
        """A started plane with the project open; the test closes it."""
        plane = Plane(self.parts())
        await plane.start()
        await plane.open_project(self.project.path)
        return plane

    async def submit(self, plane: Plane, name: str) -> Task:
        """A task that has come to its request."""
        task = await plane.submit(self.project.path, name)
        return await until(plane, task, lambda t: t.phase is Phase.HELD)


async def tasks_in_git(project: str) -> list[Task]:
    """The tasks of a project as its commits alone tell."""
    repository = await GitRepositories().open(project)
    try:
        return [recover(read(h.records), None).task for h in await repository.histories()]
    finally:
        await repository.close()


async def pending_in_git(project: str) -> set[str]:
    """Marks of the requests that wait there."""
    return {mark(task) for task in await tasks_in_git(project) if task.phase is Phase.HELD}


async def heard(plane: Plane, wanted: Callable[[], bool]) -> None:
    """Wait until something that the plane publishes is as wanted."""
    moved = asyncio.Event()
    unsubscribe = plane.subscribe(lambda _: moved.set())
    try:
        async with net(lambda: plane.environment.channel):
            while not wanted():
                moved.clear()
                await moved.wait()
    finally:
        unsubscribe()


async def connected(plane: Plane) -> None:
    await heard(plane, lambda: plane.environment.channel.status.state is ChannelState.CONNECTED)


async def delivered(plane: Plane, task: TaskId) -> None:
    def shown() -> bool:
        found = plane.environment.channel.deliveries
        return any(d.task == task and d.stage is Stage.DELIVERED for d in found)

    await heard(plane, shown)


def decision(task: Task) -> Record:
    """The last decision of a task."""
    return next(record for record in reversed(task.records) if record.event == "decision")


def mark(task: Task) -> str:
    assert task.request is not None
    return f"{task.request.id}.{task.request.digest[:12]}"


async def _until_killed(folder: str, address: str, token: str) -> None:
    """A ClawDesk of its own: one task at its request, shown; it says so and waits for its end."""
    world = ChannelWorld(Path(folder))
    plane = await world.open()
    outcome = await plane.add_channel(address, token)
    assert outcome.ok, outcome.text
    task = await world.submit(plane, "write")
    await delivered(plane, task.id)
    print(mark(task), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_until_killed(*sys.argv[1:]))
