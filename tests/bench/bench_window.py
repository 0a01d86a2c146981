"""U1: from the start of the process to the window being on the screen, and its memory.

The real program under a screen of its own (Xvfb), with empty settings. What is measured ends when
the X server shows the window; beside it stands a bare PySide6 window started the same way.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.bench.rows import Row, row

END_S = 20.0
SHOWN_S_MAX = 60.0
LOOK_S = 0.02
BARE = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_DFL);"
    "from PySide6.QtWidgets import QApplication, QMainWindow;"
    "app = QApplication([]); window = QMainWindow(); window.setWindowTitle('BareWindow');"
    "window.show(); app.exec()"
)


@contextmanager
def screen() -> Iterator[str]:
    """An X server of our own; yields its DISPLAY."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1600x1000x24"]
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(command, pass_fds=[writing], stdout=quiet, stderr=quiet)
    os.close(writing)
    try:
        with os.fdopen(reading) as numbers:
            yield f":{numbers.readline().strip()}"
    finally:
        server.terminate()
        server.wait(END_S)


def until_shown(command: list[str], title: str, env: Mapping[str, str]) -> tuple[float, float]:
    """Start a program; ms until a window of that title is visible, and MiB it then holds."""
    began = time.monotonic()
    program = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    try:
        # xdotool's own --sync looks twice a second only.
        search = ["xdotool", "search", "--onlyvisible", "--name", title]
        pause = threading.Event()
        while subprocess.run(search, env=env, capture_output=True, check=False).returncode != 0:
            if program.poll() is not None or time.monotonic() - began > SHOWN_S_MAX:
                raise RuntimeError(f"{title} did not show a window")
            pause.wait(LOOK_S)
        took_ms = (time.monotonic() - began) * 1000
        return took_ms, psutil.Process(program.pid).memory_info().rss / 2**20
    finally:
        program.terminate()
        try:
            program.wait(END_S)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()


def measure(n: int) -> Iterator[Row]:
    clawdesk = str(Path(sys.executable).with_name("clawdesk"))
    ours: list[tuple[float, float]] = []
    bare: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory(prefix="cdb-") as name, screen() as display:
        env = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "HOME": name}
        for variable in ("CONFIG", "DATA", "STATE", "CACHE"):
            env[f"XDG_{variable}_HOME"] = f"{name}/{variable.lower()}"
        env |= {"CLAWDESK_RUNTIME_DIR": f"{name}/run", "CLAWDESK_DATA_DIR": f"{name}/home"}
        env.pop("WAYLAND_DISPLAY", None)
        Path(name).chmod(0o711)
        Path(name, "run").mkdir(mode=0o700)
        for _ in range(n):
            bare.append(until_shown([sys.executable, "-c", BARE], "BareWindow", env))
            ours.append(until_shown([clawdesk], "ClawDesk", env))
    yield row(
        "U1 window, start to shown",
        [ms for ms, _ in ours],
        "ms",
        beside=[ms for ms, _ in bare],
        ratio_to="bare PySide6 window",
        goal="at most 1 s (then 0.6 s)",
    )
    yield row(
        "U1 window, memory",
        [mib for _, mib in ours],
        "MiB",
        beside=[mib for _, mib in bare],
        ratio_to="bare PySide6 window",
        goal="at most 120 MiB",
    )
