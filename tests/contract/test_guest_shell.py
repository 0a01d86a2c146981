"""A person's shell in a machine: the fake, and a real one on a terminal of the guest program."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from clawdesk.ports.errors import GuestError
from clawdesk.ports.guest import GuestSession, GuestShell, ShellEnd, StepEnded, StepRun
from clawdesk_guest.shells import SHELLS_MAX
from tests.support.guest_world import TALKS, WAITS, World, open_world

ENV = {"TERM": "dumb"}
PROMPT = r"[$#] $"


@pytest.fixture(params=["fake", "process"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with open_world(request.param) as opened:
        yield opened


@pytest.fixture
async def real() -> AsyncIterator[World]:
    async with open_world("process") as opened:
        yield opened


@pytest.fixture
async def session(world: World) -> GuestSession:
    return await world.connect(start=True)


async def opened(session: GuestSession) -> GuestShell:
    shell = await session.shell(80, 24, ENV)
    await until(shell, PROMPT)
    return shell


async def until(shell: GuestShell, wanted: str) -> str:
    """What it prints until that stands there."""
    said = ""
    while not re.search(wanted, said):
        more = await shell.read()
        assert more, f"it ended: {shell.end}, after {said!r}"
        said += more.decode()
    return said


async def rest(shell: GuestShell) -> ShellEnd | None:
    while await shell.read():
        pass
    return shell.end


async def test_what_is_typed_runs_and_its_end_has_a_code(session: GuestSession) -> None:
    shell = await opened(session)
    await shell.write(b"echo so-it-is\r")
    assert "\r\nso-it-is\r\n" in await until(shell, r"\nso-it-is\r\n")
    assert shell.end is None
    await shell.write(b"exit 7\r")
    assert await rest(shell) == ShellEnd(7, "")


async def test_the_terminal_has_the_size_that_was_told(session: GuestSession) -> None:
    shell = await opened(session)
    await shell.write(b"stty size\r")
    await until(shell, "24 80\r\n")
    await shell.resize(132, 50)
    await shell.write(b"stty size\r")
    await until(shell, "50 132\r\n")


async def test_a_flood_stands_still_until_it_is_read_and_ctrl_c_ends_it(
    session: GuestSession,
) -> None:
    shell = await opened(session)
    await shell.write(b"yes\r")
    seen = 0
    while seen < 3 << 20:
        seen += len(await shell.read())
    # The step beside it is heard all the same.
    await session.run(StepRun("r1", "talk", TALKS, 60))
    async for message in session.messages():
        if isinstance(message, StepEnded):
            break
    await shell.write(b"\x03")
    await until(shell, r"\^C\r\n(.*\n)*.*[$#] $")
    await shell.write(b"exit\r")
    end = await rest(shell)
    assert end is not None
    assert end.why == ""


async def test_a_checkpoint_closes_it_and_says_so(session: GuestSession) -> None:
    await session.run(StepRun("r1", "wait", WAITS, 60))
    shell = await opened(session)
    assert await session.quiesce()
    end = await rest(shell)
    assert end is not None
    assert "checkpoint" in end.why
    with pytest.raises(GuestError, match="checkpoint is being taken"):
        await session.shell(80, 24, ENV)
    await session.unquiesce()
    await opened(session)


async def test_not_more_than_a_few_at_once(session: GuestSession) -> None:
    for _ in range(SHELLS_MAX):
        await opened(session)
    with pytest.raises(GuestError, match="close one") as error:
        await session.shell(80, 24, ENV)
    assert error.value.code == "refused"


async def test_a_machine_that_dies_ends_it(world: World) -> None:
    shell = await opened(await world.connect(start=True))
    world.crash()
    end = await rest(shell)
    assert end is not None
    assert end.why


async def test_one_that_was_closed_is_read_no_more(session: GuestSession) -> None:
    shell = await opened(session)
    await shell.close()
    with pytest.raises(GuestError, match="closed"):
        await rest(shell)


async def test_what_runs_in_it_ends_when_the_person_leaves(real: World) -> None:
    session = await real.connect(start=True)
    shell = await opened(session)
    await shell.write(b"trap '' HUP; echo pid=$$; cat > /dev/null\r")
    said = await until(shell, r"pid=(\d+)\r\n")
    found = re.search(r"pid=(\d+)\r\n", said)
    assert found is not None
    await shell.close()
    await gone(int(found[1]))


async def test_another_host_ends_it(real: World) -> None:
    first = await real.connect(start=True)
    shell = await opened(first)
    await shell.write(b"echo pid=$$\r")
    found = re.search(r"pid=(\d+)\r\n", await until(shell, r"pid=\d+\r\n"))
    assert found is not None
    second = await real.connect()
    await gone(int(found[1]))
    await opened(second)


async def test_a_terminal_that_nothing_reads_takes_no_more_than_its_credit(real: World) -> None:
    shell = await opened(await real.connect(start=True))
    await shell.write(b"stty raw -echo; sleep 600\r")
    await until(shell, "sleep 600\r\n")
    typing = asyncio.ensure_future(shell.write(b"x" * (1 << 20)))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(typing), 0.5)
    await shell.close()
    await asyncio.wait_for(typing, 10)


async def test_it_is_in_the_workspace_on_a_terminal_of_its_own(real: World) -> None:
    shell = await opened(await real.connect(start=True))
    await shell.write(b"tty; cat a.txt; echo $OPENAI_API_KEY $TERM\r")
    said = await until(shell, "clawdesk dumb\r\n")
    assert "/dev/pts/" in said
    assert "\r\na\r\n" in said


async def gone(pid: int) -> None:
    """Until a process of the guest has ended."""
    async with asyncio.timeout(10):
        while not await asyncio.to_thread(_is_gone, pid):
            await asyncio.sleep(0)


def _is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] == b"Z"
    except OSError:
        return True
