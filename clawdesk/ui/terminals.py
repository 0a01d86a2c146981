"""Opens a shell in a task's machine in the user's own terminal, or says the command that does."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QProcess
from PySide6.QtGui import QGuiApplication

from clawdesk.domain.shells import why_no_shell
from clawdesk.ui.ask_sheet import AskSheet, Lines, Way
from clawdesk.ui.banner import Notice
from clawdesk.ui.words import tr
from clawdesk.viewmodels.terminal import as_line, in_terminal, shell_command

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk


def why_not(desk: Desk) -> str:
    """Why the chosen task has no terminal now, "" = it can."""
    task = desk.plane.state.tasks.get(desk.chosen)
    if task is None:
        return tr("no task is chosen")
    why = why_no_shell(task)
    return tr("the task {why}", why=why) if why else ""


def open_terminal(desk: Desk) -> None:
    """For the chosen task; what is typed there changes its machine, and the task's log says so."""
    task = desk.plane.state.tasks.get(desk.chosen)
    if task is None or why_no_shell(task):
        return
    program = _program()
    words = in_terminal(
        shell_command(program, task.id), lambda name: bool(shutil.which(name)), os.environ
    )
    if words and QProcess.startDetached(words[0], list(words[1:])):
        what = tr("A terminal opens in the machine of {title}.", title=task.title)
        step = tr("What you change there stands in its next checkpoint, which also closes it.")
        desk.window.banner.show_notice(Notice("ok", what, step))
        return
    _say_command(desk, as_line(shell_command(program, task.id)))


def _program() -> tuple[str, ...]:
    """ClawDesk's command line as it is started here."""
    found = shutil.which("clawdesk")
    return (found,) if found else (sys.executable, "-P", "-m", "clawdesk")


def _say_command(desk: Desk, line: str) -> None:
    sheet = AskSheet(
        "terminal",
        desk.window,
        desk.clock,
        title=tr("Open a terminal yourself"),
        text=tr(
            "No terminal program was found here. Type this into one; what you change in the "
            "machine stands in its next checkpoint, which also closes the shell."
        ),
        groups=[Lines("", "term", "fg1", (line,))],
        ways=[Way("copy", tr("Copy the command"), icon="copy")],
        stay=tr("Close"),
        icon="term",
        role="acc",
    )

    def copy(_key: str) -> None:
        QGuiApplication.clipboard().setText(line)
        sheet.accept()

    sheet.chosen.connect(copy)
    desk.decisions.show_sheet(sheet)
