"""What somebody typed in a chat behind `/clawdesk`: about which request, and what it says. Pure.

Nothing typed approves. The name that people type belongs to one request and one digest, so that
words about an old picture are about nothing any more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from clawdesk.domain.channel import words
from clawdesk.domain.channel.model import Answer, Ask, Card, Form, Word
from clawdesk.domain.model import Kind, Task, TaskId

HANDLE_CHARS = 6
LINES_MAX = 10
BACK = "?"
"""Words behind it are asked back."""
HOW = "Type /clawdesk and a name for what it asks; add your words to answer it."


@dataclass(frozen=True, slots=True)
class Typed:
    """`text`: all behind the command. `by`: the sender as the gateway names them."""

    id: str
    text: str
    by: str


@dataclass(frozen=True, slots=True)
class Said:
    """A reply for the chat. `known`: False where another ClawDesk may know better."""

    known: bool
    text: str


def handle(ask: Ask) -> str:
    """The short name of a request; another digest has another one."""
    return hashlib.sha256(ask.mark.encode()).hexdigest()[:HANDLE_CHARS]


def mentioned(card: Card, ask: Ask) -> Card:
    """The card with the name under which words are taken, where there is room for it."""
    text = f"{card.description} In words: /clawdesk {handle(ask)} and your comment."
    fits = len(text) <= words.DESCRIPTION_CHARS_MAX
    return replace(card, description=text) if fits else card


def understand(
    typed: Typed, asks: Iterable[Ask], tasks: Mapping[TaskId, Task]
) -> Said | tuple[Ask, Word]:
    """A reply, where only something is to be read; else the request and the answer it gets."""
    waiting = {handle(ask): ask for ask in asks if ask.task in tasks}
    name, _, rest = typed.text.strip().partition(" ")
    if "\n" in name:
        name, _, rest = typed.text.strip().partition("\n")
    if not name:
        return _listed(waiting, tasks)
    ask = waiting.get(name.lower())
    if ask is None:
        return Said(False, f"Nothing waits under {words.clean(name, 40)!r}. {_again(waiting)}")
    if not rest.strip():
        return Said(True, _shown(ask, tasks[ask.task]))
    answer, said = Answer.TEXT, rest.strip()
    if said.startswith(BACK):
        if ask.kind is not Kind.CLARIFY:
            # Somebody who only asks must not have rejected by that.
            return Said(True, f"Only a question can be asked back. {_shown(ask, tasks[ask.task])}")
        answer, said = Answer.BACK, said.removeprefix(BACK).strip()
    return ask, Word(f"typed-{typed.id}", ask.mark, Form.QUESTION, answer, said, typed.by)


def _again(waiting: Mapping[str, Ask]) -> str:
    return "Type /clawdesk for what waits." if waiting else "Nothing waits at all."


def _listed(waiting: Mapping[str, Ask], tasks: Mapping[TaskId, Task]) -> Said:
    if not waiting:
        return Said(False, "Nothing waits for you.")
    lines = [_line(name, ask, tasks[ask.task]) for name, ask in waiting.items()]
    left = len(lines) - LINES_MAX
    more = [f"and {left} more, in ClawDesk"] if left > 0 else []
    return Said(True, "\n".join([*lines[:LINES_MAX], *more, HOW]))


def _line(name: str, ask: Ask, task: Task) -> str:
    asks = "a question" if ask.kind is Kind.CLARIFY else "an approval; your words reject it"
    return f"{name}  {words.project_name(task)}, {words.clean(task.title, 60)}: {asks}"


def _shown(ask: Ask, task: Task) -> str:
    """What a request asks. A question's own words go to a chat only on this wish, cleaned."""
    form = Form.QUESTION if ask.kind is Kind.CLARIFY else Form.APPROVAL
    card = words.card(task, ask, form, 1)
    choices = [f"Choices: {' | '.join(card.choices)}"] if card.choices else []
    how = f"/clawdesk {handle(ask)} and your words "
    how += "answer it." if form is Form.QUESTION else "reject it with them as comment."
    if form is Form.QUESTION:
        how += f" Behind a {BACK} they are asked back: the task hears them in place of an answer."
    title = [card.title] if form is Form.APPROVAL else []
    return "\n".join([*title, card.description, *choices, how])
