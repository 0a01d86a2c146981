"""Guest images: built once from the recipe, then found by the hash of everything in them.

An image is three read-only files shared by all machines. It is never changed after it was built.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clawdesk.adapters.libvirt.image_commands import locked
from clawdesk.adapters.libvirt.image_kernel import (
    KernelPackage,
    fetch_kernel,
    initramfs,
    pvh_kernel,
    unpack_kernel,
)
from clawdesk.adapters.libvirt.image_recipe import Recipe, load_recipe
from clawdesk.adapters.libvirt.image_root import file_digest, member, root_tar, write_squashfs
from clawdesk.adapters.libvirt.places import machine_home, open_folder
from clawdesk.ports.errors import MachineError

_NOTE = "image.json"


@dataclass(frozen=True, slots=True)
class GuestImage:
    """A built image.

    Args:
        digest: sha256 of all inputs (recipe, guest program, root, kernel), hex.
        kernel: PVH vmlinux.
        initrd: cpio.
        root: squashfs, the guest's vda (raw, read-only).
        guest_cmdline: the kernel's command line.
        kernel_version: Debian's version of the kernel package.
    """

    name: str
    digest: str
    kernel: Path
    initrd: Path
    root: Path
    guest_cmdline: str
    kernel_version: str = ""


def find_image(name: str) -> GuestImage | None:
    """The newest image built from today's recipe and guest program, or None. Instant.

    Raises:
        MachineError: code `unknown_image`.
    """
    return _find(load_recipe(name))


def build_image(name: str, progress: Callable[[str], None]) -> GuestImage:
    """Build the image, or find it: half a minute and a network the first time, instant later.

    Args:
        progress: told one sentence per stage, from the calling thread.
    Raises:
        MachineError: `unknown_image`, `missing_program`, `build_failed`, `no_space`.
    """
    recipe = load_recipe(name)
    found = _find(recipe)
    if found is not None:
        return found
    try:
        with locked(_images() / f"{name}.lock"):
            return _find(recipe) or _build(recipe, progress)
    except OSError as error:
        raise MachineError(
            f"the guest image could not be written: {error.strerror or error}",
            mend="free some disk space (1 GB is enough), then run: clawdesk images build",
            code="no_space",
        ) from error


def list_images() -> list[GuestImage]:
    """Every built image, newest last, old ones included."""
    notes = sorted(_images().glob(f"*/{_NOTE}"), key=lambda note: note.stat().st_mtime)
    return [image for note in notes if (image := _load(note)) is not None]


def _images() -> Path:
    return machine_home() / "images"


def _find(recipe: Recipe) -> GuestImage | None:
    wanted = f"{recipe.name}-{recipe.digest[:16]}-"
    built = [image for image in list_images() if image.root.parent.name.startswith(wanted)]
    return built[-1] if built else None


def _load(note: Path) -> GuestImage | None:
    """The image of a folder, or None when a file is missing or cut."""
    told = json.loads(note.read_text())
    folder = note.parent
    sizes: dict[str, int] = told["sizes"]
    for name, size in sizes.items():
        if not (folder / name).is_file() or (folder / name).stat().st_size != size:
            return None
    return GuestImage(
        name=told["name"],
        digest=told["digest"],
        kernel=folder / "vmlinux",
        initrd=folder / "initrd",
        root=folder / "root.squashfs",
        guest_cmdline=told["cmdline"],
        kernel_version=told["kernel"],
    )


def _build(recipe: Recipe, progress: Callable[[str], None]) -> GuestImage:
    tar = root_tar(recipe, progress)
    kernel = fetch_kernel(recipe, tar, progress)
    progress("Packing the guest image")
    inputs = f"{recipe.digest} {file_digest(tar)} {kernel.name} {kernel.version}"
    digest = hashlib.sha256(inputs.encode()).hexdigest()
    folder = open_folder(_images()) / f"{recipe.name}-{recipe.digest[:16]}-{digest[:16]}"
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    open_folder(part)
    try:
        _write(recipe, tar, kernel, part, digest)
        shutil.rmtree(folder, ignore_errors=True)
        part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    progress("The guest image is ready")
    image = _load(folder / _NOTE)
    assert image is not None, "an image just written is complete"
    return image


def _write(recipe: Recipe, tar: Path, kernel: KernelPackage, folder: Path, digest: str) -> None:
    """Write the image's files into `folder`; the note comes last and makes it an image."""
    boot, modules = unpack_kernel(kernel, recipe.modules)
    named = [(Path(path).name, code) for path, code in zip(recipe.modules, modules, strict=True)]
    busybox = member(tar, "./usr/bin/busybox")
    (folder / "vmlinux").write_bytes(pvh_kernel(boot))
    (folder / "initrd").write_bytes(initramfs(busybox, recipe.init.read_bytes(), named))
    write_squashfs(recipe, tar, folder / "root.squashfs")
    files = sorted(folder.iterdir())
    for file in files:
        file.chmod(0o644)
    note = {
        "name": recipe.name,
        "digest": digest,
        "cmdline": recipe.cmdline,
        "kernel": kernel.version,
        "sizes": {file.name: file.stat().st_size for file in files},
    }
    (folder / _NOTE).write_text(json.dumps(note, indent=1))
