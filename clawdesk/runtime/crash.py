"""Named places where a test lets the process die, as a SIGKILL would at that very moment.

`CLAWDESK_CRASH_AT=NAME` dies at the first passing of that place, `NAME:N` at the N-th. Without it,
which is always so outside tests, a place costs one comparison.
"""

from __future__ import annotations

import os

EXIT_CODE = 137
_at, _, _times = os.environ.get("CLAWDESK_CRASH_AT", "").partition(":")
_left = int(_times) if _times.isdigit() else 1


def point(name: str) -> None:
    """Die here, if a test wants it: no exit handlers, no flushing, nothing is told."""
    global _left  # noqa: PLW0603 - one a process, like the death that it counts down to
    if name != _at:
        return
    _left -= 1
    if _left <= 0:
        os._exit(EXIT_CODE)
