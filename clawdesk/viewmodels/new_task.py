"""A task before it starts: what it will get, what it will wait for, and what it asks of you.

Pure, and only a forecast from what is known now: who decides is the plane. Nothing here forbids a
start, since a task that does not fit yet waits and says why.
"""

from __future__ import annotations

from dataclasses import dataclass

from clawdesk.domain.agents import kind_of
from clawdesk.domain.model import CheckpointMode, TaskDefinition
from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.machines import MachineSupport
from clawdesk.ports.telemetry import HostLoad
from clawdesk.runtime.api import PolicyView
from clawdesk.viewmodels.phases import Family
from clawdesk.viewmodels.words import duration, first_line, gib, plural

MARGIN_MIB = 512  # stays free beside machines, as the plane keeps it


@dataclass(frozen=True, slots=True)
class FitLine:
    """One thing the task needs: its name, how it stands in words, and how good that is."""

    name: str
    text: str
    family: Family

    @property
    def icon(self) -> str:
        return {Family.GOOD: "okc", Family.NEED: "warn", Family.BAD: "xc"}.get(self.family, "dots")


@dataclass(frozen=True, slots=True)
class TaskForecast:
    """The page of one definition."""

    title: str
    text: str
    lines: tuple[FitLine, ...]


def forecast(
    definition: TaskDefinition,
    *,
    load: HostLoad | None,
    machines: MachineSupport | None,
    fabric: FabricStatus | None,
    policy: PolicyView | None,
) -> TaskForecast:
    """What is known now of a task of that definition; None = not known yet."""
    lines = [
        _agent(definition),
        _machine(definition, machines),
        _memory(definition, load),
        _model(definition, fabric),
        _secrets(definition),
        _policy(policy),
        _asks(definition, policy),
    ]
    return TaskForecast(
        definition.title or definition.name,
        definition.description,
        tuple(line for line in lines if line is not None),
    )


def _agent(definition: TaskDefinition) -> FitLine | None:
    """Who does the work."""
    agent = definition.agent
    if agent is None:
        return None
    kind = kind_of(agent)
    if kind is None:
        return FitLine("Agent", f"This version knows no agent {agent.kind}.", Family.BAD)
    does = f"it runs {first_line(agent.run, 80)}" if kind.asks_run else kind.about
    built = "" if kind.asks_run else " Its image is built first, where that was not done yet."
    return FitLine("Agent", f"{kind.title}: {does[:1].lower()}{does[1:]}{built}", Family.STILL)


def _machine(definition: TaskDefinition, machines: MachineSupport | None) -> FitLine:
    need = definition.machine
    count = len(need.network)
    network = f"network: {plural(count, 'host')}" if count else "no network"
    size = f"{plural(need.cpu_count, 'CPU')}, {_mib(need.memory_mib)} of memory, {network}"
    if machines is None:
        return FitLine("Machine", f"{size}. Not looked at yet.", Family.STILL)
    if not machines.ready:
        why = machines.problem or "no machine can be started"
        return FitLine("Machine", f"It will wait: {why}", Family.BAD)
    if machines.accelerator != "kvm":
        return FitLine("Machine", f"{size}; emulated, several times slower", Family.NEED)
    return FitLine("Machine", f"{size}; starts with KVM", Family.GOOD)


def _memory(definition: TaskDefinition, load: HostLoad | None) -> FitLine | None:
    if load is None:
        return None
    need = definition.machine.memory_mib
    free = max(0, load.memory_total_mib - load.memory_used_mib - MARGIN_MIB)
    whole = f"{gib(free)} of {gib(load.memory_total_mib)} GiB can be had now"
    if need > load.memory_total_mib:
        text = f"It never fits: it needs {_mib(need)}, this machine has "
        return FitLine("Memory", f"{text}{_mib(load.memory_total_mib)}.", Family.BAD)
    if need > free:
        return FitLine("Memory", f"It will wait: it needs {_mib(need)}; {whole}.", Family.NEED)
    return FitLine("Memory", f"It fits: {whole}.", Family.GOOD)


def _model(definition: TaskDefinition, fabric: FabricStatus | None) -> FitLine:
    name = definition.model
    if not name:
        return FitLine("Model", "It names no model.", Family.STILL)
    if fabric is None:
        return FitLine("Model", f"{name}. The model service was not asked yet.", Family.STILL)
    if not fabric.version:
        text = f"{name} cannot be had: {fabric.problem or 'the model service does not answer'}"
        return FitLine("Model", text, Family.BAD)
    model = next((model for model in fabric.models if model.name == name), None)
    if model is None:
        names = ", ".join(model.name for model in fabric.models[:6]) or "none"
        return FitLine("Model", f"There is no model {name}; there are: {names}.", Family.BAD)
    if model.problem:
        return FitLine("Model", f"{name}: {model.problem}", Family.BAD)
    if model.phase == "ready":
        where = "on a GPU" if model.on_gpu else "on the CPU"
        queue = f", {plural(model.waiting, 'call')} before it" if model.waiting else ""
        return FitLine("Model", f"{name} is loaded {where}{queue}.", Family.GOOD)
    takes = f", about {duration(model.load_s * 1000)}" if model.load_s else ""
    return FitLine("Model", f"{name} is loaded when it is first called{takes}.", Family.GOOD)


def _secrets(definition: TaskDefinition) -> FitLine | None:
    """What it is given of the user's secrets, and which of them only its requests get."""
    parts = [f"its steps can read {', '.join(definition.secrets)}"] if definition.secrets else []
    parts += [f"{key.secret} goes with its requests to {key.host}" for key in definition.keys]
    if not parts:
        return None
    text = "; ".join(parts)
    return FitLine("Secrets", f"{text[:1].upper()}{text[1:]}.", Family.STILL)


def _policy(policy: PolicyView | None) -> FitLine | None:
    if policy is None or not policy.asks:
        return None
    if policy.trusted:
        return FitLine("Policy", "The project's file is trusted by you.", Family.GOOD)
    asks = "; ".join(words for _, words in policy.asks)
    return FitLine("Policy", f"It will wait for your trust: {asks}.", Family.NEED)


def _asks(definition: TaskDefinition, policy: PolicyView | None) -> FitLine:
    asking = [s.name for s in definition.steps if s.checkpoint is CheckpointMode.APPROVE]
    paths = next(
        (r.value for r in (policy.rules if policy else ()) if r.key == "approval.paths"), ""
    )
    wants = [f"after {', '.join(asking[:4])}"] if asking else []
    wants += [f"whatever changes {paths}"] if paths else []
    approve = f"you approve {' and '.join(wants)}" if wants else "none asks for your approval"
    return FitLine("Steps", f"{plural(len(definition.steps), 'step')}; {approve}.", Family.STILL)


def _mib(mib: int) -> str:
    return f"{mib} MiB" if mib < 1024 else f"{gib(mib)} GiB"
