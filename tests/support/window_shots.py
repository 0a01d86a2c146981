"""Pictures of the real window on the scripted plane: `python -m tests.support.window_shots OUT`.

Needs a display (Xvfb); takes the whole screen, so that sheets are seen where they really are.
`SHOT_SIZE=1024x700`, `SHOT_THEMES=dark` and `SHOT_LANGUAGE=de` in the environment choose what is
drawn.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from clawdesk.domain.model import AgentSpec, Task
from clawdesk.runtime.api import PolicyView
from clawdesk.ui import image_access, prompt_sheet, starting, theme, tokens
from clawdesk.ui.acts import show_policy
from clawdesk.ui.approval_sheet import ApprovalSheet
from clawdesk.ui.clock import WallClock
from clawdesk.ui.conflict_sheet import ConflictSheet
from clawdesk.ui.desk import Desk
from clawdesk.ui.loop import application
from clawdesk.ui.memory import Memory
from clawdesk.ui.merge_sheet import MergeSheet
from clawdesk.ui.new_task_sheet import NewTaskSheet
from clawdesk.ui.palette_sheet import PaletteSheet
from clawdesk.ui.question_sheet import QuestionSheet
from clawdesk.ui.words import install_language
from clawdesk.viewmodels.review import LineComment
from tests.support import (
    channel_scenes,
    fork_scenes,
    model_scenes,
    pairing_scenes,
    rough_scenes,
    talk_scene,
    trust_scene,
)
from tests.support import plane_scenes as scenes
from tests.support.at_rest import Wait
from tests.support.plane_fake import FakePlane, scripted_time

SETTLE_MS = 350
FORKED = {"fork", "keep", "forks", "compare", "disk", "archive"}
SIZE = tuple(int(n) for n in os.environ.get("SHOT_SIZE", "1440x900").split("x"))
# Sheets whose buttons wait for the guard are pictured after it.
REVIEWS = {"approval", "approval-part", "approval-comment", "approval-split", "approval-edit"}
FORMS = {"reserve", "budget"}  # of the models page
PLACES = {"changes", "checkpoints", "conversation", "conversation-found", "log-filter"}
CONFLICTS = {"conflict", "conflict-files", "conflict-sides", "conflict-edit"}
SHOWN = {"help", "settings", "policy", "new", "operations"}  # by the act of that name
SHEETS = {
    "question",
    "ask-back",
    "ask-back-agent",
    "revoke",
    "dirty",
    "restore",
    "merge",
    "unmerge",
    "trust",
    *FORMS,
    "fork",
    "keep",
    "disk",
    "prompt",
    "write",
    "lacking",
    "allow",
    "take-back",
    "own-rules",
    "save-task",
}
PAIRED = {"peers", "peers-folded", "peers-busy", "revoke"}
FILLED = {"full", "small"} | PAIRED | SHEETS - FORKED
FABRICS = {
    **model_scenes.SCENES,
    **dict.fromkeys((*FORMS, "write", "save-task", "lacking", "allow"), model_scenes.busy),
    **dict.fromkeys(PAIRED, model_scenes.paired),
    **pairing_scenes.SCENES,
    "peers-busy": model_scenes.busy_peers,
}
DECIDED = {*REVIEWS, *SHEETS, "home", "new", "help"}


def plane_of(scene: str) -> FakePlane:
    """A scripted plane as the scene begins."""
    if scene in rough_scenes.ACTS:
        return rough_scenes.plane_of(scene)
    plane = FakePlane(lambda: time.time_ns() // 1_000_000)
    filled = FILLED | PLACES | SHOWN | REVIEWS | FORKED | CONFLICTS | {"palette"}
    of_fabric = (*model_scenes.SCENES, *channel_scenes.SCENES, *pairing_scenes.SCENES)
    if scene in filled or scene in of_fabric:
        plane.fill()
        _add_tasks(plane, scene)
    elif scene in {"empty", "bare"}:
        known = scenes.project(dirty=())
        bare = replace(known, definitions=(), mistakes=())
        plane.projects[scenes.PROJECT] = bare if scene == "bare" else known
    plane.load = scenes.load(gpus=scene not in {"empty", "small"})
    plane.environment = scenes.environment(kvm=scene not in {"home", "small"})
    _rules(plane, scene)
    if scene in FABRICS:
        plane.environment = replace(plane.environment, fabric=FABRICS[scene]())
    if scene in pairing_scenes.SCENES:
        pairing_scenes.prepare(plane, scene)
    if scene in channel_scenes.SCENES:
        view = channel_scenes.view_of(scene, list(plane.state.tasks))
        plane.environment = replace(plane.environment, channel=view)
    return plane


def _add_tasks(plane: FakePlane, scene: str) -> None:
    """What the scene has beside the tasks of every scene."""
    if scene == "trust":
        task = trust_scene.untrusted(plane.now_ms())
        plane.state.tasks[task.id] = task
    if scene.startswith("conversation"):
        for task in plane.state.tasks.values():
            plane.state.tasks[task.id] = talk_scene.with_spending(task)
            plane.logs[task.id] = list(talk_scene.spoken(plane.now_ms()))
    if scene in FORKED:
        plane.state.tasks.update(fork_scenes.forked_house(plane.now_ms()))
    if scene == "disk":
        plane.use = fork_scenes.disk_use(plane.state.tasks, plane.now_ms())


def _rules(plane: FakePlane, scene: str) -> None:
    """A project without a file, and a user who allowed no host yet."""
    if scene in {"lacking", "allow"}:
        plane.access = trust_scene.NOT_ALLOWED
        plane.policy = PolicyView(scenes.PROJECT, "", (), trusted=False)


def _channel(desk: Desk, _tasks: list[Task]) -> None:
    desk.registry.trigger("settings")


def _channel_sheet(button: str) -> Callable[[Desk, list[Task]], None]:
    def press(desk: Desk, tasks: list[Task]) -> None:
        _channel(desk, tasks)
        getattr(desk.window.settings.channel, button).click()

    return press


def _archive(desk: Desk, tasks: list[Task]) -> None:
    for task in tasks[7:9]:
        desk.keeping.archive(task.id)
    desk.window.tasks.choose_filter("Archive")
    desk.window.tasks.search.setText("sweep")


def _unmerge(desk: Desk, tasks: list[Task]) -> None:
    desk.plane.state.tasks[tasks[9].id] = replace(tasks[9], merged_into="main")
    desk.decisions.unmerge(tasks[9].id)


def _trust(desk: Desk, tasks: list[Task]) -> None:
    desk.window.tasks.list.choose(tasks[-1].id)
    desk.decisions.act("trust")


def _prompt(desk: Desk, tasks: list[Task]) -> None:
    prompt_sheet.ask(desk, tasks[9].id)


WRITTEN = (
    "The test in tests/test_loader.py fails since the shuffle was added.\n\n"
    "Mend the loader, not the test, and add a test for an empty shard."
)


def _write(desk: Desk, _tasks: list[Task]) -> None:
    desk.registry.trigger("prompt_task")
    sheet = desk.decisions.sheet
    assert isinstance(sheet, NewTaskSheet)
    sheet.form.prompt.setPlainText(WRITTEN)


def _allow(desk: Desk, tasks: list[Task]) -> None:
    _write(desk, tasks)
    image_access.ask_allow(desk, trust_scene.NOT_ALLOWED, lambda _: None)


def _take_back(desk: Desk, _tasks: list[Task]) -> None:
    desk.registry.trigger("settings")
    image_access.ask_take_back(desk, trust_scene.ALLOWED, lambda _: None)


def _save_task(desk: Desk, tasks: list[Task]) -> None:
    _write(desk, tasks)
    sheet = desk.decisions.sheet
    assert isinstance(sheet, NewTaskSheet)
    sheet.form.save.click()


def _found(desk: Desk, _tasks: list[Task]) -> None:
    desk.registry.trigger("find_said")
    desk.window.inspector.conversation.search.setText("test_add_7")


def _filtered(desk: Desk, _tasks: list[Task]) -> None:
    desk.registry.trigger("filter_log")
    desk.window.inspector.log_filter.field.setText("lr")


def _titled(tasks: list[Task], title: str) -> Task:
    return next(task for task in tasks if task.title == title)


def _reserve(desk: Desk, _tasks: list[Task]) -> None:
    desk.registry.trigger("models")
    desk.models.act("reserve", "qwen3-32b")


def _budget(desk: Desk, _tasks: list[Task]) -> None:
    desk.registry.trigger("models")
    desk.models.budget("/home/ada/notes")


def _palette(desk: Desk, _tasks: list[Task]) -> None:
    desk.registry.trigger("palette")
    for sheet in desk.window.findChildren(PaletteSheet):
        sheet.field.setText("> roll")


def _ask_back(desk: Desk, tasks: list[Task]) -> None:
    """Own words stand in the field, of a question that comes behind one that was asked back."""
    asked = scenes.asked_again(tasks[1], desk.clock.now_ms())
    desk.plane.state.tasks[asked.id] = asked
    desk.decisions.open_task(asked.id)
    sheet = desk.decisions.sheet
    assert isinstance(sheet, QuestionSheet)
    sheet.text.setPlainText("Which of them has the labels of October?")


def _ask_back_agent(desk: Desk, tasks: list[Task]) -> None:
    asked = tasks[1]
    agent = AgentSpec("acp", "Make the benchmark comparable.", "agent")
    told = replace(asked.definition, agent=agent)
    desk.plane.state.tasks[asked.id] = replace(asked, definition=told)
    desk.decisions.open_task(asked.id)


_ACTS: dict[str, Callable[[Desk, list[Task]], None]] = {
    "question": lambda desk, tasks: desk.decisions.open_task(tasks[1].id),
    "ask-back": _ask_back,
    "ask-back-agent": _ask_back_agent,
    "restore": lambda desk, tasks: desk.branches.restore(tasks[3].id, 2),
    "fork": lambda desk, tasks: desk.branches.fork(tasks[0].id, 2),
    "keep": lambda desk, tasks: desk.branches.keep(_titled(tasks, "sweep-lr one cycle").id),
    "compare": lambda desk, tasks: desk.branches.compare(
        _titled(tasks, "sweep-lr one cycle").id, 3
    ),
    "disk": lambda desk, tasks: desk.registry.trigger("disk"),
    "archive": _archive,
    "dirty": lambda desk, tasks: starting.start(desk, scenes.PROJECT, "fix-loader"),
    "merge": lambda desk, tasks: desk.decisions.merge(tasks[9].id),
    "unmerge": _unmerge,
    "trust": _trust,
    "prompt": _prompt,
    "write": _write,
    "lacking": _write,
    "allow": _allow,
    "take-back": _take_back,
    "own-rules": lambda desk, tasks: show_policy(desk, "own"),
    "save-task": _save_task,
    "reserve": _reserve,
    "budget": _budget,
    "peers-folded": lambda desk, tasks: desk.registry.trigger("fold_peers"),
    "revoke": lambda desk, tasks: desk.peers.revoke("lab2"),
    "palette": _palette,
    "channel": _channel,
    "channel-unreachable": _channel,
    "channel-pairing": _channel,
    "channel-setup": _channel_sheet("add"),
    "channel-remove": _channel_sheet("remove"),
    "changes": lambda desk, tasks: desk.window.inspector.choose_place("changes"),
    "checkpoints": lambda desk, tasks: desk.window.inspector.choose_place("checkpoints"),
    "conversation": lambda desk, tasks: desk.window.inspector.choose_place("conversation"),
    "conversation-found": _found,
    **rough_scenes.ACTS,
    "log-filter": _filtered,
}


async def act(desk: Desk, scene: str, wait: Wait = scripted_time) -> None:
    """Bring the scene on.

    Args:
        wait: lets time pass for the window.
    """
    tasks = list(desk.plane.state.tasks.values())
    if scene in REVIEWS:
        desk.decisions.open_task(tasks[0].id)
        await wait(SETTLE_MS)
        await review_act(desk, scene.removeprefix("approval").removeprefix("-"), wait)
    elif scene in CONFLICTS:
        await conflict_act(desk, tasks, scene, wait)
    elif scene in pairing_scenes.SCENES:
        await pairing_scenes.act(desk, scene, wait)
    elif scene in _ACTS:
        _ACTS[scene](desk, tasks)
    elif scene in model_scenes.SCENES:
        model_scenes.remember(desk)
        desk.registry.trigger("models")
    elif scene in SHOWN:
        desk.registry.trigger(scene)
    await wait(1_000 if scene in DECIDED else 100)


async def conflict_act(desk: Desk, tasks: list[Task], scene: str, wait: Wait) -> None:
    """A merge that meets a conflict, and what a person does with it."""
    desk.decisions.merge(tasks[9].id)
    merge = desk.decisions.sheet
    assert isinstance(merge, MergeSheet)
    await wait(1_000)
    merge.branch.setText("conflict")
    merge.go.click()
    await wait(SETTLE_MS)
    if scene == "conflict":
        return
    merge.settle.click()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, ConflictSheet)
    await wait(1_000)
    if scene != "conflict-files":
        sheet.ours.click()
        sheet.theirs.click()
        sheet.list.setCurrentIndex(sheet.files.index(3))
    if scene == "conflict-edit":
        sheet.change.click()
        await wait(SETTLE_MS)
        sheet.edit.save.click()


async def review_act(desk: Desk, what: str, wait: Wait) -> None:
    """Bring the review on screen into a state worth a picture."""
    sheet = desk.decisions.sheet
    assert isinstance(sheet, ApprovalSheet)
    if what in {"split", "comment"}:
        sheet.pane.mode.choose("split")
        sheet.diff.show_split(what == "split")
    if what in {"part", "split"}:
        sheet.pane.hunk_wanted.emit("src/loader.py", 1)
        sheet.pane.file_wanted.emit("Makefile", False)
        line = LineComment("src/loader.py", 88, "new", "order = list(range(count))", "Sorted?")
        more = "This changes the order of every epoch.\nIs a test for that possible?"
        sheet.pane.comment.kept.emit(line)
        sheet.pane.comment.kept.emit(LineComment("src/loader.py", 87, "new", "rng = …", more))
        sheet.note.setText("Keep the Makefile as it is.")
    if what == "comment":
        sheet.pane.mode.choose("unified")
        sheet.diff.show_line("src/loader.py", 90, "new")
        sheet.pane.begin_comment()
        sheet.pane.comment.text.setPlainText("An empty shard is no error here")
    if what == "edit":
        sheet.diff.show_line("src/loader.py", 90, "new")
        sheet.pane.want_edit()
    await wait(SETTLE_MS)


def remember_recent(memory: Memory) -> None:
    """Two projects that were open before, one long ago."""
    now_ms, day_ms = time.time_ns() // 1_000_000, 86_400_000
    memory.remember_project("/home/ada/notes", now_ms - 22 * day_ms)
    memory.remember_project("/home/ada/src/tokenizer-rs", now_ms - day_ms)


async def shoot(out: Path, scene: str, chosen: tokens.Theme) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, chosen)
    with tempfile.TemporaryDirectory() as folder:
        memory = Memory(QSettings(f"{folder}/w.ini", QSettings.Format.IniFormat))
        remember_recent(memory)
        desk = Desk(plane_of(scene), WallClock(), memory)
        desk.window.move(0, 0)
        wide, high = (1080, 640) if scene == "small" else SIZE
        desk.window.resize(wide, high)
        desk.window.show()
        if scene != "home":
            tasks = list(desk.plane.state.tasks)
            if tasks:
                desk.choose_project(scenes.PROJECT)
                desk.window.tasks.list.choose(tasks[2])
        await scripted_time(SETTLE_MS)
        await act(desk, scene)
        await scripted_time(SETTLE_MS)
        size = desk.window.size()
        picture = app.primaryScreen().grabWindow(0, 0, 0, size.width(), size.height())
        out.mkdir(parents=True, exist_ok=True)
        picture.save(str(out / f"{scene}-{chosen.value}.png"))
        if desk.decisions.sheet is not None:
            desk.decisions.sheet.reject()
        await desk.close()
        desk.window.let_go()
        desk.window.deleteLater()


def main(argv: list[str]) -> int:
    out = Path(argv[0])
    wanted = argv[1:] or [
        "full",
        "small",
        "empty",
        "bare",
        "home",
        *sorted(REVIEWS),
        "question",
        "ask-back",
        "ask-back-agent",
        "restore",
        "dirty",
        "merge",
        "prompt",
        "lacking",
        "allow",
        "take-back",
        "own-rules",
        "fork",
        "keep",
        "compare",
        "disk",
        "archive",
        "trust",
        "changes",
        "checkpoints",
        "palette",
        "help",
        "settings",
        "policy",
        "new",
        "write",
        "save-task",
        "operations",
        *model_scenes.SCENES,
        *channel_scenes.SCENES,
        *sorted(FORMS),
        *rough_scenes.ACTS,
        *sorted(PAIRED),
        *pairing_scenes.SCENES,
    ]
    themes = os.environ.get("SHOT_THEMES", "dark light").split()
    app = application()
    install_language(app, [os.environ.get("SHOT_LANGUAGE", "en")])

    import qasync

    loop = qasync.QEventLoop(app)

    async def all_of_them() -> None:
        for name in themes:
            for scene in wanted:
                await shoot(out, scene, tokens.Theme(name))

    with loop:
        loop.run_until_complete(all_of_them())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
