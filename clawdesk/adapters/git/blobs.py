"""Contents into a repository's object store: few as loose objects, many as one pack.

Durable loose objects cost two fsyncs each, which for thousands of changed files is minutes on a
slow disk; a pack costs three in all. Small checkpoints stay loose, so that packs do not pile up.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pygit2

from clawdesk.adapters.git import packs
from clawdesk.adapters.git.loose import write_blob
from clawdesk.adapters.git.opening import common_dir_of
from clawdesk.ports.errors import RepositoryError

LOOSE_MAX = 24


def store(repo: pygit2.Repository, contents: Iterable[bytes]) -> list[pygit2.Oid]:
    """Write contents as blobs, durable when it returns; their objects in the same order."""
    listed = list(contents)
    oids = [pygit2.Oid(raw=packs.object_id(packs.BLOB, content)) for content in listed]
    missing = {oid: content for oid, content in zip(oids, listed, strict=True) if oid not in repo}
    if len(missing) <= LOOSE_MAX:
        for content in missing.values():
            write_blob(repo, content)
    else:
        _write_pack(Path(common_dir_of(repo.path)) / "objects" / "pack", missing)
    return oids


def _write_pack(folder: Path, missing: dict[pygit2.Oid, bytes]) -> None:
    folder.mkdir(exist_ok=True)
    pack = tempfile.NamedTemporaryFile(dir=folder, prefix="tmp_pack_", delete=False)  # noqa: SIM115
    index = folder / (Path(pack.name).name + ".idx")
    try:
        with pack:
            writer = packs.PackWriter(pack.file, len(missing))
            for oid, content in missing.items():
                writer.add(packs.BLOB, oid.raw, content)
            name, index_content = writer.finish()
            pack.flush()
            os.fsync(pack.fileno())
        with index.open("xb") as out:
            out.write(index_content)
            out.flush()
            os.fsync(out.fileno())
        for path in (Path(pack.name), index):
            path.chmod(0o444)
        # The index makes the pack visible, so it comes last.
        Path(pack.name).replace(folder / f"pack-{name}.pack")
        index.replace(folder / f"pack-{name}.idx")
        _sync_folder(folder)
    except packs.PackTooLargeError:
        raise RepositoryError(
            "The changed files are larger than 2 GiB together.",
            mend="Ignore large files in .gitignore.",
            code="too_large",
        ) from None
    finally:
        Path(pack.name).unlink(missing_ok=True)
        index.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
