"""What steps print: lines for the log view, and head and tail of each step for Git.

Bounded everywhere: a task that prints for ever costs a fixed amount of memory.
"""

from __future__ import annotations

import asyncio
import codecs
from collections import deque

from clawdesk.ports.guest import NetworkUsed
from clawdesk.runtime.api import LogLine

LINES_MAX = 10_000
LINE_CHARACTERS_MAX = 4_000
KEEP_BYTES_MAX = 5 * 1024 * 1024
HEAD_BYTES_MAX = KEEP_BYTES_MAX // 2
LAST_BYTES_MAX = 8_000
_DECODER = codecs.getincrementaldecoder("utf-8")


class TaskOutput:
    """Output of one task's steps."""

    def __init__(self) -> None:
        self._lines: deque[LogLine] = deque(maxlen=LINES_MAX)
        self._number = 0
        self._partial: dict[str, str] = {}
        self._decoders: dict[str, codecs.IncrementalDecoder] = {}  # keep half a letter
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_bytes = 0
        self._dropped = 0
        self._last = bytearray()
        self._is_mid_line = False
        self.step, self.round = "", 1
        self.loading = asyncio.Lock()
        """Held while it is filled with what was kept: two who ask at once see the same."""

    def begin(self, step: str, round_: int) -> None:
        """A step begins: its output is kept apart from the one before."""
        self.step, self.round = step, round_
        self._forget_kept()
        self._last.clear()
        self._is_mid_line = False

    def event(self, at_ms: int, text: str) -> None:
        """A line of our own between the step's lines."""
        self._append(at_ms, "event", text)

    def tell(self, at_ms: int, text: str) -> bytes:
        """Lines of our own that are kept with what the step printed: as these bytes."""
        for line in text.split("\n"):
            self._append(at_ms, "event", line)
        kept = (b"\n" if self._is_mid_line else b"") + text.encode() + b"\n"
        self._keep(kept)
        return kept

    def feed(self, at_ms: int, stream: str, chunk: bytes) -> None:
        """Bytes a step printed, in any pieces."""
        self._keep(chunk)
        decoder = self._decoders.setdefault(stream, _DECODER("replace"))
        text = self._partial.pop(stream, "") + decoder.decode(chunk)
        *lines, rest = text.split("\n")
        for line in lines:
            self._append(at_ms, stream, line.rstrip("\r"))
        if len(rest) > LINE_CHARACTERS_MAX:
            self._append(at_ms, stream, rest)
        elif rest:
            self._partial[stream] = rest

    def flush(self, at_ms: int) -> None:
        """The step has ended: show what had no newline."""
        for stream, decoder in self._decoders.items():
            if text := self._partial.pop(stream, "") + decoder.decode(b"", final=True):
                self._append(at_ms, stream, text)

    def after(self, number: int) -> tuple[LogLine, ...]:
        """Lines numbered above `number`, oldest first."""
        return tuple(line for line in self._lines if line.number > number)

    def tail(self, characters: int = 2_000) -> str:
        """The last output of the present step, for a failure's message."""
        return self._last[-4 * characters :].decode("utf-8", "replace")[-characters:].strip()

    def take(self) -> bytes:
        """What the present step printed since this was last called, to be kept in Git.

        Head and tail of it, at most 5 MiB, with a mark where bytes are missing.
        """
        mark = f"\n[... {self._dropped} bytes left out ...]\n".encode() if self._dropped else b""
        taken = bytes(self._head) + mark + b"".join(self._tail)
        self._forget_kept()
        return taken

    def put_back(self, taken: bytes) -> None:
        """It could not be kept after all; the next time it is taken again."""
        since = self.take()
        for part in (taken, since):
            self._hold(part)

    def _forget_kept(self) -> None:
        self._head.clear()
        self._tail.clear()
        self._tail_bytes = self._dropped = 0

    def _append(self, at_ms: int, stream: str, text: str) -> None:
        if len(text) > LINE_CHARACTERS_MAX:
            cut = len(text) - LINE_CHARACTERS_MAX
            text = f"{text[:LINE_CHARACTERS_MAX]} [... {cut} characters left out]"
        self._number += 1
        self._lines.append(LogLine(self._number, at_ms, self.step, self.round, stream, text))

    def _keep(self, chunk: bytes) -> None:
        self._last += chunk[-LAST_BYTES_MAX:]
        del self._last[:-LAST_BYTES_MAX]
        self._is_mid_line = not chunk.endswith(b"\n") if chunk else self._is_mid_line
        self._hold(chunk)

    def _hold(self, chunk: bytes) -> None:
        room = HEAD_BYTES_MAX - len(self._head)
        if room > 0:
            self._head += chunk[:room]
            chunk = chunk[room:]
        if not chunk:
            return
        self._tail.append(chunk)
        self._tail_bytes += len(chunk)
        while self._tail_bytes > HEAD_BYTES_MAX and len(self._tail) > 1:
            old = self._tail.popleft()
            self._tail_bytes -= len(old)
            self._dropped += len(old)


def network_words(used: NetworkUsed) -> str:
    """A connection of a machine, as its log tells it."""
    more = f" ({used.untold} more connections before it)" if used.untold else ""
    if used.refused:
        return f"Network, refused: {used.refused}.{more}"
    out, back = used.sent_bytes, used.received_bytes
    return f"Network: {used.place}, {out:,} bytes sent, {back:,} received.{more}"
