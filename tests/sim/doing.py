"""How a simulated world answers the plane's effects: each one happens after a while, or fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from clawdesk.domain import effects as do
from clawdesk.domain import events as ev
from clawdesk.domain.audit import checkpoint_record, record_of
from clawdesk.domain.lease_events import (
    LeaseAskedBack,
    LeaseEnded,
    LeaseGranted,
    LeaseRefused,
    LeaseWaits,
)
from clawdesk.domain.model import Checkpoint, Reason, Snapshot, Verdict
from clawdesk.domain.on_history import begun_anew, may_begin_anew
from clawdesk.domain.replay import submission
from tests.sim.guests import Guest, Inside

if TYPE_CHECKING:
    from tests.sim.world import World


class Doing:
    """Carries effects out in a world; a method each, named after its effect."""

    def __init__(self, world: World) -> None:
        self.world = world

    def perform(self, effect: do.Effect) -> None:
        getattr(self, f"_{type(effect).__name__}")(effect)

    def _bring_up(
        self,
        e: do.StartMachine | do.RestoreMachine,
        inside: Inside,
        event: ev.MachineStarted | ev.MachineRestored,
    ) -> None:
        machine = event.machine
        guest = Guest(machine, e.task, e.attempt, inside, connected=False)

        def happen() -> None:
            self.world.starts += 1
            self.world.outside.guests[machine] = guest

        def told() -> ev.Event:
            guest.connected = True
            self.world.wake_guest(guest)
            self.world.repeat_soon(guest)
            if isinstance(event, ev.MachineRestored):
                inside = guest.inside
                return replace(
                    event, at_ms=self.world.now_ms, ended=inside.ended, exit_code=inside.exit_code
                )
            return replace(event, at_ms=self.world.now_ms)

        self.world.act(e.task, happen, told, 100, 700)

    def _AskLease(self, e: do.AskLease) -> None:
        """The Fabric grants, has no room for a while, or refuses; later it may ask back."""
        world, task, epoch = self.world, e.task, self.world.epoch
        roll, leases = world.random.random(), world.outside.leases

        def held() -> None:
            leases[task] = epoch

        def grant() -> None:
            held()
            world.later(world.random.randint(50, 3000), partial(self._trouble, task, epoch))

        def wait() -> None:
            leases[task] = -epoch
            world.later(world.random.randint(50, 2000), partial(self._late, task, epoch, grant))

        why = Reason("memory", "no room", "a lease is given back")
        if abs(leases.get(task, epoch)) != epoch and roll < 0.3:
            # A plane before this one held it, and was asked for it.
            world.act(task, held, lambda: LeaseAskedBack(world.now_ms, task, "a person"))
        elif roll < 0.5:
            world.act(task, grant, lambda: LeaseGranted(world.now_ms, task))
        elif roll < 0.9:
            world.act(task, wait, lambda: LeaseWaits(world.now_ms, task, why))
        else:
            refused = "there is no model m"
            world.act(task, lambda: None, lambda: LeaseRefused(world.now_ms, task, refused))

    def _trouble(self, task: str, epoch: int) -> None:
        """A lease that is held is asked back, or ends."""
        world, leases = self.world, self.world.outside.leases
        if leases.get(task) != epoch or epoch != world.epoch:
            return
        if world.chance(0.5):
            world.post(LeaseAskedBack(world.now_ms, task, "a person needs the memory"))
        elif world.chance(0.5):
            del leases[task]
            world.post(LeaseEnded(world.now_ms, task, "the model crashed"))

    def _late(self, task: str, epoch: int, grant: Callable[[], None]) -> None:
        """One that waited is granted, if it still waits."""
        if self.world.outside.leases.get(task) == -epoch and epoch == self.world.epoch:
            grant()
            self.world.post(LeaseGranted(self.world.now_ms, task))

    def _ReleaseLease(self, e: do.ReleaseLease) -> None:
        def give() -> None:
            self.world.outside.leases.pop(e.task, None)

        self.world.act(e.task, give, lambda: None, 1, 5)

    def _builds(self, e: do.StartMachine | do.RestoreMachine) -> bool:
        """Whether an image is missing, and is built first: beside whatever else the task does."""
        world = self.world
        if not world.faults.images or not world.chance(world.faults.images):
            return False
        lane = f"image of {e.task}"

        def goes_on(seconds: int) -> ev.Event:
            world.building.add(e.task)
            return ev.ImageBuilding(world.now_ms, e.task, e.attempt, "packages", seconds)

        def ends() -> ev.Event:
            world.building.discard(e.task)
            if world.chance(world.faults.start_failed):
                return ev.MachineFailed(world.now_ms, e.task, e.attempt, "the machine was lost")
            return ev.ImageReady(world.now_ms, e.task, e.attempt)

        for seconds in range(0, 5 * world.random.randint(1, 3), 5):
            world.act(lane, lambda: None, partial(goes_on, seconds), 1, 900)
        world.act(lane, lambda: None, ends, 1, 900)
        return True

    def _StartMachine(self, e: do.StartMachine) -> None:
        if self._builds(e):
            return
        if self.world.chance(self.world.faults.start_failed):
            self.world.act(
                e.task,
                lambda: None,
                lambda: ev.MachineFailed(self.world.now_ms, e.task, e.attempt, "no boot"),
            )
            return
        machine = f"m{next(self.world.names)}"
        work = self.world.outside.trees.get(e.commit, [])
        started = ev.MachineStarted(0, e.task, e.attempt, machine, 700.0, "tcg", warm=True)
        self._bring_up(e, Inside(list(work), e.commit), started)

    def _RestoreMachine(self, e: do.RestoreMachine) -> None:
        snapshot, ordinal = e.checkpoint.snapshot, e.checkpoint.ordinal
        gone = snapshot is not None and snapshot.id not in self.world.outside.snapshots
        if gone or (snapshot and self.world.chance(self.world.faults.damaged)):
            self.world.act(
                e.task,
                lambda: None,
                lambda: ev.MachineFailed(
                    self.world.now_ms, e.task, e.attempt, "damaged.", damaged_ordinal=ordinal
                ),
            )
            return
        if snapshot is None and self._builds(e):
            return
        machine = f"m{next(self.world.names)}"
        if snapshot:
            inside = self.world.outside.thaw(snapshot.id)
        else:
            self.world.outside.forgot.add((e.task, ordinal))
            # Without memory a step that was under way is run again on the files it left.
            again = f"end {e.checkpoint.step_index}"
            waits = e.checkpoint.guest_request or e.checkpoint.mid_step
            work = self.world.outside.trees.get(e.files, [])
            inside = Inside([done for done in work if not (waits and done == again)], e.files)
        restored = ev.MachineRestored(
            0,
            e.task,
            e.attempt,
            machine,
            ordinal,
            memory=snapshot is not None,
            boot_ms=500.0,
            accelerator="tcg",
        )
        self._bring_up(e, inside, restored)

    def _RunStep(self, e: do.RunStep) -> None:
        guest = self.world.living(e.machine)
        assert guest is not None, "a step was sent to a machine that is gone"

        def begin() -> None:
            inside = guest.inside
            assert not inside.runs, f"{e.index}.{e.round} beside {inside.run}: {self.world.tell()}"
            inside.run, inside.ended = f"{e.index}.{e.round}", False
            inside.waiting.clear()
            self.world.wake_guest(guest)

        self.world.act(e.task, begin, lambda: None, 1, 20)

    def _WantTurn(self, e: do.WantTurn) -> None:
        """The guests of this world come to boundaries when they like."""

    def _ReplyToGuest(self, e: do.ReplyToGuest) -> None:
        guest = self.world.living(e.machine)

        def reply() -> None:
            if guest is None:
                return
            if guest.inside.waiting.pop(e.guest_request, None) is not None:
                self.world.outside.heard.add((e.guest_request, e.outcome, e.text))
                guest.inside.asked_back = e.outcome == Verdict.ASKED_BACK.value
            self.world.wake_guest(guest)

        self.world.act(e.task, reply, lambda: None, 1, 20)

    def _finds_no_history(self, task_id: str, failed: Callable[[], ev.Event]) -> bool:
        """Whether this write finds that another program removed the task's commits from Git."""
        world = self.world
        if not world.faults.histories or not world.chance(world.faults.histories):
            return False
        lost: list[ev.Event] = []

        def happen() -> None:
            task = world.state.tasks[task_id]
            if may_begin_anew(task):
                anew, why = begun_anew(task), "Its ref was deleted."
                others = [t for t in world.state.tasks.values() if t.id != task_id]
                needed = {c.commit for t in others for c in t.checkpoints}
                needed |= {t.start_commit for t in others}
                commit = world.outside.begin_anew(task_id, submission(anew), needed)
                lost.append(ev.HistoryLost(world.now_ms, task_id, anew.attempt, why, commit))

        world.act(task_id, happen, lambda: lost[0] if lost else failed(), 1, 20)
        return True

    def _TakeCheckpoint(self, e: do.TakeCheckpoint) -> None:
        failed = ev.CheckpointFailed(self.world.now_ms, e.task, e.machine, "no space.")
        if self._finds_no_history(e.task, lambda: replace(failed, at_ms=self.world.now_ms)):
            return
        guest = self.world.living(e.machine)
        if guest is None or self.world.chance(self.world.faults.checkpoint_failed):
            self.world.act(e.task, lambda: None, lambda: replace(failed, at_ms=self.world.now_ms))
            return
        b = e.boundary
        approval = "the task asks for it" if b.mode == "approve" else ""
        snapshot_id = f"s{e.task}.{e.ordinal}.{next(self.world.order)}"
        taken = Checkpoint(
            ordinal=e.ordinal,
            at_ms=self.world.now_ms,
            step_index=e.step_index,
            step_name=e.step_name,
            round=e.round,
            commit="",
            tree="",
            digest="",
            snapshot=Snapshot(snapshot_id, 60, 150, 1)
            if self.world.random.random() < 0.9
            else None,
            message=b.message,
            guest_request=b.guest_request,
            model_call=b.model_call,
            safety=b.safety,
            mid_step=b.mid_step,
            question=b.question,
            attempt=e.attempt,
            amends=b.amends,
            base=e.base,
            since=e.since,
        )
        done: list[Checkpoint] = []

        def happen() -> None:
            gone = b.put and b.put not in self.world.outside.trees  # with the task's history
            if gone or guest.name not in self.world.outside.guests:
                return
            assert guest.inside.base == e.base, f"its changes are not counted from {e.base}"
            if b.put:
                guest.inside.work = list(self.world.outside.trees[b.put])
            self.world.outside.freeze(snapshot_id, guest.inside)
            spending = self.world.state.tasks[e.task].spending
            made = replace(taken, spent=spending.steps)
            record = checkpoint_record(made, b.mode, spending.counted)
            more = {"digest": f"d{e.ordinal}", "approval": approval}
            record = replace(record, fields={**record.fields, **more})
            commit = self.world.outside.commit(e.task, record, guest.inside.work)
            digest = f"d{e.ordinal}"
            done.append(
                replace(
                    made,
                    commit=commit,
                    digest=digest,
                    approval_reason=approval,
                    approved=bool(b.amends),
                )
            )

        def told() -> ev.Event:
            if not done:
                return ev.CheckpointFailed(
                    self.world.now_ms, e.task, e.machine, "the machine is gone."
                )
            return ev.CheckpointTaken(self.world.now_ms, e.task, e.machine, done[0])

        self.world.act(e.task, happen, told)

    def _HoldMachine(self, e: do.HoldMachine) -> None:
        def hold() -> None:
            guest = self.world.living(e.machine)
            if guest is not None:
                guest.suspended = True

        self.world.act(e.task, hold, lambda: None, 1, 10)

    def _ResumeMachine(self, e: do.ResumeMachine) -> None:
        def resume() -> None:
            guest = self.world.living(e.machine)
            if guest is not None:
                guest.suspended = False
                self.world.wake_guest(guest)

        self.world.act(e.task, resume, lambda: None, 1, 10)

    def _ReleaseMachine(self, e: do.ReleaseMachine) -> None:
        self.world.act(
            e.task,
            lambda: self.world.end(e.machine),
            lambda: ev.MachineReleased(self.world.now_ms, e.task, e.machine),
        )

    def _record(
        self,
        e: do.RecordRequest
        | do.RecordDecision
        | do.RecordRestore
        | do.RecordEvent
        | do.RecordFinish,
        event_of: Callable[[str], ev.Event],
        work: list[str] | None = None,
    ) -> None:
        record = record_of(e, self.world.now_ms)
        lane = e.task

        def failed() -> ev.Event:
            return ev.RecordFailed(self.world.now_ms, e.task, record.event, "Git refused.")

        if self._finds_no_history(e.task, failed):
            return
        if self.world.chance(self.world.faults.record_failed):
            self.world.act(lane, lambda: None, failed, 1, 20)
            return
        commits: list[str] = []
        self.world.act(
            lane,
            lambda: commits.append(self.world.outside.commit(e.task, record, work)),
            lambda: event_of(commits[0]),
            1,
            20,
        )

    def _RecordRequest(self, e: do.RecordRequest) -> None:
        def recorded(commit: str) -> ev.Event:
            self.world.later(
                self.world.random.randint(10, 4_000), lambda: self.world.person(e.task)
            )
            return ev.RequestRecorded(self.world.now_ms, e.task, e.request, commit)

        self._record(e, recorded)

    def _RecordDecision(self, e: do.RecordDecision) -> None:
        log = self.world.outside.log[e.task]
        asked = [r.fields.get("request") for r in log]
        if fork := log[0].fields["task"]["request"]:
            asked.append(fork["id"])
        assert e.request.id in asked, "decided before it was committed"
        amendment = e.decision.amendment
        self._record(
            e,
            lambda commit: ev.DecisionRecorded(self.world.now_ms, e.task, e.request.id, commit),
            self.world.outside.trees[amendment.tree] if amendment is not None else None,
        )

    def _RecordRestore(self, e: do.RecordRestore) -> None:
        self._record(
            e, lambda commit: ev.RestoreRecorded(self.world.now_ms, e.task, e.ordinal, commit)
        )

    def _RecordEvent(self, e: do.RecordEvent) -> None:
        if e.event == "yielded":
            self.world.yields += 1
            task = self.world.state.tasks[e.task]
            stands = task.checkpoint(task.tip_ordinal)
            assert stands is not None, f"{e.task} left from nowhere"
            assert stands.loses_nothing, f"{e.task} left, and its step will begin again"
        self._record(e, lambda commit: ev.EventRecorded(self.world.now_ms, e.task, e.event, commit))

    def _RecordFinish(self, e: do.RecordFinish) -> None:
        self._record(
            e, lambda commit: ev.EventRecorded(self.world.now_ms, e.task, "finished", commit)
        )

    def _Acknowledge(self, e: do.Acknowledge) -> None:
        assert e.intent not in self.world.acks, f"{e.intent} was answered twice"
        self.world.acks[e.intent] = e.ok

    def _Notify(self, e: do.Notify) -> None:
        pass

    def _DiscardSnapshots(self, e: do.DiscardSnapshots) -> None:
        self.world.act(e.task, lambda: self.world.outside.discard(e.task), lambda: None)

    def _KeepOutput(self, e: do.KeepOutput) -> None:
        pass
