"""Answers that were given while nobody could take them: when they may be sent, and their words.

An answer is sent later only where the very request it answers still waits with the very content
that was shown; what a person said about something else is theirs to say again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from clawdesk.domain.model import Phase, Task, TaskId, Verdict
from clawdesk.viewmodels.inbox import InboxCard, closing_words
from clawdesk.viewmodels.language import counted, marked, tr
from clawdesk.viewmodels.tasks import TaskRow
from clawdesk.viewmodels.words import first_line

_WORDS = {
    Verdict.APPROVED: marked("Your approval is not sent yet"),
    Verdict.REJECTED: marked("Your rejection is not sent yet"),
    Verdict.ANSWERED: marked("Your answer is not sent yet"),
    Verdict.ASKED_BACK: marked("Your question back is not sent yet"),
}


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """What a person decided, whole enough to be sent by another window.

    Args:
        key: its own name: the plane carries out the same key once.
        digest: of what was shown.
        ref: what `answer` and `ask_back` call the question: its key, or the request's id.
        text: the note or the answer, as it was typed.
        only: paths that are approved, None = all.
        edits: whole contents of files that are approved in place of what was made.
    """

    key: str
    request: str
    task: TaskId
    verdict: Verdict
    ordinal: int
    digest: str
    text: str
    ref: str = ""
    only: tuple[str, ...] | None = None
    edits: dict[str, bytes] = field(default_factory=dict)


class Fate(StrEnum):
    """What becomes of an unsent answer now."""

    WAIT = "wait"
    SEND = "send"
    SENT = "sent"
    VOID = "void"


def fate(
    answer: GivenAnswer, task: Task | None, now_ms: int = 0, offset_ms: int = 0
) -> tuple[Fate, str]:
    """What to do with it, and why where it is void. A task that is not known yet is waited for."""
    if task is None:
        return Fate.WAIT, ""
    if any(r.event == "decision" and r.fields.get("key") == answer.key for r in task.records):
        return Fate.SENT, ""  # it arrived, and only the word of it did not come back
    if task.deciding is not None and task.deciding.key == answer.key:
        return Fate.WAIT, ""
    closed = closing_words(task, answer.request, now_ms, offset_ms)
    if closed:
        return Fate.VOID, closed
    if task.request is None or task.request.digest != answer.digest:
        return Fate.VOID, tr("The content changed since it was shown to you.")
    return (Fate.SEND if task.phase is Phase.HELD else Fate.WAIT), ""


def not_sent(answer: GivenAnswer, task: Task | None, why: str) -> str:
    """`Not sent, to fix-loader: Approved by ada via CLI at 14:02.`"""
    title = task.title if task is not None else answer.task
    return tr("Your answer to {task} was not sent. {why}", task=title, why=why)


def still_unsent(count: int) -> str:
    """What the window says of them while it connects again."""
    return counted(
        count,
        "{count} answer is not sent yet. It is sent by itself if what it answers still waits then.",
        "{count} answers are not sent yet. They are sent by themselves if what they answer still "
        "waits then.",
    )


def on_cards(
    cards: Iterable[InboxCard], unsent: Mapping[str, GivenAnswer]
) -> tuple[InboxCard, ...]:
    """The inbox with what was said already; `unsent` by request."""
    return tuple(_on_card(card, unsent.get(card.request)) for card in cards)


def _on_card(card: InboxCard, answer: GivenAnswer | None) -> InboxCard:
    if answer is None:
        return card
    quote = first_line(answer.text, 160) or card.quote
    return replace(card, unsent=tr(_WORDS[answer.verdict]), quote=quote)


def on_rows(rows: Iterable[TaskRow], unsent: Mapping[str, GivenAnswer]) -> list[TaskRow]:
    """The list of tasks with what was said already."""
    words = {a.task: tr(_WORDS[a.verdict]) for a in unsent.values()}
    return [
        replace(r, state=tr("Not sent yet"), reason=words[r.id]) if r.id in words else r
        for r in rows
    ]
