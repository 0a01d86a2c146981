"""The image layers of a home, as a list and for removal. It needs no libvirt, makes no folder."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass

from clawdesk.adapters.libvirt.layout import LAYERS, Layout, runtime_folder
from clawdesk.adapters.libvirt.places import machine_home
from clawdesk.adapters.libvirt.shelf import Shelf
from clawdesk.ports.errors import MachineError

DISK = "disk.qcow2"
ABOUT = "about"


def layout_here() -> Layout:
    """The user's own home of machine files, to be looked at."""
    return Layout(machine_home(), runtime_folder(), os.geteuid(), os.getegid())


@dataclass(frozen=True, slots=True)
class KeptLayer:
    """A layer, as a list shows it. `needed`: a task's machine or snapshot stands on it."""

    name: str
    about: str
    bytes: int
    needed: bool


def kept_layers(layout: Layout) -> list[KeptLayer]:
    """The layers of a home, oldest first. Raises OSError."""
    disks_found = (layout.home / LAYERS).glob(f"[!.]*/{DISK}")
    needed = _needed(layout)
    return [
        KeptLayer(
            name=disk.parent.name,
            about=(disk.parent / ABOUT).read_text(encoding="utf-8"),
            bytes=disk.stat().st_blocks * 512,
            needed=disk.parent.name in needed,
        )
        for disk in sorted(disks_found, key=lambda disk: disk.stat().st_mtime)
    ]


def remove_layer(layout: Layout, name: str) -> None:
    """Remove a layer and the templates on it. Nobody may start machines meanwhile.

    Raises:
        MachineError: there is none of that name, or a task needs it.
    """
    known = {layer.name: layer for layer in kept_layers(layout)}
    if name not in known:
        raise MachineError(
            f"There is no image layer {name}.", mend="clawdesk images lists them.", code="no_layer"
        )
    if known[name].needed:
        raise MachineError(
            f"Snapshots or machines of tasks stand on the image layer {name}.",
            mend="Give them up first: clawdesk prune, or clawdesk cancel TASK.",
            code="in_use",
        )
    for needs in Shelf(layout).needs():
        if f"{LAYERS}/{name}/{DISK}" in needs.files:
            shutil.rmtree(needs.record.parent)
    shutil.rmtree(layout.home / LAYERS / name)


def _needed(layout: Layout) -> set[str]:
    """Names of layers that records of tasks name; templates can be made again."""
    files = {
        file
        for needs in Shelf(layout).needs()
        if not layout.within(str(needs.record)).startswith("templates/")
        for file in needs.files
    }
    return {file.split("/")[1] for file in files if file.startswith(f"{LAYERS}/")}
