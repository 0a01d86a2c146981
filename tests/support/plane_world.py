"""A whole plane on fakes: machines, guests and Git in memory, driven by scripts.

A restore brings back the files of a snapshot, not the waiting coroutine inside: what memory does is
proven on real machines (tests/e2e).
"""

from __future__ import annotations

import asyncio
import tarfile
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from pathlib import Path

import pytest

from clawdesk.domain.model import MachineId, MachineNeed, Snapshot, Task, TaskId
from clawdesk.domain.package_sources import NPM, PYPI, PackageSource
from clawdesk.ports.machines import MachineSpec, StartedMachine
from clawdesk.ports.telemetry import HostLoad
from clawdesk.runtime.api import PlaneApi
from clawdesk.runtime.plane import Plane
from clawdesk.runtime.watch import Parts
from tests.support.fake_merges import FakeProject
from tests.support.guest_fake import FakeGuests, FakeStep
from tests.support.inference_fake import EchoInference
from tests.support.machines_fake import FakeMachines
from tests.support.repository_fake import FakeRepositories

PROJECT = "/projects/notes"
SOURCES: tuple[PackageSource, ...] = (
    PackageSource(PYPI, ("py.example", "files.example"), ("10.1.2.3",)),
    PackageSource(NPM, ("npm.example",)),
)
"""Where this computer gets packages."""


class StillTelemetry:
    """A host that never changes."""

    async def sample(self) -> HostLoad:
        return HostLoad(1.0, 2, 1_000, 8_000, 100_000, gpu_note="no NVIDIA GPU")

    async def close(self) -> None:
        pass


class CountingClock:
    def __init__(self) -> None:
        self._ticks = count(1_000_000, 10)

    def now_ms(self) -> int:
        return next(self._ticks)

    def steady_ms(self) -> int:
        return next(self._ticks)


class JoinedMachines(FakeMachines):
    """Machines whose guests are found by `FakeGuests`."""

    def __init__(self, guests: FakeGuests) -> None:
        super().__init__()
        self._guests = guests
        self._files: dict[str, tuple[dict[str, bytes], dict[str, bytes]]] = {}

    async def start(self, spec: MachineSpec) -> StartedMachine:
        started = await super().start(spec)
        self._guests.add(started.machine, await asyncio.to_thread(_files_of, spec.workspace))
        return started

    async def start_builder(self, need: MachineNeed, set_up: Path) -> StartedMachine:
        started = await super().start_builder(need, set_up)
        self._guests.add(started.machine)
        return started

    async def snapshot(self, machine: MachineId, task: TaskId, ordinal: int) -> Snapshot:
        taken = await super().snapshot(machine, task, ordinal)
        inside = self._guests.machines[machine]
        self._files[taken.id] = (dict(inside.start), dict(inside.files))
        return taken

    async def share(self, snapshot: Snapshot, task: TaskId, ordinal: int) -> Snapshot:
        shared = await super().share(snapshot, task, ordinal)
        self._files[shared.id] = self._files[snapshot.id]
        return shared

    async def restore(self, task: TaskId, attempt: int, snapshot: Snapshot) -> StartedMachine:
        started = await super().restore(task, attempt, snapshot)
        start, files = self._files[snapshot.id]
        self._guests.add(started.machine, files).start = dict(start)
        return started


class KeptSetUps:
    """Set-ups that are written nowhere; `contents` are those of each, `found` is for tests."""

    def __init__(self) -> None:
        self.contents: list[dict[str, bytes]] = []
        self.found = SOURCES

    def write(self, contents: Mapping[str, bytes], into: Path) -> None:
        self.contents.append(dict(contents))

    def sources(self) -> tuple[PackageSource, ...]:
        return self.found


def _files_of(tar: Path) -> dict[str, bytes]:
    with tarfile.open(tar) as archive:
        found = {}
        for entry in archive:
            if entry.isfile() and entry.name.startswith("workspace/"):
                stream = archive.extractfile(entry)
                assert stream is not None
                found[entry.name.removeprefix("workspace/")] = stream.read()
        return found


class PlaneWorld:
    """Fakes that outlive a plane, as Git and machines do."""

    def __init__(
        self,
        folder: Path,
        task_files: Mapping[str, str],
        scripts: Mapping[str, Callable[[FakeStep], Awaitable[int]]],
    ) -> None:
        self.guests = FakeGuests(scripts)
        self.machines = JoinedMachines(self.guests)
        self.repositories = FakeRepositories()
        self.inference = EchoInference()
        self.folder = folder
        self.set_ups = KeptSetUps()
        files = {f".clawdesk/tasks/{name}.toml": text for name, text in task_files.items()}
        self.project: FakeProject = self.repositories.add(PROJECT, {"notes.txt": "start", **files})

    def parts(self) -> Parts:
        return Parts(
            machines=self.machines,
            guests=self.guests,
            repositories=self.repositories,
            inference=self.inference,
            telemetry=StillTelemetry(),
            clock=CountingClock(),
            workspaces=self.folder / "workspaces",
            image_present=lambda: "base 123",
            set_ups=self.set_ups,
        )

    async def open(self) -> Plane:
        """A started plane with the project open; the test closes it."""
        plane = Plane(self.parts())
        await plane.start()
        await plane.open_project(PROJECT)
        return plane


def own_policy(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Make `text` the user's policy.toml; all of the user's settings lie in `folder` then."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    policy = folder / "config/clawdesk/policy.toml"
    policy.parent.mkdir(parents=True)
    policy.write_text(text)


async def until(plane: PlaneApi, task: TaskId, wanted: Callable[[Task], bool]) -> Task:
    """Wait for the task to be as wanted; an event, never a sleep."""
    moved = asyncio.Event()
    unsubscribe = plane.subscribe(lambda _: moved.set())
    try:
        async with asyncio.timeout(20):
            while not wanted(plane.state.tasks[task]):
                moved.clear()
                await moved.wait()
    except TimeoutError:
        raise AssertionError(f"never: {plane.state.tasks[task]}") from None
    finally:
        unsubscribe()
    return plane.state.tasks[task]
