"""The wheel: three packages, their files that are no Python, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("pyproject.toml", "README.md", "LICENSE", "clawdesk", "fabric", "vm", "resources")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    """Built from a copy, so that a build never writes into the checkout."""
    copy = tmp_path_factory.mktemp("checkout")
    without = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for part in (*PARTS, "packaging"):
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, copy / part, ignore=without)
        else:
            shutil.copy(source, copy / part)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "made"]
    result = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return zipfile.Path(next((copy / "made").glob("*.whl")))


def names(wheel: zipfile.Path) -> set[str]:
    return set(wheel.root.namelist())


def test_the_wheel_holds_three_packages(wheel: zipfile.Path) -> None:
    tops = {name.split("/")[0] for name in names(wheel)}
    packages = {top for top in tops if not top.endswith(".dist-info")}
    assert packages == {"clawdesk", "clawdesk_fabric", "clawdesk_guest"}


@pytest.mark.parametrize(
    "name",
    [
        "clawdesk/_resources/demo/.clawdesk/tasks/tidy-notes.toml",
        "clawdesk/_resources/demo/tools/survey.py",
        "clawdesk/_vm_image/init",
        "clawdesk_fabric/catalog.toml",
        "clawdesk_fabric/_images/llama/recipe.toml",
    ],
)
def test_files_that_are_no_python_are_in_it(wheel: zipfile.Path, name: str) -> None:
    assert name in names(wheel)


def test_the_console_scripts_and_the_licence_are_in_it(wheel: zipfile.Path) -> None:
    scripts = next(name for name in names(wheel) if name.endswith("entry_points.txt"))
    text = (wheel / scripts).read_text()
    assert "clawdesk = clawdesk.__main__:main" in text
    assert "clawdesk-fabric = clawdesk_fabric.__main__:main" in text
    assert any(name.endswith("licenses/LICENSE") for name in names(wheel))
