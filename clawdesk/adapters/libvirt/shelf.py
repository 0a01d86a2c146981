"""The shelf: which machine files are still needed, and the end of those that are not.

A file lives while any record names it: of a snapshot, a machine or a template, of whatever task.
Nothing is counted: the records on disk are read anew each time, so no crash leaves a wrong count.
A record always goes before its files; what a crash leaves between the two, `sweep` removes at the
next start. One lock makes "look, then remove" and "look, then refer" one step each. Calls block.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from clawdesk.adapters.libvirt import disks
from clawdesk.adapters.libvirt.layout import MEMORY, RECORD, Layout
from clawdesk.adapters.libvirt.records import (
    SavedRecord,
    named_files,
    named_in,
    read_saved,
    write_saved,
)
from clawdesk.ports.errors import MachineError, SnapshotDamagedError

_log = logging.getLogger(__name__)
_REMOVABLE = ("tasks", "service")
"""Folders of the home whose files go with their last record; templates go as a whole."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What one record needs.

    Args:
        files: paths inside the home; files that lie elsewhere are not ours to keep.
        memory: the one of them with the guest's memory; "" in a machine's record.
        image: digest of the guest image it stands on, "" where it names none.
    """

    record: Path
    files: frozenset[str]
    memory: str
    image: str = ""


class Shelf:
    """Files of one home, as the records of this home need them."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._lock = threading.RLock()
        self._lent: Counter[str] = Counter()
        self._lent_images: Counter[str] = Counter()

    def open_task(self, task: str) -> Path:
        """A task's folder with all its sub-folders; a discarded task begins anew."""
        with self._lock:
            folder = self._layout.task(task)
            if self._layout.is_discarded(folder):
                self._clear(folder, self._needed())
            return self._layout.make_task(task)

    def find(self, snapshot_id: str) -> SavedRecord:
        """Raises SnapshotDamagedError when its record is gone or unreadable."""
        folder = self._layout.snapshot(snapshot_id)
        try:
            return read_saved(folder / RECORD)
        except ValueError as error:
            raise SnapshotDamagedError(
                "The snapshot is damaged: its record is missing or unreadable.",
                mend="Go back to an earlier checkpoint, or run the task again.",
                code="damaged",
            ) from error

    @contextmanager
    def borrowed(self, snapshot_id: str) -> Iterator[SavedRecord]:
        """While inside, a snapshot's files stay, even when its last record goes meanwhile."""
        with self._lock:
            saved = self.find(snapshot_id)
            files = _files(saved)
            inside = [self._layout.within(file) for file in files]
            self._lent.update(inside)
            self._lent_images[saved.image] += 1
        try:
            yield saved
        finally:
            with self._lock:
                self._lent.subtract(inside)
                self._lent = +self._lent
                self._lent_images -= Counter([saved.image])
                if not (self._layout.snapshot(snapshot_id) / RECORD).exists():
                    self._collect(files)

    def share(self, snapshot_id: str, task: str, ordinal: int) -> SavedRecord:
        """Give a task a record of its own that names the files of a snapshot; nothing is copied.

        The same call again yields the same record.

        Raises:
            SnapshotDamagedError: the record or a file is missing, or a file has another size.
        """
        suffix = hashlib.sha256(snapshot_id.encode()).hexdigest()[:8]
        with self._lock:
            saved = self.find(snapshot_id)
            expect_files(saved)
            shared = replace(saved, id=f"{task}.{ordinal}.{suffix}", task=task, ordinal=ordinal)
            try:
                self.open_task(task)
                folder = self._layout.snapshot(shared.id)
                folder.mkdir(mode=0o700, exist_ok=True)
                self._layout.give(folder)
                write_saved(folder / RECORD, shared)
            except OSError as error:
                raise disks.disk_error("The snapshot could not be shared", error) from error
        return shared

    def forget(self, snapshot_id: str) -> None:
        """Remove one snapshot, and of its files those that nobody else needs."""
        try:
            folder = self._layout.snapshot(snapshot_id)
        except MachineError:
            return  # nobody can ever have had it
        with self._lock:
            try:
                files = named_files(folder / RECORD)
            except FileNotFoundError:
                files = ()
            (folder / RECORD).unlink(missing_ok=True)
            self._collect([*files, str(folder / MEMORY)])

    def drop(self, record: Path, files: Iterable[str]) -> None:
        """Remove a machine's record, and of the files it needed those that nobody else needs."""
        with self._lock:
            record.unlink(missing_ok=True)
            self._collect(files)

    def collect(self, files: Iterable[str]) -> None:
        """Some record names these files no more: remove those that no other names either."""
        with self._lock:
            self._collect(files)

    def discard(self, task: str) -> None:
        """Remove all records of a task, and its files except those that others need."""
        with self._lock:
            folder = self._layout.task(task)
            if not folder.exists():
                return
            records = [*folder.glob(f"snapshots/[!.]*/{RECORD}"), *folder.glob("machines/*.json")]
            named = [file for record in records for file in named_files(record)]
            self._layout.mark_discarded(folder)
            self._clear(folder, self._needed())
            self._collect(named)  # what it needed of other tasks

    def sweep(self) -> None:
        """Remove what nobody needs. At start only: a file in the making has no record yet."""
        with self._lock:
            try:
                needed = self._needed()
                for folder in [*self._layout.task_folders(), self._layout.home / "service"]:
                    self._clear(folder, needed)
            except OSError as error:
                # Better a file too many than one too few.
                _log.info("machine files are not tidied up: %s", error)

    @contextmanager
    def held(self) -> Iterator[tuple[list[Needs], set[str]]]:
        """What each record needs, and digests of guest images of snapshots that are lent.

        While inside, none is lent or shared. Raises OSError as `needs` does.
        """
        with self._lock:
            yield self.needs(), set(self._lent_images)

    def needs(self) -> list[Needs]:
        """What each record needs. Raises OSError when a record cannot be read."""
        with self._lock:
            records = [*self._layout.saved_records(), *self._layout.template_records()]
            found = [self._needs(path, saved=True) for path in records]
            found += [self._needs(path, saved=False) for path in self._layout.machine_records()]
        return [needs for needs in found if needs is not None]

    def _needs(self, record: Path, *, saved: bool) -> Needs | None:
        try:
            named = named_in(record)
        except FileNotFoundError:
            return None
        inside = [self._layout.within(file) for file in named.files]
        memory = inside[0] if saved and inside else ""
        return Needs(record, frozenset(filter(None, inside)), memory, named.image)

    def _needed(self) -> set[str]:
        """All files that must stay, the records themselves included."""
        needed = set(self._lent)
        for needs in self.needs():
            needed |= needs.files
            needed.add(self._layout.within(str(needs.record)))
        return needed

    def _collect(self, files: Iterable[str]) -> None:
        needed = self._needed()
        for inside in {self._layout.within(file) for file in files} - needed:
            top, *_ = parts = inside.split("/")
            if top not in _REMOVABLE:
                continue
            path = self._layout.home / inside
            disks.remove(path)
            if path.name == MEMORY:
                with suppress(OSError):  # its record is still there
                    path.parent.rmdir()
            task = self._layout.home / "/".join(parts[:2])
            if top == "tasks" and self._layout.is_discarded(task):
                self._clear(task, needed)

    def _clear(self, folder: Path, needed: set[str]) -> None:
        """Remove the files below that are not needed, and the folder when none is left.

        By open folders and not by paths: QEMU's account owns these, and could swap one for a link
        while root looks.
        """
        left = False
        if not folder.exists():
            return
        for root, _, names, handle in os.fwalk(folder, topdown=False, onerror=_stop):
            for name in names:
                if self._layout.within(f"{root}/{disks.noted_file(name)}") in needed:
                    left = True
                else:
                    with suppress(FileNotFoundError):  # a note in the making just got its name
                        os.unlink(name, dir_fd=handle)
        if not left:
            self._layout.remove(folder)
            return
        for snapshot in folder.glob("snapshots/*"):
            with suppress(OSError):  # not empty
                snapshot.rmdir()


def expect_files(saved: SavedRecord) -> None:
    """Every file of a snapshot is there and has its size. Raises SnapshotDamagedError."""
    if not Path(saved.workspace).exists():
        raise SnapshotDamagedError(
            "The snapshot is damaged: the workspace disk it was started with is missing.",
            mend="Run the task again.",
            code="damaged",
        )
    for path, size in saved.sizes.items():
        disks.expect(Path(path), size)


def _stop(error: OSError) -> None:
    """A folder that cannot be listed is not an empty one."""
    raise error


def _files(saved: SavedRecord) -> tuple[str, ...]:
    return (saved.memory, saved.workspace, *saved.layers)
