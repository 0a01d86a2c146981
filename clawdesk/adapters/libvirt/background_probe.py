"""Proves the fast path of snapshots on a machine of its own, with the real guest image.

A thawed template is snapshotted in the background while its guest reads and writes disk and
memory. It must finish that work afterwards, and so must the guest restored from the file: on some
hosts the file completes and the guest never runs again (facts, section 11). Whatever happens, its
machines are ended and its files removed. Blocks for some seconds.
"""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import replace
from pathlib import Path

import libvirt

from clawdesk.adapters.libvirt import disks
from clawdesk.adapters.libvirt.capture import Capture
from clawdesk.adapters.libvirt.connection import explain
from clawdesk.adapters.libvirt.launch import Launcher, Purpose
from clawdesk.adapters.libvirt.layout import SERVICE_TASK, Layout
from clawdesk.adapters.libvirt.probe_guest import greeted
from clawdesk.adapters.libvirt.probe_workspace import write_empty
from clawdesk.adapters.libvirt.records import SavedRecord
from clawdesk.ports.errors import MachineError

ALIVE_S = 15.0
"""So long may a guest take for an answer, and to finish its work."""
_PURPOSE = Purpose("probe", SERVICE_TASK, 0)


class BackgroundProbe:
    """Probes with the machines of one connection."""

    def __init__(self, layout: Layout, launcher: Launcher, capture: Capture) -> None:
        self._layout = layout
        self._launcher = launcher
        self._capture = capture

    def run(self, template: SavedRecord) -> None:
        """Raises MachineError when a guest is dead afterwards, or there is no snapshot at all."""
        snapshots = self._layout.make_task(SERVICE_TASK) / "snapshots"
        folder = snapshots / f"probe-{secrets.token_hex(4)}"
        folder.mkdir(mode=0o700)
        self._layout.give(folder)
        try:
            self._prove(template, folder / "memory")
        except (OSError, libvirt.libvirtError) as error:
            words = explain(error) if isinstance(error, libvirt.libvirtError) else str(error)
            raise MachineError(f"the probe failed: {words}") from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _prove(self, template: SavedRecord, memory: Path) -> None:
        tar = memory.with_name("workspace.tar")
        write_empty(tar)
        first = self._launcher.thaw(template, _PURPOSE, tar)
        frozen, workspace = Path(first.overlay), memory.with_name("workspace.raw")
        layer = memory.with_name("layer.qcow2")
        try:
            try:
                os.link(first.workspace, workspace)  # the machine's end removes its own
                with greeted(self._layout.channel(first.machine), ALIVE_S) as guest:
                    guest.begin_work()
                    moved = self._capture.hurry(first, memory).record
                    os.link(frozen, layer)  # as well: no record names it then
                    guest.finish_work()
            finally:
                self._launcher.end(first.machine)
            saved = replace(template, memory=str(memory), workspace=str(workspace))
            self._prove_copy(replace(saved, layers=(*moved.layers[:-1], str(layer))))
        finally:
            disks.remove(frozen)

    def _prove_copy(self, saved: SavedRecord) -> None:
        copy = self._launcher.thaw(saved, _PURPOSE, None)
        try:
            with greeted(self._layout.channel(copy.machine), ALIVE_S) as guest:
                if not guest.knows_its_work():
                    raise MachineError("the restored guest has another's memory", code="no_guest")
                guest.finish_work()
        finally:
            self._launcher.end(copy.machine)
