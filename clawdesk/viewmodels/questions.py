"""A question of a task, with what a person needs to answer it: its context, what each choice does.

What a step says stands in its own words: the first line of its question is the question and the
rest its context, the first line of a choice is the choice and the rest what it costs or does. What
is known without the step is added: where it stands, what was done so far, and the way back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from clawdesk.domain.model import Request, Task, Verdict
from clawdesk.domain.moves import GIVE_UP, RETRY, TELL
from clawdesk.viewmodels.amounts import files, moment
from clawdesk.viewmodels.inbox import closing_words
from clawdesk.viewmodels.language import counted, marked, tr
from clawdesk.viewmodels.tasks import waiting_words
from clawdesk.viewmodels.words import first_line

WORDS_MAX = 600
_IN_WORDS = frozenset({Verdict.ANSWERED.value, Verdict.ASKED_BACK.value})
CHOICES_MAX = 9
"""As many as there are keys for."""
_OF_RETRY = {
    RETRY: marked("Makes the checkpoint once more, of the machine as it is now."),
    TELL: marked("The step reads why and goes on without this checkpoint."),
    GIVE_UP: marked("The task fails here. The checkpoints that were made stay."),
}


class Choice(NamedTuple):
    """One row. `answer` is what is sent: the choice exactly as the step gave it."""

    answer: str
    text: str
    note: str = ""  # what it costs or does, "" = nobody said
    usual: bool = False  # the step takes it where nobody can be asked


class Back(NamedTuple):
    """What asking back does here.

    Args:
        becomes: one or two sentences, known before it is done; "" where it cannot be done.
        may_end: the step may end by it.
        why_not: why it cannot be done, "" = it can.
    """

    becomes: str = ""
    may_end: bool = False
    why_not: str = ""


NOWHERE = Back()


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A question on screen; `choices` are rows 1..9, free text is always possible.

    Args:
        context: what the step says beside its question, may have several lines.
        where: its step and the time of day.
        at_ms: when it was asked; what the step printed before that is its context, too.
        facts: (name, words) of what is known without the step.
        asked_back: what the user asked back before it was asked, "" = nothing.
    """

    task: str
    request: str
    key: str
    title: str
    question: str
    context: str
    where: str
    at_ms: int
    choices: tuple[Choice, ...]
    waiting: str
    facts: tuple[tuple[str, str], ...] = ()
    closed: str = ""
    asked_back: str = ""
    back: Back = NOWHERE


def question_view(task: Task, request: Request, *, now_ms: int, offset_ms: int = 0) -> QuestionView:
    """The clarification dialog for `request`."""
    question, context = parts(request.question)
    return QuestionView(
        task=task.id,
        request=request.id,
        key=request.key,
        title=tr("{task} asks you", task=task.title),
        question=question,
        context=context,
        where=_where(task, request, now_ms, offset_ms),
        at_ms=request.at_ms,
        choices=tuple(_choice(request, text) for text in request.choices[:CHOICES_MAX]),
        waiting=waiting_words(task, request, now_ms),
        facts=_facts(task, request),
        closed=closing_words(task, request.id, now_ms, offset_ms),
        asked_back=asked_back_before(task, request),
        back=_back(task, request),
    )


def parts(text: str) -> tuple[str, str]:
    """The first line that says something, and what follows it."""
    first, _, rest = text.strip().partition("\n")
    return first.rstrip(), rest.strip()


def _choice(request: Request, text: str) -> Choice:
    name, note = parts(text)
    if request.is_ours and text in _OF_RETRY:
        note = tr(_OF_RETRY[text])
    usual = bool(request.default) and text == request.default
    return Choice(text, name, " ".join(note.split()), usual)


def asked_back_before(task: Task, request: Request) -> str:
    """What was asked back last, where this is the question that came next, or the same one again.

    Nothing of what a restore left behind: the task that asks now has never heard it.
    """
    keys: dict[str, str] = {}
    behind: list[tuple[str, str, str]] = []  # (key, verdict, words) of questions, oldest first
    for record in task.records:
        fields, id_ = record.fields, str(record.fields.get("request", ""))
        if record.event == "restored":
            behind.clear()
        elif record.event == "requested":
            keys[id_] = str(fields.get("key", ""))
            if id_ == request.id:
                break
        elif record.event == "decision" and fields.get("verdict") in _IN_WORDS:
            behind.append((keys.get(id_, ""), str(fields["verdict"]), str(fields.get("text", ""))))
    last = behind[-1:] + [said for said in reversed(behind) if said[0] == request.key][:1]
    words = (words for _, verdict, words in last if verdict == Verdict.ASKED_BACK.value)
    return first_line(" ".join(next(words, "")[:4096].split()), WORDS_MAX)


def _back(task: Task, request: Request) -> Back:
    if request.is_ours:
        return Back(why_not=tr("ClawDesk asks this itself, so there is nobody to ask back."))
    if task.definition.agent is not None:
        return Back(
            tr("Ask back: the agent gets your words in place of an answer, and may ask again.")
        )
    return Back(
        tr(
            "Ask back: `claw ask` prints your words and ends with exit code 4; a step that was "
            "not written for that fails there. Checkpoint {ordinal} stays, to go back to.",
            ordinal=request.ordinal,
        ),
        may_end=True,
    )


def _where(task: Task, request: Request, now_ms: int, offset_ms: int) -> str:
    at = moment(request.at_ms, now_ms, offset_ms, seconds=True)
    if task.step_index >= len(task.steps):
        return at
    name = task.steps[task.step_index].name
    return tr("Step {number} {name}, {time}", number=task.step_index + 1, name=name, time=at)


def _facts(task: Task, request: Request) -> tuple[tuple[str, str], ...]:
    made = len([c for c in task.checkpoints if not c.safety])
    so_far = counted(made, "{count} checkpoint", "{count} checkpoints")
    stat = request.diffstat
    if stat.files:
        last = f"{files(stat.files)} +{stat.added} −{stat.removed}"  # noqa: RUF001
        so_far = tr("{checkpoints}; the last changed {changed}", checkpoints=so_far, changed=last)
    facts = [(tr("So far"), so_far)]
    if not request.is_ours and request.ordinal:
        back = tr(
            "The step goes on with your answer. Checkpoint {ordinal} holds this moment: roll back "
            "to it to answer otherwise.",
            ordinal=request.ordinal,
        )
        facts.append((tr("After it"), back))
    return tuple(facts)
