"""What people decide: approvals, answers, restores, cancels. First valid answer wins (H1)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from clawdesk.domain import effects as do
from clawdesk.domain import events as ev
from clawdesk.domain import moves
from clawdesk.domain.choices import meant
from clawdesk.domain.model import (
    FINAL,
    Amendment,
    Boundary,
    Decision,
    Kind,
    Phase,
    Request,
    Task,
    Verdict,
    Wish,
)
from clawdesk.domain.moves import Turn
from clawdesk.domain.parameters import is_utf8
from clawdesk.domain.policy import under
from clawdesk.domain.rules import CHAT_DECIDES

SUMMARY = "summary"
"""What a chat shows: counts and names, not the change itself."""
PROMPTED = "The agent gets your prompt."
OWN_QUESTION = "ClawDesk asks this itself, so there is nobody to ask back."
NO_TEXT = "Your words hold bytes that are no UTF-8 text, which the task could not read."
_NEEDS_TEXT = {
    Verdict.ANSWERED: "An answer needs some text.",
    Verdict.ASKED_BACK: "A question back needs some text.",
}
_ANSWERS = _NEEDS_TEXT.keys()
_BUSY = frozenset({Phase.STARTING, Phase.RESTORING, Phase.SNAPSHOTTING, Phase.UNKNOWN})


def request_recorded(turn: Turn, task: Task, event: ev.RequestRecorded) -> None:
    """The request is committed: from here on a person sees it (R3)."""
    if task.phase is not Phase.SNAPSHOTTING or task.finish is not None:
        return
    request = event.request
    task = turn.put(task, phase=Phase.HELD, request=request)
    task = turn.note(
        task,
        "requested",
        event.commit,
        request=request.id,
        kind=request.kind.value,
        ordinal=request.ordinal,
        digest=request.digest,
        key=request.key,
        question=request.question,
        choices=list(request.choices),
    )
    obey_wish(turn, task)


def decision_given(turn: Turn, task: Task, event: ev.DecisionGiven) -> None:
    """A click, a command or a chat answer; every loser is told who was first (H1)."""
    if event.key and _given_before(turn, task, event):
        return
    refusal = _refusal(task, event) or _unseen(turn, task, event)
    if refusal:
        turn.acknowledge(event.intent, False, refusal)
        return
    request = task.request
    assert request is not None
    decision = Decision(
        request_id=request.id,
        verdict=event.verdict,
        at_ms=event.at_ms,
        actor=event.actor,
        channel=event.channel,
        digest=event.digest,
        note=event.note,
        text=_said(request, event),
        intent=event.intent,
        amendment=event.amendment,
        key=event.key,
        seen=event.seen,
        prompt=event.prompt,
    )
    if request.is_ours:
        _retry_answered(turn, task, request, decision)
        return
    turn.put(task, deciding=decision)
    turn.do(do.RecordDecision(task.id, request, decision))


def _said(request: Request, event: ev.DecisionGiven) -> str:
    """What the task hears; a question in return names no choice, whatever its words are."""
    if event.verdict is Verdict.ASKED_BACK:
        return event.text
    return meant(request.choices, event.text)


def _given_before(turn: Turn, task: Task, event: ev.DecisionGiven) -> bool:
    """Whether this very answer came before: then it has the same result (H2)."""
    waiting = task.deciding
    if waiting is not None and waiting.key == event.key:
        more = (*waiting.more_intents, event.intent)
        turn.put(task, deciding=replace(waiting, more_intents=more))
        return True
    for record in reversed(task.records):
        if record.event == "decision" and record.fields.get("key") == event.key:
            verdict = str(record.fields.get("verdict")).replace("_", " ").capitalize()
            turn.acknowledge(event.intent, True, f"{verdict} already, by this same answer.")
            return True
    return False


def _refusal(task: Task, event: ev.DecisionGiven) -> str:
    request = task.request
    approving = event.verdict not in _ANSWERS
    what = f"Checkpoint {event.ref}" if approving else f"Question {event.ref}"
    if task.wish is not None:
        return f"The task is being taken back to checkpoint {task.wish.ordinal}."
    if task.deciding is not None:
        return f"{what} was just answered by {task.deciding.actor} via {task.deciding.channel}."
    if task.phase is Phase.UNKNOWN:
        return "Its machine is being looked for after a restart; try again in a moment."
    if request is None or task.phase is not Phase.HELD:
        return f"{what} is not waiting.{_who_answered(task)}"
    mine = (str(request.ordinal),) if approving else (request.key, request.id)
    kind = Kind.APPROVE if approving else Kind.CLARIFY
    if request.kind is not kind or event.ref not in mine:
        return f"{what} is not waiting; {_waits(request)} is."
    return _unfit(request, event, what)


def _unfit(request: Request, event: ev.DecisionGiven, what: str) -> str:
    """What is wrong with a decision on the request that waits, "" = nothing."""
    if event.verdict is Verdict.ASKED_BACK and request.is_ours:
        return OWN_QUESTION
    if not is_utf8(event.note + event.text):
        return NO_TEXT
    if event.verdict in _ANSWERS:
        return _unfit_words(request, event)
    if request.digest != event.digest:
        return f"{what} changed since it was shown to you; look at it again."
    if event.verdict is Verdict.AMENDED and event.amendment is None:
        return "It was not said what is approved instead."
    if event.verdict is Verdict.REJECTED and not event.note.strip():
        return "A rejection needs a note: the task gets it as feedback."
    return ""


def _unfit_words(request: Request, event: ev.DecisionGiven) -> str:
    if not event.text.strip():
        return _NEEDS_TEXT[event.verdict]
    if request.is_ours and _said(request, event) not in request.choices:
        # "yes" to "Try again?" must not end the task.
        return f"Answer with one of: {', '.join(request.choices)}."
    return ""


def _unseen(turn: Turn, task: Task, event: ev.DecisionGiven) -> str:
    """Why a summary is not enough for this approval, "" = it is, or more was seen."""
    request = task.request
    if event.seen != SUMMARY or event.verdict is not Verdict.APPROVED or request is None:
        return ""
    if turn.state.rules.of(task.project).chat != CHAT_DECIDES:
        return "Your policy lets no chat approve in this project."
    if request.look:
        return f"A summary is not enough to approve checkpoint {request.ordinal}: {request.look}"
    return ""


def _waits(request: Request) -> str:
    if request.kind is Kind.APPROVE:
        return f"checkpoint {request.ordinal}"
    return f"the question {request.key!r}"


def _who_answered(task: Task) -> str:
    last = next((r for r in reversed(task.records) if r.event == "decision"), None)
    if last is None:
        return ""
    actor, channel = last.fields.get("actor"), last.fields.get("channel")
    return f" The last decision was made by {actor} via {channel}."


def _retry_answered(turn: Turn, task: Task, request: Request, decision: Decision) -> None:
    task = turn.put(task, request=None)
    if decision.text == moves.RETRY:
        turn.acknowledge(decision.intent, True, "Trying the checkpoint again.")
        turn.do(do.ResumeMachine(task.id, task.machine))
        moves.take_checkpoint(turn, task, task.boundary or Boundary())
    elif decision.text == moves.TELL:
        turn.acknowledge(decision.intent, True, "The task is told, and goes on without it.")
        _told_instead(turn, task, request.question.removesuffix(" Try again?"))
    else:
        turn.acknowledge(decision.intent, True, "The task ends here.")
        moves.finish(
            turn, task, Phase.FAILED, f"Given up. {request.question.removesuffix(' Try again?')}"
        )


def _told_instead(turn: Turn, task: Task, why: str) -> None:
    """It goes on without the checkpoint that could not be made, and can read why."""
    boundary = task.boundary or Boundary()
    turn.do(do.ResumeMachine(task.id, task.machine))
    task = turn.put(task, feedback=why)
    if not boundary.guest_request:
        moves.run_step(turn, task, task.step_index)
        return
    # A model call takes no verdict: the next checkpoint will fail again, or what was wrong is gone.
    outcome = "continue" if boundary.model_call else "rejected"
    turn.do(do.ReplyToGuest(task.id, task.machine, boundary.guest_request, outcome, why))
    moves.run_on(turn, task)


def decision_recorded(turn: Turn, task: Task, event: ev.DecisionRecorded) -> None:
    """The decision is durable: acknowledge, then act on it."""
    decision, request = task.deciding, task.request
    if decision is None or request is None or decision.request_id != event.request_id:
        return
    task = turn.put(task, deciding=None, request=None)
    task = turn.note(
        task,
        "decision",
        event.commit,
        request=request.id,
        ordinal=request.ordinal,
        verdict=decision.verdict.value,
        actor=decision.actor,
        channel=decision.channel,
        note=decision.note,
        text=decision.text,
        key=decision.key,
        seen=decision.seen,
        **amended_fields(decision.amendment),
    )
    answer(turn, decision, True, _done_text(request, decision))
    if task.phase is not Phase.HELD:
        return
    if decision.verdict is Verdict.APPROVED:
        _approved(turn, task, request, decision.note)
    elif decision.verdict is Verdict.AMENDED and decision.amendment is not None:
        task = turn.put(task, feedback=decision.amendment.feedback(decision.note))
        _resume(turn, task, request, moves.AMEND, event.commit)
    elif decision.verdict is Verdict.REJECTED:
        _rejected(turn, task, request, decision)
    else:
        _resume(turn, task, request, decision.verdict.value, decision.text)


def answer(turn: Turn, decision: Decision, ok: bool, text: str) -> None:
    """Tell everybody who waits for what becomes of this decision."""
    for intent in (decision.intent, *decision.more_intents):
        turn.acknowledge(intent, ok, text)


def _done_text(request: Request, decision: Decision) -> str:
    if decision.verdict is Verdict.ANSWERED:
        return f"Answered {request.key!r}."
    if decision.verdict is Verdict.ASKED_BACK:
        return f"Asked back about {request.key!r}; the task may ask again."
    if decision.prompt:
        return PROMPTED
    if decision.amendment is not None:
        return f"Checkpoint {request.ordinal} approved as you want it; the task is told."
    return f"Checkpoint {request.ordinal} {decision.verdict.value}."


def amended_fields(amendment: Amendment | None) -> dict[str, Any]:
    """What the audit trail says of an amendment beside the decision."""
    if amendment is None:
        return {}
    return {
        "tree": amendment.tree,
        "left_out": list(amendment.left_out),
        "edited": list(amendment.edited),
        "more": amendment.more,
    }


def _approved(turn: Turn, task: Task, request: Request, note: str) -> None:
    """What was said with it reaches the call that waits, or else the next step."""
    checkpoints = tuple(
        replace(c, approved=True) if c.ordinal == request.ordinal else c for c in task.checkpoints
    )
    task = turn.put(task, checkpoints=checkpoints, feedback=note)
    _resume(turn, task, request, "continue", note)


def _rejected(turn: Turn, task: Task, request: Request, decision: Decision) -> None:
    checkpoint = task.checkpoint(request.ordinal)
    assert checkpoint is not None
    if request.guest_request and not checkpoint.model_call:
        task = turn.put(task, feedback=decision.note)
        _resume(turn, task, request, "rejected", decision.note)
        return
    # Nobody inside waits for a verdict: the step begins again, and can read what was said.
    ordinal = moves.before_step(task, checkpoint.step_index)
    wish = Wish(ordinal, decision.actor, decision.channel, feedback=decision.note)
    obey_wish(turn, turn.put(task, phase=Phase.SNAPSHOTTING, wish=wish))


def _resume(turn: Turn, task: Task, request: Request, outcome: str, text: str) -> None:
    """Go on behind a decision: in the machine that waits, or in one restored for it."""
    if not task.machine:
        moves.requeue_at(turn, task, request.ordinal, outcome, text)
        return
    turn.do(do.ResumeMachine(task.id, task.machine))
    checkpoint = task.checkpoint(request.ordinal)
    assert checkpoint is not None
    if outcome == moves.AMEND:
        moves.take_amended(turn, task, checkpoint, text)
    elif request.guest_request and outcome != "continue":
        turn.do(do.ReplyToGuest(task.id, task.machine, request.guest_request, outcome, text))
        moves.run_on(turn, task)
    else:
        moves.go_on(turn, task, checkpoint)


def restore_asked(turn: Turn, task: Task, event: ev.RestoreAsked) -> None:
    """Go back to a checkpoint; a safety checkpoint first where work would be lost."""
    ordinal = event.ordinal or task.beginning
    if ordinal != 0 and task.checkpoint(ordinal) is None:
        have = ", ".join(str(c.ordinal) for c in task.checkpoints) or "none"
        turn.acknowledge(event.intent, False, f"No checkpoint {event.ordinal}; there are: {have}.")
        return
    changing = task.finish is not None or task.wish is not None or task.deciding is not None
    if changing or task.phase is Phase.RELEASING:
        turn.acknowledge(event.intent, False, "The task is just changing; try again in a moment.")
        return
    wish = Wish(ordinal, event.actor, event.channel, event.intent)
    task = turn.put(task, wish=wish)
    turn_back(turn, task)
    if task.phase is not Phase.RUNNING and task.phase not in _BUSY:
        obey_wish(turn, task)


def turn_back(turn: Turn, task: Task) -> None:
    """A task that runs although it is wished back: make its work safe first."""
    if task.wish is not None and task.phase is Phase.RUNNING:
        boundary = Boundary(message="before going back", safety=True, mid_step=True)
        moves.take_checkpoint(turn, task, boundary)


def obey_wish(turn: Turn, task: Task) -> bool:
    """Carry out a restore that waited for this moment; True when there was one."""
    wish = task.wish
    if wish is None:
        return False
    target = task.checkpoint(wish.ordinal)
    commit = target.commit if target else task.start_commit
    turn.do(
        do.RecordRestore(
            task.id,
            wish.ordinal,
            commit,
            wish.actor,
            wish.channel,
            wish.feedback,
            wish.prompt,
        )
    )
    return True


def restore_recorded(turn: Turn, task: Task, event: ev.RestoreRecorded) -> None:
    """The tip's tree is that of the checkpoint again: now the machine follows."""
    wish = task.wish
    prompt = wish.feedback if wish is not None and wish.prompt else ""
    by = {"actor": wish.actor, "channel": wish.channel} if wish is not None else {}
    said = {"feedback": wish.feedback} if wish is not None and wish.feedback else {}
    told = {**by, **said, **({"prompt": prompt} if prompt else {})}
    task = turn.note(task, "restored", event.commit, ordinal=event.ordinal, **told)
    task = turn.put(task, tip_ordinal=event.ordinal, wish=None)
    if wish is None:
        return  # the restart after a lost machine: its requeueing is under way
    where = f"checkpoint {event.ordinal}" if event.ordinal else "the start"
    done = PROMPTED if prompt else f"Going back to {where}."
    turn.acknowledge(wish.intent, True, done)
    if task.deciding is not None:
        answer(turn, task.deciding, False, "The task was taken back meanwhile.")
    # An ended one was left out where the user's rules changed meanwhile.
    task = under(task, turn.state.rules)
    task = turn.put(task, feedback=wish.feedback, deciding=None, merged_into="", finish_text="")
    moves.requeue_at(turn, task, event.ordinal, moves.PROMPT if prompt else "", prompt)


def cancel_asked(turn: Turn, task: Task, event: ev.CancelAsked) -> None:
    """End the task; final and safe to repeat. It is acknowledged once Git has it (R3)."""
    if task.phase in FINAL or task.finish is not None:
        turn.acknowledge(event.intent, False, f"The task has already ended: {task.phase.value}.")
        return
    if task.deciding is not None:
        answer(turn, task.deciding, False, "The task was cancelled meanwhile.")
    text = f"cancelled by {event.actor} via {event.channel}"
    intents = (event.intent,) if event.intent else ()
    task = turn.put(task, deciding=None, request=None, finish_intents=intents)
    if task.phase in (Phase.STARTING, Phase.RESTORING):
        if task.wish is not None:
            turn.acknowledge(task.wish.intent, False, "The task was cancelled meanwhile.")
        # Its machine is not known yet; it is released the moment it reports.
        turn.put(task, finish=Phase.CANCELLED, finish_text=text, wish=None)
    else:
        moves.finish(turn, task, Phase.CANCELLED, text)


def cancel_known(turn: Turn, task: Task, why_not: str = "") -> Task:
    """Tell who cancelled it that Git has it, or why not."""
    told = "Cancelled; its commits stay in Git."
    if why_not:
        told = f"It has ended, and Git did not take that: {why_not} The next start goes on with it."
    for intent in task.finish_intents:
        turn.acknowledge(intent, not why_not, told)
    return turn.put(task, finish_intents=())


def suspend_asked(turn: Turn, task: Task, event: ev.SuspendAsked) -> None:
    """Give the machine back; the task goes on from where it is."""
    if task.wish is not None or task.deciding is not None or task.finish is not None:
        turn.acknowledge(event.intent, False, "The task is just changing.")
    elif task.phase is Phase.RUNNING:
        wish = Wish(task.next_ordinal, "clawdesk", "plane", event.intent, task.feedback)
        task = turn.put(task, wish=wish)
        boundary = Boundary(message="suspended", safety=True, mid_step=True)
        moves.take_checkpoint(turn, task, boundary)
    elif task.phase is Phase.HELD and task.machine and _snapshot_waits(task):
        turn.do(do.ReleaseMachine(task.id, task.machine))
        turn.put(task, machine="", leaving=task.machine, deferred=())
        turn.acknowledge(event.intent, True, "Parked.")
    else:
        turn.acknowledge(event.intent, False, "The task holds no machine it could give back.")


def _snapshot_waits(task: Task) -> bool:
    checkpoint = task.checkpoint(task.request.ordinal) if task.request else None
    return checkpoint is not None and task.request is not None and not task.request.is_ours


def not_recorded(turn: Turn, task: Task, event: ev.RecordFailed) -> None:
    """Git refused: the person is told, and what waited goes on waiting."""
    if event.event == "decision" and task.deciding is not None:
        answer(turn, task.deciding, False, f"Not recorded: {event.why}")
        turn.put(task, deciding=None)
    elif event.event == "requested" and task.phase is Phase.SNAPSHOTTING:
        if not obey_wish(turn, task):
            moves.ask_to_retry(turn, task, event.why)
    elif event.event == "restored" and task.wish is not None:
        turn.acknowledge(task.wish.intent, False, f"Not recorded: {event.why}")
        task = turn.put(task, wish=None)
        if task.phase is not Phase.SNAPSHOTTING:
            return
        if task.boundary is not None and task.boundary.safety and task.machine:
            turn.do(do.ResumeMachine(task.id, task.machine))
            moves.go_on(turn, task, task.checkpoints[-1])
        elif task.machine:
            moves.ask_to_retry(turn, task, event.why)
        else:
            moves.finish(turn, task, Phase.FAILED, f"Not recorded: {event.why}")
