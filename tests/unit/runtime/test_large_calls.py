"""Calls that are too large for the plane's socket."""

from __future__ import annotations

from pathlib import Path

import pytest

from clawdesk.ports.errors import PortError
from clawdesk.ports.repository import SIDE_BYTES_MAX
from clawdesk.runtime.client import PlaneClient
from clawdesk.runtime.server import PlaneServer
from clawdesk.runtime.wire import REQUEST_BYTES_MAX
from tests.support.plane_world import PROJECT, PlaneWorld


async def test_a_call_that_is_too_large_is_refused_and_the_plane_stays(tmp_path: Path) -> None:
    """It was told as the end of the plane: the connection had been dropped."""
    world = PlaneWorld(tmp_path, {}, {})
    plane = await world.open()
    server = PlaneServer(plane, tmp_path / "s")
    await server.start()
    client = await PlaneClient.connect(tmp_path / "s")
    edits = {"a.txt": b"x" * REQUEST_BYTES_MAX}
    with pytest.raises(PortError) as caught:
        await client.approve("T", 1, "d", channel="t", edits=edits)
    assert caught.value.code == "too_large"
    assert "at most 8,192 KiB" in caught.value.what
    assert (await client.open_project(PROJECT)).path == PROJECT
    # What the window lets a person edit gets through.
    allowed = {"a.txt": b"x" * SIDE_BYTES_MAX, "b.txt": b"x" * SIDE_BYTES_MAX}
    taken = await client.approve("T", 1, "d", channel="t", edits=allowed)
    assert "There is no task T" in taken.text
    await client.close()
    await server.close()
    await plane.close()
