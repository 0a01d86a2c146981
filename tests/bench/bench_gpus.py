"""U2: processor time of watching 8 idle GPUs twice a second, ours beside nvitop.

All of them run at the same time on the same simulated driver, and each one's processor time is read
from the kernel over the same stretches, so that neither the machine's load nor the driver differs.
A real driver adds time of its own to each. nvitop is installed by this file into the cache, in an
environment of its own; where that cannot be done the rows say so.
"""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from clawdesk_fabric.simulated_gpus import state
from clawdesk_fabric.simulated_gpus.build import build
from tests.bench.rows import Row, row
from tests.support.environments import NotHereError, environment

NVITOP = "1.7.2"
HZ = 2.0
GPUS = 8
WARM_S, STRETCH_S, END_S = 5.0, 5.0, 10.0
OURS = Path(__file__).with_name("gpu_watchers.py")
SAME_FIGURES = f"""
import threading
from nvitop import Device
devices, pause = Device.all(), threading.Event()
assert len(devices) == {GPUS}
while not pause.wait({1 / HZ}):
    for device in devices:
        with device.oneshot():
            device.memory_info(), device.gpu_utilization(), device.temperature()
            device.power_usage(), device.power_limit(), device.processes()
"""


def nvitop() -> tuple[Path | None, str]:
    """The folder of nvitop's programs, or None and why."""
    try:
        return environment(f"nvitop=={NVITOP}"), ""
    except NotHereError as error:
        return None, str(error)[:200]


@contextmanager
def running(command: list[str], env: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A program on a terminal of its own, whose output is read and dropped."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 160, 0, 0))
    program = subprocess.Popen(
        command, env={**env, "TERM": "xterm-256color"}, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    reader = threading.Thread(target=_drain, args=(ours,))
    reader.start()
    try:
        yield program
    finally:
        program.terminate()
        try:
            program.wait(END_S)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()
        reader.join()
        os.close(ours)


def _drain(terminal: int) -> None:
    try:
        while os.read(terminal, 65_536):
            pass
    except OSError:
        return  # the program has ended


def used_ns(pid: int) -> int:
    """Processor time of all its threads so far; exact, unlike the ticks of /proc/PID/stat."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks)


def stretches(commands: Mapping[str, list[str]], n: int) -> dict[str, list[float]]:
    """Percent of a core each command used, over `n` stretches."""
    samples: dict[str, list[float]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory(prefix="cdb-") as folder, ExitStack() as stack:
        states = Path(folder) / "gpus"
        state.write(state.simulated(GPUS), states)
        env = {**os.environ, state.VARIABLE: str(states), "LD_LIBRARY_PATH": str(build().parent)}
        programs = {
            name: stack.enter_context(running(command, env)) for name, command in commands.items()
        }
        pause = threading.Event()
        pause.wait(WARM_S)
        for _ in range(n):
            before = {name: used_ns(program.pid) for name, program in programs.items()}
            pause.wait(STRETCH_S)
            for name, program in programs.items():
                if program.poll() is not None:
                    raise RuntimeError(f"{name} ended with {program.returncode}")
                used = used_ns(program.pid) - before[name]
                samples[name].append(used / (STRETCH_S * 1e9) * 100)
    return samples


def measure(n: int) -> Iterator[Row]:
    theirs, why = nvitop()
    hz = str(HZ)
    commands = {
        "poller": [sys.executable, str(OURS), "poller", hz],
        "panel": [sys.executable, str(OURS), "panel", hz],
    }
    if theirs is not None:
        commands["nvitop"] = [str(theirs / "nvitop"), "--monitor=full", f"--interval={1 / HZ}"]
        commands["library"] = [str(theirs / "python"), "-c", SAME_FIGURES]
    found = stretches(commands, n)
    missing = f"nothing: nvitop {NVITOP} cannot be installed here: {why}"
    work = f"U2 watching {GPUS} simulated GPUs at {HZ:g} Hz"
    yield row(
        f"{work}, our poller",
        found["poller"],
        "% of a core",
        beside=found.get("library", ()),
        ratio_to=f"nvitop {NVITOP}'s library, same figures" if theirs else missing,
        goal="at most 3 %, and once nvitop",
    )
    yield row(
        f"{work}, with the window's panel and bar",
        found["panel"],
        "% of a core",
        beside=found.get("nvitop", ()),
        ratio_to=f"nvitop {NVITOP} in a terminal" if theirs else missing,
        goal="at most 3 %, and once nvitop",
    )
