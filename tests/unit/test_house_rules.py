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


def run(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """A pytest of its own, with our rules and a shorter patience."""
    rules = (ROOT / "tests/conftest.py").read_text()
    (folder / "conftest.py").write_text(rules.replace("END_S = 5.0", "END_S = 0.1"))
    (folder / "test_one.py").write_text(text)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = e2e: real parts\n")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LEAVES_A_THREAD, "threads left behind: lost"),
        (LEAVES_A_PROCESS, "processes left behind"),
        (WARNS, "disk is nearly full"),
    ],
)
def test_a_leftover_or_a_warning_fails_the_test(tmp_path: Path, text: str, said: str) -> None:
    result = run(tmp_path, text)
    assert result.returncode == 1
    assert said in result.stdout


@pytest.mark.parametrize("text", [WARNS_AS_ANNOUNCED, LOOKS_AT_ITS_PLACES])
def test_what_is_announced_or_isolated_passes(tmp_path: Path, text: str) -> None:
    result = run(tmp_path, text)
    assert result.returncode == 0, result.stdout
