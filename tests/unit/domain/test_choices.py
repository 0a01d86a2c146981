"""Choices with consequences: what one is called, and which one an answer means."""

from __future__ import annotations

from clawdesk.domain import effects as do
from clawdesk.domain import events as ev
from clawdesk.domain.choices import meant, name_of
from clawdesk.domain.model import Checkpoint, Question, Verdict
from clawdesk.domain.replacing import replace
from tests.sim.test_decisions import Story

FULL, MINI = "data/full\nThe set of November. 41 GiB.", "data/mini"


def test_the_first_line_is_the_name() -> None:
    assert name_of(FULL) == "data/full"
    assert name_of(f"\n  {MINI} \n") == "data/mini"


def test_a_name_means_the_whole_choice() -> None:
    assert meant((FULL, MINI), "data/full") == FULL
    assert meant((FULL, MINI), FULL) == FULL
    assert meant((FULL, MINI), "data/mini") == MINI


def test_other_words_stay_as_they_are() -> None:
    assert meant((FULL, MINI), "both of them\nplease") == "both of them\nplease"
    assert meant((), "yes") == "yes"
    twice = ("a\nfast", "a\nslow")
    assert meant(twice, "a") == "a", "two are called so, and nobody guesses"


class Asked(Story):
    """A story whose checkpoint waits for the answer to a question."""

    def _checkpoint(self, e: do.TakeCheckpoint) -> Checkpoint:
        asked = Question("which", "Which data?", (FULL, MINI))
        waits = replace(super()._checkpoint(e), guest_request="g", question=asked)
        return replace(waits, approval_reason="")


def test_a_task_hears_the_whole_choice_that_somebody_named() -> None:
    story = Asked()
    intent = story._intent("answered")
    given = ev.DecisionGiven(
        0, "T", "which", Verdict.ANSWERED, "ann", "cli", "", "", "data/full", intent
    )
    story.post(given)
    deciding = story.state.tasks["T"].deciding
    assert deciding is not None
    assert deciding.text == FULL
