"""What models were measured to need: for the same weights, server, context and slots only."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from clawdesk_fabric.gpus import GpuWatch
from clawdesk_fabric.nvml import Nvml
from clawdesk_fabric.peaks import ENTRIES_MAX, MARGIN, Peaks
from clawdesk_fabric.server import Options, Server
from clawdesk_fabric.simulated_gpus import state as simulated
from tests.support import simulated_gpus
from tests.support.fabric_engine import FakeEngine
from tests.support.fabric_world import MODEL, catalog, serving, spec

CONTAINER = "cd" * 32


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fabric" / "peaks.json"


def test_a_peak_holds_after_a_restart_and_for_the_same_figures_only(path: Path) -> None:
    Peaks(path).learn(spec(), 1000)
    kept = Peaks(path)
    assert kept.known(spec(name="other", title="A name does not count")) == round(1000 * MARGIN)
    for other in ({"context": 9999}, {"slots": 7}, {"weights": None}):
        assert kept.known(spec(**other)) == 0


def test_the_largest_one_is_kept(path: Path) -> None:
    peaks = Peaks(path)
    for peak_mib in (500, 800, 0, 600):
        peaks.learn(spec(), peak_mib)
    assert Peaks(path).known(spec()) == round(800 * MARGIN)


def test_the_oldest_are_forgotten(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps({f"old-{number}": 1 for number in range(ENTRIES_MAX)}))
    Peaks(path).learn(spec(), 700)
    found = json.loads(path.read_text())
    assert len(found) == ENTRIES_MAX
    assert "old-0" not in found


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": "x"}', '{"a": 1e999}', "[" * 100_000])
@pytest.mark.expect_log("peaks are measured anew")
def test_a_damaged_file_costs_the_learning_only(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    peaks = Peaks(path)
    assert peaks.known(spec()) == 0
    peaks.learn(spec(), 900)
    assert Peaks(path).known(spec()) == round(900 * MARGIN)


@pytest.mark.expect_log("cannot be")
def test_a_place_that_cannot_be_used_costs_the_file_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    peaks = Peaks(tmp_path / "file" / "peaks.json")
    peaks.learn(spec(), 900)
    assert peaks.known(spec()) == round(900 * MARGIN)


class _Engine(FakeEngine):
    """Its one container has an id as Docker gives them."""

    def new_container(self) -> str:
        return CONTAINER


async def test_the_next_start_of_the_same_fabric_is_promised_what_the_last_one_took(
    short_folder: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    group = tmp_path / "proc" / str(os.getpid()) / "cgroup"
    group.parent.mkdir(parents=True)
    group.write_text(f"0::/system.slice/docker-{CONTAINER}.scope\n")
    library = simulated_gpus.library(tmp_path_factory.getbasetemp() / "stub")
    with simulated_gpus.loaded(library, tmp_path / "gpus"):
        simulated.write(simulated.simulated(1))
        nvml = Nvml(load=False, proc=tmp_path / "proc")
        options = Options(
            short_folder / "f.sock",
            gpus=GpuWatch(interval_s=0.02, stale_s=30, nvml=nvml),
            state_folder=tmp_path / "state",
        )
        server = Server(catalog(spec(gpu_memory_mib=9000)), _Engine(short_folder), options)
        async with serving(server, options.socket) as world:
            replica = world.fabric.state.replicas[MODEL]
            await world.control(f"models/{MODEL}/load", {})
            simulated.simulate_use("GPU-simulated-0", os.getpid(), 2000)
            await world.until(lambda: replica.peak_mib == 2000)
            await world.control(f"models/{MODEL}/unload", {})
            assert replica.memory_mib == round(2000 * MARGIN)
