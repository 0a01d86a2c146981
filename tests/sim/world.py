"""A seeded world around the pure core: machines, Git, people and crashes, in virtual milliseconds.

One heap, one random generator, no I/O. Every effect is answered by events after random delays;
faults (lost machines, failed checkpoints, refused commits, late and double decisions, crashes of
the plane at any moment) are drawn from the same generator. The same seed tells the same story.
"""

from __future__ import annotations

import heapq
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count

from clawdesk.domain import effects as do
from clawdesk.domain import events as ev
from clawdesk.domain.events import MachineAdopted
from clawdesk.domain.forking import forked, shown_fields
from clawdesk.domain.leases import HELD
from clawdesk.domain.model import (
    FINAL,
    AgentSpec,
    Amendment,
    CheckpointMode,
    Kind,
    Lease,
    MachineNeed,
    Phase,
    PlaneState,
    PriorityClass,
    ProjectPolicy,
    Reason,
    Record,
    Request,
    StepSpec,
    Task,
    TaskDefinition,
    Verdict,
)
from clawdesk.domain.moves import RETRY, TELL
from clawdesk.domain.replay import Alive, read, recover, submission
from clawdesk.domain.retention import Kept, decide
from clawdesk.domain.rules import Rules
from clawdesk.domain.transitions import step
from tests.sim.calls import Calls
from tests.sim.doing import Doing
from tests.sim.guests import Act, Guest, Outside
from tests.sim.host import Host

RULES = Rules(ageing_s=1, run_s_min=1, reserve_after_s=5, held_memory_s=2, margin=3, machines_max=8)

FORKS_TO = 8
"""No world grows beyond so many tasks by forks."""
EDIT = "edit "


@dataclass
class Faults:
    """Chance of each fault, 0..1; `crashes`: how often the plane is killed."""

    machine_lost: float = 0.0
    start_failed: float = 0.0
    checkpoint_failed: float = 0.0
    record_failed: float = 0.0
    damaged: float = 0.0
    step_failed: float = 0.0
    wishes: float = 0.0
    cancels: float = 0.0
    suspends: float = 0.0
    adoption_failed: float = 0.0
    amends: float = 0.0
    forks: float = 0.0
    forgets: float = 0.0
    models: float = 0.0
    prompts: float = 0.0
    images: float = 0.0
    histories: float = 0.0
    asks_back: float = 0.0
    crashes: int = 0
    hosts: int = 0  # how often something happens to the host, a project or the rules


@dataclass
class World:
    seed: int
    faults: Faults = field(default_factory=Faults)
    slots: int = 2

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.now_ms = 0
        self.outside = Outside()
        self.doing = Doing(self)
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._acts: list[Act] = []
        self.order = count()
        self.names = count(1)
        self._ticked_ms = 0
        self._lanes: dict[str, int] = {}
        self.epoch = 1
        self.story: list[str] = []
        self.acks: dict[str, bool] = {}
        self.intents: dict[str, int] = {}  # intent -> epoch of the plane that was asked
        self.calls = Calls(self)
        self.told: set[int] = set()  # steps that a person let run again after a failed checkpoint
        self.building: set[str] = set()  # tasks whose image is being built
        self.starts = 0
        self.yields = 0
        self.events = 0
        self.state = PlaneState()
        self.host = Host(self, RULES, self.faults.hosts)
        self.host.look()
        for _ in range(self.faults.crashes):
            self.later(self.random.randint(1, 6_000), self.crash)

    # -- time -----------------------------------------------------------------------------
    def later(self, delay_ms: int, act: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (self.now_ms + delay_ms, next(self.order), act))

    def run(self, limit: int = 20_000) -> None:
        """Until nothing is left to happen."""
        for _ in range(limit):
            if not self._heap:
                return
            self.now_ms, _, act = heapq.heappop(self._heap)
            if self.now_ms - self._ticked_ms >= 1000:
                elapsed_ms, self._ticked_ms = self.now_ms - self._ticked_ms, self.now_ms
                self.post(ev.Ticked(self.now_ms, elapsed_ms))
            act()
        raise AssertionError(f"seed {self.seed}: no end after {limit} events\n{self.tell()}")

    def tell(self) -> str:
        """The last lines, of tasks that have not ended where there are any."""
        open_ids = [t.id for t in self.state.tasks.values() if t.phase not in FINAL]
        lines = [line for line in self.story if not open_ids or any(i in line for i in open_ids)]
        return "\n".join(lines[-int(os.environ.get("SIM_TELL", "60")) :])

    def post(self, event: ev.Event) -> None:
        self.events += 1
        self.story.append(f"{self.now_ms:>8} {event}")
        for effect in step(self.state, event):
            self.story.append(f"{'':>8}   -> {effect}")
            self.doing.perform(effect)
        self.calls.check(event)
        self.host.check(event)
        for task in self.state.tasks.values():
            has_both = task.lease is Lease.REFUSED or not task.definition.model
            assert has_both or task.lease is not Lease.NONE or task.phase is not Phase.STARTING
            waits = task.id in self.building
            assert not waits or task.lease not in HELD, f"{task.id} keeps a model without an image"

    def act(
        self,
        lane: str,
        happen: Callable[[], None],
        event_of: Callable[[], ev.Event | None],
        low: int = 1,
        high: int = 80,
    ) -> None:
        """Let something happen in a while, then tell the plane that asked for it."""
        at = max(self.now_ms, self._lanes.get(lane, 0)) + self.random.randint(low, high)
        self._lanes[lane] = at
        epoch = self.epoch

        def told() -> None:
            event = event_of()
            if event is not None:
                self.post(event)

        act = Act(at, lane, happen, told)
        self._acts.append(act)

        def due() -> None:
            if self.epoch == epoch:
                self._acts.remove(act)
                act.happen()
                act.told()

        self.later(at - self.now_ms, due)

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    # -- crashes --------------------------------------------------------------------------
    def crash(self) -> None:
        """Kill the plane: what it had begun happens or not, in order; then a new one wakes."""
        self.story.append(f"{self.now_ms:>8} CRASH")
        self.epoch += 1
        cut: set[str] = set()
        for act in sorted(self._acts, key=lambda act: act.at_ms):
            if act.lane not in cut and self.chance(0.5):
                act.happen()
            else:
                cut.add(act.lane)
        self._acts.clear()
        self._lanes.clear()
        self.building.clear()
        self.calls.forget()
        for guest in self.outside.guests.values():
            guest.connected = False
        self.state = PlaneState(environment=Reason("starting", "It begins."))
        self._recover()
        self.host.look()

    def _recover(self) -> None:
        """As runtime.projects and runtime.plane do."""
        alive: dict[str, Guest] = {}
        for guest in list(self.outside.guests.values()):
            if guest.task in alive:
                self.outside.guests.pop(guest.name)  # an adapter never lists two for one task
            else:
                alive[guest.task] = guest
        for task_id, records in list(self.outside.log.items()):
            known = alive.pop(task_id, None)
            found = Alive(known.name, known.attempt, "tcg", known.inside.base) if known else None
            task = replace(read(records), project=read(records).project)
            recovery = recover(task, found)
            for record in recovery.ends_attempt(self.now_ms, "the plane was killed"):
                self.outside.commit(task_id, record, self.outside.trees.get(task.start_commit, []))
            self.post(ev.TaskRecovered(self.now_ms, recovery.task))
            if recovery.task.phase is Phase.UNKNOWN and known is not None:
                self._adopt(recovery.task, known)
            elif recovery.task.leaving:
                self.doing.perform(do.ReleaseMachine(task_id, recovery.task.leaving))
            if recovery.task.phase is Phase.HELD:
                self.later(self.random.randint(10, 500), partial(self.person, task_id))
        for guest in alive.values():
            self.outside.guests.pop(guest.name, None)

    def _adopt(self, task: Task, guest: Guest) -> None:
        if self.chance(self.faults.adoption_failed):
            self.act(
                guest.name,
                lambda: self.end(guest.name),
                lambda: ev.MachineLost(self.now_ms, task.id, guest.name, "it does not answer."),
            )
            return

        def answered() -> ev.Event | None:
            if guest.name not in self.outside.guests:
                return None
            inside = guest.inside
            guest.connected = True
            self.repeat_soon(guest)
            self.calls.recall(task, guest)
            return MachineAdopted(
                self.now_ms,
                task.id,
                task.attempt,
                guest.name,
                "tcg",
                inside.run,
                inside.ended,
                inside.exit_code,
            )

        def resume() -> None:
            guest.suspended = False
            self.wake_guest(guest)

        self.act(guest.name, resume, answered)

    def repeat_soon(self, guest: Guest) -> None:
        """A guest that was greeted tells its waiting calls again."""
        for request in list(guest.inside.waiting):
            self.later(self.random.randint(1, 30), partial(self._repeat, guest, request))

    def _repeat(self, guest: Guest, request: str) -> None:
        living = guest.name in self.outside.guests and guest.connected
        if living and request in guest.inside.waiting:
            self._say(guest, request)

    # -- tasks and people -----------------------------------------------------------------
    def submit(self, number: int) -> None:
        modes = list(CheckpointMode)
        steps = tuple(
            StepSpec(f"s{i}", "true", checkpoint=self.random.choice(modes))
            for i in range(self.random.randint(1, 4))
        )
        need = MachineNeed(memory_mib=self.random.choice((256, 512)))
        models = self.faults.models
        model = "m" if models and self.chance(models) else ""
        agent = AgentSpec("acp", "prompt", "run") if self.faults.prompts else None
        definition = TaskDefinition(
            f"t{number}", f"T{number}", steps, machine=need, model=model, agent=agent
        )
        task = Task(
            id=f"task{number:03}",
            project=f"/p{number % 2}",
            definition=definition,
            policy=ProjectPolicy(checkpoint_every_s=3),
            submitted_at_ms=self.now_ms,
            base_commit="base",
            start_commit="start",
            priority=self.random.randint(-5, 5),
            priority_class=self.random.choice(list(PriorityClass)),
        )
        record = submission(task)
        commit = self.outside.commit(task.id, record)
        shown = Record("submitted", self.now_ms, {"definition": definition.name}, commit)
        self.post(ev.TaskSubmitted(self.now_ms, replace(task, records=(shown,))))

    def _intent(self) -> str:
        intent = f"i{len(self.intents)}"
        self.intents[intent] = self.epoch
        return intent

    def _about_a_retry(self, task: Task, request: Request) -> str:
        roll = self.random.random()
        if roll < 0.9 or roll > 0.96 or TELL not in request.choices:
            return RETRY if roll < 0.9 else "x"
        self.told.add(task.step_index)
        return TELL

    def person(self, task_id: str) -> None:
        """Decide what is asked, sometimes twice, sometimes about an old picture."""
        task = self.state.tasks.get(task_id)
        if task is None or task.request is None:
            return
        request, intent = task.request, self._intent()
        if request.kind is Kind.CLARIFY:
            text = self._about_a_retry(task, request) if request.key == RETRY else "x"
            verdict, ref, note = Verdict.ANSWERED, request.key, ""
            if self.faults.asks_back:
                text = text if request.is_ours else f"words {next(self.order)}"
                if self.chance(self.faults.asks_back):  # of our own questions it is refused
                    verdict = Verdict.ASKED_BACK
        else:
            good = self.random.random() < 0.8
            verdict = Verdict.APPROVED if good else Verdict.REJECTED
            text, ref, note = "", str(request.ordinal), "again"
        amendment = None
        if verdict is Verdict.APPROVED and self.chance(self.faults.amends):
            verdict, amendment = Verdict.AMENDED, self._amendment(task, request.ordinal)
        stale = self.random.random() < 0.1
        digest = "stale" if stale else request.digest
        self.post(
            ev.DecisionGiven(
                self.now_ms,
                task_id,
                ref,
                verdict,
                "me",
                "sim",
                digest,
                note,
                text,
                intent,
                amendment,
            )
        )
        if stale or self.random.random() < 0.2:
            self.later(self.random.randint(0, 50), lambda: self.person(task_id))

    def _amendment(self, task: Task, ordinal: int) -> Amendment:
        """The same work with something of the person's."""
        checkpoint = task.checkpoint(ordinal)
        assert checkpoint is not None
        tree = f"tree{next(self.order)}"
        self.outside.trees[tree] = [*self.outside.trees[checkpoint.commit], f"{EDIT}{tree}"]
        return Amendment(tree, ("left.txt",), ("edited.txt",))

    def fork(self, parent: Task) -> None:
        """As runtime.submitting does."""
        ordinal = self.random.choice([0, *(c.ordinal for c in parent.checkpoints)])
        ordinal = ordinal or parent.beginning
        checkpoint = parent.checkpoint(ordinal)
        task_id = f"fork{next(self.names):03}"
        shared = None
        if checkpoint is not None and checkpoint.snapshot is not None:
            name = f"s{task_id}.{ordinal}"
            if self.outside.share(checkpoint.snapshot.id, name):
                shared = replace(checkpoint.snapshot, id=name)
        task = forked(
            parent, ordinal, shared, task_id=task_id, at_ms=self.now_ms, settings={"fork": "yes"}
        )
        commit = self.outside.commit(task_id, submission(task))
        shown = Record("submitted", self.now_ms, shown_fields(task), commit)
        self.post(ev.TaskSubmitted(self.now_ms, replace(task, records=(shown,))))
        self.later(self.random.randint(10, 4_000), partial(self.person, task_id))

    def forget(self) -> None:
        """As runtime.retention does with whatever a policy allows: everything nobody needs."""
        kept = [
            Kept(c.snapshot.id, task.id, c.ordinal, 1 << 40, c.at_ms)
            for task in self.state.tasks.values()
            for c in task.checkpoints
            if c.snapshot is not None
        ]
        for one in decide(self.state.tasks, kept, 1 << 60, RULES, self.now_ms).forget:
            self.post(
                ev.SnapshotForgotten(self.now_ms, one.task, one.ordinal, one.snapshot, one.why)
            )
            self.outside.snapshots.pop(one.snapshot, None)

    def disturb(self, task_id: str) -> None:
        task = self.state.tasks.get(task_id)
        if task is None:
            return
        if self.chance(self.faults.cancels):
            self.post(ev.CancelAsked(self.now_ms, task_id, "me", "sim", self._intent()))
        elif self.chance(self.faults.suspends):
            self.post(ev.SuspendAsked(self.now_ms, task_id, self._intent()))
        elif self.chance(self.faults.wishes):
            ordinal = self.random.randint(0, max(1, task.next_ordinal - 1))
            self.post(ev.RestoreAsked(self.now_ms, task_id, ordinal, "me", "sim", self._intent()))
        elif self.faults.prompts and self.chance(self.faults.prompts):
            self.post(ev.PromptAsked(self.now_ms, task_id, "more", "me", "sim", self._intent()))
        elif self.chance(self.faults.forgets):
            self.forget()
        elif len(self.outside.log) < FORKS_TO and self.chance(self.faults.forks):
            self.fork(task)
        elif task.machine in self.outside.guests and self.chance(self.faults.machine_lost):
            del self.outside.guests[task.machine]
            self.post(ev.MachineLost(self.now_ms, task_id, task.machine, "killed."))

    # -- guests ---------------------------------------------------------------------------
    def wake_guest(self, guest: Guest) -> None:
        """Let something happen inside, if anything can."""
        if guest.due or guest.suspended or not guest.inside.runs:
            return
        guest.due = True
        self.later(self.random.randint(10, 500), lambda: self._inside(guest))

    def _inside(self, guest: Guest) -> None:
        """The process computes, and then says something."""
        guest.due = False
        inside = guest.inside
        if guest.name not in self.outside.guests or guest.suspended or not inside.runs:
            return
        if self.faults.prompts and guest.connected and self.chance(0.3):
            part = self.random.choice(("look", "mend", ""))
            self.post(ev.PartStarted(self.now_ms, guest.task, guest.name, part))
        self.calls.make(guest)
        draw = self.random.random()
        was_asked, inside.asked_back = inside.asked_back, False
        if was_asked and draw < 0.8:
            draw = 0.3  # it asks again, and says more
        if draw < 0.35:
            request = f"g{next(self.order)}"
            inside.waiting[request] = (draw >= 0.2, draw < 0.1, 0.05 <= draw < 0.15)
            self._say(guest, request)
        else:
            inside.work.append(f"end {inside.run.partition('.')[0]}")
            inside.ended = True
            inside.exit_code = (
                self.random.choice((1, 3)) if self.chance(self.faults.step_failed) else 0
            )
            if was_asked and draw > 0.9:
                inside.exit_code = 4  # it was not written for that
            if guest.connected:
                self.post(
                    ev.StepEnded(
                        self.now_ms, guest.task, guest.name, inside.exit_code, run=inside.run
                    )
                )
        if self.random.random() < 0.3:
            self.later(self.random.randint(0, 200), lambda: self.disturb(guest.task))

    def _say(self, guest: Guest, request: str) -> None:
        if not guest.connected:
            return
        asks, approve, call = guest.inside.waiting[request]
        now, task, machine = self.now_ms, guest.task, guest.name
        if asks:
            self.post(ev.QuestionAsked(now, task, machine, request, "k", "which?"))
        else:
            asked = ev.BoundaryAsked(now, task, machine, request, approve, "note", model_call=call)
            self.post(asked)

    def end(self, machine: str) -> None:
        self.outside.guests.pop(machine, None)

    def living(self, machine: str) -> Guest | None:
        return self.outside.guests.get(machine)

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
