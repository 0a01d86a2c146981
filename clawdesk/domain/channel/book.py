"""The channel's book: which requests are up on the gateway, and which answer goes to the plane.

Pure: events in, effects out; no clock, no I/O. Losing it loses nothing: it is made anew from the
requests in Git (`Asked`) and from what stands on the gateway (`Found`).

C1 Nothing is raised that is not in Git. C2 One answer of a request is with the plane at a time; the
plane alone says whether it counts. C3 What waits no more is taken down, also after a reconnection.
C4 A card that ended without an answer changes nothing: the request stays, and is raised again by
`rhythm`. C5 An answer counts only for the request and the digest that were on its card. C6 The same
card answers once, however often its end is heard.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import TypeVar

from clawdesk.domain.channel import rhythm
from clawdesk.domain.channel.model import (
    Answer,
    Ask,
    Asked,
    CardNotRaised,
    CardRaised,
    Decide,
    Delivery,
    Effect,
    Event,
    Form,
    Found,
    Heard,
    Look,
    NotFound,
    Obeyed,
    Offline,
    Online,
    Passed,
    Raise,
    Settled,
    Stage,
    Standing,
    Tell,
    Withdraw,
    Word,
    key_of,
)

Value = TypeVar("Value")
UP_MAX = 100
"""Requests on the gateway at once; more would be a flood that nobody reads. The oldest go first."""
RAISES_A_MINUTE = 20
REMEMBERED_MAX = 10_000
LOOK_MS = 60_000
"""Gateways drop events of slow readers, so that what stands there is asked now and then."""
ORPHAN_MS = 5_000
"""A card of ours that nobody waits for is taken down; not before projects had time to be opened."""
TEXT_CHARS_MAX = 8_000


@dataclass(slots=True)
class _Turn:
    """One form of an ask: which card it is at, and when the next one is due."""

    number: int = 0
    due_ms: int = 0
    raising: bool = False
    tries: int = 0  # in a row that reached nobody


@dataclass(slots=True)
class _Live:
    form: Form
    since_ms: int
    ends_ms: int


@dataclass(slots=True)
class _Entry:
    ask: Ask
    turns: dict[Form, _Turn]
    lives: dict[str, _Live] = field(default_factory=dict)
    answer: Word | None = None  # with the plane now
    refusals: int = 0
    looked: bool = False  # it is known which cards of it the gateway has
    stage: Stage = Stage.WAITS
    route: str = ""
    by: str = ""

    @property
    def is_up(self) -> bool:
        return bool(self.lives) or any(turn.raising for turn in self.turns.values())


@dataclass(frozen=True, slots=True)
class _Past:
    task: str
    approved: bool
    how: str


class Book:
    """What is asked, up and answered. `take` is the only door."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}  # by mark
        self._marks: dict[str, str] = {}  # request -> mark
        self._past: OrderedDict[str, _Past] = OrderedDict()  # by mark, bounded
        # Ids that ended, bounded; with when we took them down, None = they ended by themselves.
        self._spent: OrderedDict[str, int | None] = OrderedDict()
        self._raised_at: deque[int] = deque()
        self._connection = 0
        self._ready = False  # connected, and what stands there was looked at
        self._looking = False
        self._look_marks: frozenset[str] = frozenset()
        self._next_look_ms = 0
        self._orphans: dict[str, tuple[int, Standing]] = {}  # by id, with since when
        self._now_ms = 0
        self._quiet = False
        self._crowd: int | None = None  # requests up or being raised, counted once an event
        self._effects: list[Effect] = []

    # -- reading --------------------------------------------------------------------------
    @property
    def waiting(self) -> frozenset[str]:
        """Requests that the book knows to wait."""
        return frozenset(self._marks)

    def is_strange(self, mark: str) -> bool:
        """Whether nothing is known of that mark: neither that it waits nor that it waited."""
        return mark not in self._entries and mark not in self._past

    @property
    def up(self) -> frozenset[str]:
        """Requests of which a card is on the gateway."""
        return frozenset(e.ask.request for e in self._entries.values() if e.lives)

    def deliveries(self) -> tuple[Delivery, ...]:
        """Every ask with how far it came."""
        return tuple(
            Delivery(e.ask.task, e.ask.request, e.stage, e.route, e.by)
            for e in self._entries.values()
        )

    # -- events ---------------------------------------------------------------------------
    def take(self, event: Event) -> tuple[Effect, ...]:
        """Take one event in; what must be done, in order."""
        self._now_ms = max(self._now_ms, event.at_ms)
        self._crowd = None
        match event:
            case Asked():
                self._asked(event.ask)
            case Settled():
                self._settled(event)
            case Online(connection=connection):
                self._connection, self._ready = connection, False
                self._look()
            case Offline():
                self._offline()
            case Found():
                self._found(event)
            case NotFound(connection=connection):
                self._looking = self._looking and connection != self._connection
            case CardRaised():
                self._card_raised(event)
            case CardNotRaised():
                self._not_raised(event)
            case Heard(word=word):
                self._heard(word)
            case Obeyed():
                self._obeyed(event)
            case Passed(quiet=quiet):
                self._passed(quiet)
        effects, self._effects = tuple(self._effects), []
        return effects

    def _asked(self, ask: Ask) -> None:
        if ask.mark in self._entries:
            self._entries[ask.mark].ask = ask
            return
        turns = {form: _Turn(due_ms=self._now_ms) for form in ask.forms}
        entry = self._entries[ask.mark] = _Entry(ask, turns, looked=ask.fresh)
        self._marks[ask.request] = ask.mark
        self._past.pop(ask.mark, None)
        if self._ready and not entry.looked:
            self._look()
        self._raise_due(entry)

    def _settled(self, event: Settled) -> None:
        entry = self._entries.pop(self._marks.pop(event.request, ""), None)
        if entry is None:
            if event.mark:
                _remember(self._past, event.mark, _Past(event.task, event.approved, event.how))
                for _, left in self._orphans.values():
                    if left.mark == event.mark and left.id not in self._spent:
                        self._take_down(left.id, left.form, event.approved)
            return
        _remember(self._past, entry.ask.mark, _Past(entry.ask.task, event.approved, event.how))
        for card, live in entry.lives.items():
            self._take_down(card, live.form, event.approved)

    def _take_down(self, card: str, form: Form, approved: bool) -> None:
        _remember(self._spent, card, self._now_ms)
        self._effects.append(Withdraw(card, form, approved))

    def _offline(self) -> None:
        self._connection, self._ready, self._looking = 0, False, False
        for entry in self._entries.values():
            for turn in entry.turns.values():
                turn.raising = False  # the next look finds it, if the gateway got it

    def _look(self) -> None:
        if self._connection and not self._looking:
            self._looking, self._next_look_ms = True, self._now_ms + LOOK_MS
            self._look_marks = frozenset(self._entries)
            self._effects.append(Look(self._connection, tuple(self._entries)))

    # -- what stands on the gateway -------------------------------------------------------
    def _found(self, event: Found) -> None:
        if event.connection != self._connection or not self._looking:
            return  # of a connection that has ended
        self._looking, self._ready = False, True
        for word in event.words:
            self._count(word)
            self._heard(word)
        stands = {card.id: card for card in event.standing if card.id not in self._spent}
        self._orphans = {card: kept for card, kept in self._orphans.items() if card in stands}
        for card in stands.values():
            self._adopt(card)
        for card in event.standing:
            taken_ms = self._spent.get(card.id)
            if taken_ms is not None and taken_ms < event.began_ms:
                past = self._past.get(card.mark)  # it was to go, and that was not heard
                self._take_down(card.id, card.form, past is not None and past.approved)
        for entry in list(self._entries.values()):
            entry.looked = entry.looked or entry.ask.mark in self._look_marks
            for card_id, live in list(entry.lives.items()):
                if card_id not in stands and live.since_ms < event.began_ms:
                    self._gone(entry, card_id)
            self._raise_due(entry)
        if not all(entry.looked for entry in self._entries.values()):
            self._look()  # for what was asked while this look was made

    def _count(self, word: Word) -> None:
        """An earlier card of a request: the rhythm goes on from there, also after a restart."""
        entry = self._entries.get(word.mark)
        turn = entry.turns.get(word.form) if entry is not None else None
        if entry is None or turn is None or word.answer is not Answer.NONE:
            return
        if word.id in self._spent or word.id in entry.lives:
            return  # counted when it was raised
        turn.number += 1
        raised_ms = self._now_ms - word.age_ms
        due_ms = raised_ms + rhythm.next_after_ms(
            word.form, turn.number, rhythm.LASTS_MS[word.form]
        )
        turn.due_ms = max(turn.due_ms, due_ms) if turn.number >= rhythm.AT_ONCE else turn.due_ms

    def _adopt(self, card: Standing) -> None:
        entry = self._entries.get(card.mark)
        if entry is None or card.form not in entry.turns:
            past = self._past.get(card.mark)
            since_ms, _ = self._orphans.setdefault(card.id, (self._now_ms, card))
            if past is not None or self._now_ms - since_ms >= ORPHAN_MS:
                self._take_down(card.id, card.form, past is not None and past.approved)
            else:
                self._next_look_ms = min(self._next_look_ms, self._now_ms + ORPHAN_MS)
            return
        if card.id not in entry.lives:
            turn = entry.turns[card.form]
            turn.number = max(turn.number, 1)
            turn.raising = False
            self._up(entry, card.id, card.form, card.lasts_ms)

    def _up(self, entry: _Entry, card: str, form: Form, lasts_ms: int) -> None:
        now_ms, turn = self._now_ms, entry.turns[form]
        entry.lives[card] = _Live(form, now_ms, now_ms + lasts_ms)
        turn.due_ms = now_ms + rhythm.next_after_ms(form, turn.number, lasts_ms)
        if entry.answer is None:
            entry.stage = Stage.DELIVERED

    def _gone(self, entry: _Entry, card: str) -> None:
        """A card ended without an answer: nothing is decided (C4)."""
        live = entry.lives.pop(card)
        turn = entry.turns[live.form]
        still_up = any(other.form is live.form for other in entry.lives.values())
        if not still_up and live.ends_ms > self._now_ms + rhythm.AHEAD_MS:
            turn.due_ms = self._now_ms  # before its time: the gateway was started again
            turn.number = max(turn.number - 1, 0)
        if not entry.lives and entry.stage is Stage.DELIVERED:
            entry.stage = Stage.WAITS

    # -- raising --------------------------------------------------------------------------
    def _raise_due(self, entry: _Entry) -> None:
        for form, turn in entry.turns.items():
            if entry.answer is None and self._may_raise(entry, form, turn):
                self._crowd = self._count_up() + (not entry.is_up)
                turn.raising = True
                self._raised_at.append(self._now_ms)
                self._effects.append(Raise(entry.ask, form, turn.number + 1))

    def _may_raise(self, entry: _Entry, form: Form, turn: _Turn) -> bool:
        if not (self._ready and entry.looked) or turn.raising or turn.due_ms > self._now_ms:
            return False
        if self._quiet and rhythm.heeds_quiet(form, turn.number + 1):
            return False
        while self._raised_at and self._raised_at[0] <= self._now_ms - rhythm.MINUTE_MS:
            self._raised_at.popleft()
        if len(self._raised_at) >= RAISES_A_MINUTE:
            return False
        return entry.is_up or self._count_up() < UP_MAX

    def _count_up(self) -> int:
        if self._crowd is None:
            self._crowd = sum(entry.is_up for entry in self._entries.values())
        return self._crowd

    def _card_raised(self, event: CardRaised) -> None:
        entry, raised = self._entries.get(event.mark), event.raised
        if entry is None:
            past = self._past.get(event.mark)
            if raised.route and raised.id not in self._spent:
                self._take_down(raised.id, event.form, past is not None and past.approved)
            return
        turn = entry.turns[event.form]
        turn.raising = False
        if raised.id in self._spent:
            turn.number = max(turn.number, event.number)  # answered before we heard of it
            return
        if not raised.route:
            turn.tries += 1
            turn.due_ms = self._now_ms + rhythm.again_after_ms(turn.tries)
            if entry.stage is Stage.WAITS:
                entry.stage = Stage.UNSEEN
            return
        turn.tries = 0
        turn.number = max(turn.number, event.number)
        if event.form is Form.APPROVAL or not entry.route:
            entry.route = raised.route
        self._up(entry, raised.id, event.form, raised.lasts_ms)

    def _not_raised(self, event: CardNotRaised) -> None:
        entry = self._entries.get(event.mark)
        if entry is None or event.lost:
            return  # of a lost one the next look tells
        turn = entry.turns[event.form]
        turn.raising = False
        turn.tries += 1
        turn.due_ms = self._now_ms + rhythm.again_after_ms(turn.tries)

    # -- answers --------------------------------------------------------------------------
    def _heard(self, word: Word) -> None:
        if word.id in self._spent:
            if self._spent[word.id] is not None:
                self._too_late(word)  # it was answered while we took it down
            return  # C6
        entry = self._entries.get(word.mark)
        if entry is None:
            self._too_late(word)
            return
        if word.ours or word.answer is Answer.NONE:
            if word.id in entry.lives:
                self._gone(entry, word.id)
            self._spend(word.id)
            return
        self._spend(word.id)
        entry.lives.pop(word.id, None)
        turn = entry.turns.get(word.form)
        if turn is not None:
            turn.due_ms = self._now_ms  # should the plane refuse it, it is asked again
        unfit = _unfit(entry.ask, word)
        if unfit:
            self._put_off(entry)
            self._effects.append(Tell(entry.ask.task, f"{word.by or 'Somebody'}: {unfit}"))
        elif entry.answer is not None:
            text = f"{word.by or 'Somebody'} answered too; {entry.answer.by} was first."
            self._effects.append(Tell(entry.ask.task, text))
        else:
            entry.answer, entry.stage, entry.by = word, Stage.SEEN, word.by
            self._effects.append(Decide(entry.ask, word.answer, word.text, word.by, key_of(word)))

    def _too_late(self, word: Word) -> None:
        past = self._past.get(word.mark)
        if past is None:
            return  # perhaps of a project that is opened in a moment: the next look tells it again
        self._spend(word.id)
        if not word.ours and word.answer is not Answer.NONE:
            text = f"The answer of {word.by or 'somebody'} came too late. {past.how}"
            self._effects.append(Tell(past.task, text.strip()))

    def _put_off(self, entry: _Entry) -> None:
        entry.refusals += 1
        due_ms = self._now_ms + rhythm.again_after_ms(entry.refusals)
        for turn in entry.turns.values():
            turn.due_ms = max(turn.due_ms, due_ms)

    def _obeyed(self, event: Obeyed) -> None:
        entry = self._entries.get(self._marks.get(event.request, ""))
        if entry is None or entry.answer is None or event.key != key_of(entry.answer):
            return
        if event.ok:
            entry.stage = Stage.APPLIED  # what is left of it goes when Git shows it settled
            return
        entry.answer, entry.stage = None, Stage.DELIVERED if entry.lives else Stage.WAITS
        self._put_off(entry)
        self._effects.append(Tell(entry.ask.task, f"Not applied: {event.text}"))

    # -- time -----------------------------------------------------------------------------
    def _passed(self, quiet: bool) -> None:
        self._quiet = quiet
        if self._ready:
            for entry in self._entries.values():
                self._raise_due(entry)
        if self._now_ms >= self._next_look_ms:
            self._look()  # also what ended unheard is known then, and with which answer

    def _spend(self, card: str) -> None:
        _remember(self._spent, card, None)


def _unfit(ask: Ask, word: Word) -> str:
    """Why an answer cannot count, "" = it can (C5 is the mark, which was compared before)."""
    if word.answer is Answer.APPROVED and not ask.may_approve:
        return "an approval from chat is not enough here; look at the change in ClawDesk."
    if word.answer is Answer.TEXT and not word.text.strip():
        return "an answer needs some text."
    if len(word.text) > TEXT_CHARS_MAX:
        return f"the answer is over {TEXT_CHARS_MAX} characters long; give it in ClawDesk."
    return ""


def _remember(kept: OrderedDict[str, Value], key: str, value: Value) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > REMEMBERED_MAX:
        kept.popitem(last=False)
