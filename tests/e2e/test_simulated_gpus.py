"""Simulated GPUs from outside: the doctor, the window and its Fabric, started as `make` does it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import docker
import psutil
import pytest
from docker.models.containers import Container

from clawdesk_fabric.nvml import Nvml, process_of
from clawdesk_fabric.simulated_gpus import state
from tests.bench.bench_steps import imported
from tests.support import simulated_gpus
from tests.support.dockerd import NoEngineError, engine
from tests.support.patience import NET_S
from tests.support.real_cli import RealCli, make_project, real_cli
from tests.support.stage import Stage, needs_stage, settings_of, stage

pytestmark = pytest.mark.e2e
SIMULATED = [sys.executable, "-m", "clawdesk_fabric.simulated_gpus"]


@pytest.fixture(scope="module")
def cli() -> Iterator[RealCli]:
    with real_cli() as made:
        yield made


def command(cli: RealCli, *words: str) -> str:
    """Run the command of simulated GPUs, as a second terminal would; what it prints."""
    return subprocess.run(
        [*SIMULATED, *words], env=cli.environment, capture_output=True, text=True, check=True
    ).stdout


def gpu_rows(text: str) -> dict[str, dict[str, Any]]:
    checks = json.loads(text)["checks"]
    return {check["name"]: check for check in checks if check["name"].startswith("gpu")}


def test_the_doctor_tells_the_truth_in_each_case(cli: RealCli) -> None:
    ask = (sys.executable, "-m", "clawdesk", "doctor", "--json")
    rows = gpu_rows(simulated_doctor(cli, "run", "2", "--", *ask))
    assert set(rows) == {"gpu 0", "gpu 1"}
    for row in rows.values():
        assert row["found"].endswith("24 GiB, driver 999.01-stub (simulated)")
        assert row["state"] == "limited"
        assert "computes nothing" in row["why"]
    lose = f"{sys.executable} -m clawdesk_fabric.simulated_gpus fault"
    for fault, words in (
        ("lost 1", "GPU is lost"),
        ("needs-reset 1", "nvidia-smi --gpu-reset"),
    ):
        script = f"{lose} {fault} >&2 && exec {' '.join(ask)}"
        rows = gpu_rows(simulated_doctor(cli, "run", "2", "--", "sh", "-c", script))
        assert words in rows["gpu 1"]["why"]
        assert "(simulated)" in rows["gpu 1"]["found"]
        assert "lost" not in rows["gpu 0"]["why"]
    for fault, words in (
        ("driver-missing", "NVIDIA driver is not loaded"),
        ("version-mismatch", "restart this machine"),
    ):
        script = f"{lose} {fault} >&2 && exec {' '.join(ask)}"
        rows = gpu_rows(simulated_doctor(cli, "run", "2", "--", "sh", "-c", script))
        assert (rows["gpu"]["found"], rows["gpu"]["state"]) == ("none", "limited")
        assert words in rows["gpu"]["why"]
        assert rows["gpu"]["why"].endswith("Models run on the CPU.")


def simulated_doctor(cli: RealCli, *words: str) -> str:
    """The doctor's exit code tells of other parts too, so it is not looked at."""
    done = subprocess.run(
        [*SIMULATED, *words], env=cli.environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("{"), done.stderr
    return done.stdout


def until(play: Stage, id_: str, right: Callable[[str], bool]) -> str:
    """What a part of the window says as soon as it is right; the window samples by itself."""
    end_s = time.monotonic() + NET_S
    while True:
        said = str(play.tell("text", id_))
        if right(said):
            return said
        assert time.monotonic() < end_s, f"{id_} still says {said!r}"


@needs_stage
def test_window_and_fabric_see_them_and_say_so(cli: RealCli, tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", {"notes.txt": "start\n"})
    cli.stop_fabric()  # one that the doctor started; the window is to start its own
    with stage(tmp_path, settings_of(cli, "DOCKER_HOST")) as play:
        play.play([*SIMULATED, "run", "8", "--", sys.executable, "-m", "clawdesk", str(project)])
        play.tell("wait", "status.gpu")
        until(play, "status.gpu", lambda said: "simulated: 0 of 192 GiB" in said)
        until(play, "machine.gpu0", lambda said: said.startswith("GPU 0 simulated"))
        assert "simulated" in play.tell("text", "machine.summary")
        command(cli, "use", "0", "12288")
        until(play, "status.gpu", lambda said: "simulated: 12 of 192 GiB" in said)
        command(cli, "fault", "lost", "0")
        until(play, "status.gpu", lambda said: "1 not usable" in said)
        lost = until(play, "machine.gpu0", lambda said: "GPU is lost" in said)
        assert "simulated" in lost
        command(cli, "fault", "driver-restarted")
        command(cli, "heal")
        until(play, "status.gpu", lambda said: "not usable" not in said)
        assert fabrics(cli), "the window started no Fabric"
        for fabric in fabrics(cli):
            found = fabric.environ()
            assert "simulated-gpus" in found["LD_LIBRARY_PATH"]
            assert Path(found[state.VARIABLE]).is_file()
        play.key("ctrl+q")
        assert play.app is not None
        assert play.app.wait(60) == 0, play.log()
        assert "Traceback" not in play.log()


def fabrics(cli: RealCli) -> list[psutil.Process]:
    """Fabrics that serve the socket of these tests."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if "clawdesk_fabric" in (line := " ".join(process.info["cmdline"] or ()))
        and f"--socket={cli.root}" in line
    ]


def test_memory_of_a_container_is_told_as_its_own_and_ends_with_it(tmp_path: Path) -> None:
    shared = simulated_gpus.library(tmp_path / "cache")
    with simulated_gpus.loaded(shared, tmp_path / "gpus"), container() as started:
        state.write(state.simulated(2))
        pid = process_of(str(started.id))
        assert pid is not None
        assert pid == started.attrs["State"]["Pid"]
        state.simulate_use("GPU-simulated-1", pid, 4096)
        nvml = Nvml()
        (process,) = nvml.look().gpus[1].processes
        assert (process.used_mib, process.container) == (4096, started.id)
        started.remove(force=True)
        assert nvml.look().gpus[1].used_mib == 0
        nvml.close()


@contextmanager
def container() -> Iterator[Container]:
    """One that waits, in a real engine; skips the test where there is none."""
    try:
        with engine() as host:
            client = docker.DockerClient(base_url=host)
            started = client.containers.run(
                imported(client), ["/bin/sleep", "600"], detach=True, network_mode="none"
            )
            started.reload()
            try:
                yield started
            finally:
                with suppress(docker.errors.NotFound):
                    started.remove(force=True)
                client.close()
    except NoEngineError as error:
        pytest.skip(str(error))


def fabric_command(cli: RealCli, *words: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "clawdesk_fabric", *words],
        env=cli.environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_a_model_is_placed_by_the_ledger_and_its_decisions_can_be_run_again(cli: RealCli) -> None:
    """Containers run on processors; what they were promised shows on their simulated GPU."""
    cli.stop_fabric()
    serve = (sys.executable, "-m", "clawdesk_fabric", "serve", "--exit-when-idle")
    fabric = subprocess.Popen(
        [*SIMULATED, "run", "2", "--", *serve],
        env=cli.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end_s = time.monotonic() + NET_S
        status = _status(cli)
        while status is None:
            assert fabric.poll() is None
            assert time.monotonic() < end_s
            status = _status(cli)
        assert [d["total"] for d in status["devices"] if d["simulated"]] == [24576, 24576]
        fabric_command(cli, "load", "smollm2-135m")
        end_s = time.monotonic() + NET_S
        while not (found := _placed(cli))["measured"]:
            assert time.monotonic() < end_s, found
        assert found == {"model": "smollm2-135m", "promised": 1024, "measured": 1024, "leases": 0}
        fabric_command(cli, "unload", "smollm2-135m")
    finally:
        cli.stop_fabric()
        fabric.wait(60)
    (log,) = Path(cli.environment["XDG_STATE_HOME"]).rglob("decisions-*.jsonl")
    again = [sys.executable, "-m", "clawdesk_fabric.decisions", str(log)]
    said = subprocess.run(again, capture_output=True, text=True, check=True).stdout
    assert "events were decided the same" in said


def _status(cli: RealCli) -> dict[str, Any] | None:
    done = subprocess.run(
        [sys.executable, "-m", "clawdesk_fabric", "status", "--json"],
        env=cli.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    found: dict[str, Any] | None = json.loads(done.stdout) if done.returncode == 0 else None
    return found


def _placed(cli: RealCli) -> dict[str, Any]:
    """The only model on the only GPU that has one."""
    status = _status(cli)
    assert status is not None
    (model,) = [model for device in status["devices"] for model in device["models"]]
    found: dict[str, Any] = model
    return found
