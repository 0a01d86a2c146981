"""The rules of tests/conftest.py catch what they are there for: each is broken once, on purpose."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

LEAVES_A_THREAD = """
import threading
def test_it():
    threading.Thread(target=threading.Event().wait, name="lost", daemon=True).start()
"""
LEAVES_A_PROCESS = """
import subprocess, sys
LEFT = []
def test_it():
    LEFT.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))
"""
WARNS = """
import logging
def test_it():
    logging.getLogger("x").warning("disk is nearly full")
"""
WARNS_AS_ANNOUNCED = """
import logging, pytest
@pytest.mark.expect_log("nearly full")
def test_it():
    logging.getLogger("x").warning("disk is nearly full")
"""
LOOKS_AT_ITS_PLACES = """
import os, pathlib
def test_it():
    for name in ("HOME", "XDG_DATA_HOME", "CLAWDESK_RUNTIME_DIR"):
        assert len(os.environ[name]) < 40, "a Unix socket's path has 108 bytes"
        assert pathlib.Path(os.environ[name]).is_dir()
"""


CASES = {
    "thread": LEAVES_A_THREAD,
    "process": LEAVES_A_PROCESS,
    "warns": WARNS,
    "announced": WARNS_AS_ANNOUNCED,
    "places": LOOKS_AT_ITS_PLACES,
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a pytest of its own says, with our rules and a shorter patience, of all cases."""
    folder = tmp_path_factory.mktemp("house")
    rules = (ROOT / "tests/conftest.py").read_text()
    (folder / "conftest.py").write_text(rules.replace("END_S = 5.0", "END_S = 0.1"))
    for name, text in CASES.items():
        (folder / f"test_{name}.py").write_text(text)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = e2e: real parts\n")
    plugins = ["-p", "no:cacheprovider", "-p", "no:pytest-qt", "-p", "no:asyncio"]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", *plugins, str(folder)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("thread", "threads left behind: lost"),
        ("process", "processes left behind"),
        ("warns", "disk is nearly full"),
    ],
)
def test_a_leftover_or_a_warning_fails_the_test(report: str, name: str, said: str) -> None:
    assert f"ERROR test_{name}.py::test_it" in report
    assert said in report


@pytest.mark.parametrize("name", ["announced", "places"])
def test_what_is_announced_or_isolated_passes(report: str, name: str) -> None:
    assert f"PASSED test_{name}.py::test_it" in report
    assert f"ERROR test_{name}.py" not in report


def test_random_examples_can_be_repeated(report: str) -> None:
    assert "--hypothesis-seed=" in report
