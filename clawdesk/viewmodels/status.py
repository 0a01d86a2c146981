"""The always-visible bar: who needs you, what runs, load, and the health of the parts.

Health is a word with an icon and a colour, from evidence only; not yet looked at is "checking".
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from clawdesk.domain.memory_size import gib
from clawdesk.domain.model import Phase, PlaneState
from clawdesk.ports.channel import ChannelState
from clawdesk.ports.telemetry import HostLoad
from clawdesk.runtime.api import Environment
from clawdesk.viewmodels.language import counted, marked, tr
from clawdesk.viewmodels.machine import BarShare, host_view
from clawdesk.viewmodels.peers import away_lines, away_words
from clawdesk.viewmodels.phases import Family, Group
from clawdesk.viewmodels.tasks import counts
from clawdesk.viewmodels.told import told


@dataclass(frozen=True, slots=True)
class Health:
    """One part in the bar; `why` is its tooltip: what, why, what to do. `word` is a marked text.

    `beside`: what stands behind the word.
    """

    name: str
    word: str
    icon: str
    family: Family
    why: str = ""
    beside: str = ""

    @property
    def text(self) -> str:
        said = f"{self.name} {tr(self.word)}"
        return f"{said}, {self.beside}" if self.beside else said


@dataclass(frozen=True, slots=True)
class StatusBarView:
    need_count: int
    need_text: str
    work_text: str
    cpu: str
    memory: str
    gpu: str
    gpu_bar: tuple[BarShare, ...]
    machines: str
    parts: tuple[Health, ...]


_OK = (marked("ok"), "okc", Family.GOOD)
_CHECKING = (marked("checking"), "spin", Family.ALIVE)


def _machines(environment: Environment) -> Health:
    support = environment.machines
    if support is None:
        return Health("libvirt", *_CHECKING)
    if not support.ready:
        why = f"{told(support.problem)} {told(support.mend)}".strip()
        return Health("libvirt", marked("not ready"), "xc", Family.BAD, why)
    versions = ", ".join(f"{name} {version}" for name, version in support.versions.items())
    if support.accelerator != "kvm":
        why = tr(
            "Emulation, slow: {why}. {versions}",
            why=told(support.accelerator_note) or tr("no KVM"),
            versions=versions,
        )
        return Health("libvirt", marked("ok, emulated"), "warn", Family.NEED, why)
    if not support.confined:
        why = tr("Machines are not confined.")
        return Health("libvirt", marked("not confined"), "warn", Family.NEED, why)
    return Health("libvirt", *_OK, versions)


def _fabric(environment: Environment) -> tuple[Health, Health]:
    fabric = environment.fabric
    if fabric is None:
        return Health("Fabric", *_CHECKING), Health("Docker", *_CHECKING)
    why = f"{told(fabric.problem)} {told(fabric.mend)}".strip()
    if fabric.engine:
        docker = Health("Docker", *_OK, fabric.engine)
    else:
        why_none = why or tr("No Docker engine answers.")
        docker = Health("Docker", marked("missing"), "xc", Family.BAD, why_none)
    if fabric.version:
        version = tr("version {version}", version=fabric.version)
        known = "\n".join(line for line in (version, away_lines(fabric.peering)) if line)
        return Health("Fabric", *_OK, known, away_words(fabric.peering)), docker
    return Health("Fabric", marked("not ready"), "xc", Family.BAD, why), docker


def _channel(environment: Environment) -> tuple[Health, ...]:
    """The channel, where the user has set one up."""
    status = environment.channel.status
    why = f"{told(status.text)} {told(status.mend)}".strip()
    match status.state:
        case ChannelState.ABSENT:
            return ()
        case ChannelState.CONNECTED:
            version = tr("version {version}", version=status.version)
            return (Health("OpenClaw", *_OK, f"{version}, {status.address}"),)
        case ChannelState.CONNECTING:
            return (Health("OpenClaw", *_CHECKING),)
        case ChannelState.UNREACHABLE:
            return (Health("OpenClaw", marked("unreachable"), "warn", Family.NEED, why),)
        case _:
            return (Health("OpenClaw", status.state.value, "xc", Family.BAD, why),)


def _running_machines(state: PlaneState) -> str:
    """How many machines compute, and how many stand still for a person."""
    with_one = [task for task in state.tasks.values() if task.machine]
    held = sum(task.phase is Phase.HELD for task in with_one)
    if not held:
        return str(len(with_one))
    return tr("{count} + {held} held", count=len(with_one) - held, held=held)


def status_bar(state: PlaneState, load: HostLoad | None, environment: Environment) -> StatusBarView:
    """The bar for one moment."""
    found = counts(state.tasks.values())
    need = found[Group.NEEDS_YOU]
    running, waiting = found[Group.RUNNING], found[Group.WAITING]
    runs = counted(running, "{count} running", "{count} running") if running else ""
    waits = counted(waiting, "{count} waiting", "{count} waiting") if waiting else ""
    work = " · ".join(words for words in (runs, waits) if words)
    nothing = tr("Nothing runs") if state.tasks else tr("No tasks")
    needs = counted(need, "{count} needs you", "{count} need you")
    host = host_view(load)
    memory = "–"  # noqa: RUF001
    if load is not None:
        memory = f"{gib(load.memory_used_mib)} / {gib(load.memory_total_mib)} GiB"
    fabric, docker = _fabric(environment)
    return StatusBarView(
        need_count=need,
        need_text=needs if need else tr("Nothing needs you"),
        work_text=work or nothing,
        cpu=f"{load.cpu_percent:.0f} %" if load is not None else "–",  # noqa: RUF001
        memory=memory,
        gpu=host.gpu_brief if host.gpus else tr("none"),
        gpu_bar=host.gpu_bar,
        machines=_running_machines(state),
        parts=(fabric, _machines(environment), docker, *_channel(environment)),
    )


def lost(view: StatusBarView) -> StatusBarView:
    """The bar while nobody tells: counts are the last that was known, health is not known."""
    why = tr("Not known while ClawDesk connects again.")
    parts = tuple(
        Health(part.name, marked("unknown"), "unk", Family.STILL, why) for part in view.parts
    )
    return replace(view, parts=parts)
