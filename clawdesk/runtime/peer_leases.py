"""Tasks with a model of another machine: they start while it is here, and wait while it is away.

Nothing is leased there: who is served first is the lender's own affair. A peer that goes away ends
what stands for the lease, so that the task's timeline says from when on its calls fail.
"""

from __future__ import annotations

from collections.abc import Callable

from clawdesk.domain.events import Event
from clawdesk.domain.lease_events import LeaseEnded, LeaseGranted, LeaseRefused, LeaseWaits
from clawdesk.domain.model import Reason, Task, TaskId
from clawdesk.domain.peers import LIST, away, peer_of, why_not
from clawdesk.ports.clock import Clock
from clawdesk.ports.errors import InferenceError, PortError
from clawdesk.ports.inference import FabricStatus, Inference
from clawdesk.ports.models import Peering


class PeerLeases:
    """Which tasks wait for a peer, and which count on one.

    Args:
        post: where the answers go.
        remark: puts a sentence into a task's log.
    """

    def __init__(
        self,
        inference: Inference,
        post: Callable[[Event], None],
        clock: Clock,
        remark: Callable[[TaskId, str], None],
    ) -> None:
        self._inference = inference
        self._post = post
        self._clock = clock
        self._remark = remark
        self._told: dict[TaskId, tuple[str, Reason | None]] = {}
        """Its model, and what it was told last: why it waits; None = that its peer is here."""

    async def ask(self, task: Task) -> None:
        """Ask for the task's model; the answer is an event."""
        model = task.definition.model
        why, mend = why_not(model, task.policy, task.policy_asked)
        if why:
            self._refuse(task.id, PortError(why, mend=mend).sentence)
            return
        await self._inference.ensure_up()
        try:
            peering = await self._inference.peers()
        except InferenceError as error:
            self._refuse(task.id, error.sentence)
            return
        self._tell(task.id, model, peering)

    def release(self, task: TaskId) -> bool:
        """Nothing more is told of it; whether it was one of a peer's."""
        return self._told.pop(task, None) is not None

    def look(self, fabric: FabricStatus) -> None:
        """Tell those tasks whose peer stands otherwise than before."""
        peering = fabric.peering
        if peering is None and fabric.version:
            return  # it was too slow to tell, and will be asked again
        for task, (model, before) in list(self._told.items()):
            if peering is None:
                self._end(task, fabric.problem)
            elif before is not None:
                self._tell(task, model, peering)
            elif (found := peering.peer(peer_of(model))) is None:
                self._end(task, _stranger(peer_of(model)))
            elif not found.here:
                self._end(task, away(found.name, found.last_seen_s).text)

    def _end(self, task: TaskId, why: str) -> None:
        """It asks anew with this, and is answered with why it waits, or why it never will."""
        _, before = self._told.pop(task)
        if before is None:
            self._remark(task, f"Model calls will fail: {why.rstrip('.')}.")
        self._post(LeaseEnded(self._clock.now_ms(), task, why))

    def _tell(self, task: TaskId, model: str, peering: Peering) -> None:
        peer, before = peer_of(model), self._told.pop(task, None)
        found = peering.peer(peer)
        if found is None:
            self._refuse(task, _stranger(peer))
            return
        reason = None if found.here else away(peer, found.last_seen_s)
        lends = [f"{peer}/{offer.model}" for offer in found.offers]
        if reason is None and model not in lends:
            known = ", ".join(lends) or "none"
            self._refuse(task, f"Peer {peer} lends no {model}; it lends: {known}.")
            return
        self._told[task] = (model, reason)
        if before is not None and before[1] == reason:
            return
        if reason is not None:
            self._post(LeaseWaits(self._clock.now_ms(), task, reason))
            return
        if before is not None:
            self._remark(task, f"Peer {peer} is back.")
        self._post(LeaseGranted(self._clock.now_ms(), task))

    def _refuse(self, task: TaskId, why: str) -> None:
        self._post(LeaseRefused(self._clock.now_ms(), task, why))


def _stranger(peer: str) -> str:
    return f"No peer called {peer} is paired with this machine. See: {LIST}."
