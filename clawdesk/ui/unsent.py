"""Answers given while no plane takes them: kept on the disk, taken back, sent once it is there.

Each is sent at most once by its key, and only as `viewmodels/unsent` says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from clawdesk.domain.model import Verdict
from clawdesk.ports.errors import PortError
from clawdesk.runtime.api import Outcome
from clawdesk.ui.banner import Notice
from clawdesk.ui.words import tr
from clawdesk.viewmodels.inbox import cards
from clawdesk.viewmodels.tasks import TaskRow
from clawdesk.viewmodels.told import told, told_error
from clawdesk.viewmodels.unsent import (
    Fate,
    GivenAnswer,
    fate,
    not_sent,
    on_cards,
    on_rows,
    still_unsent,
)

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk

CHANNEL = "window"
TAKE_BACK = "take_back"
_IN_WORDS = frozenset({Verdict.ANSWERED, Verdict.ASKED_BACK})


class UnsentAnswers(QObject):
    """The answers of one desk on their way; `lost` while nobody takes them."""

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._drafts = desk.memory.unsent
        self._kept = {a.request: a for a in self._drafts.all(GivenAnswer)}
        self.lost = False
        desk.window.inbox.taken_back.connect(self.take_back)

    def of(self, request: str) -> GivenAnswer | None:
        """What was said to a request and is not sent yet."""
        return self._kept.get(request)

    async def give(self, answer: GivenAnswer) -> Outcome:
        """Send it, or keep it in the place of an earlier one. Raises PortError."""
        if not self.lost:
            return await self._call(answer)
        try:
            self._drafts.keep(answer.request, replace(answer, ref=answer.request))
            if answer.verdict in _IN_WORDS:  # a choice, too, is there again if it comes back
                self._desk.memory.keep_draft(answer.request, answer.text)
        except PortError as error:
            raise PortError(
                tr("Your answer cannot be kept until later: {why}", why=told(error.what)),
                mend=tr("Send it once ClawDesk is connected again."),
                code="unsent",
            ) from error
        self._kept[answer.request] = replace(answer, ref=answer.request)
        self.paint()
        return Outcome(True, "")

    def take_back(self, request: str) -> None:
        """It is not sent; what was written is in the sheet as before."""
        answer = self._kept.get(request)
        if answer is not None and not self._desk.errands.busy(answer.key):
            self._drop(answer)
            self.paint()

    def _drop(self, answer: GivenAnswer) -> None:
        if self._kept.get(answer.request) is answer:
            del self._kept[answer.request]
            try:
                self._drafts.drop(answer.request)
            except PortError as error:
                self._desk.show_error(tr("Forgetting an answer"), error)

    # -- sending -----------------------------------------------------
    def mind(self) -> None:
        """Send what may be sent now, and say what never will be."""
        if self.lost or not self._kept:
            return
        desk, void = self._desk, []
        for answer in list(self._kept.values()):
            if desk.errands.busy(answer.key):
                continue
            task = desk.plane.state.tasks.get(answer.task)
            becomes, why = fate(answer, task, desk.clock.now_ms(), desk.clock.offset_ms())
            if becomes is Fate.SEND:
                desk.errands.start(answer.key, tr("Sending your answer"), self._send(answer))
            elif becomes is Fate.SENT:
                self._drop(answer)
            elif becomes is Fate.VOID:
                void.append((answer, why))
        if void:
            self._give_up(void)

    async def _send(self, answer: GivenAnswer) -> None:
        try:
            outcome = await self._call(answer)
        except PortError as error:
            if error.code == "gone":
                return  # the next plane gets it, under the same key
            outcome = Outcome(False, told_error(error))
        if outcome.ok:
            self._drop(answer)
            self._desk.decisions.reviews.forget(answer.request)
            self.paint()
        else:
            self._give_up([(answer, told(outcome.text))])

    async def _call(self, answer: GivenAnswer) -> Outcome:
        plane, task, key = self._desk.plane, answer.task, answer.key
        if answer.verdict in _IN_WORDS:
            give = plane.answer if answer.verdict is Verdict.ANSWERED else plane.ask_back
            return await give(task, answer.ref, answer.text, channel=CHANNEL, key=key)
        what = (task, answer.ordinal, answer.digest)
        if answer.verdict is Verdict.REJECTED:
            return await plane.reject(*what, channel=CHANNEL, note=answer.text, key=key)
        return await plane.approve(
            *what,
            channel=CHANNEL,
            note=answer.text,
            only=answer.only,
            edits=answer.edits or None,
            key=key,
        )

    def _give_up(self, void: list[tuple[GivenAnswer, str]]) -> None:
        said, written = [], []
        for answer, why in void:
            self._drop(answer)
            said.append(not_sent(answer, self._desk.plane.state.tasks.get(answer.task), why))
            written += [answer.text] if answer.text else []
        self.paint()
        step = tr(
            "What you wrote is copied by Copy details; where it still waits, its dialog has it."
        )
        notice = Notice("need", "\n".join(said), step if written else "", "\n\n".join(written))
        self._desk.window.banner.show_notice(notice)

    # -- painting ----------------------------------------------------
    def on_rows(self, rows: Iterable[TaskRow]) -> list[TaskRow]:
        """Rows that say what is not sent."""
        return on_rows(rows, self._kept)

    def paint_inbox(self) -> None:
        """The cards, which say it too."""
        desk = self._desk
        waiting = cards(desk.plane.state.tasks.values(), desk.clock.now_ms())
        desk.window.inbox.show_cards(on_cards(waiting, self._kept))

    def paint(self) -> None:
        """All that tells of it; nothing is asked of the plane for that."""
        desk = self._desk
        self.paint_inbox()
        desk.window.tasks.show_rows(desk.rows(desk.tasks()), desk.memory.archived())
        if self.lost:
            request = next(iter(self._kept)) if len(self._kept) == 1 else ""
            act = (TAKE_BACK, tr("Take back"), request) if request else ("", "", "")
            desk.window.say_lost(still_unsent(len(self._kept)) if self._kept else "", act)
