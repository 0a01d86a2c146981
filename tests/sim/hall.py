"""A hall of machines around the pure core, for questions of time: who starts when, who waits why.

Nothing is random here and nothing fails: every task has steps of known length, every act takes a
known time. Seeds come from the caller. `tests/sim/world.py` is the place for faults.
"""

from __future__ import annotations

import heapq
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
    MachineNeed,
    Phase,
    PlaneState,
    PriorityClass,
    ProjectPolicy,
    Snapshot,
    StepSpec,
    Task,
    TaskDefinition,
)
from clawdesk.domain.rules import Rules
from clawdesk.domain.transitions import step

BOOT_MS = 1_000
RESTORE_MS = 1_500
CHECKPOINT_MS = 200
COMMIT_MS = 20
RELEASE_MS = 100


def task_of(
    name: str,
    project: str = "/p",
    *,
    steps: int = 1,
    memory_mib: int = 512,
    cpu_count: int = 1,
    hint: int = 0,
    weight: float = 1.0,
    kind: PriorityClass = PriorityClass.AGENT,
    policy: ProjectPolicy | None = None,
) -> Task:
    """A task as it is submitted; its name is its id and its title."""
    need = MachineNeed(memory_mib=memory_mib, cpu_count=cpu_count)
    specs = tuple(StepSpec(f"s{number}", "true") for number in range(steps))
    return Task(
        id=name,
        project=project,
        definition=TaskDefinition(name, name, specs, machine=need),
        policy=policy or ProjectPolicy(weight=weight, checkpoint_every_s=60),
        submitted_at_ms=0,
        base_commit="b",
        start_commit="s",
        priority=hint,
        priority_class=kind,
    )


@dataclass
class Hall:
    """Virtual milliseconds on one heap.

    Attributes:
        wall_ms: what the events say the time is; only the clock's jumps make it differ.
        lengths: seconds each step of a task runs.
        began_s: when each task first got a machine; `ended_s`: when it had ended.
        left: (task, for whom) of every task that yielded, with the second it left.
    """

    capacity: Capacity = field(default_factory=lambda: Capacity(4, 2048, 4))
    rules: Rules = field(default_factory=Rules)
    wall_ms: Callable[[int], int] = lambda now_ms: now_ms
    watch: Callable[[Hall], None] = lambda hall: None

    def __post_init__(self) -> None:
        self.now_ms = 0
        self.state = PlaneState()
        self.lengths: dict[str, float] = {}
        self.submitted_s: dict[str, float] = {}
        self.began_s: dict[str, float] = {}
        self.ended_s: dict[str, float] = {}
        self.left: list[tuple[str, str, float]] = []
        self.asked: list[tuple[str, str, float]] = []
        self.starts: list[str] = []
        self.held_ms: dict[str, int] = {}  # project -> machine milliseconds, of ended machines
        self._since: dict[str, int] = {}
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self._names = count(1)
        self._work: dict[str, Callable[[], None]] = {}  # of living machines: what comes next
        self.post(ev.RulesChanged(0, self.rules, frozenset()))
        self.post(ev.CapacityChanged(0, self.capacity))

    # -- time -----------------------------------------------------------------------------
    def later(self, delay_ms: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (self.now_ms + int(delay_ms), next(self._order), act))

    def run(self, until_s: float) -> Hall:
        """Let that many seconds pass in all, with a tick each second."""
        end_ms = int(until_s * 1000)
        while self.now_ms < end_ms:
            tick_ms = (self.now_ms // 1000 + 1) * 1000
            if self._heap and self._heap[0][0] < tick_ms:
                self.now_ms, _, act = heapq.heappop(self._heap)
                act()
                continue
            self.now_ms = tick_ms
            self.post(ev.Ticked(self.wall_ms(self.now_ms), 1000))
        return self

    def submit(self, task: Task, step_s: float, at_s: float = 0.0) -> None:
        """Let a task arrive; each of its steps runs for `step_s`."""
        self.lengths[task.id] = step_s
        self.submitted_s[task.id] = at_s

        def arrive() -> None:
            self.post(ev.TaskSubmitted(self.wall_ms(self.now_ms), task))

        if at_s * 1000 <= self.now_ms:
            arrive()
        else:
            self.later(at_s * 1000 - self.now_ms, arrive)

    def post(self, event: ev.Event) -> None:
        before = {t: self.state.tasks[t].yielding for t in self._asked_now()}
        effects = step(self.state, event)
        for task_id in self._asked_now():
            yielding = self.state.tasks[task_id].yielding
            if yielding is not None and before.get(task_id) is None:
                self.asked.append((task_id, yielding.for_task, self.now_ms / 1000))
        for task_id in self.state.touched:
            if self.state.tasks[task_id].phase in FINAL:
                self.ended_s.setdefault(task_id, self.now_ms / 1000)
        for effect in effects:
            act = getattr(self, f"_{type(effect).__name__}", None)
            if act is not None:
                act(effect)
        total_use(self.state)
        self.watch(self)

    def _asked_now(self) -> list[str]:
        index = self.state.index
        return list(index.yielding) if index is not None else []

    def waits(self) -> list[Task]:
        return [t for t in self.state.tasks.values() if t.phase is Phase.QUEUED]

    # -- what the plane asks for ----------------------------------------------------------
    def _tell(self, delay_ms: float, make: Callable[[int], ev.Event]) -> None:
        self.later(delay_ms, lambda: self.post(make(self.wall_ms(self.now_ms))))

    def _holds(self, task_id: str) -> None:
        self.began_s.setdefault(task_id, self.now_ms / 1000)
        self.starts.append(task_id)
        self._since[task_id] = self.now_ms

    def _StartMachine(self, e: do.StartMachine) -> None:
        self._holds(e.task)
        machine = f"m{next(self._names)}"
        self._tell(
            BOOT_MS,
            lambda at: ev.MachineStarted(at, e.task, e.attempt, machine, 1.0, "tcg", warm=True),
        )

    def _RestoreMachine(self, e: do.RestoreMachine) -> None:
        self._holds(e.task)
        machine, ordinal = f"m{next(self._names)}", e.checkpoint.ordinal
        self._tell(
            RESTORE_MS,
            lambda at: ev.MachineRestored(
                at, e.task, e.attempt, machine, ordinal, True, 1.0, "tcg"
            ),
        )

    def _RunStep(self, e: do.RunStep) -> None:
        run = f"{e.index}.{e.round}"
        self._tell(
            self.lengths[e.task] * 1000,
            lambda at: ev.StepEnded(at, e.task, e.machine, 0, run=run),
        )

    def _TakeCheckpoint(self, e: do.TakeCheckpoint) -> None:
        snapshot = Snapshot(f"{e.task}.{e.ordinal}", 60, 150, 1)
        approval = "asked" if e.boundary.mode == "approve" else ""
        taken = Checkpoint(
            e.ordinal,
            self.now_ms,
            e.step_index,
            e.step_name,
            e.round,
            f"c{e.ordinal}",
            "t",
            f"d{e.ordinal}",
            snapshot=snapshot,
            mid_step=e.boundary.mid_step,
            safety=e.boundary.safety,
            approval_reason=approval,
        )
        self._tell(CHECKPOINT_MS, lambda at: ev.CheckpointTaken(at, e.task, e.machine, taken))

    def _ReleaseMachine(self, e: do.ReleaseMachine) -> None:
        project = self.state.tasks[e.task].project
        held_ms = self.now_ms - self._since.pop(e.task, self.now_ms)
        self.held_ms[project] = self.held_ms.get(project, 0) + held_ms
        self._tell(RELEASE_MS, lambda at: ev.MachineReleased(at, e.task, e.machine))

    def _RecordEvent(self, e: do.RecordEvent) -> None:
        if e.event == "yielded":
            self.left.append((e.task, str(dict(e.fields)["for_task"]), self.now_ms / 1000))
        self._tell(COMMIT_MS, lambda at: ev.EventRecorded(at, e.task, e.event, "c"))

    def _RecordFinish(self, e: do.RecordFinish) -> None:
        self._tell(COMMIT_MS, lambda at: ev.EventRecorded(at, e.task, "finished", "c"))

    def _RecordRestore(self, e: do.RecordRestore) -> None:
        self._tell(COMMIT_MS, lambda at: ev.RestoreRecorded(at, e.task, e.ordinal, "c"))

    def _RecordRequest(self, e: do.RecordRequest) -> None:
        self._tell(COMMIT_MS, lambda at: ev.RequestRecorded(at, e.task, e.request, "c"))

    def _RecordDecision(self, e: do.RecordDecision) -> None:
        self._tell(COMMIT_MS, lambda at: ev.DecisionRecorded(at, e.task, e.request.id, "c"))
