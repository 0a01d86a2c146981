"""The new-task sheet opened and filled in, for its tests."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from clawdesk.domain.model import AgentSpec
from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.models import Model
from clawdesk.ui.desk import Desk
from clawdesk.ui.new_task_sheet import NewTaskSheet
from tests.support import plane_scenes as scenes
from tests.ui.conftest import Bench


def opened(bench: Bench) -> tuple[Desk, NewTaskSheet]:
    bench.plane.fill()
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    desk.registry.trigger("new")
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, NewTaskSheet)
    return desk, sheet


def fit(sheet: NewTaskSheet, name: str) -> str:
    line = sheet.findChild(QWidget, f"new_task.fit.{name}")
    assert line is not None, name
    return line.accessibleName()


def told(bench: Bench) -> NewTaskSheet:
    """The sheet of a project whose tasks are done by agents."""
    bench.plane.fill()
    view = bench.plane.projects[scenes.PROJECT]
    agent = AgentSpec("mini-swe-agent", "Mend it.\nPlease.")
    with_agent = tuple(replace(d, agent=agent) for d in view.definitions[:1])
    known = replace(view, definitions=(*with_agent, *view.definitions[1:]))
    bench.plane.projects[scenes.PROJECT] = known
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    desk.registry.trigger("new")
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, NewTaskSheet)
    bench.clock.advance(1_000)
    return sheet


def submitted(bench: Bench) -> tuple[object, ...]:
    bench.settle()
    (call,) = (c for c in bench.plane.calls if c[0] == "submit")
    return tuple(call[3:])


TYPED = "Mend the loader.\nNot the test."


def write(bench: Bench, *, bare: bool = False) -> tuple[Desk, NewTaskSheet]:
    """The sheet with a prompt chosen; `bare`: in a project without any task file."""
    bench.plane.fill()
    fabric = FabricStatus(True, "1", models=(Model("m1"), Model("m2", phase="ready")))
    bench.plane.environment = replace(scenes.environment(), fabric=fabric)
    if bare:
        known = bench.plane.projects[scenes.PROJECT]
        bench.plane.projects[scenes.PROJECT] = replace(known, definitions=(), dirty=())
    desk = bench.desk or bench.open()
    desk.choose_project(scenes.PROJECT)
    desk.registry.trigger("new" if bare else "prompt_task")
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, NewTaskSheet)
    bench.clock.advance(1_000)
    return desk, sheet


def chosen(sheet: NewTaskSheet, kind: str) -> None:
    sheet.form.agent.setCurrentIndex(sheet.form.agent.findData(kind))
