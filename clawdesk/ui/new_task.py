"""Between the plane and the new-task sheet: reads the policy, forecasts the fit, submits."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from clawdesk.domain.from_prompt import TaskPrompt
from clawdesk.domain.model import TaskDefinition
from clawdesk.ports.errors import PortError
from clawdesk.ports.repository import ProjectView
from clawdesk.runtime.api import CatalogAccess, PolicyView
from clawdesk.ui import image_access, save_task_sheet, starting
from clawdesk.ui.banner import Notice
from clawdesk.ui.new_task_sheet import NewTaskSheet
from clawdesk.ui.words import tr
from clawdesk.viewmodels.new_task import TaskForecast, forecast, models_at_hand
from clawdesk.viewmodels.prompt_bounds import bounds_of
from clawdesk.viewmodels.prompt_task import begun, prompt_view
from clawdesk.viewmodels.told import told, told_error

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk


def show(desk: Desk, *, write: bool = False, name: str = "", problem: str = "") -> None:
    """The sheet for the project looked at.

    Args:
        write: begin with a prompt, also where there are task files.
        name: begin with this task file.
        problem: what was not done for it, or why it was not taken; "" = nothing went wrong.
    """
    view = desk.plane.projects.get(desk.project)
    if view is None:
        return
    sheet = NewTaskSheet(
        desk.window,
        desk.clock,
        project=view.name,
        definitions=[(d.name, d.title or d.name) for d in view.definitions],
        dirty=view.dirty,
    )
    memory, fabric = desk.memory, desk.plane.environment.fabric
    kept = memory.typed(view.path)
    sheet.form.show_prompt(begun(memory.last_agent(), kept, fabric), models_at_hand(fabric))
    sheet.picked.connect(lambda name: _picked(desk, sheet, view, name))
    sheet.typed.connect(lambda asked: _typed(desk, sheet, view, asked))
    sheet.save_wanted.connect(lambda asked: save_task_sheet.show(desk, view, asked))
    sheet.form.show_bounds(bounds_of(None, None, desk.plane.load))
    sheet.started.connect(
        lambda process, include, prompt: starting.submit(
            desk, view.path, process, include=include, prompt=prompt
        )
    )
    sheet.allow_wanted.connect(lambda: _ask_allow(desk, sheet))
    desk.decisions.show_sheet(sheet)
    names = [d.name for d in view.definitions]
    if not write and name in names:
        sheet.choose(name)
    elif write or kept is not None or not names:
        sheet.write()
    else:
        sheet.choose(names[0])
    sheet.show_notice(problem, "bad")
    desk.errands.start("", tr("Reading the policy"), _read(desk, sheet, view))


def run(desk: Desk, project: str, name: str) -> None:
    """Start a task file at once where all fits; else show the sheet, which says what does not."""
    view = desk.plane.projects.get(project)
    if view is not None:
        words = tr("Running {name}", name=name)
        desk.errands.start(f"fit {project} {name}", words, _run(desk, view, name))


async def _run(desk: Desk, view: ProjectView, name: str) -> None:
    try:
        policy = await desk.plane.project_policy(view.path)
        access = await desk.plane.catalog_access()
    except PortError:
        fits = False  # the sheet reads it again, and says why it cannot
    else:
        definition = next((d for d in view.definitions if d.name == name), None)
        fits = definition is None or _fit_of(desk, policy, access)(definition).fits
    if fits:
        starting.start(desk, view.path, name, partial(_refused, desk, view.path, name))
    else:
        desk.choose_project(view.path)
        show(desk, name=name)


def _refused(desk: Desk, project: str, name: str, error: PortError) -> None:
    """The plane did not take it: the sheet, with its reason."""
    desk.choose_project(project)
    show(desk, name=name, problem=told_error(error))


def why_not(desk: Desk) -> str:
    """Why no task can be started now, as a reason in a menu; "" = one can."""
    view = desk.plane.projects.get(desk.project)
    if view is None:
        return tr("no project is open")
    return tr("read-only: {why}", why=told(view.read_only)) if view.read_only else ""


def _picked(desk: Desk, sheet: NewTaskSheet, view: ProjectView, name: str) -> None:
    agent = next(d for d in view.definitions if d.name == name).agent
    sheet.show_prompt(agent.prompt if agent is not None else "")
    _show_fit(desk, sheet, view)


def _typed(desk: Desk, sheet: NewTaskSheet, view: ProjectView, asked: TaskPrompt) -> None:
    """Another word: it is kept, and what it would become is said."""
    try:
        desk.memory.keep_typed(view.path, asked)
    except PortError as error:
        desk.window.banner.show_notice(Notice("need", told(error.what), told(error.mend)))
    _show_fit(desk, sheet, view)


def _fit_of(
    desk: Desk, policy: PolicyView | None, access: CatalogAccess | None
) -> Callable[[TaskDefinition], TaskForecast]:
    """What is known now of a task of a definition; None = that was not read yet."""
    plane = desk.plane
    return partial(
        forecast,
        load=plane.load,
        machines=plane.environment.machines,
        fabric=plane.environment.fabric,
        policy=policy,
        access=access,
    )


def _show_fit(desk: Desk, sheet: NewTaskSheet, view: ProjectView) -> None:
    policy, access = sheet.property("policy"), sheet.property("access")
    fit = _fit_of(
        desk,
        policy if isinstance(policy, PolicyView) else None,
        access if isinstance(access, CatalogAccess) else None,
    )
    if sheet.writes:
        shown = prompt_view(sheet.form.asked(), fit)
        sheet.show_forecast(shown.forecast)
        sheet.show_why_not(shown.why_not)
    else:
        sheet.show_forecast(fit(next(d for d in view.definitions if d.name == sheet.name)))


def _ask_allow(desk: Desk, sheet: NewTaskSheet) -> None:
    """One sheet at a time: this one comes back, with what stood in it, and looks anew."""
    access, write, name = sheet.property("access"), sheet.writes, sheet.name
    assert isinstance(access, CatalogAccess), "without it there is nothing to allow"

    def again(problem: str) -> None:
        show(desk, write=write, name=name, problem=problem)

    image_access.ask_allow(desk, access, again)


async def _read(desk: Desk, sheet: NewTaskSheet, view: ProjectView) -> None:
    """The policy is read from Git, and who serves models is asked: the sheet is up before."""
    try:
        policy = await desk.plane.project_policy(view.path)
        access = await desk.plane.catalog_access()
        rules = await desk.plane.user_rules()
        if desk.plane.environment.fabric is None:
            await desk.plane.check_environment()
    except PortError as error:
        if desk.decisions.sheet is sheet:
            sheet.show_notice(told_error(error), "bad")
        return
    if desk.decisions.sheet is sheet:  # else it was closed meanwhile, and Qt may have deleted it
        sheet.setProperty("policy", policy)
        sheet.setProperty("access", access)
        asked = sheet.form.asked()
        sheet.form.show_bounds(bounds_of(policy, rules, desk.plane.load))
        sheet.form.show_models(models_at_hand(desk.plane.environment.fabric), asked.model)
        _show_fit(desk, sheet, view)
