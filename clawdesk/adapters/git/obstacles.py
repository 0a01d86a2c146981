"""Why the checked-out files of a branch are better not updated by us.

Where filters, line-end conversion, sparse checkouts or a running rebase take part, the bytes on
disk are not the bytes in Git. Running a project's filters is out of the question, so such a merge
goes to a branch of its own and the user brings it in with Git itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pygit2
from pygit2.enums import FileMode, RepositoryState

from clawdesk.adapters.git.checkout import entry_of
from clawdesk.adapters.git.lookup import entry_at
from clawdesk.adapters.git.opening import Place

_CONVERTING = re.compile(rb"\b(filter|ident|working-tree-encoding|eol)\b")
_ATTRIBUTES = ("filter", "ident", "working-tree-encoding", "eol")


def obstacle(
    place: Place, repo: pygit2.Repository, paths: Iterable[str], merged: pygit2.Tree
) -> str:
    """The reason, as the end of a sentence beginning with "because"; "" when there is none."""
    if repo.state() != RepositoryState.NONE:
        return "a merge, rebase or the like is under way"
    if _flag(repo, "core.sparsecheckout"):
        return "the project is checked out sparsely"
    if _text(repo, "core.autocrlf") == "true" or _text(repo, "core.eol") == "crlf":
        return "line ends are converted on checkout (core.autocrlf)"
    try:
        repo.index.read(force=True)
    except (pygit2.GitError, OSError):
        return "its index uses an extension that cannot be read (a split index)"
    for path in paths:
        reason = _path_obstacle(repo, path, merged)
        if reason:
            return reason
    return ""


def _path_obstacle(repo: pygit2.Repository, path: str, merged: pygit2.Tree) -> str:
    entry = entry_of(merged, path)
    if entry is not None and entry[0] == FileMode.COMMIT:
        return f"{path} is a submodule"
    if entry is not None and entry[0] == FileMode.LINK and not _flag(repo, "core.symlinks", True):
        return "this disk has no symbolic links (core.symlinks)"
    if path.rpartition("/")[2] == ".gitattributes":
        found = entry_at(merged, path)
        if isinstance(found, pygit2.Blob) and _CONVERTING.search(found.data):
            return f"{path} sets a filter or conversion (Git LFS is one)"
    for attribute in _ATTRIBUTES:
        if repo.get_attr(path, attribute) not in (None, False):
            return f"{path} passes through {attribute!r} of .gitattributes (Git LFS is one)"
    return ""


def _flag(repo: pygit2.Repository, name: str, usual: bool = False) -> bool:
    try:
        return repo.config.get_bool(name)
    except (KeyError, ValueError):
        return usual


def _text(repo: pygit2.Repository, name: str) -> str:
    try:
        return str(repo.config[name]).lower()
    except (KeyError, ValueError):
        return ""
