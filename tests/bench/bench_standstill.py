"""Row M3 of performance.md by size and path: how long a checkpoint makes the guest stand still.

Live and background snapshots of one machine in turn, beside `docker commit` of a container that
holds the same files. Background snapshots are measured only where the probe passes.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import docker

from clawdesk.adapters.libvirt.background_choice import SWITCH
from clawdesk.adapters.libvirt.channel import ChannelSession
from clawdesk.adapters.libvirt.machines import LibvirtMachines
from clawdesk.ports.guest import StepEnded, StepOutput, StepRun
from clawdesk.ports.machines import MachineSpec
from tests.bench.bench_steps import imported
from tests.bench.rows import Row, row
from tests.support import libvirt_real as real
from tests.support.dockerd import engine
from tests.support.libvirt_guest import guests_of, shell, workspace_tar

TASK = "01JBENCH000000000000000003"
FILE_MB = 20
DIRTY_MB = {256: 20, 1024: 400}
GOAL_MS = {256: 60, 1024: 100}
_FILL = "head -c {0}000000 /dev/urandom > {1}"


@dataclass
class Samples:
    """Milliseconds of one path: virtual CPUs stopped, longest silence of the guest, whole call."""

    pause: list[float] = field(default_factory=list)
    silence: list[float] = field(default_factory=list)
    call: list[float] = field(default_factory=list)


def measure(n: int) -> Iterator[Row]:
    os.environ[SWITCH] = "on"  # emulated machines are not asked otherwise
    with engine() as host:
        commits, driver = _commits(host, n)
    beside = f"docker commit of the same {FILE_MB} MB of files ({driver}), no memory"
    yield row(f"M3 docker commit, {FILE_MB} MB of files", commits, "ms")
    for memory_mib, dirty_mb in DIRTY_MB.items():
        for path, found in asyncio.run(_machine(memory_mib, n)).items():
            name = f"M3 checkpoint at {memory_mib} MiB ({dirty_mb} MB dirty), {path}"
            yield row(
                f"{name}: virtual CPUs stand still",
                found.pause,
                "ms",
                beside=commits,
                ratio_to=beside,
                goal=f"at most {GOAL_MS[memory_mib]} ms, and once docker commit",
            )
            yield row(f"{name}: longest silence of a guest that prints", found.silence, "ms")
            yield row(f"{name}: whole call, until the file is whole", found.call, "ms")


async def _machine(memory_mib: int, n: int) -> dict[str, Samples]:
    need = replace(real.NEED, memory_mib=memory_mib)
    found = {"live": Samples()}
    with tempfile.TemporaryDirectory() as folder:
        tar = workspace_tar(Path(folder), {"a.txt": b"a"})
        async with real.real_machines("still") as machines, guests_of(machines) as guests:
            await machines.warm(need)
            place = machines._workplace
            assert place is not None
            image = place.image("base")
            plan = place.blueprint(need, image, place.acceleration(image).name)
            if await asyncio.to_thread(place.prove_background, plan):
                found["background"] = Samples()
            started = await machines.start(MachineSpec(TASK, 1, need, tar))
            guest = await guests.connect(started.machine, token="", start=True)
            await shell(guest, _FILL.format(FILE_MB, "files.bin"))
            await shell(guest, _FILL.format(DIRTY_MB[memory_mib], "/dev/shm/dirty"))
            for ordinal in range(1, n + 1):
                for path, samples in found.items():
                    place.capture._may_hurry = lambda _name, path=path: path == "background"  # type: ignore[misc]
                    await _snapshot(machines, guest, started.machine, ordinal, samples)
            await guest.close()
            await machines.discard(TASK)
    return found


async def _snapshot(
    machines: LibvirtMachines, guest: ChannelSession, machine: str, ordinal: int, into: Samples
) -> None:
    """One snapshot while the guest prints without end."""
    run = f"print-{ordinal}-{len(into.pause)}-{id(into)}"
    await guest.run(StepRun(run, "print", "while :; do echo tick; done", timeout_s=120))
    heard: list[float] = []
    news = asyncio.Condition()
    listening = asyncio.create_task(_listen(guest, run, heard, news))
    await _until_heard(20, heard, news)
    begun = time.monotonic()
    snapshot = await machines.snapshot(machine, TASK, ordinal)
    ended = time.monotonic()
    await _until_heard(len(heard) + 1, heard, news)
    await guest.kill(run)
    await listening
    times = [at for at in heard if begun - 0.1 <= at <= ended + 0.1]
    into.silence.append(max(b - a for a, b in pairwise(times)) * 1000)
    into.pause.append(snapshot.pause_ms)
    into.call.append(snapshot.snapshot_ms)
    await machines.digest(snapshot)


async def _until_heard(count: int, heard: list[float], news: asyncio.Condition) -> None:
    async with news:
        await news.wait_for(lambda: len(heard) >= count)


async def _listen(
    guest: ChannelSession, run: str, heard: list[float], news: asyncio.Condition
) -> None:
    async for message in guest.messages():
        if isinstance(message, StepOutput):
            heard.append(time.monotonic())
            async with news:
                news.notify_all()
        elif isinstance(message, StepEnded) and message.run_id == run:
            return


def _commits(host: str, n: int) -> tuple[list[float], str]:
    """Milliseconds of `docker commit` of a running container; the storage driver."""
    client = docker.DockerClient(base_url=host)
    took = []
    try:
        container = client.containers.run(
            imported(client), ["/bin/sleep", "3600"], detach=True, network_mode="none"
        )
        try:
            code, said = container.exec_run(["/bin/sh", "-c", _FILL.format(FILE_MB, "/files.bin")])
            assert code == 0, said
            for number in range(n):
                begun = time.monotonic()
                container.commit("clawdesk-bench-files", str(number), pause=True)
                took.append((time.monotonic() - begun) * 1000)
            return took, str(client.info()["Driver"])
        finally:
            container.remove(force=True)
    finally:
        for image in client.images.list(name="clawdesk-bench-files"):
            client.images.remove(str(image.id), force=True)
        client.close()
