"""Watching GPUs through the stand-in for the driver: figures, each fault, and the way back."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pynvml
import pytest

from clawdesk_fabric import ledger
from clawdesk_fabric.gpus import GpuThread, GpuWatch
from clawdesk_fabric.model import GpuProcess, GpuReading
from clawdesk_fabric.nvml import Look, Nvml, container_of, nvidia_devices, process_of
from clawdesk_fabric.runtime import Fabric
from clawdesk_fabric.simulated_gpus import state
from clawdesk_fabric.simulated_gpus.__main__ import faulty, healed
from tests.support import simulated_gpus
from tests.support.fabric_engine import FakeEngine
from tests.support.fabric_world import catalog

CONTAINER = "ab" * 32
WAIT_S = 20.0


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulated_gpus.library(tmp_path_factory.mktemp("cache"))


@pytest.fixture(autouse=True)
def driver(library: Path, tmp_path: Path) -> Iterator[None]:
    with simulated_gpus.loaded(library, tmp_path / "gpus"):
        yield


@pytest.fixture
def nvml(tmp_path: Path) -> Iterator[Nvml]:
    made = Nvml(proc=tmp_path, pci=tmp_path / "pci", reopen_s=0.0)
    yield made
    made.close()


class Heard:
    """Readings as they arrive, and the thread they arrive on."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[tuple[tuple[GpuReading, ...], str]] = asyncio.Queue()
        self.threads: set[int] = set()

    def __call__(self, gpus: tuple[GpuReading, ...], note: str) -> None:
        self.threads.add(threading.get_ident())
        self.came.put_nowait((gpus, note))

    async def until(self, *, note: str) -> tuple[GpuReading, ...]:
        """The first readings from now on that come with that note (a part of it; "" = none)."""
        async with asyncio.timeout(WAIT_S):
            while True:
                gpus, said = await self.came.get()
                if (note in said) if note else not said:
                    return gpus


@pytest.fixture
async def watch() -> AsyncIterator[GpuWatch]:
    made = GpuWatch(interval_s=0.01, stale_s=WAIT_S, nvml=Nvml(load=False, reopen_s=0.0))
    yield made
    await made.close()


@pytest.fixture
async def hasty() -> AsyncIterator[GpuWatch]:
    """One that calls figures old so early that a busy machine may look like a silent driver."""
    made = GpuWatch(interval_s=0.01, stale_s=0.1, nvml=Nvml(load=False, reopen_s=0.0))
    yield made
    await made.close()


def fault(kind: str, gpu: int = state.ALL, figure: str = "memory") -> None:
    state.change(faulty(kind, gpu, figure))


# -- figures -------------------------------------------------------------------------------------


def test_eight_gpus_with_all_figures(nvml: Nvml, tmp_path: Path) -> None:
    state.write(state.simulated(8))
    state.simulate_use("GPU-simulated-7", os.getpid(), 2048)
    state.simulate_use("GPU-simulated-7", os.getppid(), 6144)
    (tmp_path / str(os.getpid())).mkdir()
    (tmp_path / str(os.getpid()) / "cgroup").write_text(f"0::/x/docker-{CONTAINER}.scope\n")
    look = nvml.look()
    assert (look.note, look.driver, len(look.gpus)) == ("", "999.01-stub", 8)
    assert all(gpu.simulated for gpu in look.gpus)
    last = look.gpus[7]
    assert (last.uuid, last.name) == ("GPU-simulated-7", "Simulated GPU 7")
    assert (last.total_mib, last.reserved_mib, last.used_mib) == (24_576, 400, 8192)
    assert (last.utilisation_percent, last.temperature_c, last.power_w) == (0, 35, 18.0)
    assert last.processes == (
        GpuProcess(os.getppid(), 6144, ""),
        GpuProcess(os.getpid(), 2048, CONTAINER),
    )
    assert look.gpus[0].processes == ()


def test_a_driver_that_reserves_silently_counts_it_as_used(nvml: Nvml) -> None:
    state.write(state.simulated(1))
    fault("unsupported", figure="memory_v2")
    for _ in range(2):
        (gpu,) = nvml.look().gpus
        assert (gpu.total_mib, gpu.reserved_mib, gpu.used_mib) == (24_576, 0, 400)


def test_what_is_taken_is_rounded_up_and_what_there_is_down(
    nvml: Nvml, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real H200: nvidia-smi calls 616 MiB reserved, of which it has a part only."""
    state.write(state.simulated(1))
    told = SimpleNamespace(total=(143_771 << 20) + 1, reserved=(615 << 20) + 1, used=1)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetMemoryInfo", lambda *_: told)
    (gpu,) = nvml.look().gpus
    assert (gpu.total_mib, gpu.reserved_mib, gpu.used_mib) == (143_771, 616, 1)


def test_the_fabric_does_not_ask_for_load() -> None:
    state.write(state.simulated(1))
    asked = Nvml(load=False)
    (gpu,) = asked.look().gpus
    assert gpu.total_mib == 24_576
    assert gpu.temperature_c is gpu.power_w is gpu.utilisation_percent is None
    asked.close()


@pytest.mark.parametrize("figure", ["utilisation", "temperature", "power", "name", "processes"])
def test_a_figure_that_is_not_supported_hides_no_other(nvml: Nvml, figure: str) -> None:
    state.write(state.simulated(2))
    fault("unsupported", 0, figure)
    first, second = nvml.look().gpus
    expected = {
        "utilisation": replace(first, utilisation_percent=0),
        "temperature": replace(first, temperature_c=35),
        "power": replace(first, power_w=18.0),
        "name": replace(first, name="Simulated GPU 0"),
        "processes": first,
    }[figure]
    assert replace(expected, index=1, uuid=second.uuid, name=second.name) == second
    assert first.problem == ""


# -- faults, and the way back --------------------------------------------------------------------


def test_a_lost_gpu_keeps_its_name_and_comes_back(nvml: Nvml) -> None:
    state.write(state.simulated(3))
    nvml.look()
    fault("lost", 1)
    for _ in range(3):  # in the session it was lost in, and in new ones
        before, lost, after = nvml.look().gpus
        assert (lost.uuid, lost.index, lost.total_mib) == ("GPU-simulated-1", 1, 24_576)
        assert "lost" in lost.problem
        assert lost.used_mib is lost.temperature_c is None
        assert before.problem == after.problem == ""
        assert after.used_mib == 0
    state.change(healed)
    nvml.look()
    assert [gpu.problem for gpu in nvml.look().gpus] == ["", "", ""]


def test_a_gpu_lost_from_the_start_is_told_apart_and_comes_back(nvml: Nvml) -> None:
    state.write(state.simulated(2))
    fault("needs-reset", 0)
    lost, good = nvml.look().gpus
    assert (lost.uuid, lost.name, lost.total_mib) == ("", "GPU 0", None)
    assert "nvidia-smi --gpu-reset" in lost.problem
    assert good.problem == ""
    state.change(healed)
    nvml.look()
    assert [gpu.uuid for gpu in nvml.look().gpus] == ["GPU-simulated-0", "GPU-simulated-1"]


def test_a_gpu_that_is_not_listed_any_more_is_not_mistaken_for_its_neighbour(nvml: Nvml) -> None:
    state.write(state.simulated(3))
    nvml.look()
    fault("not-listed", 1)
    nvml.look()
    gpus = nvml.look().gpus
    assert [(gpu.index, gpu.uuid, bool(gpu.problem)) for gpu in gpus] == [
        (0, "GPU-simulated-0", False),
        (1, "GPU-simulated-2", False),
        (2, "GPU-simulated-1", True),
    ]
    assert "does not list" in gpus[2].problem


def test_a_lost_gpu_whose_number_changed_is_not_mistaken_for_another(nvml: Nvml) -> None:
    state.write(state.simulated(3))
    nvml.look()
    fault("not-listed", 0)
    fault("lost", 1)  # the third of before
    nvml.look()
    for _ in range(3):
        gpus = nvml.look().gpus
        assert [(gpu.index, gpu.uuid, bool(gpu.problem)) for gpu in gpus] == [
            (0, "GPU-simulated-1", False),
            (1, "", True),
            (2, "GPU-simulated-0", True),
            (3, "GPU-simulated-2", True),
        ]
    fault("not-listed", 0)
    fault("lost")
    nvml.look()
    gpus = nvml.look().gpus
    assert gpus[0].uuid == ""
    assert {gpu.uuid for gpu in gpus[1:]} == {f"GPU-simulated-{number}" for number in range(3)}
    assert all(gpu.problem for gpu in gpus)


def test_lost_gpus_whose_numbers_changed_are_known_when_they_are_back(nvml: Nvml) -> None:
    state.write(state.simulated(3))
    nvml.look()
    fault("not-listed", 0)
    fault("lost")
    nvml.look()
    assert [gpu.uuid for gpu in nvml.look().gpus[:2]] == ["", ""]
    state.change(healed)
    nvml.look()
    found = {gpu.uuid: bool(gpu.problem) for gpu in nvml.look().gpus}
    assert found == {"GPU-simulated-0": True, "GPU-simulated-1": False, "GPU-simulated-2": False}


@pytest.mark.parametrize("looks_before", [0, 1])
def test_a_driver_that_goes_in_the_middle_of_a_look_is_no_gpu_without_figures(
    nvml: Nvml, monkeypatch: pytest.MonkeyPatch, looks_before: int
) -> None:
    state.write(state.simulated(2))
    for _ in range(looks_before):
        nvml.look()
    count = pynvml.nvmlDeviceGetCount

    def count_then_go() -> int:
        found = int(count())
        fault("driver-missing")
        return found

    monkeypatch.setattr(pynvml, "nvmlDeviceGetCount", count_then_go)
    look = nvml.look()
    assert "the NVIDIA driver is not loaded" in look.note
    assert len(look.gpus) == 2 * looks_before
    assert all(gpu.problem for gpu in look.gpus)


def test_a_gpu_is_free_to_be_reset_while_it_is_lost(nvml: Nvml) -> None:
    """A GPU cannot be reset while a program has the driver open."""
    state.write(state.simulated(1))
    nvml.look()
    fault("lost", 0)
    nvml.look()
    with pytest.raises(pynvml.NVMLError_Uninitialized):
        pynvml.nvmlDeviceGetCount()


def test_a_driver_loaded_anew_is_found_by_the_next_look(nvml: Nvml) -> None:
    state.write(state.simulated(2))
    nvml.look()
    fault("driver-restarted")
    look = nvml.look()
    assert "does not answer" in look.note
    assert [gpu.problem for gpu in look.gpus] == [look.note] * 2
    look = nvml.look()
    assert look.note == ""
    assert [gpu.problem for gpu in look.gpus] == ["", ""]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("driver-missing", "not loaded"),
        ("version-mismatch", "restart this machine"),
        ("no-permission", "may not ask"),
    ],
)
def test_a_driver_that_goes_is_named_and_comes_back(nvml: Nvml, kind: str, words: str) -> None:
    state.write(state.simulated(2))
    fault(kind)
    look = nvml.look()
    assert look.gpus == ()
    assert look.note.startswith("no NVIDIA GPU: ")
    assert words in look.note
    state.change(healed)
    assert len(nvml.look().gpus) == 2
    fault(kind)
    for _ in range(2):
        look = nvml.look()
        assert words in look.note
        assert [(gpu.uuid, gpu.problem, gpu.used_mib) for gpu in look.gpus] == [
            ("GPU-simulated-0", look.note, None),
            ("GPU-simulated-1", look.note, None),
        ]
    state.change(healed)
    assert [gpu.problem for gpu in nvml.look().gpus] == ["", ""]


def test_no_library_no_package_no_gpu_are_three_sentences(
    nvml: Nvml, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_library(*_: object) -> None:
        raise OSError("no such library")

    monkeypatch.setattr(pynvml, "nvmlLib", None)
    monkeypatch.setattr(pynvml, "CDLL", no_library)
    assert nvml.look() == Look((), "no NVIDIA GPU: the NVIDIA driver is not installed")
    device = tmp_path / "pci" / "0000:01:00.0"
    device.mkdir(parents=True)
    (device / "vendor").write_text("0x10de\n")
    (device / "class").write_text("0x030000\n")
    assert nvidia_devices(tmp_path / "pci") == ["0000:01:00.0"]
    assert "has an NVIDIA GPU (PCI 0000:01:00.0), but" in nvml.look().note
    assert "nvidia-driver" in nvml.look().note
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert "pip install nvidia-ml-py" in nvml.look().note
    (device / "class").write_text("0x040300\n")  # its sound output is no GPU
    assert nvidia_devices(tmp_path / "pci") == []


def test_no_gpu_under_a_driver(nvml: Nvml) -> None:
    state.write(state.Simulation())
    assert nvml.look().note == "no NVIDIA GPU: the driver sees none"


def test_a_process_and_its_container_are_found_both_ways(tmp_path: Path) -> None:
    for pid, group in (("7", f"9:cpu:/docker/{CONTAINER}\n"), ("30", "0::/init.scope\n")):
        (tmp_path / pid).mkdir()
        (tmp_path / pid / "cgroup").write_text(group)
    (tmp_path / "self").mkdir()
    assert container_of(7, tmp_path) == CONTAINER
    assert container_of(30, tmp_path) == container_of(31, tmp_path) == ""
    assert process_of(CONTAINER, tmp_path) == 7
    assert process_of("cd" * 32, tmp_path) is None


# -- the watch -----------------------------------------------------------------------------------


async def test_the_loop_is_told_at_once_and_again(watch: GpuWatch) -> None:
    state.write(state.simulated(8))
    heard = Heard()
    await watch.open(heard)
    gpus, note = heard.came.get_nowait()
    assert (len(gpus), note) == (8, "")
    assert gpus[3] == GpuReading(
        "GPU-simulated-3", 3, "Simulated GPU 3", 24_576, 400, 0, simulated=True
    )
    state.simulate_use("GPU-simulated-3", os.getpid(), 1000)
    async with asyncio.timeout(WAIT_S):
        while (await heard.came.get())[0][3].used_mib != 1000:
            pass
    assert heard.threads == {threading.get_ident()}


async def test_without_a_driver_the_loop_is_told_why_until_there_is_one(watch: GpuWatch) -> None:
    heard = Heard()
    await watch.open(heard)
    assert await heard.until(note="the NVIDIA driver is not loaded") == ()
    state.write(state.simulated(1))
    assert len(await heard.until(note="")) == 1


async def test_a_driver_that_does_not_return_is_noticed_and_its_return_too(
    hasty: GpuWatch,
) -> None:
    state.write(state.simulated(2))
    heard = Heard()
    await hasty.open(heard)
    await heard.until(note="")
    fault("hang", 1)
    gpus = await heard.until(note="has not answered for")
    assert all("the figures are old" in gpu.problem for gpu in gpus)
    assert [gpu.uuid for gpu in gpus] == ["GPU-simulated-0", "GPU-simulated-1"]
    state.change(healed)
    assert [gpu.problem for gpu in await heard.until(note="")] == ["", ""]


async def test_a_driver_that_hangs_from_the_start_does_not_hold_up_the_rest(
    hasty: GpuWatch,
) -> None:
    state.write(state.simulated(1))
    fault("hang", figure="init")
    heard = Heard()
    await hasty.open(heard)
    assert await heard.until(note="the NVIDIA driver has not answered for") == ()
    state.change(healed)
    assert len(await heard.until(note="")) == 1


async def test_a_lost_gpu_and_one_without_memory_figures_are_problems(watch: GpuWatch) -> None:
    state.write(state.simulated(3))
    fault("lost", 0)
    fault("unsupported", 1)
    heard = Heard()
    await watch.open(heard)
    lost, silent, good = await heard.until(note="")
    assert (lost.uuid, lost.total_mib) == ("unknown-0", 0)
    assert "lost" in lost.problem
    assert "how much memory" in silent.problem
    assert good.problem == ""


@pytest.mark.expect_log("does not return")
async def test_closing_does_not_wait_for_a_driver_that_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("clawdesk_fabric.gpus.CLOSE_S_MAX", 0.05)
    state.write(state.simulated(1))
    thread = GpuThread(Nvml())
    await thread.look(WAIT_S)
    fault("hang")
    assert "has not answered" in (await thread.look(0.0)).note
    await asyncio.wait_for(thread.close(), WAIT_S)
    state.change(healed)
    assert thread._thread is not None
    await asyncio.to_thread(thread._thread.join, WAIT_S)
    assert not thread._thread.is_alive()


async def test_silence_is_waited_for_once_not_by_each_look() -> None:
    state.write(state.simulated(1))
    thread = GpuThread(Nvml())
    await thread.look(WAIT_S)
    fault("hang")
    await thread.look(0.5)
    async with asyncio.timeout(0.5 * 10):
        looks = [await thread.look(0.5) for _ in range(10)]
        looks += await asyncio.gather(*(thread.look(0.5) for _ in range(10)))
    assert all(look.gpus[0].problem for look in looks)
    assert thread._asked.qsize() == 0
    state.change(healed)
    await thread.close()


@pytest.mark.expect_log("no longer watched")
async def test_a_mistake_of_ours_is_not_silence(watch: GpuWatch) -> None:
    heard = Heard()
    state.write(state.simulated(1))
    await watch.open(heard)

    class BrokenNvml(Nvml):
        def look(self) -> Look:
            raise ZeroDivisionError("a mistake")

    watch._thread._nvml = BrokenNvml()
    assert await heard.until(note="ZeroDivisionError") == ()


async def test_a_fabric_that_watches_keeps_a_lost_gpu_out_of_its_ledger_until_it_is_back(
    hasty: GpuWatch, engine: FakeEngine
) -> None:
    state.write(state.simulated(2))
    fabric = Fabric(catalog(), engine, memory_mib=4096, gpus=hasty)
    await fabric.open()
    try:
        async with asyncio.timeout(WAIT_S):
            while len(found := ledger.gpus(fabric.state)) != 2:
                await fabric.change()
            assert all(device.simulated for device in found)
            fault("lost", 0)
            while [d.id for d in ledger.gpus(fabric.state)] != ["GPU-simulated-1"]:
                await fabric.change()
            fault("hang", 1)
            while ledger.gpus(fabric.state):
                await fabric.change()
            state.change(healed)
            while len(ledger.gpus(fabric.state)) != 2:
                await fabric.change()
    finally:
        await fabric.close(remove=True)
