"""What the inspector says about the chosen task beside its log: facts, and what can be done.

Pure; an act that is not possible carries its reason.
"""

from __future__ import annotations

from dataclasses import dataclass

from clawdesk.domain.agents import speaks_acp
from clawdesk.domain.memory_size import memory_size
from clawdesk.domain.model import Phase, Task, TaskId
from clawdesk.domain.peers import peer_of
from clawdesk.domain.shells import why_no_shell
from clawdesk.ports.inference import FabricStatus
from clawdesk.viewmodels.amounts import moment
from clawdesk.viewmodels.checkpoints import CheckpointRow, checkpoint_rows
from clawdesk.viewmodels.costs import spent_words
from clawdesk.viewmodels.language import tr
from clawdesk.viewmodels.peers import state_words
from clawdesk.viewmodels.phases import Family, Group, look, needs_you, wants_trust
from clawdesk.viewmodels.tasks import state_texts
from clawdesk.viewmodels.told import told


@dataclass(frozen=True, slots=True)
class InspectorView:
    """`act` is the main act on the task now: review, answer, trust, merge, or "" for none.

    Args:
        why: why it waits and what would free it, or why it failed; "" where all goes well.
    """

    task: TaskId
    title: str
    state: str
    icon: str
    family: Family
    facts: tuple[tuple[str, str], ...]
    checkpoints: tuple[CheckpointRow, ...]
    latest: int
    files: int
    act: str
    act_text: str
    can_cancel: bool
    why_no_shell: str
    spent: str
    acp: bool
    why: str = ""


def _facts(
    task: Task, now_ms: int, offset_ms: int, fabric: FabricStatus | None
) -> tuple[tuple[str, str], ...]:
    state, why = state_texts(task, now_ms, offset_ms)
    frees = ""
    if task.reason is not None and task.phase is Phase.QUEUED:
        why, frees = told(task.reason.text), _frees(task)
    need = task.definition.machine
    network = ", ".join(need.network) if need.network else tr("no network")
    kind = {"kvm": "", "tcg": tr(" · emulated")}.get(task.accelerator, "")
    found = [
        (tr("State"), state),
        (tr("Now") if task.phase is Phase.RUNNING else tr("Why"), why),
        (tr("Freed by"), frees),
        (tr("Submitted"), moment(task.submitted_at_ms, now_ms, offset_ms, seconds=True)),
        (tr("Attempt"), str(task.attempt)),
        (tr("Machine"), f"{need.cpu_count} CPU · {memory_size(need.memory_mib)} · {network}{kind}"),
        (tr("Model"), _model(task.definition.model, fabric)),
        (tr("Used"), spent_words(task.spending.total)),
        (tr("Feedback"), task.feedback),
        (tr("Ref"), f"refs/clawdesk/tasks/{task.id}"),
    ]
    return tuple((key, value) for key, value in found if value)


def _frees(task: Task) -> str:
    """What ends its wait; trust is given by the button beside it, not by the command."""
    if task.reason is None or wants_trust(task):
        return ""
    return told(task.reason.frees)


def _why(task: Task, now_ms: int, offset_ms: int) -> str:
    if task.phase is Phase.FAILED:
        return told(task.finish_text) or state_texts(task, now_ms, offset_ms)[1]
    if task.phase is not Phase.QUEUED or task.reason is None:
        return ""
    text, frees = told(task.reason.text).rstrip("."), _frees(task)
    freed = tr("Freed by: {what}", what=frees.rstrip(".")) if frees else ""
    return ". ".join(f"{part[:1].upper()}{part[1:]}" for part in (text, freed) if part) + "."


def _model(name: str, fabric: FabricStatus | None) -> str:
    """The task's model, and since when the machine that lends it is away."""
    peering = fabric.peering if fabric is not None else None
    peer = peering.peer(peer_of(name)) if peering is not None else None
    return name if peer is None or peer.here else f"{name} · {state_words(peer)}"


def _act(task: Task) -> tuple[str, str]:
    if needs_you(task) and task.request is not None:
        if task.request.question:
            return "answer", tr("Answer…")
        return "review", tr("Review…")
    if wants_trust(task):
        return "trust", tr("Trust…")
    if task.phase is Phase.DONE and not task.merged_into and task.checkpoints:
        return "merge", tr("Merge…")
    return "", ""


def inspector_view(
    task: Task, now_ms: int, offset_ms: int = 0, fabric: FabricStatus | None = None
) -> InspectorView:
    """The inspector for one task."""
    shown = look(task)
    act, act_text = _act(task)
    latest = task.checkpoints[-1] if task.checkpoints else None
    return InspectorView(
        task=task.id,
        title=task.title,
        state=state_texts(task, now_ms, offset_ms)[0],
        icon=shown.icon,
        family=shown.family,
        facts=_facts(task, now_ms, offset_ms, fabric),
        checkpoints=checkpoint_rows(task, offset_ms, now_ms),
        latest=latest.ordinal if latest else 0,
        files=latest.diffstat.files if latest else 0,
        act=act,
        act_text=act_text,
        can_cancel=shown.group not in {Group.DONE, Group.FAILED} and task.finish is None,
        why_no_shell=told(why_no_shell(task)),
        spent=spent_words(task.spending.total),
        acp=speaks_acp(task.definition.agent),
        why=_why(task, now_ms, offset_ms),
    )
