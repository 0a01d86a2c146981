"""How fast this host's time stamp counter (TSC) runs, which an emulated guest is told.

QEMU's emulation gives a guest the host's counter. A guest that is not told its rate measures it
against a timer, which fails while the host is busy; its clock then moves by ticks of 4 ms, some of
them lost (2026-11-27: with one other busy process, in most of the starts), and so do the clocks of
all machines that begin with its warm template. Under KVM guests have a clock of their own.
"""

from __future__ import annotations

import ctypes
import json
import logging
import mmap
import platform
import time
from collections.abc import Callable
from pathlib import Path

from clawdesk.adapters.libvirt.records import durable

MEASURED_NS = 5_000_000
SAME_PPM = 100
"""Two measurements of one host differ by less; a warm template is made for one rate."""
# rdtsc; shl rdx, 32; or rax, rdx; ret
_READ_COUNTER = bytes.fromhex("0f31 48c1e220 4809d0 c3")
_log = logging.getLogger(__name__)


def known_khz(cache: Path, measure: Callable[[], int] | None = None) -> int:
    """The rate as it was told to machines before, measured anew where the host is another; kHz.

    0 = not known: not an x86-64 processor, or the system forbids to look.
    """
    found = (measure or measured_khz)()
    if not found:
        return 0
    try:
        before = int(json.loads(cache.read_text())["khz"])
    except (OSError, ValueError, KeyError, TypeError):
        before = 0
    if abs(found - before) * 1_000_000 <= SAME_PPM * found:
        return before
    durable(cache, json.dumps({"khz": found}))
    return found


def measured_khz() -> int:
    """Measure the counter beside the system's clock for some milliseconds; kHz, 0 = cannot."""
    if platform.machine() != "x86_64":
        return 0
    try:
        page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    except OSError as error:  # a system that allows no code made at run time
        _log.info("the processor's counter cannot be read: %s", error)
        return 0
    page.write(_READ_COUNTER)
    code = ctypes.c_char.from_buffer(page)
    read = ctypes.CFUNCTYPE(ctypes.c_uint64)(ctypes.addressof(code))
    begun_ns, begun = _pair(read)
    ended_ns, ended = begun_ns, begun
    while ended_ns - begun_ns < MEASURED_NS:
        ended_ns, ended = _pair(read)
    return round((ended - begun) * 1_000_000 / (ended_ns - begun_ns))


def _pair(read: Callable[[], int]) -> tuple[int, int]:
    """Nanoseconds and the counter at one moment: of some tries the one that took least."""
    tries = []
    for _ in range(20):
        before_ns = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
        count = read()
        after_ns = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
        tries.append((after_ns - before_ns, (before_ns + after_ns) // 2, count))
    _, at_ns, count = min(tries)
    return at_ns, count
