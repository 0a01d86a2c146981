"""Commits on our own refs: by compare-and-swap, durable, read back before they are reported.

Every update names the tip it builds on; force is never used (facts: six forcing writers lost half
of their updates). A lost race or a foreign lock is retried a bounded number of times.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass

import pygit2

from clawdesk.adapters.git.locks import clear_stale
from clawdesk.adapters.git.mending import is_locked, is_race
from clawdesk.adapters.git.opening import Place, open_place
from clawdesk.adapters.git.records import META_REF, SCHEMA
from clawdesk.ports.errors import RepositoryError

TRIES = 40
PAUSE_S_MAX = 0.1
_never = threading.Event()
# Somebody else's lock file ends without any signal one could wait for: back off, with jitter.


@dataclass(frozen=True, slots=True)
class Draft:
    """A commit to make on top of the present tip."""

    tree: pygit2.Oid
    message: str
    at_ms: int


def signature(at_ms: int) -> pygit2.Signature:
    """ClawDesk as author and committer; second resolution, UTC."""
    return pygit2.Signature("ClawDesk", "clawdesk@localhost", max(0, at_ms // 1000), 0)


def advance(
    place: Place,
    ref: str,
    draft: Callable[[pygit2.Repository, pygit2.Commit | None], Draft],
) -> str:
    """Commit on a ref; `draft` sees the tip (None: the ref does not exist yet).

    Returns the new commit, which is durable and was read back.
    """

    def attempt() -> pygit2.Oid:
        repo = open_place(place)
        try:
            tip = tip_of(repo, ref)
            wanted = draft(repo, tip)
            author = signature(wanted.at_ms)
            parents = [tip.id] if tip is not None else []
            if tip is not None:
                return repo.create_commit(ref, author, author, wanted.message, wanted.tree, parents)
            oid = repo.create_commit(None, author, author, wanted.message, wanted.tree, [])
            repo.create_reference(ref, oid, force=False)
            return oid
        finally:
            repo.free()

    return _verified(place, ref, retried(place, attempt))


def create(place: Place, ref: str, parents: list[pygit2.Oid], draft: Draft) -> str:
    """Create a ref with a first commit. Raises RepositoryError `exists` when it is there."""

    def attempt() -> pygit2.Oid:
        repo = open_place(place)
        try:
            if ref in repo.references:
                raise RepositoryError(f"{ref} exists already.", code="exists")
            author = signature(draft.at_ms)
            oid = repo.create_commit(None, author, author, draft.message, draft.tree, parents)
            repo.create_reference(ref, oid, force=False)
            return oid
        finally:
            repo.free()

    return _verified(place, ref, retried(place, attempt))


def put_back(place: Place, ref: str, commit: str) -> None:
    """Let a ref that another program deleted point where it did; one that is there again stays."""

    def attempt() -> pygit2.Oid:
        repo = open_place(place)
        try:
            oid = pygit2.Oid(hex=commit)
            if ref not in repo.references:
                repo.create_reference(ref, oid, force=False)
            return oid
        finally:
            repo.free()

    retried(place, attempt)


def retried(place: Place, attempt: Callable[[], pygit2.Oid]) -> pygit2.Oid:
    """Repeat what lost a race or met a lock; a lock a killed writer left is removed on the way."""
    for number in range(TRIES):
        try:
            return attempt()
        except (pygit2.GitError, OSError) as error:
            exists = isinstance(error, pygit2.AlreadyExistsError)
            if number + 1 == TRIES or not (is_locked(error) or is_race(error) or exists):
                raise
            if is_locked(error):
                clear_stale(place.common_dir)
            _never.wait(PAUSE_S_MAX * (0.5 + secrets.randbelow(512) / 1024))
    raise AssertionError("the last try returns or raises")


def tip_of(repo: pygit2.Repository, ref: str) -> pygit2.Commit | None:
    """The commit a ref points at, None when there is no such ref."""
    found = repo.references.get(ref)
    return found.peel(pygit2.Commit) if found is not None else None


def tip_or_refuse(repo: pygit2.Repository, ref: str) -> pygit2.Commit:
    """The commit a ref points at. Raises RepositoryError `unknown_task` when there is none."""
    tip = tip_of(repo, ref)
    if tip is None:
        name = ref.rpartition("/")[2]
        raise RepositoryError(f"There is no task {name} in {repo.workdir}.", code="unknown_task")
    return tip


def _verified(place: Place, ref: str, oid: pygit2.Oid) -> str:
    """Rule G6: through a fresh handle the ref has our commit, and its tree can be read."""
    repo = open_place(place)
    try:
        tip = tip_or_refuse(repo, ref)
        if tip.id != oid:
            raise RepositoryError(
                f"{ref} was changed by another program at the same moment.", code="changed"
            )
        len(tip.tree)
        return str(oid)
    finally:
        repo.free()


def schema_of(repo: pygit2.Repository) -> int:
    """The schema our refs of this repository are written in; 0 = we never wrote here."""
    tip = tip_of(repo, META_REF)
    if tip is None:
        return 0
    for line in tip.message.split("\n"):
        name, _, number = line.partition(": ")
        if name == "Clawdesk-Schema" and number.isdecimal():
            return int(number)
    return SCHEMA


def ensure_schema(place: Place, at_ms: int) -> None:
    """Write the schema once, before the first task."""
    repo = open_place(place)
    try:
        if schema_of(repo):
            return
        tree = repo.TreeBuilder().write()
    finally:
        repo.free()
    message = f"clawdesk: schema {SCHEMA}\n\nClawdesk-Schema: {SCHEMA}\n"
    try:
        create(place, META_REF, [], Draft(tree, message, at_ms))
    except RepositoryError as error:
        if error.code != "exists":
            raise
