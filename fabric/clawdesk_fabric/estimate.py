"""How much memory a model will need, before it has ever run. Pure: figures in, figures out.

A first guess for placing it; what a replica was seen to use at its peak replaces it later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clawdesk_fabric.weights.shape import Shape

MIB = 2**20
PROCESS_MIB = 64
"""Server program and its buffers beside the weights, on the host's processors."""
GPU_CONTEXT_MIB = 512
"""What the driver's context, its kernels and scratch buffers take on each GPU."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """MiB, by cause. `total_mib` counts all devices together."""

    weights_mib: int
    kv_cache_mib: int
    overhead_mib: int

    @property
    def total_mib(self) -> int:
        return self.weights_mib + self.kv_cache_mib + self.overhead_mib


@dataclass(frozen=True, slots=True)
class Room:
    """A place with memory. `name`: "host", or the GPU's name for people; `free_mib`: to be had."""

    device: str
    name: str
    free_mib: int


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether it fits, the sentence that says so, and the devices it would go to."""

    fits: bool
    text: str
    devices: tuple[str, ...] = ()


def kv_cache_bytes(shape: Shape, context: int, bytes_per_value: int = 2) -> int:
    """Bytes that keys and values of `context` tokens take.

    Two tensors a layer, of shapes (context, kv_heads, key_size) and (context, kv_heads,
    value_size). Layers that look at a window of tokens only are counted as if they kept all.

    Args:
        context: tokens kept, over all slots together.
        bytes_per_value: 2 for fp16/bf16, 1 for 8-bit caches.
    Source: a count of stored elements.
    """
    each = sum(shape.kv_heads) * (shape.key_size + shape.value_size)
    return each * context * bytes_per_value


def estimate(shape: Shape, *, context: int, gpus: int = 0, bytes_per_value: int = 2) -> Estimate:
    """Memory of one replica: weights with a tenth for scratch buffers, its cache, its overhead.

    Args:
        context: tokens kept, over all slots together: the slots share the cache.
        gpus: over how many GPUs it is spread; 0 = it runs on the host's processors.
    Source: facts measured on one small model (241 MiB where this says 348); errs upwards.
    """
    return Estimate(
        weights_mib=-(-shape.file_bytes * 11 // (10 * MIB)),
        kv_cache_mib=-(-kv_cache_bytes(shape, context, bytes_per_value) // MIB),
        overhead_mib=GPU_CONTEXT_MIB * gpus if gpus else PROCESS_MIB,
    )


def fit(need: Estimate, rooms: Sequence[Room], gpus_max: int, note: str = "") -> Fit:
    """The fewest devices that together have room: one if one is enough.

    Args:
        rooms: the GPUs, or the host alone.
        gpus_max: over how many of them it may be spread evenly.
        note: why there are no rooms, where there are none.
    """
    if not rooms:
        return Fit(False, f"it does not fit: {note or 'there is no GPU'}")
    best = sorted(rooms, key=lambda room: (-room.free_mib, room.device))
    for count in range(1, min(gpus_max, len(best)) + 1):
        each = -(-need.total_mib // count)
        if best[count - 1].free_mib >= each:
            # Of those with room for a share, the fullest: large gaps stay whole for large models.
            enough = [room for room in best if room.free_mib >= each][-count:]
            names = " and ".join(f"{room.name} ({room.free_mib} MiB free)" for room in enough)
            return Fit(True, f"it fits on {names}", tuple(room.device for room in enough))
    most = best[0]
    return Fit(
        False,
        f"it does not fit: it needs about {need.total_mib} MiB"
        + (f" over at most {gpus_max} GPUs" if gpus_max > 1 else "")
        + f", and {most.name} has the most room, {most.free_mib} MiB",
    )
