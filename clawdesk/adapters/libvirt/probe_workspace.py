"""A workspace with nothing in it, for a probe machine's guest to unpack and work in.

The guest unpacks what a task's export holds, a repository of one commit among it; here that is
the empty tree. Writes one small tar and reads nothing.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import zlib
from pathlib import Path

_WHO = b"ClawDesk <clawdesk@localhost> 0 +0000"


def write_empty(path: Path) -> None:
    """Write the tar. Raises OSError."""
    tree, tree_file = _loose(b"tree", b"")
    body = b"tree %s\nauthor %s\ncommitter %s\n\nbase\n" % (tree.encode(), _WHO, _WHO)
    commit, commit_file = _loose(b"commit", body)
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        for folder in ("workspace", "base.git", "base.git/refs", "base.git/objects"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        _add(tar, "listing", b"")
        _add(tar, "excludes", b"")
        _add(tar, "base.git/HEAD", b"ref: refs/heads/base\n")
        _add(tar, "base.git/config", b"[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
        _add(tar, "base.git/refs/heads/base", f"{commit}\n".encode())
        for name, content in ((tree, tree_file), (commit, commit_file)):
            _add(tar, f"base.git/objects/{name[:2]}/{name[2:]}", content)


def _loose(kind: bytes, body: bytes) -> tuple[str, bytes]:
    """Name and file content of an object."""
    content = b"%s %d\0%s" % (kind, len(body), body)
    name = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    return name, zlib.compress(content)


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))
