"""A task whose history was removed from Git by another program: it begins anew (fault 14).

What its commits said cannot be written again: their trees are gone with them. So the task is
submitted once more in its place, as the next attempt from its beginning, and says so.
"""

from __future__ import annotations

from clawdesk.domain import effects as do
from clawdesk.domain import events as ev
from clawdesk.domain import moves, on_decision
from clawdesk.domain.forking import shown_fields
from clawdesk.domain.model import FINAL, Lease, Phase, Record, Task
from clawdesk.domain.moves import Turn
from clawdesk.domain.replacing import replace
from clawdesk.domain.scheduling.resources import COMING

_LOST = "its history was removed from Git by another program"


def may_begin_anew(task: Task) -> bool:
    """Whether it can be taken back to its beginning now; not while a machine is being made."""
    return task.phase not in FINAL and task.phase not in COMING and task.finish is None


def begun_anew(task: Task) -> Task:
    """The task as it is submitted once more, as its next attempt; of a fork with its first point.

    Ordinals go on, so that no snapshot of before is taken for one of now.
    """
    first = task.checkpoint(task.beginning)
    there = replace(
        task,
        attempt=task.attempt + 1,
        checkpoints=(first,) if first else (),
        tip_ordinal=task.beginning,
        step_index=first.step_index if first else 0,
        step_name=first.step_name if first else "",
        resume_from=task.beginning or None,
    )
    fresh = replace(there, rounds=(), round=1, base="", boundary=None, step_running=False)
    alone = replace(fresh, phase=Phase.QUEUED, machine="", leaving="", lease=Lease.NONE)
    undecided = replace(alone, request=None, deciding=None, wish=None, feedback="", deferred=())
    unmoved = replace(undecided, yielding=None, promised=False, stuck_since_ms=None)
    return replace(unmoved, resume_outcome="", resume_text="", merged_into="", records=())


def history_lost(turn: Turn, task: Task, event: ev.HistoryLost) -> None:
    """Git has its new submission: the machine of the attempt before is given up."""
    if not may_begin_anew(task) or event.attempt < task.attempt:
        return  # R1; its machine may have been lost meanwhile, which is another attempt
    if task.deciding is not None:
        on_decision.answer(turn, task.deciding, False, f"Not recorded: {_LOST}.")
    if task.wish is not None:
        turn.acknowledge(task.wish.intent, False, f"Not recorded: {_LOST}.")
    anew = begun_anew(task)
    shown = Record("submitted", event.at_ms, shown_fields(task), event.commit)
    still = replace(anew, phase=task.phase, machine=task.machine, leaving=task.leaving)
    task = turn.put(replace(still, lease=task.lease, records=(shown,)))
    facts = (("attempt", anew.attempt), ("why", event.why))
    task = turn.note(task, "history_lost", **dict(facts))
    turn.do(do.RecordEvent(task.id, "history_lost", event.at_ms, facts))
    if anew.attempt > moves.ATTEMPTS_MAX:
        text = f"Given up after {moves.ATTEMPTS_MAX} attempts: {event.why}"
        moves.finish(turn, task, Phase.FAILED, text)
        return
    text = f"{event.why} The task starts again from its beginning; what it had done is lost."
    turn.do(do.Notify(task.id, text))
    moves.requeue_at(turn, task, task.beginning)
    if not task.beginning:
        # Of a fork they hold where it begins; the others belong to commits that are gone.
        turn.do(do.DiscardSnapshots(task.id))
