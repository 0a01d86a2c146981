"""A seeded world around the pure core: machines, Git and people, in virtual milliseconds.

One heap, one random generator, no I/O. Every effect is answered by events after random delays;
faults (lost machines, failed checkpoints, refused commits, late and double decisions) are drawn
from the same generator. The same seed tells the same story.
"""

from __future__ import annotations

import heapq
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from clawdesk.domain import effects as do
from clawdesk.domain import events as ev
from clawdesk.domain.invariants import total_use
from clawdesk.domain.model import (
    FINAL,
    Capacity,
    Checkpoint,
    CheckpointMode,
    Kind,
    MachineNeed,
    Phase,
    PlaneState,
    ProjectPolicy,
    Snapshot,
    StepSpec,
    Task,
    TaskDefinition,
    Verdict,
)
from clawdesk.domain.transitions import step


@dataclass
class Faults:
    """Chance of each fault, 0..1."""

    machine_lost: float = 0.0
    start_failed: float = 0.0
    checkpoint_failed: float = 0.0
    record_failed: float = 0.0
    damaged: float = 0.0
    step_failed: float = 0.0
    wishes: float = 0.0
    cancels: float = 0.0
    suspends: float = 0.0


@dataclass
class World:
    seed: int
    faults: Faults = field(default_factory=Faults)
    slots: int = 2

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.state = PlaneState(
            capacity=Capacity(cpu_count=self.slots, memory_mib=512 * self.slots, machines=8)
        )
        self.now_ms = 0
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self._machines = count(1)
        self.alive: dict[str, str] = {}  # machine -> task
        self.story: list[str] = []
        self.acks: dict[str, bool] = {}
        self.intents: set[str] = set()
        self.commits: dict[str, list[str]] = {}
        self.git_queue: dict[str, int] = {}
        self.starts = 0

    # -- time -----------------------------------------------------------------------------
    def later(self, delay_ms: int, act: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (self.now_ms + delay_ms, next(self._order), act))

    def run(self, limit: int = 20_000) -> None:
        """Until nothing is left to happen."""
        for _ in range(limit):
            if not self._heap:
                return
            self.now_ms, _, act = heapq.heappop(self._heap)
            act()
        raise AssertionError(f"seed {self.seed}: no end after {limit} events\n{self.tell()}")

    def tell(self) -> str:
        """The last lines, of tasks that have not ended where there are any."""
        open_ids = [t.id for t in self.state.tasks.values() if t.phase not in FINAL]
        lines = [line for line in self.story if not open_ids or any(i in line for i in open_ids)]
        return "\n".join(lines[-int(os.environ.get("SIM_TELL", "60")) :])

    def post(self, event: ev.Event) -> None:
        self.story.append(f"{self.now_ms:>8} {event}")
        for effect in step(self.state, event):
            self.story.append(f"{'':>8}   -> {effect}")
            self.perform(effect)
        total_use(self.state)

    # -- tasks and people -----------------------------------------------------------------
    def submit(self, number: int) -> None:
        modes = list(CheckpointMode)
        steps = tuple(
            StepSpec(f"s{i}", "true", checkpoint=self.random.choice(modes))
            for i in range(self.random.randint(1, 4))
        )
        definition = TaskDefinition(f"t{number}", f"T{number}", steps, machine=MachineNeed())
        task = Task(
            id=f"task{number:03}",
            project="/p",
            definition=definition,
            policy=ProjectPolicy(),
            submitted_at_ms=self.now_ms,
            base_commit="base",
            start_commit="start",
            priority=self.random.randint(-5, 5),
        )
        self.post(ev.TaskSubmitted(self.now_ms, task))

    def person(self, task_id: str) -> None:
        """Decide what is asked, sometimes twice, sometimes about an old picture."""
        task = self.state.tasks[task_id]
        request = task.request
        if request is None:
            return
        intent = f"i{len(self.intents)}"
        self.intents.add(intent)
        if request.kind is Kind.CLARIFY:
            text = "retry" if request.key == "retry" and self.random.random() < 0.9 else "x"
            verdict, ref, note = Verdict.ANSWERED, request.key, ""
        else:
            good = self.random.random() < 0.8
            verdict = Verdict.APPROVED if good else Verdict.REJECTED
            text, ref, note = "", str(request.ordinal), "again"
        stale = self.random.random() < 0.1
        digest = "stale" if stale else request.digest
        self.post(
            ev.DecisionGiven(
                self.now_ms, task_id, ref, verdict, "me", "sim", digest, note, text, intent
            )
        )
        if stale or self.random.random() < 0.2:
            self.later(self.random.randint(0, 50), lambda: self.person(task_id))

    def disturb(self, task_id: str) -> None:
        task = self.state.tasks[task_id]
        intent = f"i{len(self.intents)}"
        if self.chance(self.faults.cancels):
            self.intents.add(intent)
            self.post(ev.CancelAsked(self.now_ms, task_id, "me", "sim", intent))
        elif self.chance(self.faults.suspends):
            self.intents.add(intent)
            self.post(ev.SuspendAsked(self.now_ms, task_id, intent))
        elif self.chance(self.faults.wishes):
            self.intents.add(intent)
            ordinal = self.random.randint(0, max(1, task.next_ordinal - 1))
            self.post(ev.RestoreAsked(self.now_ms, task_id, ordinal, "me", "sim", intent))
        elif task.machine in self.alive and self.chance(self.faults.machine_lost):
            self.alive.pop(task.machine)
            self.post(ev.MachineLost(self.now_ms, task_id, task.machine, "killed."))

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    # -- effects --------------------------------------------------------------------------
    def perform(self, effect: do.Effect) -> None:
        getattr(self, f"_{type(effect).__name__}")(effect)

    def _soon(self, event_of: Callable[[], ev.Event], low: int = 1, high: int = 80) -> None:
        self.later(self.random.randint(low, high), lambda: self.post(event_of()))

    def _git(self, task: str, event_of: Callable[[], ev.Event]) -> None:
        """Commits of one task become durable in order."""
        at = max(self.now_ms, self.git_queue.get(task, 0)) + self.random.randint(1, 20)
        self.git_queue[task] = at
        self.later(at - self.now_ms, lambda: self.post(event_of()))

    def _StartMachine(self, e: do.StartMachine) -> None:
        if self.chance(self.faults.start_failed):
            self._soon(lambda: ev.MachineFailed(self.now_ms, e.task, e.attempt, "no boot"))
            return
        machine = f"m{next(self._machines)}"

        def started() -> ev.Event:
            self.alive[machine] = e.task
            self.starts += 1
            return ev.MachineStarted(
                self.now_ms, e.task, e.attempt, machine, 700.0, "tcg", warm=True
            )

        self._soon(started, 100, 900)

    def _RestoreMachine(self, e: do.RestoreMachine) -> None:
        snapshot = e.checkpoint.snapshot
        if snapshot and self.chance(self.faults.damaged):
            ordinal = e.checkpoint.ordinal
            self._soon(
                lambda: ev.MachineFailed(
                    self.now_ms, e.task, e.attempt, "damaged.", damaged_ordinal=ordinal
                )
            )
            return
        machine = f"m{next(self._machines)}"

        def restored() -> ev.Event:
            self.alive[machine] = e.task
            if snapshot and e.checkpoint.mid_step:
                # The process inside runs on by itself, and says again what nobody answered.
                self.later(50, lambda: self._run_on(e.task, machine))
            return ev.MachineRestored(
                self.now_ms,
                e.task,
                e.attempt,
                machine,
                e.checkpoint.ordinal,
                memory=snapshot is not None,
                boot_ms=500.0,
                accelerator="tcg",
            )

        self._soon(restored, 100, 600)

    def _run_on(self, task: str, machine: str) -> None:
        """What the process inside does next."""
        if self.alive.get(machine) != task:
            return
        draw = self.random.random()
        if draw < 0.2:
            request = f"g{next(self._order)}"
            self.post(ev.BoundaryAsked(self.now_ms, task, machine, request, draw < 0.1, "note"))
        elif draw < 0.35:
            request = f"g{next(self._order)}"
            self.post(ev.QuestionAsked(self.now_ms, task, machine, request, "k", "which?"))
        else:
            code = self.random.choice((1, 3)) if self.chance(self.faults.step_failed) else 0
            self.post(ev.StepEnded(self.now_ms, task, machine, code))
        if self.random.random() < 0.3:
            self.later(self.random.randint(0, 200), lambda: self.disturb(task))

    def _RunStep(self, e: do.RunStep) -> None:
        assert self.alive.get(e.machine) == e.task, "a step was sent to a machine that is gone"
        self.later(self.random.randint(10, 500), lambda: self._run_on(e.task, e.machine))

    def _ReplyToGuest(self, e: do.ReplyToGuest) -> None:
        self.later(self.random.randint(10, 500), lambda: self._run_on(e.task, e.machine))

    def _TakeCheckpoint(self, e: do.TakeCheckpoint) -> None:
        if self.chance(self.faults.checkpoint_failed):
            self._soon(lambda: ev.CheckpointFailed(self.now_ms, e.task, e.machine, "no space."))
            return
        b = e.boundary
        approval = "the task asks for it" if b.mode == "approve" else ""
        checkpoint = Checkpoint(
            ordinal=e.ordinal,
            at_ms=self.now_ms,
            step_index=e.step_index,
            step_name=e.step_name,
            round=e.round,
            commit=f"c{e.task}.{e.ordinal}",
            tree=f"t{e.ordinal}",
            digest=f"d{e.ordinal}",
            snapshot=Snapshot(f"s{e.ordinal}", 60, 150, 1) if self.random.random() < 0.9 else None,
            message=b.message,
            guest_request=b.guest_request,
            approval_reason=approval,
            safety=b.safety,
            mid_step=b.mid_step,
            question=b.question,
            attempt=e.attempt,
        )
        self._git(e.task, lambda: ev.CheckpointTaken(self.now_ms, e.task, e.machine, checkpoint))

    def _HoldMachine(self, e: do.HoldMachine) -> None:
        pass

    def _ResumeMachine(self, e: do.ResumeMachine) -> None:
        pass

    def _ReleaseMachine(self, e: do.ReleaseMachine) -> None:
        def gone() -> ev.Event:
            self.alive.pop(e.machine, None)
            return ev.MachineReleased(self.now_ms, e.task, e.machine)

        self._soon(gone)

    def _record(self, task: str, name: str, event_of: Callable[[], ev.Event]) -> None:
        if self.chance(self.faults.record_failed):
            self._git(task, lambda: ev.RecordFailed(self.now_ms, task, name, "Git refused."))
            return

        def done() -> ev.Event:
            self.commits.setdefault(task, []).append(name)
            return event_of()

        self._git(task, done)

    def _RecordRequest(self, e: do.RecordRequest) -> None:
        def recorded() -> ev.Event:
            self.later(self.random.randint(10, 2_000), lambda: self.person(e.task))
            return ev.RequestRecorded(self.now_ms, e.task, e.request, "c")

        self._record(e.task, "requested", recorded)

    def _RecordDecision(self, e: do.RecordDecision) -> None:
        assert "requested" in self.commits.get(e.task, []), "told before it was committed"
        self._record(
            e.task,
            "decision",
            lambda: ev.DecisionRecorded(self.now_ms, e.task, e.request.id, "c"),
        )

    def _RecordRestore(self, e: do.RecordRestore) -> None:
        self._record(
            e.task, "restored", lambda: ev.RestoreRecorded(self.now_ms, e.task, e.ordinal, "c")
        )

    def _RecordEvent(self, e: do.RecordEvent) -> None:
        self._record(e.task, e.event, lambda: ev.EventRecorded(self.now_ms, e.task, e.event, "c"))

    def _RecordFinish(self, e: do.RecordFinish) -> None:
        self._record(
            e.task, "finished", lambda: ev.EventRecorded(self.now_ms, e.task, "finished", "c")
        )

    def _Acknowledge(self, e: do.Acknowledge) -> None:
        assert e.intent not in self.acks, f"{e.intent} was answered twice"
        self.acks[e.intent] = e.ok

    def _Notify(self, e: do.Notify) -> None:
        pass

    def _DiscardSnapshots(self, e: do.DiscardSnapshots) -> None:
        pass

    def _KeepOutput(self, e: do.KeepOutput) -> None:
        pass

    # -- the end --------------------------------------------------------------------------
    def settle(self) -> None:
        """Let people answer whatever still waits until every task has ended."""
        for _ in range(400):
            self.run()
            waiting = [t for t in self.state.tasks.values() if t.phase is Phase.HELD]
            if not waiting:
                return
            for task in waiting:
                self.person(task.id)
        raise AssertionError(f"seed {self.seed}: still waiting\n{self.tell()}")

    def check_end(self) -> None:
        where = f"seed {self.seed}\n{self.tell()}"
        phases = {task.id: task.phase for task in self.state.tasks.values()}
        assert all(phase in FINAL for phase in phases.values()), f"{phases} {where}"
        assert not self.alive, f"machines left: {self.alive} {where}"
        unanswered = self.intents - set(self.acks)
        assert not unanswered, f"nobody answered {unanswered} {where}"
