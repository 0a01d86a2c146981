"""Has a guest make paths of its workspace exactly as told, one part of one file after the other.

The whole wish is checked before the first byte goes, so that nonsense changes nothing. Old and new
files may be in one another's way (a file where a directory was), so the order is: what is in the
way goes, the files come, the rest goes. A failure half way thus loses the least, and telling the
same wish again completes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Protocol

from clawdesk.adapters.libvirt.channel_files import BYTES_MAX, FILES_MAX
from clawdesk.ports.errors import GuestError
from clawdesk.ports.guest import FileEntry
from clawdesk_guest import protocol
from clawdesk_guest.paths import LINK, MODES, link_mistake, path_mistake


class Wire(Protocol):
    """What this needs of the connection."""

    guest_version: int
    applying: asyncio.Lock

    async def call(self, op: str, *, within_s: float = 60.0, **fields: object) -> None:
        """Have the guest do something and wait until it is done. Raises GuestError."""
        ...


async def apply(wire: Wire, files: Sequence[FileEntry], deleted: Sequence[str]) -> None:
    """Make these files exactly so and those paths absent. Raises GuestError; see the port."""
    if wire.guest_version < protocol.ADDED["put"]:
        raise GuestError(
            "the machine goes on from a snapshot made by an older ClawDesk, whose guest program "
            "cannot take files",
            mend="approve or reject the checkpoint as a whole",
            code="old_guest",
        )
    check(files, deleted)
    first, rest = in_order(files, deleted)
    # One that was cancelled ends a moment after its caller heard so; parts must not mix.
    async with wire.applying:
        for path in first:
            await _remove(wire, path, prune=False)
        for file in files:
            await _put(wire, file)
        for path in rest:
            await _remove(wire, path, prune=True)


def check(files: Sequence[FileEntry], deleted: Sequence[str]) -> None:
    """Whether this can be a part of one tree.

    Raises:
        GuestError: `too_many_changes`; `bad_path`: our caller's mistake, the text names the path.
    """
    size_bytes = sum(len(file.content) for file in files)
    if len(files) + len(deleted) > FILES_MAX or size_bytes > BYTES_MAX:
        raise GuestError(
            f"{len(files) + len(deleted)} files with {size_bytes >> 20} MiB are to be written; "
            f"at most {FILES_MAX} files and {BYTES_MAX >> 20} MiB can be",
            code="too_many_changes",
        )
    wanted = {file.path for file in files}
    for file in files:
        wrong = path_mistake(file.path) or _content_mistake(file)
        if not wrong and any(above in wanted for above in _above(file.path)):
            wrong = "a file and a directory cannot have one name"
        if wrong:
            raise _refusal(file.path, wrong)
    for path in deleted:
        wrong = path_mistake(path)
        if wrong or path in wanted:
            raise _refusal(path, wrong or "the path is both to be there and not")
    if len(wanted) < len(files):
        raise GuestError("one path is to be written twice", code="bad_path")


def in_order(files: Sequence[FileEntry], deleted: Sequence[str]) -> tuple[list[str], list[str]]:
    """The paths to remove before the files are written (they are in the way), and after."""
    wanted = {file.path for file in files}
    folders = {above for path in wanted for above in _above(path)}
    first: list[str] = []
    rest: list[str] = []
    for path in deleted:
        is_in_the_way = path in folders or any(above in wanted for above in _above(path))
        (first if is_in_the_way else rest).append(path)
    return first, rest


def _content_mistake(file: FileEntry) -> str:
    if file.mode not in MODES:
        return f"{file.mode:o} is the mode of neither a file nor a link"
    return link_mistake(file.content) if file.mode == LINK else ""


def _above(path: str) -> Iterator[str]:
    """The directories a path lies in, the nearest first."""
    while path := path.rpartition("/")[0]:
        yield path


def _refusal(path: str, why: str) -> GuestError:
    return GuestError(f"{path!r} cannot be written into a workspace: {why}", code="bad_path")


async def _put(wire: Wire, file: FileEntry) -> None:
    view = memoryview(file.content)
    size, step = len(view), protocol.PART_BYTES_MAX
    for begin in range(0, size or 1, step):
        fields = {
            "path": file.path,
            "mode": file.mode,
            "first": begin == 0,
            "last": begin + step >= size,
            "part": protocol.pack_part(view[begin : begin + step]),
        }
        await _named(wire, file.path, "put", fields)


async def _remove(wire: Wire, path: str, *, prune: bool) -> None:
    await _named(wire, path, "remove", {"path": path, "prune": prune})


async def _named(wire: Wire, path: str, op: str, fields: dict[str, object]) -> None:
    """Call the guest; an error it answers with names the path."""
    try:
        await wire.call(op, within_s=60.0, **fields)
    except GuestError as error:
        if error.code != "refused":
            raise
        verb = "written into" if op == "put" else "removed from"
        raise GuestError(
            f"{path} could not be {verb} the workspace: {error.what}", code="refused"
        ) from error
