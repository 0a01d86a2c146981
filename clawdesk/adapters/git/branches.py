"""Branches of a project: which one is meant, where it is checked out, and moving it.

A branch moves only from the tip we built on, never by force.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pygit2

from clawdesk.adapters.git.opening import Place
from clawdesk.domain.parameters import is_utf8
from clawdesk.ports.errors import RepositoryError

HEADS = "refs/heads/"
OURS = "clawdesk/"
_SLUG_CHARS_MAX = 48


def head_branch(repo: pygit2.Repository) -> str:
    """The branch HEAD is on; "" when HEAD is detached."""
    head = repo.references.get("HEAD")
    target = head.raw_target if head is not None else b""
    if isinstance(target, bytes) and target.startswith(HEADS.encode()):
        return target[len(HEADS) :].decode("utf-8", "replace")
    return ""


def wanted_branch(repo: pygit2.Repository, into: str) -> str:
    """The branch a merge goes to: the named one, else the one HEAD is on.

    Where that is another name of a branch (`git symbolic-ref`), the branch itself.

    Raises:
        RepositoryError: code `detached` or `bad_branch`.
    """
    branch = into.removeprefix(HEADS) or head_branch(repo)
    if not branch:
        raise RepositoryError(
            "The project is on no branch (HEAD is detached), so it is unclear where to merge to.",
            mend="Name the branch, for example: --into main",
            code="detached",
        )
    odd = branch.startswith("-") or branch == "HEAD" or "\0" in branch or not is_utf8(branch)
    if odd or not pygit2.reference_is_valid_name(HEADS + branch):
        raise RepositoryError(
            f"{branch!r} cannot be the name of a branch.",
            mend="Use letters, digits, '-', '_' and '/'.",
            code="bad_branch",
        )
    meant = _meant(repo, branch)
    if not meant:
        raise RepositoryError(
            f"{branch} is another name of something that is no branch.",
            mend="Name the branch, for example: --into main",
            code="bad_branch",
        )
    return meant


def _meant(repo: pygit2.Repository, branch: str) -> str:
    """The branch that a name leads to; "" where it leads to none, or in a circle."""
    seen = set()
    while branch and branch not in seen:
        seen.add(branch)
        found = repo.references.get(HEADS + branch)
        target = found.raw_target if found is not None else None
        if not isinstance(target, bytes):
            return branch
        name = target.decode("utf-8", "replace")
        branch = name[len(HEADS) :] if name.startswith(HEADS) else ""
    return ""


def checked_out_in(place: Place, repo: pygit2.Repository, branch: str) -> list[str]:
    """Git directories of the work trees that are on a branch, or in the middle of rebasing it."""
    common = Path(place.common_dir)
    folders = [common, *sorted((common / "worktrees").glob("*"))]
    found = []
    for folder in folders:
        names = [folder / "HEAD"]
        names += [folder / kind / "head-name" for kind in ("rebase-merge", "rebase-apply")]
        if any(_names_branch(repo, name, branch) for name in names):
            found.append(str(folder))
    return found


def _names_branch(repo: pygit2.Repository, file: Path, branch: str) -> bool:
    try:
        text = file.read_text("utf-8", "surrogateescape").strip()
    except (FileNotFoundError, NotADirectoryError):
        return False
    name = text.removeprefix("ref:").strip()
    if not name.startswith(HEADS):
        return False
    name = name[len(HEADS) :]
    return name == branch or (is_utf8(name) and _meant(repo, name) == branch)


def move(
    repo: pygit2.Repository, branch: str, tip: pygit2.Oid | None, to: pygit2.Oid, note: str
) -> None:
    """Move a branch from the tip we built on (None: make it).

    Raises:
        RepositoryError: code `changed`, somebody else moved it meanwhile.
    """
    name = HEADS + branch
    changed = RepositoryError(
        f"The branch {branch} was moved by another program at the same moment.",
        mend="Try again.",
        code="changed",
    )
    if tip is None:
        try:
            repo.create_reference(name, to, force=False, message=note)
        except pygit2.AlreadyExistsError as error:
            raise changed from error
        return
    reference = repo.references.get(name)
    if reference is None or reference.target != tip:
        raise changed
    try:
        reference.set_target(to, note)
    except pygit2.GitError as error:
        if "old reference value does not match" in str(error):
            raise changed from error
        raise


def ours_at(repo: pygit2.Repository, commit: pygit2.Oid) -> str:
    """A branch that `free_name` named and that stands at that commit; "" for none."""
    names = (n for n in repo.branches.local if n.startswith(OURS))
    return next((n for n in names if repo.references[HEADS + n].target == commit), "")


def free_name(repo: pygit2.Repository, title: str) -> str:
    """An unused branch name clawdesk/<slug> from a task's title."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_SLUG_CHARS_MAX].strip("-") or "task"
    name, number = f"{OURS}{slug}", 2
    while HEADS + name in repo.references:
        name, number = f"{OURS}{slug}-{number}", number + 1
    return name
