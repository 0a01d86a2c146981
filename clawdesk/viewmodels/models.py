"""Models with their states, who waits for them and why, what is reserved, what projects used.

Pure; every act that is not possible says why in a sentence.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.models import (
    HOST_DEVICE,
    Device,
    Holder,
    Model,
    ModelWindow,
    ProjectUse,
    Waiter,
)
from clawdesk.viewmodels.phases import Family
from clawdesk.viewmodels.words import clock_time, duration, gib, plural, short_duration

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model.

    Args:
        share: 0..1 of a load's usual time; None = it does not load, or that is not known.
        act: "load" or "unload": what its first button does.
        act_why_not: "" when that is possible.
        cut: what unloading it does to others, in sentences; () = nobody uses it.
    """

    name: str
    title: str
    word: str
    icon: str
    family: Family
    marks: tuple[str, ...]
    detail: str
    share: float | None
    pinned: bool
    act: str
    act_why_not: str = ""
    cut: tuple[str, ...] = ()
    problem: str = ""

    @property
    def spoken(self) -> str:
        parts = [self.name, self.word, *self.marks, self.detail, self.problem]
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class WaitRow:
    """One who waits: `why` says why and what frees it."""

    key: str
    position: str
    who: str
    what: str
    why: str
    expected: str

    @property
    def spoken(self) -> str:
        return ", ".join(p for p in (self.position, self.who, self.what, self.why) if p)


@dataclass(frozen=True, slots=True)
class WindowRow:
    id: str
    text: str
    detail: str


@dataclass(frozen=True, slots=True)
class UseRow:
    """A project's use; `paused` = its budget is used up and it waits for a higher one."""

    project: str
    name: str
    detail: str
    paused: str
    gpu_hours: float
    tokens: int
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class ModelsView:
    """The page. `problem` and `mend` stand above all when no model can be started."""

    problem: str
    mend: str
    models: tuple[ModelRow, ...]
    waits: tuple[WaitRow, ...]
    waits_more: str
    windows: tuple[WindowRow, ...]
    uses: tuple[UseRow, ...]
    asked: bool = True


_PHASES = {
    "absent": ("Not loaded", "ring", Family.STILL),
    "starting": ("Loading", "spin", Family.ALIVE),
    "ready": ("Ready", "okc", Family.GOOD),
    "stopping": ("Unloading", "release", Family.STILL),
}
ROWS_MAX = 50


def project_name(path: str) -> str:
    """The last part of a project's path; calls without a project have none."""
    return path.rstrip("/").rpartition("/")[2] or path or "no project"


def models_view(
    status: FabricStatus | None, titles: Mapping[str, str], now_ms: int, offset_ms: int
) -> ModelsView:
    """All but the GPUs.

    Args:
        titles: of tasks by id.
        offset_ms: the zone's distance from UTC.
    """
    if status is None:
        return ModelsView("", "", (), (), "", (), (), asked=False)
    queue = status.queue
    problem, mend = _problem(status)
    by_device = {device.id: _place(device) for device in status.devices}
    shown = queue.waiting[:ROWS_MAX]
    more = queue.total - len(shown)
    return ModelsView(
        problem=problem,
        mend=mend,
        models=tuple(_model(m, by_device, queue.holders, titles, problem) for m in status.models),
        waits=tuple(_wait(w, titles) for w in shown),
        waits_more=f"and {more} more" if more > 0 else "",
        windows=tuple(_window(w, now_ms, offset_ms) for w in queue.windows),
        uses=tuple(_use(u) for u in queue.projects),
    )


def _place(device: Device) -> str:
    name = "this computer" if device.id == HOST_DEVICE else f"GPU {device.index}"
    return f"{name} (not usable)" if device.problem else name


def _problem(status: FabricStatus) -> tuple[str, str]:
    if not status.version:
        why = status.problem or "the model service does not answer"
        return f"There are no models now: {why}.", status.mend
    if not status.ready:
        why = (status.problem or "no container engine answers").rstrip(".")
        return f"Models cannot be started: {why}. What is loaded goes on.", status.mend
    if status.unread:
        why = (
            f"This model service tells some figures otherwise ({status.unread}); they are left out."
        )
        return why, "Quit ClawDesk and end clawdesk-fabric, then start again."
    return "", ""


def _model(
    model: Model,
    by_device: Mapping[str, str],
    holders: tuple[Holder, ...],
    titles: Mapping[str, str],
    problem: str,
) -> ModelRow:
    word, icon, family = _PHASES.get(model.phase, (model.phase, "unk", Family.STILL))
    # Where no start failed, a problem is the service's own, and stands above all models.
    failed = model.phase == "absent" and bool(model.problem) and model.failures != 0
    if failed:
        word, icon, family = "Failed", "xc", Family.BAD
    elif model.phase == "ready" and model.makes_room_for:
        word, icon, family = f"Makes room for {model.makes_room_for}", "release", Family.STILL
    act, why_not = _act(model, problem)
    mine = [h for h in holders if h.model == model.name]
    return ModelRow(
        name=model.name,
        title=model.title if model.title != model.name else "",
        word=word,
        icon=icon,
        family=family,
        marks=_marks(model),
        detail=_detail(model, by_device, mine, titles),
        share=_share(model),
        pinned=model.pinned,
        act=act,
        act_why_not=why_not,
        cut=_cut(model),
        problem=_sentences(model.problem, model.mend) if failed else "",
    )


def with_begun(view: ModelsView, begun: Collection[str]) -> ModelsView:
    """The view where these models are being loaded, also before the model service says so."""
    word, icon, family = _PHASES["starting"]
    absent = _PHASES["absent"][0]
    rows = tuple(
        replace(row, word=word, icon=icon, family=family, act_why_not="it is being loaded")
        if row.name in begun and row.word == absent
        else row
        for row in view.models
    )
    return replace(view, models=rows)


def _sentences(*texts: str) -> str:
    return " ".join(f"{text.rstrip('.')}." for text in texts if text)


def _act(model: Model, problem: str) -> tuple[str, str]:
    match model.phase:
        case "ready" | "starting" if model.reserved_for is not None:
            return "unload", "it is reserved now; end the reservation first"
        case "ready" | "starting":
            return "unload", ""
        case "stopping":
            return "load", "it is being unloaded"
    return "load", "models cannot be started now" if problem else ""


def _marks(model: Model) -> tuple[str, ...]:
    found = []
    if model.pinned:
        found.append("pinned")
    if model.reserved_for is not None:
        whom = project_name(model.reserved_for) if model.reserved_for else "all"
        found.append(f"reserved for {whom}")
    return tuple(found)


def _share(model: Model) -> float | None:
    if model.phase != "starting" or model.loading_s is None or not model.load_s:
        return None
    return min(1.0, model.loading_s / model.load_s)


def _detail(
    model: Model, by_device: Mapping[str, str], mine: list[Holder], titles: Mapping[str, str]
) -> str:
    parts: list[str] = []
    if model.phase == "starting":
        parts += [model.progress] if model.progress else []
        if model.loading_s is not None:
            passed = short_duration(model.loading_s * 1000)
            usual = f" of about {short_duration(model.load_s * 1000)}" if model.load_s else ""
            parts.append(f"{passed}{usual}")
    if model.devices:
        places = ", ".join(by_device.get(device, "a GPU that is gone") for device in model.devices)
        parts.append(f"{places}, {gib(model.memory_mib)} GiB")
    elif model.phase == "absent":
        where = "of GPU memory" if model.on_gpu else "of this computer's memory"
        known = "measured" if model.peak_mib else "estimated"
        parts.append(f"needs {gib(model.memory_mib)} GiB {where} ({known})")
    if model.phase == "ready":
        parts.append(f"{model.in_flight} of {plural(model.slots, 'slot')} in use")
    if model.waiting:
        parts.append(f"{plural(model.waiting, 'call')} wait{'s' if model.waiting == 1 else ''}")
    if mine:
        names = ", ".join(_task(holder.task, titles) for holder in mine[:2])
        more = f" and {len(mine) - 2} more" if len(mine) > 2 else ""
        parts.append(f"held by {names}{more}")
    elif model.leases:
        parts.append(plural(model.leases, "lease"))
    back = next((holder.asked_back for holder in mine if holder.asked_back), "")
    if back:
        parts.append(f"asked back: {back}")
    return " · ".join(parts)


def _cut(model: Model) -> tuple[str, ...]:
    """What unloading does to those who use it: nothing is cut off."""
    found = []
    if model.in_flight:
        end = "ends" if model.in_flight == 1 else "end"
        found.append(
            f"{plural(model.in_flight, 'call')} in flight {end} first; nothing is cut off."
        )
    if model.leases:
        found.append(
            f"{plural(model.leases, 'task')} that hold{'s' if model.leases == 1 else ''} it "
            "ask for it again at the next step."
        )
    if model.waiting or model.leases_waiting:
        found.append("Who waits for it has it loaded again as soon as there is room.")
    if model.pinned:
        found.append("It is pinned, and will no longer be.")
    return tuple(found)


def _task(task: str, titles: Mapping[str, str]) -> str:
    return titles.get(task, task) or "a call without a task"


def _wait(waiter: Waiter, titles: Mapping[str, str]) -> WaitRow:
    what = f"waits for {waiter.model}" if waiter.call else f"waits to hold {waiter.model}"
    frees = f" Goes on when {waiter.frees}." if waiter.frees else ""
    text = waiter.text.rstrip(".")
    if not text.startswith(waiter.model):  # a name keeps its letters
        text = f"{text[:1].upper()}{text[1:]}"
    expected = ""
    if waiter.expected_ms is not None:
        expected = f"about {duration(waiter.expected_ms)}"
    return WaitRow(
        key=f"{waiter.call}:{waiter.model}:{waiter.task}",
        position=str(waiter.position) if waiter.position else "",
        who=f"{_task(waiter.task, titles)} · {project_name(waiter.project)} · {waiter.call_class}",
        what=what,
        why=f"{text}.{frees}" if text else frees.strip(),
        expected=expected,
    )


def _window(window: ModelWindow, now_ms: int, offset_ms: int) -> WindowRow:
    """`qwen for vision-lab` and `now until 16:00` or `in 2 h, 14:00 to 16:00`."""
    begin_ms, end_ms = window.from_s * 1000, window.until_s * 1000
    whom = project_name(window.project) if window.project else "all projects"
    end = clock_time(end_ms, offset_ms)
    if end_ms - max(now_ms, begin_ms) >= DAY_MS:
        end += f" ({duration(end_ms - now_ms)} from now)"
    if begin_ms <= now_ms:
        when = f"now, until {end}"
    else:
        when = f"in {duration(begin_ms - now_ms)}, {clock_time(begin_ms, offset_ms)} to {end}"
    return WindowRow(window.id, f"{window.model} for {whom}", when)


def _use(use: ProjectUse) -> UseRow:
    budget = use.budget
    parts = [f"{use.gpu_s / 3600:.2f} GPU-hours", f"{use.tokens:,} tokens"]
    if use.in_flight:
        parts.append(f"{use.in_flight} in flight")
    if use.waiting:
        parts.append(f"{use.waiting} waiting")
    if budget is not None:
        limits = []
        if budget.gpu_hours:
            limits.append(f"{budget.gpu_hours:g} GPU-hours")
        if budget.tokens:
            limits.append(f"{budget.tokens:,} tokens")
        parts.append(f"budget {' and '.join(limits)}")
    if use.weight != 1:
        parts.append(f"weight {use.weight:g}")
    return UseRow(
        project=use.project,
        name=project_name(use.project),
        detail=" · ".join(parts),
        paused=f"Paused: {budget.exceeded}. Raise its budget."
        if budget and budget.exceeded
        else "",
        gpu_hours=budget.gpu_hours if budget else 0.0,
        tokens=budget.tokens if budget else 0,
        weight=use.weight,
    )
