"""Between the desk and the desktop's notices: shows what is new, takes back what is settled.

With the window in front the inbox is notice enough, and a screen reader is told of it.
Never raises the window by itself; only a press on a notice's button does. What waited already when
the window opened stands in its inbox and is not told once more.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication

from clawdesk.domain.model import Phase
from clawdesk.ports.notices import Notice, Notices
from clawdesk.ui.announce import announce
from clawdesk.ui.safe_text import clean, clean_line
from clawdesk.ui.words import tr
from clawdesk.viewmodels.closing import AWAY
from clawdesk.viewmodels.inbox import untrusted
from clawdesk.viewmodels.notices import ended, standing
from clawdesk.viewmodels.told import told

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk

CLOSE_S_MAX = 2.0


def _stays(key: str) -> bool:
    """Whether such a notice is no matter of what the plane says now."""
    return key == AWAY or key.startswith("ended ")


class NoticeDesk(QObject):
    """The notices of one desk."""

    def __init__(self, desk: Desk, notices: Notices) -> None:
        super().__init__(desk)
        self._desk, self._notices = desk, notices
        self._phases: dict[str, Phase] = {}
        self._known: set[str] = set()  # waits now: shown, or seen in the window
        self._shown: set[str] = set()
        self._began = False
        notices.listen(self._acted)

    def mind(self) -> None:
        """Compare the plane's state with what stands on the desktop."""
        desk, rules = self._desk, self._desk.memory.notice_rules()
        tasks = desk.plane.state.tasks
        fabric = desk.plane.environment.fabric
        uses = fabric.queue.projects if fabric is not None else ()
        waits = standing(tasks.values(), uses, rules)
        new = {key: n for key, n in waits.items() if key not in self._known}
        new |= ended(self._phases, tasks.values(), rules)
        settled = [key for key in self._shown if key not in waits and not _stays(key)]
        self._known = set(waits)
        self._phases = {task.id: task.phase for task in tasks.values()}
        self._mind_badge(len(desk.pending()) + len(untrusted(tasks.values())))
        began, self._began = self._began, True
        quiet = not began or (self._in_front() and not rules.in_front)
        if quiet and began:
            for notice in new.values():
                announce(desk.window.inbox, notice.title)
        show = [] if quiet else list(new.values())
        if show or settled:
            self._shown |= {notice.key for notice in show}
            self._shown -= set(settled)
            desk.errands.start("", tr("Telling the desktop"), self._send(show, settled))

    def looked_at(self, task: str) -> None:
        """The user sees the task now: that it ended needs no notice any more."""
        key = f"ended {task}"
        if key in self._shown:
            self._shown.discard(key)
            self._desk.errands.start("", tr("Telling the desktop"), self._send([], [key]))

    async def _send(self, show: list[Notice], settled: list[str]) -> None:
        for key in settled:
            await self._notices.withdraw(key)
        for notice in show:
            shown = Notice(
                notice.key,
                clean_line(notice.title, 200),
                clean(notice.body, 600),
                notice.act,
                notice.urgency,
            )
            await self._notices.show(shown)

    async def tell(self, notice: Notice) -> None:
        """Show one that is none of a task's; it is taken back with the others."""
        self._shown.add(notice.key)
        await self._send([notice], [])

    @staticmethod
    def _in_front() -> bool:
        return QGuiApplication.applicationState() is Qt.ApplicationState.ApplicationActive

    @staticmethod
    def _mind_badge(count: int) -> None:
        """The number on the task bar's icon, where the desktop shows one."""
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.setBadgeNumber(count)

    def _acted(self, key: str, token: str) -> None:
        """The notice's button was pressed: come forward and show what it was about."""
        desk = self._desk
        kind, _, what = key.partition(" ")
        self._shown.discard(key)
        desk.window.come_forward(token)
        desk.errands.start("", tr("Telling the desktop"), self._send([], [key]))
        if kind == "request":
            desk.decisions.open_request(what)
        elif kind == "budget":
            desk.models.budget(what)
        else:
            desk.show_task(what)
            if kind == "trust":
                desk.decisions.trust(what)

    async def check(self) -> dict[str, object]:
        """The doctor's row on notices, in the doctor's own shape."""
        found = await self._notices.support()
        row: dict[str, object] = {"name": "notifications", "needed": False, "mend": ""}
        if found.problem:
            why = tr(
                "{problem} {mend} What needs you stands in the inbox all the same.",
                problem=told(found.problem),
                mend=told(found.mend),
            )
            return row | {"state": "limited", "found": tr("not shown"), "why": why}
        if not found.acts:
            why = tr("It shows no buttons: open the window to decide.")
            return row | {"state": "limited", "found": found.server, "why": why}
        return row | {
            "state": "ok",
            "found": tr("{server}, with buttons", server=found.server),
            "why": "",
        }

    async def close(self) -> None:
        """Take back what stands: nobody would answer its button any more."""
        keys, self._shown = list(self._shown), set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._send([], keys), CLOSE_S_MAX)
        await self._notices.close()
