"""What a task's phase looks like: word, icon and colour family. Never decides anything.

The word comes first, the shape second, the colour third: printed in grey it must still read.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clawdesk.domain.model import Kind, Phase, Task
from clawdesk.viewmodels.language import marked


class Family(StrEnum):
    """The four hues and grey of the design tokens."""

    ALIVE = "run"
    NEED = "need"
    GOOD = "ok"
    BAD = "bad"
    STILL = "mute"


class Group(StrEnum):
    """The filters above the task list; every task is in exactly one of them."""

    NEEDS_YOU = marked("Needs you")
    RUNNING = marked("Running")
    WAITING = marked("Waiting")
    FAILED = marked("Failed")
    DONE = marked("Done")


@dataclass(frozen=True, slots=True)
class PhaseLook:
    word: str
    icon: str
    family: Family
    group: Group


PHASE_LOOKS = {
    Phase.QUEUED: PhaseLook(marked("Waiting"), "dots", Family.STILL, Group.WAITING),
    Phase.STARTING: PhaseLook(marked("Starting"), "spin", Family.ALIVE, Group.RUNNING),
    Phase.RUNNING: PhaseLook(marked("Running"), "play", Family.ALIVE, Group.RUNNING),
    Phase.SNAPSHOTTING: PhaseLook(marked("Snapshotting"), "cam", Family.ALIVE, Group.RUNNING),
    Phase.HELD: PhaseLook(marked("Held"), "pause", Family.STILL, Group.RUNNING),
    Phase.RESTORING: PhaseLook(marked("Restoring"), "restore", Family.ALIVE, Group.RUNNING),
    Phase.RELEASING: PhaseLook(marked("Releasing"), "release", Family.STILL, Group.RUNNING),
    Phase.UNKNOWN: PhaseLook(marked("Unknown"), "unk", Family.STILL, Group.RUNNING),
    Phase.DONE: PhaseLook(marked("Done"), "okc", Family.GOOD, Group.DONE),
    Phase.FAILED: PhaseLook(marked("Failed"), "xc", Family.BAD, Group.FAILED),
    Phase.CANCELLED: PhaseLook(marked("Cancelled"), "cancel", Family.STILL, Group.DONE),
    Phase.REJECTED: PhaseLook(marked("Rejected"), "xc", Family.BAD, Group.DONE),
}
_YIELDING = PhaseLook(marked("Yielding"), "release", Family.ALIVE, Group.RUNNING)
_TRUST = PhaseLook(marked("Waits for trust"), "need", Family.NEED, Group.NEEDS_YOU)
_APPROVE = PhaseLook(marked("Approve"), "need", Family.NEED, Group.NEEDS_YOU)
_ASK = PhaseLook(marked("Asks you"), "ask", Family.NEED, Group.NEEDS_YOU)


def needs_you(task: Task) -> bool:
    """Whether a person must decide now; a decision under way no longer asks."""
    return task.phase is Phase.HELD and task.request is not None and task.deciding is None


def wants_trust(task: Task) -> bool:
    """Whether it waits until the user trusts its project's file."""
    queued = task.phase is Phase.QUEUED and task.reason is not None
    return queued and task.reason is not None and task.reason.code == "untrusted"


def look(task: Task) -> PhaseLook:
    """The look of a task's present phase."""
    if wants_trust(task):
        return _TRUST
    if needs_you(task) and task.request is not None:
        return _ASK if task.request.kind is Kind.CLARIFY else _APPROVE
    if task.phase is Phase.RUNNING and task.yielding is not None:
        return _YIELDING
    return PHASE_LOOKS[task.phase]
