"""A person's terminal in a real machine, by the real command line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.real_cli import COMMAND, RealCli, make_project, real_cli
from tests.support.terminal_screen import Terminal

TASK = """
title = "Waits for a file"
[machine]
memory_mib = 256
[[steps]]
name = "wait"
run = "until [ -e go ]; do sleep 0.1; done"
checkpoint = "approve"
"""

Running = tuple[str, asyncio.subprocess.Process]
pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def cli() -> Iterator[RealCli]:
    with real_cli() as found:
        yield found


@pytest.fixture
async def running(
    cli: RealCli, tmp_path: Path
) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """A task whose step waits in its machine, and the program that runs it."""
    project = make_project(tmp_path / "p", {".clawdesk/tasks/wait.toml": TASK, "a.txt": "a\n"})
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "run", str(project), "wait", "--headless", "--json",
        env=cli.environment,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    event: dict[str, Any] = {}
    while event.get("event") != "step_started":
        event = json.loads(await process.stdout.readline())
    yield event["task"], process
    if process.returncode is None:
        process.terminate()
    await process.stdout.read()
    await process.wait()


async def test_a_terminal_in_a_machine_is_a_real_one_and_what_is_typed_is_kept(
    cli: RealCli, running: Running
) -> None:
    task, process = running
    command = [*COMMAND, "shell", task]
    terminal = Terminal(command, cli.environment, patience_s=150)
    await terminal.start()
    await terminal.until(b"You are in the machine of Waits for a file")
    await terminal.until(b"# ")
    terminal.type(b"tty; pwd; stty size; cat a.txt\r")
    shown = await terminal.until(b"\r\na\r\n")
    assert b"/dev/pts/0\r\n/workspace\r\n30 100\r\n" in shown
    # A key that comes before the program does ends nothing: the program says that it is there.
    terminal.type(b"sh -c 'echo begun; exec sleep 600'\r")
    await terminal.until(b"\r\nbegun\r\n")
    terminal.type(b"\x03")
    await terminal.until(b"^C")
    terminal.type(b"yes | head -c 3000000 | tail -c 4; echo typed > note.txt; exit 6\r")
    assert await terminal.end() == 6
    terminal.hang_up()

    terminal = Terminal(command, cli.environment, patience_s=150)
    await terminal.start()
    await terminal.until(b"# ")
    terminal.type(b"touch go\r")
    await terminal.until(b"The shell is closed: a checkpoint of the machine is being taken")
    assert await terminal.end() == 255
    terminal.hang_up()

    assert await process.wait() == 4, "it waits for a person"
    assert "note.txt" in cli.run("diff", task, "1").stdout
    assert "A person opened a shell in the machine" in cli.run("log", task).stdout
    refused = Terminal(command, cli.environment, patience_s=150)
    await refused.start()
    await refused.until(b"No shell: Waits for a file")
    assert await refused.end() != 0
    refused.hang_up()
