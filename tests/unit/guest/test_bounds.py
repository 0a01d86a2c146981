"""What steps may take of a machine: which limits are set, by whom they are met, what is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from clawdesk.adapters.libvirt.channel import GuestChannels
from clawdesk.ports.guest import GuestSession, StepEnded, StepOutput, StepRun
from clawdesk_guest.bounds import Bounds, memory_max_bytes
from tests.support.guest_process import running_guest
from tests.support.guest_world import FILES
from tests.support.inference_fake import EchoInference

MIB = 1 << 20
WANTED = ("memory.max", "memory.swap.max", "memory.events", "pids.max", "cgroup.procs")


def _groups(folder: Path) -> Path:
    """Plain files where the kernel has those of a control group: what is written stays."""
    (folder / "steps").mkdir(parents=True)
    (folder / "cgroup.subtree_control").touch()
    for name in WANTED:
        (folder / "steps" / name).touch()
    return folder


def test_the_group_gets_less_than_the_machine_has(tmp_path: Path) -> None:
    groups = _groups(tmp_path)
    bounds = Bounds(str(groups))
    bounds.join()
    written = {name: (groups / "steps" / name).read_text() for name in WANTED}
    free_kib = next(
        int(line.split()[1])
        for line in Path("/proc/meminfo").read_text().splitlines()
        if line.startswith("MemAvailable")
    )
    assert 0 < int(written["memory.max"]) < free_kib * 1024
    assert written["memory.swap.max"] == "0"
    threads = int(Path("/proc/sys/kernel/threads-max").read_text())
    assert threads // 2 < int(written["pids.max"]) < threads
    assert written["cgroup.procs"] == "0"
    assert (groups / "cgroup.subtree_control").read_text() == "+memory +pids"


@pytest.mark.parametrize(
    ("total_mib", "free_mib", "least_mib", "most_mib"),
    [(92, 64, 32, 40), (218, 186, 140, 150), (2000, 1950, 1700, 1850), (16_000, 15_900, 15_700, 0)],
    ids=["128 MiB", "256 MiB", "2 GiB", "16 GiB"],
)
def test_what_is_kept_from_the_group(
    total_mib: int, free_mib: int, least_mib: int, most_mib: int
) -> None:
    given = f"MemTotal: {total_mib << 10} kB\nMemFree: 1 kB\nMemAvailable: {free_mib << 10} kB\n"
    assert least_mib <= memory_max_bytes(given) // MIB <= (most_mib or free_mib)


def test_without_a_controller_each_step_says_so(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bounds = Bounds(str(tmp_path))
    with pytest.raises(FileNotFoundError):
        bounds.join()
    bounds.enter()
    assert "nothing bounds what this takes of the machine's memory" in capfd.readouterr().err
    assert bounds.killed() == 0


def test_outside_a_machine_nothing_is_bounded(capfd: pytest.CaptureFixture[str]) -> None:
    bounds = Bounds("")
    bounds.enter()
    assert bounds.killed() == 0
    assert capfd.readouterr().err == ""


@asynccontextmanager
async def _guest(groups: Path) -> AsyncIterator[GuestSession]:
    """The real guest program, bounded by these files."""
    with running_guest(FILES, groups) as process:
        channels = GuestChannels(lambda _machine: process.socket, EchoInference())
        try:
            yield await channels.connect("m", token="t", start=True)
        finally:
            await channels.close()


async def _run(session: GuestSession, command: str) -> tuple[StepEnded, bytes]:
    """The end of a step of this command, and what it said on standard error."""
    await session.run(StepRun("0.1", "s", command, 60))
    said = b""
    async for message in session.messages():
        if isinstance(message, StepOutput) and message.stream == "err":
            said += message.chunk
        if isinstance(message, StepEnded):
            return message, said
    raise AssertionError("the messages ended")


async def test_the_end_of_a_step_tells_how_many_the_kernel_ended(tmp_path: Path) -> None:
    groups = _groups(tmp_path)
    events = groups / "steps" / "memory.events"
    events.write_text("oom 3\noom_kill 3\n")  # by steps before
    async with _guest(groups) as session:
        ended, said = await _run(session, f"printf 'oom_kill 5\\n' > {events}; exit 9")
        assert ended == StepEnded("0.1", 9, killed=2)
        assert said == b""
        assert (groups / "steps" / "cgroup.procs").read_text() == "0"
        assert await _run(session, "true") == (StepEnded("0.1", 0), b"")


async def test_a_step_that_nothing_bounds_runs_and_says_so(tmp_path: Path) -> None:
    async with _guest(tmp_path) as session:
        ended, said = await _run(session, "true")
    assert ended == StepEnded("0.1", 0)
    assert b"nothing bounds" in said
