"""The values of the channel's book: asks, raised cards, words that come back, events, effects.

Times named `at_ms` are steady (running) milliseconds, so that no jump of the wall clock raises a
card early; ids are the gateway's, marks are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clawdesk.domain.model import Kind, TaskId

MARK_DIGEST_CHARS = 12


class Form(StrEnum):
    """How something is raised: with fixed buttons, or with choices and free text."""

    APPROVAL = "approval"
    QUESTION = "question"


class Answer(StrEnum):
    """What became of a card. `NONE`: nobody answered, or it is not known: then the task is held."""

    APPROVED = "approved"
    REJECTED = "rejected"
    TEXT = "text"
    BACK = "back"  # a question in return
    NONE = "none"


class Stage(StrEnum):
    """How far an ask has come on the channel; each is said only when the gateway or Git said it."""

    WAITS = "waits"  # not on the gateway: no connection, or its next time has not come
    UNSEEN = "nobody there"  # the gateway took it and has nobody to show it to
    DELIVERED = "delivered"  # the gateway named the route it went out on
    SEEN = "seen"  # somebody answered; the plane decides what that is worth
    APPLIED = "applied"  # the decision is in Git


@dataclass(frozen=True, slots=True)
class Ask:
    """A request of a task, as it waits in Git.

    Args:
        may_approve: a summary is enough for it, and the user's policy lets chat approve.
        fresh: asked since this program began, so that no earlier card of it can be on a gateway.
    """

    task: TaskId
    request: str
    kind: Kind
    digest: str
    may_approve: bool = False
    fresh: bool = True

    @property
    def mark(self) -> str:
        """Names request and digest on the gateway, so that an answer is bound to what was shown."""
        return f"{self.request}.{self.digest[:MARK_DIGEST_CHARS] or 'none'}"

    @property
    def forms(self) -> tuple[Form, ...]:
        """An approval has buttons; a comment to a rejection, and any answer, need a question."""
        if self.kind is Kind.APPROVE:
            return (Form.APPROVAL, Form.QUESTION)
        return (Form.QUESTION,)


@dataclass(frozen=True, slots=True)
class Card:
    """What is shown. `title` and `description` may go to chats, `detail` only to the gateway's own
    pages. `choices`: 0 or 2 to 4; free text is always possible in a question."""

    mark: str
    form: Form
    number: int
    title: str
    description: str
    detail: str = ""
    choices: tuple[str, ...] = ()
    may_approve: bool = False
    lasts_ms: int = 0


@dataclass(frozen=True, slots=True)
class Raised:
    """The gateway has a card. `route`: what it went out on, "" = there was nobody to show it to."""

    id: str
    route: str
    lasts_ms: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A card that waits on the gateway now."""

    id: str
    mark: str
    form: Form
    lasts_ms: int


@dataclass(frozen=True, slots=True)
class Word:
    """What became of a card; `text` and `by` come from outside and are shown as plain text.

    Args:
        ours: this program took the card down itself.
        age_ms: how long ago the card was raised, 0 = not known.
    """

    id: str
    mark: str
    form: Form
    answer: Answer
    text: str = ""
    by: str = ""
    ours: bool = False
    age_ms: int = 0


def key_of(word: Word) -> str:
    """Names an answer to the plane: the same card's answer again has the same result (H2)."""
    return f"openclaw:{word.id}"


@dataclass(frozen=True, slots=True)
class Delivery:
    """An ask as people see it: how far it came, and who answered."""

    task: TaskId
    request: str
    stage: Stage
    route: str = ""
    by: str = ""


# -- events -----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Asked:
    """A request is in Git and waits for a person."""

    at_ms: int
    ask: Ask


@dataclass(frozen=True, slots=True)
class Settled:
    """It waits no more: decided (by whom), withdrawn, or its project is not to be shown.

    `task` and `mark` name what this book never knew to wait: an earlier program's card stands.
    """

    at_ms: int
    request: str
    approved: bool = False
    how: str = ""
    task: TaskId = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Online:
    at_ms: int
    connection: int


@dataclass(frozen=True, slots=True)
class Offline:
    at_ms: int


@dataclass(frozen=True, slots=True)
class Found:
    """What stands on the gateway, and what became of earlier cards; `began_ms` = when we asked."""

    at_ms: int
    connection: int
    began_ms: int
    standing: tuple[Standing, ...]
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class NotFound:
    """The gateway could not be asked; it is asked again later."""

    at_ms: int
    connection: int


@dataclass(frozen=True, slots=True)
class CardRaised:
    at_ms: int
    mark: str
    form: Form
    number: int
    raised: Raised


@dataclass(frozen=True, slots=True)
class CardNotRaised:
    """`lost`: the connection ended first, so that the gateway may have it; else it refused."""

    at_ms: int
    mark: str
    form: Form
    lost: bool


@dataclass(frozen=True, slots=True)
class Heard:
    at_ms: int
    word: Word


@dataclass(frozen=True, slots=True)
class Obeyed:
    """What the plane made of an answer: applied, or refused with a sentence."""

    at_ms: int
    request: str
    key: str
    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class Passed:
    """Time has passed. `quiet`: it is an hour in which nothing is raised again."""

    at_ms: int
    quiet: bool = False


Event = (
    Asked
    | Settled
    | Online
    | Offline
    | Found
    | NotFound
    | CardRaised
    | CardNotRaised
    | Heard
    | Obeyed
    | Passed
)


# -- effects ----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Look:
    """Ask the gateway what stands there and what became of the cards with these marks."""

    connection: int
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Raise:
    ask: Ask
    form: Form
    number: int


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take a card down; one that asked for approval then shows `approved` or not."""

    id: str
    form: Form
    approved: bool


@dataclass(frozen=True, slots=True)
class Decide:
    """Give an answer to the plane, which alone decides whether it counts."""

    ask: Ask
    answer: Answer
    text: str
    by: str
    key: str


@dataclass(frozen=True, slots=True)
class Tell:
    """A sentence for the user."""

    task: TaskId
    text: str


Effect = Look | Raise | Withdraw | Decide | Tell
