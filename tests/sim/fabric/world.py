"""A workstation with one GPU in simulated time: models that load, clients that call, and a policy.

The same seed offers every policy the same load: arrivals, models and lengths are drawn beforehand
for each client, so that only the deciding differs. Times are milliseconds.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from clawdesk_fabric.model import CallClass


@dataclass(frozen=True, slots=True)
class SimModel:
    """A model: its memory, how long a load takes, and how fast each of its slots writes."""

    name: str
    memory_mib: int
    load_ms: int
    slots: int = 4
    tokens_per_s: float = 40.0


@dataclass(frozen=True, slots=True)
class Client:
    """Who calls.

    Args:
        lengths: tokens of its answers, from and to.
        outstanding: calls it keeps open at once (closed loop); 0 = it calls at random times.
        every_ms: mean time between calls of an open-loop client.
        think_ms: pause after each answer of a closed-loop client.
    """

    project: str
    model: str
    call_class: CallClass
    lengths: tuple[int, int]
    outstanding: int = 0
    every_ms: int = 0
    think_ms: int = 0


@dataclass(slots=True)
class SimCall:
    """One call and what became of it."""

    id: int
    client: Client
    tokens: int
    arrived_ms: int
    forwarded_ms: int | None = None
    ended_ms: int | None = None


class Policy(Protocol):
    """Decides; the world does. `wake` is called after every change and at every tick."""

    def arrived(self, call: SimCall) -> None: ...
    def ended(self, call: SimCall) -> None: ...
    def ready(self, model: str) -> None: ...
    def gone(self, model: str) -> None: ...
    def tick(self) -> None: ...


@dataclass(slots=True)
class Placed:
    """A model in memory."""

    model: SimModel
    is_ready: bool = False
    for_project: str = ""
    running: set[int] = field(default_factory=set)


class World:
    """Runs one policy over one seed's load.

    Args:
        make: the policy, given this world.
    """

    def __init__(
        self,
        seed: int,
        models: Iterable[SimModel],
        clients: Iterable[Client],
        memory_mib: int,
        make: Callable[[World], Policy],
    ) -> None:
        self.models = {model.name: model for model in models}
        self.memory_mib = memory_mib
        self.now_ms = 0
        self.calls: dict[int, SimCall] = {}
        self.placed: dict[str, Placed] = {}
        self.used_ms: dict[str, float] = {}
        self.loads = 0
        self._ids = itertools.count(1)
        self._order = itertools.count()
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._chances = {
            client: random.Random(f"{seed} {number}") for number, client in enumerate(clients)
        }
        self.policy = make(self)

    # -- what a policy may do --------------------------------------------------------------------

    def load(self, name: str, project: str) -> None:
        model = self.models[name]
        assert name not in self.placed, "loaded twice"
        used = sum(placed.model.memory_mib for placed in self.placed.values())
        assert used + model.memory_mib <= self.memory_mib, "more memory than there is"
        self.placed[name] = Placed(model, for_project=project)
        self.loads += 1
        self.after(model.load_ms, lambda: self._ready(name))

    def stop(self, name: str) -> None:
        assert not self.placed[name].running, "a call in flight was evicted"
        self.after(200, lambda: self._gone(name))

    def forward(self, number: int) -> None:
        call = self.calls[number]
        placed = self.placed[call.client.model]
        assert placed.is_ready
        assert len(placed.running) < placed.model.slots
        assert call.forwarded_ms is None, "forwarded twice"
        placed.running.add(number)
        call.forwarded_ms = self.now_ms
        took_ms = int(call.tokens / placed.model.tokens_per_s * 1000)
        self.after(took_ms, lambda: self._ended(number))

    # -- what happens ----------------------------------------------------------------------------

    def after(self, wait_ms: int, what: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (self.now_ms + wait_ms, next(self._order), what))

    def run(self, until_ms: int) -> None:
        for client, chance in self._chances.items():
            for _ in range(client.outstanding):
                self._call_later(client, chance.randrange(1, 1000))
            if client.every_ms:
                self._call_later(client, int(chance.expovariate(1 / client.every_ms)))
        self._tick()
        while self._queue and self._queue[0][0] <= until_ms:
            at_ms, _, what = heapq.heappop(self._queue)
            self._account(at_ms)
            what()
        self._account(until_ms)

    def _call_later(self, client: Client, wait_ms: int) -> None:
        self.after(wait_ms, lambda: self._arrive(client))

    def _account(self, at_ms: int) -> None:
        """GPU time by project: a model's time is shared by its calls; a load is its project's."""
        passed_ms = at_ms - self.now_ms
        self.now_ms = at_ms
        for placed in self.placed.values():
            if not placed.is_ready:
                self._used(placed.for_project, passed_ms)
            for number in placed.running:
                project = self.calls[number].client.project
                self._used(project, passed_ms / len(placed.running))

    def _used(self, project: str, ms: float) -> None:
        self.used_ms[project] = self.used_ms.get(project, 0.0) + ms

    def _arrive(self, client: Client) -> None:
        chance = self._chances[client]
        tokens = chance.randint(*client.lengths)
        call = SimCall(next(self._ids), client, tokens, self.now_ms)
        self.calls[call.id] = call
        if client.every_ms:
            self._call_later(client, int(chance.expovariate(1 / client.every_ms)))
        self.policy.arrived(call)

    def _ended(self, number: int) -> None:
        call = self.calls[number]
        call.ended_ms = self.now_ms
        self.placed[call.client.model].running.remove(number)
        if call.client.outstanding:
            self._call_later(call.client, call.client.think_ms)
        self.policy.ended(call)

    def _ready(self, name: str) -> None:
        self.placed[name].is_ready = True
        self.policy.ready(name)

    def _gone(self, name: str) -> None:
        del self.placed[name]
        self.policy.gone(name)

    def _tick(self) -> None:
        self.policy.tick()
        self.after(250, self._tick)

    # -- what came of it -------------------------------------------------------------------------

    @property
    def tokens(self) -> int:
        """Of answers that were finished."""
        return sum(call.tokens for call in self.calls.values() if call.ended_ms is not None)

    def waits_ms(self, call_class: CallClass) -> list[int]:
        """Of every call of the class; one that still waits counts with what it waited so far."""
        return sorted(
            (self.now_ms if call.forwarded_ms is None else call.forwarded_ms) - call.arrived_ms
            for call in self.calls.values()
            if call.client.call_class is call_class
        )


def jain(values: Iterable[float]) -> float:
    """Jain's index of fairness: 1 = all the same, 1/n = one has everything."""
    found = list(values)
    squares = sum(value * value for value in found)
    return sum(found) ** 2 / (len(found) * squares) if squares else 1.0


def p95(values: list[int]) -> int:
    """The 95th percentile of sorted values; 0 for none."""
    return values[min(len(values) - 1, int(len(values) * 0.95))] if values else 0
