"""Row M7 of performance.md: a workspace into a machine, and what changed in it out again.

2,000 files of 25 kB in 20 folders, 20 of them changed by a step. In: from the commit in Git to
files in the guest. Out: from the question to the changed files, known and read. Beside it a
container of the guest's own files and what `docker cp` does by the same API: it knows of no
changes, so it copies all of the folder back.
"""

from __future__ import annotations

import asyncio
import io
import random
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pygit2
from docker.models.containers import Container

from clawdesk.adapters.git.export import export
from clawdesk.adapters.libvirt.channel import GuestChannels
from clawdesk.adapters.libvirt.machines import LibvirtMachines
from clawdesk.ports.machines import MachineSpec
from tests.bench.bench_steps import imported
from tests.bench.rows import Row, row
from tests.support import libvirt_real as real
from tests.support.dockerd import engine
from tests.support.libvirt_guest import guests_of, shell, workspace_tar

FILES, CHANGED, FILE_BYTES = 2_000, 20, 25_000
TASK = "01JBENCH000000000000000700"
_WORDS = [
    f"{word}{end}" for word in ("be", "for", "set", "val", "path") for end in ("", *range(99))
]
_CHANGE = f"for i in $(seq 0 {CHANGED - 1}); do echo more >> folder$i/file$i.txt; done"


def measure(n: int) -> Iterator[Row]:
    rng = random.Random(7)
    names = [f"folder{number % 20}/file{number}.txt" for number in range(FILES)]
    files = {name: _text(rng) for name in names}
    with tempfile.TemporaryDirectory() as folder:
        tar = workspace_tar(Path(folder), files)
        ours_in, ours_out = asyncio.run(_ours(n, Path(folder) / "repository", tar))
        source = Path(folder) / "source"
        for name, content in files.items():
            place = source / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        with engine() as host:
            theirs_in, theirs_out = _docker(host, n, source)
    size = f"{FILES:,} files of {FILES * FILE_BYTES // 1_000_000} MB"
    yield row(
        f"M7 workspace in: {size}, from the commit to files in the guest",
        ours_in,
        "ms",
        beside=theirs_in,
        ratio_to="docker cp of the same folder into a container",
        goal="at most 1.5 times",
    )
    yield row(
        f"M7 changes out: {CHANGED} of them changed",
        ours_out,
        "ms",
        beside=theirs_out,
        ratio_to="docker cp of all of the folder out of the container",
        goal="at most 1.5 times",
    )


def _text(rng: random.Random) -> bytes:
    """Packed to less than half, as what people keep in Git, and never twice the same."""
    words = rng.choices(_WORDS, k=FILE_BYTES // 5)
    lines = (" ".join(words[at : at + 12]) for at in range(0, len(words), 12))
    return "\n".join(lines).encode()[:FILE_BYTES]


async def _ours(n: int, repository: Path, tar: Path) -> tuple[list[float], list[float]]:
    taken, given = [], []
    async with real.real_machines("bench") as machines, guests_of(machines) as guests:
        await machines.warm(real.NEED)
        for _ in range(n):
            one_in, one_out = await _once(machines, guests, repository, tar)
            taken.append(one_in)
            given.append(one_out)
    return taken, given


async def _once(
    machines: LibvirtMachines, guests: GuestChannels, repository: Path, tar: Path
) -> tuple[float, float]:
    begun = time.monotonic()
    await asyncio.to_thread(_export, repository, tar)
    exporting_s = time.monotonic() - begun
    started = await machines.start(MachineSpec(TASK, 1, real.NEED, tar))
    # Greeted before: what the machine itself takes to start is M2.
    await (await guests.connect(started.machine, token="", start=False)).close()
    begun = time.monotonic()
    guest = await guests.connect(started.machine, token="", start=True)
    taken_s = exporting_s + time.monotonic() - begun
    await shell(guest, _CHANGE)
    begun = time.monotonic()
    changes = await guest.collect()
    given_s = time.monotonic() - begun
    assert len(changes.changed) == CHANGED, changes
    await guest.close()
    await machines.discard(TASK)
    return taken_s * 1000, given_s * 1000


def _export(repository: Path, tar: Path) -> None:
    repo = pygit2.Repository(str(repository))
    commit = repo.references["refs/heads/main"].peel(pygit2.Commit)
    export(repo, commit, tar)
    repo.free()


def _docker(host: str, n: int, source: Path) -> tuple[list[float], list[float]]:
    client = docker.DockerClient(base_url=host)
    try:
        image = imported(client)
        taken, given = [], []
        for _ in range(n):
            container = client.containers.run(
                image, ["/bin/sleep", "3600"], detach=True, network_mode="none"
            )
            try:
                taken.append(_in(container, source))
                container.exec_run(["/bin/sh", "-c", f"cd /source; {_CHANGE}"])
                given.append(_out(container))
            finally:
                container.remove(force=True)
    finally:
        client.close()
    return taken, given


def _in(container: Container, source: Path) -> float:
    begun = time.monotonic()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add(source, "source")
    assert container.put_archive("/", packed.getvalue())
    return (time.monotonic() - begun) * 1000


def _out(container: Container) -> float:
    """All of it, read as `docker cp` reads it; it is not written to files again."""
    begun = time.monotonic()
    parts, _about = container.get_archive("/source")
    size = sum(len(part) for part in parts)
    assert size > FILES * FILE_BYTES, size
    return (time.monotonic() - begun) * 1000
