"""The workspace a guest starts from: one tar with the files, a one-commit repository, ignore rules.

    workspace/...      the files of a tree with their modes; links as links
    base.git/          a minimal repository made by us: that tree as one commit, nothing else
    listing            the tree's files in order, as `MODE OBJECT<tab>PATH<nul>`: the guest would
                       have to start Git to learn them, which is dear where it is emulated
    excludes           the tree's .gitignore rules for `git ls-files --others --exclude-from`

Nothing of the user's `.git` enters it: no configuration, no hooks, no history, no names. Submodules
are left out and large-file pointers stay pointers. The same commit gives the same bytes.
"""

from __future__ import annotations

import io
import os
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pygit2
from pygit2.enums import FileMode

from clawdesk.adapters.git import names, packs
from clawdesk.adapters.git.ignoring import flattened
from clawdesk.ports.errors import RepositoryError

_CONFIG = b"[core]\n\trepositoryformatversion = 0\n\tbare = true\n\tlogallrefupdates = false\n"
_AUTHOR = "ClawDesk <clawdesk@localhost>"
_COPY_BYTES = 1024 * 1024


def export(repo: pygit2.Repository, commit: pygit2.Commit, into: Path) -> None:
    """Write the tar of a commit's tree to the file `into` (replaced as a whole when complete)."""
    _check_names(commit.tree)
    part = into.with_name(into.name + ".part")
    try:
        with part.open("wb") as out, tarfile.open(fileobj=out, mode="w", format=_FORMAT) as tar:
            writer = _TarWriter(tar, commit.commit_time)
            writer.folder("workspace")
            listing = list(_write_folder(repo, commit.tree, b"", writer))
            writer.file("listing", b"".join(listing))
            _write_base(repo, commit, writer, into.parent)
            rules = "".join(rule + "\n" for rule in flattened(commit.tree))
            writer.file("excludes", rules.encode("utf-8", "surrogateescape"))
        part.replace(into)
    finally:
        part.unlink(missing_ok=True)


_FORMAT = tarfile.GNU_FORMAT


class _TarWriter:
    """Entries with fixed owner and time, so that equal trees give equal bytes."""

    def __init__(self, tar: tarfile.TarFile, time_s: int) -> None:
        self._tar = tar
        self._time_s = time_s

    def folder(self, name: str) -> None:
        entry = self._entry(name, 0o755)
        entry.type = tarfile.DIRTYPE
        self._tar.addfile(entry)

    def file(self, name: str, content: bytes, mode: int = 0o644) -> None:
        self.stream(name, io.BytesIO(content), len(content), mode)

    def stream(self, name: str, content: BinaryIO, size: int, mode: int = 0o644) -> None:
        entry = self._entry(name, mode)
        entry.size = size
        self._tar.addfile(entry, content)

    def link(self, name: str, target: str) -> None:
        entry = self._entry(name, 0o777)
        entry.type = tarfile.SYMTYPE
        entry.linkname = target
        self._tar.addfile(entry)

    def _entry(self, name: str, mode: int) -> tarfile.TarInfo:
        entry = tarfile.TarInfo(name)
        entry.mode = mode
        entry.mtime = self._time_s
        return entry


def _check_names(tree: pygit2.Tree, prefix: str = "") -> None:
    """A project may hold names that no honest tool writes; such a tree is not unpacked anywhere."""
    for entry in tree:
        name = str(entry.name)
        if name in ("", ".", "..") or "/" in name or names.is_git_folder(name):
            raise RepositoryError(
                f"The project holds a path that would be unsafe to unpack:"
                f" {names.shown(prefix + name)}.",
                mend="Remove that path from the project, commit, and run the task again.",
                code="hostile_tree",
            )
        if isinstance(entry, pygit2.Tree):
            _check_names(entry, f"{prefix}{name}/")


def _write_folder(
    repo: pygit2.Repository, tree: pygit2.Tree, prefix: bytes, writer: _TarWriter
) -> Iterator[bytes]:
    """Write what is below a tree; yields its lines of the listing."""
    for entry in tree:
        path = prefix + os.fsencode(str(entry.name))
        name = f"workspace/{os.fsdecode(path)}"
        if isinstance(entry, pygit2.Tree):
            writer.folder(name)
            yield from _write_folder(repo, entry, path + b"/", writer)
            continue
        yield b"%o %s\t%s\0" % (entry.filemode, str(entry.id).encode(), path)
        if entry.filemode == FileMode.LINK:
            writer.link(name, os.fsdecode(repo[entry.id].read_raw()))
        elif entry.filemode == FileMode.COMMIT:
            writer.folder(name)  # a submodule: its place is there, its files are not
        else:
            mode = 0o755 if entry.filemode == FileMode.BLOB_EXECUTABLE else 0o644
            writer.file(name, repo[entry.id].read_raw(), mode)


def _write_base(
    repo: pygit2.Repository, commit: pygit2.Commit, writer: _TarWriter, scratch: Path
) -> None:
    body = (
        f"tree {commit.tree_id}\nauthor {_AUTHOR} {commit.commit_time} +0000\n"
        f"committer {_AUTHOR} {commit.commit_time} +0000\n\nbase\n"
    ).encode()
    base = packs.object_id(packs.COMMIT, body)
    objects = {bytes(oid.raw): oid for oid in _objects(commit.tree)}
    for name in ("base.git", "base.git/objects", "base.git/objects/pack", "base.git/refs"):
        writer.folder(name)
    writer.folder("base.git/objects/info")
    writer.folder("base.git/refs/heads")
    writer.folder("base.git/refs/tags")
    writer.file("base.git/HEAD", b"ref: refs/heads/base\n")
    writer.file("base.git/config", _CONFIG)
    writer.file("base.git/refs/heads/base", base.hex().encode() + b"\n")
    # Beside the tar: the system's temporary directory may be small memory.
    with tempfile.TemporaryFile(dir=scratch) as spool:
        pack = packs.PackWriter(spool, len(objects) + 1)
        try:
            pack.add(packs.COMMIT, base, body)
            for raw, oid in objects.items():
                found = repo[oid]
                kind = packs.TREE if isinstance(found, pygit2.Tree) else packs.BLOB
                pack.add(kind, raw, found.read_raw())
        except packs.PackTooLargeError:
            raise RepositoryError(
                "The project's files are larger than 2 GiB together; a machine cannot take them.",
                mend="Keep large files outside Git or in a repository of their own.",
                code="too_large",
            ) from None
        name, index = pack.finish()
        size = spool.tell()
        spool.seek(0)
        writer.stream(f"base.git/objects/pack/pack-{name}.pack", spool, size, 0o444)
    writer.file(f"base.git/objects/pack/pack-{name}.idx", index, 0o444)


def _objects(tree: pygit2.Tree) -> Iterator[pygit2.Oid]:
    """Every tree and blob under a tree, itself included; the commits of submodules are not ours."""
    yield tree.id
    for entry in tree:
        if isinstance(entry, pygit2.Tree):
            yield from _objects(entry)
        elif entry.filemode != FileMode.COMMIT:
            yield entry.id
