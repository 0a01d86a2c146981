"""The shell around the pure core: one door for events, and the engine calls they cause.

Lives on one asyncio loop; only that loop touches the state. Decides nothing: `transitions.step`
does.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

from clawdesk_fabric import events, leases, ledger
from clawdesk_fabric.catalog import Catalog, ModelSpec
from clawdesk_fabric.claims import Claims
from clawdesk_fabric.decisions import Log
from clawdesk_fabric.effects import (
    CutOff,
    Effect,
    EndLease,
    Forward,
    Refuse,
    StartReplica,
    StopReplica,
)
from clawdesk_fabric.engines.base import Endpoint, Engine
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.gpus import GpuSource
from clawdesk_fabric.invariants import check
from clawdesk_fabric.kept import Kept, wall_ms
from clawdesk_fabric.model import (
    Call,
    CallClass,
    CallId,
    DeviceId,
    EngineView,
    GpuReading,
    Limits,
    Phase,
    Replica,
    Wait,
)
from clawdesk_fabric.models_known import replica_of
from clawdesk_fabric.peaks import Peaks
from clawdesk_fabric.reloading import Changes, compared, figures, settled
from clawdesk_fabric.sharing import Sharing
from clawdesk_fabric.tickets import RefusedError, Ticket
from clawdesk_fabric.transitions import new_state, step
from clawdesk_fabric.waits import waits

log = logging.getLogger("clawdesk_fabric")
LOST_TEXT_S_MAX = 5.0
ENDS_KEPT = 16
LEASE_ENDS_KEPT = 1000
TICK_S = 0.25
"""How often limits are looked at, and waiting clients are told their place."""
SAVE_TICKS = 20
CLAIM_TICKS = 4


class Fabric:
    """State, engine and waiting calls of one process."""

    def __init__(
        self,
        catalog: Catalog,
        engine: Engine,
        *,
        memory_mib: int,
        gpus: GpuSource | None = None,
        log_path: Path | None = None,
        peaks: Peaks | None = None,
        kept: Kept | None = None,
        others: Claims | None = None,
    ) -> None:
        self.catalog = catalog
        self.state = new_state(
            Limits(waiting_max=catalog.settings.waiting_max),
            [replica_of(figures(spec)) for spec in catalog.models.values()],
            host_mib=memory_mib,
        )
        self._served: dict[str, ModelSpec] = {}  # as it was when the replica was started
        self._sharing = Sharing(others or Claims(None), self.state, self._elsewhere)
        self._gpus = gpus
        self._gpus_told: object = None
        self._log = Log(log_path) if log_path else None
        self._peaks = peaks or Peaks(None)
        self._kept = kept or Kept(None)
        self.lease_ends: dict[str, str] = {}
        """Why leases ended, of the latest ones."""
        self.endpoints: dict[str, Endpoint] = {}
        self.counts = {"calls": 0, "refused": 0, "failed": 0, "starts": 0}
        self.failure: BaseException | None = None  # a mistake of ours: this Fabric must end
        self.on_failure: Callable[[], None] = lambda: None
        self.on_cut: Callable[[CutOff], None] = lambda _: None
        self._engine = engine
        self._ids = itertools.count(1)
        self._tickets: dict[CallId, Ticket] = {}
        self._inbox: deque[events.Event] = deque()
        self._stepping = False
        self._known_waits: dict[str, dict[CallId, Wait]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ends: dict[str, asyncio.Future[str]] = {}
        self._changed = asyncio.Event()
        self._ticker: asyncio.Task[None] | None = None
        self._adoption: asyncio.Task[None] | None = None

    # -- life ------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Look at GPUs and engine, adopt what a crashed Fabric left, begin to keep time."""
        if self._log is not None:
            self.state.at_ms = self.now_ms()
            self._log.begin(self.state)
        for spec in self.catalog.models.values():
            self._know_peak(spec)
        for event in self._kept.load(self.state, now_ms=self.now_ms(), wall_ms=wall_ms()):
            self.post(event)
        if self._gpus is not None:
            await self._gpus.open(self._gpus_read)
        await self._sharing.look()
        await self._engine.open(on_end=self._engine_end, on_view=self._engine_view)
        if self._adoption is not None:
            await self._adoption
        self._ticker = asyncio.create_task(self._keep_time())
        self._ticker.add_done_callback(self._finished)

    async def drain(self, limit_s: float) -> None:
        """Refuse what waits, let calls in flight end, for at most `limit_s`."""
        self.post(events.ClosingAsked(self.now_ms()))
        try:
            async with asyncio.timeout(limit_s):
                while self.state.calls:
                    await self.change()
        except TimeoutError:
            log.warning("%d calls were cut off at the end", len(self.state.calls))

    async def close(self, *, remove: bool) -> None:
        """Stop everything; with `remove`, our containers too."""
        pending = [*self._tasks, *([self._ticker] if self._ticker else [])]
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        if self._gpus is not None:
            await self._gpus.close()
        await self._engine.close(remove=remove)
        self._sharing.close()
        self.save()
        if self._log is not None:
            self._log.close()

    def new_name(self, prefix: str) -> str:
        """A name that no other thing of this process has."""
        return f"{prefix}{next(self._ids)}"

    def now_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000  # the clock of asyncio's own loop

    async def _keep_time(self) -> None:
        # The core has no clock: idle limits and deadlines are measured by these ticks.
        for number in itertools.count(1):
            await asyncio.sleep(TICK_S)
            for event in self._kept.moved(now_ms=self.now_ms(), wall_ms=wall_ms()):
                self.post(event)
            self.post(events.TimePassed(self.now_ms()))
            self._tell_waiting()
            if self._log is not None:
                self._log.flush()
            if number % CLAIM_TICKS == 0:
                await self._sharing.look()
            if number % SAVE_TICKS == 0:
                self.save()

    def save(self) -> None:
        """Keep what people decided and what projects used; done every few seconds anyway."""
        self._kept.save(self.state, now_ms=self.now_ms(), wall_ms=wall_ms())

    def _tell_waiting(self) -> None:
        """Places and reasons that changed since each waiting call last heard."""
        for replica in self.state.replicas.values():
            if not replica.waiting:
                continue
            for number, wait in self._waits(replica).items():
                ticket = self._tickets.get(number)
                if ticket is not None and ticket.told != wait:
                    ticket.told = wait
                    ticket.news.set()

    def _waits(self, replica: Replica) -> dict[CallId, Wait]:
        """Worked out once between two events, however many clients ask."""
        found = self._known_waits.get(replica.model)
        if found is None:
            found = self._known_waits[replica.model] = waits(self.state, replica)
        return found

    def _wait_of(self, call: Call) -> Wait | None:
        return self._waits(self.state.replicas[call.model]).get(call.id)

    def _gpus_read(self, readings: tuple[GpuReading, ...], note: str) -> None:
        owners = tuple(sorted(self._engine.owners().items()))
        kept_mib = self.catalog.settings.gpu_reserve_mib
        told = (readings, note, owners, kept_mib)
        if told == self._gpus_told and not self.state.releases:
            return  # nothing changed, and no memory is awaited
        self._gpus_told = told
        self.post(events.GpusRead(self.now_ms(), readings, owners, note, kept_mib))

    def _elsewhere(self, mib: tuple[tuple[DeviceId, int], ...]) -> None:
        self.post(events.OthersPromised(self.now_ms(), mib))

    # -- calls -----------------------------------------------------------------------------------

    def admit(
        self,
        model: str,
        *,
        project: str,
        task: str,
        call_class: CallClass,
        priority: int,
        deadline_ms: int | None = None,
        width: int = 1,
    ) -> Ticket:
        """Queue one call. The caller must `leave` it, whatever happens.

        Args:
            width: how many answers it wants, each of which takes a slot.
            deadline_ms: refused if it still waits after so long; None = the Fabric's own limit.
        """
        now_ms, number = self.now_ms(), next(self._ids)
        until_ms = None if deadline_ms is None else now_ms + deadline_ms
        call = Call(number, model, project, task, call_class, priority, now_ms, until_ms, width)
        ticket = Ticket(call, self._wait_of)
        self._tickets[call.id] = ticket
        self.counts["calls"] += 1
        self.post(events.CallArrived(now_ms, call))
        return ticket

    def leave(self, ticket: Ticket, *, succeeded: bool, tokens: int = 0) -> None:
        """The call is over, or its client is gone: its slot or place is free now.

        Args:
            tokens: of prompt and completion, as the engine counted them; 0 = it did not say.
        """
        self._tickets.pop(ticket.call.id, None)
        if ticket.seat.done() and not ticket.seat.cancelled():
            ticket.seat.exception()  # seen, whoever waited for it has left
        ticket.seat.cancel()
        self.post(events.CallEnded(self.now_ms(), ticket.call.id, succeeded, tokens))

    async def why_ended(self, endpoint: Endpoint) -> str:
        """What the engine says of a container whose connection broke; "" if it runs on."""
        end = self._ends.get(endpoint.container)
        if end is None:
            return ""
        try:
            return await asyncio.wait_for(asyncio.shield(end), LOST_TEXT_S_MAX)
        except TimeoutError:
            return ""

    # -- models ----------------------------------------------------------------------------------

    def spec_of(self, model: str) -> ModelSpec:
        """Of a model that the state knows; one removed from the catalog is as it was started."""
        return self.catalog.models.get(model) or self._served[model]

    def take_in(self, catalog: Catalog, *, memory_mib: int) -> Changes:
        """Go on with this list of models and these settings. What is loaded stays."""
        changes = compared(self.catalog, catalog)
        settings = settled(self.catalog.settings, catalog.settings)
        self.catalog = Catalog(catalog.models, settings)
        # The models first: more memory would have one started that is in the catalog no more.
        told = tuple(figures(catalog.models[name]) for name in (*changes.added, *changes.changed))
        self.post(events.CatalogRead(self.now_ms(), told, changes.removed))
        self.post(events.SettingsRead(self.now_ms(), settings.waiting_max, memory_mib))
        for name in (*changes.added, *changes.changed):
            self._know_peak(catalog.models[name])
        return changes

    async def renew_keys(self) -> tuple[list[str], list[str]]:
        """Have loaded upstreams use the keys that are kept now.

        Returns: (models whose next calls carry another one, a sentence for each that failed).
        """
        changed, problems = [], []
        for model, before in list(self.endpoints.items()):
            try:
                now = await self._engine.renewed(before)
            except FabricError as error:
                problems.append(f"the key of {model} cannot be looked at: {error.what}")
                continue
            if now is not before and self.endpoints.get(model) is before:
                self._ends[before.container].set_result("")
                self._register(now)
                changed.append(model)
        return changed, problems

    def _know_peak(self, spec: ModelSpec) -> None:
        learned_mib = self._peaks.known(spec)
        if learned_mib:
            self.post(events.PeakLearned(self.now_ms(), spec.name, learned_mib))

    async def load(self, model: str) -> None:
        """Have the model ready. Raises FabricError when it cannot be."""
        self.post(events.LoadAsked(self.now_ms(), model))
        replica = self.state.replicas[model]
        while replica.phase is not Phase.READY:
            if not replica.wanted and replica.phase is Phase.ABSENT:
                why = replica.problem or "unloaded again"
                raise FabricError(why, mend=replica.mend, code=replica.code)
            await self.change()

    async def unload(self, model: str) -> None:
        """Have the model gone; calls in flight end first."""
        self.post(events.UnloadAsked(self.now_ms(), model))
        replica = self.state.replicas[model]
        generation = replica.generation
        while replica.phase is not Phase.ABSENT and replica.generation == generation:
            await self.change()

    # -- leases, windows, budgets ----------------------------------------------------------------

    def ask_lease(self, lease: leases.Lease) -> None:
        """Have the task hold the model; the state says when it does. Safe to repeat."""
        self.lease_ends.pop(lease.id, None)
        self.post(events.LeaseAsked(self.now_ms(), lease))

    def reserve(self, reservation: leases.Reservation) -> None:
        """Keep the model loaded for a time window.

        Raises:
            FabricError: it does not fit together with what is kept already.
        """
        problem = leases.clash(self.state, reservation)
        if problem:
            raise FabricError(problem, code="no_capacity")
        self.post(events.ReservationMade(self.now_ms(), reservation))

    async def change(self) -> None:
        """Return after the next event was applied."""
        await self._changed.wait()

    # -- the one door ----------------------------------------------------------------------------

    def post(self, event: events.Event) -> None:
        """Apply an event and do what it asks for; events posted meanwhile are applied after it."""
        self._inbox.append(event)
        if self._stepping:
            return
        self._stepping = True
        try:
            while self._inbox:
                event = self._inbox.popleft()
                self._known_waits.clear()
                done = step(self.state, event)
                if self._log is not None:
                    self._log.add(self.state, event, done)
                for effect in done:
                    self._perform(effect)
                check(self.state)
        except Exception as error:
            self._broke(error)
            raise
        finally:
            self._stepping = False
        # Wakes everybody who waits now, and nobody who begins to wait later.
        self._changed.set()
        self._changed.clear()

    def _perform(self, effect: Effect) -> None:
        """Of leases that are granted or asked back, holders hear by watching the state."""
        match effect:
            case Forward():
                seat = self._tickets[effect.call].seat
                if not seat.done():
                    seat.set_result(self.endpoints[effect.model])
            case Refuse():
                self.counts["refused"] += 1
                seat = self._tickets[effect.call].seat
                if not seat.done():
                    seat.set_exception(RefusedError(effect))
            case EndLease():
                self.lease_ends[effect.lease] = effect.why
                while len(self.lease_ends) > LEASE_ENDS_KEPT:
                    del self.lease_ends[next(iter(self.lease_ends))]
            case CutOff():
                self.on_cut(effect)
            case StartReplica():
                self.counts["starts"] += 1
                spec = self._served[effect.model] = self.catalog.models[effect.model]
                self._spawn(self._start(effect, spec))
            case StopReplica():
                log.info("stopping %s: %s", effect.model, effect.why)
                self._spawn(self._stop(effect))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._broke(error)

    def _broke(self, error: BaseException) -> None:
        """Not an expected failure but a mistake of ours: end loudly rather than limp on."""
        log.critical("the Fabric broke", exc_info=error)
        if self.failure is None:
            self.failure = error
            self.on_failure()

    # -- the engine ------------------------------------------------------------------------------

    def _register(self, endpoint: Endpoint) -> None:
        self.endpoints[endpoint.model] = endpoint
        for container in [c for c, end in self._ends.items() if end.done()][:-ENDS_KEPT]:
            del self._ends[container]
        self._ends[endpoint.container] = asyncio.get_running_loop().create_future()

    async def _start(self, effect: StartReplica, spec: ModelSpec) -> None:
        model, generation = effect.model, effect.generation

        def report(text: str) -> None:
            self.post(events.ReplicaProgressed(self.now_ms(), model, generation, text))

        try:
            await self._sharing.claim(model)
            endpoint = await self._engine.start(spec, effect.devices, report)
        except FabricError as error:
            self._failed(model, generation, error)
            return
        self._register(endpoint)
        log.info("%s is ready in container %.12s", model, endpoint.container)
        self.post(events.ReplicaReady(self.now_ms(), model, generation))

    async def _stop(self, effect: StopReplica) -> None:
        model, generation = effect.model, effect.generation
        endpoint = self.endpoints.pop(model, None)
        if endpoint is not None:  # one that was never ready has shown a part of its need only
            self._peaks.learn(self._served[model], self.state.replicas[model].peak_mib)
            self._know_peak(self._served[model])
            end = self._ends.get(endpoint.container)
            if end is not None and not end.done():
                # For calls in flight on a lost GPU, which break now; `_register` forgets it later.
                end.set_result(effect.why)
            try:
                await self._engine.stop(endpoint)
            except FabricError as error:
                # Its memory may still be taken, but pretending that it runs would block the model.
                log.warning("%s did not stop cleanly: %s", model, error.what)
        self.post(events.ReplicaStopped(self.now_ms(), model, generation))

    def _engine_end(self, endpoint: Endpoint, error: FabricError) -> None:
        end = self._ends.get(endpoint.container)
        if end is not None and not end.done():
            # Kept for the calls whose connections break now; `_register` forgets it later.
            end.set_result(error.what)
        if self.endpoints.get(endpoint.model) == endpoint:
            del self.endpoints[endpoint.model]
            self._failed(endpoint.model, self.state.replicas[endpoint.model].generation, error)

    def _engine_view(self, view: EngineView) -> None:
        if view == self.state.engine:
            return
        log.info("engine: %s", view.name if view.available else view.problem)
        if view.available and self._adoption is None:
            # Nothing is started before what an earlier Fabric left has been looked at.
            self._adoption = asyncio.create_task(self._adopt(view))
            self._tasks.add(self._adoption)
            self._adoption.add_done_callback(self._finished)
        else:
            self.post(events.EngineChanged(self.now_ms(), view))

    async def _adopt(self, view: EngineView) -> None:
        for endpoint in await self._engine.adopt(self.catalog.models):
            replica = self.state.replicas[endpoint.model]
            if not ledger.can_adopt(self.state, replica, endpoint.devices):
                with suppress(FabricError):  # it is tried again when the engine is back
                    await self._engine.stop(endpoint)
                continue
            self._register(endpoint)
            self._served[endpoint.model] = self.catalog.models[endpoint.model]
            self.post(events.ReplicaAdopted(self.now_ms(), endpoint.model, endpoint.devices))
            log.info("adopted %s in container %.12s", endpoint.model, endpoint.container)
        self.post(events.EngineChanged(self.now_ms(), view))

    def _failed(self, model: str, generation: int, error: FabricError) -> None:
        log.warning("%s failed: %s", model, error.what)
        self.counts["failed"] += 1
        code = error.code if error.code in ("no_capacity", "out_of_memory") else "model_failed"
        told = (error.what, error.mend, code, error.permanent)
        self.post(events.ReplicaFailed(self.now_ms(), model, generation, *told))
