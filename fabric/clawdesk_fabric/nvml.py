"""Asks NVIDIA's driver about the GPUs, through nvidia-ml-py; both the Fabric and the desktop do.

A figure the driver does not give is None and hides no other; a GPU that is lost says so; no GPU at
all is a sentence. A session that breaks is opened anew by a later look. Calls block, and a driver
in trouble may not return from one: look from a thread (gpus.py). Never estimates a figure.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from clawdesk_fabric.model import GpuProcess

MIB = 1024 * 1024
REOPEN_S = 10.0
"""How often a session is opened anew while a GPU has a problem: only then does the driver tell of
its return, and a GPU can be reset only while nobody has it open. Opening wakes them: so rarely."""
PCI = Path("/sys/bus/pci/devices")
_NO_VALUE = 2**64 - 1
"""What NVML says when the driver keeps a process's memory to itself."""
_CONTAINER = re.compile(r"docker[-/]([0-9a-f]{64})")
_UNINITIALISED, _NO_PERMISSION, _NOT_LOADED, _NO_LIBRARY = 1, 4, 9, 12
_IS_LOST, _RESET_REQUIRED, _MISMATCH = 15, 16, 18
_NOTES = {
    _NO_LIBRARY: "the NVIDIA driver is not installed",
    _NOT_LOADED: "the NVIDIA driver is not loaded",
    _NO_PERMISSION: "this user may not ask the NVIDIA driver; see who may: ls -l /dev/nvidia*",
    _MISMATCH: "the NVIDIA driver was updated, and the part that runs is still the old one; "
    "restart this machine",
}
_MENDS = {
    _NOTES[_NO_LIBRARY]: "; install your distribution's package nvidia-driver",
    _NOTES[_NOT_LOADED]: "; to load it: sudo modprobe nvidia",
}
"""Advice only where there is a GPU to have a driver for."""
_BROKEN = {_UNINITIALISED, _NOT_LOADED, _MISMATCH}
"""Errors that are about the driver as a whole, whichever call returns them."""
_GONE = {
    _IS_LOST: "GPU is lost: it does not answer its driver; restart this machine if it stays away",
    _RESET_REQUIRED: "the GPU needs a reset: sudo nvidia-smi --gpu-reset",
}


@dataclass(frozen=True, slots=True)
class GpuFigures:
    """One GPU; a figure the driver does not give is None.

    Args:
        uuid: "" only of a GPU that has not answered since this program began.
        used_mib: without what the driver reserves, where it tells the two apart; else with it.
        processes: the largest first.
        problem: why the GPU cannot be used now, and what mends it; "" if it can.
        is_lost: the GPU itself is gone, and with it whatever ran on it; a driver that is silent or
            restarts has a `problem` only.
        simulated: the driver is the stand-in of clawdesk_fabric.simulated_gpus.
    """

    index: int
    uuid: str = ""
    name: str = ""
    total_mib: int | None = None
    reserved_mib: int | None = None
    used_mib: int | None = None
    utilisation_percent: int | None = None
    temperature_c: int | None = None
    power_w: float | None = None
    power_limit_w: float | None = None
    processes: tuple[GpuProcess, ...] = ()
    problem: str = ""
    is_lost: bool = False
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """All GPUs at one moment.

    Args:
        note: why there are none, or why none answers; "" when the driver does.
        driver: its version, "" when it does not answer.
    """

    gpus: tuple[GpuFigures, ...] = ()
    note: str = ""
    driver: str = ""


class _GoneError(Exception):
    """One GPU does not answer; the others may."""

    def __init__(self, why: str, *, is_lost: bool) -> None:
        super().__init__(why)
        self.is_lost = is_lost


@dataclass
class _Session:
    """One nvmlInit.

    Args:
        known: name and UUID by index; asked once, they cannot change within a session.
        tells_reserved: the driver has the second version of memory figures.
    """

    nvml: Any
    driver: str
    opened_s: float
    handles: dict[int, Any] = field(default_factory=dict)
    known: dict[int, tuple[str, str]] = field(default_factory=dict)
    tells_reserved: bool = True

    @property
    def simulated(self) -> bool:
        return "stub" in self.driver.lower()


class Nvml:
    """NVML as long as it answers, and a sentence as long as it does not. For one thread.

    Args:
        load: also ask for utilisation, temperature and power; placing models needs none of them.
        proc, pci: where the kernel tells of processes and of devices.
    """

    def __init__(
        self,
        *,
        load: bool = True,
        proc: Path = Path("/proc"),
        pci: Path = PCI,
        reopen_s: float = REOPEN_S,
    ) -> None:
        self._load = load
        self._proc = proc
        self._pci = pci
        self._reopen_s = reopen_s
        self._session: _Session | None = None
        # By UUID: GPUs that answered once are told of, with their problem, for as long as we run.
        self._seen: dict[str, GpuFigures] = {}
        self._places: list[str] = []  # UUIDs by index at the last look, "" where not known

    def look(self) -> Look:
        """Every GPU now. Never raises for what the driver or the hardware does."""
        note = self._open()
        session = self._session
        if session is None:
            return self._nothing(note)
        try:
            gpus = self._all(session)
        except session.nvml.NVMLError as error:
            self.close()
            cause = _NOTES.get(error.value, f"the NVIDIA driver does not answer: {error}")
            return self._nothing(cause)
        if not gpus:
            return Look((), "no NVIDIA GPU: the driver sees none", session.driver)
        troubled = any(gpu.problem for gpu in gpus)
        if troubled and time.monotonic() - session.opened_s >= self._reopen_s:
            self.close()
        return Look(gpus, "", session.driver)

    def close(self) -> None:
        """Let go of the driver; a later look opens it again."""
        session, self._session = self._session, None
        if session is not None:
            with suppress(session.nvml.NVMLError):  # a lost driver cannot be shut down
                session.nvml.nvmlShutdown()

    # -- the driver ------------------------------------------------------------------------------

    def _open(self) -> str:
        """Have a session; "" or why there is none."""
        if self._session is not None:
            return ""
        try:
            import pynvml
        except ImportError:
            return "the Python package nvidia-ml-py is not installed: pip install nvidia-ml-py"
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError as error:
            return _NOTES.get(error.value, f"the NVIDIA driver does not answer: {error}")
        driver = ""
        with suppress(pynvml.NVMLError):  # a driver that is going: the count says so next
            driver = _text(pynvml.nvmlSystemGetDriverVersion())
        self._session = _Session(pynvml, driver, time.monotonic())
        return ""

    def _nothing(self, note: str) -> Look:
        """No driver: GPUs that were there before have that as their problem."""
        if self._seen:
            gpus = [_gone(gpu, note) for gpu in self._seen.values()]
            return Look(tuple(sorted(gpus, key=lambda gpu: gpu.index)), note)
        there = nvidia_devices(self._pci)
        if there:
            mend = _MENDS.get(note, "")
            return Look((), f"this machine has an NVIDIA GPU (PCI {there[0]}), but {note}{mend}")
        return Look((), f"no NVIDIA GPU: {note}")

    def _all(self, session: _Session) -> tuple[GpuFigures, ...]:
        """Raises NVMLError when the driver as a whole does not answer."""
        count = session.nvml.nvmlDeviceGetCount()
        gpus = [self._gpu(session, index) for index in range(count)]
        answering = {gpu.uuid: gpu for gpu in gpus if gpu.uuid and not gpu.problem}
        gpus = [self._remembered(gpu, count, answering) if gpu.problem else gpu for gpu in gpus]
        self._places = [gpu.uuid for gpu in gpus]
        self._seen |= answering
        listed = {gpu.uuid for gpu in gpus}
        missing = [old for uuid, old in self._seen.items() if uuid not in listed]
        for old in missing:
            # Numbered after those that are there, whose numbers may have moved up.
            gone = replace(old, index=len(gpus))
            why = "the driver does not list this GPU any more"
            gpus.append(_gone(gone, why, is_lost=True))
        return tuple(gpus)

    def _gpu(self, session: _Session, index: int) -> GpuFigures:
        """One GPU; of one that does not answer, what this session knows of it."""
        try:
            return self._figures(session, index)
        except _GoneError as error:
            uuid, name = session.known.get(index, ("", f"GPU {index}"))
            return GpuFigures(
                index,
                uuid,
                name,
                problem=str(error),
                is_lost=error.is_lost,
                simulated=session.simulated,
            )

    def _remembered(
        self, gpu: GpuFigures, count: int, answering: dict[str, GpuFigures]
    ) -> GpuFigures:
        """A GPU that does not answer, as it was when it did.

        Its index tells which one it is only while as many are listed as at the look before.
        """
        uuid = gpu.uuid
        if not uuid and count == len(self._places):
            uuid = self._places[gpu.index]
        old = self._seen.get(uuid)
        if old is None or uuid in answering:
            return gpu
        return _gone(old, gpu.problem, is_lost=gpu.is_lost)

    # -- one GPU ---------------------------------------------------------------------------------

    def _figures(self, session: _Session, index: int) -> GpuFigures:
        """Raises _GoneError: it does not answer; NVMLError: the driver does not."""
        nvml, handle = session.nvml, self._handle(session, index)

        def ask(call: Callable[..., Any], *arguments: object) -> Any:
            return _ask(nvml, call, handle, *arguments)

        if index not in session.known:
            uuid = _text(ask(nvml.nvmlDeviceGetUUID) or "")
            session.known[index] = (uuid, _text(ask(nvml.nvmlDeviceGetName) or ""))
        uuid, name = session.known[index]
        total, reserved, used = _memory(session, ask)
        running = [
            *(ask(nvml.nvmlDeviceGetComputeRunningProcesses) or ()),
            *(ask(nvml.nvmlDeviceGetGraphicsRunningProcesses) or ()),
        ]
        found = GpuFigures(
            index=index,
            uuid=uuid,
            name=name,
            total_mib=total,
            reserved_mib=reserved,
            used_mib=used,
            processes=self._processes(running),
            simulated=session.simulated,
        )
        if not self._load:
            return found
        use = ask(nvml.nvmlDeviceGetUtilizationRates)
        power_mw = ask(nvml.nvmlDeviceGetPowerUsage)
        limit_mw = ask(nvml.nvmlDeviceGetEnforcedPowerLimit)
        return replace(
            found,
            utilisation_percent=use.gpu if use else None,
            temperature_c=ask(nvml.nvmlDeviceGetTemperature, nvml.NVML_TEMPERATURE_GPU),
            power_w=power_mw / 1000 if power_mw is not None else None,
            power_limit_w=limit_mw / 1000 if limit_mw is not None else None,
        )

    @staticmethod
    def _handle(session: _Session, index: int) -> Any:
        if index not in session.handles:
            try:
                handle = session.nvml.nvmlDeviceGetHandleByIndex(index)
            except session.nvml.NVMLError as error:
                if error.value in _BROKEN:
                    raise
                why = _GONE.get(error.value, str(error))
                raise _GoneError(why, is_lost=error.value in _GONE) from error
            session.handles[index] = handle
        return session.handles[index]

    def _processes(self, running: list[Any]) -> tuple[GpuProcess, ...]:
        """One entry a process; one that computes and draws is listed twice by the driver."""
        found = {
            entry.pid: GpuProcess(
                entry.pid,
                _used_mib(entry.usedGpuMemory),
                container_of(entry.pid, self._proc),
            )
            for entry in running
        }
        return tuple(sorted(found.values(), key=lambda p: (-(p.used_mib or 0), p.pid)))


def _ask(nvml: Any, call: Callable[..., Any], *arguments: object) -> Any:
    """A figure, None where the driver does not give it.

    Raises:
        _GoneError: the GPU does not answer.
        NVMLError: the driver as a whole does not.
    """
    try:
        return call(*arguments)
    except nvml.NVMLError as error:
        if error.value in _BROKEN:
            raise
        if error.value in _GONE:
            raise _GoneError(_GONE[error.value], is_lost=True) from error
        return None


def _memory(
    session: _Session, ask: Callable[..., Any]
) -> tuple[int | None, int | None, int | None]:
    """(total, reserved, used) in MiB; older drivers count what they reserve as used.

    What is taken is rounded up: a real driver's figures are no whole MiB, and nobody may be
    promised what is left of one.
    """
    nvml = session.nvml
    if session.tells_reserved:
        memory = ask(nvml.nvmlDeviceGetMemoryInfo, nvml.nvmlMemory_v2)
        if memory is not None:
            return memory.total // MIB, _whole_mib(memory.reserved), _whole_mib(memory.used)
    memory = ask(nvml.nvmlDeviceGetMemoryInfo)
    if memory is None:
        return None, None, None
    session.tells_reserved = False
    return memory.total // MIB, 0, _whole_mib(memory.used)


def _gone(gpu: GpuFigures, problem: str, *, is_lost: bool = False) -> GpuFigures:
    """What it is stays known; what it does is not."""
    return replace(
        gpu,
        used_mib=None,
        utilisation_percent=None,
        temperature_c=None,
        power_w=None,
        processes=(),
        problem=problem,
        is_lost=is_lost,
    )


def _text(value: object) -> str:
    """Older bindings answer with bytes."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _used_mib(used_bytes: int | None) -> int | None:
    return None if used_bytes is None or used_bytes == _NO_VALUE else _whole_mib(used_bytes)


def _whole_mib(size_bytes: int) -> int:
    return -(-size_bytes // MIB)


# -- the kernel ----------------------------------------------------------------------------------


def container_of(pid: int, proc: Path = Path("/proc")) -> str:
    """Id of the Docker container a process runs in, from its control group; "" for none."""
    try:
        groups = (proc / str(pid) / "cgroup").read_text()
    except OSError:
        return ""
    match = _CONTAINER.search(groups)
    return match.group(1) if match else ""


def process_of(container: str, proc: Path = Path("/proc")) -> int | None:
    """The oldest process of a Docker container, None when none is left.

    Args:
        container: its id, all 64 digits.
    """
    pids = sorted(int(entry.name) for entry in proc.iterdir() if entry.name.isdigit())
    return next((pid for pid in pids if container_of(pid, proc) == container), None)


def nvidia_devices(pci: Path = PCI) -> list[str]:
    """PCI addresses of NVIDIA's display controllers, whether or not a driver is there."""
    found = []
    for device in sorted(pci.glob("*")):
        try:
            vendor = (device / "vendor").read_text().strip()
            kind = (device / "class").read_text().strip()
        except OSError:
            continue
        if vendor == "0x10de" and kind.startswith("0x03"):
            found.append(device.name)
    return found
