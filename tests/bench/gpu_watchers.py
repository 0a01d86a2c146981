"""What bench_gpus.py measures of ours: `python gpu_watchers.py poller|panel HZ`, until it is ended.

`poller` reads every figure of every GPU and tells its loop; `panel` shows them in the window's own
panel and bar besides.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "fabric")]

from clawdesk_fabric.gpus import GpuWatch  # noqa: E402
from clawdesk_fabric.model import GpuReading  # noqa: E402
from clawdesk_fabric.nvml import Nvml  # noqa: E402

GPUS = 8


async def poller(hz: float) -> None:
    """GpuWatch with all figures, on its thread."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)

    def heard(gpus: tuple[GpuReading, ...], note: str) -> None:
        assert len(gpus) == GPUS, note

    watch = GpuWatch(interval_s=1 / hz, nvml=Nvml())
    await watch.open(heard)
    await ended.wait()
    await watch.close()


def panel(hz: float) -> None:
    """The machine panel and the status bar of the window, fed by the desktop's telemetry."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["QT_API"] = "pyside6"
    import qasync
    from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

    from clawdesk.adapters.telemetry import HostTelemetry
    from clawdesk.domain.model import PlaneState
    from clawdesk.runtime.api import Environment
    from clawdesk.ui.machine_panel import MachinePanel
    from clawdesk.ui.status_bar import StatusBar
    from clawdesk.viewmodels.machine import host_view
    from clawdesk.viewmodels.status import status_bar

    app = QApplication([])
    window = QWidget()
    column = QVBoxLayout(window)
    shown, bar = MachinePanel(), StatusBar()
    column.addWidget(shown)
    column.addWidget(bar)
    window.resize(1100, 1100)
    window.show()

    async def keep_showing() -> None:
        ended = asyncio.Event()
        app.aboutToQuit.connect(ended.set)
        telemetry = HostTelemetry()
        while not ended.is_set():
            load = await telemetry.sample()
            assert len(load.gpus) == GPUS, load.gpu_note
            shown.show_host(host_view(load))
            bar.show_bar(status_bar(PlaneState(), load, Environment()))
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), 1 / hz)

    with qasync.QEventLoop(app) as loop:
        loop.run_until_complete(keep_showing())


if __name__ == "__main__":
    run: dict[str, Callable[[float], None]] = {
        "poller": lambda hz: asyncio.run(poller(hz)),
        "panel": panel,
    }
    run[sys.argv[1]](float(sys.argv[2]))
