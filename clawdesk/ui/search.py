"""What the palette searches: acts of the registry, task files, tasks, checkpoints, files.

Nothing here decides: an entry shows something or opens the sheet that asks.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from shiboken6 import Shiboken

from clawdesk.domain.model import Task
from clawdesk.ui import new_task
from clawdesk.ui.palette_sheet import PaletteSheet
from clawdesk.ui.words import tr
from clawdesk.viewmodels.checkpoints import checkpoint_rows
from clawdesk.viewmodels.models import project_name
from clawdesk.viewmodels.palette import KINDS, Entry
from clawdesk.viewmodels.phases import look
from clawdesk.viewmodels.task_acts import ALSO
from clawdesk.viewmodels.tasks import state_texts

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk

CHECKPOINTS_MAX = 2_000


def show(desk: Desk, text: str = "") -> None:
    """The palette over the window, with `text` typed already."""
    sheet = PaletteSheet(desk.window, entries(desk), text)
    desk.window.scrim.cover(sheet)
    sheet.appear()
    task = desk.plane.state.tasks.get(desk.chosen)
    if task is not None and task.checkpoints:
        # What a task changed is read from Git; the palette is there before it is known.
        desk.errands.start("", tr("Reading the changed files"), _add_files(desk, sheet, task))


def entries(desk: Desk) -> list[Entry]:
    """Everything but files, in the order of its headings."""
    return [
        *_acts(desk),
        *desk.models.entries(),
        *desk.peers.entries(),
        *_tasks(desk),
        *_checkpoints(desk),
        *_help(desk),
    ]


def _acts(desk: Desk) -> list[Entry]:
    registry = desk.registry
    made = []
    for act in registry.acts.values():
        if act.key != "palette":
            text, does = registry.words(act)
            run = partial(registry.trigger, act.key)
            why = act.why_not()
            also = tr(ALSO[act.key]) if act.key in ALSO else ""
            keys, group = act.key_words, act.group
            made.append(Entry(text, does, act.icon, keys, run, why, group=group, also=also))
    view = desk.plane.projects.get(desk.project)
    for definition in view.definitions if view is not None else ():
        text = tr("Run {name}", name=definition.title or definition.name)
        run = partial(new_task.run, desk, desk.project, definition.name)
        made.append(Entry(text, tr("task file"), "play", "", run, group=tr("Run")))
    return made


def _tasks(desk: Desk) -> list[Entry]:
    """Tasks of all open projects, those of the present one first, newest first."""
    now_ms, offset_ms = desk.clock.now_ms(), desk.clock.offset_ms()
    tasks = sorted(
        desk.plane.state.tasks.values(), key=lambda t: (t.project != desk.project, -t.seq)
    )
    made = []
    for task in tasks:
        state = " · ".join(state_texts(task, now_ms, offset_ms))
        if task.project != desk.project:
            state = f"{project_name(task.project)} · {state}"
        show_it = partial(desk.show_task, task.id)
        made.append(Entry(task.title, state, look(task).icon, "", show_it, kind="@"))
    return made


def _checkpoints(desk: Desk) -> list[Entry]:
    """Checkpoints of the chosen task, then of the others of its project, newest first."""
    tasks = sorted(desk.tasks(), key=lambda t: (t.id != desk.chosen, -t.seq))
    made: list[Entry] = []
    for task in tasks:
        for row in checkpoint_rows(task, desk.clock.offset_ms()):
            text = f"{task.title}: {row.title}"
            run = partial(desk.show_checkpoint, task.id, row.ordinal)
            made.append(Entry(text, row.detail, "ckpt", "", run, kind="#"))
            if len(made) == CHECKPOINTS_MAX:
                return made
    return made


def _help(desk: Desk) -> list[Entry]:
    def nothing() -> None:
        return None

    signs = [
        Entry(f"{sign}  {tr(what)}", "", "search", "", nothing, kind="?", goes_to=f"{sign} ")
        for sign, what in KINDS.items()
        if sign != "?"
    ]
    show_keys = partial(desk.registry.trigger, "help")
    return [*signs, Entry(tr("All shortcuts"), "", "note", "F1", show_keys, kind="?")]


async def _add_files(desk: Desk, sheet: PaletteSheet, task: Task) -> None:
    ordinal = task.checkpoints[-1].ordinal
    diff = await desk.diff(task.id, ordinal)
    if not Shiboken.isValid(sheet) or not sheet.isVisible():
        return  # it was closed meanwhile, and Qt may have deleted it
    show_them = partial(desk.show_checkpoint, task.id, ordinal)
    where = tr("changed in checkpoint {ordinal} of {task}", ordinal=ordinal, task=task.title)
    sheet.add([Entry(file.path, where, "file", "", show_them, kind="/") for file in diff.files])
