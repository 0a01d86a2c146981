"""Acts by the names of what they would touch: task, checkpoint, project."""

from __future__ import annotations

from dataclasses import replace

from clawdesk.domain.model import Task
from clawdesk.viewmodels.task_acts import OF_PROJECT, OF_TASK, TITLE_CHARS_MAX, words
from tests.support import plane_scenes as scenes

NOW_MS = 100 * scenes.MINUTE
TASKS = {task.title: task for task in scenes.house(NOW_MS).values()}


def said(act: str, task: Task | None) -> tuple[str, str]:
    return words(act, task=task, project=scenes.PROJECT)


def test_every_act_on_a_task_names_it() -> None:
    task = TASKS["fix-loader"]
    for act in OF_TASK:
        assert "fix-loader" in said(act, task)[0], act
    for act in OF_PROJECT:
        assert "vision-lab" in said(act, task)[0], act


def test_what_a_roll_back_undoes_stands_beside_it() -> None:
    text, does = said("restore", TASKS["fix-loader"])
    assert text == "Roll fix-loader back to checkpoint 3…"
    assert does == "undoes 1 step of work"


def test_a_fork_says_whether_its_machine_comes_along() -> None:
    task = TASKS["fix-loader"]
    assert said("fork", task)[1] == "with its machine as it was"
    last = replace(task.checkpoints[-1], snapshot=None)
    bare = replace(task, checkpoints=(*task.checkpoints[:-1], last))
    assert said("fork", bare)[1] == "files only, a fresh machine"


def test_no_task_and_no_checkpoint_leave_the_general_words() -> None:
    assert said("restore", None) == ("", "")
    assert said("restore", replace(TASKS["fix-loader"], checkpoints=())) == ("", "")
    assert said("cancel", replace(TASKS["fix-loader"], checkpoints=()))[0] == "Cancel fix-loader…"
    assert words("policy", task=None, project="") == ("", "")


def test_a_long_name_is_cut_with_an_ellipsis() -> None:
    task = TASKS["fix-loader"]
    long = replace(task, definition=replace(task.definition, title="x" * 300))
    text = said("cancel", long)[0]
    assert "…" in text
    assert len(text) < TITLE_CHARS_MAX + 20


def test_the_next_one_is_named() -> None:
    waiting = [TASKS["fix-loader"]]
    assert words("next", task=None, project="", waiting=waiting)[1] == (
        "fix-loader: Approve checkpoint 4"
    )
    assert words("next", task=None, project="")[1] == ""
