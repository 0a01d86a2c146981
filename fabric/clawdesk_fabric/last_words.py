"""What a command says when the operating system refuses, and how it leaves its output.

For the outermost layer of `clawdesk` and `clawdesk-fabric`: whoever knows what a file was for says
more than this can.
"""

from __future__ import annotations

import errno
import os
import sys

_MENDS = {
    errno.ENOSPC: "Free space on that disk, then try again.",
    errno.EDQUOT: "Free space within your quota, then try again.",
    errno.EROFS: "Make its disk writable, or name another folder.",
    errno.EACCES: "Give yourself the right to it, or name another folder.",
    errno.EPERM: "Give yourself the right to it, or name another folder.",
    errno.ENOTDIR: "A part of that path is a file; name another folder.",
    errno.ENOENT: "Make the folder it lies in, or name another one.",
    errno.ENAMETOOLONG: "Name a shorter path.",
}


def last_words(error: OSError) -> tuple[str, str]:
    """Leave the output, and say what was refused.

    Returns:
        What was refused, where and why, as one line; and the next step, "" where none is known.
    """
    leave_output()
    name = error.filename
    place = os.fsdecode(name) if isinstance(name, str | bytes) else ""
    why = error.strerror or str(error) or type(error).__name__
    what = f"{place or 'The output, or a file,'} cannot be used: {why}."
    shown = "".join(c if c.isprintable() else "?" for c in what)
    return shown, _MENDS.get(error.errno or 0, "")


def open_output() -> None:
    """Give a command that was started with a closed output (`>&-`) one that goes nowhere."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - for as long as we run
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115


def leave_output() -> None:
    """Write what is still held back; where nobody takes it, drop it.

    Otherwise Python would complain once more at its end, with a traceback.
    """
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
