"""A person's shell, from a real terminal through the plane's socket to a machine."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from clawdesk.domain.model import Phase, Task
from clawdesk.domain.shells import why_no_shell
from clawdesk.ports.errors import PortError
from clawdesk.runtime import shells
from clawdesk.runtime.client import PlaneClient
from clawdesk.runtime.front_door import try_lock
from clawdesk.runtime.places import plane_lock, plane_socket
from clawdesk.runtime.plane import Plane
from clawdesk.runtime.server import PlaneServer
from tests.support.guest_fake import FakeStep
from tests.support.plane_world import PROJECT, PlaneWorld, until
from tests.support.terminal_screen import Terminal

TASK = """
title = "Write"
[[steps]]
name = "one"
run = "waits"
checkpoint = "approve"
"""


@pytest.fixture
def go_on() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
async def plane(tmp_path: Path, go_on: asyncio.Event) -> AsyncIterator[Plane]:
    async def waits(step: FakeStep) -> int:
        await go_on.wait()
        return 0

    plane = await PlaneWorld(tmp_path, {"write": TASK}, {"waits": waits}).open()
    yield plane
    await plane.close()


@pytest.fixture
async def task(plane: Plane) -> Task:
    task_id = await plane.submit(PROJECT, "write")
    return await until(plane, task_id, lambda t: t.phase is Phase.RUNNING and bool(t.machine))


async def said(plane: Plane, task: Task) -> str:
    return "\n".join(line.text for line in await plane.log_lines(task.id))


async def read_until(plane: Plane, shell: str, wanted: bytes) -> bytes:
    seen = b""
    while wanted not in seen:
        text = await plane.read_shell(shell)
        assert not text.over, text
        seen += text.printed
    return seen


async def test_the_log_says_that_a_person_had_a_shell(plane: Plane, task: Task) -> None:
    shell = await plane.open_shell(task.id, 80, 24, term="xterm")
    assert "A person opened a shell" in await said(plane, task)
    await plane.write_shell(shell, b"echo hello\r")
    await read_until(plane, shell, b"\r\nhello\r\n")
    await plane.write_shell(shell, b"exit 3\r")
    while not (text := await plane.read_shell(shell)).over:
        pass
    assert (text.exit_code, text.why) == (3, "")
    assert "The shell is closed" in await said(plane, task)
    with pytest.raises(PortError, match="closed"):
        await plane.read_shell(shell)


async def test_a_checkpoint_ends_it_with_a_word(
    plane: Plane, task: Task, go_on: asyncio.Event
) -> None:
    shell = await plane.open_shell(task.id, 80, 24, term="xterm")
    await read_until(plane, shell, b"$ ")
    go_on.set()
    while not (text := await plane.read_shell(shell)).over:
        pass
    assert "checkpoint" in text.why
    await until(plane, task.id, lambda t: t.phase is Phase.HELD)
    [kept] = (await plane._projects.repository(PROJECT).log(task.id)).values()
    assert b"A person opened a shell" in kept, "Git has it with what the step printed"
    with pytest.raises(PortError, match="stands still until you have answered"):
        await plane.open_shell(task.id, 80, 24, term="xterm")


async def test_one_that_nobody_reads_is_closed(
    plane: Plane, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shells, "UNREAD_S_MAX", 0.05)
    moved = asyncio.Event()
    plane.subscribe(lambda change: moved.set() if task.id in change.logs else None)
    await plane.open_shell(task.id, 80, 24, term="xterm")
    async with asyncio.timeout(10):
        while "The shell is closed" not in await said(plane, task):
            moved.clear()
            await moved.wait()


async def test_a_read_of_a_silent_shell_answers_all_the_same(
    plane: Plane, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shells, "READ_S_MAX", 0.01)
    shell = await plane.open_shell(task.id, 80, 24, term="")
    await read_until(plane, shell, b"$ ")
    text = await plane.read_shell(shell)
    assert (text.printed, text.over) == (b"", False)
    await plane.write_shell(shell, b"x")
    await read_until(plane, shell, b"x")


async def test_a_read_that_waits_as_its_shell_is_closed_is_answered(
    plane: Plane, task: Task, tmp_path: Path
) -> None:
    """Its caller on the plane's socket waited for ever."""
    server = PlaneServer(plane, tmp_path / "closing.sock")
    await server.start()
    client = await PlaneClient.connect(tmp_path / "closing.sock")
    shell = await client.open_shell(task.id, 80, 24, term="")
    while b"$ " not in (await client.read_shell(shell)).printed:
        pass
    async with asyncio.timeout(10):
        text, _ = await asyncio.gather(client.read_shell(shell), client.close_shell(shell))
    assert (text.over, text.why) == (True, "it was closed")
    await client.close()
    await server.close()


@pytest.mark.parametrize("phase", [p for p in Phase if p is not Phase.RUNNING])
def test_every_phase_without_a_shell_has_its_reason(phase: Phase) -> None:
    class Other:
        machine = "m"

    Other.phase = phase  # type: ignore[attr-defined]
    assert why_no_shell(Other())  # type: ignore[arg-type]


@pytest.fixture
async def served(plane: Plane) -> AsyncIterator[PlaneServer]:
    """The plane as other processes find it."""
    lock = try_lock(plane_lock())
    assert lock is not None
    server = PlaneServer(plane, plane_socket())
    await server.start()
    yield server
    await server.close()
    os.close(lock)


@pytest.fixture
async def terminal(served: PlaneServer, task: Task) -> AsyncIterator[Terminal]:
    found = Terminal([sys.executable, "-m", "clawdesk", "shell", task.id])
    await found.start()
    yield found
    found.hang_up()
    await found.end()


async def test_a_terminal_shows_it_and_its_exit_code_is_that_of_the_shell(
    terminal: Terminal,
) -> None:
    await terminal.until(b"You are in the machine of Write")
    await terminal.until(b"$ ")
    terminal.type(b"echo a\x1b]0;title\x07b\r")
    await terminal.until(b"\r\nab\r\n")
    terminal.type(b"yes\r")
    await terminal.until(b"y\r\ny\r\n" * 1000)
    terminal.type(b"\x03")
    await terminal.until(b"^C\r\n")
    terminal.type(b"exit 5\r")
    assert await terminal.end() == 5


async def test_a_terminal_that_is_resized_tells_the_machine(terminal: Terminal) -> None:
    await terminal.until(b"$ ")
    terminal.type(b"stty size\r")
    await terminal.until(b"\r\n30 100\r\n")
    terminal.size(120, 40)
    for _ in range(100):
        terminal.type(b"stty size\r")
        if b"40 120" in await terminal.until(b"$ "):
            return
    raise AssertionError("it never learned its size")


async def test_closing_the_terminal_closes_the_shell(
    plane: Plane, task: Task, terminal: Terminal
) -> None:
    await terminal.until(b"$ ")
    moved = asyncio.Event()
    plane.subscribe(lambda change: moved.set() if task.id in change.logs else None)
    terminal.hang_up()
    await terminal.end()
    async with asyncio.timeout(30):
        while "The shell is closed" not in await said(plane, task):
            moved.clear()
            await moved.wait()


async def test_a_checkpoint_says_why_the_terminal_is_closed(
    terminal: Terminal, go_on: asyncio.Event
) -> None:
    await terminal.until(b"$ ")
    go_on.set()
    await terminal.until(b"The shell is closed: a checkpoint")
    assert await terminal.end() == 255


async def test_a_client_is_told_why_there_is_no_shell(served: PlaneServer, task: Task) -> None:
    client = await PlaneClient.connect(plane_socket())
    shell = await client.open_shell(task.id, 80, 24, term="xterm")
    await client.write_shell(shell, b"echo bytes \xc3\xbc\r")
    seen = b""
    while b"\r\nbytes \xc3\xbc\r\n" not in seen:
        seen += (await client.read_shell(shell)).printed
    await client.resize_shell(shell, 1, 1)
    await client.close_shell(shell)
    with pytest.raises(PortError) as error:
        await client.write_shell(shell, b"x")
    assert error.value.code == "no_shell"
    await client.close()
