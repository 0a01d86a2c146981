"""Simulated GPUs: the file, changes of several programs, memory of processes, the command."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawdesk_fabric import paths
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.nvml import Nvml
from clawdesk_fabric.simulated_gpus import state
from clawdesk_fabric.simulated_gpus.__main__ import KINDS, faulty, healed, main
from clawdesk_fabric.simulated_gpus.build import BUILDS_KEPT, LIBRARY, build
from tests.support import simulated_gpus

SIZES = st.integers(0, 2**31 - 1)
RULES = st.builds(state.Rule, st.integers(-1, 63), st.sampled_from(state.FIGURES))
SIMULATIONS = st.builds(
    state.Simulation,
    gpus=st.lists(
        st.builds(
            state.SimulatedGpu,
            st.integers(0, 63),
            st.from_regex(r"GPU-[a-z0-9-]{1,40}", fullmatch=True),
            *[SIZES] * 7,
        ),
        max_size=12,
    ).map(tuple),
    uses=st.lists(st.builds(state.SimulatedUse, SIZES, SIZES, SIZES), max_size=20).map(tuple),
    answer=st.integers(0, 999),
    epoch=SIZES,
    missing=st.lists(RULES, max_size=5).map(tuple),
    hang=st.lists(RULES, max_size=5).map(tuple),
)


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulated_gpus.library(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def nvml(library: Path, tmp_path: Path) -> Iterator[Nvml]:
    with simulated_gpus.loaded(library, tmp_path / "gpus"):
        made = Nvml(reopen_s=0.0)
        yield made
        made.close()


@given(SIMULATIONS)
def test_what_was_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, simulation: state.Simulation
) -> None:
    path = tmp_path_factory.getbasetemp() / "round-trip"
    state.write(simulation, path)
    assert state.read(path) == simulation


def test_each_state_is_seen_however_quickly_it_follows(nvml: Nvml) -> None:
    """Files of one size, within one tick of the file system's clock, on inodes used anew."""
    state.write(state.simulated(1, total_mib=10_000))
    for mib in range(10_000, 10_200):
        state.write(state.simulated(1, total_mib=mib))
        assert nvml.look().gpus[0].total_mib == mib


def test_a_newer_state_is_never_of_the_same_time(tmp_path: Path) -> None:
    path = tmp_path / "gpus"
    state.write(state.simulated(1), path)
    later_ns = path.stat().st_mtime_ns + 10**12
    os.utime(path, ns=(later_ns, later_ns))
    state.write(state.simulated(1), path)
    assert path.stat().st_mtime_ns == later_ns + 1


def test_memory_is_taken_and_given_back(nvml: Nvml) -> None:
    state.write(state.simulated(2, total_mib=8000))
    uuid, me = "GPU-simulated-1", os.getpid()
    state.simulate_use(uuid, me, 5000)
    state.simulate_use(uuid, me, 6000)  # what it holds now, not what comes on top
    state.simulate_use(uuid, os.getppid(), 1000)
    idle, busy = nvml.look().gpus
    assert (idle.used_mib, busy.used_mib) == (0, 7000)
    with pytest.raises(FabricError, match="has 1600 MiB free, not 2000"):
        state.simulate_use(uuid, os.getppid(), 2000)
    state.simulate_use(uuid, os.getppid(), 1600)
    state.simulate_use(uuid, me, 0)
    assert nvml.look().gpus[1].used_mib == 1600
    with pytest.raises(FabricError, match="no simulated GPU GPU-none"):
        state.simulate_use("GPU-none", me, 1)


def test_memory_of_a_process_ends_with_it(nvml: Nvml) -> None:
    state.write(state.simulated(1))
    uuid = "GPU-simulated-0"
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        state.simulate_use(uuid, process.pid, 4000)
        (gpu,) = nvml.look().gpus
        assert (gpu.used_mib, gpu.processes[0].pid) == (4000, process.pid)
    (gpu,) = nvml.look().gpus
    assert (gpu.used_mib, gpu.processes) == (0, ())
    state.simulate_use(uuid, os.getpid(), 1)
    assert [use.pid for use in state.read().uses] == [os.getpid()]


def _take(path: str, first: int) -> None:
    for gpu in range(first, first + 10):
        state.simulate_use(f"GPU-simulated-{gpu}", os.getppid(), gpu + 1, Path(path))


def test_changes_of_several_programs_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "gpus"
    state.write(state.simulated(40), path)
    spawn = multiprocessing.get_context("fork")
    programs = [spawn.Process(target=_take, args=(str(path), n)) for n in range(0, 40, 10)]
    for program in programs:
        program.start()
    for program in programs:
        program.join()
    assert sorted((use.gpu, use.mib) for use in state.read(path).uses) == [
        (gpu, gpu + 1) for gpu in range(40)
    ]


@pytest.mark.parametrize("kind", sorted({*KINDS} - {"hang"}))  # that one: test_gpus.py
def test_every_fault_shows_and_heals(nvml: Nvml, kind: str) -> None:
    state.write(state.simulated(2))
    nvml.look()
    state.change(faulty(kind, 0, "power"))
    look = nvml.look()
    assert look.note or look.gpus[0].problem or look.gpus[0].power_w is None
    state.change(healed)
    nvml.look()
    assert any(gpu.power_w == 18.0 and not gpu.problem for gpu in nvml.look().gpus)


def test_a_fault_of_a_gpu_that_is_not_there_is_refused(tmp_path: Path) -> None:
    now = state.simulated(2)
    for kind in ("lost", "not-listed", "unsupported", "hang"):
        with pytest.raises(FabricError, match="number 7"):
            faulty(kind, 7)(now)
    for count in (0, 65):
        with pytest.raises(FabricError, match="1 to 64"):
            state.simulated(count)
    with pytest.raises(FabricError, match="no GPUs are simulated") as refused:
        state.read(tmp_path / "none")
    assert refused.value.mend == "make run SIMULATED_GPUS=8"
    (tmp_path / "other").write_text("gpu 0\n")
    with pytest.raises(FabricError, match="does not describe"):
        state.read(tmp_path / "other")
    crowd = tuple(state.SimulatedUse(0, pid, 1) for pid in range(state.PROCESSES_MAX + 1))
    with pytest.raises(FabricError, match="1024 processes"):
        state.write(state.Simulation(uses=crowd), tmp_path / "crowd")


def test_the_command_sets_and_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(state.VARIABLE, str(tmp_path / "gpus"))
    assert main(["show"]) == 1
    assert "to mend it: make run SIMULATED_GPUS=8" in capsys.readouterr().err
    state.write(state.simulated(2))
    assert main(["use", "1", "3000", "--pid", str(os.getpid())]) == 0
    assert main(["use", "1", "500"]) == 0
    assert "3500 of 24576 MiB used" in capsys.readouterr().out
    assert main(["fault", "lost", "0"]) == 0
    assert main(["fault", "hang", "1", "--figure", "power"]) == 0
    said = capsys.readouterr().out
    assert "every call answers 15" in said
    assert "power does not return (GPU 1)" in said
    assert main(["heal"]) == 0
    assert "answers" not in capsys.readouterr().out
    assert main(["run", "2"]) == 2
    assert main(["run", "0", "--", "true"]) == 1


def test_it_is_compiled_once_and_old_ones_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    builds = paths.cache_folder() / "simulated-gpus"
    for number in range(BUILDS_KEPT + 2):
        old = builds / f"old{number}" / LIBRARY
        old.parent.mkdir(parents=True)
        old.touch()
        os.utime(old, ns=(number, number))
    library = build()
    kept = {folder.name for folder in builds.iterdir()}
    assert kept == {library.parent.name, *(f"old{n}" for n in range(3, BUILDS_KEPT + 2))}
    monkeypatch.setenv("PATH", "")
    assert build() == library
    library.unlink()
    with pytest.raises(FabricError, match="gcc is not installed") as missing:
        build()
    assert missing.value.mend.startswith("sudo apt-get install")


def test_a_program_started_on_them_sees_them(library: Path, tmp_path: Path) -> None:
    """The way of `make run SIMULATED_GPUS=3`: nothing in the program knows of a simulation."""
    assert shutil.which("gcc")
    program = "from clawdesk_fabric.nvml import Nvml; print(Nvml().look())"
    command = [sys.executable, "-m", "clawdesk_fabric.simulated_gpus", "run", "3"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(library.parents[3])}
    environment.pop(state.VARIABLE, None)
    ended = subprocess.run(
        [*command, "--memory-mib", "81920", "--", sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.count("total_mib=81920") == 3
    assert "3 GPUs of 81920 MiB are simulated; models run on the processors" in ended.stderr


@pytest.mark.parametrize("goal", ["run", "demo"])
def test_make_starts_the_program_on_them_when_asked(goal: str) -> None:
    root = Path(__file__).resolve().parents[3]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}

    def printed(*more: str) -> str:
        command = ["make", "--dry-run", goal, *more]
        return subprocess.check_output(command, cwd=root, env=environment, text=True)

    assert "clawdesk_fabric.simulated_gpus run 8 -- .venv/bin/clawdesk" in printed(
        "SIMULATED_GPUS=8"
    )
    assert "simulated" not in printed()
