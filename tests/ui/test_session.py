"""The window comes back as it was left: projects, task, tab, folded panes."""

from __future__ import annotations

from pathlib import Path

from clawdesk.ui.main_window import MainWindow
from clawdesk.ui.nav_row import NavRow
from tests.support import plane_scenes as scenes
from tests.ui.conftest import Bench


def test_folded_panes_stay_folded(bench: Bench) -> None:
    bench.plane.fill()
    desk = bench.open()
    window = desk.window
    for key in ("toggle_projects", "toggle_inbox", "toggle_inspector"):
        desk.registry.trigger(key)
    assert window.projects.isHidden()
    assert window.inspector.isHidden()
    desk.paint_tasks()
    assert window.inspector.isHidden(), "a repaint brings nothing back"
    desk.registry.trigger("toggle_projects")
    window.let_go()
    again = MainWindow(bench.clock, bench.memory)
    assert not again.projects.isHidden()
    assert again.folded("inspector")
    assert again.folded("inbox")
    again.let_go()
    again.deleteLater()


def test_the_task_and_tab_looked_at_come_back(bench: Bench, tmp_path: Path) -> None:
    bench.plane.fill()
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    wanted = list(bench.plane.state.tasks)[3]
    desk.window.tasks.list.choose(wanted)
    desk.window.inspector.choose_place("checkpoints")
    bench.settle()
    desk.remember()
    bench.leave()
    assert bench.memory.open_projects() == list(bench.plane.projects)
    again = bench.open()
    again.choose_project(scenes.PROJECT)
    assert again.chosen == wanted
    assert again.window.inspector.place == "checkpoints"
    # Once it was shown the user's own choice counts.
    first = next(iter(bench.plane.state.tasks))
    again.window.tasks.list.choose(first)
    again.paint_tasks()
    assert again.chosen == first


def test_recent_projects_know_when_they_were_open(bench: Bench) -> None:
    day_ms = 86_400_000
    now_ms = bench.clock.now_ms()
    bench.memory.settings.setValue("recent", ["/p/of-an-older-version"])
    bench.memory.remember_project("/p/old", now_ms - 30 * day_ms)
    bench.memory.remember_project("/p/new", now_ms - 4 * day_ms)
    bench.memory.remember_project("/p/new", now_ms)
    assert bench.memory.recent() == ["/p/new", "/p/old", "/p/of-an-older-version"]
    assert bench.memory.recent_at() == {"/p/new": now_ms, "/p/old": now_ms - 30 * day_ms}
    desk = bench.open()
    rows = [row.accessibleName() for row in desk.window.home.findChildren(NavRow)]
    assert rows == [
        "new, /p/new, today",
        "old, /p/old, 4 weeks ago",
        "of-an-older-version, /p/of-an-older-version",
    ]


def test_a_recent_project_whose_folder_is_gone_can_be_taken_off_the_list(bench: Bench) -> None:
    now_ms = bench.clock.now_ms()
    for path in ("/p/kept", "/p/gone", "/p/first"):
        bench.memory.remember_project(path, now_ms)
    desk = bench.open()
    for part in (desk.window.home, desk.window.projects):
        (row,) = (r for r in part.findChildren(NavRow) if r.accessibleName().startswith("gone"))
        assert [text for text, *_ in row._acts] == ["Remove from this list"]
    row._acts[0][1]()
    bench.settle()
    assert bench.memory.recent() == ["/p/first", "/p/kept"]
    assert bench.memory.recent_at() == {"/p/first": now_ms, "/p/kept": now_ms}
    rows = [row.accessibleName() for row in desk.window.home.findChildren(NavRow)]
    assert rows == ["first, /p/first, today", "kept, /p/kept, today"]


def test_what_was_open_opens_again_and_what_is_named_is_looked_at(
    bench: Bench, tmp_path: Path
) -> None:
    folders = [str(tmp_path / name) for name in ("a", "b", "c")]
    for folder in folders:
        Path(folder).mkdir()
    bench.memory.keep_open_projects([*folders[:2], str(tmp_path / "gone")])
    desk = bench.open()
    desk.open_at_start([folders[2]])
    bench.settle()
    assert sorted(desk.plane.projects) == folders
    assert desk.project == folders[2]
