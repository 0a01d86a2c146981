"""The channel as the plane uses it: requests in Git become cards, answers become decisions.

Follows the state, feeds the book, carries out what it says. It decides nothing: an answer goes to
the kernel as an event like any click, with the digest that was on the card and the word "summary".
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from datetime import datetime
from typing import Any

from clawdesk.domain import events as ev
from clawdesk.domain.channel import model as m
from clawdesk.domain.channel import words
from clawdesk.domain.channel.book import Book
from clawdesk.domain.channel.rhythm import Quiet
from clawdesk.domain.channel.typed import Typed, mentioned
from clawdesk.domain.model import FINAL, Kind, Phase, PlaneState, Task, TaskId, Verdict
from clawdesk.domain.on_decision import SUMMARY
from clawdesk.domain.rules import CHAT_DECIDES
from clawdesk.ports.channel import Channel, ChannelError, ChannelState, ChannelStatus, News
from clawdesk.ports.clock import Clock
from clawdesk.ports.errors import PortError
from clawdesk.ports.repository import Diff, Repository
from clawdesk.runtime import crash
from clawdesk.runtime.api import Change, Outcome
from clawdesk.runtime.channel_typed import TypedWords

CHANNEL = "openclaw"
TICK_S = 1.0
ACTS_AT_ONCE = 8
PARTING_S_MAX = 1.0
"""How long a close waits for what is on its way to the gateway: cards that go up or come down."""
_UNSETTLED = frozenset({ChannelState.CONNECTING, ChannelState.UNREACHABLE})
_log = logging.getLogger(__name__)


def ask_of(state: PlaneState, task: Task, began_ms: int = 0) -> m.Ask | None:
    """What of a task may be shown on a channel; None = nothing waits, or not there.

    A checkpoint that could not be made is asked about in ClawDesk alone: that request is not in
    Git, and nothing is told that is not there.
    """
    request = task.request
    chat = state.rules.of(task.project).chat
    if task.phase is not Phase.HELD or request is None or request.is_ours or chat == "off":
        return None
    approves = request.kind is Kind.APPROVE and chat == CHAT_DECIDES and not request.look
    fresh = request.at_ms > began_ms
    return m.Ask(task.id, request.id, request.kind, request.digest, approves, fresh)


class ChannelDesk:
    """One channel, from its start until it is closed.

    Args:
        decide: gives an event made for an intent to the kernel; the acknowledgement comes back.
        shows: False = only connect, for a look or a test; cards are left as they are.
        local: the gateway is on this machine: it may be shown the change itself.
        crashed: told of an exception nobody expected.
    """

    def __init__(
        self,
        channel: Channel,
        *,
        state: PlaneState,
        decide: Callable[[Callable[[str], ev.Event]], Awaitable[Outcome]],
        repository: Callable[[str], Repository],
        clock: Clock,
        publish: Callable[[Change], None],
        crashed: Callable[[BaseException], None],
        quiet: Quiet,
        local: bool,
        shows: bool = True,
    ) -> None:
        self._channel = channel
        self._state = state
        self._decide = decide
        self._repository = repository
        self._clock = clock
        self._publish = publish
        self._crashed = crashed
        self._quiet = quiet
        self._local = local
        self._shows = shows
        self._began_ms = clock.now_ms()
        self._rules = state.rules
        self._book = Book()
        self._known: dict[TaskId, m.Ask] = {}
        self._acts: set[asyncio.Task[None]] = set()
        self._on_their_way: set[asyncio.Task[None]] = set()  # those of the acts that move a card
        self._closing = False
        self._room = asyncio.Semaphore(ACTS_AT_ONCE)
        self._tests: dict[str, asyncio.Future[m.Word]] = {}
        self._online = False
        self._to_show = False
        self._moved = asyncio.Event()
        self._strange: set[str] = set()  # marks of cards that nothing is known of
        self._typed = TypedWords(
            state,
            asks=lambda: tuple(self._known.values()),
            hear=lambda word: self._take(m.Heard(self._now(), word)),
            reply=lambda typed, known, text: channel.reply(typed, known=known, text=text),
        )
        self.deliveries: tuple[m.Delivery, ...] = ()

    # -- life -----------------------------------------------------------------------------
    def start(self) -> None:
        """Take in what waits already, and connect."""
        self.changed(self._state.tasks)
        self._channel.start(self._news, self._crashed)
        self._spawn(self._tick())

    async def close(self) -> None:
        """Let go. Cards stay up: an answer given meanwhile is found at the next start.

        What is settled comes down first: a card that nobody needs would stand in a chat until the
        next start, and keeps its gateway from ending.
        """
        self._closing = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PARTING_S_MAX):
                while self._on_their_way:
                    await asyncio.wait(self._on_their_way)
        await self._channel.close()
        acts = list(self._acts)
        for act in acts:
            act.cancel()
        await asyncio.gather(*acts, return_exceptions=True)

    @property
    def status(self) -> ChannelStatus:
        return self._channel.status

    def try_again(self) -> None:
        self._channel.try_again()

    async def settled(self) -> None:
        """Until the connection is made, or refused for good."""
        while self.status.state in _UNSETTLED:
            self._moved.clear()
            await self._moved.wait()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            now = datetime.fromtimestamp(self._clock.now_ms() / 1000).astimezone()
            quiet = self._quiet.holds(now.hour * 60 + now.minute)
            self._take(m.Passed(self._now(), quiet))

    def _now(self) -> int:
        return self._clock.steady_ms()

    # -- in -------------------------------------------------------------------------------
    def changed(self, tasks: Iterable[TaskId]) -> None:
        """These tasks are others now: what waits is compared with what is known to wait."""
        if self._state.rules is not self._rules:
            # The user's policy is another one: what may be shown or approved may be, too.
            self._rules, tasks = self._state.rules, self._state.tasks
        moved = list(tasks) if self._shows else []
        self._recall(filter(None, map(self._state.tasks.get, moved)))
        for task_id in moved:
            task = self._state.tasks.get(task_id)
            ask = ask_of(self._state, task, self._began_ms) if task is not None else None
            known = self._known.get(task_id)
            if ask == known:
                continue
            if known is not None and (ask is None or ask.request != known.request):
                self._known.pop(task_id)
                approved, how = _decided(task, known.request)
                self._take(m.Settled(self._now(), known.request, approved, how))
            if ask is not None:
                self._known[task_id] = ask
                self._take(m.Asked(self._now(), ask))

    def _news(self, news: News) -> None:
        if isinstance(news, m.Word):
            waiting = self._tests.get(news.id)
            if waiting is not None and not waiting.done():
                waiting.set_result(news)
            elif waiting is None:
                self._take(m.Heard(self._now(), news))
            return
        if isinstance(news, Typed):
            if self._shows:
                self._spawn(self._typed.take(news))
            return
        self._moved.set()
        if news.state is ChannelState.CONNECTED and self._shows:
            self._online = True
            self._take(m.Online(self._now(), news.connection))
        elif self._online:
            self._online = False
            self._take(m.Offline(self._now()))
        self._publish(Change(environment=True))

    def _take(self, event: m.Event) -> tuple[m.Effect, ...]:
        effects = self._book.take(event)
        for effect in effects:
            self._perform(effect)
        if not isinstance(event, m.Passed) and not self._to_show:
            self._to_show = True
            asyncio.get_running_loop().call_soon(self._show)  # once for many events
        return effects

    def _show(self) -> None:
        self._to_show = False
        found = self._book.deliveries()
        if found != self.deliveries:
            self.deliveries = found
            self._publish(Change(environment=True))

    # -- out ------------------------------------------------------------------------------
    def _perform(self, effect: m.Effect) -> None:
        match effect:
            case m.Look():
                self._spawn(self._look(effect))
            case m.Raise():
                self._move_card(self._raise(effect))
            case m.Withdraw():
                self._move_card(self._withdraw(effect))
            case m.Decide():
                self._spawn(self._give(effect))
            case m.Tell(task=task, text=text):
                known = self._state.tasks.get(task)
                title = known.title if known is not None else task
                self._publish(Change(notices=(f"{title}: {text}",)))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        act = asyncio.get_running_loop().create_task(work)
        self._acts.add(act)
        act.add_done_callback(self._ended)
        return act

    def _move_card(self, work: Coroutine[Any, Any, None]) -> None:
        act = self._spawn(work)
        self._on_their_way.add(act)
        act.add_done_callback(self._on_their_way.discard)

    def _ended(self, act: asyncio.Task[None]) -> None:
        self._acts.discard(act)
        error = None if act.cancelled() else act.exception()
        if error is not None:
            self._crashed(error)

    async def _look(self, effect: m.Look) -> None:
        began_ms = self._now()
        try:
            standing, found = await self._channel.look(effect.marks)
        except ChannelError as error:
            _log.info("what stands on the gateway is not known: %s", error)
            self._take(m.NotFound(self._now(), effect.connection))
            return
        standing = tuple(card for card in standing if card.id not in self._tests)
        self._take(m.Found(self._now(), effect.connection, began_ms, standing, found))
        self._strange = {c.mark for c in standing if self._book.is_strange(c.mark)}
        self._recall(self._state.tasks.values())

    def _recall(self, tasks: Iterable[Task]) -> None:
        """Tell the book what Git says of cards of an earlier program that was killed in between."""
        requests = {mark.partition(".")[0]: mark for mark in self._strange}
        for task in tasks if requests else ():
            for record in task.records:
                mark = requests.get(str(record.fields.get("request")), "")
                ended = record.event == "decision" or task.phase in FINAL
                if ended and mark in self._strange:
                    self._strange.discard(mark)
                    request = mark.partition(".")[0]
                    approved, how = _decided(task, request)
                    self._take(m.Settled(self._now(), request, approved, how, task.id, mark))

    async def _raise(self, effect: m.Raise) -> None:
        ask, form = effect.ask, effect.form
        async with self._room:
            task = self._state.tasks.get(ask.task)
            request = task.request if task is not None else None
            if task is None or request is None or request.id != ask.request or self._closing:
                self._take(m.CardNotRaised(self._now(), ask.mark, form, lost=False))
                return  # settled while it waited for its turn, or there is no time left
            detail = await self._detail(task) if form is m.Form.APPROVAL else ""
            card = words.card(task, ask, form, effect.number, detail)
            if form is m.Form.APPROVAL and self.status.takes_words:
                card = mentioned(card, ask)
            crash.point("channel.raise.before")
            try:
                raised = await self._channel.show(card)
            except ChannelError as error:
                _log.info("a request is not shown: %s", error)
                self._take(m.CardNotRaised(self._now(), ask.mark, form, lost=error.lost))
                return
        crash.point("channel.raise.after")
        self._take(m.CardRaised(self._now(), ask.mark, form, effect.number, raised))

    async def _detail(self, task: Task) -> str:
        """The change, for the gateway's own pages; it does not leave this machine."""
        request = task.request
        checkpoint = task.checkpoint(request.ordinal) if request is not None else None
        if not self._local or checkpoint is None:
            return ""
        try:
            repository = self._repository(task.project)
            since = checkpoint.since or task.start_commit
            return detail_of(await repository.diff(since, checkpoint.commit))
        except PortError as error:
            return f"The change cannot be shown: {error.what}"

    async def _withdraw(self, effect: m.Withdraw) -> None:
        try:
            await self._channel.withdraw(effect.id, effect.form, approved=effect.approved)
        except ChannelError as error:
            _log.info("a card stays up until the next look: %s", error)

    async def _give(self, effect: m.Decide) -> None:
        crash.point("channel.answer.before")
        ask = effect.ask
        task = self._state.tasks.get(ask.task)
        request = task.request if task is not None else None
        if request is None or request.id != ask.request:
            outcome = Outcome(False, "It does not wait any more.")
        else:
            verdict, note, text, ref = Verdict.ANSWERED, "", "", request.id
            if ask.kind is Kind.APPROVE:
                ref = str(request.ordinal)
                approves = effect.answer is m.Answer.APPROVED
                verdict = Verdict.APPROVED if approves else Verdict.REJECTED
                note = "" if approves else effect.text or words.COMMENT_LESS
            else:
                text = effect.text
                if effect.answer is m.Answer.BACK:
                    verdict = Verdict.ASKED_BACK
                else:
                    text = words.chosen(request, text)
            outcome = await self._decide(
                lambda intent: ev.DecisionGiven(
                    self._clock.now_ms(),
                    ask.task,
                    ref,
                    verdict,
                    effect.by or "somebody",
                    CHANNEL,
                    digest=ask.digest,
                    note=note,
                    text=text,
                    intent=intent,
                    key=effect.key,
                    seen=SUMMARY if ask.kind is Kind.APPROVE else "",
                )
            )
        crash.point("channel.answer.after")
        self._typed.obeyed(effect.key, outcome)
        self._take(m.Obeyed(self._now(), ask.request, effect.key, outcome.ok, outcome.text))

    # -- a test message -------------------------------------------------------------------
    async def test(self, card: m.Card, wait_s: float) -> tuple[m.Raised, m.Word | None]:
        """Show a card that belongs to no task, wait for an answer, take it down.

        Raises ChannelError.
        """
        raised = await self._channel.show(card)
        if not raised.route:
            return raised, None
        answer = self._tests[raised.id] = asyncio.get_running_loop().create_future()
        word = None
        try:
            async with asyncio.timeout(wait_s):
                word = await answer
        except TimeoutError:
            await self._channel.withdraw(raised.id, card.form, approved=False)
        finally:
            del self._tests[raised.id]
        return raised, word


def _decided(task: Task | None, request: str) -> tuple[bool, str]:
    """Whether a request was approved, and by whom and when it was decided."""
    for record in reversed(task.records if task is not None else ()):
        if record.event == "decision" and record.fields.get("request") == request:
            verdict = str(record.fields.get("verdict"))
            who = f"{record.fields.get('actor')} via {record.fields.get('channel')}"
            approved = verdict in (Verdict.APPROVED.value, Verdict.AMENDED.value)
            at = datetime.fromtimestamp(record.at_ms / 1000).astimezone()
            done = verdict.replace("_", " ")
            return approved, f"It was {done} by {who} at {at:%H:%M}."
    return False, "It does not wait any more."


def detail_of(diff: Diff) -> str:
    """A change as text, cut where a gateway's page ends; what is left out is said."""
    lines: list[str] = []
    room = words.DETAIL_CHARS_MAX - 200
    for number, file in enumerate(diff.files):
        part = [f"{file.status} {file.path}  +{file.added} -{file.removed} {file.note}".rstrip()]
        for hunk in file.hunks:
            part.append(hunk.header)
            part += [f"{line.origin}{line.text}" for line in hunk.lines]
        for line in part:
            room -= len(line) + 1
            if room < 0:
                left = len(diff.files) - number
                lines.append(f"Cut here; {left} files are not shown whole. ClawDesk shows all.")
                return "\n".join(lines)
            lines.append(line)
    return "\n".join(lines)
