"""Guest images of a home: what stands on each is counted, and what nothing needs can go."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pytest

from clawdesk.adapters.libvirt.image_commands import locked
from clawdesk.adapters.libvirt.old_images import image_uses, remove_images
from clawdesk.adapters.libvirt.records import write_machine, write_saved
from clawdesk.ports.errors import MachineError
from clawdesk.ports.machines import ImageUse
from tests.support.machine_files import MachineFiles

OLD, NEW = "a" * 64, "b" * 64
KIB = 1024


def folder_of(digest: str, name: str = "base") -> str:
    return f"{name}-{'0' * 16}-{digest[:16]}"


@pytest.fixture
def files(tmp_path: Path) -> MachineFiles:
    made = MachineFiles(tmp_path)
    for digest in (OLD, NEW):
        folder = made.home / "images" / folder_of(digest)
        folder.mkdir(parents=True)
        (folder / "root.squashfs").write_bytes(b"r" * 64 * KIB)
    return made


def uses(files: MachineFiles, used: Collection[str] = (NEW,)) -> dict[str, ImageUse]:
    return {use.id: use for use in image_uses(files.home, files.shelf.needs(), used)}


def remove(files: MachineFiles, *ids: str, used: Collection[str] = (NEW,)) -> list[str]:
    gone = remove_images(files.home, files.shelf.needs(), used, ids)
    return [use.id for use in gone]


def started_on(files: MachineFiles, digest: str, task: str = "01T") -> None:
    machine = files.start(task)
    moved = replace(machine, image=digest)
    write_machine(files.layout.machine(task, machine.machine), moved)


def kept_on(files: MachineFiles, digest: str, task: str = "01T") -> str:
    """A snapshot on the image, whose machine has ended."""
    machine, saved = files.snapshot(files.start(task), 1)
    write_saved(files.layout.snapshot(saved.id) / "record.json", replace(saved, image=digest))
    files.end(machine)
    return saved.id


def template_on(files: MachineFiles, digest: str) -> Path:
    _, saved = files.snapshot(files.start("01TEMPLATE"), 1)
    folder = files.home / "templates" / "key" / digest[:8]
    folder.mkdir(parents=True)
    write_saved(folder / "record.json", replace(saved, image=digest))
    return folder


def test_what_stands_on_each_is_counted(files: MachineFiles) -> None:
    started_on(files, OLD)
    kept_on(files, OLD, "02T")
    kept_on(files, OLD, "03T")
    template_on(files, OLD)
    old, new = uses(files)[folder_of(OLD)], uses(files)[folder_of(NEW)]
    assert (old.name, old.machines, old.snapshots, old.current) == ("base", 1, 2, False)
    assert 64 * KIB <= old.bytes <= 80 * KIB
    assert (new.machines, new.snapshots, new.current) == (0, 0, True)
    assert not old.spare
    assert not new.spare
    assert remove(files, folder_of(OLD), folder_of(NEW)) == []


def test_one_that_nothing_needs_goes_with_its_templates(files: MachineFiles) -> None:
    gone, stays = template_on(files, OLD), template_on(files, NEW)
    assert uses(files)[folder_of(OLD)].spare, "templates can be made again"
    assert remove(files, folder_of(OLD)) == [folder_of(OLD)]
    assert list(uses(files)) == [folder_of(NEW)]
    assert (gone.exists(), stays.exists()) == (False, True)
    assert sorted(path.name for path in (files.home / "images").iterdir()) == [
        "base-0000000000000000-bbbbbbbbbbbbbbbb",
        "base.lock",
    ]


def test_one_goes_once_its_last_snapshot_did(files: MachineFiles) -> None:
    snapshot = kept_on(files, OLD)
    assert remove(files, folder_of(OLD)) == []
    files.shelf.forget(snapshot)
    assert remove(files, folder_of(OLD)) == [folder_of(OLD)]


def test_only_what_was_shown_goes(files: MachineFiles) -> None:
    assert remove(files) == []
    assert remove(files, "../tasks", "base.lock", "", folder_of("c" * 64)) == []
    assert len(uses(files)) == 2


def test_what_a_build_left_goes_and_one_under_way_stays(files: MachineFiles) -> None:
    part = files.home / "images" / f".{folder_of('c' * 64)}.part"
    part.mkdir()
    (part / "root.squashfs").write_bytes(b"half")
    assert not uses(files)[part.name].whole
    with locked(files.home / "images" / "base.lock"):
        with pytest.raises(MachineError) as refused:
            remove(files, part.name, folder_of(OLD))
        assert refused.value.code == "busy"
        assert len(uses(files)) == 3
    assert sorted(remove(files, part.name, folder_of(OLD))) == [part.name, folder_of(OLD)]


def test_images_that_belong_to_another_home_are_left_alone(
    files: MachineFiles, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs"
    (files.home / "images").rename(theirs)
    (files.home / "images").symlink_to(theirs)
    assert uses(files) == {}
    assert remove(files, folder_of(OLD)) == []
    assert len(list(theirs.iterdir())) == 2


def test_a_snapshot_that_is_lent_keeps_its_image(files: MachineFiles) -> None:
    """Between the end of its record and that of the machine it becomes, nothing else names it."""
    snapshot = kept_on(files, OLD)
    with files.shelf.borrowed(snapshot):
        files.shelf.forget(snapshot)
        with files.shelf.held() as (needs, lent):
            assert remove_images(files.home, needs, {NEW, *lent}, [folder_of(OLD)]) == ()
    with files.shelf.held() as (needs, lent):
        assert lent == set()


def test_nothing_is_lent_or_shared_while_images_are_removed(files: MachineFiles) -> None:
    snapshot = kept_on(files, OLD)
    begun, over = threading.Event(), threading.Event()

    def share() -> None:
        begun.set()
        files.shelf.share(snapshot, "02FORK", 1)
        over.set()

    with files.shelf.held():
        other = threading.Thread(target=share)
        other.start()
        assert begun.wait(10)
        assert not over.wait(0.05), "it waits for the lock"
    other.join(10)
    assert over.is_set()
