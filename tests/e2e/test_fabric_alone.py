"""The Fabric on a machine without a window: an environment of its own, without Qt or libvirt."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fabric_docker import docker_with_image, short_place
from tests.support.fabric_world import MODEL
from tests.support.patience import NET_S

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
ROOT = Path(__file__).resolve().parents[2]
PARTS = ("pyproject.toml", "README.md", "LICENSE", "clawdesk", "fabric", "vm", "resources")
ABSENT = ("PySide6", "libvirt", "pygit2", "qasync")


def run(*command: str | Path, cwd: Path | None = None) -> str:
    result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment with the wheel's `fabric` extra and no more."""
    copy = tmp_path_factory.mktemp("checkout")
    for part in (*PARTS, "packaging"):
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / part)
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "made", cwd=copy)
    (wheel,) = (copy / "made").glob("*.whl")
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, with_pip=True)
    pip = [str(place / "bin/python"), "-m", "pip", "install", "--quiet"]
    run(*pip, "-c", ROOT / "constraints.txt", f"{wheel}[fabric]")
    return place / "bin"


@pytest.fixture
def folder() -> Iterator[Path]:
    with docker_with_image(), short_place() as place:
        yield place


def test_it_serves_and_is_looked_after_by_its_command_alone(programs: Path, folder: Path) -> None:
    for name in ABSENT:
        found = subprocess.run(
            [programs / "python", "-c", f"import {name}"], capture_output=True, check=False
        )
        assert found.returncode != 0, f"{name} came along"
    path = folder / "f.sock"
    command = programs / "clawdesk-fabric"
    serve = [str(command), "serve", f"--socket={path}", "--ready-fd=1"]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        try:
            assert child.stdout.readline().startswith(b"ready ")

            def tell(*words: str) -> str:
                return run(command, *words, f"--socket={path}")

            assert f"{MODEL} " in tell("models")
            tell("load", MODEL)
            (model,) = json.loads(tell("ps", "--json"))
            assert (model["name"], model["phase"]) == (MODEL, "ready")
            assert "engine: " in tell("status")
            tell("unload", MODEL)
            assert tell("ps") == "no model runs\n"
            # A second one is refused by the same command, and says by whom.
            second = subprocess.run(serve[:3], capture_output=True, text=True, check=False)
            assert second.returncode == 1
            assert f"a Fabric serves {path} already (process {child.pid})" in second.stderr
        finally:
            child.send_signal(signal.SIGTERM)
            _, log = child.communicate(timeout=NET_S)
    assert child.returncode == 0
    lines = [json.loads(line) for line in log.decode().splitlines()]
    assert "draining" in [line["message"] for line in lines]
