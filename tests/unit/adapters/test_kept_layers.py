"""Image layers of a home: listed with who needs them, removed when nobody does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clawdesk.adapters.libvirt.kept_layers import KeptLayer, kept_layers, remove_layer
from clawdesk.adapters.libvirt.layout import RECORD, Layout
from clawdesk.adapters.libvirt.records import SavedRecord, write_saved
from clawdesk.adapters.libvirt.templates import Blueprint
from clawdesk.ports.errors import MachineError
from tests.unit.adapters.test_domain_xml import SHAPE


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    for name in ("old.1", "new.2"):
        folder = tmp_path / "layers" / name
        folder.mkdir(parents=True)
        (folder / "disk.qcow2").write_bytes(bytes(4096))
        (folder / "about").write_text(f"what {name} holds")
    os.utime(tmp_path / "layers/old.1/disk.qcow2", (1, 1))
    return Layout(tmp_path, tmp_path / "run", os.geteuid(), os.getegid())


def saved_on(layout: Layout, layer: str, folder: Path) -> Path:
    """A record of a snapshot or template whose chain begins with the layer."""
    disk = str(layout.home / "layers" / layer / "disk.qcow2")
    memory, top = str(folder / "memory"), str(folder / "top.qcow2")
    saved = SavedRecord("i", "T", 1, "m", memory, (disk, top), "w", {}, "tcg", "image", "7.2")
    folder.mkdir(parents=True)
    write_saved(folder / RECORD, saved)
    return folder


def test_they_are_listed_oldest_first(layout: Layout) -> None:
    saved_on(layout, "new.2", layout.home / "tasks/T/snapshots/T.1.ab")
    assert kept_layers(layout) == [
        KeptLayer("old.1", "what old.1 holds", 4096, needed=False),
        KeptLayer("new.2", "what new.2 holds", 4096, needed=True),
    ]
    assert kept_layers(Layout(layout.home / "none", layout.runtime, 0, 0)) == []


def test_one_that_a_task_needs_stays(layout: Layout) -> None:
    saved_on(layout, "new.2", layout.home / "tasks/T/snapshots/T.1.ab")
    with pytest.raises(MachineError) as refused:
        remove_layer(layout, "new.2")
    assert refused.value.code == "in_use"
    assert len(kept_layers(layout)) == 2


def test_templates_go_with_it_and_those_on_others_stay(layout: Layout) -> None:
    gone = saved_on(layout, "old.1", layout.home / "templates/k/1")
    stays = saved_on(layout, "new.2", layout.home / "templates/k/2")
    remove_layer(layout, "old.1")
    assert [layer.name for layer in kept_layers(layout)] == ["new.2"]
    assert (gone.exists(), stays.exists()) == (False, True)


@pytest.mark.parametrize("name", ["none", "..", "../tasks", ".old.1.part", ""])
def test_what_is_none_is_not_removed(layout: Layout, name: str) -> None:
    with pytest.raises(MachineError) as refused:
        remove_layer(layout, name)
    assert refused.value.code == "no_layer"


def test_each_layer_has_a_warm_template_of_its_own(layout: Layout) -> None:
    disks = [layout.home / "layers" / name / "disk.qcow2" for name in ("old.1", "new.2")]
    first, again, other = (
        Blueprint(SHAPE, disk, "base 123", {"qemu": "7.2"}, 1 << 20)
        for disk in (disks[0], disks[0], disks[1])
    )
    assert first.key == again.key
    assert first.key != other.key
