"""A person's decisions: opens the sheets, keeps them true to the state, sends the answers.

At most one request is on screen; what is sent carries the digest that was shown.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog

from clawdesk.domain.definitions import PROJECT_FILE
from clawdesk.domain.model import FINAL, Kind, Request, Task, Verdict
from clawdesk.ports.errors import PortError
from clawdesk.runtime.api import Outcome
from clawdesk.ui.approval_sheet import ApprovalSheet
from clawdesk.ui.ask_sheet import AskSheet, Lines, Way
from clawdesk.ui.banner import Notice
from clawdesk.ui.form_sheet import FormSheet
from clawdesk.ui.merging import Merging
from clawdesk.ui.question_context import LINES
from clawdesk.ui.question_sheet import QuestionSheet
from clawdesk.ui.reviews import Reviews
from clawdesk.ui.unsent import UnsentAnswers
from clawdesk.ui.words import counted, tr
from clawdesk.viewmodels.amounts import first_of
from clawdesk.viewmodels.inbox import trust_key, untrusted
from clawdesk.viewmodels.phases import wants_trust
from clawdesk.viewmodels.questions import question_view
from clawdesk.viewmodels.told import told, told_error
from clawdesk.viewmodels.unsent import GivenAnswer

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk

CHANNEL = "window"
Call = Callable[[], Coroutine[Any, Any, Outcome]]
"""Asks the plane; made a coroutine only when it is really awaited."""


class Decisions(QObject):
    """The sheets of one desk."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self._sheet: QDialog | None = None
        self._held_back: QDialog | None = None  # its answer could not be sent
        self.unsent = UnsentAnswers(desk, self)
        self._request: Request | None = None
        self._task = ""
        self.reviews = Reviews(desk, self)
        self._merging = Merging(desk)

    @property
    def sheet(self) -> QDialog | None:
        """What is open now."""
        return self._sheet

    def show_sheet(self, sheet: QDialog) -> None:
        """One sheet at a time, over a dimmed window."""
        if self._sheet is not None:
            # Esc may mean something else on it first.
            getattr(self._sheet, "give_way", self._sheet.reject)()
        self._sheet = sheet
        self._hold_back()
        sheet.finished.connect(lambda _: self._gone(sheet))
        self._desk.window.scrim.cover(sheet)
        appear = getattr(sheet, "appear", None)
        if appear is not None:
            appear(sheet.sizeHint())

    def came_between(self, seen: QDialog | None) -> bool:
        """Whether another sheet was opened since: what took a while to read does not push it away.

        Args:
            seen: what was open when it was asked for.
        """
        return self._sheet is not None and self._sheet is not seen

    def _gone(self, sheet: QDialog) -> None:
        if self._sheet is sheet:
            self._sheet = self._request = None
            self._task = ""

    async def deliver(self, sheet: FormSheet, call: Call) -> None:
        """Do what a form asks for; done closes it, a refusal is said on it, or in the window."""
        sheet.show_sending(True)
        try:
            outcome = await call()
        except PortError as error:
            if self._sheet is not sheet:
                raise
            outcome = Outcome(False, told_error(error))
        if self._sheet is not sheet:  # it was closed meanwhile
            if not outcome.ok:
                self._desk.window.banner.show_notice(Notice("need", told(outcome.text)))
            return
        sheet.show_sending(False)
        if outcome.ok:
            sheet.accept()
        else:
            sheet.show_refusal(told(outcome.text))

    # -- between two planes ------------------------------------------
    def show_lost(self, lost: bool) -> None:
        """Nobody takes an answer for a while: what is given meanwhile is kept."""
        self.unsent.lost = lost
        if lost:
            self.unsent.paint()
        self._hold_back()

    def _hold_back(self) -> None:
        sheet = self._sheet
        if self.unsent.lost and isinstance(sheet, ApprovalSheet | QuestionSheet):
            self._held_back = sheet
            sheet.guard.raise_now()
            sheet.show_sending("")
            self._say_lost(sheet)

    def _say_lost(self, sheet: ApprovalSheet | QuestionSheet) -> None:
        if sheet.view is not None and self.unsent.of(sheet.view.request) is not None:
            sheet.show_notice(tr("Your answer is not sent yet. Another takes its place."))
        else:
            sheet.show_notice(
                tr(
                    "ClawDesk connects again. What you answer now is kept, and sent by itself "
                    "then if this still waits unchanged."
                )
            )

    def _take_again(self, sheet: ApprovalSheet | QuestionSheet) -> None:
        """The task is known again. A person looks once more and sends: it may have gone on."""
        if self.unsent.lost or self._held_back is not sheet:
            return
        self._held_back = None
        sheet.guard.raise_now()
        sheet.show_sending("")
        view = sheet.view
        if view is not None and not view.closed and self.unsent.of(view.request) is None:
            sheet.show_notice(tr("Connected again. Nothing was sent: look at it once more."))
            self.reviews.load()

    # -- requests ----------------------------------------------------
    def open_request(self, request: str) -> None:
        """Show a pending request by its id."""
        for task in self._desk.plane.state.tasks.values():
            if task.request is not None and task.request.id == request:
                self._open(task, task.request)
                return
            if wants_trust(task) and trust_key(task) == request:
                self._open_trust(task)
                return

    def open_task(self, task_id: str) -> None:
        """Act on a task: its request, its merge, else its log."""
        task = self._desk.plane.state.tasks.get(task_id)
        if task is None:
            return
        if task.request is not None and task.deciding is None:
            self._open(task, task.request)
        elif wants_trust(task):
            self.trust(task_id)
        else:
            self._desk.window.inspector.choose_place("log")

    def open_next(self) -> None:
        """The next request after the one on screen, longest wait first; then what wants trust."""
        waiting = self._desk.pending()
        if not waiting:
            for task in untrusted(self._desk.plane.state.tasks.values())[:1]:
                self._open_trust(task)
            return
        place = next((i for i, t in enumerate(waiting) if t.id == self._task), -1)
        task = waiting[(place + 1) % len(waiting)]
        if task.request is not None:
            self._open(task, task.request)

    def _step(self, direction: int) -> None:
        waiting = self._desk.pending()
        if not waiting:
            return
        place = next((i for i, t in enumerate(waiting) if t.id == self._task), 0)
        task = waiting[(place + direction) % len(waiting)]
        if task.request is not None:
            self._open(task, task.request)

    def why_no_next(self) -> str:
        """Why there is nothing to open, "" where something waits for the user."""
        waits = self._desk.pending() or untrusted(self._desk.plane.state.tasks.values())
        return "" if waits else tr("nothing needs you")

    def _open_trust(self, task: Task) -> None:
        self._look_at(task)
        self.trust(task.id)

    def _look_at(self, task: Task) -> None:
        desk = self._desk
        if self.unsent.lost:
            return  # nothing of another task can be read now
        if task.project in desk.plane.projects and task.project != desk.project:
            desk.choose_project(task.project)
        desk.window.tasks.list.choose(task.id)

    def _open(self, task: Task, request: Request) -> None:
        self._look_at(task)
        if request.kind is Kind.CLARIFY:
            self._open_question(task, request)
        else:
            self._open_approval(task, request)

    def _open_approval(self, task: Task, request: Request) -> None:
        sheet = self.reviews.open(task, request)
        sheet.step_wanted.connect(self._step)
        sheet.restore_wanted.connect(self._desk.branches.restore)
        self.show_sheet(sheet)
        self._task, self._request = task.id, request
        self.refresh()
        self.reviews.load()

    def _open_question(self, task: Task, request: Request) -> None:
        desk = self._desk
        sheet = QuestionSheet(desk.window, desk.clock)
        sheet.answered.connect(self._answer)
        sheet.asked_back.connect(self._ask_back)
        sheet.draft_changed.connect(self.keep_draft)
        sheet.step_wanted.connect(self._step)
        sheet.task_wanted.connect(desk.window.tasks.list.choose)
        sheet.log_wanted.connect(self._show_log)
        self._render(sheet, task, request, desk.memory.draft(request.id))
        self.show_sheet(sheet)
        self._task, self._request = task.id, request

    def _render(self, sheet: QuestionSheet, task: Task, request: Request, draft: str = "") -> None:
        desk = self._desk
        now_ms, offset_ms = desk.clock.now_ms(), desk.clock.offset_ms()
        view = question_view(task, request, now_ms=now_ms, offset_ms=offset_ms)
        sheet.render_view(view, self.place_of(task.id), draft)
        if desk.chosen == task.id:  # the log on the screen is that task's
            sheet.printed.show_lines(desk.window.inspector.log.printed_before(view.at_ms, LINES))

    def _show_log(self, task: str) -> None:
        self._desk.window.tasks.list.choose(task)
        self._desk.window.inspector.choose_place("log")

    def place_of(self, task: str) -> tuple[int, int]:
        """Which of how many waiting requests this task's is."""
        waiting = [t.id for t in self._desk.pending()]
        return (waiting.index(task) + 1 if task in waiting else 1, max(1, len(waiting)))

    def refresh(self) -> None:
        """Bring the open sheet up to date with the state, and send what waited for it."""
        self.unsent.mind()
        task = self._desk.plane.state.tasks.get(self._task)
        if self._request is None or task is None:
            return
        if isinstance(self._sheet, ApprovalSheet):
            self.reviews.refresh()
            self._take_again(self._sheet)
        elif isinstance(self._sheet, QuestionSheet):
            self._render(self._sheet, task, self._request)
            self._take_again(self._sheet)

    # -- answers -----------------------------------------------------
    def _answer(self, task: str, key: str, text: str) -> None:
        self._say(Verdict.ANSWERED, task, key, text)

    def _ask_back(self, task: str, key: str, text: str) -> None:
        self._say(Verdict.ASKED_BACK, task, key, text)

    def _say(self, verdict: Verdict, task: str, key: str, text: str) -> None:
        asked = self._request
        if isinstance(self._sheet, QuestionSheet) and asked is not None:
            self._sheet.show_sending(tr("Sending your answer…"))
            given = (asked.id, task, verdict, asked.ordinal, asked.digest, text, key)
            call = self.unsent.give(GivenAnswer(uuid4().hex, *given))
            self.send(tr("Sending the answer"), self._sheet, call)

    def send(self, what: str, sheet: ApprovalSheet | QuestionSheet, call: object) -> None:
        """Send an answer once; the sheet closes when it was taken, or kept until it can be."""
        self._desk.errands.start("decide", what, self._sent(sheet, call))

    async def _sent(self, sheet: ApprovalSheet | QuestionSheet, call: object) -> None:
        try:
            outcome: Outcome = await call  # type: ignore[misc]
        except PortError as error:
            if error.code != "gone":  # the sheet is held back then, until the next plane is there
                self._not_sent(sheet, told_error(error), "bad")
            return
        if not outcome.ok:
            self._not_sent(sheet, told(outcome.text))
            return
        if sheet.view is not None and self.unsent.of(sheet.view.request) is None:
            self.reviews.forget(sheet.view.request)
        if self._sheet is sheet:
            sheet.accept()

    def _not_sent(self, sheet: ApprovalSheet | QuestionSheet, why: str, role: str = "need") -> None:
        if self._sheet is sheet:
            sheet.show_notice(why, role)
            sheet.show_sending("")
        else:  # it was closed meanwhile, and who closed it believes that the answer was given
            self._desk.window.banner.show_notice(Notice(role, why))

    def keep_draft(self, request: str, text: str) -> None:
        """Words that are not sent yet outlive the sheet they were typed in."""
        try:
            self._desk.memory.keep_draft(request, text)
        except PortError as error:
            self._desk.window.banner.show_notice(Notice("need", told(error.what), told(error.mend)))

    # -- other acts --------------------------------------------------
    def act(self, act: str) -> None:
        """The inspector's main act on the chosen task."""
        task = self._desk.chosen
        if act in {"review", "answer"}:
            self.open_task(task)
        elif act == "merge":
            self.merge(task)
        elif act == "cancel":
            self.cancel(task)
        elif act == "trust":
            self.trust(task)

    def trust(self, task_id: str) -> None:
        """Show what the task's project file asks; trust is for exactly what is shown."""
        task = self._desk.plane.state.tasks.get(task_id)
        if task is not None:
            self.trust_project(task.project, task.id)

    def trust_project(self, project: str, task: str = "") -> None:
        """The same for the file at HEAD, or as a task started with it."""
        self._desk.errands.start(
            "trust", tr("Reading the policy"), self._show_policy(project, task)
        )

    async def _show_policy(self, project: str, task: str) -> None:
        desk, seen = self._desk, self._sheet
        view = await desk.plane.project_policy(project, task)
        if self.came_between(seen):
            return
        name = project.rstrip("/").rpartition("/")[2]
        sheet = AskSheet(
            "trust",
            desk.window,
            desk.clock,
            title=tr("Trust the policy of {name}?", name=name),
            text=tr(
                "{file} asks for more than a project gets by itself. You trust exactly this "
                "version (sha256 {digest}); a changed file asks again.",
                file=PROJECT_FILE,
                digest=view.digest[:16],
            ),
            groups=[
                Lines(
                    tr("It asks"),
                    "need",
                    "need",
                    tuple(tr("line {n}: {text}", n=n, text=text) for n, text in view.asks),
                )
            ],
            ways=[Way("go", tr("Trust this version"), "plain", "check")],
            stay=tr("Not now"),
        )
        sheet.chosen.connect(
            lambda _: desk.errands.start(
                "trust", tr("Trusting"), self._trusted(project, view.digest)
            )
        )
        self.show_sheet(sheet)

    async def _trusted(self, project: str, digest: str) -> None:
        await self._told(self._desk.plane.trust(project, digest))
        if self._desk.window.settings.isVisible():
            self._desk.settings.refresh()

    def cancel(self, task_id: str) -> None:
        """Ask first; what was committed stays."""
        desk = self._desk
        task = desk.plane.state.tasks.get(task_id)
        if task is None or task.phase in FINAL:
            return
        sheet = AskSheet(
            "cancel",
            desk.window,
            desk.clock,
            title=tr("Cancel {title}?", title=task.title),
            text=tr(
                "Its machine is destroyed and the task ends. Its checkpoints stay in Git and can "
                "be looked at; it cannot go on."
            ),
            ways=[Way("go", tr("Cancel the task"), "danger", "stop")],
            stay=tr("Keep it running"),
            icon="stop",
            role="bad",
        )
        sheet.chosen.connect(
            lambda _: desk.errands.start(
                "cancel",
                tr("Cancelling {title}", title=task.title),
                self._told(desk.plane.cancel(task_id, channel=CHANNEL)),
            )
        )
        self.show_sheet(sheet)

    async def _told(self, call: object) -> None:
        outcome: Outcome = await call  # type: ignore[misc]
        if not outcome.ok:
            self._desk.window.banner.show_notice(Notice("need", told(outcome.text)))

    def merge(self, task_id: str) -> None:
        """Bring a finished task into a branch."""
        self._merging.merge(task_id)

    def unmerge(self, task_id: str) -> None:
        """Take its merge back, after a question."""
        self._merging.unmerge(task_id)

    def ask_close(self) -> None:
        """Closing with unfinished tasks asks; it says honestly what happens to them."""
        desk = self._desk
        running = [t for t in desk.plane.state.tasks.values() if t.phase not in FINAL]
        if not running:
            desk.ended.emit()
            return
        sheet = AskSheet(
            "quit",
            desk.window,
            desk.clock,
            title=counted(
                len(running),
                "Quit with {count} unfinished task?",
                "Quit with {count} unfinished tasks?",
            ),
            text=tr(
                "Tasks that this window drives are suspended at a checkpoint and go on at the next "
                "start. They do not run in the background. Saving many machines can take a "
                "minute: the window goes before, and ClawDesk ends once all are saved. "
                "Tasks that another ClawDesk of yours drives go on there."
            ),
            groups=[Lines("", "tasks", "fg1", first_of([t.title for t in running], 6))],
            ways=[Way("go", tr("Suspend and quit"), "plain", "pause")],
            stay=tr("Stay"),
        )
        sheet.chosen.connect(lambda _: desk.ended.emit())
        self.show_sheet(sheet)
