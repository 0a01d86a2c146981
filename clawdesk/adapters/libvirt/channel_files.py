"""Turns the records of a guest's "files" stream into changes. The guest may send anything.

It bounds what it keeps and checks shapes; the names are judged by whoever builds the tree.
"""

from __future__ import annotations

import struct

from clawdesk.ports.errors import GuestError
from clawdesk.ports.guest import FileEntry, WorkspaceChanges
from clawdesk_guest import protocol
from clawdesk_guest.protocol import RemoteError

FILES_MAX = 10_000
BYTES_MAX = 1 << 30
"""Limits of a checkpoint's tree (protocols.md, section 3)."""
_LENGTH = struct.Struct(">I")
_HEAD_BYTES_MAX = 128 << 10
_MODES = frozenset({0o100644, 0o100755, 0o120000})


class ChangesParser:
    """Collects one answer to `collect`; `changes` once the stream has ended."""

    def __init__(self, *, files_max: int = FILES_MAX, bytes_max: int = BYTES_MAX) -> None:
        self._files_max = files_max
        self._left_bytes = bytes_max
        self._buffer = bytearray()
        self._open: protocol.Message | None = None
        self._content: list[bytes] = []
        self._missing_bytes = 0
        self._changed: list[FileEntry] = []
        self._deleted: list[str] = []
        self._skipped: list[str] = []
        self._too_many: protocol.Message | None = None
        self._finished = False

    def feed(self, received: bytes) -> None:
        """Raises RemoteError when a record is malformed or more than the limits."""
        view = memoryview(received)
        while view:
            view = self._fill_file(view) if self._open is not None else self._fill_head(view)

    def _fill_file(self, view: memoryview) -> memoryview:
        taken = bytes(view[: self._missing_bytes])
        self._content.append(taken)
        self._missing_bytes -= len(taken)
        self._close_file_if_complete()
        return view[len(taken) :]

    def _fill_head(self, view: memoryview) -> memoryview:
        """Move bytes into the buffer until a head is complete; take exactly that."""
        taken = view[: self._head_end() - len(self._buffer)]
        self._buffer += taken
        end = self._head_end()
        if len(self._buffer) == end:
            head = protocol.load(bytes(self._buffer[_LENGTH.size :]))
            self._buffer.clear()
            self._take(head)
        return view[len(taken) :]

    def _head_end(self) -> int:
        """Where the head that is being buffered ends, as far as known."""
        if len(self._buffer) < _LENGTH.size:
            return _LENGTH.size
        (length,) = _LENGTH.unpack_from(self._buffer)
        if not 0 < length <= _HEAD_BYTES_MAX:
            raise RemoteError("a record's head that is empty or too long")
        return int(_LENGTH.size + length)

    def _take(self, head: protocol.Message) -> None:
        wrong = protocol.mistake(head, protocol.RECORDS)
        if wrong or self._finished:
            raise RemoteError(wrong or "records behind the last one")
        op = head["op"]
        if op == "file":
            self._begin_file(head)
        elif op == "deleted":
            self._deleted.append(head["path"])
        elif op == "skipped":
            self._skipped.append(f"{head['path']}: {head['why']}")
        elif op == "too_many":
            self._too_many = head
        else:
            self._finished = True
        listed = len(self._changed) + len(self._deleted) + len(self._skipped)
        if listed > 2 * self._files_max:
            raise RemoteError("more records than a checkpoint may have files")

    def _begin_file(self, head: protocol.Message) -> None:
        if head["mode"] not in _MODES or head["size"] < 0:
            raise RemoteError("a file with an impossible mode or size")
        self._left_bytes -= head["size"]
        if self._left_bytes < 0:
            raise RemoteError("more content than a checkpoint may have")
        self._open = head
        self._missing_bytes = head["size"]
        self._close_file_if_complete()

    def _close_file_if_complete(self) -> None:
        if self._open is None or self._missing_bytes:
            return
        content = b"".join(self._content)
        self._changed.append(FileEntry(self._open["path"], self._open["mode"], content))
        self._content.clear()
        self._open = None

    def changes(self) -> WorkspaceChanges:
        """What was sent.

        Raises:
            GuestError: code `too_many_changes`: more than a checkpoint takes; ask the person.
            RemoteError: the records ended too early.
        """
        if self._too_many is not None:
            files, size = self._too_many["files"], self._too_many["bytes"]
            raise GuestError(
                f"the task changed {files} files with {size >> 20} MiB; a checkpoint takes at most "
                f"{self._files_max} files and {BYTES_MAX >> 20} MiB",
                mend="have the task delete what it does not need, or add it to .gitignore",
                code="too_many_changes",
            )
        if not self._finished:
            raise RemoteError("the list of changed files ended too early")
        return WorkspaceChanges(tuple(self._changed), tuple(self._deleted), tuple(self._skipped))
