"""One machine for the contract of `Guests`: a fake one, or the real guest program in a process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from clawdesk.adapters.libvirt.channel import GuestChannels
from clawdesk.ports.guest import Guests, GuestSession
from tests.support.guest_fake import FakeGuests, FakeStep
from tests.support.guest_process import running_guest
from tests.support.inference_fake import EchoInference

FILES = {"a.txt": b"a\n", "b.txt": b"b\n", "sub/c.txt": b"c\n"}


async def _talks(step: FakeStep) -> int:
    step.print("hello\n")
    step.print("oops\n", "err")
    return 4


async def _edits(step: FakeStep) -> int:
    step.files["a.txt"] = b"changed\n"
    step.files["new/d.txt"] = b"new\n"
    del step.files["b.txt"]
    return 0


async def _waits(step: FakeStep) -> int:
    await asyncio.Event().wait()
    return 0


async def _checkpoints(step: FakeStep) -> int:
    reply = await step.checkpoint(approve=True, message="look")
    if reply["outcome"] == "rejected":
        step.print(f"{reply['feedback']}\n")
        return 3
    return 0


async def _asks(step: FakeStep) -> int:
    reply = await step.ask("which?", ("red", "blue"))
    step.print(f"{reply['text']}\n")
    return 4 if reply["outcome"] == "asked_back" else 0


async def _recalls(step: FakeStep) -> int:
    step.print(f"{step.machine.feedback}\n")
    return 0


async def _calls(step: FakeStep) -> int:
    for number in range(3):
        await step.model_call()
        step.print(f"{number}\n")
    return 0


async def _calls_late(step: FakeStep) -> int:
    while "go" not in step.files:
        await asyncio.sleep(0)
    return await _calls(step)


async def _calls_and_edits(step: FakeStep) -> int:
    for number in range(5):
        if number in (2, 3):
            step.files["a.txt"] = b"%d\n" % number
        await step.model_call()
        step.print(f"{number}\n")
    return 0


# Talks to a model as any program would.
MODEL_CALLS = """python3 -c '
import os, urllib.request
for number in range(3):
    url = os.environ["OPENAI_BASE_URL"] + "/chat/completions"
    urllib.request.urlopen(urllib.request.Request(url, b"{}")).read()
    print(number)
'"""
CALLS_LATE = f"until [ -e go ]; do sleep 0.01; done; {MODEL_CALLS}"
CALLS_AND_EDITS = """python3 -c '
import os, urllib.request
for number in range(5):
    if number in (2, 3):
        open("a.txt", "w").write(f"{number}\\n")
    url = os.environ["OPENAI_BASE_URL"] + "/chat/completions"
    urllib.request.urlopen(urllib.request.Request(url, b"{}")).read()
    print(number)
'"""
# What each step does: in a shell, and in the fake.
STEPS = {
    "echo hello; echo oops >&2; exit 4": _talks,
    "echo changed > a.txt; mkdir new; echo new > new/d.txt; rm b.txt": _edits,
    "exec sleep 600": _waits,
    "claw checkpoint --approve -m look": _checkpoints,
    "claw ask which? --choice red --choice blue": _asks,
    "claw feedback": _recalls,
    MODEL_CALLS: _calls,
    CALLS_LATE: _calls_late,
    CALLS_AND_EDITS: _calls_and_edits,
}
TALKS, EDITS, WAITS, CHECKPOINTS, ASKS, RECALLS, *_ = STEPS


@dataclass
class World:
    """One machine, and a way to crash it."""

    guests: Guests
    crash: Callable[[], None]

    async def connect(self, *, start: bool = False) -> GuestSession:
        return await self.guests.connect("m", token="t", start=start)


@asynccontextmanager
async def open_world(kind: str) -> AsyncIterator[World]:
    """A machine with `FILES`; `kind` is "fake" or "process"."""
    if kind == "fake":
        fake = FakeGuests(STEPS)
        machine = fake.add("m", FILES)
        try:
            yield World(fake, machine.die)
        finally:
            await fake.close()
        return
    with running_guest(FILES) as process:
        channels = GuestChannels(lambda _machine: process.socket, EchoInference())
        try:
            yield World(channels, process.kill)
        finally:
            await channels.close()
