"""Telemetry against the NVML stand-in, loaded in this process in place of the driver's library."""

from __future__ import annotations

import ctypes
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pynvml
import pytest

from clawdesk.adapters.telemetry import HostTelemetry
from tests.support.nvml.build import build

GIB = 1 << 30
CONTAINER = "ab" * 32


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("nvml"))


@pytest.fixture
def cards(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], None]]:
    """Sets what the stand-in reports from now on."""
    state = tmp_path / "state"
    monkeypatch.setenv("NVML_STUB_STATE", str(state))
    monkeypatch.setattr(pynvml, "nvmlLib", ctypes.CDLL(str(library)))
    pynvml._nvmlGetFunctionPointer_cache.clear()

    def report(text: str) -> None:
        state.write_text(text)

    yield report
    pynvml._nvmlGetFunctionPointer_cache.clear()


@pytest.fixture
async def telemetry(tmp_path: Path) -> AsyncIterator[HostTelemetry]:
    proc = tmp_path / "proc"
    for pid, group in ((os.getpid(), f"12:pids:/docker/{CONTAINER}\n"), (1, "0::/init.scope\n")):
        (proc / str(pid)).mkdir(parents=True)
        (proc / str(pid) / "cgroup").write_text(group)
    made = HostTelemetry(disk=tmp_path, containers=lambda: [CONTAINER], proc=proc)
    yield made
    await made.close()


async def test_reads_each_figure_of_two_cards(
    cards: Callable[[str], None], telemetry: HostTelemetry
) -> None:
    cards(
        f"gpu 0 {24 * GIB} {8 * GIB} 73 61 305500 0\n"
        f"gpu 1 {16 * GIB} 0 0 35 18000 0\n"
        f"proc 0 {os.getpid()} {2 * GIB}\nproc 0 1 {6 * GIB}\n"
    )
    load = await telemetry.sample()
    first, second = load.gpus
    assert (first.total_mib, first.used_mib, first.reserved_mib) == (24576, 8192, 400)
    assert (first.utilisation_percent, first.temperature_c) == (73, 61)
    assert (first.power_w, first.power_limit_w) == (305.5, 450.0)
    assert (first.name, first.uuid, first.problem) == ("Stub Card 0", "GPU-stub-0", "")
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
    cards: Callable[[str], None], telemetry: HostTelemetry
) -> None:
    cards(f"gpu 0 {24 * GIB} {GIB} 5 40 20000 0\nmissing power\nmissing memory\n")
    (gpu,) = (await telemetry.sample()).gpus
    assert (gpu.power_w, gpu.total_mib, gpu.used_mib) == (None, None, None)
    assert (gpu.temperature_c, gpu.utilisation_percent, gpu.power_limit_w) == (40, 5, 450.0)
    assert gpu.problem == ""


async def test_a_lost_card_says_so_beside_one_that_works(
    cards: Callable[[str], None], telemetry: HostTelemetry
) -> None:
    cards(f"gpu 0 {GIB} 0 5 40 20000 15\ngpu 1 {2 * GIB} 0 5 41 20000 0\n")
    lost, working = (await telemetry.sample()).gpus
    assert "lost" in lost.problem
    assert lost.total_mib is None
    assert (working.problem, working.total_mib) == ("", 2048)


async def test_a_driver_that_comes_later_is_found(
    cards: Callable[[str], None], telemetry: HostTelemetry
) -> None:
    cards("")
    load = await telemetry.sample()
    assert load.gpus == ()
    assert load.gpu_note == "no NVIDIA GPU: the NVIDIA driver is not loaded"
    cards(f"gpu 0 {GIB} 0 0 30 1000 0\n")
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
