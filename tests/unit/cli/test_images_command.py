"""`clawdesk images prune` shows what goes and what stays, and asks before it removes anything."""

from __future__ import annotations

import argparse
import asyncio
import io
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from clawdesk.cli import disk, images
from clawdesk.cli.exits import REFUSED
from clawdesk.ports.errors import PortError
from tests.support.fork_scenes import old_images
from tests.support.plane_fake import FakePlane

NOW = 1_764_000_000_000


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def plane(monkeypatch: pytest.MonkeyPatch) -> FakePlane:
    made = FakePlane(lambda: NOW)
    made.use = replace(made.use, images=old_images(NOW))

    def with_plane(work: Callable[[FakePlane], Awaitable[int]]) -> int:
        async def run() -> int:
            return await work(made)

        return asyncio.run(run())

    for command in (images, disk):
        monkeypatch.setattr(command, "with_plane", with_plane)
    return made


def prune(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    images.add_arguments(parser)
    return images.run(parser.parse_args(["prune", *arguments]))


def removals(plane: FakePlane) -> list[object]:
    return [call[1] for call in plane.calls if call[0] == "remove_images"]


def test_yes_removes_what_nothing_stands_on(
    plane: FakePlane, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prune("--yes") == 0
    assert removals(plane) == [("base-1-a", ".base-3-c.part")]
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("MiB")[1].split() for line in lines[:3]] == [
        ["goes", "nothing", "stands", "on", "it"],
        ["stays:", "2", "snapshots,", "1", "machine", "on", "it"],
        ["goes", "its", "build", "was", "cut", "off"],
    ]
    assert lines[3:] == ["Removed guest images: 2, 798 MiB."]
    assert prune("--yes") == 0
    assert len(removals(plane)) == 1
    assert "no guest image of an older version" in capsys.readouterr().out


@pytest.mark.parametrize(("said", "code", "removed"), [("y\n", 0, 1), ("\n", REFUSED, 0)])
def test_a_terminal_is_asked(
    plane: FakePlane, monkeypatch: pytest.MonkeyPatch, said: str, code: int, removed: int
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(said))
    assert prune() == code
    assert len(removals(plane)) == removed


def test_without_a_terminal_nothing_is_removed(
    plane: FakePlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    with pytest.raises(PortError) as refused:
        prune()
    assert refused.value.code == "usage"
    assert removals(plane) == []


def test_disk_names_the_command_while_an_image_could_go(
    plane: FakePlane, capsys: pytest.CaptureFixture[str]
) -> None:
    options = argparse.Namespace(json=False)
    assert disk.run(options) == 0
    assert "`clawdesk images prune` removes old guest images, 798 MiB." in capsys.readouterr().out
    assert prune("--yes") == 0
    assert disk.run(options) == 0
    assert "`clawdesk images prune`" not in capsys.readouterr().out
