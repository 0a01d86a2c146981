"""A scale between the whole ones: pages are whole and readable there too.

`make gallery` draws every page at 1 and 2; half a pixel more or less shows at 1.5. A scale is of a
process, so the pages are drawn in one of their own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from PySide6.QtGui import QImageReader

from tests.support.stage import ROOT

SCALE = "1.5"
PAGES = ("full", "approval", "question", "models")
WIDE, HIGH = 1440, 900


def test_pages_are_whole_at_one_and_a_half(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.gallery", str(tmp_path), "--scale", SCALE, *PAGES],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": SCALE},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == 2 * len(PAGES), "in dark and in light"
    for found in told:
        assert not found["problems"], found
        size = QImageReader(str(tmp_path / found["picture"])).size()
        assert (size.width(), size.height()) == (WIDE * 1.5, HIGH * 1.5)
