"""The list of everything the window can do, with its shortcuts, in one place."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QDir, Qt
from PySide6.QtWidgets import QApplication, QFileDialog

from clawdesk.domain.model import FINAL, Phase
from clawdesk.ui import new_task, peer_desk, prompt_sheet, search, terminals, tokens
from clawdesk.ui.help_sheet import HelpSheet
from clawdesk.ui.main_window import Page
from clawdesk.ui.operations_sheet import OperationsSheet
from clawdesk.ui.ours import first_focus
from clawdesk.ui.words import tr
from clawdesk.viewmodels import task_acts
from clawdesk.viewmodels.checkpoints import older_of
from clawdesk.viewmodels.forks import keep_view
from clawdesk.viewmodels.merged import why_no_unmerge
from clawdesk.viewmodels.operations import OperationRow, operations
from clawdesk.viewmodels.phases import wants_trust

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk


def register(desk: Desk) -> None:
    """Fill the desk's registry."""
    registry, add = desk.registry, desk.registry.add
    registry.subject = partial(_subject, desk)
    registry.group = "ClawDesk"
    add("palette", "Search or run a command", lambda: search.show(desk), keys="Ctrl+K")
    add("settings", "Settings", lambda: toggle_settings(desk), keys="Ctrl+,", icon="gear")
    add(
        "operations",
        "What ClawDesk did, and the way back…",
        lambda: show_operations(desk),
        keys="Ctrl+Shift+H",
        icon="clock",
    )
    add("help", "All shortcuts", lambda: show_help(desk), keys="F1", icon="note")
    add("menu", "Menu of all acts", lambda: show_menu(desk), keys="F10", icon="more")
    registry.group = "Project"
    add("open", "Open folder…", partial(open_folder, desk), keys="Ctrl+O", icon="folder")
    add(
        "new",
        "New task…",
        lambda: new_task.show(desk),
        keys="Ctrl+N",
        icon="plus",
        why_not=lambda: new_task.why_not(desk),
    )
    add(
        "prompt_task",
        "Write a prompt for an agent…",
        lambda: new_task.show(desk, write=True),
        keys="Ctrl+Shift+N",
        icon="edit",
        why_not=lambda: new_task.why_not(desk),
    )
    add(
        "policy",
        "Policy of this project: each rule and where it is written",
        lambda: show_policy(desk),
        keys="Ctrl+P",
        icon="shield",
        why_not=lambda: "" if desk.project else tr("no project is open"),
    )
    add(
        "sample",
        "Try the sample project",
        desk.try_sample,
        icon="play",
        why_not=lambda: "" if desk.sample else tr("this start has no sample"),
    )
    _register_task(desk)
    _register_view(desk)


def _register_task(desk: Desk) -> None:
    registry, add, window = desk.registry, desk.registry.add, desk.window
    registry.group = "Task"
    add(
        "next",
        "Show the next thing that needs you",
        desk.decisions.open_next,
        keys="F8",
        icon="need",
        why_not=desk.decisions.why_no_next,
    )
    add(
        "merge",
        "Merge the chosen task…",
        lambda: desk.decisions.merge(desk.chosen),
        keys="Ctrl+M",
        icon="merge",
        why_not=lambda: _not_done(desk),
    )
    add(
        "unmerge",
        "Undo the merge of the chosen task…",
        lambda: desk.decisions.unmerge(desk.chosen),
        icon="restore",
        why_not=lambda: _no_unmerge(desk),
    )
    add(
        "trust",
        "Trust this project's policy…",
        lambda: desk.decisions.trust(desk.chosen),
        icon="need",
        why_not=lambda: _no_trust_wanted(desk),
    )
    add(
        "restore",
        "Roll the chosen task back one checkpoint…",
        lambda: desk.branches.restore(desk.chosen, _older(desk)),
        keys="Ctrl+Shift+Z",
        icon="restore",
        why_not=lambda: "" if _older(desk) else tr("it has no older checkpoint"),
    )
    _register_branches(desk)
    _register_keeping(desk)
    add(
        "cancel",
        "Cancel the chosen task…",
        lambda: desk.decisions.cancel(desk.chosen),
        keys="Ctrl+Shift+X",
        icon="stop",
        why_not=lambda: _ended(desk),
    )
    add(
        "terminal",
        "Open a terminal in the machine of the chosen task",
        partial(terminals.open_terminal, desk),
        keys="Ctrl+T",
        icon="term",
        why_not=partial(terminals.why_not, desk),
    )
    window.inspector.terminal.clicked.connect(lambda: registry.trigger("terminal"))
    _register_places(desk)


def _register_places(desk: Desk) -> None:
    window, add = desk.window, desk.registry.add
    show = window.inspector.choose_place
    add("log", "Show the log of the chosen task", partial(show, "log"), keys="Ctrl+1", icon="log")
    add(
        "changes",
        "Show the changes of the chosen task",
        partial(show, "changes"),
        keys="Ctrl+2",
        icon="diff",
    )
    add(
        "checkpoints",
        "Show the checkpoints of the chosen task",
        partial(show, "checkpoints"),
        keys="Ctrl+3",
        icon="ckpt",
    )
    add(
        "conversation",
        "Show the conversation of the chosen task",
        partial(show, "conversation"),
        keys="Ctrl+4",
        icon="note",
    )
    add(
        "find_said",
        "Find in the conversation of the chosen task",
        window.inspector.find_said,
        keys="F3",
        icon="search",
    )
    add(
        "filter_log",
        "Filter the log of the chosen task",
        window.inspector.filter_log,
        keys="Ctrl+L",
        icon="search",
        why_not=lambda: "" if desk.chosen else tr("no task is chosen"),
    )


def _register_branches(desk: Desk) -> None:
    add, branches = desk.registry.add, desk.branches
    add(
        "prompt",
        "Tell the agent of the chosen task more…",
        lambda: prompt_sheet.ask(desk, desk.chosen),
        keys="Ctrl+Shift+P",
        icon="note",
        why_not=lambda: prompt_sheet.why_not(desk),
    )
    add(
        "undo_restore",
        "Undo the restore of the chosen task",
        lambda: branches.undo(desk.chosen),
        keys="Ctrl+Alt+Z",
        icon="restore",
        why_not=lambda: branches.why_no_undo(desk.chosen),
    )
    add(
        "fork",
        "Fork the chosen task at its last checkpoint…",
        lambda: branches.fork(desk.chosen, _tip(desk)),
        keys="Ctrl+Shift+F",
        icon="fork",
        why_not=lambda: _no_checkpoint(desk),
    )
    add(
        "compare",
        "Compare the chosen task…",
        lambda: branches.compare(desk.chosen, _tip(desk)),
        keys="Ctrl+D",
        icon="diff",
        why_not=lambda: _no_checkpoint(desk),
    )
    add(
        "keep",
        "Keep the chosen fork; the others end…",
        lambda: branches.keep(desk.chosen),
        icon="check",
        why_not=lambda: _no_family(desk),
    )


def _register_keeping(desk: Desk) -> None:
    add, keeping = desk.registry.add, desk.keeping
    add(
        "report",
        "Export a report of the chosen task…",
        lambda: keeping.export(desk.chosen),
        keys="Ctrl+E",
        icon="file",
        why_not=lambda: "" if desk.chosen else tr("no task is chosen"),
    )
    add(
        "archive",
        "Put the chosen task into the archive, or back",
        lambda: keeping.archive(desk.chosen),
        keys="Ctrl+Shift+E",
        icon="box",
        why_not=lambda: keeping.why_no_archive(desk.chosen),
    )
    add("find", "Find tasks", desk.window.tasks.begin_search, keys="Ctrl+F", icon="search")
    add("disk", "Disk use and clean-up…", keeping.disk, icon="disk")


def _tip(desk: Desk) -> int:
    task = desk.plane.state.tasks.get(desk.chosen)
    return task.tip_ordinal if task is not None else 0


def _no_checkpoint(desk: Desk) -> str:
    task = desk.plane.state.tasks.get(desk.chosen)
    if task is None:
        return tr("no task is chosen")
    return "" if task.checkpoints else tr("it has no checkpoint yet")


def _no_family(desk: Desk) -> str:
    task = desk.plane.state.tasks.get(desk.chosen)
    return tr("no task is chosen") if task is None else keep_view(desk.plane.state, task).why_not


def _fit(desk: Desk) -> None:
    desk.lanes.fit()


def _show_now(desk: Desk) -> None:
    desk.lanes.show_now()


def _register_view(desk: Desk) -> None:
    registry, add, window = desk.registry, desk.registry.add, desk.window
    registry.group = "Timeline"
    add("fit", "Timeline: fit all", partial(_fit, desk), keys="0", icon="clock")
    add("now", "Timeline: now", partial(_show_now, desk), keys="N", icon="clock")
    add("zoom_in", "Timeline: zoom in", lambda: desk.lanes.zoom(False), keys="Ctrl+=")
    add("zoom_out", "Timeline: zoom out", lambda: desk.lanes.zoom(True), keys="Ctrl+-")
    _register_machine(desk)
    registry.group = "Window"
    add(
        "toggle_projects",
        "Show or hide projects",
        lambda: window.fold("projects", not window.folded("projects")),
        keys="Ctrl+B",
        icon="side",
    )
    add(
        "toggle_inbox",
        "Show or hide inbox and machine",
        lambda: window.fold("inbox", not window.folded("inbox")),
        keys="Ctrl+I",
        icon="rpane",
    )
    add(
        "toggle_inspector",
        "Show or hide the chosen task",
        lambda: window.fold("inspector", not window.folded("inspector")),
        keys="Ctrl+J",
        icon="log",
    )
    add("theme", "Dark or light", lambda: toggle_theme(desk), keys="Ctrl+Shift+L", icon="sun")
    add("pane", "Go to the next pane", lambda: next_pane(desk), keys="F6", icon="cr")
    add(
        "close_project",
        "Close the project",
        lambda: desk.close_project(desk.project),
        keys="Ctrl+W",
        icon="x",
        why_not=lambda: "" if desk.project else tr("no project is open"),
    )
    add("quit", "Quit", desk.decisions.ask_close, keys="Ctrl+Q", icon="x")


def _register_machine(desk: Desk) -> None:
    registry, add = desk.registry, desk.registry.add
    registry.group = "Machine and models"
    add(
        "home",
        "This machine: what is present",
        lambda: toggle_home(desk),
        keys="Ctrl+H",
        icon="cpu",
    )
    add(
        "models",
        "Models and GPUs: what is loaded, who waits",
        lambda: toggle_models(desk),
        keys="Ctrl+G",
        icon="gpu",
    )
    add(
        "budget",
        "Budget of a project…",
        desk.models.budget,
        icon="shield",
        why_not=lambda: "" if desk.models.view.models else tr("no model service answers"),
    )
    peer_desk.register(desk)
    add("check", "Check this machine again", lambda: check(desk), keys="F5", icon="restore")


def _not_done(desk: Desk) -> str:
    task = desk.plane.state.tasks.get(desk.chosen)
    if task is None:
        return tr("no task is chosen")
    if task.phase is not Phase.DONE:
        return tr("the task is not done")
    return (
        tr("it is merged into {merged_into}", merged_into=task.merged_into)
        if task.merged_into
        else ""
    )


def _no_unmerge(desk: Desk) -> str:
    task = desk.plane.state.tasks.get(desk.chosen)
    return why_no_unmerge(task, desk.plane.projects) if task else tr("no task is chosen")


def _no_trust_wanted(desk: Desk) -> str:
    task = desk.plane.state.tasks.get(desk.chosen)
    if task is None:
        return tr("no task is chosen")
    return "" if wants_trust(task) else tr("the chosen task does not wait for that")


def _ended(desk: Desk) -> str:
    task = desk.plane.state.tasks.get(desk.chosen)
    if task is None:
        return tr("no task is chosen")
    return tr("the task has ended") if task.phase in FINAL else ""


def _older(desk: Desk) -> int:
    task = desk.plane.state.tasks.get(desk.chosen)
    return older_of(task) if task is not None else 0


def _subject(desk: Desk, key: str) -> tuple[str, str]:
    """What an act would touch now, and what it would do there."""
    task = desk.plane.state.tasks.get(desk.chosen)
    return task_acts.words(key, task=task, project=desk.project, waiting=desk.pending())


def open_folder(desk: Desk) -> None:
    """Ask which; it begins at home, not where the program happened to be started."""
    dialog = QFileDialog(desk.window, tr("Open a project folder"))
    dialog.setObjectName("open_folder")
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setDirectory(QDir.homePath())
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.fileSelected.connect(desk.open_path)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


def show_operations(desk: Desk) -> None:
    """Merges, roll-backs, clean-ups and trust, newest first."""
    desk.errands.start("operations", tr("Reading what was done"), _show_operations(desk))


async def _show_operations(desk: Desk) -> None:
    seen = desk.decisions.sheet
    deeds = await desk.plane.deeds()
    if desk.decisions.came_between(seen):
        return
    clock = desk.clock
    tasks = desk.plane.state.tasks.values()
    rows = operations(tasks, deeds, clock.now_ms(), clock.offset_ms(), desk.plane.projects)
    sheet = OperationsSheet(desk.window, clock, rows)
    sheet.undo_wanted.connect(partial(_undo, desk))
    desk.decisions.show_sheet(sheet)


def _undo(desk: Desk, row: OperationRow) -> None:
    if row.undo == "restore":
        desk.branches.restore(row.task, row.ordinal)
    elif row.undo == "merge":
        desk.decisions.unmerge(row.task)
    else:
        show_policy(desk, "own" if row.undo == "images" else "policy")


def show_help(desk: Desk) -> None:
    """Every shortcut, from the registry."""
    desk.decisions.show_sheet(HelpSheet(desk.window, desk.clock, list(desk.registry.acts.values())))


def show_menu(desk: Desk) -> None:
    """Every act by group, below its button."""
    button = desk.window.tool_bar.menu
    desk.registry.menu(desk.window).popup(button.mapToGlobal(button.rect().bottomLeft()))


def toggle_home(desk: Desk) -> None:
    toggle_page(desk, Page.HOME)
    if desk.page is Page.HOME:
        desk.check()


def toggle_models(desk: Desk) -> None:
    toggle_page(desk, Page.MODELS)
    desk.models.paint()


def toggle_settings(desk: Desk) -> None:
    toggle_page(desk, Page.SETTINGS)
    if desk.page is Page.SETTINGS:
        desk.window.settings.look_at_top()
        desk.settings.refresh()


def show_policy(desk: Desk, part: str = "policy") -> None:
    """The settings page, at the chosen project's policy, or at the user's `own` rules."""
    desk.page = Page.SETTINGS
    desk.paint_projects()
    desk.settings.refresh(part)


def toggle_page(desk: Desk, page: Page) -> None:
    """To a page, and from it back to the tasks."""
    desk.page = Page.TASKS if desk.page is page else page
    desk.paint_projects()


def check(desk: Desk) -> None:
    desk.page = Page.HOME
    desk.paint_projects()
    desk.check()


def toggle_theme(desk: Desk) -> None:
    """The other theme, remembered."""
    other = tokens.Theme.LIGHT if tokens.theme() is tokens.Theme.DARK else tokens.Theme.DARK
    desk.settings.choose_theme(other.value)


def next_pane(desk: Desk) -> None:
    """Focus goes round the regions."""
    regions = desk.window.regions()
    focus = QApplication.focusWidget()
    holds = (w is focus or (focus is not None and w.isAncestorOf(focus)) for w in regions)
    place = next((i for i, held in enumerate(holds) if held), -1)
    target = first_focus(regions[(place + 1) % len(regions)])
    target.setFocus(Qt.FocusReason.ShortcutFocusReason)
