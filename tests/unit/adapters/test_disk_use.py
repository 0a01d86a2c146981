"""The disk space of machine files: sparse, shared, and what forgetting really frees."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from clawdesk.adapters.libvirt.disk_use import disk_use
from clawdesk.adapters.libvirt.records import write_saved
from clawdesk.ports.machines import DiskUse, SnapshotUse
from tests.support.machine_files import MachineFiles, fill

TASK, FORK = "01TASK", "01FORK"
KIB = 1024


@pytest.fixture
def files(tmp_path: Path) -> MachineFiles:
    return MachineFiles(tmp_path)


def use(files: MachineFiles) -> DiskUse:
    return disk_use(files.home, files.shelf.needs())


def of(found: DiskUse, snapshot_id: str) -> SnapshotUse:
    return next(use for use in found.snapshots if use.id == snapshot_id)


def test_an_empty_home_uses_nothing(files: MachineFiles) -> None:
    found = use(files)
    assert (found.snapshots, found.total_bytes) == ((), 0)
    assert found.free_bytes > 0
    assert found.home == str(files.home)


def test_forgetting_frees_what_was_said(files: MachineFiles) -> None:
    machine = files.start(TASK)
    taken = []
    for ordinal in (1, 2, 3):
        fill(machine.overlay, 64)
        machine, saved = files.snapshot(machine, ordinal, memory_kib=256 * ordinal)
        taken.append(saved)
    fill(machine.workspace, 128)
    files.end(machine)
    fork = files.shelf.share(taken[0].id, FORK, 1)
    for saved in (taken[2], taken[0], fork, taken[1]):
        before = use(files)
        said = of(before, saved.id)
        files.shelf.forget(saved.id)
        after = use(files)
        freed = before.snapshots_bytes - after.snapshots_bytes
        assert freed == said.bytes
        assert 0 <= before.total_bytes - after.total_bytes - freed <= 16 * KIB  # its record
    assert after.snapshots == ()
    assert after.snapshots_bytes == 0


def test_what_is_shared_is_not_what_is_freed(files: MachineFiles) -> None:
    machine = files.start(TASK)
    machine, first = files.snapshot(machine, 1, memory_kib=256)
    alone = of(use(files), first.id)
    assert 256 * KIB <= alone.bytes < 512 * KIB  # not the gigabyte its length says
    assert (alone.task, alone.ordinal) == (TASK, 1)
    assert alone.shared_bytes > 0  # the machine stands on its layer and workspace
    fork = files.shelf.share(first.id, FORK, 7)
    found = use(files)
    for snapshot_id in (first.id, fork.id):
        assert of(found, snapshot_id).bytes == 0
        assert of(found, snapshot_id).shared_bytes == alone.bytes + alone.shared_bytes
    assert of(found, fork.id).at_ms == alone.at_ms == of(found, first.id).at_ms
    assert (of(found, fork.id).task, of(found, fork.id).ordinal) == (FORK, 7)


def test_snapshots_come_oldest_first(files: MachineFiles) -> None:
    machine = files.start(TASK)
    saved = []
    for ordinal, at_s in ((1, 30), (2, 10), (3, 20)):
        machine, taken = files.snapshot(machine, ordinal)
        os.utime(taken.memory, (at_s, at_s))
        saved.append(taken.id)
    found = use(files).snapshots
    assert [(each.id, each.at_ms) for each in found] == [
        (saved[1], 10_000),
        (saved[2], 20_000),
        (saved[0], 30_000),
    ]


def test_machines_and_templates_have_sums_of_their_own(files: MachineFiles) -> None:
    machine = files.start(TASK)
    fill(machine.overlay, 2048)  # freezes, so that the machine is not alone with it
    machine, saved = files.snapshot(machine, 1)
    fill(machine.overlay, 512)
    template = files.home / "templates" / "key" / "generation"
    template.mkdir(parents=True)
    fill(template / "memory", 1024)
    os.link(template / "memory", template / "again")  # one file, two names
    write_saved(template / "record.json", replace(saved, memory=str(template / "memory")))
    found = use(files)
    assert 512 * KIB <= found.machines_bytes < 768 * KIB
    assert 1024 * KIB <= found.templates_bytes < 1280 * KIB
    assert [each.id for each in found.snapshots] == [saved.id]
    assert found.snapshots_bytes >= 2048 * KIB
    parts = found.snapshots_bytes + found.machines_bytes + found.templates_bytes
    assert 0 <= found.total_bytes - parts < 64 * KIB


def test_images_and_layers_are_told_and_belong_to_no_snapshot(files: MachineFiles) -> None:
    before = use(files)
    for folder, kib in (("images", 512), ("layers", 1024)):
        (files.home / folder / "one").mkdir(parents=True)
        fill(files.home / folder / "one" / "root", kib)
    found = use(files)
    assert 512 * KIB <= found.images_bytes < 768 * KIB
    assert 1024 * KIB <= found.layers_bytes < 1280 * KIB
    both = found.images_bytes + found.layers_bytes
    assert found.total_bytes == before.total_bytes + both
    assert found.snapshots_bytes == before.snapshots_bytes


def test_a_missing_file_counts_nothing_and_a_strange_folder_is_no_snapshot(
    files: MachineFiles,
) -> None:
    _, saved = files.snapshot(files.start(TASK), 1)
    strange = files.home / "tasks" / TASK / "snapshots" / "strange"
    strange.mkdir()
    (strange / "record.json").write_text((Path(saved.memory).parent / "record.json").read_text())
    Path(saved.memory).unlink()
    (found,) = use(files).snapshots
    assert (found.id, found.bytes, found.at_ms) == (saved.id, 0, 0)
