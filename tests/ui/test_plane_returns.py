"""A plane that was lost and is there again: the window is where the user left it."""

from __future__ import annotations

from clawdesk.domain.model import Task
from clawdesk.ports.repository import ProjectView
from clawdesk.runtime.api import Change
from clawdesk.ui.desk import Desk
from tests.support import plane_scenes as scenes
from tests.support.plane_fake import FakePlane
from tests.ui.conftest import Bench


class _Returned(FakePlane):
    """It finds the tasks of a project in Git once that is opened."""

    found: dict[str, Task]

    async def open_project(self, path: str) -> ProjectView:
        await self._enter("open_project", path)
        view = self.projects[path] = scenes.project(path)
        tasks = {t.id: t for t in self.found.values() if t.project == path}
        self.state.tasks.update(tasks)
        self.publish(Change(projects=True, tasks=frozenset(tasks)))
        return view


def come_back(bench: Bench, desk: Desk) -> None:
    desk.show_lost()
    bench.settle()
    before = bench.plane
    bench.plane = plane = _Returned(bench.clock.now_ms)
    plane.found = dict(before.state.tasks)
    desk.adopt(plane, list(reversed(before.projects)))
    bench.settle()


def opened(bench: Bench) -> Desk:
    bench.plane.fill()
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    bench.settle()
    desk.window.tasks.list.choose(bench.task_id("bench-fp8"))
    desk.window.inspector.choose_place("checkpoints")
    bench.settle()
    return desk


def test_the_task_that_was_looked_at_is_chosen_again(bench: Bench) -> None:
    desk = opened(bench)
    chosen = desk.chosen
    come_back(bench, desk)
    assert desk.project == scenes.PROJECT
    assert desk.chosen == chosen
    assert desk.window.inspector.place == "checkpoints"


def test_the_page_that_was_looked_at_stays(bench: Bench) -> None:
    desk = opened(bench)
    desk.registry.trigger("settings")
    come_back(bench, desk)
    assert desk.window.settings.isVisible()
