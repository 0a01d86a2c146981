"""Warm templates: machines frozen right after boot, before any host spoke to them.

One per shape, made by the first start of that shape, which then begins from it too; starting a task
from it is a thaw. A template serves all tasks, so it is made from an empty workspace disk and
holds nothing of any task. A damaged one is put aside and made anew. All calls block.
"""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import shutil
import threading
from dataclasses import dataclass, replace
from pathlib import Path

from clawdesk.adapters.libvirt.domain_xml import DomainIdentity, DomainShape, domain_xml
from clawdesk.adapters.libvirt.domains import Domains
from clawdesk.adapters.libvirt.freeze import Freezer
from clawdesk.adapters.libvirt.launch import Launcher, Purpose
from clawdesk.adapters.libvirt.layout import RECORD, SERVICE_TASK, Layout
from clawdesk.adapters.libvirt.records import SavedRecord, durable, read_saved, write_saved
from clawdesk.adapters.libvirt.shelf import Shelf
from clawdesk.ports.errors import MachineError, SnapshotDamagedError

_log = logging.getLogger(__name__)
_DAMAGED = "damaged"
_READY = "ready"
_DISK = "disk.qcow2"
_BOOT_S = 120.0
_PURPOSE = Purpose("template", SERVICE_TASK, 0)
_NOBODY = DomainIdentity(
    "n", "u", "o", "r", "t", 0, Path("/overlay"), Path("/workspace"), Path("/channel")
)


@dataclass(frozen=True, slots=True)
class Blueprint:
    """Everything a template depends on.

    Args:
        base: empty disk below the overlay.
        image: digest of the guest image.
        versions: of libvirt and QEMU; another QEMU does not read the memory for sure.
    """

    shape: DomainShape
    base: Path
    image: str
    versions: dict[str, str]
    workspace_bytes: int

    @property
    def key(self) -> str:
        parts = [domain_xml(self.shape, _NOBODY), str(self.base), self.image]
        parts += [str(self.workspace_bytes), repr(sorted(self.versions.items()))]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


class Templates:
    """Templates of one home."""

    def __init__(
        self,
        layout: Layout,
        launcher: Launcher,
        domains: Domains,
        freezer: Freezer,
        *,
        shelf: Shelf,
    ) -> None:
        self._layout = layout
        self._launcher = launcher
        self._domains = domains
        self._freezer = freezer
        self._shelf = shelf
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._making: dict[str, threading.Lock] = {}
        self._verified: dict[str, tuple[tuple[int, ...], ...]] = {}

    def find(self, blueprint: Blueprint) -> SavedRecord | None:
        """A whole template, or None. One that turns out damaged is put aside."""
        folder = self._layout.templates() / blueprint.key
        for ready in sorted(folder.glob(f"*/{_READY}")):
            if (ready.parent / _DAMAGED).exists():
                continue
            try:
                saved = read_saved(ready.parent / RECORD)
                self._verify(saved)
            except (ValueError, SnapshotDamagedError) as error:
                _log.info("template %s is put aside: %s", ready.parent.name, error)
                self.spoil(saved_folder=ready.parent)
                continue
            return saved
        return None

    def make(self, blueprint: Blueprint) -> SavedRecord:
        """The template, made if there is none: a cold boot and a snapshot. Single-flight per key.

        Raises:
            MachineError: it could not be made.
        """
        with self._lock:
            making = self._making.setdefault(blueprint.key, threading.Lock())
        with making:
            return self.find(blueprint) or self._make(blueprint)

    def spoil(self, saved_folder: Path) -> None:
        """Never use this template again; its files stay, tasks may stand on its disk."""
        (saved_folder / _DAMAGED).touch()

    def stop(self) -> None:
        """Begin no template any more; one in the making ends with its machine."""
        self._stopped.set()

    def sweep(self) -> None:
        """Remove what was begun, and spoilt templates that no task stands on."""
        for generation in self._layout.templates().glob("*/*"):
            if not (generation / _READY).exists():
                shutil.rmtree(generation, ignore_errors=True)
        for mark in self._layout.templates().glob(f"*/*/{_DAMAGED}"):
            if not self._in_use(mark.parent):
                shutil.rmtree(mark.parent, ignore_errors=True)

    def _make(self, blueprint: Blueprint) -> SavedRecord:
        if self._stopped.is_set():
            raise MachineError("ClawDesk is being closed.", code="closed")
        folder = self._layout.templates() / blueprint.key / secrets.token_hex(4)
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        self._layout.give(folder.parent)
        record = self._launcher.boot(
            blueprint.shape, _PURPOSE, base=blueprint.base, image=blueprint.image, tar=None
        )
        try:
            self._domains.wait_for_guest(record.machine, _BOOT_S)
            self._domains.wait_until_idle(record.machine)
            frozen = self._freezer.freeze(
                record.machine, folder, blueprint.key, task=SERVICE_TASK, ordinal=0
            )
            return self._keep(frozen.saved, folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        finally:
            self._launcher.end(record.machine)

    def _keep(self, saved: SavedRecord, folder: Path) -> SavedRecord:
        """Move the frozen layer and the dummy workspace beside the memory, and seal all."""
        layer = Path(saved.layers[-1]).rename(folder / _DISK)
        workspace = folder / "workspace.raw"
        os.link(saved.workspace, workspace)
        sizes = {path: size for path, size in saved.sizes.items() if path != saved.layers[-1]}
        kept = replace(
            saved,
            layers=(*saved.layers[:-1], str(layer)),
            workspace=str(workspace),
            sizes={**sizes, str(layer): layer.stat().st_size},
        )
        self._freezer.seal(kept)
        write_saved(folder / RECORD, kept)
        durable(folder / _READY, "")
        return kept

    def _verify(self, saved: SavedRecord) -> None:
        """Checksums once per process and change: a hash of 100 MB at each start would show."""
        seen = tuple(_signature(Path(path)) for path in sorted(saved.sizes))
        if self._verified.get(saved.memory) == seen:
            return
        self._freezer.verify(saved)
        self._verified[saved.memory] = seen

    def _in_use(self, folder: Path) -> bool:
        inside = f"{self._layout.within(str(folder))}/"
        others = [each for each in self._shelf.needs() if each.record.parent != folder]
        return any(file.startswith(inside) for each in others for file in each.files)


def _signature(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError:
        return ()
    return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
