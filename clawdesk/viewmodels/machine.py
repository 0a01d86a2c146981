"""Load of this host as the machine panel shows it: CPU, memory, cards and who uses them.

An unknown number stays unknown: nothing is guessed, nothing is simulated unless it says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clawdesk.domain.memory_size import gib
from clawdesk.ports.telemetry import Gpu, HostLoad
from clawdesk.viewmodels.language import counted, marked, tr
from clawdesk.viewmodels.told import told


@dataclass(frozen=True, slots=True)
class ProcessView:
    name: str
    ours: bool
    used: str


@dataclass(frozen=True, slots=True)
class GpuView:
    """One card. Shares are 0..1 of its memory; `note` replaces the bar when a card is lost."""

    index: int
    title: str
    name: str
    headline: str
    ours_share: float
    foreign_share: float
    reserved_share: float
    free: str
    processes: tuple[ProcessView, ...]
    load_percent: float | None
    note: str = ""
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class BarShare:
    """Memory of one card in use, as a share of all cards' memory; `ours` = by models."""

    card: int
    share: float
    ours: bool


@dataclass(frozen=True, slots=True)
class HostView:
    """The panel. `gpu_note` says plainly why there are no cards; `gpu_brief` and `gpu_bar` are for
    the bar at the bottom."""

    known: bool
    cpu: str
    cpu_share: float
    memory: str
    memory_share: float
    disk: str
    gpus: tuple[GpuView, ...]
    gpu_note: str
    gpu_summary: str
    gpu_brief: str = ""
    gpu_bar: tuple[BarShare, ...] = ()


UNKNOWN = HostView(False, "–", 0.0, "–", 0.0, "–", (), "", "")  # noqa: RUF001


def _of(part: int | None, whole: int | None) -> float:
    return min(1.0, part / whole) if part and whole else 0.0


def gpu_headline(gpu: Gpu) -> str:
    """`41 % · 62 °C · 180 W`; "" where the driver gives none of them."""
    parts = []
    if gpu.utilisation_percent is not None:
        parts.append(f"{gpu.utilisation_percent} %")
    if gpu.temperature_c is not None:
        parts.append(f"{gpu.temperature_c} °C")
    if gpu.power_w is not None:
        parts.append(f"{gpu.power_w:.0f} W")
    return " · ".join(parts)


def gpu_view(gpu: Gpu) -> GpuView:
    """One card; used memory that no listed process explains counts as not ours."""
    ours = sum(p.used_mib for p in gpu.processes if p.ours)
    used = gpu.used_mib
    foreign = max(0, (used or 0) - ours)
    free = ""
    if used is not None and gpu.total_mib:
        left = max(0, gpu.total_mib - used - (gpu.reserved_mib or 0))
        free = tr("{free} of {total} GiB free", free=gib(left), total=gib(gpu.total_mib))
    return GpuView(
        index=gpu.index,
        title=f"GPU {gpu.index}",
        name=gpu.name.removeprefix("NVIDIA "),
        headline=gpu_headline(gpu) or tr("no readings"),
        ours_share=_of(ours, gpu.total_mib),
        foreign_share=_of(foreign, gpu.total_mib),
        reserved_share=_of(gpu.reserved_mib, gpu.total_mib),
        free=free or tr("memory not reported by the driver"),
        processes=tuple(
            ProcessView(f"{p.name} {p.pid}", p.ours, f"{gib(p.used_mib)} GiB")
            for p in sorted(gpu.processes, key=lambda p: (not p.ours, -p.used_mib))
        ),
        load_percent=gpu.utilisation_percent,
        note=told(gpu.problem),
        simulated=gpu.simulated,
    )


def host_view(load: HostLoad | None) -> HostView:
    """The panel for one sample; None = nothing was measured yet."""
    if load is None:
        return UNKNOWN
    percent, used = f"{load.cpu_percent:.0f}", gib(load.memory_used_mib)
    return HostView(
        known=True,
        cpu=counted(
            load.cpu_count,
            "{percent} % of {count} core",
            "{percent} % of {count} cores",
            percent=percent,
        ),
        cpu_share=min(1.0, load.cpu_percent / 100),
        memory=tr("{used} of {total} GiB", used=used, total=gib(load.memory_total_mib)),
        memory_share=_of(load.memory_used_mib, load.memory_total_mib),
        disk=tr("{size} GiB free", size=gib(load.disk_free_mib)),
        gpus=tuple(gpu_view(g) for g in load.gpus),
        gpu_note="" if load.gpus else told(load.gpu_note) or tr("no NVIDIA GPU"),
        gpu_summary=_summary(load, marked("{used} of {total} GiB in use")),
        gpu_brief=_summary(load, marked("{used} of {total} GiB")),
        gpu_bar=tuple(_bar(load.gpus)),
    )


def _bar(gpus: Sequence[Gpu]) -> Iterator[BarShare]:
    """What is in use of each card, ours first; a card that tells no memory is left out."""
    total_mib = sum(gpu.total_mib or 0 for gpu in gpus)
    for gpu in gpus:
        view = gpu_view(gpu)
        for share, ours in ((view.ours_share, True), (view.foreign_share, False)):
            if share and gpu.total_mib:
                yield BarShare(gpu.index, share * gpu.total_mib / total_mib, ours)


def _summary(load: HostLoad, text: str) -> str:
    """Memory of all cards in one line, in that marked text; "" without a card."""
    if not load.gpus:
        return ""
    total = sum(g.total_mib or 0 for g in load.gpus)
    used = sum(g.used_mib or 0 for g in load.gpus)
    lost = sum(1 for g in load.gpus if g.problem)
    words = tr(text, used=gib(used), total=gib(total)) if total else tr("memory not known")
    if any(g.simulated for g in load.gpus):
        words = tr("simulated: {words}", words=words)  # first, so that no lack of room cuts it off
    return f"{words} · {tr('{count} not usable', count=lost)}" if lost else words
