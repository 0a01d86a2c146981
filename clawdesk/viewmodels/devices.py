"""One bar a GPU: who has which memory, in words and shares; processes; the last ten minutes.

Pure. Where a figure is not measured or simulated the words say so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from clawdesk.domain.memory_size import gib
from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.models import HOST_DEVICE, Device, Hold, HolderProcess, Model
from clawdesk.ports.telemetry import Gpu, HostLoad
from clawdesk.viewmodels.amounts import and_more, leases
from clawdesk.viewmodels.language import marked, tr
from clawdesk.viewmodels.machine import gpu_headline
from clawdesk.viewmodels.told import told

HISTORY_MS = 600_000
HISTORY_POINTS_MAX = 600
"""One look a second at most; the window looks every two seconds."""
GAP_MS = 15_000
"""After a longer silence the line breaks: nothing is known of the time between."""
PROCESSES_MAX = 6


class Use(StrEnum):
    """What memory of a device is used for; the order is that of the bar, from the left."""

    LEASED = "leased"
    USED = "used"
    PROMISED = "promised"
    AWAITED = "awaited"
    OTHERS = "others"
    KEPT = "kept"
    RESERVED = "reserved"
    FREE = "free"


_USE_WORDS = {
    Use.LEASED: marked("in use, held by tasks"),
    Use.USED: marked("in use"),
    Use.PROMISED: marked("promised, not used"),
    Use.AWAITED: marked("being given back"),
    Use.OTHERS: marked("other programs"),
    Use.KEPT: marked("kept for the desktop"),
    Use.RESERVED: marked("driver"),
    Use.FREE: marked("free"),
}


def use_words(use: Use) -> str:
    """What a use is called."""
    return tr(_USE_WORDS[use])


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the bar; `share` is 0..1 of the whole."""

    use: Use
    mib: int
    share: float


@dataclass(frozen=True, slots=True)
class ProcessLine:
    """A model with its processes, or a program that is not ours; `use` gives the mark."""

    name: str
    detail: str
    used: str
    use: Use


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A card of the page.

    Args:
        index: of the GPU, None for this computer's memory.
        headline: load, temperature and power, "" if not known.
        note: why nothing can be started there; stands in place of the bar.
        used_share: in use or promised, by anybody; for the history. None = not known now.
        remark: what the figures are not, "" if nothing is to be said.
    """

    id: str
    index: int | None
    title: str
    name: str
    headline: str
    simulated: bool
    note: str
    parts: tuple[Part, ...]
    summary: str
    lines: tuple[ProcessLine, ...]
    more: str
    remark: str
    used_share: float | None
    total_mib: int = 0
    free_mib: int = 0

    @property
    def spoken(self) -> str:
        """All of it in words."""
        simulated = f", {tr('simulated')}" if self.simulated else ""
        parts = ", ".join(f"{use_words(p.use)} {gib(p.mib)} GiB" for p in self.parts if p.mib)
        lines = ", ".join(f"{line.name} {line.detail} {line.used}" for line in self.lines)
        words = [f"{self.title}{simulated}", self.headline, self.note or parts, lines, self.remark]
        return ". ".join(word for word in words if word)


def device_views(status: FabricStatus | None, load: HostLoad | None) -> tuple[DeviceView, ...]:
    """GPUs first. Without a Fabric that tells of them: what the driver tells this window."""
    known = {gpu.uuid: gpu for gpu in load.gpus} if load is not None else {}
    told = status or FabricStatus(False)
    devices = told.devices or tuple(_of_driver(gpu) for gpu in known.values())
    models = {model.container: model for model in told.models if model.container}
    leased = {model.name: model.leases for model in told.models}
    views = [_view(device, known.get(device.id), models, leased) for device in devices]
    return tuple(view for view in views if view is not None)


def _of_driver(gpu: Gpu) -> Device:
    used, total = gpu.used_mib or 0, gpu.total_mib or 0
    return Device(
        id=gpu.uuid or f"gpu {gpu.index}",
        name=gpu.name,
        index=gpu.index,
        total_mib=total,
        reserved_mib=gpu.reserved_mib or 0,
        others_mib=used,
        free_mib=max(0, total - used - (gpu.reserved_mib or 0)),
        problem=gpu.problem,
        simulated=gpu.simulated,
        processes=tuple(HolderProcess(p.pid, p.used_mib) for p in gpu.processes),
    )


def _view(
    device: Device, gpu: Gpu | None, models: Mapping[str, Model], leased: Mapping[str, int]
) -> DeviceView | None:
    host = device.id == HOST_DEVICE
    if host and not device.total_mib:
        return None
    holds = tuple(replace(h, leases=leased.get(h.model, h.leases)) for h in device.holds)
    lines = _lines(device, holds, gpu, models)
    cut = len(lines) - PROCESSES_MAX
    problem = told(device.problem)
    note = f"{problem[:1].upper()}{problem[1:]}"
    used = device.used_mib + device.others_mib
    return DeviceView(
        id=device.id,
        index=None if host else device.index,
        title=tr("This computer's memory") if host else f"GPU {device.index}",
        name=tr("models on processors") if host else device.name.removeprefix("NVIDIA "),
        headline="" if host or gpu is None or device.problem else gpu_headline(gpu),
        simulated=device.simulated,
        note=note,
        parts=() if device.problem else _parts(device, holds, measured=not host),
        summary=_summary(device),
        lines=tuple(lines[:PROCESSES_MAX]),
        more=and_more(cut),
        remark=_remark(device, holds),
        used_share=None if device.problem else _share(used, device.total_mib),
        total_mib=device.total_mib,
        free_mib=device.free_mib,
    )


def _share(part: int, whole: int) -> float:
    return min(1.0, max(0, part) / whole) if whole else 0.0


def _parts(device: Device, holds: Sequence[Hold], *, measured: bool) -> tuple[Part, ...]:
    """The bar. What is not measured (memory of this computer) counts by its promise."""
    amounts = dict.fromkeys(Use, 0)
    for hold in holds:
        used = hold.measured_mib if measured else hold.promised_mib
        amounts[Use.LEASED if hold.leases else Use.USED] += used
        amounts[Use.PROMISED] += max(0, hold.promised_mib - used)
    amounts[Use.AWAITED] = device.awaited_mib
    amounts[Use.OTHERS] = device.others_mib
    amounts[Use.KEPT] = device.kept_mib
    amounts[Use.RESERVED] = device.reserved_mib
    amounts[Use.FREE] = device.free_mib
    return tuple(
        Part(use, mib, _share(mib, device.total_mib)) for use, mib in amounts.items() if mib
    )


def _summary(device: Device) -> str:
    """`15.6 of 80 GiB free`."""
    if device.problem or not device.total_mib:
        return ""
    return tr("{free} of {total} GiB free", free=gib(device.free_mib), total=gib(device.total_mib))


def _lines(
    device: Device, holds: Sequence[Hold], gpu: Gpu | None, models: Mapping[str, Model]
) -> list[ProcessLine]:
    """Models with what they hold, then other programs, the largest first."""
    pids: dict[str, list[int]] = {}
    others: list[HolderProcess] = []
    for process in device.processes:
        model = models.get(process.container) if process.container else None
        if model is None:
            others.append(process)
        else:
            pids.setdefault(model.name, []).append(process.pid)
    lines = [_hold_line(device, hold, pids.get(hold.model, [])) for hold in holds]
    names = {p.pid: p.name for p in gpu.processes} if gpu is not None else {}
    for other in sorted(others, key=lambda process: -(process.used_mib or 0)):
        used = tr("not told") if other.used_mib is None else f"{gib(other.used_mib)} GiB"
        kind = tr("in a container, not ours") if other.container else tr("not ours")
        lines.append(
            ProcessLine(
                names.get(other.pid) or tr("process"), f"{other.pid} · {kind}", used, Use.OTHERS
            )
        )
    return lines


def _hold_line(device: Device, hold: Hold, pids: Sequence[int]) -> ProcessLine:
    words = [" ".join(str(pid) for pid in pids[:3])] if pids else []
    if hold.leases:
        words.append(leases(hold.leases))
    use = Use.LEASED if hold.leases else Use.USED
    if device.id != HOST_DEVICE and not hold.measured_mib:
        use = Use.PROMISED
    if device.id == HOST_DEVICE or not hold.measured_mib:
        return ProcessLine(hold.model, " · ".join(words), f"{gib(hold.promised_mib)} GiB", use)
    whole = gib(max(hold.measured_mib, hold.promised_mib))
    used = tr("{used} of {total} GiB", used=gib(hold.measured_mib), total=whole)
    return ProcessLine(hold.model, " · ".join(words), used, use)


def _remark(device: Device, holds: Sequence[Hold]) -> str:
    if device.id == HOST_DEVICE and holds:
        return tr("Models on processors count by their promise; their use is not measured.")
    if any(process.used_mib is None for process in device.processes):
        return tr("The driver does not say what each process holds; promises stand for it.")
    return ""


def page_summary(
    views: Sequence[DeviceView], status: FabricStatus | None, load: HostLoad | None
) -> str:
    """One line for all GPUs: `simulated: 521 of 640 GiB free · 1 not usable`; or why none."""
    gpus = [view for view in views if view.index is not None]
    if not gpus:
        note = told((status.gpu_note if status else "") or (load.gpu_note if load else ""))
        why = f"{note[:1].upper()}{note[1:]}"
        return tr("{why}. Models run on processors.", why=why) if note else ""
    total = sum(view.total_mib for view in gpus if not view.note)
    free = sum(view.free_mib for view in gpus if not view.note)
    words = tr("{free} of {total} GiB free", free=gib(free), total=gib(total))
    if any(view.simulated for view in gpus):
        words = tr("simulated: {words}", words=words)
    lost = sum(1 for view in gpus if view.note)
    return f"{words} · {tr('{count} not usable', count=lost)}" if lost else words


class DeviceHistory:
    """How much of each device was in use or promised, over the last ten minutes. Bounded."""

    def __init__(self) -> None:
        self._points: dict[str, deque[tuple[int, float]]] = {}

    def note(self, at_ms: int, views: Sequence[DeviceView]) -> None:
        """Take in one look; devices that are gone are forgotten."""
        gone = self._points.keys() - {view.id for view in views}
        for name in gone:
            del self._points[name]
        for view in views:
            line = self._points.setdefault(view.id, deque(maxlen=HISTORY_POINTS_MAX))
            while line and line[-1][0] > at_ms:
                line.pop()  # the clock was set back
            if view.used_share is not None:
                line.append((at_ms, view.used_share))

    def lines(self, device: str, now_ms: int) -> list[list[tuple[float, float]]]:
        """Unbroken lines of (x, y): x 0..1 over ten minutes (1 = now), y 0..1 of the memory."""
        found: list[list[tuple[float, float]]] = []
        last_ms: int | None = None
        for at_ms, share in self._points.get(device, ()):
            if last_ms is None or at_ms - last_ms > GAP_MS:
                found.append([])
            found[-1].append((1 - (now_ms - at_ms) / HISTORY_MS, share))
            last_ms = at_ms
        return [[p for p in line if p[0] >= 0] for line in found]


def card_of(status: FabricStatus | None, model: str) -> int | None:
    """The number of the GPU a model is on; None = on none of this computer's, or not known."""
    if status is None:
        return None
    held = next((m.devices for m in status.models if m.name == model and m.on_gpu), ())
    numbers = [d.index for d in status.devices if d.id in held]
    return min(numbers, default=None)
