"""The always-visible bar: who needs you, what runs, load, and the health of the parts.

Health is a word with an icon and a colour, from evidence only; not yet looked at is "checking".
"""

from __future__ import annotations

from dataclasses import dataclass

from clawdesk.domain.model import PlaneState
from clawdesk.ports.channel import ChannelState
from clawdesk.ports.telemetry import HostLoad
from clawdesk.runtime.api import Environment
from clawdesk.viewmodels.machine import host_view
from clawdesk.viewmodels.phases import Family, Group
from clawdesk.viewmodels.tasks import counts
from clawdesk.viewmodels.words import gib


@dataclass(frozen=True, slots=True)
class Health:
    """One part in the bar; `why` is its tooltip: what, why, what to do."""

    name: str
    word: str
    icon: str
    family: Family
    why: str = ""

    @property
    def text(self) -> str:
        return f"{self.name} {self.word}"


@dataclass(frozen=True, slots=True)
class StatusBarView:
    need_count: int
    need_text: str
    work_text: str
    cpu: str
    memory: str
    gpu: str
    parts: tuple[Health, ...]


_OK = ("ok", "okc", Family.GOOD)
_CHECKING = ("checking", "spin", Family.ALIVE)


def _machines(environment: Environment) -> Health:
    support = environment.machines
    if support is None:
        return Health("libvirt", *_CHECKING)
    if not support.ready:
        why = f"{support.problem} {support.mend}".strip()
        return Health("libvirt", "not ready", "xc", Family.BAD, why)
    versions = ", ".join(f"{name} {version}" for name, version in support.versions.items())
    if support.accelerator != "kvm":
        why = f"Emulation, slow: {support.accelerator_note or 'no KVM'}. {versions}"
        return Health("libvirt", "ok, emulated", "warn", Family.NEED, why)
    if not support.confined:
        return Health("libvirt", "not confined", "warn", Family.NEED, "Machines are not confined.")
    return Health("libvirt", *_OK, versions)


def _fabric(environment: Environment) -> tuple[Health, Health]:
    fabric = environment.fabric
    if fabric is None:
        return Health("Fabric", *_CHECKING), Health("Docker", *_CHECKING)
    why = f"{fabric.problem} {fabric.mend}".strip()
    if fabric.engine:
        docker = Health("Docker", *_OK, fabric.engine)
    else:
        docker = Health("Docker", "missing", "xc", Family.BAD, why or "No Docker engine answers.")
    if fabric.version:
        return Health("Fabric", *_OK, f"version {fabric.version}"), docker
    return Health("Fabric", "not ready", "xc", Family.BAD, why), docker


def _channel(environment: Environment) -> tuple[Health, ...]:
    """The channel, where the user has set one up."""
    status = environment.channel.status
    why = f"{status.text} {status.mend}".strip()
    match status.state:
        case ChannelState.ABSENT:
            return ()
        case ChannelState.CONNECTED:
            return (Health("OpenClaw", *_OK, f"version {status.version}, {status.address}"),)
        case ChannelState.CONNECTING:
            return (Health("OpenClaw", *_CHECKING),)
        case ChannelState.UNREACHABLE:
            return (Health("OpenClaw", "unreachable", "warn", Family.NEED, why),)
        case _:
            return (Health("OpenClaw", status.state.value, "xc", Family.BAD, why),)


def status_bar(state: PlaneState, load: HostLoad | None, environment: Environment) -> StatusBarView:
    """The bar for one moment."""
    found = counts(state.tasks.values())
    need = found[Group.NEEDS_YOU]
    work = " · ".join(
        f"{found[group]} {group.value.lower()}"
        for group in (Group.RUNNING, Group.WAITING)
        if found[group]
    )
    host = host_view(load)
    memory = "–"  # noqa: RUF001
    if load is not None:
        memory = f"{gib(load.memory_used_mib)} / {gib(load.memory_total_mib)} GiB"
    fabric, docker = _fabric(environment)
    return StatusBarView(
        need_count=need,
        need_text=f"{need} need{'s' if need == 1 else ''} you" if need else "Nothing needs you",
        work_text=work or ("Nothing runs" if state.tasks else "No tasks"),
        cpu=f"{load.cpu_percent:.0f} %" if load is not None else "–",  # noqa: RUF001
        memory=memory,
        gpu=host.gpu_summary.replace(" in use", "") if host.gpus else "none",
        parts=(fabric, _machines(environment), docker, *_channel(environment)),
    )
