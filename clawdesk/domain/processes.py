"""What a task file describes: steps or an agent, and the machine they need. Values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from clawdesk.domain.memory_size import memory_size


class CheckpointMode(StrEnum):
    """What a step's end asks for; with `model-call` the calls within it are boundaries too.

    With `approve` they may be as well: then they are points to go back to, and what they hold is
    approved with the step's end, all of it at once.
    """

    AUTO = "auto"
    MODEL_CALL = "model-call"
    APPROVE = "approve"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class StepSpec:
    """One `[[steps]]` table of a task file; `timeout_s` counts only while the machine runs.

    `every_calls`, `every_s`: a model call so far behind the last boundary is one; 0 = not by that.
    `when_changed`: so is one before which files of the project have changed since.
    """

    name: str
    run: str
    timeout_s: int = 3600
    checkpoint: CheckpointMode = CheckpointMode.AUTO
    every_calls: int = 0
    every_s: int = 0
    when_changed: bool = False

    @property
    def at_calls(self) -> bool:
        """Whether model calls within it can be boundaries."""
        return bool(self.every_calls or self.every_s or self.when_changed)


def asks_at_end(steps: Sequence[StepSpec], index: int) -> bool:
    """Whether the end of that step asks for approval."""
    return index < len(steps) and steps[index].checkpoint is CheckpointMode.APPROVE


@dataclass(frozen=True, slots=True)
class MachineNeed:
    """What a task asks of its machine (protocols.md, section 1)."""

    image: str = "base"
    cpu_count: int = 1
    memory_mib: int = 512
    disk_mib: int = 2048
    network: tuple[str, ...] = ()


def ran_short(killed: int, need: MachineNeed) -> str:
    """What to tell of a machine whose kernel ended that many programs for want of memory.

    >>> print(ran_short(1, MachineNeed(memory_mib=256)))
    Memory ran out: the machine has 256 MiB, and its kernel ended 1 of the task's programs. Give \
the task more by memory_mib under [machine] in its file.
    """
    return (
        f"Memory ran out: the machine has {memory_size(need.memory_mib)}, and its kernel ended "
        f"{killed} of the task's programs. Give the task more by memory_mib under [machine] in "
        "its file."
    )


@dataclass(frozen=True, slots=True)
class KeySpec:
    """One `[[keys]]` table of a task file: a header that requests to a host get on their way out.

    Args:
        host: `example.org`, or `example.org:8443` for another port than 443.
        secret: the name of the secret whose value is sent.
        prefix: what stands before the value.
    """

    host: str
    secret: str
    header: str = "Authorization"
    prefix: str = "Bearer "


PERMISSIONS = ("reject", "ask", "allow")
"""What becomes of a permission that an agent asks for, least first."""


def least(one: str, other: str) -> str:
    """The one of two of PERMISSIONS that grants less."""
    return min(one, other, key=PERMISSIONS.index)


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """The `[agent]` table of a task file; see `domain.agents`.

    Args:
        run: the user's own command; "" where the kind has one.
        permissions: what becomes of those it asks for: reject | ask | allow.
    """

    kind: str
    prompt: str
    run: str = ""
    permissions: str = "ask"


@dataclass(frozen=True, slots=True)
class TaskDefinition:
    """A process a project offers, `.clawdesk/tasks/NAME.toml`, or one that a person typed in."""

    name: str  # "" = no file has it, see `domain.from_prompt`
    title: str
    steps: tuple[StepSpec, ...]
    description: str = ""
    priority: int = 0
    machine: MachineNeed = MachineNeed()
    model: str = ""  # what OPENAI_MODEL is set to; "" = none asked for
    secrets: tuple[str, ...] = ()  # names; their values come as variables of those names
    keys: tuple[KeySpec, ...] = ()  # added to its requests; their values stay on the host
    agent: AgentSpec | None = None  # its one step is made of this
