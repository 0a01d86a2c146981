"""What a task ran for a checkpoint, from its records alone."""

from __future__ import annotations

from dataclasses import replace

from clawdesk.domain.model import Task
from clawdesk.viewmodels.ran import NAMES_MAX, ran_words
from tests.support.plane_scenes import Story

NOW = 1_764_000_000_000


def after(steps: int, of: int = 4) -> Task:
    """A task with a checkpoint at the end of each of so many steps."""
    story = Story(1, "t", NOW, 60, steps=of)
    for index in range(steps):
        story.step(59 - index, index)
        story.checkpoint(58.5 - index)
    return story.task


def words(task: Task, **changes: object) -> str:
    last = replace(task.checkpoints[-1], **changes)  # type: ignore[arg-type]
    return ran_words(replace(task, checkpoints=(*task.checkpoints[:-1], last)), last)


def test_all_steps_up_to_it_ended_well() -> None:
    assert words(after(3)) == "survey, rewrite, check: ended well (exit code 0)"


def test_only_what_was_not_looked_at_before() -> None:
    task = after(3)
    seen = task.checkpoints[0]
    assert words(task, since=seen.commit) == "rewrite, check: ended well (exit code 0)"
    asked = replace(seen, guest_request="r1")
    again = replace(task, checkpoints=(asked, *task.checkpoints[1:]))
    assert words(again, since=asked.commit).startswith("survey, rewrite, check: "), "it went on"


def test_a_step_that_waits_in_the_middle_is_not_called_good() -> None:
    for middle in ({"guest_request": "r1"}, {"mid_step": True}):
        assert words(after(2), **middle) == (
            "survey: ended well (exit code 0)\nrewrite: has not ended yet"
        )
        assert words(after(1), **middle) == "survey: has not ended yet"


def test_many_are_counted() -> None:
    said = words(after(NAMES_MAX + 2, of=NAMES_MAX + 2))
    assert " and 2 more: ended well" in said


def test_no_checkpoint_says_nothing() -> None:
    assert ran_words(after(1), None) == ""
