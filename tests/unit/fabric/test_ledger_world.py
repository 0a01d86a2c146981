"""A random world of GPUs, leases, windows and budgets that must keep every rule of the ledger.

Readings come late, show memory of other programs and of containers that just ended; GPUs are lost
with what runs on them, and come back; calls want several answers; other Fabrics promise memory; the
desktop's share changes.
Nothing is over capacity, no memory is promised twice, and in the end nobody is left waiting.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from clawdesk_fabric import events, ledger
from clawdesk_fabric.effects import (
    AskBack,
    Effect,
    EndLease,
    Forward,
    GrantLease,
    Refuse,
    StartReplica,
    StopReplica,
)
from clawdesk_fabric.invariants import check_queues
from clawdesk_fabric.leases import Budget, Lease, Reservation
from clawdesk_fabric.model import Call, CallClass, GpuProcess, Phase
from clawdesk_fabric.transitions import step
from clawdesk_fabric.waits import waits
from tests.support.fabric_core import GIB, gpu, gpu_state, read

SIZES = {"small": 4, "half": 12, "large": 20, "huge": 30, "elsewhere": 0}
"""GiB of GPU memory; the last one runs on somebody else's machine."""
MODELS = st.sampled_from(sorted(SIZES))
PROJECTS = st.sampled_from(["red", "green", "blue"])
GPUS = 2


class LedgerWorld(RuleBasedStateMachine):
    """Two GPUs of 24 GiB; one model needs both."""

    def __init__(self) -> None:
        super().__init__()
        self.state = gpu_state(GPUS, slots=2, gpus_max=2, **SIZES)
        self.state.replicas["elsewhere"].remote = True
        self.at_ms = 0
        self.numbers = 0
        self.open: set[int] = set()
        self.forwarded: set[int] = set()
        self.starting: dict[str, int] = {}
        self.stopping: dict[str, int] = {}
        self.real: dict[str, dict[str, int]] = {}  # what containers really hold, MiB by GPU
        self.others = [0] * GPUS
        self.lost = [False] * GPUS
        self.kept_mib = 0
        self.holders: set[str] = set()

    # -- what the Fabric does --------------------------------------------------------------------

    def happen(self, event: events.Event) -> None:
        for effect in step(self.state, event):
            self._note(effect)
        check_queues(self.state)
        for replica in self.state.replicas.values():
            assert set(waits(self.state, replica)) == set(replica.waiting.calls)

    def _note(self, effect: Effect) -> None:
        match effect:
            case StartReplica():
                self._started(effect)
            case StopReplica():
                assert effect.model not in self.stopping
                replica = self.state.replicas[effect.model]
                lost = ledger.lost(self.state, replica)
                assert lost or not replica.in_flight, "a call in flight was evicted"
                self.stopping[effect.model] = effect.generation
            case Forward():
                assert effect.call in self.open - self.forwarded
                self.forwarded.add(effect.call)
            case Refuse():
                assert effect.call in self.open - self.forwarded
                self.open.remove(effect.call)
            case GrantLease():
                phase = self.state.replicas[self.state.leases[effect.lease].model].phase
                assert phase in (Phase.STARTING, Phase.READY), "a lease without memory"
                self.holders.add(effect.lease)
            case AskBack():
                assert effect.lease in self.holders
            case EndLease():
                self.holders.discard(effect.lease)

    def _started(self, effect: StartReplica) -> None:
        assert effect.model not in self.starting, "two starts at a time"
        replica = self.state.replicas[effect.model]
        part = ledger.part_mib(replica, len(effect.devices)) if effect.devices else 0
        assert bool(effect.devices) != replica.remote
        for device in effect.devices:
            index = int(device.removeprefix("GPU-"))
            assert not self.lost[index] or self.state.devices[device].problem == ""
            ours = sum(held.get(device, 0) for held in self.real.values())
            # What other programs take after the last reading is beyond anybody's knowledge.
            known = self.state.devices[device].others_mib
            assert ours + part + known <= 24 * GIB, f"{device} is over capacity"
        self.starting[effect.model] = effect.generation
        self.real[effect.model] = dict.fromkeys(effect.devices, part)

    # -- what happens ----------------------------------------------------------------------------

    @rule(passed_ms=st.integers(0, 100_000))
    def time_passes(self, passed_ms: int) -> None:
        self.at_ms += passed_ms
        self.happen(events.TimePassed(self.at_ms))

    @rule()
    def gpus_are_read(self) -> None:
        shown = []
        for index in range(GPUS):
            device = f"GPU-{index}"
            processes = tuple(
                GpuProcess(number, held[device], model)
                for number, (model, held) in enumerate(sorted(self.real.items()))
                if device in held
            )
            used = self.others[index] + sum(process.used_mib or 0 for process in processes)
            problem = "the GPU is lost" if self.lost[index] else ""
            lost = self.lost[index]
            shown.append(gpu(index, used / GIB, processes, problem, is_lost=lost))
        made = read(self.at_ms, *shown, **{model: model for model in self.real})
        self.happen(replace(made, kept_mib=self.kept_mib))

    @rule(gib=st.integers(0, 22))
    def the_desktop_keeps(self, gib: int) -> None:
        self.kept_mib = gib * GIB

    @rule(index=st.integers(0, GPUS - 1), gib=st.integers(0, 24))
    def another_fabric_promises(self, index: int, gib: int) -> None:
        promised = ((f"GPU-{index}", gib * GIB),) if gib else ()
        self.happen(events.OthersPromised(self.at_ms, promised))

    @rule(index=st.integers(0, GPUS - 1), gib=st.integers(0, 10))
    def others_take(self, index: int, gib: int) -> None:
        device = f"GPU-{index}"
        ours = sum(held.get(device, 0) for held in self.real.values())
        self.others[index] = min(gib * GIB, 24 * GIB - ours)

    @rule(index=st.integers(0, GPUS - 1), is_lost=st.booleans())
    def a_gpu_goes_or_comes(self, index: int, is_lost: bool) -> None:
        self.lost[index] = is_lost

    @rule(model=MODELS, project=PROJECTS, call_class=st.sampled_from(CallClass), task=st.booleans())
    def arrives(self, model: str, project: str, call_class: CallClass, task: bool) -> None:
        self.numbers += 1
        name = f"t{self.numbers % 5}" if task else ""
        width = 1 + self.numbers % 3  # a model has two slots
        made = Call(self.numbers, model, project, name, call_class, 0, self.at_ms, None, width)
        self.open.add(made.id)
        self.happen(events.CallArrived(self.at_ms, made))

    @precondition(lambda self: bool(self.open))
    @rule(pick=st.randoms(use_true_random=False), tokens=st.integers(0, 500))
    def ends(self, pick: Any, tokens: int) -> None:
        chosen = pick.choice(sorted(self.open))
        self.open.remove(chosen)
        self.happen(events.CallEnded(self.at_ms, chosen, True, tokens))

    @precondition(lambda self: bool(self.starting))
    @rule(pick=st.randoms(use_true_random=False), code=st.sampled_from(["", "", "out_of_memory"]))
    def start_ends(self, pick: Any, code: str) -> None:
        model = pick.choice(sorted(self.starting))
        generation = self.starting.pop(model)
        if code:
            del self.real[model]
            failed = events.ReplicaFailed(self.at_ms, model, generation, "boom", code=code)
            self.happen(failed)
        else:
            self.happen(events.ReplicaReady(self.at_ms, model, generation))

    @precondition(lambda self: bool(self.stopping))
    @rule(pick=st.randoms(use_true_random=False))
    def stop_ends(self, pick: Any) -> None:
        model = pick.choice(sorted(self.stopping))
        self.real.pop(model, None)
        self.happen(events.ReplicaStopped(self.at_ms, model, self.stopping.pop(model)))

    @rule(model=MODELS)
    def dies(self, model: str) -> None:
        replica = self.state.replicas[model]
        if replica.phase is Phase.READY:
            self.real.pop(model, None)
            self.happen(events.ReplicaFailed(self.at_ms, model, replica.generation, "killed"))

    @rule(model=MODELS, project=PROJECTS, call_class=st.sampled_from(CallClass))
    def asks_for_a_lease(self, model: str, project: str, call_class: CallClass) -> None:
        self.numbers += 1
        task = f"t{self.numbers % 5}"
        name = f"l{self.numbers}"
        made = Lease(name, model, project, task, call_class, 0, self.at_ms, self.at_ms + 90_000)
        self.happen(events.LeaseAsked(self.at_ms, made))

    @precondition(lambda self: bool(self.holders))
    @rule(pick=st.randoms(use_true_random=False), renews=st.booleans())
    def holder_speaks(self, pick: Any, renews: bool) -> None:
        name = pick.choice(sorted(self.holders))
        if not renews:
            self.holders.discard(name)
        said = events.LeaseRenewed if renews else events.LeaseReleased
        self.happen(said(self.at_ms, name))

    @rule(model=MODELS, pinned=st.booleans())
    def pins(self, model: str, pinned: bool) -> None:
        self.happen(events.PinSet(self.at_ms, model, pinned))

    @rule(model=MODELS, project=PROJECTS, wait_ms=st.integers(0, 90_000))
    def reserves(self, model: str, project: str, wait_ms: int) -> None:
        self.numbers += 1
        starts = self.at_ms + wait_ms
        window = Reservation(f"r{self.numbers}", model, project, starts, starts + 60_000)
        self.happen(events.ReservationMade(self.at_ms, window))

    @rule(project=PROJECTS, tokens=st.sampled_from([0, 300, 10**9]))
    def sets_a_budget(self, project: str, tokens: int) -> None:
        budget = Budget(tokens=tokens) if tokens else None
        self.happen(events.BudgetSet(self.at_ms, project, budget))

    def teardown(self) -> None:
        """People let go and everything answers: whatever waits is served or refused."""
        self.lost = [False] * GPUS
        self.others = [0] * GPUS
        self.kept_mib = 0
        self.happen(events.OthersPromised(self.at_ms, ()))
        for model in SIZES:
            self.happen(events.PinSet(self.at_ms, model, False))
        for project in ("red", "green", "blue"):
            self.happen(events.BudgetSet(self.at_ms, project, None))
        for _ in range(300):
            self.gpus_are_read()
            for model, generation in list(self.starting.items()):
                del self.starting[model]
                self.happen(events.ReplicaReady(self.at_ms, model, generation))
            for model in list(self.stopping):
                self.real.pop(model, None)
                self.happen(events.ReplicaStopped(self.at_ms, model, self.stopping.pop(model)))
            for over in sorted(self.open & self.forwarded):
                self.open.remove(over)
                self.happen(events.CallEnded(self.at_ms, over, True))
            if not self.open and not self.state.reservations:
                break
            self.at_ms += 1000
            self.happen(events.TimePassed(self.at_ms))
        assert not self.open, f"calls that never end: {self.open}"
        assert not self.state.waiting_count


LedgerWorld.TestCase.settings = settings(stateful_step_count=50)
TestLedgerWorld = LedgerWorld.TestCase
