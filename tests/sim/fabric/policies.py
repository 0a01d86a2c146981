"""Three ways to decide in the simulated workstation: ours, first come first served, and collation.

`Fifo` is the rule of a single queue whose head blocks the rest; `Collate` serves the loaded model
until nobody waits for it, then loads the one asked for longest, without classes or shares.
"""

from __future__ import annotations

from clawdesk_fabric import events
from clawdesk_fabric.effects import Forward, Refuse, StartReplica, StopReplica
from clawdesk_fabric.invariants import check_queues
from clawdesk_fabric.model import Call, EngineView, Limits
from clawdesk_fabric.transitions import new_replica, new_state, step
from tests.sim.fabric.world import SimCall, World


class Ours:
    """The Fabric's own core, unchanged."""

    def __init__(self, world: World, **limits: int) -> None:
        self.world = world
        replicas = [
            new_replica(m.name, slots=m.slots, memory_mib=m.memory_mib, idle_stop_ms=600_000)
            for m in world.models.values()
        ]
        self.state = new_state(
            Limits(waiting_max=100_000, project_waiting_max=100_000, **limits),
            replicas,
            host_mib=world.memory_mib,
            engine=EngineView(True, "simulated"),
        )
        self.events: list[events.Event] = []

    def post(self, event: events.Event) -> None:
        self.events.append(event)
        for effect in step(self.state, event):
            match effect:
                case StartReplica():
                    owner = self.state.replicas[effect.model].loaded_for or ""
                    self.world.load(effect.model, owner)
                case StopReplica():
                    self.world.stop(effect.model)
                case Forward():
                    self.world.forward(effect.call)
                case Refuse():
                    raise AssertionError(f"refused: {effect}")
        check_queues(self.state)

    def arrived(self, call: SimCall) -> None:
        made = Call(
            call.id,
            call.client.model,
            call.client.project,
            "",
            call.client.call_class,
            0,
            self.world.now_ms,
        )
        self.post(events.CallArrived(self.world.now_ms, made))

    def ended(self, call: SimCall) -> None:
        self.post(events.CallEnded(self.world.now_ms, call.id, succeeded=True, tokens=call.tokens))

    def ready(self, model: str) -> None:
        generation = self.state.replicas[model].generation
        self.post(events.ReplicaReady(self.world.now_ms, model, generation))

    def gone(self, model: str) -> None:
        generation = self.state.replicas[model].generation
        self.post(events.ReplicaStopped(self.world.now_ms, model, generation))

    def tick(self) -> None:
        self.post(events.TimePassed(self.world.now_ms))


class Fifo:
    """One queue in order of arrival; its head blocks all behind it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.waiting: list[SimCall] = []
        self.stopping: set[str] = set()

    def arrived(self, call: SimCall) -> None:
        self.waiting.append(call)
        self.go()

    def ended(self, call: SimCall) -> None:
        self.go()

    def ready(self, model: str) -> None:
        self.go()

    def gone(self, model: str) -> None:
        self.stopping.discard(model)
        self.go()

    def tick(self) -> None:
        pass

    def pick(self) -> SimCall | None:
        return self.waiting[0] if self.waiting else None

    def go(self) -> None:
        while (call := self.pick()) is not None:
            name = call.client.model
            placed = self.world.placed.get(name)
            if placed is None:
                self._make_room(call)
                return
            if name in self.stopping or not placed.is_ready:
                return
            if len(placed.running) >= placed.model.slots:
                return
            self.waiting.remove(call)
            self.world.forward(call.id)

    def _make_room(self, call: SimCall) -> None:
        world, model = self.world, self.world.models[call.client.model]
        used = sum(placed.model.memory_mib for placed in world.placed.values())
        if used + model.memory_mib <= world.memory_mib:
            world.load(model.name, call.client.project)
            return
        for name, placed in world.placed.items():
            if placed.is_ready and not placed.running and name not in self.stopping:
                self.stopping.add(name)
                world.stop(name)


class Collate(Fifo):
    """Calls for a loaded model go first; no classes, no shares, no bound."""

    def pick(self) -> SimCall | None:
        for call in self.waiting:
            placed = self.world.placed.get(call.client.model)
            if (
                placed is not None
                and placed.is_ready
                and call.client.model not in self.stopping
                and len(placed.running) < placed.model.slots
            ):
                return call
        busy = {name for name in self.world.placed if name not in self.stopping}
        if any(call.client.model in busy for call in self.waiting):
            return None
        return self.waiting[0] if self.waiting else None
