"""Qt and libvirt in one process: each keeps to its own thread.

Both can run GLib's default main context. Where they share it, Qt's timers fire on libvirt's thread
or never, and the process crashes sooner or later. This runs in a process of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.e2e
PROGRAM = """
import threading
import libvirt
from clawdesk.adapters.libvirt import connection
connection.run_events()
from clawdesk.ui.loop import application
app = application()
from PySide6.QtCore import QEventLoop, QTimer
main, threads, wanted = threading.get_ident(), set(), 3000
loop = QEventLoop()
def tick():
    threads.add(threading.get_ident())
    global wanted
    wanted -= 1
    if wanted:
        QTimer.singleShot(0, tick)
    else:
        loop.quit()
QTimer.singleShot(0, tick)
loop.exec()
assert threads == {main}, f"{len(threads)} threads ran Qt's timers"
print("apart")
import os
os._exit(0)
"""


def test_timers_of_the_window_fire_on_its_own_thread() -> None:
    # Without what conftest.py sets for this process: the program must do it by itself.
    environment = {k: v for k, v in os.environ.items() if k != "QT_NO_GLIB"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**environment, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "apart"), done.stderr
