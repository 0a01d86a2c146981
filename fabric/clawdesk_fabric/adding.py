"""From a file on disk to an entry of the user's own catalog: what it is, what it needs, if it fits.

Starts nothing and moves nothing. `model_commands.py` is its command line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clawdesk_fabric.entries import EMBEDDINGS, ENDPOINTS, NAME, digest_command, is_by_digest
from clawdesk_fabric.errors import FabricError, WeightsError
from clawdesk_fabric.estimate import Estimate, Fit, Room, estimate, fit
from clawdesk_fabric.model import GpuReading
from clawdesk_fabric.weights.files import Hashes, found
from clawdesk_fabric.weights.gguf import MAGIC, read_gguf
from clawdesk_fabric.weights.safetensors import read_folder
from clawdesk_fabric.weights.shape import Shape

CONTEXT_OF_EACH = 8192
"""Tokens for each request where nobody says otherwise: more is seldom used, and costs memory."""
GPU_HOST_MIB = 4096
"""Host memory of an engine whose model is in GPU memory: its program, and weights on their way."""
MEMORY_MIB_MIN = 256


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked for; 0 and "" = choose.

    Args:
        context: tokens kept over all slots together.
        gpus: over how many GPUs it may be spread; 0 = it runs on processors.
        image: by digest; "" = our own engine.
        command, port, health: of `image`.
    """

    path: Path
    name: str = ""
    context: int = 0
    slots: int = 2
    gpus: int = 0
    image: str = ""
    command: tuple[str, ...] = ()
    port: int = 8080
    health: str = "/health"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would be added. `note`: what the user should know beside it, "" if nothing."""

    shape: Shape
    need: Estimate
    fit: Fit
    entry: dict[str, Any]
    files: tuple[Path, ...]
    note: str = ""


def read_shape(path: Path) -> Shape:
    """What the file or folder is. Raises WeightsError."""
    if path.is_dir():
        return read_folder(path)
    found(path)
    with path.open("rb") as file:
        begins = file.read(4)
    if begins == MAGIC:
        return read_gguf(path)
    if path.suffix == ".safetensors":
        return read_folder(path.parent)
    raise WeightsError(
        f"{path.name} is neither a GGUF file nor of a folder with *.safetensors and config.json",
        permanent=True,
    )


def propose(wish: Wish, rooms: Callable[[bool], tuple[list[Room], str]]) -> Proposal:
    """Read the header and work out the entry, without its hashes.

    Args:
        rooms: memory to be had, of the GPUs (True) or of the host (False), and why there is none.
    Raises:
        FabricError: it cannot be served as asked.
    """
    path = wish.path.absolute()
    shape = read_shape(path)
    if shape.form == "safetensors" and path.is_file():
        path = path.parent
    _check_engine(wish, shape)
    context = wish.context or wish.slots * min(shape.context or CONTEXT_OF_EACH, CONTEXT_OF_EACH)
    need = estimate(shape, context=context, gpus=wish.gpus)
    most = wish.gpus or 1
    entry = _entry(wish, shape, need, context)
    each = context // wish.slots
    note = ""
    if shape.context and each > shape.context:
        note = f"{each} tokens for each request is more than the {shape.context} it was trained on"
    found_rooms, why_none = rooms(wish.gpus > 0)
    place = fit(need, found_rooms, most, why_none)
    return Proposal(shape, need, place, entry, tuple(found(path)), note)


def _check_engine(wish: Wish, shape: Shape) -> None:
    """Raises FabricError where no engine could serve it as asked."""
    if wish.image and not is_by_digest(wish.image):
        raise FabricError(
            f"{wish.image} names an image by a tag, and a tag can be moved to other bytes",
            mend=f"take NAME@sha256:... or sha256:... from: {digest_command(wish.image)}",
        )
    if wish.image and not wish.command:
        raise FabricError(
            "an image needs its command line",
            mend="for example: --command '--model {model} --host 127.0.0.1 --port {port}'",
        )
    if not wish.image and shape.form != "gguf":
        raise FabricError(
            "the engine that comes with the program serves GGUF files only",
            mend="name an image that serves safetensors, by its digest: --image NAME@sha256:...",
        )
    if not wish.image and wish.gpus:
        raise FabricError(
            "the engine that comes with the program runs on processors only",
            mend="name an image made for GPUs, by its digest: --image NAME@sha256:...",
        )


def _entry(wish: Wish, shape: Shape, need: Estimate, context: int) -> dict[str, Any]:
    stem = wish.path.absolute().name.removesuffix(".gguf").removesuffix(".safetensors")
    name = wish.name or _name(stem)
    if not NAME.fullmatch(name):
        raise FabricError(
            f"{name!r} is no name for a model: small letters, digits, and . _ - between them",
            mend="give one: --name NAME",
        )
    served: dict[str, Any] = {"recipe": "llama"}
    if wish.image:
        command = list(wish.command)
        served = {"image": wish.image, "command": command, "port": wish.port, "health": wish.health}
    on_host = max(MEMORY_MIB_MIN, -(-need.total_mib // 64) * 64)
    return {
        "name": name,
        "title": f"{shape.title or stem} ({shape.quantisation})",
        "licence": shape.licence or "not said",
        **served,
        "endpoints": list(EMBEDDINGS if shape.embeds else ENDPOINTS[:2]),
        "context": context,
        "slots": wish.slots,
        "threads": max(1, (os.cpu_count() or 1) // 2),
        "memory_mib": GPU_HOST_MIB if wish.gpus else on_host,
        "gpu_memory_mib": need.total_mib if wish.gpus else 0,
        "gpus_max": wish.gpus or 1,
        "idle_stop_s": 300,
    }


def _name(text: str) -> str:
    return re.sub(r"[^a-z0-9._]+", "-", text.lower()).strip("-._")[:63].rstrip("-._")


def with_hashes(
    proposal: Proposal, hashes: Hashes, report: Callable[[str], None]
) -> dict[str, Any]:
    """The entry, complete: each file is read once as a whole. Raises WeightsError."""
    files = [
        {"path": str(path), "sha256": hashes.of(path, report), "bytes": path.stat().st_size}
        for path in proposal.files
    ]
    return {**proposal.entry, "weights": files}


def gpu_rooms(readings: Sequence[GpuReading], kept_mib: int) -> list[Room]:
    """What each GPU has left: all but the driver's, others' and the desktop's share.

    Args:
        kept_mib: the desktop's share of each GPU.
    """
    return [
        Room(
            gpu.uuid,
            f"GPU {gpu.index} ({gpu.name}{', simulated' if gpu.simulated else ''})",
            max(0, gpu.total_mib - gpu.reserved_mib - gpu.used_mib - kept_mib),
        )
        for gpu in readings
        if not gpu.problem
    ]


def host_rooms(limit_mib: int, available_mib: int) -> list[Room]:
    """The memory of this machine that models may take, as far as it is free."""
    return [Room("host", "this machine's memory", min(limit_mib, available_mib))]
