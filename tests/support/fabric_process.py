"""A Fabric in a process of its own: `python fabric_process.py SOCKET CLAIMS`.

Its engine is the one in memory, its claims are real. Its one model wants six tenths of this
machine's memory, so that of two such Fabrics only one can have it loaded. `running` starts and ends
it, also as another user.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "fabric")]

import psutil  # noqa: E402

from clawdesk_fabric.server import Options, Server  # noqa: E402
from tests.support.fabric_engine import FakeEngine  # noqa: E402
from tests.support.fabric_world import catalog, spec  # noqa: E402

MACHINE_MIB = psutil.virtual_memory().total // 2**20
MODEL_MIB = MACHINE_MIB * 6 // 10


async def _serve(path: Path, claims: Path) -> None:
    known = catalog(spec(memory_mib=MODEL_MIB, idle_stop_s=3600), memory_mib=MACHINE_MIB)
    options = Options(path, claims=claims, ready_fd=sys.stdout.fileno())
    await Server(known, FakeEngine(path.parent), options).run()


@asynccontextmanager
async def running(
    path: Path, claims: Path, user: int | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """One that answers at `path`.

    Args:
        user: whose process it is, for which this one must be root's; None = our own user's.
    """
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, __file__, str(path), str(claims)),
        stdout=asyncio.subprocess.PIPE,
        cwd="/",
        env={"PATH": os.environ["PATH"], "HOME": str(path.parent)},
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )
    try:
        assert child.stdout is not None
        assert (await child.stdout.readline()).startswith(b"ready"), "its words are above"
        yield child
    finally:
        with suppress(ProcessLookupError):
            child.terminate()
        await child.wait()


def other_user() -> tuple[int | None, str]:
    """A user who is not ours and can run the checkout; None, and why not."""
    if os.getuid() != 0:
        return None, "only root can start a process of another user"
    closed = [folder for folder in (ROOT, *ROOT.parents) if not folder.stat().st_mode & 0o005]
    return (None, f"{closed[0]} is closed to other users") if closed else (65534, "")


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), Path(sys.argv[2])))
