"""The Debian root file system: one tar made by mmdebstrap, shared with the inference image.

It is packed into a squashfs together with the guest program. Nothing is unpacked on the host.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import py_compile
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from clawdesk.adapters.libvirt.image_commands import (
    environment,
    failed,
    locked,
    require,
    run,
)
from clawdesk.adapters.libvirt.image_recipe import Recipe, makes_byte_code
from clawdesk.adapters.libvirt.places import cache_home
from clawdesk.ports.errors import MachineError
from clawdesk_fabric.recipes.roots import DEBIANS_KEYS

_EPOCH_S = 1_700_000_000
"""Time stamp of everything we add, so that equal inputs give equal images."""
_COPY_BYTES = 1 << 20
_PACKAGE = "usr/lib/clawdesk/clawdesk_guest"


def root_tar(recipe: Recipe, progress: Callable[[str], None]) -> Path:
    """The root as a tar, made on first use (about half a minute and 190 MB).

    The name holds a hash of the arguments: whoever needs the same root finds the same file.
    """
    key = hashlib.sha256("\n".join(recipe.root_arguments).encode()).hexdigest()[:16]
    target = cache_home() / "roots" / f"bookworm-{key}.tar"
    if target.exists():
        return target
    with locked(target.with_suffix(".tar.lock")):
        if not target.exists():
            progress("Downloading Debian packages for the root file system (about 60 MB)")
            _bootstrap(recipe, target)
    return target


def _bootstrap(recipe: Recipe, target: Path) -> None:
    part = target.with_name(f".{target.name}.{os.getpid()}")
    mode = "root" if os.geteuid() == 0 else "unshare"
    options, suite = list(recipe.root_arguments[:-1]), recipe.root_arguments[-1]
    if DEBIANS_KEYS.exists():
        options.append(f"--keyring={DEBIANS_KEYS}")
    try:
        run(
            ["mmdebstrap", f"--mode={mode}", "--format=tar", *options, suite, str(part)],
            package="mmdebstrap",
        )
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def file_digest(path: Path) -> str:
    """sha256 of a file's content."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def member(path: Path, name: str) -> bytes:
    """Content of the regular file `name` (as in `./etc/passwd`) in the tar `path`."""
    with tarfile.open(path) as root:
        content = root.extractfile(name)
        return content.read() if content is not None else b""


def write_squashfs(recipe: Recipe, tar: Path, target: Path) -> None:
    """Pack the root and our own files into the squashfs `target` (lz4: fastest to read).

    Raises:
        MachineError: squashfs-tools missing, or it failed (no space).
    """
    require("sqfstar", "squashfs-tools")
    command = ["sqfstar", "-comp", "lz4", "-quiet", "-no-progress", "-processors", "1", str(target)]
    # What would get the time of now (the root folder, folders that no entry names) gets that of the
    # newest entry. The files' own times stay: Python's compiled modules are bound to them.
    latest = environment({"SOURCE_DATE_EPOCH": str(_newest_s(tar))})
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=said, stderr=said, env=latest
        ) as packer:
            assert packer.stdin is not None
            # A packer that ends early breaks the pipe; its exit status and its words say why.
            with contextlib.suppress(BrokenPipeError), packer.stdin as sink:
                _write_stream(recipe, tar, sink)
        said.seek(0)
        words = said.read().decode(errors="replace")
    if packer.returncode != 0:
        raise failed("sqfstar", packer.returncode, words)


def _newest_s(tar: Path) -> int:
    """Time of the newest entry of the tar or of our own, in seconds since 1970."""
    try:
        with tarfile.open(tar) as root:
            return max([_EPOCH_S, *(int(entry.mtime) for entry in root)])
    except tarfile.TarError as error:
        raise _damaged(tar) from error


def _write_stream(recipe: Recipe, tar: Path, sink: IO[bytes]) -> None:
    """Copy the root's entries as they are, but for those left out, then add our own."""
    with tar.open("rb") as source:
        for start, end in _kept_ranges(recipe, tar):
            source.seek(start)
            left = end - start
            while left:
                block = source.read(min(left, _COPY_BYTES))
                if not block:
                    raise _damaged(tar)
                left -= len(block)
                sink.write(block)
    sink.write(_own_entries(recipe))


def _damaged(tar: Path) -> MachineError:
    return MachineError(
        f"the cached root file system {tar} is damaged",
        mend=f"delete {tar}, then run: clawdesk images build",
        code="build_failed",
    )


def _kept_ranges(recipe: Recipe, tar: Path) -> Iterator[tuple[int, int]]:
    """Byte ranges of the tar to copy: whole entries, neighbours joined."""
    replaced = recipe.leave_out | {path for path, _, _ in recipe.files}
    start = end = 0
    try:
        with tarfile.open(tar) as root:
            for entry in root:
                after = root.offset  # where the next header begins
                if entry.name.removeprefix("./") in replaced:
                    if end > start:
                        yield start, end
                    start = after
                end = after
    except tarfile.TarError as error:
        raise _damaged(tar) from error
    if end > start:
        yield start, end


def _own_entries(recipe: Recipe) -> bytes:
    """Our files as the rest of a tar, with byte code where this Python is the guest's."""
    room = io.BytesIO()
    with tarfile.open(fileobj=room, mode="w", format=tarfile.GNU_FORMAT) as out:
        for path in ("usr/lib/clawdesk", _PACKAGE, f"{_PACKAGE}/__pycache__"):
            _add(out, path, 0o755, None)
        for path, mode, here in recipe.files:
            _add(out, path, mode, here.read_bytes())
            if path.startswith(_PACKAGE) and makes_byte_code():
                cached = f"{_PACKAGE}/__pycache__/{here.stem}.cpython-311.pyc"
                _add(out, cached, 0o644, _byte_code(here, f"/{path}"))
        link = tarfile.TarInfo("./usr/lib/python3/dist-packages/clawdesk_guest")
        link.type, link.linkname, link.mtime = tarfile.SYMTYPE, f"/{_PACKAGE}", _EPOCH_S
        out.addfile(link)
    return room.getvalue()


def _byte_code(source: Path, path: str) -> bytes:
    """Compiled `source`; the guest takes it unchecked, the root is read-only."""
    with tempfile.TemporaryDirectory() as folder:
        compiled = Path(folder) / "code.pyc"
        unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
        py_compile.compile(
            str(source), str(compiled), path, doraise=True, invalidation_mode=unchecked
        )
        return compiled.read_bytes()


def _add(out: tarfile.TarFile, path: str, mode: int, content: bytes | None) -> None:
    entry = tarfile.TarInfo(f"./{path}")
    entry.mode, entry.mtime = mode, _EPOCH_S
    if content is None:
        entry.type = tarfile.DIRTYPE
        out.addfile(entry)
    else:
        entry.size = len(content)
        out.addfile(entry, io.BytesIO(content))
