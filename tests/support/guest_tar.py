"""Workspace tars for guest tests, made by the real exporter from a repository made here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pygit2
from pygit2.enums import FileMode

from clawdesk.adapters.git.export import export

Files = Mapping[str, bytes]
"""path -> content; a path ending in `*` is executable, a content beginning with `->` is a link."""


def workspace_tar(folder: Path, files: Files) -> Path:
    """A tar as `Repository.export` writes it, of one commit holding `files`."""
    repo = pygit2.init_repository(folder / "project.git", bare=True)
    who = pygit2.Signature("Test", "test@localhost", 1_700_000_000, 0)
    tree = _tree(repo, files)
    oid = repo.create_commit("refs/heads/main", who, who, "start", tree, [])
    commit = repo.get(oid)
    assert isinstance(commit, pygit2.Commit)
    tar = folder / "workspace.tar"
    export(repo, commit, tar)
    repo.free()
    return tar


def _tree(repo: pygit2.Repository, files: Files) -> pygit2.Oid:
    builder = repo.TreeBuilder()
    folders: dict[str, dict[str, bytes]] = {}
    for path, content in files.items():
        head, slash, rest = path.partition("/")
        if slash:
            folders.setdefault(head, {})[rest] = content
        elif content.startswith(b"->"):
            builder.insert(path, repo.create_blob(content[2:]), FileMode.LINK)
        else:
            mode = FileMode.BLOB_EXECUTABLE if path.endswith("*") else FileMode.BLOB
            builder.insert(path.removesuffix("*"), repo.create_blob(content), mode)
    for name, below in folders.items():
        builder.insert(name, _tree(repo, below), FileMode.TREE)
    return builder.write()
