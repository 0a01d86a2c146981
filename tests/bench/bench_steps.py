"""Rows M5 and M6 of performance.md: many small steps, and many machines of one template."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import psutil
from docker.models.containers import Container

from clawdesk.adapters.libvirt.channel import GuestChannels
from clawdesk.adapters.libvirt.machines import LibvirtMachines
from clawdesk.ports.machines import MachineSpec
from tests.bench.rows import Row, row
from tests.support import libvirt_real as real
from tests.support.dockerd import engine
from tests.support.libvirt_guest import guests_of, shell, workspace_tar
from tests.support.real_cli import RealCli, make_project, real_cli

STEPS = 20
MACHINES = 8
MIB = 1024 * 1024
_STEP = '[[steps]]\nname = "s{0}"\nrun = "echo {0} >> count.txt"\n'
_TASK = "[machine]\nmemory_mib = 256\n" + "".join(_STEP.format(i) for i in range(STEPS))
_IMAGE = "clawdesk-bench-guest"


def measure(n: int) -> Iterator[Row]:
    with real_cli() as cli:
        files = {".clawdesk/tasks/steps.toml": _TASK}
        project = make_project(Path(tempfile.mkdtemp(dir=cli.root)), files)
        ours = [_ours(cli, project) for _ in range(n)]
    with engine() as host:
        beside, driver = _docker(host, n)
    yield row(
        f"M5 {STEPS} trivial steps, a checkpoint of memory and files each",
        ours,
        "ms",
        beside=beside,
        ratio_to=f"docker exec + docker commit of the same files ({driver}), no memory",
        goal="at most 1.5 times",
    )
    extra, code, starts = asyncio.run(_together())
    yield row(
        f"M6 memory of a machine above what its guest uses, {MACHINES} of one template",
        extra,
        "MiB",
        goal="at most 40 MiB",
    )
    yield row("M6 of it what the emulator translates to; none under KVM", code, "MiB")
    yield row(f"M6 start of {MACHINES} machines at once, until all greet", starts, "ms")


def _ours(cli: RealCli, project: Path) -> float:
    """From the first step's start to the last checkpoint, in ms."""
    done = cli.run("run", str(project), "steps", "--headless", "--json")
    events = cli.events(done.stdout)
    first = next(e["at_ms"] for e in events if e["event"] == "step_started")
    last = [e["at_ms"] for e in events if e["event"] == "checkpoint_reached"]
    assert len(last) == STEPS, last
    ended = next(e["at_ms"] for e in events if e["event"] == "task_finished")
    # A checkpoint carries the time at which it began; the end of the task is behind the last one.
    return float(max(last[-1], ended) - first)


def _docker(host: str, n: int) -> tuple[list[float], str]:
    """The same steps in a container of the guest's own files; its storage driver."""
    client = docker.DockerClient(base_url=host)
    try:
        container = client.containers.run(
            imported(client), ["/bin/sleep", "3600"], detach=True, network_mode="none"
        )
        try:
            return [_steps(container) for _ in range(n)], str(client.info()["Driver"])
        finally:
            container.remove(force=True)
    finally:
        for image in client.images.list(name="clawdesk-bench-step"):
            client.images.remove(str(image.id), force=True)
        client.close()


def _steps(container: Container) -> float:
    begun = time.monotonic()
    for number in range(STEPS):
        code, said = container.exec_run(["/bin/sh", "-c", f"echo {number} >> /count.txt"])
        assert code == 0, said
        container.commit("clawdesk-bench-step", str(number), pause=True)
    return (time.monotonic() - begun) * 1000


def imported(client: docker.DockerClient) -> str:
    """The guest's root file system as a container image; its name."""
    if not client.images.list(name=_IMAGE):
        with tempfile.TemporaryDirectory() as folder:
            root, tar = Path(folder) / "root", Path(folder) / "root.tar"
            unpack = [
                "unsquashfs",
                "-quiet",
                "-no-progress",
                "-d",
                str(root),
                str(real.image().root),
            ]
            subprocess.run(unpack, check=True, stdout=subprocess.DEVNULL)
            subprocess.run(["tar", "-C", str(root), "-cf", str(tar), "."], check=True)
            client.api.import_image_from_file(str(tar), repository=_IMAGE)
    return _IMAGE


async def _together() -> tuple[list[float], list[float], list[float]]:
    """MiB each of eight machines holds beyond its guest's own use, the emulator's code of it, and
    the ms to start them all."""
    with tempfile.TemporaryDirectory() as folder:
        tar = workspace_tar(Path(folder), {"a.txt": b"a"})
        async with real.real_machines("bench") as machines, guests_of(machines) as guests:
            await machines.warm(real.NEED)
            begun = time.monotonic()
            found = await asyncio.gather(
                *(_extra(machines, guests, tar, number, begun) for number in range(MACHINES))
            )
            for number in range(MACHINES):
                await machines.discard(_task(number))
    extra, code, took = zip(*found, strict=True)
    return list(extra), list(code), [max(took)]


def _task(number: int) -> str:
    return f"01JBENCH00000000000000010{number}"


async def _extra(
    machines: LibvirtMachines, guests: GuestChannels, tar: Path, number: int, begun: float
) -> tuple[float, float, float]:
    started = await machines.start(MachineSpec(_task(number), 1, real.NEED, tar))
    guest = await guests.connect(started.machine, token="", start=True)
    took = (time.monotonic() - begun) * 1000
    # What the guest holds: all of its memory, its kernel's own included, but what is free.
    said = await shell(guest, "cat /proc/meminfo")
    facts = {line.split(":")[0]: int(line.split()[1]) for line in said.splitlines()}
    used = real.NEED.memory_mib - facts["MemFree"] / 1024
    place = machines._workplace
    assert place is not None
    pid = place.connection.pid_of(started.machine)
    assert pid is not None
    maps = psutil.Process(pid).memory_maps(grouped=False)
    pss = sum(each.pss for each in maps) / MIB
    code = sum(each.pss for each in maps if each.perms == "rwxp") / MIB
    await guest.close()
    return pss - used, code, took


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    for found_row in measure(1):
        print(found_row.as_json())
