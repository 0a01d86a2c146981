"""How much disk machine files occupy, and what forgetting a snapshot would free.

It looks at each file once and reads none: blocks are counted, since the files are sparse. Blocks.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from clawdesk.adapters.libvirt.old_images import IMAGES, image_uses
from clawdesk.adapters.libvirt.shelf import Needs
from clawdesk.ports.machines import DiskUse, SnapshotUse

_BLOCK_BYTES = 512  # the unit of st_blocks on every file system
_SNAPSHOT = re.compile(r"([0-9A-Za-z]+)\.(\d+)\.[0-9a-f]+")
_FOLDERS = ("tasks", "service", "templates")


@dataclass(frozen=True, slots=True)
class _Found:
    bytes: int
    modified_ms: int
    inode: tuple[int, int]


def disk_use(home: Path, needs: Iterable[Needs], used: Collection[str] = ()) -> DiskUse:
    """The use of one home.

    Args:
        needs: of every record in the home.
        used: digests of guest images that machines are started from.
    Raises:
        OSError: a folder cannot be read.
    """
    needs = list(needs)
    found = _look(home, _FOLDERS)
    # Apart: snapshots stand on these, and forgetting a snapshot frees nothing of them.
    images, layers = _look(home, (IMAGES,)), _look(home, ("layers",))
    images_bytes, layers_bytes = _sum(images, images), _sum(layers, layers)
    named = Counter(file for each in needs for file in each.files)
    saved = [each for each in needs if each.memory and not _of_template(each.memory)]
    kept = {file for each in saved for file in each.files if not _of_template(file)}
    templates = {file for file in found if _of_template(file)}
    moving = {file for each in needs if not each.memory for file in each.files}
    return DiskUse(
        snapshots=tuple(
            sorted(
                (use for each in saved if (use := _snapshot(each, found, named))),
                key=lambda use: (use.at_ms, use.task, use.ordinal),
            )
        ),
        snapshots_bytes=_sum(found, kept),
        machines_bytes=_sum(found, moving - kept - templates),
        templates_bytes=_sum(found, templates),
        total_bytes=_sum(found, found) + images_bytes + layers_bytes,
        free_bytes=shutil.disk_usage(home).free,
        home=str(home),
        images_bytes=images_bytes,
        layers_bytes=layers_bytes,
        images=image_uses(home, needs, used),
    )


def _snapshot(needs: Needs, found: dict[str, _Found], named: Counter[str]) -> SnapshotUse | None:
    name = _SNAPSHOT.fullmatch(needs.record.parent.name)
    if name is None:
        return None  # no snapshot that this program has taken
    memory = found.get(needs.memory)
    return SnapshotUse(
        id=name[0],
        task=name[1],
        ordinal=int(name[2]),
        bytes=_sum(found, (file for file in needs.files if named[file] == 1)),
        shared_bytes=_sum(found, (file for file in needs.files if named[file] > 1)),
        # A memory file is written once, in the moment it shows, and shared as it is.
        at_ms=memory.modified_ms if memory is not None else 0,
        memory=needs.memory,
        memory_bytes=memory.bytes if memory is not None else 0,
    )


def _sum(found: dict[str, _Found], files: Iterable[str]) -> int:
    """Bytes on disk; a file under two names counts once, one that is missing not at all."""
    counted = {found[file].inode: found[file].bytes for file in files if file in found}
    return sum(counted.values())


def _of_template(file: str) -> bool:
    return file.startswith("templates/")


def _look(home: Path, folders: Iterable[str]) -> dict[str, _Found]:
    """Every file of these folders by its path inside the home."""
    found: dict[str, _Found] = {}
    for top in folders:
        for root, _, names in os.walk(home / top):
            inside = os.path.relpath(root, home)
            for name in names:
                try:
                    seen = os.lstat(f"{root}/{name}")
                except FileNotFoundError:
                    continue  # removed while we look
                found[f"{inside}/{name}"] = _Found(
                    seen.st_blocks * _BLOCK_BYTES,
                    seen.st_mtime_ns // 1_000_000,
                    (seen.st_dev, seen.st_ino),
                )
    return found
