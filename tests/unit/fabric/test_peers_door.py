"""How the peers' door takes connections: none is left when it closes, and few may be missing."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from clawdesk_fabric import listening
from clawdesk_fabric.listening import Entrance
from clawdesk_fabric.peers_identity import open_identity
from tests.support.fabric_peers import Two, knocking, strangers


@pytest.fixture
async def two(short_folder: Path) -> AsyncIterator[Two]:
    async with strangers(short_folder) as made:
        yield made


async def ended(reader: asyncio.StreamReader) -> bool:
    """Whether the other side has closed, long before a handshake's time is over."""
    async with asyncio.timeout(listening.HANDSHAKE_S_MAX / 2):
        try:
            return await reader.read() == b""
        except ConnectionError:
            return True


@pytest.mark.parametrize("begun", [b"", b"\x16\x03\x01\x02"])
async def test_a_handshake_that_is_under_way_ends_with_the_door(two: Two, begun: bytes) -> None:
    assert two.lender.server.peers is not None
    door = two.lender.server.peers
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(begun)
    await two.invite()  # so that a stranger's handshake succeeds
    async with knocking(two, None) as later:
        assert (await later.ask("GET", "/v1/models"))[0] == 403  # who came first was taken too
    await two.lender.control("peers/listen", {"address": ""})
    assert await ended(reader)
    writer.close()


async def test_who_has_just_come_ends_with_the_door_too(two: Two) -> None:
    """Taken, or not even that: nothing has been said on the connection yet."""
    assert two.lender.server.peers is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", two.lender.server.peers.port)
    await two.lender.control("peers/listen", {"address": ""})
    assert await ended(reader)
    writer.close()


class Full(socket.socket):
    """A listening socket of a process that has no file descriptor to spare, at first."""

    refusals = 1

    def accept(self) -> tuple[socket.socket, Any]:
        if self.refusals:
            self.refusals -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


@pytest.mark.expect_log("no connection can be taken now")
async def test_who_comes_when_there_are_too_many_open_files_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "AGAIN_S", 0.01)
    identity = open_identity(tmp_path)
    full = Full()
    full.bind(("127.0.0.1", 0))
    entrance = Entrance(full, asyncio.Protocol)
    entrance.open(identity.listening([], strangers=True))
    async with asyncio.timeout(20):
        _, writer = await asyncio.open_connection(
            *full.getsockname(), ssl=identity.calling(identity.certificate)
        )
    assert not full.refusals
    writer.transport.abort()
    await entrance.close()
