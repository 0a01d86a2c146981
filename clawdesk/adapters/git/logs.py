"""The output of steps under refs/clawdesk/logs: one commit a boundary, one blob a step.

Blobs are named by number and step, so that they list in the order in which the steps ran. Of a long
output the beginning and the end are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote, unquote

import pygit2
from pygit2.enums import FileMode

from clawdesk.adapters.git.loose import write_blob

STEP_BYTES_MAX = 5 * 1024 * 1024
_ENTRY = re.compile(r"([0-9]{6})-(.+)")
_CUT = b"\n[... %d bytes left out ...]\n"


def with_output(
    repo: pygit2.Repository, tree: pygit2.Tree | None, step: str, output: bytes
) -> pygit2.Oid:
    """Write the tree that has `output` added to what the step has so far."""
    builder = repo.TreeBuilder(tree) if tree is not None else repo.TreeBuilder()
    number = 0
    for entry, name in _entries(tree):
        number = max(number, int(str(entry.name)[:6]))
        if name == step:
            blob = write_blob(repo, shortened(_content(entry) + output))
            builder.insert(str(entry.name), blob, FileMode.BLOB)
            return builder.write()
    name = f"{number + 1:06}-{quote(step, safe='')[:200]}"
    builder.insert(name, write_blob(repo, shortened(output)), FileMode.BLOB)
    return builder.write()


def outputs(tree: pygit2.Tree | None) -> dict[str, bytes]:
    """Step to output, in the order in which the steps ran."""
    return {name: _content(entry) for entry, name in _entries(tree)}


def shortened(output: bytes) -> bytes:
    """Head and tail of an output over 5 MiB, with the number of bytes left out between."""
    if len(output) <= STEP_BYTES_MAX:
        return output
    keep = (STEP_BYTES_MAX - 64) // 2
    return output[:keep] + _CUT % (len(output) - 2 * keep) + output[-keep:]


def _entries(tree: pygit2.Tree | None) -> Iterator[tuple[pygit2.Object, str]]:
    for entry in tree or ():
        match = _ENTRY.fullmatch(str(entry.name))
        if match:
            yield entry, unquote(match.group(2))


def _content(entry: pygit2.Object) -> bytes:
    return entry.data if isinstance(entry, pygit2.Blob) else b""
