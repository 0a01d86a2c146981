"""One machine, several Fabrics: what each promised is taken from what the others may promise.

A GPU's memory in use shows for everybody; what is told here is what cannot be seen: memory promised
to a model that still loads, and all of the host's. The files are `claims.py`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from clawdesk_fabric import ledger
from clawdesk_fabric.claims import Claims, Mib
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.model import HOST, DeviceId, FabricState

Pairs = tuple[tuple[DeviceId, int], ...]


class Sharing:
    """One Fabric's side of it.

    Args:
        told: called with what others promised, whenever that changed.
    """

    def __init__(self, claims: Claims, state: FabricState, told: Callable[[Pairs], None]) -> None:
        self._claims = claims
        self._state = state
        self._told = told
        self._one_at_a_time = asyncio.Lock()  # what was looked at last stands in the file

    async def look(self) -> None:
        """Tell the others what is promised here, and hear of theirs."""
        if self._claims.is_on:
            async with self._one_at_a_time:
                others = await asyncio.to_thread(self._claims.tell, promised(self._state))
                self._heard(others)

    async def claim(self, model: str) -> None:
        """Before a start. Raises FabricError when another Fabric promised the memory first."""
        if not self._claims.is_on:
            return
        async with self._one_at_a_time:
            mine, room = promised(self._state), rooms(self._state, self._claims.machine_mib)
            held = list(self._state.replicas[model].held)
            short, others = await asyncio.to_thread(self._claims.claim, mine, room, held)
            self._heard(others)
        for device in short.keys() & self._state.replicas[model].held.keys():
            text = f"another Fabric of this machine promised {self._state.devices[device].name}"
            missing = f"{text} first: {short[device]} MiB are missing"
            raise FabricError(missing, mend="unload a model there", code="no_capacity")

    def close(self) -> None:
        self._claims.close()

    def _heard(self, others: Mib) -> None:
        theirs = elsewhere(self._state, others, self._claims.machine_mib)
        devices = self._state.devices.values()
        if dict(theirs) != {d.id: d.elsewhere_mib for d in devices if d.elsewhere_mib}:
            self._told(theirs)


def promised(state: FabricState) -> dict[DeviceId, int]:
    """What is promised here and cannot be seen in use: of GPUs what is not measured yet."""
    return {
        device: sum(
            max(0, replica.held[device] - replica.measured.get(device, 0))
            for replica in ledger.holders(state, device)
        )
        for device in state.devices
    }


def rooms(state: FabricState, machine_mib: int) -> dict[DeviceId, int]:
    """What all Fabrics together may promise beyond what is seen in use."""
    return {
        d.id: machine_mib
        if d.id == HOST
        else d.total_mib
        - d.reserved_mib
        - d.others_mib
        - d.kept_mib
        - sum(replica.measured.get(d.id, 0) for replica in ledger.holders(state, d.id))
        for d in state.devices.values()
    }


def elsewhere(state: FabricState, others: Mib, machine_mib: int) -> Pairs:
    """What others' promises take from this Fabric's budgets. Of the host's memory they first take
    what this one may not use anyway."""
    spare_mib = machine_mib - state.devices[HOST].total_mib
    found = {d: mib - spare_mib if d == HOST else mib for d, mib in others.items()}
    return tuple(sorted((d, mib) for d, mib in found.items() if mib > 0 and d in state.devices))
