"""A folder for conveniences that takes nothing (full, or no folder at all) stops no task."""

from __future__ import annotations

from pathlib import Path

import pytest

from clawdesk.domain.model import Phase
from clawdesk.runtime.recents import recent_projects, remember_digest, shown_digest, state_dir
from tests.support.guest_fake import FakeStep
from tests.support.plane_world import PROJECT, PlaneWorld, until

TASK = 'title = "T"\n[[steps]]\nname = "s"\nrun = "one"\ncheckpoint = "approve"\n'


async def one(step: FakeStep) -> int:
    step.files["a.txt"] = b"new"
    return 0


@pytest.fixture(params=["no folder", "full"])
def state(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "state").mkdir()
    if request.param == "no folder":
        state_dir().write_text("in the way")
        return state_dir()
    state_dir().mkdir()
    for name in (".recent.json.new", ".shown.json.new", ".deeds.json.new"):
        (state_dir() / name).symlink_to("/dev/full")  # every write says: no space left
    return state_dir()


async def test_a_task_runs_is_approved_and_merged_all_the_same(state: Path, tmp_path: Path) -> None:
    plane = await PlaneWorld(tmp_path, {"t": TASK}, {"one": one}).open()
    task_id = await plane.submit(PROJECT, "t")
    task = await until(plane, task_id, lambda t: t.phase is Phase.HELD)
    assert task.request is not None
    assert (await plane.approve(task_id, 1, task.request.digest, channel="t")).ok
    await until(plane, task_id, lambda t: t.phase is Phase.DONE)
    assert (await plane.prune(0)).ok
    remember_digest(task_id, 1, task.request.digest)
    await plane.close()
    assert recent_projects() == []
    assert shown_digest(task_id, 1) == ""
