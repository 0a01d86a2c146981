"""What a window says while it closes: how many machines are saved, and what that means."""

from __future__ import annotations

from collections.abc import Iterable

from clawdesk.domain.model import Task
from clawdesk.domain.scheduling.resources import holds_machine
from clawdesk.ports.notices import Notice
from clawdesk.viewmodels.language import counted, tr

AWAY = "closing"
"""Key of the notice that the window has gone and ClawDesk has not ended yet."""


def unsaved(tasks: Iterable[Task]) -> int:
    """Tasks that still hold a machine, or are just given one."""
    return sum(holds_machine(task) for task in tasks)


def closing_words(count: int, left: int) -> tuple[str, str]:
    """What happens, and what it means for the user.

    Args:
        count: machines when the window began to close.
        left: those of them that are not saved yet.
    """
    if not count:
        return tr("Closing…"), ""
    if left:
        what = counted(
            count,
            "Closing: {saved} of {count} machine is saved…",
            "Closing: {saved} of {count} machines are saved…",
            saved=count - left,
        )
    else:
        what = counted(
            count,
            "Closing: {count} machine is saved and goes safely to the disk…",
            "Closing: {count} machines are saved and go safely to the disk…",
        )
    return what, tr("Their tasks go on at the next start.")


def away_notice(count: int, left: int) -> Notice:
    """For the desktop, once the window has gone before everything was saved."""
    what, step = closing_words(count, left)
    body = tr("{step} ClawDesk ends by itself; keep the computer on until then.", step=step)
    return Notice(AWAY, what, body)


def opens_again() -> str:
    """For who starts the program while its last window is still closing."""
    return tr("It opens again as soon as that is done.")
