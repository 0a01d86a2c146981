"""Telemetry against the NVML stand-in, loaded in this process in place of the driver's library."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pynvml
import pytest

from clawdesk.adapters.telemetry import HostTelemetry
from clawdesk_fabric.simulated_gpus import state
from clawdesk_fabric.simulated_gpus.__main__ import faulty, healed
from clawdesk_fabric.simulated_gpus.state import SimulatedGpu, Simulation
from tests.support import simulated_gpus

GIB = 1024
CONTAINER = "ab" * 32


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulated_gpus.library(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def cards(library: Path, tmp_path: Path) -> Iterator[None]:
    with simulated_gpus.loaded(library, tmp_path / "gpus"):
        yield


@pytest.fixture
async def telemetry(tmp_path: Path) -> AsyncIterator[HostTelemetry]:
    proc = tmp_path / "proc"
    for pid, group in ((os.getpid(), f"12:pids:/docker/{CONTAINER}\n"), (1, "0::/init.scope\n")):
        (proc / str(pid)).mkdir(parents=True)
        (proc / str(pid) / "cgroup").write_text(group)
    made = HostTelemetry(disk=tmp_path, containers=lambda: [CONTAINER], proc=proc, pci=tmp_path)
    yield made
    await made.close()


async def test_reads_each_figure_of_two_cards(cards: None, telemetry: HostTelemetry) -> None:
    first_card = SimulatedGpu(0, "GPU-stub-0", 24 * GIB, 400, 0, 73, 61, 305_500)
    state.write(Simulation((first_card, SimulatedGpu(1, "GPU-stub-1", 16 * GIB))))
    state.simulate_use("GPU-stub-0", os.getpid(), 2 * GIB)
    state.simulate_use("GPU-stub-0", 1, 6 * GIB)
    load = await telemetry.sample()
    first, second = load.gpus
    assert (first.total_mib, first.used_mib, first.reserved_mib) == (24576, 8192, 400)
    assert (first.utilisation_percent, first.temperature_c) == (73, 61)
    assert (first.power_w, first.power_limit_w) == (305.5, 450.0)
    assert (first.name, first.uuid, first.problem) == ("Simulated GPU 0", "GPU-stub-0", "")
    # The largest first; ours is the one whose control group names a container of our Fabric.
    assert [(p.pid, p.used_mib, p.ours) for p in first.processes] == [
        (1, 6144, False),
        (os.getpid(), 2048, True),
    ]
    assert first.processes[1].name
    assert second.processes == ()
    assert load.driver == "999.01-stub"
    assert first.simulated
    assert second.simulated
    assert load.gpu_note == ""


async def test_a_missing_figure_is_none_and_hides_no_other(
    cards: None, telemetry: HostTelemetry
) -> None:
    state.write(state.simulated(1))
    for figure in ("power", "memory"):
        state.change(faulty("unsupported", figure=figure))
    (gpu,) = (await telemetry.sample()).gpus
    assert (gpu.power_w, gpu.total_mib, gpu.used_mib) == (None, None, None)
    assert (gpu.temperature_c, gpu.utilisation_percent, gpu.power_limit_w) == (35, 0, 450.0)
    assert gpu.problem == ""


async def test_a_lost_card_says_so_beside_one_that_works(
    cards: None, telemetry: HostTelemetry
) -> None:
    state.write(state.simulated(2, total_mib=2048))
    state.change(faulty("lost", 0))
    lost, working = (await telemetry.sample()).gpus
    assert "lost" in lost.problem
    assert lost.total_mib is None
    assert (working.problem, working.total_mib) == ("", 2048)


async def test_a_driver_that_comes_later_is_found(cards: None, telemetry: HostTelemetry) -> None:
    load = await telemetry.sample()
    assert load.gpus == ()
    assert load.gpu_note == "no NVIDIA GPU: the NVIDIA driver is not loaded"
    state.write(state.simulated(1))
    assert len((await telemetry.sample()).gpus) == 1


async def test_no_library_is_said_plainly(
    telemetry: HostTelemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_library(*_: object) -> None:
        raise OSError("no such library")

    monkeypatch.setattr(pynvml, "nvmlLib", None)
    monkeypatch.setattr(pynvml, "CDLL", no_library)
    load = await telemetry.sample()
    assert load.gpus == ()
    assert load.gpu_note == "no NVIDIA GPU: the NVIDIA driver is not installed"


async def test_a_driver_that_hangs_takes_no_other_figure_along(cards: None, tmp_path: Path) -> None:
    state.write(state.simulated(1))
    telemetry = HostTelemetry(disk=tmp_path, gpus_s_max=0.1)
    while not (before := await telemetry.sample()).gpus:
        pass  # a busy machine may look like a silent driver
    state.change(faulty("hang"))
    load = await asyncio.wait_for(telemetry.sample(), 10)
    assert "has not answered" in load.gpu_note
    assert "old" in load.gpus[0].problem
    assert load.memory_total_mib == before.memory_total_mib
    state.change(healed)
    await telemetry.close()


async def test_processor_memory_and_disk_are_this_hosts(telemetry: HostTelemetry) -> None:
    load = await telemetry.sample()
    assert load.cpu_count == os.cpu_count()
    assert 0 < load.memory_used_mib < load.memory_total_mib
    assert load.disk_free_mib > 0
    assert 0.0 <= load.cpu_percent <= 100.0


async def test_the_memory_of_our_machines_is_measured(tmp_path: Path) -> None:
    for pid, status in {
        "10": "Name:\tqemu-system-x86\nRssAnon:\t  204800 kB\nRssFile:\t 90000 kB\n"
        "RssShmem:\t  102400 kB\n",
        "11": "Name:\tbash\nRssAnon:\t  999999 kB\n",  # a number used again
    }.items():
        (tmp_path / pid).mkdir()
        (tmp_path / pid / "status").write_text(status)
    measured = HostTelemetry(disk=tmp_path, machines=lambda: (10, 11, 12), proc=tmp_path)
    load = await measured.sample()
    assert load.machines_mib == 300
    assert load.disk_total_mib >= load.disk_free_mib > 0
    assert load.disk_path == str(tmp_path)
    await measured.close()
    unmeasured = HostTelemetry(disk=tmp_path)
    assert (await unmeasured.sample()).machines_mib is None
    await unmeasured.close()
