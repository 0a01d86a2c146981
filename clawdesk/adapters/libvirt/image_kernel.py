"""Debian's cloud kernel for the guest: fetched as a package, taken apart, never installed.

The package comes from the archive the root file system came from, whatever the host runs.
"""

from __future__ import annotations

import io
import re
import shutil
import struct
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clawdesk.adapters.libvirt.image_commands import (
    environment,
    failed,
    locked,
    require,
    run,
)
from clawdesk.adapters.libvirt.image_recipe import Recipe
from clawdesk.adapters.libvirt.image_root import member
from clawdesk.adapters.libvirt.places import cache_home
from clawdesk.ports.errors import MachineError
from clawdesk_fabric.recipes.roots import DEBIANS_KEYS

_DEPENDS = re.compile(r"^Depends: (linux-image-[a-z0-9.+-]+) \(= ([^)]+)\)", re.M)
_HEADER_SECTORS_AT = 0x1F1
_PAYLOAD_AT = 0x248
"""Offsets in a bzImage's header (Documentation/x86/boot.rst): setup_sects, payload_offset."""


@dataclass(frozen=True, slots=True)
class KernelPackage:
    """A fetched kernel package. `version` is Debian's."""

    name: str
    version: str
    deb: Path


def fetch_kernel(recipe: Recipe, tar: Path, progress: Callable[[str], None]) -> KernelPackage:
    """The newest kernel package of the root's archive, downloaded (about 30 MB) or found again.

    Without a network the newest one downloaded before will do.

    Raises:
        MachineError: no network and nothing downloaded, or apt refuses the archive's signature.
    """
    home = cache_home() / "kernels"
    with locked(home / "apt.lock"):
        progress("Looking up Debian's kernel for virtual machines")
        try:
            return _newest(recipe, home, _private_apt(home / "apt", tar), progress)
        except MachineError as error:
            kept = _downloaded(home)
            if kept is None or error.code == "missing_program":
                raise
            progress(f"Debian's archive does not answer; using {kept.name} {kept.version}")
            return kept


def _newest(
    recipe: Recipe, home: Path, apt: list[str], progress: Callable[[str], None]
) -> KernelPackage:
    run(["apt-get", *apt, "-qq", "update", "--error-on=any"], package="apt")
    said = run(["apt-cache", *apt, "show", recipe.kernel_package], package="apt")
    found = _DEPENDS.search(said)
    if found is None:
        raise MachineError(
            f"Debian's package {recipe.kernel_package} names no kernel",
            mend="report this with the output of: clawdesk doctor --json",
            code="build_failed",
        )
    name, version = found.groups()
    folder = home / f"{name}_{version.replace(':', '%')}"
    if not list(folder.glob("*.deb")):
        progress(f"Downloading {name} {version} (about 30 MB)")
        part = folder.with_name(f".{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        run(["apt-get", *apt, "-qq", "download", f"{name}={version}"], package="apt", cwd=part)
        part.replace(folder)
    return KernelPackage(name, version, next(folder.glob("*.deb")))


def _downloaded(home: Path) -> KernelPackage | None:
    """The kernel package that was downloaded last, if any."""
    debs = sorted(home.glob("linux-image-*/*.deb"), key=lambda deb: deb.stat().st_mtime)
    if not debs:
        return None
    name, _, version = debs[-1].parent.name.partition("_")
    return KernelPackage(name, version.replace("%", ":"), debs[-1])


def _private_apt(home: Path, tar: Path) -> list[str]:
    """Options that make apt use the root's sources and folders of our own."""
    sources = home / "sources.list"
    for folder in ("lists/partial", "archives/partial"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    sources.write_bytes(member(tar, "./etc/apt/sources.list"))
    (home / "status").touch()
    wanted = {
        "Dir::Etc::sourcelist": str(sources),
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": str(home / "lists"),
        "Dir::State::status": str(home / "status"),
        "Dir::Cache": str(home),
        "Dir::Cache::archives": str(home / "archives"),
        "APT::Architecture": "amd64",
        "APT::Architectures": "amd64",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
    }
    if DEBIANS_KEYS.exists():
        wanted["Dir::Etc::trusted"] = str(DEBIANS_KEYS)
    return [part for key, value in wanted.items() for part in ("-o", f"{key}={value}")]


def unpack_kernel(package: KernelPackage, modules: tuple[str, ...]) -> tuple[bytes, list[bytes]]:
    """(bzImage, content of each wanted module) out of the package; nothing touches the disk."""
    require("dpkg-deb", "dpkg")
    wanted = {f"kernel/{module}.ko": i for i, module in enumerate(modules)}
    contents: list[bytes] = [b""] * len(modules)
    image = b""
    command = ["dpkg-deb", "--fsys-tarfile", str(package.deb)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment(None)) as source:
        assert source.stdout is not None
        with tarfile.open(fileobj=source.stdout, mode="r|") as files:
            for entry in files:
                place = entry.name.partition("/kernel/")[2]
                if entry.name.startswith("./boot/vmlinuz-"):
                    image = _content(files, entry)
                elif f"kernel/{place}" in wanted:
                    contents[wanted[f"kernel/{place}"]] = _content(files, entry)
        source.stdout.read()
    missing = [modules[i] for i, content in enumerate(contents) if not content]
    if source.returncode != 0 or not image or missing:
        lacks = ", ".join(missing) or "the kernel image"
        raise failed("dpkg-deb", source.returncode, f"{package.deb.name} lacks {lacks}")
    return image, contents


def _content(files: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    source = files.extractfile(entry)
    return source.read() if source is not None else b""


def pvh_kernel(image: bytes) -> bytes:
    """The ELF kernel with its PVH note inside a bzImage, which QEMU starts without a boot loader.

    The payload is an LZ4 legacy stream followed by its length (4 bytes).
    """
    require("lz4", "lz4")
    sectors = image[_HEADER_SECTORS_AT] or 4
    offset, length = struct.unpack_from("<II", image, _PAYLOAD_AT)
    begin = (sectors + 1) * 512 + offset
    payload = image[begin : begin + length - 4]
    done = subprocess.run(
        ["lz4", "-d", "-c"], input=payload, capture_output=True, check=False, env=environment(None)
    )
    if done.returncode != 0 or not done.stdout.startswith(b"\x7fELF"):
        raise failed("lz4", done.returncode, done.stderr.decode(errors="replace"))
    return done.stdout


def initramfs(busybox: bytes, init: bytes, modules: list[tuple[str, bytes]]) -> bytes:
    """An uncompressed cpio (newc): busybox, our init, the modules in load order."""
    order = "".join(f"{name}\n" for name, _ in modules).encode()
    folders = ["bin", "dev", "proc", "sys", "modules", "lower", "upper", "root"]
    entries: list[tuple[str, int, bytes]] = [(folder, 0o040755, b"") for folder in folders]
    entries += [("bin/busybox", 0o100755, busybox), ("init", 0o100755, init)]
    entries += [("modules/order", 0o100644, order)]
    entries += [(f"modules/{name}.ko", 0o100644, content) for name, content in modules]
    return cpio(entries)


def cpio(entries: list[tuple[str, int, bytes]]) -> bytes:
    """An archive (newc) of (path, mode, content); the kernel reads several behind each other."""
    out = io.BytesIO()
    for number, (path, mode, content) in enumerate(entries, start=1):
        _cpio_entry(out, number, path, mode, content)
    _cpio_entry(out, 0, "TRAILER!!!", 0, b"")
    return out.getvalue()


def _cpio_entry(out: io.BytesIO, number: int, path: str, mode: int, content: bytes) -> None:
    """One entry of the newc format (Documentation/driver-api/early-userspace/buffer-format)."""
    name = path.encode() + b"\0"
    links = 2 if mode & 0o040000 else 1
    numbers = (number, mode, 0, 0, links, 0, len(content), 0, 0, 0, 0, len(name), 0)
    out.write(b"070701" + b"".join(b"%08X" % n for n in numbers) + name)
    out.write(bytes(-out.tell() % 4))
    out.write(content)
    out.write(bytes(-out.tell() % 4))
