"""Approvals that nobody gives: after the time its policy names, a task is rejected or stays held.

There is no silent approval. Time is running time, so that neither a sleep of the host nor a jump of
its clock is somebody's silence; it begins anew when ClawDesk starts.
"""

from __future__ import annotations

from clawdesk.domain import effects as do
from clawdesk.domain import events as ev
from clawdesk.domain import on_decision
from clawdesk.domain.model import Kind, Phase, Task, Verdict
from clawdesk.domain.moves import Turn

LOOK_MS = 5_000
"""Looking at every task with each tick would cost more than being this late."""
REJECTIONS_MAX = 2
"""After so many silences in a row nobody is there: running its step again is of no use."""
CHANNEL = "policy"


def time_passed(turn: Turn, before_ms: int) -> None:
    """Act on approvals whose time is over.

    Args:
        before_ms: the steady time of the tick before this one.
    """
    now_ms = turn.state.steady_ms
    if now_ms // LOOK_MS == before_ms // LOOK_MS:
        return
    looked_ms = before_ms // LOOK_MS * LOOK_MS
    for task in list(turn.state.tasks.values()):
        limit_ms = task.policy.timeout_s * 1000
        if not limit_ms or not _waits_for_approval(task):
            continue
        if now_ms - task.held_since_ms < limit_ms:
            continue
        if task.policy.on_timeout == "reject" and silences(task) < REJECTIONS_MAX:
            _reject(turn, task)
        elif looked_ms - task.held_since_ms < limit_ms:
            text = f"Nobody decided within {task.policy.timeout_s} s; it stays held."
            turn.do(do.Notify(task.id, text))


def silences(task: Task) -> int:
    """How many of its last decisions in a row were made by nobody."""
    count = 0
    for record in reversed(task.records):
        if record.event == "decision":
            if record.fields.get("channel") != CHANNEL:
                break
            count += 1
    return count


def _waits_for_approval(task: Task) -> bool:
    request = task.request
    held = task.phase is Phase.HELD and request is not None and task.deciding is None
    return held and request is not None and request.kind is Kind.APPROVE and task.wish is None


def _reject(turn: Turn, task: Task) -> None:
    request = task.request
    assert request is not None
    note = (
        f"Nobody decided within {task.policy.timeout_s} s; the project's policy says to reject "
        "then. Nobody has looked at the work."
    )
    event = ev.DecisionGiven(
        turn.at_ms,
        task.id,
        str(request.ordinal),
        Verdict.REJECTED,
        "clawdesk",
        CHANNEL,
        digest=request.digest,
        note=note,
    )
    turn.do(do.Notify(task.id, note))
    on_decision.decision_given(turn, task, event)
