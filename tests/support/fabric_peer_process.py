"""A Fabric that can have peers, in a process: `python fabric_peer_process.py FOLDER PEERS`.

Its engine is the one in memory; every stream stops after its first word, for its end is what is
looked at.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "fabric")]

from clawdesk_fabric.catalog import ModelSpec  # noqa: E402
from clawdesk_fabric.engines.base import Endpoint  # noqa: E402
from clawdesk_fabric.server import Options, Server  # noqa: E402
from tests.support.fabric_engine import FakeEngine  # noqa: E402
from tests.support.fabric_world import catalog, spec  # noqa: E402


class _Stopping(FakeEngine):
    async def start(
        self, spec: ModelSpec, devices: tuple[str, ...], report: Callable[[str], None]
    ) -> Endpoint:
        endpoint = await super().start(spec, devices, report)
        self.latest[spec.name].words = ["A"] * 10
        self.latest[spec.name].gate.clear()
        return endpoint


async def _serve(folder: Path, peers: str) -> None:
    options = Options(
        folder / "f.sock",
        state_folder=folder / "state",
        ready_fd=sys.stdout.fileno(),
        peers=peers,
        look_s=0.1,
    )
    await Server(catalog(spec(slots=2)), _Stopping(folder), options).run()


@asynccontextmanager
async def running(folder: Path, peers: str = "") -> AsyncIterator[asyncio.subprocess.Process]:
    """One that answers at FOLDER/f.sock, which is made if it is not there."""
    folder.mkdir(exist_ok=True)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, __file__, str(folder), peers),
        stdout=asyncio.subprocess.PIPE,
        cwd="/",
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
    )
    try:
        assert child.stdout is not None
        assert (await child.stdout.readline()).startswith(b"ready"), "its words are above"
        yield child
    finally:
        with suppress(ProcessLookupError):
            child.terminate()
        await child.wait()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), sys.argv[2]))
