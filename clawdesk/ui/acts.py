"""The list of everything the window can do, with its shortcuts, in one place."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from clawdesk.domain.model import FINAL, Phase
from clawdesk.ui import theme, tokens
from clawdesk.ui.palette_sheet import Entry, PaletteSheet
from clawdesk.ui.safe_text import clean_line
from clawdesk.viewmodels.forks import keep_view
from clawdesk.viewmodels.phases import look, wants_trust
from clawdesk.viewmodels.tasks import state_texts

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk


def register(desk: Desk) -> None:
    """Fill the desk's registry."""
    add, window = desk.registry.add, desk.window
    add("palette", "Search or run a command", lambda: show_palette(desk), keys="Ctrl+K")
    add("open", "Open folder…", desk.open_folder, keys="Ctrl+O", icon="folder")
    add(
        "new",
        "New task…",
        lambda: show_new(desk),
        keys="Ctrl+N",
        icon="plus",
        why_not=lambda: _no_definitions(desk),
    )
    add(
        "next",
        "Show the next thing that needs you",
        desk.decisions.open_next,
        keys="F8",
        icon="need",
        why_not=lambda: "" if desk.pending() else "nothing needs you",
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
        why_not=lambda: "" if _older(desk) else "it has no older checkpoint",
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
    for number, (place, word) in enumerate(
        (("log", "log"), ("changes", "changes"), ("checkpoints", "checkpoints")), 1
    ):
        add(
            place,
            f"Show the {word} of the chosen task",
            partial(window.inspector.choose_place, place),
            keys=f"Ctrl+{number}",
            icon={"log": "log", "changes": "diff", "checkpoints": "ckpt"}[place],
        )
    _register_view(desk)


def _register_branches(desk: Desk) -> None:
    add, branches = desk.registry.add, desk.branches
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
        why_not=lambda: "" if desk.chosen else "no task is chosen",
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
        return "no task is chosen"
    return "" if task.checkpoints else "it has no checkpoint yet"


def _no_family(desk: Desk) -> str:
    task = desk.plane.state.tasks.get(desk.chosen)
    return "no task is chosen" if task is None else keep_view(desk.plane.state, task).why_not


def _fit(desk: Desk) -> None:
    desk.lanes.fit()


def _show_now(desk: Desk) -> None:
    desk.lanes.show_now()


def _register_view(desk: Desk) -> None:
    add, window = desk.registry.add, desk.window
    add("fit", "Timeline: fit all", partial(_fit, desk), keys="0", icon="clock")
    add("now", "Timeline: now", partial(_show_now, desk), keys="N", icon="clock")
    add("zoom_in", "Timeline: zoom in", lambda: desk.lanes.zoom(False), keys="Ctrl+=")
    add("zoom_out", "Timeline: zoom out", lambda: desk.lanes.zoom(True), keys="Ctrl+-")
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
        why_not=lambda: "" if desk.models.view.models else "no model service answers",
    )
    add("check", "Check this machine again", lambda: check(desk), keys="F5", icon="restore")
    add(
        "toggle_projects",
        "Show or hide projects",
        lambda: window.projects.setVisible(window.projects.isHidden()),
        keys="Ctrl+B",
        icon="side",
    )
    add(
        "toggle_inbox",
        "Show or hide inbox and machine",
        lambda: window.right.setVisible(window.right.isHidden()),
        keys="Ctrl+I",
        icon="rpane",
    )
    add("theme", "Dark or light", lambda: toggle_theme(desk), keys="Ctrl+Shift+L", icon="sun")
    add("pane", "Go to the next pane", lambda: next_pane(desk), keys="F6", icon="cr")
    add(
        "close_project",
        "Close the project",
        lambda: desk.close_project(desk.project),
        keys="Ctrl+W",
        icon="x",
        why_not=lambda: "" if desk.project else "no project is open",
    )
    add("quit", "Quit", desk.decisions.ask_close, keys="Ctrl+Q", icon="x")


def _no_definitions(desk: Desk) -> str:
    view = desk.plane.projects.get(desk.project)
    if view is None:
        return "no project is open"
    return "" if view.definitions else "the project has no task files"


def _not_done(desk: Desk) -> str:
    task = desk.plane.state.tasks.get(desk.chosen)
    if task is None:
        return "no task is chosen"
    if task.phase is not Phase.DONE:
        return "the task is not done"
    return f"it is merged into {task.merged_into}" if task.merged_into else ""


def _no_trust_wanted(desk: Desk) -> str:
    task = desk.plane.state.tasks.get(desk.chosen)
    if task is None:
        return "no task is chosen"
    return "" if wants_trust(task) else "the chosen task does not wait for that"


def _ended(desk: Desk) -> str:
    task = desk.plane.state.tasks.get(desk.chosen)
    if task is None:
        return "no task is chosen"
    return "the task has ended" if task.phase in FINAL else ""


def _older(desk: Desk) -> int:
    task = desk.plane.state.tasks.get(desk.chosen)
    if task is None:
        return 0
    return max((c.ordinal for c in task.checkpoints if c.ordinal < task.tip_ordinal), default=0)


def show_palette(desk: Desk) -> None:
    """All acts, then what can be run, then all tasks."""
    trigger = desk.registry.trigger
    entries = [
        Entry(a.text, "", a.icon, a.key_words, partial(trigger, a.key), a.why_not())
        for a in desk.registry.acts.values()
        if a.key != "palette"
    ]
    entries += desk.models.entries()
    view = desk.plane.projects.get(desk.project)
    for definition in view.definitions if view is not None else ():
        text = f"Run {definition.title or definition.name}"
        run = partial(desk.decisions.run, desk.project, definition.name)
        entries.append(Entry(text, "task file", "play", "", run))
    now_ms, offset_ms = desk.clock.now_ms(), desk.clock.offset_ms()
    for task in desk.tasks():
        state = " · ".join(state_texts(task, now_ms, offset_ms))
        choose = partial(desk.window.tasks.list.choose, task.id)
        entries.append(Entry(task.title, state, look(task).icon, "", choose))
    sheet = PaletteSheet(desk.window, entries)
    desk.window.scrim.cover(sheet)
    sheet.appear()


def show_new(desk: Desk) -> None:
    """A menu of the project's task definitions below the button."""
    view = desk.plane.projects.get(desk.project)
    if view is None:
        return
    menu = QMenu(desk.window)
    menu.setObjectName("new_task")
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for definition in view.definitions:
        text = clean_line(definition.title or definition.name, 120).replace("&", "&&")
        menu.addAction(text, partial(desk.decisions.run, desk.project, definition.name))
    button = desk.window.tool_bar.new
    menu.popup(button.mapToGlobal(button.rect().bottomLeft()))


def toggle_home(desk: Desk) -> None:
    desk.home_wanted = desk.models_wanted or not desk.home_wanted
    desk.models_wanted = False
    if desk.home_wanted:
        desk.check()
    desk.paint_projects()


def toggle_models(desk: Desk) -> None:
    desk.models_wanted = not desk.models_wanted
    desk.paint_projects()
    desk.models.paint()


def check(desk: Desk) -> None:
    desk.home_wanted, desk.models_wanted = True, False
    desk.paint_projects()
    desk.check()


def toggle_theme(desk: Desk) -> None:
    """The other theme, remembered."""
    other = tokens.Theme.LIGHT if tokens.theme() is tokens.Theme.DARK else tokens.Theme.DARK
    desk.memory.settings.setValue("theme", other.value)
    app = QApplication.instance()
    if isinstance(app, QApplication):
        theme.apply(app, other)
    desk.paint_all()


def next_pane(desk: Desk) -> None:
    """Focus goes round the regions."""
    regions = desk.window.regions()
    focus = QApplication.focusWidget()
    holds = (w is focus or (focus is not None and w.isAncestorOf(focus)) for w in regions)
    place = next((i for i, held in enumerate(holds) if held), -1)
    target = _first_focus(regions[(place + 1) % len(regions)])
    target.setFocus(Qt.FocusReason.ShortcutFocusReason)


def _first_focus(region: QWidget) -> QWidget:
    """The region, or the first widget in it that takes the keyboard."""
    if region.focusPolicy() & Qt.FocusPolicy.TabFocus:
        return region
    inside = (w for w in region.findChildren(QWidget) if w.isVisible() and w.isEnabled())
    return next((w for w in inside if w.focusPolicy() & Qt.FocusPolicy.TabFocus), region)
