"""Load of this host from psutil, and of its GPUs as the Fabric reads them too.

Each on a thread of its own: a GPU driver that does not return takes no other figure along. Never
estimates a value.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from clawdesk.ports.telemetry import Gpu, GpuProcess, HostLoad
from clawdesk_fabric.gpus import GpuThread
from clawdesk_fabric.nvml import PCI, GpuFigures, Look, Nvml

MIB = 1024 * 1024
GPUS_S_MAX = 5.0
"""How long a sample waits for the GPU driver; the rest of it is not worth more."""


class HostTelemetry:
    """Implements `Telemetry`.

    Args:
        disk: the file system whose free space is reported.
        containers: ids of our Fabric's containers, to tell our GPU processes from others.
        machines: process ids of our machines; None = their memory is not measured. Called on the
            thread of the samples.
        proc, pci: where the kernel tells of processes and of devices.
    """

    def __init__(
        self,
        *,
        disk: Path | None = None,
        containers: Callable[[], Collection[str]] = tuple,
        machines: Callable[[], Collection[int]] | None = None,
        proc: Path = Path("/proc"),
        pci: Path = PCI,
        gpus_s_max: float = GPUS_S_MAX,
    ) -> None:
        self._machines = machines
        self._disk = disk or Path.home()
        self._containers = containers
        self._proc = proc
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="telemetry")
        self._gpus = GpuThread(Nvml(proc=proc, pci=pci))
        self._gpus_s_max = gpus_s_max

    async def sample(self) -> HostLoad:
        look = await self._gpus.look(self._gpus_s_max)
        ours = frozenset(self._containers())
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._sample, look, ours)

    async def close(self) -> None:
        """End the threads and let go of the driver."""
        self._pool.shutdown()
        await self._gpus.close()

    # -- on the thread ---------------------------------------------------------------------------

    def _sample(self, look: Look, ours: frozenset[str]) -> HostLoad:
        memory = psutil.virtual_memory()
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
            gpus=tuple(_gpu(gpu, ours) for gpu in look.gpus),
            gpu_note=look.note,
            driver=look.driver,
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


def _gpu(gpu: GpuFigures, ours: frozenset[str]) -> Gpu:
    return Gpu(
        index=gpu.index,
        uuid=gpu.uuid,
        name=gpu.name,
        total_mib=gpu.total_mib,
        reserved_mib=gpu.reserved_mib,
        used_mib=gpu.used_mib,
        utilisation_percent=gpu.utilisation_percent,
        temperature_c=gpu.temperature_c,
        power_w=gpu.power_w,
        power_limit_w=gpu.power_limit_w,
        processes=tuple(
            GpuProcess(p.pid, _name(p.pid), p.used_mib or 0, p.container in ours)
            for p in gpu.processes
        ),
        problem=gpu.problem,
        simulated=gpu.simulated,
    )


def _name(pid: int) -> str:
    try:
        return psutil.Process(pid).name()
    except psutil.Error:
        return ""
