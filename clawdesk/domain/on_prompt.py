"""A further prompt for an agent that has ended its turn: while it waits, or after the task's end.

At the end of each turn the agent stands in a `claw checkpoint` and its session in the snapshot. So
a prompt is the word of a person who sends the work back: to an agent that waits for approval it is
the rejection's note, and to one whose task has ended the same, after going back to that point.
"""

from __future__ import annotations

from clawdesk.domain import events as ev
from clawdesk.domain import on_decision
from clawdesk.domain.agents import speaks_acp
from clawdesk.domain.model import FINAL, Checkpoint, Kind, Phase, Task, Verdict, Wish
from clawdesk.domain.moves import Turn
from clawdesk.domain.parameters import is_utf8
from clawdesk.domain.ways import way_of

TEXT_CHARS_MAX = 8_000


def prompt_asked(turn: Turn, task: Task, event: ev.PromptAsked) -> None:
    """Tell the agent at once, or go back to where it can be told."""
    refusal = prompt_refusal(task) or _unfit(event.text)
    if refusal:
        turn.acknowledge(event.intent, False, refusal)
    elif task.phase is Phase.HELD and task.request is not None:
        note = ev.DecisionGiven(
            event.at_ms,
            task.id,
            str(task.request.ordinal),
            Verdict.REJECTED,
            event.actor,
            event.channel,
            task.request.digest,
            note=event.text,
            intent=event.intent,
            prompt=True,
        )
        on_decision.decision_given(turn, task, note)
    else:
        rest = resting(task)
        assert rest is not None, "refused otherwise"
        wish = Wish(rest.ordinal, event.actor, event.channel, event.intent, event.text, prompt=True)
        on_decision.obey_wish(turn, turn.put(task, wish=wish))


def resting(task: Task) -> Checkpoint | None:
    """The last checkpoint at which the agent had ended its turn and waits in the machine.

    Of the work as it stands now; where that has none, of work that was left behind.
    """
    if not speaks_acp(task.definition.agent):
        return None
    known = (*way_of(task), *reversed(task.checkpoints))
    return next((c for c in known if _rests(c)), None)


def _rests(checkpoint: Checkpoint) -> bool:
    asks = checkpoint.question is not None or checkpoint.model_call
    return bool(checkpoint.guest_request) and not asks and not checkpoint.safety


def prompt_refusal(task: Task) -> str:
    """Why its agent cannot be prompted now, one sentence; "" = it can."""
    if not speaks_acp(task.definition.agent):
        return 'Only an agent of kind "acp" can be prompted again; this task has none.'
    if task.wish is not None or task.deciding is not None or task.finish is not None:
        return "The task is just changing; try again in a moment."
    return _not_resting(task)


def _unfit(text: str) -> str:
    if not text.strip():
        return "A prompt needs some text."
    if not is_utf8(text):
        return on_decision.NO_TEXT
    if len(text) > TEXT_CHARS_MAX:
        return f"The prompt has {len(text)} characters; at most {TEXT_CHARS_MAX} are taken."
    return ""


def _not_resting(task: Task) -> str:
    rest, request = resting(task), task.request
    if rest is None:
        return "Its agent has not ended a turn yet, so there is nowhere to prompt it."
    if task.phase in FINAL:
        return ""
    if task.phase is not Phase.HELD or request is None:
        return "The agent is at its work; it can be prompted when it has ended its turn."
    if request.kind is Kind.APPROVE and request.ordinal == rest.ordinal:
        return ""
    what = request.key if request.kind is Kind.CLARIFY else f"checkpoint {request.ordinal}"
    return f"The agent waits for your word on {what}; give that first."
