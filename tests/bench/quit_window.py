"""The real window and machines on a host that is said to have 64 CPUs: quit_window.py PROJECT.

A machine takes a CPU of the host by the rules, and 20 machines are to be there at once; idle ones
share the few CPUs that there are. Nothing else differs from `clawdesk PROJECT`.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "fabric"), str(ROOT / "vm")]

from clawdesk.app import build_parts, open_plane  # noqa: E402
from clawdesk.ports.telemetry import HostLoad, Telemetry  # noqa: E402
from clawdesk.runtime.watch import Parts  # noqa: E402
from clawdesk.ui.loop import run_window  # noqa: E402

CPUS = 64


class RoomyHost:
    """What the real telemetry says, but for the number of CPUs."""

    def __init__(self, real: Telemetry) -> None:
        self._real = real

    async def sample(self) -> HostLoad:
        return replace(await self._real.sample(), cpu_count=CPUS)

    async def close(self) -> None:
        await self._real.close()


async def parts() -> Parts:
    real = await build_parts()
    return replace(real, telemetry=RoomyHost(real.telemetry))


if __name__ == "__main__":
    sys.exit(run_window(partial(open_plane, parts=parts), sys.argv[1:]))
