"""Who holds which memory, and where a model fits. One ledger for all GPUs and the host's memory.

A start is promised its memory before it begins and holds it until it is gone; a GPU's memory is
free again when NVML shows it free, not when a container ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from clawdesk_fabric.model import (
    HOST,
    Device,
    DeviceId,
    FabricState,
    GpuReading,
    Phase,
    Release,
    Replica,
)

Spread = tuple[DeviceId, ...]
"""The devices a replica lies on; it holds an equal part of each."""


def held_mib(replica: Replica, device: DeviceId) -> int:
    """What the replica counts on the device: its promise, or more where more was measured."""
    if device not in replica.held:
        return 0
    return max(replica.held[device], replica.measured.get(device, 0))


def holders(state: FabricState, device: DeviceId) -> list[Replica]:
    return [replica for replica in state.replicas.values() if device in replica.held]


def used_mib(state: FabricState, device: DeviceId) -> int:
    """All of ours on the device, memory that was not seen back yet included."""
    back = sum(release.mib for release in state.releases if release.device == device)
    return back + sum(held_mib(replica, device) for replica in holders(state, device))


def free_mib(state: FabricState, device: DeviceId) -> int:
    """What a start may still be promised; negative where others took more meanwhile."""
    return state.devices[device].budget_mib - used_mib(state, device)


def part_mib(replica: Replica, count: int) -> int:
    """What the replica needs on each of `count` devices."""
    return part_of(replica.memory_mib, count)


def part_of(memory_mib: int, count: int) -> int:
    """An equal part of it, rounded up."""
    return -(-memory_mib // count)


def gpus(state: FabricState) -> list[Device]:
    """GPUs that can be used now, in their order."""
    found = [d for d in state.devices.values() if d.id != HOST and not d.problem]
    return sorted(found, key=lambda device: device.index)


def lost(state: FabricState, replica: Replica) -> Device | None:
    """The GPU that is gone from under the replica, None if all it lies on are there."""
    found = (state.devices[device] for device in replica.held)
    return next((device for device in found if device.is_lost), None)


def spreads(state: FabricState, replica: Replica) -> Iterable[Spread]:
    """Every set of devices the replica could lie on if they were empty, the fewest first."""
    if not replica.on_gpu:
        if replica.memory_mib <= state.devices[HOST].budget_mib:
            yield (HOST,)
        return
    known = gpus(state)
    for count in range(1, min(replica.gpus_max, len(known)) + 1):
        part = part_mib(replica, count)
        able = [device.id for device in known if part <= device.budget_mib]
        if count <= 2:
            yield from combinations(able, count)
        elif len(able) >= count:
            # Of many GPUs, only the emptiest: their sets would be too many to look at.
            yield tuple(sorted(able, key=lambda d: -free_mib(state, d))[:count])


def place(state: FabricState, replica: Replica, kept: dict[DeviceId, int]) -> Spread | None:
    """Where it fits now: on as few devices as possible, where the least is left over.

    Args:
        kept: memory that is meant for others already.
    """
    best: tuple[tuple[int, int], Spread] | None = None
    for spread in spreads(state, replica):
        part = part_mib(replica, len(spread))
        left = [free_mib(state, d) - kept.get(d, 0) - part for d in spread]
        if min(left) < 0:
            continue
        cost = (len(spread), sum(left))
        if best is None or cost < best[0]:
            best = (cost, spread)
    return best[1] if best else None


def can_adopt(state: FabricState, replica: Replica, devices: Spread) -> bool:
    """Whether a container that runs already may stay where it is."""
    spread = devices or (HOST,)
    part = part_mib(replica, len(spread))
    return replica.on_gpu == bool(devices) and all(
        device in state.devices and free_mib(state, device) >= part for device in spread
    )


def hold(replica: Replica, spread: Spread) -> None:
    """Promise the replica its memory there."""
    replica.held = dict.fromkeys(spread, part_mib(replica, len(spread))) if spread else {}
    replica.measured = {}


def let_go(state: FabricState, replica: Replica, at_ms: int) -> None:
    """It is gone. On GPUs what it held is awaited until a reading shows it free."""
    for device in replica.held:
        if device != HOST and device in state.devices:
            mib = held_mib(replica, device)
            state.releases.append(Release(device, replica.model, mib, at_ms))
    replica.held = {}
    replica.measured = {}


def forget_old_releases(state: FabricState, at_ms: int) -> None:
    """Memory that does not come back counts as somebody else's from the next reading on."""
    limit_ms = state.limits.memory_back_ms
    state.releases = [r for r in state.releases if at_ms - r.at_ms < limit_ms]


def read(
    state: FabricState,
    readings: Sequence[GpuReading],
    owners: dict[str, str],
    *,
    kept_mib: int,
) -> None:
    """Take in what NVML says.

    Args:
        owners: container id -> model, of all our containers, starting ones included.
        kept_mib: the desktop's share of each GPU.
    """
    seen = {reading.uuid for reading in readings}
    # One that never told its name may come back under it: nothing was ever placed on it.
    known = state.devices.values()
    ghosts = [d.id for d in known if d.id not in seen and not d.total_mib and d.id != HOST]
    for ghost in ghosts:
        del state.devices[ghost]
    for device in state.devices.values():
        if device.id != HOST and device.id not in seen:
            device.problem = device.problem or state.gpu_note or "the driver no longer lists it"
            device.is_lost = device.is_lost or not state.gpu_note
    for reading in readings:
        device = state.devices.setdefault(reading.uuid, Device(reading.uuid))
        device.name, device.index = reading.name, reading.index
        device.problem, device.simulated = reading.problem, reading.simulated
        device.is_lost = reading.is_lost
        device.read_ms = state.at_ms
        if reading.problem:
            continue
        device.total_mib, device.reserved_mib = reading.total_mib, reading.reserved_mib
        device.kept_mib = kept_mib
        most_mib = device.total_mib - device.reserved_mib - kept_mib
        device.largest_mib = max(device.largest_mib, most_mib)
        device.processes = reading.processes
        _sort_out(state, device, reading, owners)


def _sort_out(
    state: FabricState, device: Device, reading: GpuReading, owners: dict[str, str]
) -> None:
    """Which of the memory in use is ours and whose the rest is."""
    ours: dict[str, int] = {}
    for process in reading.processes:
        model = owners.get(process.container, "") if process.container else ""
        if model:
            ours[model] = ours.get(model, 0) + (process.used_mib or 0)
    for replica in holders(state, device.id):
        measured = ours.get(replica.model, 0)
        replica.measured[device.id] = measured
        replica.peak_mib = max(replica.peak_mib, sum(replica.measured.values()))
    # A stopped model that still shows keeps its release; one that is gone has given all back.
    state.releases = [r for r in state.releases if r.device != device.id or r.model in ours]
    # Where the driver does not say how much our processes hold, the promise stands for it.
    silent = sum(
        replica.held[device.id]
        for replica in holders(state, device.id)
        if replica.phase in (Phase.READY, Phase.STOPPING)
        and not ours.get(replica.model)
        and any(p.used_mib is None for p in reading.processes)
    )
    device.others_mib = max(0, reading.used_mib - sum(ours.values()) - silent)
