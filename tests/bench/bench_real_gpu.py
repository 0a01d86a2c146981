"""What one look at this machine's real GPUs takes, all figures; nothing where there is no driver.

Beside it nvitop's library reads the same figures of the same GPUs, by turns. The stand-in for the
driver (bench_gpus.py) answers from memory; here the real one is asked.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from clawdesk_fabric.nvml import Nvml
from tests.bench.bench_gpus import NVITOP, nvitop
from tests.bench.rows import Row, row

LOOKS = 50
"""In one sample."""
THEIRS = f"""
import sys, time
from nvitop import Device
devices = Device.all()
def look():
    for device in devices:
        with device.oneshot():
            device.memory_info(), device.gpu_utilization(), device.temperature()
            device.power_usage(), device.power_limit(), device.processes()
look()
for line in sys.stdin:
    began = time.perf_counter_ns()
    for _ in range({LOOKS}):
        look()
    print((time.perf_counter_ns() - began) / {LOOKS} / 1000, flush=True)
"""


def _their_python() -> tuple[str, str]:
    """(a Python that has nvitop, or "", and why not)."""
    if importlib.util.find_spec("nvitop"):
        return sys.executable, ""
    folder, why = nvitop()
    return (str(folder / "python"), "") if isinstance(folder, Path) else ("", why)


def _us(nvml: Nvml) -> float:
    began = time.perf_counter_ns()
    for _ in range(LOOKS):
        nvml.look()
    return (time.perf_counter_ns() - began) / LOOKS / 1000


def measure(n: int) -> Iterator[Row]:
    whole, bare = Nvml(), Nvml(load=False)
    began = time.perf_counter_ns()
    first = whole.look()
    opened_ms = (time.perf_counter_ns() - began) / 1e6
    if first.note or first.gpus[0].simulated:
        print(f"no real GPU: {first.note or 'the driver is the stand-in'}", file=sys.stderr)
        return
    bare.look()
    python, why = _their_python()
    ours: list[float] = []
    theirs: list[float] = []
    fabrics: list[float] = []
    with ExitStack() as stack:
        beside = None
        if python:
            words = [python, "-c", THEIRS]
            pipe = subprocess.PIPE
            beside = stack.enter_context(
                subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True, bufsize=1)
            )
        for _ in range(n):
            ours.append(_us(whole))
            fabrics.append(_us(bare))
            if beside is not None and beside.stdin and beside.stdout:
                beside.stdin.write("\n")
                theirs.append(float(beside.stdout.readline()))
    whole.close()
    bare.close()
    names = ", ".join(gpu.name for gpu in first.gpus)
    to = f"nvitop {NVITOP}'s library, same figures" if theirs else f"nothing: {why}"
    work = f"U2 one look at {names}, driver {first.driver}"
    yield row(f"{work}, the window's", ours, "us", beside=theirs, ratio_to=to, goal="once nvitop")
    yield row(f"{work}, the Fabric's", fabrics, "us")
    yield row(f"{work}, the first one, which opens the driver", [opened_ms], "ms")
