"""What several adapters must know of this host."""

from __future__ import annotations

from pathlib import Path


def boot_id() -> str:
    """Names this start of this host; "" where the kernel does not tell.

    A pid means something only beside it, and a file that was never made durable.
    """
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""
