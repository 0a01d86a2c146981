"""Load of this host from psutil and NVML, sampled on one thread of its own.

A figure the driver cannot give is None; a card that is lost says so; no card at all is a sentence.
Never estimates a value.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from clawdesk.ports.telemetry import Gpu, GpuProcess, HostLoad

MIB = 1024 * 1024
_NO_VALUE = 2**64 - 1
"""What NVML says when the driver keeps a process's memory to itself."""
_CONTAINER = re.compile(r"(?:docker[-/])([0-9a-f]{64})")
_NOTES = {
    "NVMLError_LibraryNotFound": "the NVIDIA driver is not installed",
    "NVMLError_DriverNotLoaded": "the NVIDIA driver is not loaded",
    "NVMLError_NoPermission": "this user may not ask the NVIDIA driver",
}


class HostTelemetry:
    """Implements `Telemetry`.

    Args:
        disk: the file system whose free space is reported.
        containers: ids of our Fabric's containers, to tell our GPU processes from others.
        machines: process ids of our machines; None = their memory is not measured. Called on the
            thread of the samples.
    """

    def __init__(
        self,
        *,
        disk: Path | None = None,
        containers: Callable[[], Collection[str]] = tuple,
        machines: Callable[[], Collection[int]] | None = None,
        proc: Path = Path("/proc"),
    ) -> None:
        self._machines = machines
        self._disk = disk or Path.home()
        self._containers = containers
        self._proc = proc
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="telemetry")
        self._nvml: Any = None
        self._note = ""

    async def sample(self) -> HostLoad:
        ours = frozenset(self._containers())
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._sample, ours)

    async def close(self) -> None:
        """End the thread and let go of the driver."""
        await asyncio.get_running_loop().run_in_executor(self._pool, self._shut_nvml)
        self._pool.shutdown()

    # -- on the thread ---------------------------------------------------------------------------

    def _sample(self, ours: frozenset[str]) -> HostLoad:
        memory = psutil.virtual_memory()
        gpus, note, driver = self._gpus(ours)
        free_mib, total_mib = self._disk_mib()
        return HostLoad(
            # Since the last sample, so that no sample has to wait.
            cpu_percent=psutil.cpu_percent(interval=None),
            cpu_count=psutil.cpu_count() or 1,
            memory_used_mib=(memory.total - memory.available) // MIB,
            memory_total_mib=memory.total // MIB,
            disk_free_mib=free_mib,
            disk_total_mib=total_mib,
            disk_path=str(self._disk),
            machines_mib=self._machines_mib(),
            gpus=gpus,
            gpu_note=note,
            driver=driver,
        )

    def _machines_mib(self) -> int | None:
        """What our machines occupy: pages that are theirs alone, not files that they map."""
        if self._machines is None:
            return None
        return sum(self._own_kib(pid) for pid in self._machines()) // 1024

    def _own_kib(self, pid: int) -> int:
        try:
            status = (self._proc / str(pid) / "status").read_text()
        except OSError:
            return 0  # it has ended
        found = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        if not found.get("Name", "").strip().startswith("qemu"):
            return 0  # the number belongs to another program by now
        return sum(int(found.get(key, "0").split()[0]) for key in ("RssAnon", "RssShmem"))

    def _disk_mib(self) -> tuple[int, int]:
        """(free for this user, whole) of the disk."""
        place = self._disk
        while not place.exists() and place != place.parent:
            place = place.parent
        found = os.statvfs(place)
        return found.f_bavail * found.f_frsize // MIB, found.f_blocks * found.f_frsize // MIB

    def _open_nvml(self) -> str:
        """Load the driver's library; "" or why there is none."""
        if self._nvml is not None:
            return ""
        try:
            import pynvml
        except ImportError:
            return "no NVIDIA GPU: the package nvidia-ml-py is not installed"
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError as error:
            return f"no NVIDIA GPU: {_NOTES.get(type(error).__name__, str(error))}"
        self._nvml = pynvml
        return ""

    def _shut_nvml(self) -> None:
        if self._nvml is not None:
            with suppress(self._nvml.NVMLError):  # a lost driver cannot be shut down
                self._nvml.nvmlShutdown()
            self._nvml = None

    def _gpus(self, ours: frozenset[str]) -> tuple[tuple[Gpu, ...], str, str]:
        note = self._open_nvml()
        if note:
            return (), note, ""
        nvml = self._nvml
        try:
            driver = _text(nvml.nvmlSystemGetDriverVersion())
            count = nvml.nvmlDeviceGetCount()
        except nvml.NVMLError as error:
            # Opened anew with the next sample: a reloaded driver is found again by itself.
            self._shut_nvml()
            return (), f"the NVIDIA driver does not answer: {error}", ""
        if not count:
            return (), "no NVIDIA GPU: the driver sees none", driver
        gpus = tuple(self._gpu(index, ours, "stub" in driver) for index in range(count))
        return gpus, "", driver

    def _gpu(self, index: int, ours: frozenset[str], simulated: bool) -> Gpu:
        nvml = self._nvml
        try:
            handle = nvml.nvmlDeviceGetHandleByIndex(index)
        except nvml.NVMLError as error:
            return _lost(index, str(error), simulated)
        problem = ""

        def ask(call: Callable[..., Any], *arguments: object) -> Any:
            nonlocal problem
            try:
                return call(handle, *arguments)
            except nvml.NVMLError as error:
                if error.value == nvml.NVML_ERROR_GPU_IS_LOST:
                    problem = str(error)
                return None

        memory = ask(nvml.nvmlDeviceGetMemoryInfo, nvml.nvmlMemory_v2)
        use = ask(nvml.nvmlDeviceGetUtilizationRates)
        power_mw = ask(nvml.nvmlDeviceGetPowerUsage)
        limit_mw = ask(nvml.nvmlDeviceGetEnforcedPowerLimit)
        running = [
            *(ask(nvml.nvmlDeviceGetComputeRunningProcesses) or ()),
            *(ask(nvml.nvmlDeviceGetGraphicsRunningProcesses) or ()),
        ]
        return Gpu(
            index=index,
            uuid=_text(ask(nvml.nvmlDeviceGetUUID) or ""),
            name=_text(ask(nvml.nvmlDeviceGetName) or ""),
            total_mib=memory.total // MIB if memory else None,
            reserved_mib=memory.reserved // MIB if memory else None,
            used_mib=memory.used // MIB if memory else None,
            utilisation_percent=use.gpu if use else None,
            temperature_c=ask(nvml.nvmlDeviceGetTemperature, nvml.NVML_TEMPERATURE_GPU),
            power_w=power_mw / 1000 if power_mw is not None else None,
            power_limit_w=limit_mw / 1000 if limit_mw is not None else None,
            processes=self._processes(running, ours),
            problem=problem,
            simulated=simulated,
        )

    def _processes(self, running: list[Any], ours: frozenset[str]) -> tuple[GpuProcess, ...]:
        """One entry a process; one that computes and draws is listed twice by the driver."""
        found = {
            entry.pid: GpuProcess(
                pid=entry.pid,
                name=self._name(entry.pid),
                used_mib=_used_mib(entry.usedGpuMemory),
                ours=self._container(entry.pid) in ours,
            )
            for entry in running
        }
        return tuple(sorted(found.values(), key=lambda p: (-p.used_mib, p.pid)))

    def _name(self, pid: int) -> str:
        try:
            return psutil.Process(pid).name()
        except psutil.Error:
            return ""

    def _container(self, pid: int) -> str:
        """Id of the container a process runs in, from its control group; "" for none."""
        try:
            groups = (self._proc / str(pid) / "cgroup").read_text()
        except OSError:
            return ""
        match = _CONTAINER.search(groups)
        return match.group(1) if match else ""


def _lost(index: int, problem: str, simulated: bool) -> Gpu:
    nothing: dict[str, Any] = dict.fromkeys(
        (
            "total_mib",
            "reserved_mib",
            "used_mib",
            "utilisation_percent",
            "temperature_c",
            "power_w",
            "power_limit_w",
        )
    )
    return Gpu(
        index=index, uuid="", name=f"GPU {index}", problem=problem, simulated=simulated, **nothing
    )


def _text(value: object) -> str:
    """Older bindings answer with bytes."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _used_mib(used_bytes: int | None) -> int:
    return 0 if used_bytes is None or used_bytes == _NO_VALUE else used_bytes // MIB
