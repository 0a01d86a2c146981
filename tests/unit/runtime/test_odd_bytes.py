"""Bytes that are no UTF-8, in names of files and on command lines: nobody is locked out by them."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from clawdesk.cli.context import print_json
from clawdesk.domain.model import Phase, Task
from clawdesk.ports.errors import PortError
from clawdesk.runtime.client import PlaneClient
from clawdesk.runtime.server import PlaneServer
from tests.support.guest_fake import FakeStep
from tests.support.plane_world import PROJECT, PlaneWorld, until

TASK = '[[steps]]\nname = "one"\nrun = "one"\ncheckpoint = "approve"\n'
ODD = "caf\udce9.txt"
"""A name in Latin-1, as Python reads it from a disk or a command line."""


async def one(step: FakeStep) -> int:
    step.files["a.txt"] = b"first"
    return 0


def held(task: Task) -> bool:
    return task.phase is Phase.HELD


async def test_a_name_that_is_no_utf8_shuts_no_client_out(tmp_path: Path) -> None:
    world = PlaneWorld(tmp_path, {"write": TASK}, {"one": one})
    plane = await world.open()
    server = PlaneServer(plane, tmp_path / "s")
    await server.start()
    first = await PlaneClient.connect(tmp_path / "s")
    world.project.work[ODD] = (0o100644, b"an old file")
    view = await first.open_project(PROJECT)
    assert ODD in view.dirty
    second = await PlaneClient.connect(tmp_path / "s")
    assert ODD in second.projects[PROJECT].dirty
    task_id = await second.submit(PROJECT, "write")
    task = await until(first, task_id, held)
    assert task.request is not None
    refused = await first.approve(task_id, 1, task.request.digest, channel="t", only=(ODD,))
    assert not refused.ok
    assert ODD in refused.text, "it was understood, and told"
    for client in (first, second):
        await client.close()
    await server.close()
    await plane.close()


async def test_words_that_no_guest_could_read_are_refused(tmp_path: Path) -> None:
    world = PlaneWorld(tmp_path, {"write": TASK}, {"one": one})
    plane = await world.open()
    with pytest.raises(PortError, match="UTF-8"):
        await plane.submit(PROJECT, "write", settings={"NAME": ODD})
    task_id = await plane.submit(PROJECT, "write")
    task = await until(plane, task_id, held)
    assert task.request is not None
    said = await plane.reject(task_id, 1, task.request.digest, channel="t", note=ODD)
    assert not said.ok
    assert "UTF-8" in said.text
    with pytest.raises(PortError, match="title"):
        await plane.fork(task_id, 1, title=ODD)
    assert held(plane.state.tasks[task_id])
    await plane.close()


def test_a_json_line_is_printed_whatever_a_file_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(kept, "utf-8"))
    print_json({"path": ODD})
    assert kept.getvalue() == b'{"path": "caf\\udce9.txt"}\n'
