"""The user's uncommitted work: what it is, and as a tree, with index and work tree untouched.

Files are taken as the bytes on disk; filters of the project are neither run nor imitated. Untracked
files count unless Git ignores them; nested repositories and odd files do not.
"""

from __future__ import annotations

import os

import pygit2
from pygit2.enums import FileMode, FileStatus

from clawdesk.adapters.git.blobs import store
from clawdesk.adapters.git.folder import FileState, Folder, OddFileError
from clawdesk.adapters.git.lookup import entry_at
from clawdesk.adapters.git.names import LINK_MODE, shown
from clawdesk.adapters.git.trees import BYTES_MAX, Entry, with_changes
from clawdesk.ports.errors import RepositoryError

_CLEAN = FileStatus.CURRENT | FileStatus.IGNORED


def changed_paths(repo: pygit2.Repository) -> list[str]:
    """Paths that differ between HEAD, index and work tree, and untracked ones; sorted."""
    status = repo.status(untracked_files="all", ignored=False)
    return sorted(path for path, flags in status.items() if flags & ~_CLEAN)


def work_tree(repo: pygit2.Repository, base: pygit2.Tree) -> pygit2.Oid:
    """The tree of `base` (HEAD's) with the user's uncommitted work; writes objects only.

    Raises:
        RepositoryError: code `unmerged` in the middle of a merge, `too_large` over 1 GB,
            `bad_name` for a file whose name is not UTF-8.
    """
    if repo.index.conflicts is not None:
        raise RepositoryError(
            "A merge is under way: some files have conflicts that are not resolved.",
            mend="Finish or abort it (git merge --abort), then try again.",
            code="unmerged",
        )
    folder = Folder(str(repo.workdir))
    states: dict[str, FileState] = {}
    changes: dict[str, Entry | None] = {}
    total_bytes = 0
    for path in changed_paths(repo):
        present = entry_at(base, path.rstrip("/"))
        if path.endswith("/") or (present is not None and present.filemode == FileMode.COMMIT):
            continue  # a repository of its own: its state is not this project's
        try:
            state = folder.read(path, BYTES_MAX)
        except OddFileError:
            continue
        if not path.isascii() and path.encode("utf-8", "replace") != os.fsencode(path):
            raise RepositoryError(
                f"The name of the uncommitted file {shown(path)} is not UTF-8 and cannot be kept.",
                mend="Rename it, commit it, or go on without your changes.",
                code="bad_name",
            )
        if state is None:
            changes[path] = None
            continue
        total_bytes += len(state.content)
        if total_bytes > BYTES_MAX:
            raise RepositoryError(
                f"Your uncommitted files are over {BYTES_MAX / 1e6:,.0f} MB together.",
                mend="Ignore the large ones in .gitignore, or start without your changes.",
                code="too_large",
            )
        known = int(present.filemode) if isinstance(present, pygit2.Blob) else None
        states[path] = FileState(disk_mode(repo, state, known), state.content)
    stored = store(repo, (state.content for state in states.values()))
    for (path, state), oid in zip(states.items(), stored, strict=True):
        changes[path] = (state.mode, oid)
    return with_changes(repo, base, changes)


def disk_mode(repo: pygit2.Repository, state: FileState, known: int | None) -> int:
    """The mode of a file on disk, or the known one where the disk has no executable bit."""
    if known is None or LINK_MODE in (state.mode, known) or trusts_modes(repo):
        return state.mode
    return known


def trusts_modes(repo: pygit2.Repository) -> bool:
    """core.fileMode: whether the executable bit on disk means anything."""
    try:
        return repo.config.get_bool("core.filemode")
    except (KeyError, ValueError):
        return True
