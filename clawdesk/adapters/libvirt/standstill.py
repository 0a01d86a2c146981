"""How long a machine's virtual CPUs stood still, by libvirt's SUSPENDED and RESUMED events.

Thread-safe; it hears of machines and asks nobody.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import libvirt


@dataclass(frozen=True, slots=True)
class Pause:
    """How long the virtual CPUs of a machine stood still, and how long the whole call took.

    `pause_ms` is the time between libvirt's SUSPENDED and RESUMED events; 0 when the machine was
    suspended before and after.
    """

    pause_ms: float
    call_ms: float


class Standstill:
    """The last stop and the last start of every machine since `begin`."""

    def __init__(self) -> None:
        self._marks = threading.Condition()
        self._stopped_at: dict[str, float] = {}
        self._resumed_at: dict[str, float] = {}

    def begin(self, machine: str) -> float:
        """Forget what was heard before; returns now, in seconds of the monotonic clock."""
        with self._marks:
            self._stopped_at.pop(machine, None)
            self._resumed_at.pop(machine, None)
        return time.monotonic()

    def hear(self, machine: str, event: int) -> None:
        """A lifecycle event, on libvirt's event thread."""
        now = time.monotonic()
        with self._marks:
            if event == libvirt.VIR_DOMAIN_EVENT_SUSPENDED:
                self._stopped_at[machine] = now
            elif event == libvirt.VIR_DOMAIN_EVENT_RESUMED:
                self._resumed_at[machine] = now
                self._marks.notify_all()
            elif event == libvirt.VIR_DOMAIN_EVENT_STOPPED:
                self._stopped_at.pop(machine, None)
                self._resumed_at.pop(machine, None)

    def wait_for_resumed(self, machine: str, within_s: float) -> bool:
        """Whether it has started again since `begin`, waiting for that a while."""
        with self._marks:
            return self._marks.wait_for(lambda: machine in self._resumed_at, within_s)

    def pause(self, machine: str, begun: float, call_ms: float) -> Pause:
        """What was heard since `begin`; where nothing was, the whole call counts."""
        with self._marks:
            stopped = self._stopped_at.pop(machine, begun)
            resumed = self._resumed_at.pop(machine, begun + call_ms / 1000)
        return Pause((resumed - stopped) * 1000, call_ms)
