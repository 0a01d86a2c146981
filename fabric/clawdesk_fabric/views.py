"""What the Fabric shows of itself: plain JSON values for the window, the command line and tools."""

from __future__ import annotations

from typing import Any

from clawdesk_fabric import leases, ledger
from clawdesk_fabric.model import HOST, Device, FabricState, Replica


def device_view(state: FabricState, device: Device) -> dict[str, Any]:
    """One GPU, or this host's memory; all memory in MiB.

    `used` is what our models count, `others` what other programs hold, what other Fabrics of this
    machine promised (`elsewhere`) included, `kept` the desktop's share, `free` what a start may
    still be promised.
    """
    return {
        "id": device.id,
        "name": device.name,
        "index": device.index,
        "total": device.total_mib,
        "reserved": device.reserved_mib,
        "others": device.others_mib + device.elsewhere_mib,
        "elsewhere": device.elsewhere_mib,
        "kept": device.kept_mib,
        "used": ledger.used_mib(state, device.id),
        "free": max(0, ledger.free_mib(state, device.id)),
        "awaited": sum(r.mib for r in state.releases if r.device == device.id),
        "problem": device.problem,
        "simulated": device.simulated,
        "models": [
            {
                "model": replica.model,
                "promised": replica.held[device.id],
                "measured": replica.measured.get(device.id, 0),
                "leases": len(leases.granted(state, replica.model)),
            }
            for replica in ledger.holders(state, device.id)
        ],
        "processes": [
            {"pid": process.pid, "used": process.used_mib, "container": process.container}
            for process in device.processes
        ],
    }


def devices(state: FabricState) -> list[dict[str, Any]]:
    """All of them, GPUs first."""
    found = sorted(state.devices.values(), key=lambda device: (device.id == HOST, device.index))
    return [device_view(state, device) for device in found]


def replica_view(state: FabricState, replica: Replica) -> dict[str, Any]:
    """What a model's place and holds are, beside what it is made of."""
    window = leases.reserved(state, replica.model, state.at_ms)
    return {
        "phase": replica.phase.value,
        "devices": list(replica.held),
        "on_gpu": replica.on_gpu,
        "pinned": replica.pinned,
        "reserved_for": None if window is None else window.project,
        "leases": len(leases.granted(state, replica.model)),
        "leases_waiting": len(leases.waiting(state, replica.model)),
        "makes_room_for": replica.makes_room_for,
        "loading_s": (state.at_ms - replica.started_ms) / 1000
        if replica.phase == "starting"
        else None,
        "load_s": replica.load_ms / 1000 or None,
        "call_s": replica.call_ms / 1000 or None,
        "memory_mib": replica.memory_mib,
        "peak_mib": replica.peak_mib or None,
        "failures": replica.failures,
        "changed": replica.coming is not None,
        "removed": replica.is_removed,
    }
