"""The channel's book in a simulated world: a gateway that loses, doubles and reorders what it says.

Git, the plane, the gateway and the people are small models here; one seed tells one story. A person
may answer in ClawDesk and on the gateway at once, several times and late; connections end, the
gateway and ClawDesk are started again, cards run out.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

from clawdesk.domain.channel import model as m
from clawdesk.domain.channel.book import Book
from clawdesk.domain.model import Kind

STEP_MS = 7_000


@dataclass
class Card:
    """On the gateway. `ended`: "" = waits, else how it ended."""

    id: str
    mark: str
    form: m.Form
    ends_ms: int
    began_ms: int
    may_approve: bool
    answer: m.Answer = m.Answer.NONE
    ended: str = ""


@dataclass
class Request:
    """In Git. `decided`: who decided, in order; more than one is a mistake."""

    ask: m.Ask
    decided: list[str] = field(default_factory=list)
    withdrawn: bool = False
    refused: bool = False  # Git did not take a decision; whoever gave it was told

    @property
    def waits(self) -> bool:
        return not self.decided and not self.withdrawn


class World:
    """One story; `run` tells it, `settle` lets everything come to rest."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.now_ms = 1
        self.git: dict[str, Request] = {}
        self.cards: dict[str, Card] = {}
        self.typed: dict[str, Card] = {}  # words from a chat: no card of the gateway's
        self.gateway_up = True
        self.connection = 0
        self.connected = False
        self.inbox: list[m.Event] = []  # on its way to the book
        self.todo: list[tuple[int, m.Effect]] = []  # with the connection it was said on
        self.calm = False
        self.refusing = False
        self.notices = 0
        self.story: list[str] = []
        self.book = Book()
        self.numbers = 0

    # -- the book and the plane -----------------------------------------------------------
    def take(self, event: m.Event) -> None:
        self.story.append(f"{self.now_ms} {event}")
        for effect in self.book.take(event):
            if isinstance(effect, m.Tell):
                self.notices += 1
            elif isinstance(effect, m.Decide):
                self.decide(effect)
            else:
                self.todo.append((self.connection, effect))

    def decide(self, effect: m.Decide) -> None:
        """The plane: the first valid answer of what waits wins (H1, H3)."""
        request = self.git[effect.ask.request]
        name = effect.key.removeprefix("openclaw:")
        card = self.cards.get(name) or self.typed[name]
        assert card.mark == request.ask.mark, "C5: an answer for another request or digest"
        assert card.answer is effect.answer is not m.Answer.NONE, "nobody said this"
        assert effect.answer is not m.Answer.APPROVED or request.ask.may_approve
        ok = request.waits and not self.refusing
        request.refused = request.refused or self.refusing
        if ok:
            request.decided.append(effect.key)
        self.inbox.append(m.Obeyed(self.now_ms, effect.ask.request, effect.key, ok, "so it is"))
        if ok:
            self.inbox.append(m.Settled(self.now_ms, effect.ask.request, True, "decided"))

    # -- the gateway ----------------------------------------------------------------------
    def perform(self, index: int) -> None:
        connection, effect = self.todo.pop(index)
        if not self.connected or not self.gateway_up or connection != self.connection:
            self._lost(effect)
            return
        match effect:
            case m.Look(connection=number, marks=marks):
                self.inbox.append(self._found(number, marks))
            case m.Raise():
                self._raise(effect)
            case m.Withdraw(id=name):
                card = self.cards.get(name)
                if card is not None and not card.ended:
                    card.ended = "withdrawn"

    def _lost(self, effect: m.Effect) -> None:
        if isinstance(effect, m.Raise):
            lost = m.CardNotRaised(self.now_ms, effect.ask.mark, effect.form, lost=True)
            self.inbox.append(lost)
        elif isinstance(effect, m.Look):
            self.inbox.append(m.NotFound(self.now_ms, effect.connection))

    def _raise(self, effect: m.Raise) -> None:
        ask, form = effect.ask, effect.form
        if not self.calm and self.random.random() < 0.1:
            nobody = m.Raised("", "", 0)
            raised = m.CardRaised(self.now_ms, ask.mark, form, effect.number, nobody)
            self.inbox.append(raised)
            return
        self.numbers += 1
        lasts_ms = 600_000 if form is m.Form.APPROVAL else 86_400_000
        name = f"card{self.numbers}"
        ends_ms = self.now_ms + lasts_ms
        self.cards[name] = Card(name, ask.mark, form, ends_ms, self.now_ms, ask.may_approve)
        if not self.calm and self.random.random() < 0.1:
            self.drop()  # the gateway has it, and nobody hears that it has
            return
        up = m.Raised(name, "chat", lasts_ms)
        self.inbox.append(m.CardRaised(self.now_ms, ask.mark, form, effect.number, up))

    def _found(self, connection: int, marks: tuple[str, ...]) -> m.Found:
        cards = list(self.cards.values())
        standing = tuple(
            m.Standing(c.id, c.mark, c.form, c.ends_ms - self.now_ms) for c in cards if not c.ended
        )
        known = [c for c in cards if c.ended not in ("", "forgotten") and c.mark in marks]
        words = tuple(self._word(c) for c in known)
        return m.Found(self.now_ms, connection, self.now_ms, standing, words)

    def _word(self, card: Card) -> m.Word:
        ours = card.ended == "withdrawn"
        age_ms = self.now_ms - card.began_ms
        text = "a word" if card.answer is m.Answer.TEXT else ""
        return m.Word(card.id, card.mark, card.form, card.answer, text, "pat", ours, age_ms)

    def tell(self, card: Card) -> None:
        """Its end goes out: perhaps never, perhaps twice, perhaps late."""
        if not self.connected:
            return
        copies = 1 if self.calm else self.random.choice((0, 1, 1, 2))
        self.inbox += [m.Heard(self.now_ms, self._word(card))] * copies

    # -- what may happen ------------------------------------------------------------------
    def ask(self) -> None:
        number = len(self.git)
        kind = self.random.choice((Kind.APPROVE, Kind.CLARIFY))
        may = self.random.random() < 0.7
        ask = m.Ask(f"T{number}", f"r{number}", kind, f"digest{number}", may)
        self.git[ask.request] = Request(ask)
        self.inbox.append(m.Asked(self.now_ms, ask))

    def answer(self) -> None:
        """Somebody taps or writes on the gateway; the first on a card wins there."""
        waiting = [card for card in self.cards.values() if not card.ended]
        if not waiting or not self.gateway_up:
            return
        card = self.random.choice(waiting)
        if card.form is m.Form.QUESTION:
            card.answer = m.Answer.TEXT
        else:
            yes = card.may_approve and self.random.random() < 0.5
            card.answer = m.Answer.APPROVED if yes else m.Answer.REJECTED
        card.ended = "answered"
        self.tell(card)

    def type(self) -> None:
        """Somebody types words for a request; they come at once, doubled, or too late."""
        if not self.git or not self.connected:
            return
        ask = self.random.choice(list(self.git.values())).ask
        name, form = f"typed-{len(self.typed)}", m.Form.QUESTION
        times = (self.now_ms, self.now_ms)
        card = Card(name, ask.mark, form, *times, False, m.Answer.TEXT, "answered")
        self.typed[name] = card
        self.inbox += [m.Heard(self.now_ms, self._word(card))] * self.random.choice((1, 2))

    def at_the_desk(self) -> None:
        """Somebody decides in ClawDesk, or the task is cancelled."""
        waiting = [request for request in self.git.values() if request.waits]
        if not waiting:
            return
        request = self.random.choice(waiting)
        if self.random.random() < 0.3:
            request.withdrawn = True
        else:
            request.decided.append("desk")
        settled = m.Settled(self.now_ms, request.ask.request, bool(request.decided), "desk")
        self.inbox.append(settled)

    def drop(self) -> None:
        if self.connected:
            self.connected = False
            self.inbox.append(m.Offline(self.now_ms))

    def connect(self) -> None:
        if not self.connected and self.gateway_up:
            self.connected, self.connection = True, self.connection + 1
            self.inbox.append(m.Online(self.now_ms, self.connection))

    def gateway_dies(self) -> None:
        self.drop()
        self.gateway_up = False
        for card in self.cards.values():
            if card.form is m.Form.QUESTION:
                card.ended = "forgotten"  # a gateway keeps questions, and their answers, in memory
            elif not card.ended:
                card.ended = "restart"

    def gateway_starts(self) -> None:
        self.gateway_up = True

    def clawdesk_dies(self) -> None:
        """Killed and started again: the book is made anew from Git and from the gateway."""
        self.inbox.clear()
        self.todo.clear()
        self.connected = False
        self.book = Book()
        for request in self.git.values():
            if request.waits:
                self.inbox.append(m.Asked(self.now_ms, replace(request.ask, fresh=False)))
        self.random.shuffle(self.inbox)

    def git_refuses(self) -> None:
        self.refusing = not self.refusing

    def pass_time(self) -> None:
        self.now_ms += self.random.choice((STEP_MS, STEP_MS, 65_000, 700_000))
        for card in self.cards.values():
            if not card.ended and card.ends_ms <= self.now_ms:
                card.ended = "timeout"
                self.tell(card)
        self.take(m.Passed(self.now_ms, self.random.random() < 0.3))

    def hear(self) -> None:
        """Something that is on its way arrives; not always what was said first."""
        if not self.inbox:
            return
        late = not self.calm and self.random.random() < 0.2
        index = self.random.randrange(len(self.inbox)) if late else 0
        if not isinstance(self.inbox[index], m.Heard | m.CardRaised | m.CardNotRaised):
            index = 0  # the plane's own word and a connection's news keep their order
        self.take(self.inbox.pop(index))

    def act(self) -> None:
        if self.todo:
            late = not self.calm and self.random.random() < 0.3
            self.perform(self.random.randrange(len(self.todo)) if late else 0)

    # -- telling --------------------------------------------------------------------------
    def run(self, steps: int) -> None:
        acts = (
            (self.ask, 4),
            (self.answer, 6),
            (self.at_the_desk, 2),
            (self.type, 2),
            (self.drop, 2),
            (self.connect, 6),
            (self.gateway_dies, 1),
            (self.gateway_starts, 3),
            (self.clawdesk_dies, 1),
            (self.git_refuses, 1),
            (self.pass_time, 5),
            (self.hear, 20),
            (self.act, 20),
        )
        self.connect()
        for _ in range(steps):
            self.random.choices([a for a, _ in acts], [w for _, w in acts])[0]()
            self.check()

    def settle(self) -> None:
        """All is well from here on: what was said to the gateway must have its effect."""
        self.calm, self.refusing = True, False
        self.gateway_starts()
        self.connect()
        for _ in range(40):
            while self.inbox or self.todo:
                self.hear()
                self.act()
            self.now_ms += STEP_MS
            self.take(m.Passed(self.now_ms, False))
        self.check()

    def check(self) -> None:
        for request in self.git.values():
            assert len(request.decided) <= 1, f"H1: decided twice: {request}"
        known = self.book.waiting
        coming = {e.ask.request for e in self.inbox if isinstance(e, m.Asked)}
        going = {e.request for e in self.inbox if isinstance(e, m.Settled)}
        waits = {name for name, request in self.git.items() if request.waits}
        assert known | coming >= waits, "a request was lost"
        assert known - going <= waits, "a settled request is still known"

    def check_rest(self) -> None:
        """What must hold when nothing is on its way any more."""
        waits = {name for name, request in self.git.items() if request.waits}
        up = {c.mark.partition(".")[0] for c in self.cards.values() if not c.ended}
        assert up <= waits, f"cards of what does not wait: {up - waits}"
        assert self.book.waiting == waits
        for request in self.git.values():
            if request.waits and not request.refused:
                said = [c for c in self.cards.values() if c.mark == request.ask.mark]
                lost = [c for c in said if c.ended == "answered"]
                assert not lost, f"an answer was accepted and never applied: {lost}"
        never = waits - up
        raised = {c.mark.partition(".")[0] for c in self.cards.values()}
        # Words that Git refused put the first card off; whoever typed them was told.
        raised |= {name for name, request in self.git.items() if request.refused}
        assert never <= raised, f"never shown at all: {never - raised}"
