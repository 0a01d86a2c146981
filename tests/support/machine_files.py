"""Machine files without machines: small files and real records, laid out as the adapter does.

What QEMU would write is a few bytes here, so that thousands of snapshots fit into a test.
"""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import count
from pathlib import Path

from clawdesk.adapters.libvirt.layout import MEMORY, RECORD, Layout
from clawdesk.adapters.libvirt.records import (
    MachineRecord,
    SavedRecord,
    named_files,
    write_machine,
    write_saved,
)
from clawdesk.adapters.libvirt.shelf import Shelf

_numbers = count(1)


def fill(path: str | Path, kib: int) -> None:
    """A file as long as a gigabyte, with that much in it."""
    Path(path).write_bytes(os.urandom(kib * 1024))
    os.truncate(path, 1 << 30)


class MachineFiles:
    """A home with a shelf, and machines that are made of files only."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        self.base = folder / "base.qcow2"
        self.base.write_bytes(b"base")
        self.layout = Layout(self.home, folder, os.getuid(), os.getgid())
        self.shelf = Shelf(self.layout)

    def start(self, task: str, saved: SavedRecord | None = None) -> MachineRecord:
        """A machine that booted, or that was thawed from a snapshot."""
        folder = self.shelf.open_task(task)
        name = f"cd-{task.lower()}-1-{next(_numbers):08x}"
        workspace = str(folder / "workspaces" / f"{name}.raw") if saved is None else saved.workspace
        if saved is None:
            Path(workspace).write_bytes(b"tar")
        layers = (str(self.base),) if saved is None else saved.layers
        overlay = folder / "layers" / f"{name}.qcow2"
        record = MachineRecord(name, "task", task, 1, str(overlay), layers, workspace, "tcg", "d")
        write_machine(self.layout.machine(task, name), record)
        overlay.write_bytes(b"overlay")
        return record

    def snapshot(
        self, machine: MachineRecord, ordinal: int, *, memory_kib: int = 0
    ) -> tuple[MachineRecord, SavedRecord]:
        """The machine as it goes on, and the snapshot; written in the order the adapter does."""
        number = next(_numbers)
        frozen = Path(machine.overlay)
        overlay = frozen.with_name(f"{machine.machine}-{number:08x}.qcow2")
        overlay.write_bytes(b"overlay")
        moved = replace(machine, overlay=str(overlay), layers=(*machine.layers, str(frozen)))
        write_machine(self.layout.machine(machine.task, machine.machine), moved)
        saved_id = f"{machine.task}.{ordinal}.{number:08x}"
        folder = self.layout.snapshot(saved_id)
        part = folder.with_name(f".{folder.name}.part")
        part.mkdir()
        (part / MEMORY).write_bytes(b"memory")
        if memory_kib:
            fill(part / MEMORY, memory_kib)
        saved = SavedRecord(
            id=saved_id,
            task=machine.task,
            ordinal=ordinal,
            machine=machine.machine,
            memory=str(folder / MEMORY),
            layers=moved.layers,
            workspace=machine.workspace,
            sizes={
                **{path: Path(path).stat().st_size for path in moved.layers},
                str(folder / MEMORY): (part / MEMORY).stat().st_size,
            },
            accelerator="tcg",
            image="d",
            qemu="7.2",
        )
        write_saved(part / RECORD, saved)
        part.rename(folder)
        return moved, saved

    def end(self, machine: MachineRecord) -> None:
        self.shelf.drop(
            self.layout.machine(machine.task, machine.machine),
            (machine.overlay, *machine.layers, machine.workspace),
        )

    def there(self) -> set[str]:
        """Every file in the home that is not a record, by its path."""
        return {
            str(path)
            for path in self.home.rglob("*")
            if path.is_file() and path.suffix != ".json" and path.name != "owner"
        }

    def named(self) -> set[str]:
        """Every file in the home that some record names."""
        records = [*self.layout.saved_records(), *self.layout.machine_records()]
        return {file for path in records for file in named_files(path)} - {str(self.base)}
