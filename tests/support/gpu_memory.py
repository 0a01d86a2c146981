"""Takes memory of a real NVIDIA GPU, by the driver's own library alone.

As a program, `python gpu_memory.py MIB GROUP`: enters the control group of that folder ("" = none),
takes MIB of the first GPU it may see, says `held`, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
from dataclasses import dataclass
from pathlib import Path

HELD = b"held\n"
READY_S_MAX = 60.0
GROUPS = Path("/sys/fs/cgroup")
if not (GROUPS / "cgroup.controllers").exists():
    GROUPS /= "cpu"  # the first version of control groups has a tree for each of them


@dataclass(frozen=True, slots=True)
class Holder:
    """A process of ours that holds GPU memory until it is let go."""

    process: asyncio.subprocess.Process
    group: Path | None

    @property
    def pid(self) -> int:
        return self.process.pid

    async def let_go(self) -> None:
        """It has ended when this returns."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        await self.process.wait()
        if self.group is not None:
            self.group.rmdir()


async def hold(mib: int, gpu: str, *, container: str = "") -> Holder:
    """Have a process take `mib` of that GPU; it holds it when this returns.

    Args:
        container: 64 hex digits; the process runs in a control group as Docker names it for a
            container of that id.
    Raises:
        OSError: no control group can be made.
        RuntimeError: the driver gave no memory; says why.
    """
    group = GROUPS / f"docker-{container}.scope" if container else None
    if group is not None:
        group.mkdir()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        __file__,
        str(mib),
        str(group or ""),
        env={**os.environ, "CUDA_VISIBLE_DEVICES": gpu},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    holder = Holder(process, group)
    assert process.stdout is not None
    assert process.stderr is not None
    async with asyncio.timeout(READY_S_MAX):
        said = await process.stdout.readline()
        if said != HELD:
            why = (await process.stderr.read()).decode(errors="replace")
            await holder.let_go()
            raise RuntimeError(f"no GPU memory: {why[-500:]}")
    return holder


def _take(mib: int) -> None:
    """Raises RuntimeError with the name of the call that failed and the driver's number."""
    cuda = ctypes.CDLL("libcuda.so.1")

    def call(name: str, *arguments: object) -> None:
        error = getattr(cuda, name)(*arguments)
        if error:
            raise RuntimeError(f"{name}: error {error}")

    device, context = ctypes.c_int(), ctypes.c_void_p()
    memory, size = ctypes.c_uint64(), ctypes.c_size_t(mib << 20)
    call("cuInit", 0)
    call("cuDeviceGet", ctypes.byref(device), 0)
    call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
    call("cuCtxSetCurrent", context)
    call("cuMemAlloc_v2", ctypes.byref(memory), size)
    call("cuMemsetD8_v2", memory, ctypes.c_ubyte(1), size)
    call("cuCtxSynchronize")


def main(mib: str, group: str) -> None:
    if group:
        (Path(group) / "cgroup.procs").write_text("0")
    _take(int(mib))
    sys.stdout.buffer.write(HELD)
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
