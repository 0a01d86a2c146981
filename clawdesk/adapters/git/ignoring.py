"""The start tree's `.gitignore` files as one list of patterns, for the guest and for the host.

Only rules that were in the project when the task began count: an agent that edits `.gitignore`
neither hides files from a checkpoint nor forces them into it. The user's global excludes and
`.git/info/exclude` are theirs, not the project's, and stay out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pathspec
import pygit2

from clawdesk.adapters.git.lookup import entry_at

IGNORE_NAME = ".gitignore"
FILE_BYTES_MAX = 1024 * 1024


def flattened(tree: pygit2.Tree) -> list[str]:
    """All rules of a tree relative to its root, deeper files later, as Git weighs them."""
    return _collect(tree, "")


def ignored_new(start: pygit2.Tree, new: Iterable[str]) -> dict[str, str]:
    """Of paths not in the start tree, those its rules ignore, with the reason.

    Only the `.gitignore` files above the given paths are read: a checkpoint of one file in a
    project of 50,000 must not walk them all.
    """
    lines: dict[str, list[str]] = {}
    refused = {}
    rules: dict[str, pathspec.GitIgnoreSpec] = {}
    for path in new:
        folder = path.rpartition("/")[0]
        if folder not in rules:
            rules[folder] = pathspec.GitIgnoreSpec.from_lines(_rules_above(start, folder, lines))
        if rules[folder].match_file(path):
            refused[path] = "ignored by the project's .gitignore"
    return refused


def _rules_above(start: pygit2.Tree, folder: str, read: dict[str, list[str]]) -> list[str]:
    parts = folder.split("/") if folder else []
    found: list[str] = []
    tree: pygit2.Object | None = start
    for depth in range(len(parts) + 1):
        if not isinstance(tree, pygit2.Tree):
            break
        name = "/".join(parts[:depth])
        if name not in read:
            read[name] = _rules_in(tree, name)
        found += read[name]
        if depth < len(parts):
            tree = entry_at(tree, parts[depth])
    return found


def _collect(tree: pygit2.Tree, folder: str) -> list[str]:
    found = _rules_in(tree, folder)
    for entry in tree:
        if isinstance(entry, pygit2.Tree):
            name = str(entry.name)
            found += _collect(entry, f"{folder}/{name}" if folder else name)
    return found


def _rules_in(tree: pygit2.Tree, folder: str) -> list[str]:
    entry = entry_at(tree, IGNORE_NAME)
    if not isinstance(entry, pygit2.Blob) or entry.filemode == 0o120000:
        return []
    if entry.size > FILE_BYTES_MAX or "\n" in folder:
        return []
    text = entry.data.decode("utf-8", "surrogateescape")
    rules = (rebased(line, folder) for line in text.removeprefix("\ufeff").split("\n"))
    return [rule for rule in rules if rule]


def rebased(line: str, folder: str) -> str:
    """A rule of `folder`'s .gitignore as a rule of the root's; "" for a comment or nothing."""
    rule = line.removesuffix("\r")
    if rule.startswith("#"):
        return ""
    rule = _without_trailing_spaces(rule)
    if not rule.strip("/!"):
        return ""
    if not folder:
        return rule
    negated = rule.startswith("!")
    body = rule[1:] if negated else rule
    if body[:2] in ("\\#", "\\!"):
        body = body[1:]  # only special at the start of a line, where it will not stand any more
    anchored = "/" in body.rstrip("/")
    middle = "/" if anchored else "/**/"
    prefix = re.sub(r"([\\*?\[\]! #])", r"\\\1", folder)
    return f"{'!' if negated else ''}/{prefix}{middle}{body.lstrip('/')}"


def _without_trailing_spaces(rule: str) -> str:
    """Spaces at the end do not count, unless a backslash holds them."""
    stripped = rule.rstrip(" ")
    backslashes = len(stripped) - len(stripped.rstrip("\\"))
    if stripped != rule and backslashes % 2:
        stripped += " "
    return stripped
