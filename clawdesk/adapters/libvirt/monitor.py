"""QEMU's own monitor of one machine, through libvirt: commands, and how a migration goes.

Only for what libvirt has no call for. libvirt marks such a machine as tainted; a command that
changes something libvirt itself keeps track of must never be given here.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import libvirt
import libvirt_qemu

from clawdesk.adapters.libvirt.connection import explain, is_missing
from clawdesk.ports.errors import MachineError

SPEED_MIB_S = 1 << 20
"""As fast as it can: QEMU's own limit is 128 MiB/s, which took half a second at 256 MiB."""
MEMORY_FILE = "clawdesk-memory"
"""What QEMU calls the open file that it is given for a guest's memory."""
NEWS_S = 0.25
"""How long news of a migration are waited for before it is asked after."""
ENDED = frozenset({"completed", "failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a migration is.

    Args:
        status: QEMU's word, e.g. "active"; "none" before the first.
        pages: pages of the guest's memory written so far.
        why: QEMU's reason when it failed, else "".
        looks: how often it looked for pages that had changed since they were written.
    """

    status: str
    pages: int
    why: str
    looks: int = 0

    @property
    def is_over(self) -> bool:
        return self.status in ENDED


class Monitor:
    """The monitor of a running machine. All calls block; none waits for a migration."""

    def __init__(self, virt: libvirt.virConnect, machine: str) -> None:
        self._virt = virt
        self._machine = machine
        self._news = threading.Event()
        try:
            self._domain = virt.lookupByName(machine)
        except libvirt.libvirtError as error:
            if not is_missing(error):
                raise  # libvirt does not answer, which says nothing of the machine
            raise _gone(machine) from error

    def do(self, command: str, **arguments: object) -> Any:
        """QEMU's answer to a command.

        Raises:
            MachineError: it refuses, in its words (code `refused`), or has ended (code `gone`).
        """
        text = json.dumps({"execute": command, "arguments": arguments})
        try:
            return self._answer(command, libvirt_qemu.qemuMonitorCommand(self._domain, text, 0))
        except libvirt.libvirtError as error:
            raise self._failed(command, error) from error

    def give(self, name: str, descriptor: int) -> None:
        """Hand QEMU an open file, which it then knows by a name. Raises as `do`."""
        text = json.dumps({"execute": "getfd", "arguments": {"fdname": name}})
        try:
            said, _files = libvirt_qemu.qemuMonitorCommandWithFiles(
                self._domain, text, [descriptor], 0
            )
            self._answer("getfd", said)
        except libvirt.libvirtError as error:
            raise self._failed("getfd", error) from error

    def can(self, capability: str, yes: bool) -> None:
        """Switch a capability of migration on or off. Raises as `do`."""
        self.do("migrate-set-capabilities", capabilities=[{"capability": capability, "state": yes}])

    def progress(self) -> Progress:
        """Of the migration now or last. Raises as `do`."""
        said = self.do("query-migrate")
        memory = said.get("ram", {})
        pages = memory.get("normal", 0) + memory.get("duplicate", 0)
        looks = memory.get("dirty-sync-count", 0)
        return Progress(said.get("status", "none"), pages, said.get("error-desc", ""), looks)

    @contextmanager
    def told(self) -> Iterator[None]:
        """While inside, `wait_for_news` wakes up at every change of a migration's status."""

        def tell(*_event: object) -> None:
            self._news.set()

        number = libvirt_qemu.qemuMonitorEventRegister(
            self._virt, self._domain, "MIGRATION", tell, None, 0
        )
        try:
            yield
        finally:
            with suppress(libvirt.libvirtError):  # the machine may have ended
                libvirt_qemu.qemuMonitorEventDeregister(self._virt, number)

    def wait_for_news(self, within_s: float) -> None:
        self._news.wait(within_s)
        self._news.clear()

    def _answer(self, command: str, text: str) -> Any:
        # Unlike libvirt's own calls this one returns QEMU's refusal like any answer; overlooked,
        # a refused capability makes the migration an ordinary one that stops the guest for good.
        said = json.loads(text)
        if "error" in said:
            why = said["error"].get("desc", "")
            raise MachineError(f"QEMU refuses {command}: {why}", code="refused")
        return said.get("return")

    def _failed(self, command: str, error: libvirt.libvirtError) -> MachineError:
        if is_missing(error):
            return _gone(self._machine)
        words = f"{command} to {self._machine} failed: {explain(error)}"
        return MachineError(words, code="monitor")


def _gone(machine: str) -> MachineError:
    return MachineError(f"There is no machine {machine} any more.", code="gone")
