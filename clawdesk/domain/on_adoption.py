"""A machine that outlived the plane: where its task stands, told by Git and by the guest.

Git says what was acknowledged, the guest says what ran since. The guest tells its waiting `claw`
calls again; one whose checkpoint is committed already gets the same answer once more
(`answer_again`), so nothing runs or is asked twice.
"""

from __future__ import annotations

from clawdesk.domain import effects as do
from clawdesk.domain import events as ev
from clawdesk.domain import moves, on_boundary, on_decision
from clawdesk.domain.model import Checkpoint, Phase, Record, Task, Verdict
from clawdesk.domain.moves import Turn

_OUTCOMES = {
    Verdict.APPROVED.value: "continue",
    Verdict.REJECTED.value: "rejected",
    Verdict.ANSWERED.value: "answered",
    Verdict.ASKED_BACK.value: "asked_back",
}
DIGITS_MAX = 9
_IN_WORDS = frozenset({"answered", "asked_back"})
"""Outcomes whose words are the answer itself; those of the others are a note beside it."""


def machine_adopted(turn: Turn, task: Task, event: ev.MachineAdopted) -> None:
    """Go on with it as if nothing had happened."""
    mine = task.attempt == event.attempt and task.machine == event.machine
    if task.phase is not Phase.UNKNOWN or not mine:
        turn.do(do.ReleaseMachine(task.id, event.machine))
        return
    facts = (("machine", event.machine), ("attempt", event.attempt), ("run", event.run))
    task = turn.put(task, accelerator=event.accelerator, machine_since_ms=turn.state.steady_ms)
    task = turn.note(task, "adopted", **dict(facts))
    turn.do(do.RecordEvent(task.id, "adopted", event.at_ms, facts))
    if task.request is not None:
        task = turn.put(task, phase=Phase.HELD)
        turn.do(do.HoldMachine(task.id, task.machine))
        on_decision.obey_wish(turn, task)
        return
    if not event.run:
        _begin(turn, task, event)
    elif not _stands(turn, task, event):
        why = f"The guest speaks of a step {event.run!r} that this task does not have."
        turn.replay.append(ev.MachineLost(event.at_ms, task.id, event.machine, why))
        return
    on_decision.turn_back(turn, turn.state.tasks[task.id])


def _begin(turn: Turn, task: Task, event: ev.MachineAdopted) -> None:
    """A fresh machine that was never sent a step: it holds files, of the start or of a point."""
    ordinal = task.resume_from or task.tip_ordinal
    if not ordinal:
        moves.run_step(turn, turn.put(task, resume_from=None), 0)
        return
    checkpoint = task.checkpoint(ordinal)
    put = _put_instead(task, checkpoint) if checkpoint is not None else ""
    if put:
        task = turn.put(task, resume_outcome=moves.AMEND, resume_text=put)
    restored = ev.MachineRestored(
        event.at_ms,
        task.id,
        event.attempt,
        event.machine,
        ordinal,
        memory=False,
        boot_ms=0.0,
        accelerator=event.accelerator,
        base=task.base,
    )
    on_boundary.continue_from(turn, task, restored)


def _stands(turn: Turn, task: Task, event: ev.MachineAdopted) -> bool:
    """Put the task where its guest is; False when that is nowhere."""
    index_text, _, round_text = event.run.partition(".")
    if not (_is_number(index_text) and _is_number(round_text)):
        return False
    index, round_ = int(index_text), int(round_text)
    if index >= len(task.steps):
        return False
    rounds = list(task.rounds or (0,) * len(task.steps))
    rounds[index] = max(rounds[index], round_)
    same_step = task.step_index == index and task.step_name
    task = turn.put(
        task,
        phase=Phase.RUNNING,
        step_index=index,
        step_name=task.step_name if same_step else task.steps[index].name,
        rounds=tuple(rounds),
        round=round_,
        step_running=True,
        resume_from=None,
        resume_outcome="",
        resume_text="",
    )
    if not event.ended:
        return True
    last = task.checkpoint(task.tip_ordinal)  # none where this attempt has made none yet
    if last is not None and _ends_step(last, index, round_):
        if undecided(task, last):
            moves.ask(turn, task, last)
        elif not _amend_again(turn, task, last):
            moves.run_step(turn, task, index + 1)
    else:
        turn.replay.append(
            ev.StepEnded(
                event.at_ms,
                task.id,
                task.machine,
                event.exit_code,
                event.timed_out,
                run=event.run,
            )
        )
    return True


def _is_number(text: str) -> bool:
    """As we write them: a guest may say anything, such as "²", which `int` does not take."""
    return text.isascii() and text.isdecimal() and len(text) <= DIGITS_MAX


def undecided(task: Task, checkpoint: Checkpoint) -> bool:
    """Whether a person must still be asked about a committed checkpoint."""
    asks = checkpoint.question or (checkpoint.approval_reason and not checkpoint.approved)
    return bool(asks) and _decision_on(task, checkpoint) is None


def _amend_again(turn: Turn, task: Task, checkpoint: Checkpoint) -> bool:
    """Whether another version of it was approved, which the machine may not have yet."""
    put = _put_instead(task, checkpoint)
    if put:
        moves.take_amended(turn, task, checkpoint, put)
    return bool(put)


def _put_instead(task: Task, checkpoint: Checkpoint) -> str:
    """The commit with the version that was approved instead of it, "" = none was."""
    decision = _decision_on(task, checkpoint)
    amended = decision is not None and decision.fields.get("verdict") == Verdict.AMENDED.value
    return decision.commit if decision is not None and amended else ""


def _decision_on(task: Task, checkpoint: Checkpoint) -> Record | None:
    """The last decision on it since it was made, or made again after going back to it."""
    for record in reversed(task.records):
        if record.fields.get("ordinal") != checkpoint.ordinal:
            continue
        if record.event == "decision":
            return record
        if record.event in ("checkpoint", "restored"):
            return None
    return None


def _prompt_at(task: Task, checkpoint: Checkpoint) -> str:
    """The prompt for which the task was last taken back to it, "" = it was not."""
    for record in reversed(task.records):
        if record.event in ("restored", "checkpoint", "decision"):
            here = record.fields.get("ordinal") == checkpoint.ordinal
            return str(record.fields.get("prompt", "")) if here else ""
    return ""


def _ends_step(checkpoint: Checkpoint, index: int, round_: int) -> bool:
    between_steps = not checkpoint.guest_request and not checkpoint.mid_step
    return between_steps and (checkpoint.step_index, checkpoint.round) == (index, round_)


def answer_again(turn: Turn, task: Task, guest_request: str) -> bool:
    """Whether this `claw` call has its checkpoint: then it gets the same answer once more, or the
    person is asked whom nobody had asked yet."""
    # Others of the same call may stand on ways that were left behind.
    checkpoint = task.checkpoint(task.tip_ordinal)
    if checkpoint is None or checkpoint.guest_request != guest_request:
        return False
    if prompt := _prompt_at(task, checkpoint):
        turn.do(do.ReplyToGuest(task.id, task.machine, guest_request, "rejected", prompt))
        return True
    outcome, text = "continue", task.feedback if checkpoint.amends else ""
    if undecided(task, checkpoint):
        moves.ask(turn, task, checkpoint)
        return True
    if _amend_again(turn, task, checkpoint):
        return True
    decision = _decision_on(task, checkpoint)
    if decision is not None:
        outcome = _OUTCOMES[str(decision.fields.get("verdict"))]
        text = str(decision.fields.get("text" if outcome in _IN_WORDS else "note", ""))
    turn.do(do.ReplyToGuest(task.id, task.machine, guest_request, outcome, text))
    return True
