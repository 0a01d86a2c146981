"""What only the real machine has: its clock, its random pool, its identity, its folders."""

import os
import time

_RNDADDENTROPY = 0x40085203
_RNDRESEEDCRNG = 0x5207


def prepare() -> None:
    """Folders and limits that the init of the initial file system leaves to us."""
    os.chdir("/")
    # A program that asks us something goes on until it waits for the answer: to be taken off its
    # processor in the middle of its words and put back costs an emulated one as much as the rest.
    # What it starts is told otherwise (`errand.ORDINARY`): the kernel hands this on.
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    os.umask(0o022)
    for folder in ("/run/clawdesk", "/var/lib/clawdesk"):
        os.makedirs(folder, mode=0o755, exist_ok=True)
    os.environ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def set_clock(clock_ms: int) -> None:
    """A restored machine wakes up in the past."""
    seconds, ms = divmod(clock_ms, 1000)
    time.clock_settime_ns(time.CLOCK_REALTIME, seconds * 10**9 + ms * 10**6)


def seed_random(seed: bytes) -> None:
    """Mix in bytes of the host: two machines of one snapshot must not draw the same numbers."""
    import fcntl
    import struct

    with open("/dev/random", "wb", buffering=0) as pool:
        fcntl.ioctl(pool, _RNDADDENTROPY, struct.pack("ii", len(seed) * 8, len(seed)) + seed)
        fcntl.ioctl(pool, _RNDRESEEDCRNG)


def boot_id() -> str:
    with open("/proc/sys/kernel/random/boot_id") as source:
        return source.read().strip()


def adopt_orphans() -> None:
    """Be to all below what process 1 is to all; outside a machine only."""
    import ctypes

    pr_set_child_subreaper = 36
    ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1, 0, 0, 0)
