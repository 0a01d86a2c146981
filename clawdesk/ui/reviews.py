"""Between the plane and a review on screen: loads what is asked about, keeps drafts, sends answers.

What is sent is worked out from whole contents of the same checkpoint that is shown; the digest
on screen goes with it, so a checkpoint that changed refuses the answer.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from PySide6.QtCore import QObject, QTimer

from clawdesk.domain.model import DiffStat, Request, Task, Verdict
from clawdesk.ports.errors import PortError
from clawdesk.ports.repository import Diff, DiffFile, FileSides
from clawdesk.runtime.api import Outcome
from clawdesk.ui.approval_sheet import ApprovalSheet
from clawdesk.ui.banner import Notice
from clawdesk.ui.words import tr
from clawdesk.viewmodels.editing import ANSWER_BYTES_MAX, editable, editable_content
from clawdesk.viewmodels.inbox import checkpoint_view
from clawdesk.viewmodels.patching import PatchError, with_hunks
from clawdesk.viewmodels.review import Answer, Draft
from clawdesk.viewmodels.told import told, told_error
from clawdesk.viewmodels.unsent import GivenAnswer

if TYPE_CHECKING:
    from clawdesk.ui.decisions import Decisions
    from clawdesk.ui.desk import Desk

RECENT = 8
"""Records of a task that one notice may bring: what was decided stands among them."""
KEEP_MS = 400
"""A draft is on the disk this soon after the last key."""


@dataclass
class _Open:
    """A review on screen. `made` is the diff as asked about, `edited` the person's versions."""

    sheet: ApprovalSheet
    task: str
    request: Request
    made: Diff | None = None
    edited: dict[str, DiffFile] = field(default_factory=dict)
    sides: dict[str, FileSides] = field(default_factory=dict)
    compared: str = "asked"
    branch: Diff | None = None
    shown: Diff | None = None

    def file(self, path: str) -> DiffFile | None:
        files = self.made.files if self.made is not None else ()
        return next((f for f in files if f.path == path), None)

    def show_edits(self) -> None:
        """Work out what is on screen: the made diff with the person's versions in it."""
        if self.made is None:
            self.shown = None
        elif not self.edited:
            self.shown = self.made
        else:
            files = tuple(self.edited.get(f.path, f) for f in self.made.files)
            added, removed = sum(f.added for f in files), sum(f.removed for f in files)
            self.shown = Diff(files, DiffStat(len(files), added, removed))


class Reviews(QObject):
    """The reviews of one desk, one at a time."""

    def __init__(self, desk: Desk, decisions: Decisions) -> None:
        super().__init__(decisions)
        self._desk, self._decisions = desk, decisions
        self._now: _Open | None = None
        self._unkept: dict[str, Draft] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(KEEP_MS)
        self._timer.timeout.connect(self.keep_now)

    # -- opening -----------------------------------------------------
    def open(self, task: Task, request: Request) -> ApprovalSheet:
        """Show a request; the caller puts the sheet on screen."""
        desk = self._desk
        sheet = ApprovalSheet(desk.window, desk.clock)
        now = _Open(sheet, task.id, request)
        sheet.side.split.remember(desk.memory)
        sheet.load_draft(self._draft_of(request))
        sheet.approved.connect(
            lambda answer: self._send(
                now,
                tr("Approving checkpoint {ordinal}", ordinal=now.request.ordinal),
                self._give(now, Verdict.APPROVED, answer),
            )
        )
        sheet.rejected_with.connect(
            lambda answer: self._send(
                now,
                tr("Rejecting checkpoint {ordinal}", ordinal=now.request.ordinal),
                self._give(now, Verdict.REJECTED, answer),
            )
        )
        sheet.draft_changed.connect(self._drafted)
        sheet.edit_wanted.connect(
            lambda path: self._start(tr("Reading the file"), now, self._begin_edit(now, path))
        )
        sheet.edit_saved.connect(lambda path, text: self._edited(now, path, text))
        sheet.compare_wanted.connect(lambda key: self._compare(now, key))
        sheet.newer_wanted.connect(lambda: self._decisions.open_task(now.task))
        sheet.finished.connect(lambda _: self._gone(now))
        self._now = now
        return sheet

    def load(self) -> None:
        """Read what the review on screen is about."""
        if self._now is not None:
            self._start(tr("Reading the changes"), self._now, self._load(self._now))

    def _draft_of(self, request: Request) -> Draft:
        waiting = self._unkept.get(request.id)
        return (waiting or self._desk.memory.review(request.id)).fit(request.digest)

    async def _load(self, now: _Open) -> None:
        made = await self._desk.diff(now.task, now.request.ordinal)
        edited: dict[str, DiffFile] = {}
        paths = {file.path: file for file in made.files}
        for path, text in now.sheet.draft.edits:
            if path in paths:
                edited[path] = await self._preview(now, paths[path], text)
        now.made, now.edited = made, edited
        now.show_edits()
        if self._now is not now:
            return
        self.refresh()
        now.sheet.resume_typing()
        typing = now.sheet.draft.editing
        if typing is not None and typing[0] in paths:
            await self._begin_edit(now, typing[0])

    def _gone(self, now: _Open) -> None:
        self.keep_now()
        if self._now is now:
            self._now = None

    def _start(self, what: str, now: _Open, work: Coroutine[Any, Any, None]) -> None:
        self._desk.errands.start("", what, self._said(what, now, work))

    async def _said(self, what: str, now: _Open, work: Coroutine[Any, Any, None]) -> None:
        """A failure is told where one looks: in the sheet, or in the window once it is gone."""
        try:
            await work
        except PortError as error:
            if self._now is not now:
                raise
            now.sheet.show_notice(
                tr("{what} failed: {sentence}", what=what, sentence=told_error(error)), "bad"
            )
        finally:
            work.close()

    # -- painting ----------------------------------------------------
    def refresh(self) -> None:
        """Bring the review on screen up to date with the state."""
        now, desk = self._now, self._desk
        task = desk.plane.state.tasks.get(now.task) if now is not None else None
        if now is None or task is None:
            return
        self._mind_change(now, task)
        project = desk.plane.projects.get(task.project)
        view = checkpoint_view(
            task,
            now.request,
            now_ms=desk.clock.now_ms(),
            offset_ms=desk.clock.offset_ms(),
            diff=now.shown,
            own_edits=project.dirty if project is not None else (),
        )
        now.sheet.render_view(view, self._decisions.place_of(task.id))
        now.sheet.show_compared(now.compared, now.branch, project.branch if project else "")

    def _mind_change(self, now: _Open, task: Task) -> None:
        """The same request about other content: what was shown is void, and said to be."""
        fresh = task.request
        if fresh is None or fresh.id != now.request.id or fresh.digest == now.request.digest:
            return
        now.request = fresh
        now.made = now.shown = now.branch = None
        now.edited.clear()
        now.sides.clear()
        now.sheet.load_draft(now.sheet.draft.fit(fresh.digest))
        now.sheet.show_notice(
            tr("The content changed while this was open. Nothing was approved: look at it again.")
        )
        self.load()

    # -- drafts ------------------------------------------------------
    def _drafted(self, request: str, draft: Draft) -> None:
        self._unkept[request] = draft
        self._timer.start()

    def keep_now(self) -> None:
        """Put on the disk what was written since."""
        self._timer.stop()
        while self._unkept:
            request, draft = self._unkept.popitem()
            try:
                self._desk.memory.keep_review(request, draft)
            except PortError as error:
                self._desk.window.banner.show_notice(
                    Notice("need", told(error.what), told(error.mend))
                )

    def forget_decided(self, tasks: Iterable[str]) -> None:
        """Drop the drafts of requests that were answered, here or elsewhere."""
        for task in tasks:
            found = self._desk.plane.state.tasks.get(task)
            for record in found.records[-RECENT:] if found is not None else ():
                request = record.fields.get("request")
                if record.event == "decision" and isinstance(request, str):
                    self.forget(request)

    def forget(self, request: str) -> None:
        """Drop the draft of one request."""
        self._unkept.pop(request, None)
        try:
            self._desk.memory.keep_review(request, Draft())
        except PortError as error:
            self._desk.window.banner.show_notice(Notice("need", told(error.what), told(error.mend)))

    # -- editing -----------------------------------------------------
    async def _sides(self, now: _Open, file: DiffFile) -> FileSides:
        if file.path not in now.sides:
            old_path = file.old_path if file.status == "renamed" else ""
            now.sides[file.path] = await self._desk.plane.file_sides(
                now.task, now.request.ordinal, file.path, old_path=old_path
            )
        return now.sides[file.path]

    async def _begin_edit(self, now: _Open, path: str) -> None:
        file = now.file(path)
        if file is None:
            return
        sides = await self._sides(now, file)
        found = editable(file, sides)
        if found.why_not:
            now.sheet.show_notice(
                tr("{path} cannot be edited here: {why_not}.", path=path, why_not=found.why_not)
            )
            return
        # One begins with what would be approved now.
        text = editable_content(self._content(now, path, sides)).text
        now.sheet.begin_edit(path, found, found.text, text)

    def _content(self, now: _Open, path: str, sides: FileSides) -> bytes:
        """What the file would be, were the draft approved now. Raises PortError."""
        draft = now.sheet.draft
        edit = draft.edit_of(path)
        new = edit.encode() if edit is not None else sides.new or b""
        off = draft.hunks_off(path)
        shown = now.edited.get(path) or now.file(path)
        if not off or shown is None:
            return new
        chosen = [number for number in range(len(shown.hunks)) if number not in off]
        try:
            return with_hunks(sides.old or b"", new, shown.hunks, chosen)
        except PatchError as error:
            raise PortError(
                f"{path} without those hunks cannot be worked out: {error}.",
                mend="Take the hunks again, then leave out or edit the file.",
                code="patch",
            ) from error

    async def _preview(self, now: _Open, file: DiffFile, text: str) -> DiffFile:
        old_path = file.old_path if file.status == "renamed" else ""
        return await self._desk.plane.diff_edited(
            now.task, now.request.ordinal, file.path, text.encode(), old_path=old_path
        )

    def _edited(self, now: _Open, path: str, text: str | None) -> None:
        if text is None:
            now.edited.pop(path, None)
            now.show_edits()
            self.refresh()
            return
        now.sheet.show_sending(tr("Comparing your version…"))
        self._start(tr("Comparing your version"), now, self._show_edited(now, path, text))

    async def _show_edited(self, now: _Open, path: str, text: str) -> None:
        file = now.file(path)
        try:
            if file is not None:
                now.edited[path] = await self._preview(now, file, text)
                now.show_edits()
        finally:
            if self._now is now:
                now.sheet.show_sending("")
                self.refresh()

    # -- comparing ---------------------------------------------------
    def _compare(self, now: _Open, key: str) -> None:
        now.compared = key
        self.refresh()
        if key == "branch" and now.branch is None:
            self._start(tr("Comparing with your branch"), now, self._load_branch(now))

    async def _load_branch(self, now: _Open) -> None:
        now.branch = await self._desk.plane.diff_branch(now.task, now.request.ordinal)
        if self._now is now:
            self.refresh()

    # -- answers -----------------------------------------------------
    def _send(self, now: _Open, doing: str, call: object) -> None:
        now.sheet.show_sending(tr("Sending your answer…"))
        self._decisions.send(doing, now.sheet, call)

    async def _edits(self, now: _Open, draft: Draft) -> dict[str, bytes]:
        """Whole contents of what the person changed. Raises PortError."""
        edits: dict[str, bytes] = {}
        changed = {path for path, _ in draft.edits} | {path for path, _ in draft.rejected}
        for path in sorted(changed - set(draft.left_out)):
            file = now.file(path)
            if file is None:
                continue
            if self._decisions.unsent.lost and path not in now.sides:
                raise PortError(
                    tr("To leave out a part of {path}, it must be read again.", path=path),
                    mend=tr("Send it once ClawDesk is connected again."),
                    code="unsent",
                )
            edits[path] = self._content(now, path, await self._sides(now, file))
        if sum(map(len, edits.values())) > ANSWER_BYTES_MAX:
            raise PortError(
                f"The files you changed have more than {ANSWER_BYTES_MAX // 1024} KiB together.",
                mend="Take one of them as it is, or leave it out.",
                code="usage",
            )
        return edits

    async def _give(self, now: _Open, verdict: Verdict, answer: Answer) -> Outcome:
        approves = verdict is Verdict.APPROVED
        return await self._decisions.unsent.give(
            GivenAnswer(
                uuid4().hex,
                now.request.id,
                answer.task,
                verdict,
                answer.ordinal,
                answer.digest,
                answer.note,
                only=answer.only if approves else None,
                edits=await self._edits(now, answer.draft) if approves else {},
            )
        )
