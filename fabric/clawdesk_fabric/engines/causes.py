"""Why a model did not start or ended, told apart by cause, each with the step that mends it.

Reads exit codes, the engine's refusals and a model's last lines; calls nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from clawdesk_fabric.errors import EngineError
from clawdesk_fabric.specs import ModelSpec

TAIL_LINES = 20
TAIL_CHARACTERS = 1500
_TOOLKIT = (
    "install the NVIDIA Container Toolkit, then: "
    "sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker"
)
_GPU_FULL = re.compile(
    r"CUDA out of memory|CUDA error: out of memory|cudaErrorMemoryAllocation"
    r"|cudaMalloc failed: out of memory|CUDA_ERROR_OUT_OF_MEMORY|torch\.(cuda\.)?OutOfMemoryError"
)
_NO_DRIVER = re.compile(
    r"CUDA driver version is insufficient|libcuda\.so\.1: cannot open|no CUDA-capable device"
    r"|CUDA_ERROR_NO_DEVICE"
)


def explain_refusal(text: str, *, code: str = "model_failed") -> EngineError:
    """Why the engine did not create or start a container.

    Args:
        text: the engine's own words.
        code: what clients see where the cause is none of those known here.
    """
    if "could not select device driver" in text or "unknown or invalid runtime name" in text:
        return EngineError(
            "the Docker engine cannot give GPUs to containers: it knows no NVIDIA runtime",
            mend=_TOOLKIT,
            code="no_capacity",
            permanent=True,
        )
    if "nvidia-container-cli" in text and "unknown device" in text:
        return EngineError(
            "a GPU that the model was to use is no longer there",
            mend="nvidia-smi -L lists those the driver knows",
            code="no_capacity",
        )
    if "nvidia-container-cli" in text or "libnvidia-ml.so" in text:
        return EngineError(
            f"the NVIDIA driver does not answer the Docker engine: {text[-TAIL_CHARACTERS:]}",
            mend="nvidia-smi; where it fails too, load the driver or restart this machine",
            code="no_capacity",
            permanent=True,
        )
    if "bind source path does not exist" in text:
        return EngineError(
            f"a file of the model is not there: {text[-TAIL_CHARACTERS:]}",
            code="model_failed",
            permanent=True,
        )
    if "executable file not found" in text or "exec: " in text:
        return EngineError(
            f"the image lacks the program it should run: {text[-TAIL_CHARACTERS:]}",
            code="model_failed",
            permanent=True,
        )
    return EngineError(f"the Docker engine refused: {text[-TAIL_CHARACTERS:]}", code=code)


def explain_end(spec: ModelSpec, state: Mapping[str, Any], tail: str) -> EngineError:
    """Why a container ended.

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
        what = f"{spec.name} ran out of memory: its limit is {spec.memory_mib} MiB"
        mend = f"raise memory_mib of [models.{spec.name}] in the settings file"
    elif _GPU_FULL.search(tail):
        what = f"{spec.name} ran out of GPU memory: {spec.gpu_memory_mib} MiB were set aside for it"
        mend = f"raise gpu_memory_mib of {spec.name}, or give it less context or fewer slots"
    elif _NO_DRIVER.search(tail):
        what = f"{spec.name} finds no GPU driver that it can use"
        mend = "nvidia-smi shows the driver's version; the image's notes say which it needs"
        permanent = True
    elif code == 132:
        what = f"{spec.name} was compiled for another processor: this one lacks an instruction"
        mend = "choose a model whose engine fits this processor"
        permanent = True
    elif code == 137:
        what = f"{spec.name} was killed from outside (SIGKILL, exit code 137)"
    elif code == 139:
        what = f"{spec.name} crashed (segmentation fault, exit code 139)"
    elif state.get("Error"):
        refusal = explain_refusal(str(state["Error"]))
        what, mend = f"{spec.name} could not be started: {refusal.what}", refusal.mend
        permanent = True
    else:
        what = f"{spec.name} ended with exit code {code}"
    return EngineError(what + last, mend=mend, code="model_failed", permanent=permanent)
