"""Models with their states, who waits for them and why, what is reserved, what projects used.

Pure; every act that is not possible says why in a sentence.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from clawdesk.domain.memory_size import gib
from clawdesk.domain.peers import peer_of
from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.models import (
    HOST_DEVICE,
    Budget,
    Device,
    Holder,
    Model,
    ModelWindow,
    ProjectUse,
    Waiter,
)
from clawdesk.viewmodels.amounts import and_more, leases, listed
from clawdesk.viewmodels.language import counted, marked, tr
from clawdesk.viewmodels.phases import Family
from clawdesk.viewmodels.told import told
from clawdesk.viewmodels.words import clock_time, duration, short_duration

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
    """A project's use; `paused` = its budget is used up and it waits for a higher one.

    `gpu_hours` and `tokens` are its limits, 0 = none; `used` says in words what it used of both.
    """

    project: str
    name: str
    detail: str
    paused: str
    gpu_hours: float
    tokens: int
    weight: float = 1.0
    used: str = ""


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
    "absent": (marked("Not loaded"), "ring", Family.STILL),
    "starting": (marked("Loading"), "spin", Family.ALIVE),
    "ready": (marked("Ready"), "okc", Family.GOOD),
    "stopping": (marked("Unloading"), "release", Family.STILL),
}
_ACTS = {
    "load": (marked("Load"), marked("Load {model}")),
    "unload": (marked("Unload"), marked("Unload {model}")),
    "pin": (marked("Pin"), marked("Pin {model}")),
    "unpin": (marked("Unpin"), marked("Unpin {model}")),
    "reserve": (marked("Reserve…"), marked("Reserve {model}…")),
}
ROWS_MAX = 50


def act_words(act: str, model: str = "") -> str:
    """What an act is called on its button, or with the model it is for."""
    alone, with_model = _ACTS[act]
    return tr(with_model, model=model) if model else tr(alone)


def project_name(path: str) -> str:
    """The last part of a project's path; calls without a project have none."""
    return path.rstrip("/").rpartition("/")[2] or path or tr("no project")


def models_view(
    status: FabricStatus | None, titles: Mapping[str, str], now_ms: int, offset_ms: int
) -> ModelsView:
    """All but the GPUs, and but models of peers, which are no memory of this machine's.

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
        models=tuple(
            _model(m, by_device, queue.holders, titles, status)
            for m in status.models
            if not peer_of(m.name)
        ),
        waits=tuple(_wait(w, titles) for w in shown),
        waits_more=and_more(more),
        windows=tuple(_window(w, now_ms, offset_ms) for w in queue.windows),
        uses=tuple(_use(u) for u in queue.projects),
    )


def _place(device: Device) -> str:
    name = tr("this computer") if device.id == HOST_DEVICE else f"GPU {device.index}"
    return tr("{device} (not usable)", device=name) if device.problem else name


def _problem(status: FabricStatus) -> tuple[str, str]:
    if not status.version:
        why = told(status.problem) or tr("the model service does not answer")
        return tr("There are no models now: {why}.", why=why), told(status.mend)
    if not status.ready:
        why = (told(status.problem) or tr("no container engine answers")).rstrip(".")
        text = tr("Models cannot be started: {why}. What is loaded goes on.", why=why)
        return text, told(status.mend)
    if status.unread:
        why = tr(
            "This model service tells some figures otherwise ({what}); they are left out.",
            what=status.unread,
        )
        return why, tr("Quit ClawDesk and end clawdesk-fabric, then start again.")
    return "", ""


def _model(
    model: Model,
    by_device: Mapping[str, str],
    holders: tuple[Holder, ...],
    titles: Mapping[str, str],
    service: FabricStatus,
) -> ModelRow:
    known = _PHASES.get(model.phase)
    word, icon, family = model.phase, "unk", Family.STILL
    if known is not None:
        word, icon, family = tr(known[0]), *known[1:]
    # A problem of the service stands above all models. Its own is a start that failed, or the loss
    # of its GPU, which comes with a next step.
    lost = bool(model.mend) and model.problem != service.problem
    failed = model.phase == "absent" and bool(model.problem) and (model.failures != 0 or lost)
    if failed:
        word, icon, family = tr("Failed"), "xc", Family.BAD
    elif model.phase == "ready" and model.makes_room_for:
        word = tr("Makes room for {model}", model=model.makes_room_for)
        icon, family = "release", Family.STILL
    # One that runs elsewhere needs no container engine on this machine.
    act, why_not = _act(model, can_start=service.ready or not model.lendable)
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
        problem=_sentences(told(model.problem), told(model.mend)) if failed else "",
    )


def with_begun(view: ModelsView, begun: Collection[str]) -> ModelsView:
    """The view where these models are being loaded, also before the model service says so."""
    said, icon, family = _PHASES["starting"]
    word, absent, why_not = tr(said), tr(_PHASES["absent"][0]), tr("it is being loaded")
    rows = tuple(
        replace(row, word=word, icon=icon, family=family, act_why_not=why_not)
        if row.name in begun and row.word == absent
        else row
        for row in view.models
    )
    return replace(view, models=rows)


def _sentences(*texts: str) -> str:
    return " ".join(f"{text.rstrip('.')}." for text in texts if text)


def _act(model: Model, *, can_start: bool) -> tuple[str, str]:
    match model.phase:
        case "ready" | "starting" if model.reserved_for is not None:
            return "unload", tr("it is reserved now; end the reservation first")
        case "ready" | "starting":
            return "unload", ""
        case "stopping":
            return "load", tr("it is being unloaded")
    return "load", "" if can_start else tr("models cannot be started now")


def _marks(model: Model) -> tuple[str, ...]:
    found = []
    if model.pinned:
        found.append(tr("pinned"))
    if model.reserved_for is not None:
        whom = project_name(model.reserved_for) if model.reserved_for else tr("all")
        found.append(tr("reserved for {project}", project=whom))
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
        parts += [told(model.progress)] if model.progress else []
        if model.loading_s is not None:
            passed = short_duration(model.loading_s * 1000)
            if model.load_s:
                usual = short_duration(model.load_s * 1000)
                passed = tr("{passed} of about {usual}", passed=passed, usual=usual)
            parts.append(passed)
    if model.devices:
        gone = tr("a GPU that is gone")
        places = ", ".join(by_device.get(device, gone) for device in model.devices)
        parts.append(f"{places}, {gib(model.memory_mib)} GiB")
    elif model.phase == "absent" and model.lendable:
        text = marked("needs {size} GiB of this computer's memory ({known})")
        if model.on_gpu:
            text = marked("needs {size} GiB of GPU memory ({known})")
        known = tr("measured") if model.peak_mib else tr("estimated")
        parts.append(tr(text, size=gib(model.memory_mib), known=known))
    if model.phase == "ready":
        parts.append(
            counted(
                model.slots,
                "{used} of {count} slot in use",
                "{used} of {count} slots in use",
                used=model.in_flight,
            )
        )
    if model.waiting:
        parts.append(counted(model.waiting, "{count} call waits", "{count} calls wait"))
    if mine:
        names = listed([_task(holder.task, titles) for holder in mine], 2)
        parts.append(tr("held by {names}", names=names))
    elif model.leases:
        parts.append(leases(model.leases))
    back = next((holder.asked_back for holder in mine if holder.asked_back), "")
    if back:
        parts.append(tr("asked back: {why}", why=told(back)))
    return " · ".join(parts)


def _cut(model: Model) -> tuple[str, ...]:
    """What unloading does to those who use it: nothing is cut off."""
    found = []
    if model.in_flight:
        found.append(
            counted(
                model.in_flight,
                "{count} call in flight ends first; nothing is cut off.",
                "{count} calls in flight end first; nothing is cut off.",
            )
        )
    if model.leases:
        found.append(
            counted(
                model.leases,
                "{count} task that holds it asks for it again at the next step.",
                "{count} tasks that hold it ask for it again at the next step.",
            )
        )
    if model.waiting or model.leases_waiting:
        found.append(tr("Who waits for it has it loaded again as soon as there is room."))
    if model.pinned:
        found.append(tr("It is pinned, and will no longer be."))
    return tuple(found)


def _task(task: str, titles: Mapping[str, str]) -> str:
    return titles.get(task, task) or tr("a call without a task")


def _wait(waiter: Waiter, titles: Mapping[str, str]) -> WaitRow:
    what = marked("waits for {model}") if waiter.call else marked("waits to hold {model}")
    frees = tr("Goes on when {event}.", event=told(waiter.frees)) if waiter.frees else ""
    text = told(waiter.text).rstrip(".")
    if not text.startswith(waiter.model):  # a name keeps its letters
        text = f"{text[:1].upper()}{text[1:]}"
    expected = ""
    if waiter.expected_ms is not None:
        expected = tr("about {time}", time=duration(waiter.expected_ms))
    return WaitRow(
        key=f"{waiter.call}:{waiter.model}:{waiter.task}",
        position=str(waiter.position) if waiter.position else "",
        who=f"{_task(waiter.task, titles)} · {project_name(waiter.project)} · {waiter.call_class}",
        what=tr(what, model=waiter.model),
        why=f"{text}. {frees}".rstrip() if text else frees,
        expected=expected,
    )


def _window(window: ModelWindow, now_ms: int, offset_ms: int) -> WindowRow:
    """`qwen for vision-lab` and `now until 16:00` or `in 2 h, 14:00 to 16:00`."""
    begin_ms, end_ms = window.from_s * 1000, window.until_s * 1000
    whom = project_name(window.project) if window.project else tr("all projects")
    end = clock_time(end_ms, offset_ms)
    if end_ms - max(now_ms, begin_ms) >= DAY_MS:
        end = tr("{clock} ({time} from now)", clock=end, time=duration(end_ms - now_ms))
    if begin_ms <= now_ms:
        when = tr("now, until {end}", end=end)
    else:
        when = tr(
            "in {time}, {begin} to {end}",
            time=duration(begin_ms - now_ms),
            begin=clock_time(begin_ms, offset_ms),
            end=end,
        )
    text = tr("{model} for {project}", model=window.model, project=whom)
    return WindowRow(window.id, text, when)


def _gpu_hours(hours: str) -> str:
    return tr("{hours} GPU-hours", hours=hours)


def _tokens(count: int) -> str:
    return tr("{count} tokens", count=f"{count:,}")


def _budget(budget: Budget) -> str:
    hours = _gpu_hours(f"{budget.gpu_hours:g}") if budget.gpu_hours else ""
    tokens = _tokens(budget.tokens) if budget.tokens else ""
    if hours and tokens:
        return tr("budget {hours} and {tokens}", hours=hours, tokens=tokens)
    return tr("budget {limit}", limit=hours or tokens).rstrip()


def _use(use: ProjectUse) -> UseRow:
    budget = use.budget
    used = (_gpu_hours(f"{use.gpu_s / 3600:.2f}"), _tokens(use.tokens))
    parts = list(used)
    if use.in_flight:
        parts.append(tr("{count} in flight", count=use.in_flight))
    if use.waiting:
        parts.append(counted(use.waiting, "{count} waiting", "{count} waiting"))
    if budget is not None:
        parts.append(_budget(budget))
    if use.weight != 1:
        parts.append(tr("weight {weight}", weight=f"{use.weight:g}"))
    return UseRow(
        project=use.project,
        name=project_name(use.project),
        detail=" · ".join(parts),
        paused=tr("Paused: {why}. Raise its budget.", why=told(budget.exceeded))
        if budget and budget.exceeded
        else "",
        gpu_hours=budget.gpu_hours if budget else 0.0,
        tokens=budget.tokens if budget else 0,
        weight=use.weight,
        used=" · ".join(used),
    )
