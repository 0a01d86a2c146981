"""Files that a branch and a task changed in the same places, as the window shows them."""

from __future__ import annotations

from clawdesk.ports.repository import ConflictFile

_BASE = b"""\
import random


def batches(items, size):
    for i in range(len(items) - 1):
        yield items[i : i + size]


def shuffle(items, seed):
    random.seed(seed)
    random.shuffle(items)
    return items
"""
_OURS = b"""\
import random


def batches(items, size):
    for start in range(0, len(items), size):
        yield items[start : start + size]


def shuffle(items, seed):
    rng = random.Random(seed)
    rng.shuffle(items)
    return items
"""
_THEIRS = b"""\
import random


def batches(items, size):
    \"\"\"All items, the last batch may be shorter.\"\"\"
    for i in range(0, len(items), size):
        yield items[i : i + size]


def shuffle(items, seed):
    random.seed(seed)
    random.shuffle(items)
    return items


def first(items):
    return items[0]
"""
FILES = (
    ConflictFile("README.md", None, b"# Loader\n\nBy hand.\n", b"# Loader\n\nIt batches.\n"),
    ConflictFile("assets/logo.png", b"", b"", b"", "it is binary"),
    ConflictFile("docs/old.md", b"Old words.\n", None, b"Old words, better.\n"),
    ConflictFile("src/loader.py", _BASE, _OURS, _THEIRS),
)
