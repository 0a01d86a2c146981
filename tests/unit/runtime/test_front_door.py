"""One window a user: the second start knocks, the first hears it; a dead one stops nobody."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from clawdesk.ports.errors import PortError
from clawdesk.runtime import front_door
from clawdesk.runtime.front_door import Knock, take_or_knock

PROGRAM = """
import asyncio, sys
from pathlib import Path
from clawdesk.runtime.front_door import Knock, take_or_knock
async def main():
    folder = Path(sys.argv[1])
    door = await take_or_knock(folder / "l", folder / "s", Knock())
    await door.open(lambda knock: None)
    print("open", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="cdd") as name:  # short: 108 bytes for a socket
        yield Path(name)


async def test_a_second_start_knocks_with_what_it_was_given(folder: Path) -> None:
    heard: asyncio.Queue[Knock] = asyncio.Queue()
    door = await take_or_knock(folder / "l", folder / "s", Knock())
    assert door is not None
    await door.open(heard.put_nowait)
    knock = Knock(("/home/ada/notes",), "token")
    assert await take_or_knock(folder / "l", folder / "s", knock) is None
    assert heard.get_nowait() == knock
    assert (folder / "s").stat().st_mode & 0o077 == 0
    await door.close()
    again = await take_or_knock(folder / "l", folder / "s", knock)
    assert again is not None, "after the window has ended the next start is the window"
    await again.close()


async def test_one_that_is_only_starting_is_waited_for(folder: Path) -> None:
    heard: asyncio.Queue[Knock] = asyncio.Queue()
    door = await take_or_knock(folder / "l", folder / "s", Knock())
    assert door is not None
    second = asyncio.ensure_future(take_or_knock(folder / "l", folder / "s", Knock(("/a",))))
    await asyncio.sleep(0)
    assert not second.done()
    await door.open(heard.put_nowait)
    assert await second is None
    assert heard.get_nowait().paths == ("/a",)
    await door.close()


async def test_a_window_that_does_not_answer_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front_door, "TRIES", 3)
    door = await take_or_knock(folder / "l", folder / "s", Knock())
    assert door is not None
    with pytest.raises(PortError) as caught:
        await take_or_knock(folder / "l", folder / "s", Knock())
    assert str(os.getpid()) in caught.value.mend
    await door.close()


async def test_a_killed_window_stops_nobody(folder: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert (await asyncio.to_thread(first.stdout.readline)).strip() == "open"
        assert await take_or_knock(folder / "l", folder / "s", Knock()) is None
        first.kill()
        await asyncio.to_thread(first.wait)
    door = await take_or_knock(folder / "l", folder / "s", Knock())
    assert door is not None
    await door.open(lambda knock: None)
    await door.close()


async def test_nonsense_is_not_heard(folder: Path) -> None:
    heard: list[Knock] = []
    door = await take_or_knock(folder / "l", folder / "s", Knock())
    assert door is not None
    await door.open(heard.append)
    for line in (b"[]\n", b"{\n", b"x" * 300_000 + b"\n"):
        reader, writer = await asyncio.open_unix_connection(folder / "s")
        writer.write(line)
        assert await reader.read() == b""
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    many = Knock(tuple(f"/{n}" for n in range(100)))
    assert await take_or_knock(folder / "l", folder / "s", many) is None
    assert [len(knock.paths) for knock in heard] == [front_door.PATHS_MAX]
    await door.close()
