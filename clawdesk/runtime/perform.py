"""Effect → port call → outcome event.

Effects of one task run one after the other, tasks run side by side; an image is built beside them.
Expected failures (PortError) become events with a reason; anything else is a bug and goes to
`crashed`, which ends the session.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from clawdesk.domain import effects as do
from clawdesk.domain import events as ev
from clawdesk.domain.audit import record_of
from clawdesk.domain.events import Event
from clawdesk.domain.model import Record, Task, TaskId
from clawdesk.domain.on_history import begun_anew, may_begin_anew
from clawdesk.domain.replay import submission
from clawdesk.domain.spending import NOTHING_SPENT, Spending
from clawdesk.ports.clock import Clock
from clawdesk.ports.errors import MachineError, PortError, SnapshotDamagedError
from clawdesk.ports.machines import Machines, StartedMachine
from clawdesk.ports.repository import HISTORY_GONE, Repository
from clawdesk.runtime import crash
from clawdesk.runtime.checkpointing import take
from clawdesk.runtime.layers import CLOSED, SET_UP_FAILED, Image
from clawdesk.runtime.leases import Leases
from clawdesk.runtime.live import LiveMachines
from clawdesk.runtime.pauses import UNAVAILABLE, gone_reason
from clawdesk.runtime.retention import Retention

RELEASE_TRIES_MAX = 3


class Performer:
    """Carries effects out.

    Args:
        repository: the open repository of a task's project.
        task: the task's present value (None = unknown).
        post: where outcomes go.
        crashed: told of an exception nobody expected.
        look: looks at the host anew, and posts what became of it.
    """

    def __init__(
        self,
        *,
        machines: Machines,
        live: LiveMachines,
        repository: Callable[[str], Repository],
        task: Callable[[TaskId], Task | None],
        post: Callable[[Event], None],
        crashed: Callable[[BaseException], None],
        clock: Clock,
        retention: Retention,
        leases: Leases,
        look: Callable[[], Awaitable[object]],
    ) -> None:
        self._leases = leases
        self._look = look
        self._retention = retention
        self._machines = machines
        self._live = live
        self._repository = repository
        self._task = task
        self._post = post
        self._crashed = crashed
        self._clock = clock
        self._queues: dict[TaskId, deque[do.Effect]] = {}
        self._workers: dict[TaskId, asyncio.Task[None]] = {}
        self._building: set[asyncio.Task[None]] = set()
        self._table: dict[type, Callable[[Any, Task], Awaitable[None]]] = {
            do.StartMachine: self._start,
            do.RestoreMachine: self._restore,
            do.RunStep: self._run_step,
            do.WantTurn: self._want_turn,
            do.ReplyToGuest: self._reply,
            do.TakeCheckpoint: self._take,
            do.HoldMachine: self._hold,
            do.ResumeMachine: self._resume,
            do.ReleaseMachine: self._release,
            do.AskLease: self._ask_lease,
            do.ReleaseLease: self._release_lease,
            do.RecordRequest: self._record_request,
            do.RecordDecision: self._record_decision,
            do.RecordRestore: self._record_restore,
            do.RecordEvent: self._record_event,
            do.RecordFinish: self._record_event,
            do.KeepOutput: self._keep_output,
            do.DiscardSnapshots: self._discard,
        }

    def submit(self, effect: do.Effect) -> None:
        """Queue an effect behind the task's earlier ones."""
        task_id = effect.task  # type: ignore[union-attr]
        if isinstance(effect, do.ReleaseMachine):
            # A checkpoint under way must not make a cancel wait: its guest is let go at once.
            self._live.hang_up(effect.machine)
        queue = self._queues.setdefault(task_id, deque())
        queue.append(effect)
        if task_id not in self._workers:
            self._workers[task_id] = asyncio.get_running_loop().create_task(
                self._work(task_id, queue), name=f"perform {task_id}"
            )

    async def drain(self) -> None:
        """Wait until every queued effect has been carried out."""
        while self._workers:
            await asyncio.gather(*self._workers.values(), return_exceptions=True)

    async def drain_of(self, task_id: TaskId) -> None:
        """The same for the effects of one task."""
        worker = self._workers.get(task_id)
        if worker is not None:
            await asyncio.wait([worker])

    async def _work(self, task_id: TaskId, queue: deque[do.Effect]) -> None:
        try:
            while queue:
                effect = queue.popleft()
                if isinstance(effect, do.KeepOutput) and _begins_checkpoint(queue):
                    await self._carry_out_both(effect, queue.popleft(), task_id)
                else:
                    await self._carry_out(effect, task_id)
        except Exception as error:
            self._crashed(error)
        finally:
            # No await since the queue was seen empty: nothing can have slipped in between.
            self._workers.pop(task_id, None)
            self._queues.pop(task_id, None)

    async def _carry_out(self, effect: do.Effect, task_id: TaskId) -> None:
        task = self._task(task_id)
        if task is not None:
            name = type(effect).__name__
            crash.point(f"{name}.before")
            await self._table[type(effect)](effect, task)
            crash.point(f"{name}.after")

    async def _carry_out_both(self, keep: do.Effect, take: do.Effect, task_id: TaskId) -> None:
        """The guest need not wait with its part of a checkpoint until its output is kept.

        Git writes in order: the output is in it before the checkpoint is.
        """
        both = (self._carry_out(keep, task_id), self._carry_out(take, task_id))
        for end in await asyncio.gather(*both, return_exceptions=True):
            if end is not None:
                raise end

    def _now(self) -> int:
        return self._clock.now_ms()

    # -- models ---------------------------------------------------------------------------
    async def _ask_lease(self, e: do.AskLease, task: Task) -> None:
        await self._leases.ask(task)

    async def _release_lease(self, e: do.ReleaseLease, task: Task) -> None:
        await self._leases.release(e.task)

    # -- machines -------------------------------------------------------------------------
    async def _not_started(
        self, e: do.StartMachine | do.RestoreMachine, task: Task, error: PortError
    ) -> None:
        """What is no fault of the task is told first, so that it waits for that, and fails not:
        a folder that is gone pauses its project, libvirt that is gone lets nothing start.
        """
        if error.code == CLOSED:
            return
        if isinstance(error, MachineError):
            await self._look()
        if error.code == UNAVAILABLE:
            self._post(ev.ProjectPaused(self._now(), task.project, gone_reason(error)))
        hopeless = error.code == SET_UP_FAILED
        failed = ev.MachineFailed(self._now(), e.task, e.attempt, error.sentence, hopeless=hopeless)
        self._post(failed)

    async def _fresh(
        self, e: do.StartMachine | do.RestoreMachine, task: Task, commit: str
    ) -> StartedMachine | None:
        """A machine with that tree; None where its image is built first, and told when it is."""
        repository = self._repository(task.project)
        image = await self._live.image_of(task, repository)
        if image.ready:
            return await self._live.start(task, repository, commit, image)
        work = self._build(e, task, image)
        building = asyncio.get_running_loop().create_task(work, name=f"image {e.task}")
        self._building.add(building)
        building.add_done_callback(self._building.discard)
        return None

    async def _build(
        self, e: do.StartMachine | do.RestoreMachine, task: Task, image: Image
    ) -> None:
        """Beside the task's other effects: its model is given back meanwhile."""
        try:
            await self._live.build(task, image)
            self._post(ev.ImageReady(self._now(), e.task, e.attempt))
        except PortError as error:
            await self._not_started(e, task, error)
        except Exception as error:
            self._crashed(error)

    async def _start(self, e: do.StartMachine, task: Task) -> None:
        try:
            ready = await self._fresh(e, task, e.commit)
        except PortError as error:
            await self._not_started(e, task, error)
            return
        if ready is None:
            return
        self._post(
            ev.MachineStarted(
                self._now(),
                e.task,
                e.attempt,
                ready.machine,
                ready.boot_ms,
                ready.accelerator,
                ready.warm,
            )
        )
        self._live.listen(ready.machine)

    async def _restore(self, e: do.RestoreMachine, task: Task) -> None:
        checkpoint, note = e.checkpoint, ""
        try:
            ready: StartedMachine | None
            if checkpoint.snapshot is not None:
                ready = await self._live.restore(task, checkpoint.snapshot)
            else:
                note = checkpoint.why_files_only or "This checkpoint holds files only."
                ready = await self._fresh(e, task, e.files)
        except SnapshotDamagedError as error:
            self._post(
                ev.MachineFailed(self._now(), e.task, e.attempt, error.what, checkpoint.ordinal)
            )
            return
        except PortError as error:
            await self._not_started(e, task, error)
            return
        if ready is None:
            return
        last = self._live.session(ready.machine).greeting
        run = f"{checkpoint.step_index}.{checkpoint.round}"
        self._post(
            ev.MachineRestored(
                self._now(),
                e.task,
                e.attempt,
                ready.machine,
                checkpoint.ordinal,
                memory=checkpoint.snapshot is not None,
                boot_ms=ready.boot_ms,
                accelerator=ready.accelerator,
                note=note,
                ended=last.last_ended and last.last_run == run,
                exit_code=last.last_exit_code,
                timed_out=last.last_timed_out,
            )
        )
        self._live.listen(ready.machine)

    async def _release(self, e: do.ReleaseMachine, task: Task) -> None:
        for attempt in range(1, RELEASE_TRIES_MAX + 1):
            try:
                await self._live.end(e.machine)
                break
            except PortError as error:
                if attempt == RELEASE_TRIES_MAX:
                    # Its memory stays counted as used would be worse than said: the user is told.
                    self._live.remark(e.task, f"The machine could not be removed: {error.sentence}")
        self._post(ev.MachineReleased(self._now(), e.task, e.machine))

    async def _discard(self, e: do.DiscardSnapshots, task: Task) -> None:
        try:
            await self._machines.discard(e.task)
        except PortError as error:
            self._live.remark(e.task, f"Its snapshots could not be removed: {error.sentence}")

    async def _hold(self, e: do.HoldMachine, task: Task) -> None:
        try:
            await self._live.suspend(e.machine)
        except PortError as error:
            self._lost(e.task, e.machine, error)

    async def _resume(self, e: do.ResumeMachine, task: Task) -> None:
        try:
            await self._live.resume(e.machine)
        except PortError as error:
            self._lost(e.task, e.machine, error)

    def _lost(self, task: TaskId, machine: str, error: PortError) -> None:
        self._post(ev.MachineLost(self._now(), task, machine, error.sentence))

    # -- the guest ------------------------------------------------------------------------
    async def _run_step(self, e: do.RunStep, task: Task) -> None:
        try:
            await self._live.run_step(e, task)
        except PortError as error:
            self._lost(e.task, e.machine, error)

    async def _want_turn(self, e: do.WantTurn, task: Task) -> None:
        try:
            await self._live.want_turn(e.machine)
        except PortError as error:
            self._lost(e.task, e.machine, error)

    async def _reply(self, e: do.ReplyToGuest, task: Task) -> None:
        payload: dict[str, object] = {"outcome": e.outcome}
        if e.outcome == "rejected" or (e.outcome == "continue" and e.text):
            payload["feedback"] = e.text
        elif e.outcome in ("answered", "asked_back"):
            payload["text"] = e.text
        try:
            await self._live.reply(e.machine, e.guest_request, payload)
        except PortError as error:
            # Refused: nobody waits there any more, so the call has its answer or its caller died.
            if error.code != "refused":
                self._lost(e.task, e.machine, error)

    async def _take(self, e: do.TakeCheckpoint, task: Task) -> None:
        deaf: list[PortError] = []
        await self._take_and_tell(e, task, deaf)
        for error in deaf:
            self._lost(e.task, e.machine, error)

    async def _take_and_tell(self, e: do.TakeCheckpoint, task: Task, deaf: list[PortError]) -> None:
        try:
            session = self._live.session(e.machine)
            repository = self._repository(task.project)
            checkpoint = await take(
                e,
                task,
                session,
                self._machines,
                repository,
                at_ms=self._now(),
                leaves=lambda: self._yields(e.task),
                room_for=self._retention.room_for,
                seen=self._live.seen(e.task),
                spending=lambda: self._spending(e.task),
                veil=self._live.veil(e.machine),
                deaf=deaf.append,
            )
        except PortError as error:
            if not await self._begun_anew(e.task, error):
                self._post(ev.CheckpointFailed(self._now(), e.task, e.machine, error.sentence))
            return
        self._live.taken(e.task)
        self._post(ev.CheckpointTaken(self._now(), e.task, e.machine, checkpoint))
        if checkpoint.snapshot is not None:
            self._retention.taken(checkpoint.snapshot)

    def _yields(self, task_id: TaskId) -> bool:
        task = self._task(task_id)
        return task is not None and task.yielding is not None

    def _spending(self, task_id: TaskId) -> Spending:
        task = self._task(task_id)
        return task.spending if task is not None else NOTHING_SPENT

    # -- Git ------------------------------------------------------------------------------
    async def _append(
        self, task: Task, record: Record, *, tree_of: str = "", intent: str = ""
    ) -> str | None:
        try:
            return await self._repository(task.project).append(task.id, record, tree_of=tree_of)
        except PortError as error:
            if not await self._begun_anew(task.id, error):
                why = error.sentence
                self._post(ev.RecordFailed(self._now(), task.id, record.event, why, intent))
            return None

    async def _begun_anew(self, task_id: TaskId, error: PortError) -> bool:
        """Whether a task whose commits another program removed was submitted once more."""
        task = self._task(task_id)
        if error.code != HISTORY_GONE or task is None or not may_begin_anew(task):
            return False
        anew = begun_anew(task)
        repository = self._repository(task.project)
        try:
            commit = await repository.submit(task.id, task.start_commit, submission(anew))
        except PortError:
            return False  # its start is gone too, or nothing can be written: what failed is said
        crash.point("history.begun")
        lost = ev.HistoryLost(self._now(), task.id, anew.attempt, error.what, commit)
        self._post(lost)
        return True

    async def _record_request(self, e: do.RecordRequest, task: Task) -> None:
        commit = await self._append(task, record_of(e, self._now()))
        if commit is not None:
            self._post(ev.RequestRecorded(self._now(), e.task, e.request, commit))

    async def _record_decision(self, e: do.RecordDecision, task: Task) -> None:
        record, amendment = record_of(e, self._now()), e.decision.amendment
        tree = amendment.tree if amendment is not None else ""
        commit = await self._append(task, record, tree_of=tree, intent=e.decision.intent)
        if commit is not None:
            decided = ev.DecisionRecorded(self._now(), e.task, e.decision.request_id, commit)
            self._post(decided)

    async def _record_restore(self, e: do.RecordRestore, task: Task) -> None:
        commit = await self._append(task, record_of(e, self._now()), tree_of=e.commit)
        if commit is not None:
            self._post(ev.RestoreRecorded(self._now(), e.task, e.ordinal, commit))

    async def _record_event(self, e: do.RecordEvent | do.RecordFinish, task: Task) -> None:
        record = record_of(e, self._now())
        commit = await self._append(task, record)
        if commit is not None:
            self._post(ev.EventRecorded(self._now(), e.task, record.event, commit))

    async def _keep_output(self, e: do.KeepOutput, task: Task) -> None:
        output = self._live.output(e.task)
        if e.ended:
            output.flush(self._now())
        taken, cut = output.take(), self._live.tails.cut(e.task)
        name = e.step_name if e.round == 1 else f"{e.step_name}.{e.round}"
        try:
            await self._repository(task.project).append_log(e.task, name, taken)
            self._live.tails.drop(e.task, cut)
        except PortError as error:
            output.put_back(taken)
            self._live.remark(e.task, f"The output could not be kept in Git: {error.sentence}")


def _begins_checkpoint(queue: deque[do.Effect]) -> bool:
    return bool(queue) and isinstance(queue[0], do.TakeCheckpoint)
