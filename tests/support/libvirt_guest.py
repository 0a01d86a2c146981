"""Talk to the guest of a real machine: a workspace for it, and shell commands in it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pygit2

from clawdesk.adapters.git.export import export
from clawdesk.adapters.libvirt.channel import ChannelSession, GuestChannels
from clawdesk.adapters.libvirt.machines import LibvirtMachines
from clawdesk.ports.errors import InferenceError
from clawdesk.ports.guest import GuestLost, StepEnded, StepOutput, StepRun
from clawdesk.ports.inference import (
    FabricStatus,
    Inference,
    LeaseNews,
    LeaseStatus,
    LeaseWish,
    ModelResponse,
)
from tests.support.models_fake import NoModels

_numbers = count(1)


class NoInference(NoModels):
    """These tests call no model."""

    async def ensure_up(self) -> FabricStatus:
        return FabricStatus(False)

    async def status(self) -> FabricStatus:
        return FabricStatus(False)

    async def token(
        self,
        *,
        project: str,
        task: str,
        attempt: int,
        models: tuple[str, ...],
        peers: bool = False,
    ) -> str:
        return ""

    async def revoke(self, token: str) -> None: ...

    async def ask_lease(self, wish: LeaseWish) -> LeaseNews:
        raise InferenceError("no model in this test")

    async def watch_leases(
        self, known: Mapping[str, LeaseStatus], wait_s: float
    ) -> tuple[LeaseNews, ...]:
        raise InferenceError("no model in this test")

    async def release_lease(self, task: str) -> None: ...

    async def call(
        self, token: str, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> ModelResponse:
        raise InferenceError("no model in this test")

    async def close(self) -> None: ...


def workspace_tar(folder: Path, files: Mapping[str, bytes]) -> Path:
    """The tar of a repository with one commit of these files."""
    repository = pygit2.init_repository(str(folder / "repository"))
    for name, content in files.items():
        repository.index.add(
            pygit2.IndexEntry(name, repository.create_blob(content), pygit2.enums.FileMode.BLOB)
        )
    person = pygit2.Signature("Test", "test@localhost", 1_700_000_000, 0)
    commit = repository.create_commit(
        "refs/heads/main", person, person, "start", repository.index.write_tree(), []
    )
    found = repository[commit]
    assert isinstance(found, pygit2.Commit)
    tar = folder / "workspace.tar"
    export(repository, found, tar)
    repository.free()
    return tar


@asynccontextmanager
async def guests_of(
    machines: LibvirtMachines, inference: Inference | None = None
) -> AsyncIterator[GuestChannels]:
    """Connects to guests of `machines`; without `inference` their model calls are refused."""
    channels = GuestChannels(machines.socket_path, inference or NoInference())
    try:
        yield channels
    finally:
        await channels.close()


async def shell(session: ChannelSession, command: str) -> str:
    """Run a command in /workspace; returns what it printed. Fails when it does."""
    # Unlike that of any other program: a guest tells the end of a run again to the next host.
    run_id = f"run-{os.getpid()}-{next(_numbers)}"
    await session.run(StepRun(run_id, "test", command, timeout_s=60))
    printed = b""
    async for message in session.messages():
        if isinstance(message, StepOutput) and message.run_id == run_id:
            printed += message.chunk
        elif isinstance(message, StepEnded) and message.run_id == run_id:
            assert message.exit_code == 0, printed.decode(errors="replace")
            return printed.decode().strip()
        elif isinstance(message, GuestLost):
            raise AssertionError(f"the guest was lost: {message.why}")
    raise AssertionError("the session ended before the step")
