"""Load of this host: CPU, memory, GPUs and who uses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class GpuProcess:
    pid: int
    name: str
    used_mib: int
    ours: bool  # belongs to a container of our Fabric


@dataclass(frozen=True, slots=True)
class Gpu:
    """One card; a field the driver does not support is None. `problem` names a lost card."""

    index: int
    uuid: str
    name: str
    total_mib: int | None
    reserved_mib: int | None
    used_mib: int | None
    utilisation_percent: int | None
    temperature_c: int | None
    power_w: float | None
    power_limit_w: float | None
    processes: tuple[GpuProcess, ...] = ()
    problem: str = ""
    simulated: bool = False  # the driver is the test stub


@dataclass(frozen=True, slots=True)
class HostLoad:
    """One sample. `gpu_note` says plainly why `gpus` is empty ("no NVIDIA GPU: ...").

    Args:
        disk_total_mib: 0 = not known.
        disk_path: the folder of machine files, on the disk that is meant.
        machines_mib: memory our machines really occupy; None = not measured.
    """

    cpu_percent: float
    cpu_count: int
    memory_used_mib: int
    memory_total_mib: int
    disk_free_mib: int
    gpus: tuple[Gpu, ...] = ()
    gpu_note: str = ""
    driver: str = ""
    disk_total_mib: int = 0
    disk_path: str = ""
    machines_mib: int | None = None


class Telemetry(Protocol):
    async def sample(self) -> HostLoad: ...

    async def close(self) -> None: ...
