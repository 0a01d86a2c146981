"""What a person does all day in the window, on a scripted plane: each act once, in turn.

Every act ends where it began, so that whatever is more afterwards was left behind.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QWidget

from clawdesk.domain.model import Kind, Phase, Task
from clawdesk.runtime.api import Change
from clawdesk.ui import starting
from clawdesk.ui.approval_sheet import ApprovalSheet
from clawdesk.ui.ask_sheet import AskSheet
from clawdesk.ui.conflict_sheet import ConflictSheet
from clawdesk.ui.desk import Desk
from clawdesk.ui.disk_sheet import DiskSheet
from clawdesk.ui.fork_sheet import ForkSheet
from clawdesk.ui.guard import GUARD_MS
from clawdesk.ui.inspector import PLACES
from clawdesk.ui.merge_sheet import MergeSheet
from clawdesk.ui.palette_sheet import PaletteSheet
from clawdesk.ui.question_sheet import QuestionSheet
from clawdesk.ui.tasks_pane import ALL
from clawdesk.viewmodels.review import LineComment
from tests.support import fork_scenes, trust_scene
from tests.support import plane_scenes as scenes
from tests.support.at_rest import at_rest
from tests.support.driven_around import (
    be_told,
    lose_the_plane,
    meet_a_refusal,
    open_and_close_a_project,
    sample_the_machine,
    use_models,
    use_the_channel,
)
from tests.support.hand_clock import HandClock
from tests.support.plane_fake import FakePlane, scripted_time

S = TypeVar("S", bound=QDialog)
ROUNDS_MAX = 5_000
LINES = 200
THEME_EACH = 6
"""Rounds; to colour everything anew takes as long as ten other acts."""
KEPT = 40
"""More than the window keeps of what it has read."""


class DrivenUse:
    """A desk and the hands that use it.

    Args:
        folder: an empty folder that is opened as a project and closed again.
        pause_ms: how long to let the window paint after each act.
    """

    def __init__(
        self, desk: Desk, plane: FakePlane, clock: HandClock, folder: Path, *, pause_ms: int = 0
    ) -> None:
        self.desk, self.plane, self.clock = desk, plane, clock
        self.window = desk.window
        self.folder, self._pause_ms = folder, pause_ms
        self.turn = 0

    # -- how --------------------------------------------------------------
    async def settle(self) -> None:
        """Until no errand is under way and Qt has nothing to deliver."""
        assert await at_rest(self.desk), "an errand of the window does not end"

    async def past_guard(self) -> None:
        """A sheet has been on screen for long enough to be pressed."""
        await self.settle()
        self.clock.advance(GUARD_MS)
        await self.settle()

    async def sheet(self, kind: type[S]) -> S:
        """The sheet on screen, ready to be pressed."""
        await self.past_guard()
        found = self.desk.decisions.sheet
        assert isinstance(found, kind), f"{type(found).__name__} is open, not {kind.__name__}"
        return found

    async def dismiss(self) -> None:
        """Later: whatever sheet is open closes and decides nothing."""
        await self.past_guard()
        sheet = self.desk.decisions.sheet
        assert sheet is not None
        sheet.reject()
        await self.settle()

    def task(self, title: str) -> Task:
        return next(t for t in self.plane.state.tasks.values() if t.title == title)

    async def press(self, keys: str) -> None:
        """A shortcut of the window, which has to be the active one as after any sheet."""
        self.window.activateWindow()
        await self.settle()
        QTest.keySequence(self.window, keys)
        await self.settle()

    # -- rounds -----------------------------------------------------------
    async def begin(self) -> None:
        """The house as it was at first, later by the time of a round, with requests of its own."""
        plane, now_ms = self.plane, self.clock.now_ms()
        self.turn += 1
        gone = frozenset(plane.state.tasks)
        await plane.close()
        plane.state.tasks.clear()
        plane.state.trusted = frozenset()
        plane.trusts_file = False
        for kept in (plane.logs, plane.diffs, plane.calls, plane.amendments, plane.answers):
            kept.clear()
        plane.fill()
        plane.state.tasks.update(fork_scenes.forked_house(now_ms))
        untrusted = trust_scene.untrusted(now_ms)
        plane.state.tasks[untrusted.id] = untrusted
        for task in list(plane.state.tasks.values()):
            if task.request is not None:
                request = replace(task.request, id=f"{task.request.id}-{self.turn}")
                plane.state.tasks[task.id] = replace(task, request=request)
        plane.use = fork_scenes.disk_use(plane.state.tasks, now_ms)
        plane.publish(Change(tasks=gone | frozenset(plane.state.tasks), projects=True))
        plane.publish(Change(load=True, environment=True))
        self.window.banner.hide()
        self.desk.choose_project(scenes.PROJECT)
        await self.settle()

    async def fill_caches(self) -> None:
        """As after a day: what the window keeps of the last that it read is full."""
        task = self.task("docs-pass")
        for number in range(KEPT):
            other = replace(task, id=f"{task.id}-{number}")
            self.plane.state.tasks[other.id] = other
            await self.desk.diff(other.id, 1)

    async def round(self) -> int:
        """Every act once; how many acts that were."""
        await self.begin()
        for act in ACTS:
            await act(self)
            await self.settle()
            assert self.desk.decisions.sheet is None, f"{act.__name__} left its sheet open"
            self.desk.choose_project(scenes.PROJECT)
            self.clock.advance(1_000)
            self.desk.tick()
            if self._pause_ms:
                await scripted_time(self._pause_ms)
        return len(ACTS)


Act = Callable[[DrivenUse], Awaitable[None]]


# -- looking ------------------------------------------------------------------
async def look_at_tasks(use: DrivenUse) -> None:
    """A few of them, others each round."""
    tasks = use.desk.tasks()
    for task in (tasks[(use.turn + n * 4) % len(tasks)] for n in range(4)):
        use.window.tasks.list.choose(task.id)
        for place in PLACES:
            use.window.inspector.choose_place(place)
            await use.settle()
    use.window.inspector.choose_place("log")


async def walk_the_timeline(use: DrivenUse) -> None:
    lanes = use.window.tasks.lanes
    lanes.list.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left) * 3:
        QTest.keyClick(lanes.list, key)
    for keys in ("Ctrl+=", "Ctrl+=", "Ctrl+-", "N", "0"):
        await use.press(keys)
    for by_px in (-300, 200, 400):
        lanes.pan(by_px)
    lanes.fit()


async def search_tasks(use: DrivenUse) -> None:
    tasks = use.window.tasks
    await use.press("Ctrl+F")
    for text in ("l", "loader", "nothing has this name", ""):
        tasks.search.setText(text)
        await use.settle()
    for name in ("Archive", ALL):
        tasks.choose_filter(name)


async def read_a_growing_log(use: DrivenUse) -> None:
    task = use.task("train-resnet")
    use.desk.choose_task(task.id)
    for number in range(LINES):
        use.plane.log(task.id, f"epoch {number} loss {number % 97 / 97:.4f}")
        if number % 20 == 0:
            await use.settle()


async def use_the_palette(use: DrivenUse) -> None:
    await use.press("Ctrl+K")
    (palette,) = use.window.findChildren(PaletteSheet)
    for text in ("> roll", "@ bench", "# 3", "/ load", "?", "no such thing"):
        palette.field.setText(text)
        await use.settle()
    QTest.keyClick(palette, Qt.Key.Key_Escape)


async def look_at_pages(use: DrivenUse) -> None:
    for key in ("settings", "models", "home", "policy", "settings"):
        use.desk.registry.trigger(key)
        await use.settle()
    use.desk.leave_home()
    await use.settle()
    use.desk.registry.trigger("home")
    await use.settle()
    use.desk.registry.trigger("check")
    await use.settle()
    use.window.home.back.click()


async def look_at_sheets(use: DrivenUse) -> None:
    use.desk.choose_task(use.task("train-resnet").id)
    for key in ("help", "operations", "new", "disk", "cancel"):
        use.desk.registry.trigger(key)
        await use.dismiss()


async def open_the_menu(use: DrivenUse) -> None:
    use.desk.registry.trigger("menu")
    await use.settle()
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    menu.close()


async def fold_and_resize(use: DrivenUse) -> None:
    size = use.window.size()
    for keys in ("Ctrl+B", "Ctrl+I", "Ctrl+J") * 2:
        await use.press(keys)
    use.window.resize(1024, 700)
    await use.settle()
    use.window.resize(size)
    for _ in range(5):
        await use.press("F6")


async def change_the_theme(use: DrivenUse) -> None:
    for _ in range(2 if use.turn % THEME_EACH == 0 else 0):
        await use.press("Ctrl+Shift+L")


# -- deciding -----------------------------------------------------------------
async def answer_a_question(use: DrivenUse) -> None:
    task = next(t for t in use.desk.pending() if t.request and t.request.kind is Kind.CLARIFY)
    use.desk.decisions.open_task(task.id)
    sheet = await use.sheet(QuestionSheet)
    sheet.text.setPlainText("neither of")
    sheet.text.clear()
    QTest.keyClick(sheet, Qt.Key.Key_1)
    sheet.send.click()


async def review(use: DrivenUse) -> None:
    """Line by line, in both views, with a comment, a part left out and a version of one's own."""
    task = use.task("fix-loader")
    use.desk.decisions.open_task(task.id)
    sheet = await use.sheet(ApprovalSheet)
    for split in (True, False):
        sheet.diff.show_split(split)
        for key in (Qt.Key.Key_N, Qt.Key.Key_N, Qt.Key.Key_P, Qt.Key.Key_X, Qt.Key.Key_X):
            QTest.keyClick(sheet.diff.list, key)
        await use.settle()
    line = LineComment("src/loader.py", 88, "new", "order = list(range(count))", "Sorted?")
    sheet.pane.comment.kept.emit(line)
    sheet.pane.file_wanted.emit("Makefile", False)
    sheet.diff.show_line("src/loader.py", 90, "new")
    sheet.pane.want_edit()
    await use.settle()
    edit = sheet.pane.edit
    edit.editor.setPlainText(edit.editor.toPlainText() + "# as we do\n")
    edit.save.click()
    await use.past_guard()
    sheet.yes.click()
    await use.settle()
    assert use.plane.state.tasks[task.id].request is None, "it was approved"


async def reject(use: DrivenUse) -> None:
    task = use.task("fix-loader")
    last = task.checkpoints[-1]
    house = scenes.house(use.clock.now_ms())
    asked = next(t.request for t in house.values() if t.title == task.title)
    assert asked is not None
    fresh = replace(asked, id=f"{asked.id}-again", digest=last.digest, ordinal=last.ordinal)
    use.plane.put(replace(task, request=fresh, phase=Phase.HELD))
    use.desk.decisions.open_task(task.id)
    sheet = await use.sheet(ApprovalSheet)
    sheet.note.setText("Not like this.")
    await use.past_guard()
    sheet.no.click()


async def restore_and_undo(use: DrivenUse) -> None:
    task = use.task("train-resnet")
    use.desk.branches.restore(task.id, 1)
    sheet = await use.sheet(AskSheet)
    click(sheet, "restore.go")
    await use.settle()
    use.desk.branches.undo(task.id)


async def fork_compare_keep(use: DrivenUse) -> None:
    task = use.task("sweep-lr")
    use.desk.branches.fork(task.id, 2)
    sheet = await use.sheet(ForkSheet)
    sheet.name.setText("sweep-lr once more")
    sheet.go.click()
    await use.settle()
    use.desk.branches.compare(use.task("sweep-lr one cycle").id, 3)
    await use.settle()
    assert use.desk.compare.shown
    page = use.window.compare
    for mode in ("unified", "split"):
        page.diff.show_split(mode == "split")
    page.closed.emit()
    await use.settle()
    use.desk.branches.keep(use.task("sweep-lr once more").id)
    asked = await use.sheet(AskSheet)
    click(asked, "keep.go")


async def merge_and_settle(use: DrivenUse) -> None:
    task = use.task("docs-pass")
    use.desk.decisions.merge(task.id)
    merge = await use.sheet(MergeSheet)
    merge.branch.setText("conflict")
    merge.go.click()
    await use.settle()
    merge.settle.click()
    sheet = await use.sheet(ConflictSheet)
    sheet.ours.click()
    sheet.theirs.click()
    sheet.change.click()
    await use.settle()
    await use.dismiss()
    use.desk.decisions.merge(task.id)
    merge = await use.sheet(MergeSheet)
    merge.go.click()
    await use.settle()
    merge.later.click()


async def trust_and_revoke(use: DrivenUse) -> None:
    task = next(t for t in use.desk.tasks() if t.policy_asks)
    use.desk.decisions.trust(task.id)
    click(await use.sheet(AskSheet), "trust.go")
    await use.settle()
    use.desk.registry.trigger("policy")
    await use.settle()
    await use.plane.untrust(scenes.PROJECT)


async def archive_and_back(use: DrivenUse) -> None:
    task = use.task("docs-pass")
    use.desk.keeping.archive(task.id)
    await use.settle()
    use.desk.keeping.archive(task.id)


async def clean_up(use: DrivenUse) -> None:
    use.desk.registry.trigger("disk")
    sheet = await use.sheet(DiskSheet)
    sheet.reject()


async def run_a_task_to_its_merge(use: DrivenUse) -> None:
    """The whole way: state asked for, question, approval, done, merged."""
    starting.start(use.desk, scenes.PROJECT, "fix-loader")
    click(await use.sheet(AskSheet), "dirty.include")
    await use.settle()
    task = use.desk.chosen
    await _until(use, task, lambda t: t.request is not None)
    await answer_a_question_of(use, task)
    await _until(use, task, lambda t: t.request is not None)
    use.desk.decisions.open_task(task)
    sheet = await use.sheet(ApprovalSheet)
    sheet.yes.click()
    await _until(use, task, lambda t: t.phase is Phase.DONE)
    use.desk.decisions.merge(task)
    merge = await use.sheet(MergeSheet)
    merge.go.click()
    await use.settle()
    merge.later.click()


async def answer_a_question_of(use: DrivenUse, task: str) -> None:
    use.desk.decisions.open_task(task)
    sheet = await use.sheet(QuestionSheet)
    sheet.text.setPlainText("plain, and short")
    await use.past_guard()
    sheet.send.click()
    await use.settle()


async def _until(use: DrivenUse, task: str, right: Callable[[Task], bool]) -> None:
    for _ in range(ROUNDS_MAX):
        if right(use.plane.state.tasks[task]):
            return
        await scripted_time(1)
    raise AssertionError(f"{use.plane.state.tasks[task].title} does not go on")


def click(sheet: QWidget, name: str) -> None:
    """Press the button of that name, as far as it may be pressed."""
    from clawdesk.ui.button import Button

    (button,) = [b for b in sheet.findChildren(Button) if b.objectName() == name]
    assert button.isEnabled(), f"{name} cannot be pressed yet"
    button.click()


ACTS: tuple[Any, ...] = (
    look_at_tasks,
    walk_the_timeline,
    search_tasks,
    read_a_growing_log,
    use_the_palette,
    look_at_pages,
    look_at_sheets,
    open_the_menu,
    fold_and_resize,
    change_the_theme,
    answer_a_question,
    review,
    reject,
    restore_and_undo,
    fork_compare_keep,
    merge_and_settle,
    trust_and_revoke,
    archive_and_back,
    clean_up,
    run_a_task_to_its_merge,
    use_models,
    sample_the_machine,
    use_the_channel,
    be_told,
    open_and_close_a_project,
    lose_the_plane,
    meet_a_refusal,
)
