"""Between the plane and the new-task sheet: reads the policy, forecasts the fit, submits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clawdesk.ports.errors import PortError
from clawdesk.ports.repository import ProjectView
from clawdesk.runtime.api import PolicyView
from clawdesk.ui.new_task_sheet import NewTaskSheet
from clawdesk.ui.words import tr
from clawdesk.viewmodels.new_task import forecast
from clawdesk.viewmodels.told import told_error

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk


def show(desk: Desk, wanted: str = "") -> None:
    """The sheet for the project looked at; `wanted` is chosen first."""
    view = desk.plane.projects.get(desk.project)
    if view is None or not view.definitions:
        return
    sheet = NewTaskSheet(
        desk.window,
        desk.clock,
        project=view.name,
        definitions=[(d.name, d.title or d.name) for d in view.definitions],
        dirty=view.dirty,
        tells=any(d.agent is not None for d in view.definitions),
    )
    project = desk.project
    sheet.picked.connect(lambda name: _picked(desk, sheet, view, name))
    sheet.started.connect(
        lambda name, include, prompt: desk.decisions.submit(
            project, name, include=include, prompt=prompt
        )
    )
    desk.decisions.show_sheet(sheet)
    sheet.choose(wanted or view.definitions[0].name)
    desk.errands.start("", tr("Reading the policy"), _read(desk, sheet, view))


def _picked(desk: Desk, sheet: NewTaskSheet, view: ProjectView, name: str) -> None:
    agent = next(d for d in view.definitions if d.name == name).agent
    sheet.show_prompt(agent.prompt if agent is not None else "")
    _show_fit(desk, sheet, view, name, None)


def _show_fit(
    desk: Desk, sheet: NewTaskSheet, view: ProjectView, name: str, policy: PolicyView | None
) -> None:
    plane = desk.plane
    definition = next(d for d in view.definitions if d.name == name)
    known = policy or sheet.property("policy")
    shown = forecast(
        definition,
        load=plane.load,
        machines=plane.environment.machines,
        fabric=plane.environment.fabric,
        policy=known if isinstance(known, PolicyView) else None,
    )
    sheet.show_forecast(shown)


async def _read(desk: Desk, sheet: NewTaskSheet, view: ProjectView) -> None:
    """The policy is read from Git: the sheet is up before it is known."""
    try:
        policy = await desk.plane.project_policy(view.path)
    except PortError as error:
        if desk.decisions.sheet is sheet:
            sheet.show_notice(told_error(error), "bad")
        return
    if desk.decisions.sheet is sheet:
        sheet.setProperty("policy", policy)
        _show_fit(desk, sheet, view, sheet.name, policy)
