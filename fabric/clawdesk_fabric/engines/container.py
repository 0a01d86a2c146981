"""What a model's container is given, and what its end means. Pure: no engine is called here.

The container has no network, no capability, no writable file but /tmp and the folder of its socket.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clawdesk_fabric.catalog import ModelSpec
from clawdesk_fabric.errors import EngineError

LABEL = "clawdesk.fabric"
USER = "10001:10001"
INSIDE = "/run/clawdesk"
SOCKET_NAME = "model.sock"
TAIL_LINES = 20
TAIL_CHARACTERS = 1500


def options(spec: ModelSpec, image: str, folder: Path, owner: str) -> dict[str, Any]:
    """Arguments for `containers.create`.

    Args:
        image: name with its content hash as tag.
        folder: host folder that is mounted for the socket, writable by the container's user.
        owner: id of this Fabric; only containers with it are ever touched.
    """
    memory = f"{spec.memory_mib}m"
    return {
        "image": image,
        "name": f"clawdesk-{spec.name}-{folder.name}",
        "detach": True,
        "user": USER,
        "init": True,
        "hostname": "model",
        "network_mode": "none",
        "read_only": True,
        "tmpfs": {"/tmp": "rw,noexec,nosuid,nodev,size=64m"},  # noqa: S108
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "ipc_mode": "private",
        "pids_limit": 64,
        "mem_limit": memory,
        "memswap_limit": memory,
        # The engine must not revive a model behind the Fabric's back.
        "restart_policy": {"Name": "no"},
        "log_config": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "2"}},
        "volumes": {str(folder): {"bind": INSIDE, "mode": "rw"}},
        "environment": {
            "CLAWDESK_CONTEXT": str(spec.context),
            "CLAWDESK_SLOTS": str(spec.slots),
            "CLAWDESK_THREADS": str(spec.threads),
            "CLAWDESK_SOCKET": f"{INSIDE}/{SOCKET_NAME}",
        },
        "labels": {
            LABEL: "1",
            "clawdesk.owner": owner,
            "clawdesk.model": spec.name,
            "clawdesk.image": image,
            "clawdesk.spec": spec_digest(spec),
            "clawdesk.folder": str(folder),
        },
    }


def spec_digest(spec: ModelSpec) -> str:
    """Hash of what a running container depends on; a container of another spec is not adopted."""
    parts = [spec.name, spec.file_sha256, spec.context, spec.slots, spec.threads, spec.memory_mib]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def explain_end(
    spec_name: str, memory_mib: int, state: Mapping[str, Any], tail: str
) -> EngineError:
    """Why a container ended, told apart by its exit code.

    Args:
        state: "State" of the engine's inspect answer.
        tail: its last output.
    """
    code = int(state.get("ExitCode", -1))
    lines = [line.strip() for line in tail.splitlines() if line.strip()][-TAIL_LINES:]
    said = " | ".join(lines)[-TAIL_CHARACTERS:]
    last = f"; its last lines: {said}" if said else ""
    mend = ""
    permanent = False
    if state.get("OOMKilled"):
        what = f"{spec_name} ran out of memory: its limit is {memory_mib} MiB"
        mend = f"raise memory_mib of [models.{spec_name}] in the settings file"
    elif code == 132:
        what = f"{spec_name} was compiled for another processor: this one lacks an instruction"
        mend = "choose a model whose engine fits this processor"
        permanent = True
    elif code == 137:
        what = f"{spec_name} was killed from outside (SIGKILL, exit code 137)"
    elif code == 139:
        what = f"{spec_name} crashed (segmentation fault, exit code 139)"
    elif state.get("Error"):
        what = f"{spec_name} could not be started: {state['Error']}"
        permanent = True
    else:
        what = f"{spec_name} ended with exit code {code}"
    return EngineError(what + last, mend=mend, code="model_failed", permanent=permanent)
