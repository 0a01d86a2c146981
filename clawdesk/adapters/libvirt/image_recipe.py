"""Reads the recipe of a guest image and names the files that go into it. It builds nothing."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from clawdesk.ports.errors import MachineError

_GUEST_PYTHON = (3, 11)
"""Python of Debian bookworm."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an image is made of.

    Args:
        root_arguments: for mmdebstrap, without mode and output.
        leave_out: paths of the root that are not taken over.
        modules: kernel modules in load order, below `kernel/` and without `.ko`.
        cmdline: what the guest kernel is told.
        files: (path in the guest without leading slash, mode, file here), sorted by path.
    """

    name: str
    root_arguments: tuple[str, ...]
    leave_out: frozenset[str]
    kernel_package: str
    modules: tuple[str, ...]
    cmdline: str
    init: Path
    files: tuple[tuple[str, int, Path], ...]
    digest: str


def recipe_folder() -> Path:
    """Folder `vm/image`: in the wheel beside this package, in a checkout at its top."""
    package = Path(__file__).resolve().parents[2]
    shipped = package / "_vm_image"
    return shipped if shipped.is_dir() else package.parent / "vm" / "image"


def makes_byte_code() -> bool:
    """Whether this Python is the guest's version, so that it can compile for it."""
    return sys.version_info[:2] == _GUEST_PYTHON


def image_names() -> list[str]:
    """Names a task file may give as `machine.image`."""
    return sorted(p.stem for p in recipe_folder().glob("*.toml"))


def load_recipe(name: str) -> Recipe:
    """The recipe of image `name`.

    Raises:
        MachineError: code `unknown_image`; the text names the images there are.
    """
    folder = recipe_folder()
    if name not in image_names():
        known = ", ".join(image_names()) or "none"
        raise MachineError(
            f'there is no guest image "{name}"; known: {known}',
            mend='set machine.image = "base" in the task file',
            code="unknown_image",
        )
    text = (folder / f"{name}.toml").read_bytes()
    wanted = tomllib.loads(text.decode())
    files = (*_own_files(folder), *_guest_program())
    return Recipe(
        name=name,
        root_arguments=tuple(wanted["root"]["arguments"]),
        leave_out=frozenset(wanted["root"]["leave_out"]),
        kernel_package=wanted["kernel"]["package"],
        modules=tuple(wanted["kernel"]["modules"]),
        cmdline=" ".join(wanted["kernel"]["cmdline"]),
        init=folder / "init",
        files=tuple(sorted(files)),
        digest=_digest(text, folder / "init", sorted(files)),
    )


def _own_files(folder: Path) -> list[tuple[str, int, Path]]:
    return [
        ("usr/lib/clawdesk/boot.py", 0o644, folder / "boot.py"),
        ("usr/bin/claw", 0o755, folder / "claw"),
        *((f"etc/{p.name}", 0o644, p) for p in (folder / "etc").iterdir()),
    ]


def _guest_program() -> list[tuple[str, int, Path]]:
    spec = importlib.util.find_spec("clawdesk_guest")
    if spec is None or not spec.submodule_search_locations:
        raise MachineError(
            "the guest program is missing from this installation",
            mend="install ClawDesk again",
            code="broken_install",
        )
    package = Path(spec.submodule_search_locations[0])
    sources = package.glob("*.py")
    return [(f"usr/lib/clawdesk/clawdesk_guest/{p.name}", 0o644, p) for p in sources]


def _digest(recipe: bytes, init: Path, files: list[tuple[str, int, Path]]) -> str:
    """Changes when any byte that we put into the image changes."""
    whole = hashlib.sha256()
    parts = [(b"recipe", recipe), (b"init", init.read_bytes())]
    parts.append((b"compiled", b"yes" if makes_byte_code() else b"no"))
    parts += [(f"{path} {mode:o}".encode(), here.read_bytes()) for path, mode, here in files]
    for label, content in parts:
        whole.update(b"%d %s %d " % (len(label), label, len(content)))
        whole.update(content)
    return whole.hexdigest()
