"""A short soak of driven use: what the window holds is the same after some rounds, and a thing that
is left behind on purpose is found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.stage import ROOT

pytestmark = pytest.mark.e2e
EXACT = ("qobjects", "widgets", "fds", "threads")
ROUNDS = 5


def soak(home: Path, *more: str) -> dict[str, Any]:
    """What a run in a process of its own says."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak.window_use", "--rounds", str(ROUNDS), *more],
        cwd=ROOT,
        env={**os.environ, "HOME": str(home), "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_nothing_is_left_behind_by_use(tmp_path: Path) -> None:
    found = soak(tmp_path)
    assert found["acts"] >= 100
    middle, end = found["marks"]["middle"], found["marks"]["end"]
    for name in EXACT:
        assert end[name] == middle[name], f"{name}: {found['growing']} {found['grown']}"


def test_what_is_left_behind_on_purpose_is_found(tmp_path: Path) -> None:
    found = soak(tmp_path, "--leak", "widgets")
    assert found["verdict"] == "leaks"
    assert any(words.startswith("widgets: ") for words in found["growing"])
