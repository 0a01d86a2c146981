"""Starts a task: asks which state of the folder it gets, submits it, and shows it in the list."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from clawdesk.domain.agents import PROMPT_VARIABLE
from clawdesk.domain.from_prompt import TaskPrompt, title_of
from clawdesk.ports.errors import PortError
from clawdesk.ui.ask_sheet import AskSheet, Lines, Way
from clawdesk.ui.tasks_pane import ALL
from clawdesk.ui.words import counted, tr
from clawdesk.viewmodels.amounts import first_of

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk

Refused = Callable[[PortError], None]
"""Told why a task was not taken."""


def start(
    desk: Desk, project: str, process: str | TaskPrompt, refused: Refused | None = None
) -> None:
    """Start a task file, or a prompt; with the user's own edits, ask which state it gets.

    Args:
        refused: None = the banner says why it was not taken.
    """
    view = desk.plane.projects.get(project)
    if view is None:
        return
    if not view.dirty:
        submit(desk, project, process, include=False, refused=refused)
        return
    sheet = AskSheet(
        "dirty",
        desk.window,
        desk.clock,
        title=counted(
            len(view.dirty), "{count} file changed by you", "{count} files changed by you"
        ),
        text=tr("The task works on a copy. Which state shall the copy have?"),
        groups=[Lines(tr("Your changes"), "edit", "fg1", first_of(view.dirty, 8))],
        ways=[
            Way("head", tr("Start from HEAD")),
            Way("include", tr("Include my changes"), "plain", "edit"),
        ],
        icon="branch",
        role="acc",
    )
    submitted = partial(submit, desk, project, process, refused=refused)
    sheet.chosen.connect(lambda key: submitted(include=key == "include"))
    desk.decisions.show_sheet(sheet)


def submit(
    desk: Desk,
    project: str,
    process: str | TaskPrompt,
    *,
    include: bool,
    prompt: str = "",
    refused: Refused | None = None,
) -> None:
    """Start a process from HEAD, or from the user's files as they are.

    Args:
        process: the name of a task file, or what was typed instead of one.
        prompt: what its agent is told in place of what the file says, "" = that.
        refused: as of `start`.
    """
    settings = {PROMPT_VARIABLE: prompt} if prompt else {}
    submitted = _submitted(
        desk, project, process, include=include, settings=settings, refused=refused
    )
    name = process if isinstance(process, str) else title_of(process.prompt)
    desk.errands.start(f"run {project} {name}", tr("Running {name}", name=name), submitted)


async def _submitted(
    desk: Desk,
    project: str,
    process: str | TaskPrompt,
    *,
    include: bool,
    settings: dict[str, str],
    refused: Refused | None,
) -> None:
    try:
        task = await desk.plane.submit(project, process, include_changes=include, settings=settings)
    except PortError as error:
        if refused is None:
            raise
        refused(error)
        return
    if isinstance(process, TaskPrompt):
        desk.memory.keep_last_agent(process)
        desk.memory.keep_typed(project, TaskPrompt(""))
    desk.choose_project(project)
    desk.window.tasks.choose_filter(ALL)
    desk.window.tasks.list.choose(task)
    desk.window.inspector.choose_place("log")
