"""Writing into a workspace over a real socket: order, a host or a writer that dies half way."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass

import psutil
import pytest

from clawdesk.adapters.libvirt.channel import ChannelSession, GuestChannels
from clawdesk.adapters.libvirt.channel_apply import in_order
from clawdesk.ports.errors import GuestError
from clawdesk.ports.guest import FileEntry
from clawdesk_guest import protocol
from clawdesk_guest.paths import PART_NAME
from tests.support.guest_process import GuestProcess, running_guest
from tests.support.inference_fake import EchoInference

FILE = 0o100644
TWO_PARTS = b"z" * (protocol.PART_BYTES_MAX + 1)


@dataclass
class Scene:
    """A real guest program and its connections."""

    process: GuestProcess
    channels: GuestChannels

    async def connect(self, *, start: bool = False) -> ChannelSession:
        return await self.channels.connect("m", token="t", start=start)

    def writer(self) -> psutil.Process:
        _, child = psutil.Process(self.process.pid).children()  # the first one does its errands
        return child


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    with running_guest({"a.txt": b"a\n"}) as process:
        channels = GuestChannels(lambda _machine: process.socket, EchoInference())
        yield Scene(process, channels)
        await channels.close()


async def _told(session: ChannelSession, files: list[FileEntry]) -> asyncio.Task[None]:
    """Begin to apply; returns when the guest has taken the first part."""
    call = asyncio.create_task(session.apply(files, []))
    await asyncio.sleep(0)  # The task begins, so that what follows is said behind it.
    await session.set_feedback("")
    return call


def _file(path: str, content: bytes = b"x") -> FileEntry:
    return FileEntry(path, FILE, content)


def test_only_what_is_in_the_way_goes_before_the_files() -> None:
    files = [_file("a/b/c"), _file("d")]
    first, rest = in_order(files, ["a", "a/b", "a/x", "d/e/f", "g"])
    assert first == ["a", "a/b", "d/e/f"]
    assert rest == ["a/x", "g"]


async def test_a_folder_that_gets_new_files_is_never_away(scene: Scene) -> None:
    """A step may stand in it."""
    session = await scene.connect(start=True)
    await session.apply([_file("d/old")], [])
    before = (scene.process.workspace / "d").stat().st_ino
    await session.apply([_file("d/new")], ["d/old"])
    assert (scene.process.workspace / "d").stat().st_ino == before
    assert [path.name for path in (scene.process.workspace / "d").iterdir()] == ["new"]


async def test_a_host_that_leaves_half_way_leaves_nothing_half(scene: Scene) -> None:
    session = await scene.connect(start=True)
    part = protocol.pack_part(b"half")
    await session._call("put", path="new", mode=FILE, part=part, first=True, last=False)
    assert (scene.process.workspace / PART_NAME).exists()
    assert (await session.collect()).changed == ()  # it is no file of the task
    writer = scene.writer()
    second = await scene.connect()
    await asyncio.to_thread(writer.wait, 30)
    assert not (scene.process.workspace / PART_NAME).exists()
    with pytest.raises(GuestError, match="out of order"):
        await second._call("put", path="new", mode=FILE, part=part, first=False, last=True)


async def test_the_next_host_waits_until_the_writer_before_has_ended(scene: Scene) -> None:
    session = await scene.connect(start=True)
    await session.apply([_file("b")], [])
    writer = scene.writer()
    writer.suspend()
    second = await scene.connect()
    call = await _told(second, [_file("c")])
    writer.resume()
    await call
    assert [file.path for file in (await second.collect()).changed] == ["b", "c"]


async def test_given_up_half_way_and_done_again(scene: Scene) -> None:
    session = await scene.connect(start=True)
    await session.apply([_file("b")], [])
    scene.writer().suspend()
    call = await _told(session, [_file("large", TWO_PARTS)])
    call.cancel()
    scene.writer().resume()
    await session.apply([_file("large", TWO_PARTS)], ["b"])
    changes = await session.collect()
    assert [(file.path, file.content) for file in changes.changed] == [("large", TWO_PARTS)]


async def test_a_writer_that_dies_is_an_error_that_names_the_file(scene: Scene) -> None:
    session = await scene.connect(start=True)
    await session.apply([_file("b")], [])
    writer = scene.writer()
    writer.suspend()
    call = await _told(session, [_file("c", TWO_PARTS), _file("d")])
    writer.send_signal(signal.SIGKILL)
    with pytest.raises(GuestError, match=r"^c could not be written.*137") as caught:
        await call
    assert caught.value.code == "refused"
    await session.apply([_file("c", TWO_PARTS), _file("d")], [])
    assert sorted(path.name for path in scene.process.workspace.glob("?")) == ["b", "c", "d"]


async def test_nobody_writes_while_a_snapshot_is_taken(scene: Scene) -> None:
    session = await scene.connect(start=True)
    await session.apply([_file("b")], [])
    writer = scene.writer()
    assert await session.quiesce()
    await asyncio.to_thread(writer.wait, 30)
    await session.apply([_file("c")], [])  # and yet the machine can be written to


async def test_a_malformed_part_is_torn_bytes_and_the_next_hello_mends(scene: Scene) -> None:
    session = await scene.connect(start=True)
    fields = {"path": "x", "mode": FILE, "part": "?", "first": True, "last": True}
    with pytest.raises(GuestError):
        await session._thread.do(session._wire.call("put", within_s=0.5, **fields))
    again = await scene.connect()
    await again.apply([_file("x")], [])


async def test_two_at_once_do_not_mix(scene: Scene) -> None:
    session = await scene.connect(start=True)
    contents = [letter * len(TWO_PARTS) for letter in (b"a", b"b", b"c")]
    await asyncio.gather(*(session.apply([_file("large", content)], []) for content in contents))
    assert (scene.process.workspace / "large").read_bytes() in contents


async def test_the_writer_holds_nothing_that_others_wait_to_see_closed(scene: Scene) -> None:
    session = await scene.connect(start=True)
    await session.apply([_file("b")], [])
    # Its three standard ones and the socket to process 1; no channel, no caller of `claw`.
    assert scene.writer().num_fds() == 4
