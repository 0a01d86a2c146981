"""What a model's containers are given. Pure: no engine is called here.

No container has a network, a capability, or a writable file but /tmp and the folder of its socket.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from docker.types import DeviceRequest

from clawdesk_fabric.entries import EMBEDDINGS
from clawdesk_fabric.recipes.image import MODEL_FILE
from clawdesk_fabric.specs import (
    WEIGHTS_INSIDE,
    ImageSource,
    LocalWeights,
    ModelSpec,
    RecipeSource,
    WheelWeights,
)

LABEL = "clawdesk.fabric"
USER = "10001:10001"
INSIDE = "/run/clawdesk"
SOCKET_NAME = "model.sock"
RELAY_MIB = 64
PIDS_MAX = 64
PIDS_MAX_OF_IMAGES = 1024
"""Engines for GPUs start a thread or process for each of many parts."""


def options(
    spec: ModelSpec,
    image: str,
    folder: Path,
    owner: str,
    devices: tuple[str, ...] = (),
    *,
    processors: int = 1024,
) -> dict[str, Any]:
    """Arguments for `containers.create`.

    Args:
        image: by digest, or a recipe's with its content hash as tag.
        folder: host folder that is mounted for the socket, writable by the container's user.
        owner: id of this Fabric; only containers with it are ever touched.
        devices: UUIDs of the GPUs it may use.
        processors: how many the host has; no container may be promised more.
    """
    ours = isinstance(spec.source, RecipeSource)
    given: dict[str, Any] = {
        **_confined(image, f"clawdesk-{spec.name}-{folder.name}", spec.memory_mib),
        "network_mode": "none",
        "pids_limit": PIDS_MAX if ours else PIDS_MAX_OF_IMAGES,
        "nano_cpus": min(max(spec.threads, 1), processors) * 10**9,
        "volumes": {**(_socket_volume(folder) if ours else {}), **_weight_volumes(spec)},
        "environment": _environment(spec),
        "labels": {
            **_labels(spec, owner, folder),
            "clawdesk.image": image,
            "clawdesk.devices": ",".join(devices),
        },
    }
    if isinstance(spec.source, ImageSource):
        given["command"] = arguments(spec, spec.source, len(devices))
    if devices:
        # Never a count: the engine would choose, and choose what somebody else was promised.
        given["device_requests"] = [
            DeviceRequest(driver="nvidia", device_ids=list(devices), capabilities=[["gpu"]])
        ]
    return given


def relay_options(
    spec: ModelSpec, image: str, folder: Path, owner: str, container: str
) -> dict[str, Any]:
    """Arguments for the relay that joins the network namespace of `container` (its id)."""
    assert isinstance(spec.source, ImageSource)
    given = _confined(image, f"clawdesk-{spec.name}-{folder.name}-relay", RELAY_MIB)
    del given["hostname"]  # it shares its neighbour's
    return {
        **given,
        "network_mode": f"container:{container}",
        "pids_limit": 16,
        "nano_cpus": 10**9,
        "volumes": _socket_volume(folder),
        "command": [f"{INSIDE}/{SOCKET_NAME}", str(spec.source.port)],
        "labels": {**_labels(spec, owner, folder), "clawdesk.relay_of": container},
    }


def _confined(image: str, name: str, memory_mib: int) -> dict[str, Any]:
    """What every container of ours has in common."""
    memory = f"{memory_mib}m"
    return {
        "image": image,
        "name": name,
        "detach": True,
        "user": USER,
        "init": True,
        "hostname": "model",
        "read_only": True,
        "tmpfs": {"/tmp": "rw,noexec,nosuid,nodev,size=64m"},  # noqa: S108
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "ipc_mode": "private",
        "mem_limit": memory,
        "memswap_limit": memory,
        # The engine must not revive a model behind the Fabric's back.
        "restart_policy": {"Name": "no"},
        "log_config": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "2"}},
    }


def _labels(spec: ModelSpec, owner: str, folder: Path) -> dict[str, str]:
    return {
        LABEL: "1",
        "clawdesk.owner": owner,
        "clawdesk.model": spec.name,
        "clawdesk.spec": spec_digest(spec),
        "clawdesk.folder": str(folder),
    }


def _socket_volume(folder: Path) -> dict[str, dict[str, str]]:
    return {str(folder): {"bind": INSIDE, "mode": "rw"}}


def _weight_volumes(spec: ModelSpec) -> dict[str, dict[str, str]]:
    """Each file by itself: those of a published folder are often links to somewhere else."""
    if not isinstance(spec.weights, LocalWeights):
        return {}
    return {
        str(file.path.resolve()): {"bind": f"{WEIGHTS_INSIDE}/{file.name}", "mode": "ro"}
        for file in spec.weights.files
    }


def weights_inside(spec: ModelSpec) -> str:
    """Path of the weights in the container, "" where the image brings its own."""
    if isinstance(spec.weights, LocalWeights):
        return spec.weights.inside
    return f"/{MODEL_FILE}" if isinstance(spec.weights, WheelWeights) else ""


def _environment(spec: ModelSpec) -> dict[str, str]:
    return {
        "CLAWDESK_MODEL_FILE": weights_inside(spec),
        "CLAWDESK_MODEL_NAME": spec.name,
        "CLAWDESK_CONTEXT": str(spec.context),
        "CLAWDESK_SLOTS": str(spec.slots),
        "CLAWDESK_THREADS": str(spec.threads),
        "CLAWDESK_SOCKET": f"{INSIDE}/{SOCKET_NAME}",
        "CLAWDESK_EMBEDDINGS": "1" if spec.endpoints == EMBEDDINGS else "",
        "HOME": "/tmp",  # noqa: S108
    }


def arguments(spec: ModelSpec, source: ImageSource, gpus: int) -> list[str]:
    """The image's command line, its placeholders replaced."""
    values = {
        "model": weights_inside(spec),
        "name": spec.name,
        "context": str(spec.context),
        "slots": str(spec.slots),
        "threads": str(spec.threads),
        "gpus": str(gpus),
        "port": str(source.port),
    }
    return [_replaced(word, values.items()) for word in source.command]


def _replaced(word: str, values: Iterable[tuple[str, str]]) -> str:
    for key, value in values:
        word = word.replace(f"{{{key}}}", value)
    return word


def spec_digest(spec: ModelSpec) -> str:
    """Hash of what a running container depends on; a container of another spec is not adopted."""
    kept = asdict(spec)
    for key in ("title", "licence", "idle_stop_s"):
        del kept[key]
    text = json.dumps(kept, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
