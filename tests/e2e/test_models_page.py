"""The models page of the real program: simulated GPUs, a real engine, a real model, from outside.

The model runs on processors; what it was promised shows on its simulated GPU.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from clawdesk.adapters.fabric_client import FabricClient
from clawdesk_fabric.local_client import request
from tests.support.fabric_docker import docker_with_image
from tests.support.fabric_world import ASK, MODEL
from tests.support.patience import NET_S
from tests.support.real_cli import RealCli, make_project, real_cli
from tests.support.stage import Stage, needs_stage, settings_of, stage

pytestmark = [pytest.mark.e2e, needs_stage]
SIMULATED = [sys.executable, "-m", "clawdesk_fabric.simulated_gpus"]
LONG_ASK = {**ASK, "max_tokens": 400, "ignore_eos": True, "temperature": 1.0}


@pytest.fixture
def cli() -> Iterator[RealCli]:
    with docker_with_image(), real_cli() as made:
        made.environment["DOCKER_HOST"] = os.environ["DOCKER_HOST"]
        try:
            yield made
        finally:
            made.stop_fabric()


@contextmanager
def window(cli: RealCli, folder: Path, *words: str) -> Iterator[Stage]:
    """The real window with the models page open."""
    theme = {k: v for k, v in os.environ.items() if k == "CLAWDESK_THEME"}
    project = make_project(folder / "vision-lab", {"notes.txt": "start\n"})
    with stage(folder, settings_of(cli, "DOCKER_HOST") | theme) as play:
        play.play([*words, sys.executable, "-m", "clawdesk", str(project)])
        play.tell("wait", "projects")
        play.tell("press", "toolbar.models")
        yield play
        play.key("ctrl+q")
        assert play.app is not None
        assert play.app.wait(60) == 0, play.log()
        assert "Traceback" not in play.log()


def until(play: Stage, id_: str, right: Callable[[str], bool]) -> str:
    """What a part of the page says as soon as it is right; the window looks by itself."""
    end_s = time.monotonic() + NET_S
    while True:
        said = str(play.tell("text", id_))
        if right(said):
            return said
        assert time.monotonic() < end_s, f"{id_} still says {said!r}"


def picture(play: Stage, name: str) -> None:
    """Keep a picture where the guide wants one (CLAWDESK_PICTURES names a folder)."""
    folder = os.environ.get("CLAWDESK_PICTURES")
    if folder:
        play.shoot(Path(folder) / f"{name}-{play.env.get('CLAWDESK_THEME', 'dark')}.png")


def socket_of(cli: RealCli) -> Path:
    return Path(cli.environment["CLAWDESK_RUNTIME_DIR"]) / "fabric.sock"


def control(cli: RealCli, target: str, body: dict[str, Any]) -> Any:
    return request(socket_of(cli), "POST", target, body)


def ask(cli: RealCli, project: str, task: str) -> int:
    """One call of a task, to its end; the answer's status."""

    async def call() -> int:
        client = FabricClient(socket=socket_of(cli), spawn=False)
        token = await client.token(project=project, task=task, attempt=1, models=(MODEL,))
        headers = {"Content-Type": "application/json"}
        body = json.dumps(LONG_ASK).encode()
        response = await client.call(token, "POST", "/v1/chat/completions", headers, body)
        async for _ in response.chunks:
            pass
        return response.status

    return asyncio.run(call())


def test_load_lease_queue_and_a_lost_gpu(cli: RealCli, tmp_path: Path) -> None:
    line = f"model.{MODEL}"
    with window(cli, tmp_path, *SIMULATED, "run", "8", "--") as play:
        until(play, "models.device.GPU-simulated-0", lambda said: "simulated" in said)
        until(play, line, lambda said: "Not loaded" in said)
        picture(play, "models-empty")
        play.tell("press", f"{line}.act")
        # A small model loads faster than a busy machine can look: what was announced counts.
        play.tell("heard", line, text="Loading")
        picture(play, "models-loading")
        until(play, line, lambda said: "Ready" in said)
        until(play, "models.device.GPU-simulated-0", lambda said: f"{MODEL} " in said)
        _in_use(play, cli, line)
        fault(cli, "lost", "0")
        lost = until(play, "models.device.GPU-simulated-0", lambda said: "lost" in said)
        assert "simulated" in lost
        until(play, "models.summary", lambda said: "1 not usable" in said)
        until(play, line, lambda said: "Failed" in said and "GPU is lost" in said)
        picture(play, "models-lost")
        play.tell("press", f"{line}.act")
        until(play, line, lambda said: "Ready" in said)  # on one of the seven that are left


def _in_use(play: Stage, cli: RealCli, line: str) -> None:
    """More calls than slots, a task that holds the model, a pin and a budget."""
    project = "/home/ada/vision-lab"
    control(cli, "/fabric/v1/leases", {"task": "train", "project": project, "model": MODEL})
    control(cli, "/fabric/v1/projects", {"project": project, "gpu_hours": 8, "tokens": 0})
    play.tell("press", f"{line}.pin")
    until(play, line, lambda said: "pinned" in said and "held by" in said)
    with ThreadPoolExecutor(7) as pool:
        calls = [pool.submit(ask, cli, project, f"task-{number}") for number in range(1, 8)]
        play.tell("wait", "wait.*")
        picture(play, "models-busy")
        for call in calls:
            assert call.result() == 200
    play.tell("press", f"{line}.pin")
    until(play, line, lambda said: "pinned" not in said)


def test_eight_gpus_and_a_model_loaded_pinned_reserved_and_unloaded(
    cli: RealCli, tmp_path: Path
) -> None:
    line = f"model.{MODEL}"
    with window(cli, tmp_path, *SIMULATED, "run", "8", "--") as play:
        until(play, "status.gpu", lambda said: "simulated: 0 of 192 GiB" in said)
        for number in range(8):
            said = until(play, f"models.device.GPU-simulated-{number}", bool)
            assert said.startswith(f"GPU {number}, simulated"), said
        until(play, line, lambda said: "Not loaded" in said)
        play.tell("press", f"{line}.act")
        until(play, line, lambda said: "Ready" in said)
        play.tell("press", f"{line}.pin")
        until(play, line, lambda said: "pinned" in said)
        play.tell("press", f"{line}.pin")
        until(play, line, lambda said: "pinned" not in said)
        play.tell("press", f"{line}.reserve")
        play.tell("wait", "reserve.go", enabled=True)
        play.tell("press", "reserve.go")
        play.tell("gone", "reserve.go")
        until(play, "reservation.*", lambda said: MODEL in said and "until" in said)
        # What is reserved stays: the act is off and says why, until the reservation ends.
        until(play, f"{line}.detail", lambda said: "end the reservation first" in said)
        play.tell("press", "reservation.*.end")
        play.tell("gone", "reservation.*.end")
        play.tell("press", f"{line}.act")
        until(play, line, lambda said: "Not loaded" in said)
        # The tasks' page has the eight in its panel, and says what they are.
        play.tell("press", "models.back")
        for number in range(8):
            until(play, f"machine.gpu{number}", lambda said: "simulated" in said)


def fault(cli: RealCli, *words: str) -> None:
    subprocess.run([*SIMULATED, "fault", *words], env=cli.environment, check=True)


def test_without_docker_the_page_says_what_is_missing(tmp_path: Path) -> None:
    with real_cli() as cli:
        cli.environment["DOCKER_HOST"] = f"unix://{tmp_path}/nobody.sock"
        with window(cli, tmp_path) as play:
            said = until(play, "models.problem", lambda said: "Docker" in said)
            assert "Next step" in said
            act = play.tell("wait", f"model.{MODEL}.act")
            assert act["name"] == f"Load {MODEL}"
            assert "Load is not possible" in play.tell("text", f"model.{MODEL}.detail")
            picture(play, "models-no-docker")
        cli.stop_fabric()
