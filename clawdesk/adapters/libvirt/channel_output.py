"""How much of a step's output goes further: the beginning live, then the end when it has ended."""

from __future__ import annotations

from collections import deque

HEAD_BYTES_MAX = 4 << 20
TAIL_BYTES_MAX = 512 << 10
WORD_BYTES_MAX = 2048
"""What is left out begins and ends between words, where they are not longer: half a secret would
not be known to be one."""
_SPACES = (b"\n", b" ", b"\t", b"\r")
LONG_MARK = b"\n[ClawDesk: this output is long; its end follows when it is complete]\n"


class OutputBudget:
    """Bounds one output stream of one step to HEAD_BYTES_MAX + TAIL_BYTES_MAX and two marks."""

    def __init__(self) -> None:
        self._passed_bytes = 0
        self._tail: deque[bytes] = deque()
        self._tail_bytes = 0
        self._dropped_bytes = 0
        self.is_over = False

    def take(self, chunk: bytes) -> bytes:
        """What of `chunk` goes on now; b"" when it is only kept as the tail, or dropped."""
        room = 0 if self.is_over else HEAD_BYTES_MAX - self._passed_bytes
        if len(chunk) >= room > 0:
            begin = max(0, room - WORD_BYTES_MAX)
            room = max(chunk.rfind(space, begin, room) for space in _SPACES) + 1 or room
        now, later = chunk[:room], chunk[room:]
        self._passed_bytes += len(now)
        if later:
            self._keep(later)
            self.is_over = True
        return now

    def _keep(self, chunk: bytes) -> None:
        self._tail.append(chunk)
        self._tail_bytes += len(chunk)
        while self._tail_bytes - len(self._tail[0]) >= TAIL_BYTES_MAX:
            gone = len(self._tail.popleft())
            self._tail_bytes -= gone
            self._dropped_bytes += gone

    def finish(self) -> bytes:
        """What was kept back, behind a mark that says how much was left out; b"" if nothing."""
        tail = b"".join(self._tail)
        self._tail.clear()
        if not self._dropped_bytes:
            return tail
        found = (tail.find(space, 0, WORD_BYTES_MAX) for space in _SPACES)
        begin = min((place for place in found if place >= 0), default=0)
        gone = self._dropped_bytes + begin
        return b"\n[ClawDesk: %d bytes left out here]\n" % gone + tail[begin:]


class TokenBucket:
    """Allows `rate_per_s` on average and `burst` at once; the caller brings the time."""

    def __init__(self, rate_per_s: float, burst: float) -> None:
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._level = burst
        self._at_s: float | None = None

    def take(self, now_s: float, count: float = 1.0) -> bool:
        """Whether `count` more are allowed at `now_s` (monotonic seconds)."""
        passed_s = 0.0 if self._at_s is None else now_s - self._at_s
        self._at_s = now_s
        self._level = min(self._burst, self._level + passed_s * self._rate_per_s)
        if self._level < count:
            return False
        self._level -= count
        return True
