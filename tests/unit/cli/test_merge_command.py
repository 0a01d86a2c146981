"""`clawdesk merge --undo` asks for that and for nothing else."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from clawdesk.cli import merge
from clawdesk.domain.model import Phase
from tests.support.plane_fake import FakePlane


def test_undo_takes_the_last_merge_back(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plane = FakePlane(lambda: 1_764_000_000_000)
    plane.fill()
    task = next(t for t in plane.state.tasks.values() if t.phase is Phase.DONE)
    plane.state.tasks[task.id] = replace(task, merged_into="main")

    def with_plane(work: Callable[[FakePlane], Awaitable[int]]) -> int:
        async def run() -> int:
            return await work(plane)

        return asyncio.run(run())

    monkeypatch.setattr(merge, "with_plane", with_plane)
    parser = argparse.ArgumentParser()
    merge.add_arguments(parser)
    assert merge.run(parser.parse_args([task.id, "--undo"])) == 0
    assert "main is as it was before the merge" in capsys.readouterr().out
    assert [call for call in plane.calls if "merge" in call[0]] == [("unmerge", task.id)]
