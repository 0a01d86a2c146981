"""Trees of the fake repository: plain mappings, with merging and comparing of whole files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import pathspec

from clawdesk.adapters.git import names
from clawdesk.adapters.git.diffs import hunks_of, line_counts
from clawdesk.adapters.git.ignoring import rebased
from clawdesk.domain.host_files import runs_on_host
from clawdesk.domain.model import DiffStat
from clawdesk.ports.errors import ConflictError, RepositoryError
from clawdesk.ports.guest import WorkspaceChanges
from clawdesk.ports.repository import OURS, THEIRS, ConflictFile, Diff, DiffFile, Settled

Entry = tuple[int, bytes]
"""Mode and content."""
Tree = Mapping[str, Entry]
Content = bytes | str
FILES_MAX = 10_000


def content_id(*parts: object) -> str:
    """40 hex digits that depend on the arguments alone."""
    return hashlib.sha1(repr(parts).encode()).hexdigest()


def tree_of(contents: Mapping[str, Content]) -> dict[str, Entry]:
    """A tree of plain files."""
    return {
        path: (0o100644, content.encode() if isinstance(content, str) else content)
        for path, content in sorted(contents.items())
    }


def tree_id(tree: Tree) -> str:
    return content_id("tree", sorted(tree.items()))


def clashes(base: Tree, ours: Tree, theirs: Tree) -> list[ConflictFile]:
    """Files that both sides changed, as wholes."""
    found = []
    for path in sorted(set(base) | set(ours) | set(theirs)):
        sides = [tree.get(path) for tree in (base, ours, theirs)]
        was, our, their = sides
        if our != was and their not in (was, our):
            old, own, new = (side[1] if side else None for side in sides)
            found.append(ConflictFile(path, old, own, new))
    return found


def three_way(
    base: Tree, ours: Tree, theirs: Tree, settled: Sequence[Settled] = ()
) -> dict[str, Entry]:
    """Merge by whole files. Raises ConflictError with the paths that both changed."""
    merged: dict[str, Entry] = {}
    decided = {one.path: one for one in settled}
    open_ones = {file.path for file in clashes(base, ours, theirs)}
    for path in sorted(set(base) | set(ours) | set(theirs)):
        was, our, their = base.get(path), ours.get(path), theirs.get(path)
        chosen = their if our == was else our
        if path in open_ones and path in decided:
            one = decided[path]
            chosen = {OURS: our, THEIRS: their}.get(one.take, (0o100644, one.content))
            open_ones.discard(path)
        if chosen is not None:
            merged[path] = chosen
    conflicts = sorted(open_ones)
    if conflicts:
        raise ConflictError(f"Both changed {', '.join(conflicts)}.", tuple(conflicts))
    return merged


def applied(start: Tree, changes: WorkspaceChanges) -> tuple[dict[str, Entry], tuple[str, ...]]:
    if len(changes.changed) + len(changes.deleted) > FILES_MAX:
        raise RepositoryError("The task changed too many files.", code="too_large")
    tree = {path: entry for path, entry in start.items() if path not in changes.deleted}
    rules = []
    for path, (_, content) in sorted(start.items()):
        folder, _, name = path.rpartition("/")
        if name == ".gitignore":
            rules += [rebased(line, folder) for line in content.decode().split("\n")]
    ignored = pathspec.GitIgnoreSpec.from_lines(rule for rule in rules if rule)
    refused = list(changes.skipped)
    for item in changes.changed:
        problem = names.path_problem(item.path) or names.mode_problem(item.mode)
        if not problem and item.mode == names.LINK_MODE:
            problem = names.link_problem(item.path, item.content)
        if not problem and item.path not in start:
            keys = {names.same_name_key(p): p for p in tree}
            if ignored.match_file(item.path):
                problem = "ignored by the project's .gitignore"
            elif keys.get(names.same_name_key(item.path), item.path) != item.path:
                problem = "differs from another by upper and lower case only"
        if problem:
            refused.append(f"{names.shown(item.path)}: {problem}")
        else:
            tree[item.path] = (item.mode, item.content)
    return dict(sorted(tree.items())), tuple(refused)


def diff_of(old: Tree, new: Tree) -> Diff:
    found = []
    for path in sorted(set(old) | set(new)):
        before, after = old.get(path), new.get(path)
        if before == after:
            continue
        was, now = before[1] if before else b"", after[1] if after else b""
        added, removed = line_counts(was, now)
        hunks, _ = hunks_of(was, now)
        status = "added" if before is None else "deleted" if after is None else "modified"
        if before and after and was == now:
            status = "mode"
        host = runs_on_host(path, after[0] if after else 0)
        found.append(DiffFile(path, path, status, added, removed, hunks, "", host))
    stat = DiffStat(len(found), sum(f.added for f in found), sum(f.removed for f in found))
    return Diff(tuple(found), stat)
