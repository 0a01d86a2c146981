"""A task before it starts: what it will get, what it will wait for, and what it asks of you.

Pure, and only a forecast from what is known now: who decides is the plane. Nothing here forbids a
start, since a task that does not fit yet waits and says why.
"""

from __future__ import annotations

from dataclasses import dataclass

from clawdesk.domain.agents import kind_of
from clawdesk.domain.definitions import PROJECT_FILE
from clawdesk.domain.memory_size import gib, memory_size
from clawdesk.domain.model import CheckpointMode, ProjectPolicy, TaskDefinition
from clawdesk.domain.peers import peer_of, why_not
from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.machines import MachineSupport
from clawdesk.ports.telemetry import HostLoad
from clawdesk.runtime.api import CatalogAccess, PolicyView
from clawdesk.viewmodels.agent_words import about_of, title_of
from clawdesk.viewmodels.amounts import listed, steps
from clawdesk.viewmodels.catalog_access import AllowBox, allow_box, is_built
from clawdesk.viewmodels.language import counted, marked, tr
from clawdesk.viewmodels.peers import state_words
from clawdesk.viewmodels.phases import Family
from clawdesk.viewmodels.told import told
from clawdesk.viewmodels.words import duration, first_line

HOSTS_MAX = 4
_NO_HOSTS = marked(
    "If its image was not built yet it cannot be: name the hosts packages come from in {file}, "
    "under [network] allow."
)
MARGIN_MIB = 512  # stays free beside machines, as the plane keeps it


@dataclass(frozen=True, slots=True)
class FitLine:
    """One thing the task needs: its name, how it stands in words, and how good that is.

    Args:
        slow: it can be had, only not as fast as elsewhere.
    """

    name: str
    text: str
    family: Family
    slow: bool = False

    @property
    def stops(self) -> bool:
        """Whether the task would wait for it, or fail."""
        return self.family in {Family.NEED, Family.BAD} and not self.slow

    @property
    def icon(self) -> str:
        return {Family.GOOD: "okc", Family.NEED: "warn", Family.BAD: "xc"}.get(self.family, "dots")


@dataclass(frozen=True, slots=True)
class TaskForecast:
    """The page of one definition; `allow` is what a person is asked first, None = nothing."""

    title: str
    text: str
    lines: tuple[FitLine, ...]
    allow: AllowBox | None = None

    @property
    def fits(self) -> bool:
        """Whether nothing that is known now keeps the task from running."""
        return not any(line.stops for line in self.lines)


def forecast(
    definition: TaskDefinition,
    *,
    load: HostLoad | None,
    machines: MachineSupport | None,
    fabric: FabricStatus | None,
    policy: PolicyView | None,
    access: CatalogAccess | None = None,
) -> TaskForecast:
    """What is known now of a task of that definition; None = not known yet."""
    allow = allow_box(definition, access, policy, _rule(policy, "network.allow"))
    lines = [
        _agent(definition, policy, access, allow),
        _machine(definition, machines),
        _memory(definition, load),
        _model(definition, fabric, policy),
        _secrets(definition),
        _policy(policy),
        _asks(definition, policy),
    ]
    return TaskForecast(
        definition.title or definition.name,
        definition.description,
        tuple(line for line in lines if line is not None),
        allow,
    )


def models_at_hand(fabric: FabricStatus | None) -> tuple[str, ...]:
    """Models an agent could be given now, () = none is known: of those of this machine first those
    that are loaded, then those of peers.
    """
    good = [model for model in (fabric.models if fabric else ()) if not model.problem]
    good.sort(key=lambda model: (bool(peer_of(model.name)), model.phase != "ready"))
    return tuple(model.name for model in good)


def _agent(
    definition: TaskDefinition,
    policy: PolicyView | None,
    access: CatalogAccess | None,
    allow: AllowBox | None,
) -> FitLine | None:
    """Who does the work, and whether its image can be built."""
    agent = definition.agent
    if agent is None:
        return None
    kind = kind_of(agent)
    if kind is None:
        return FitLine(
            tr("Agent"), tr("This version knows no agent {kind}.", kind=agent.kind), Family.BAD
        )
    if kind.asks_run:
        does = tr("it runs {command}", command=first_line(agent.run, 80))
        return FitLine(tr("Agent"), f"{title_of(kind)}: {does}", Family.STILL)
    built, family = tr("Its image is built first, where that was not done yet."), Family.STILL
    if is_built(kind, definition, access, policy):
        built = tr("Its image is there.")
    elif allow is not None:
        built, family = tr("Its image is not there yet."), Family.NEED
    elif policy is not None and policy.own_image and not _rule(policy, "network.allow"):
        built, family = tr(_NO_HOSTS, file=PROJECT_FILE), Family.NEED
    return FitLine(tr("Agent"), f"{title_of(kind)}: {about_of(kind)} {built}", family)


def _rule(policy: PolicyView | None, key: str) -> str:
    """What counts of a rule of the policy, "" = nothing is known or said."""
    return next((r.value for r in (policy.rules if policy else ()) if r.key == key), "")


def _machine(definition: TaskDefinition, machines: MachineSupport | None) -> FitLine:
    need = definition.machine
    hosts = tr("network: {hosts}", hosts=listed(need.network, HOSTS_MAX))
    cpus = counted(need.cpu_count, "{count} CPU", "{count} CPUs")
    size = tr(
        "{cpus}, {memory} of memory, {network}",
        cpus=cpus,
        memory=memory_size(need.memory_mib),
        network=hosts if need.network else tr("no network"),
    )
    if machines is None:
        return FitLine(tr("Machine"), tr("{size}. Not looked at yet.", size=size), Family.STILL)
    if not machines.ready:
        why = told(machines.problem) or tr("no machine can be started")
        return FitLine(tr("Machine"), tr("It will wait: {why}", why=why), Family.BAD)
    if machines.accelerator != "kvm":
        words = tr("{size}; emulated, several times slower", size=size)
        return FitLine(tr("Machine"), words, Family.NEED, slow=True)
    return FitLine(tr("Machine"), tr("{size}; starts with KVM", size=size), Family.GOOD)


def _memory(definition: TaskDefinition, load: HostLoad | None) -> FitLine | None:
    if load is None:
        return None
    need = definition.machine.memory_mib
    free = max(0, load.memory_total_mib - load.memory_used_mib - MARGIN_MIB)
    whole = tr(
        "{free} of {total} GiB can be had now", free=gib(free), total=gib(load.memory_total_mib)
    )
    if need > load.memory_total_mib:
        text = tr(
            "It never fits: it needs {needed}, this machine has {total}.",
            needed=memory_size(need),
            total=memory_size(load.memory_total_mib),
        )
        return FitLine(tr("Memory"), text, Family.BAD)
    if need > free:
        text = tr("It will wait: it needs {needed}; {free}.", needed=memory_size(need), free=whole)
        return FitLine(tr("Memory"), text, Family.NEED)
    return FitLine(tr("Memory"), tr("It fits: {free}.", free=whole), Family.GOOD)


def _model(
    definition: TaskDefinition, fabric: FabricStatus | None, policy: PolicyView | None
) -> FitLine:
    kind = kind_of(definition.agent) if definition.agent is not None else None
    if not definition.model and kind is not None and kind.needs_model:
        return FitLine(
            tr("Model"), _no_model(fabric), Family.NEED if fabric is None else Family.BAD
        )
    words = _model_words
    if peer_of(definition.model):
        if refused := _may_not_leave(definition.model, policy):
            return FitLine(tr("Model"), refused, Family.BAD)
        words = _borrowed_words
    text, family = words(definition.model, fabric)
    return FitLine(tr("Model"), text, family)


def _no_model(fabric: FabricStatus | None) -> str:
    """Of an agent that works with one, and was given none."""
    if fabric is None:
        return tr("It works with a model. The model service was not asked yet.")
    if models_at_hand(fabric):
        return tr("It works with a model: choose one.")
    why = told(fabric.problem) or tr("the model service knows none that is in order")
    return tr("It works with a model, and none can be had: {why}", why=why)


def _may_not_leave(model: str, policy: PolicyView | None) -> str:
    """Why the plane will refuse a task with that model of another machine, "" = it will not."""
    rule = next((r for r in (policy.rules if policy else ()) if r.key == "peers.use"), None)
    if rule is None:
        return ""
    counts, asked = (ProjectPolicy(peers=use) for use in (rule.value, rule.asked or rule.value))
    return told(why_not(model, counts, asked)[0])


def _borrowed_words(name: str, fabric: FabricStatus | None) -> tuple[str, Family]:
    """Of a model of another machine."""
    if fabric is None or fabric.peering is None:
        return tr("{model}. The model service was not asked yet.", model=name), Family.STILL
    peer = fabric.peering.peer(peer_of(name))
    if peer is None:
        text = tr("No peer called {peer} is paired with this machine.", peer=peer_of(name))
        return text, Family.BAD
    if not peer.here:
        text = tr("It will wait: {peer} is {state}.", peer=peer.name, state=state_words(peer))
        return text, Family.NEED
    lends = [f"{peer.name}/{offer.model}" for offer in peer.offers]
    if name not in lends:
        names = listed(lends, HOSTS_MAX) or tr("none")
        text = tr(
            "{peer} lends no {model}; it lends: {names}.", peer=peer.name, model=name, names=names
        )
        return text, Family.BAD
    text = tr(
        "{peer} is here and lends {model}: prompts leave this machine.", peer=peer.name, model=name
    )
    return text, Family.GOOD


def _model_words(name: str, fabric: FabricStatus | None) -> tuple[str, Family]:
    if not name:
        return tr("It names no model."), Family.STILL
    if fabric is None:
        return tr("{model}. The model service was not asked yet.", model=name), Family.STILL
    if not fabric.version:
        why = told(fabric.problem) or tr("the model service does not answer")
        return tr("{model} cannot be had: {why}", model=name, why=why), Family.BAD
    model = next((model for model in fabric.models if model.name == name), None)
    if model is None:
        names = ", ".join(model.name for model in fabric.models[:6]) or tr("none")
        text = tr("There is no model {model}; there are: {names}.", model=name, names=names)
        return text, Family.BAD
    if model.problem:
        return f"{name}: {told(model.problem)}", Family.BAD
    if model.phase == "ready":
        text = marked("{model} is loaded on a GPU{queue}.")
        if not model.on_gpu:
            text = marked("{model} is loaded on the CPU{queue}.")
        queue = counted(model.waiting, ", {count} call before it", ", {count} calls before it")
        return tr(text, model=name, queue=queue if model.waiting else ""), Family.GOOD
    takes = tr(", about {time}", time=duration(model.load_s * 1000)) if model.load_s else ""
    text = tr("{model} is loaded when it is first called{takes}.", model=name, takes=takes)
    return text, Family.GOOD


def _secrets(definition: TaskDefinition) -> FitLine | None:
    """What it is given of the user's secrets, and which of them only its requests get."""
    said = []
    if definition.secrets:
        said.append(tr("Its steps can read {names}.", names=", ".join(definition.secrets)))
    for key in definition.keys:
        words = tr("{secret} goes with its requests to {host}.", secret=key.secret, host=key.host)
        said.append(words)
    return FitLine(tr("Secrets"), " ".join(said), Family.STILL) if said else None


def _policy(policy: PolicyView | None) -> FitLine | None:
    if policy is None or not policy.asks:
        return None
    if policy.trusted:
        return FitLine(tr("Policy"), tr("The project's file is trusted by you."), Family.GOOD)
    asks = "; ".join(told(words) for _, words in policy.asks)
    return FitLine(tr("Policy"), tr("It will wait for your trust: {asks}.", asks=asks), Family.NEED)


def _asks(definition: TaskDefinition, policy: PolicyView | None) -> FitLine:
    asking = [s.name for s in definition.steps if s.checkpoint is CheckpointMode.APPROVE]
    paths = _rule(policy, "approval.paths")
    after = ", ".join(asking[:4])
    if asking and paths:
        approve = tr(
            "you approve after {steps} and whatever changes {paths}", steps=after, paths=paths
        )
    elif asking:
        approve = tr("you approve after {steps}", steps=after)
    elif paths:
        approve = tr("you approve whatever changes {paths}", paths=paths)
    else:
        approve = tr("none asks for your approval")
    return FitLine(tr("Steps"), f"{steps(len(definition.steps))}; {approve}.", Family.STILL)
