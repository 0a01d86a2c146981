"""The machines this process knows: their records, and whose end was our own wish.

Thread-safe; holds no libvirt object and touches no file.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from clawdesk.adapters.libvirt.records import MachineRecord
from clawdesk.ports.errors import MachineError

_BUSY_S = 60.0


class Roster:
    """Records by machine name. A machine is *lost* at most once, and never while it is ending."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: dict[str, MachineRecord] = {}
        self._ending: set[str] = set()
        self._busy: dict[str, threading.Lock] = {}

    def put(self, record: MachineRecord) -> None:
        with self._lock:
            self._records[record.machine] = record

    def find(self, machine: str) -> MachineRecord | None:
        with self._lock:
            return self._records.get(machine)

    def get(self, machine: str) -> MachineRecord:
        """Raises MachineError (code `gone`) for a machine that was never ours or has ended."""
        with self._lock:
            record = self._records.get(machine)
            if record is None or machine in self._ending:
                raise MachineError(f"There is no machine {machine} any more.", code="gone")
            return record

    def of_role(self, role: str) -> list[str]:
        with self._lock:
            return [name for name, record in self._records.items() if record.role == role]

    def of_task(self, task: str) -> list[str]:
        with self._lock:
            return [name for name, record in self._records.items() if record.task == task]

    def ending(self, machine: str) -> None:
        """From now on its end is expected."""
        with self._lock:
            self._ending.add(machine)

    def lose(self, machine: str) -> MachineRecord | None:
        """Its record, if the end just seen was not expected and not seen before."""
        with self._lock:
            record = self._records.get(machine)
            if record is None or machine in self._ending:
                return None
            self._ending.add(machine)
            return record

    def forget(self, machine: str) -> None:
        with self._lock:
            self._records.pop(machine, None)
            self._ending.discard(machine)
            self._busy.pop(machine, None)

    @contextmanager
    def alone(self, machine: str) -> Iterator[None]:
        """One operation at a time on a machine; a stuck one does not block the next for ever."""
        with self._lock:
            busy = self._busy.setdefault(machine, threading.Lock())
        taken = busy.acquire(timeout=_BUSY_S)
        try:
            yield
        finally:
            if taken:
                busy.release()
