"""A question with its context, what each choice does, and what is known without its step."""

from __future__ import annotations

from dataclasses import replace

from clawdesk.domain.model import DiffStat, Kind, Request
from clawdesk.domain.moves import GIVE_UP, RETRY, TELL
from clawdesk.viewmodels.questions import Choice, QuestionView, parts, question_view
from tests.support import plane_scenes as scenes

NOW_MS = 100 * scenes.MINUTE
TASK = next(t for t in scenes.house(NOW_MS).values() if t.title == "bench-fp8")


def view_of(**changes: object) -> QuestionView:
    assert TASK.request is not None
    request: Request = replace(TASK.request, **changes)  # type: ignore[arg-type]
    return question_view(replace(TASK, request=request), request, now_ms=NOW_MS)


def test_the_first_line_asks_and_the_rest_is_its_context() -> None:
    view = view_of(question="\nWhich one?\n\nThere are two.\nThey differ.\n")
    assert (view.question, view.context) == ("Which one?", "There are two.\nThey differ.")
    assert parts("Only this?") == ("Only this?", "")


def test_a_choice_says_what_it_costs_and_is_sent_as_it_was_given() -> None:
    given = "full\nThe set of November.\n41 GiB."
    view = view_of(choices=(given, "mini"), default="mini")
    assert view.choices == (
        Choice(given, "full", "The set of November. 41 GiB."),
        Choice("mini", "mini", "", usual=True),
    )


def test_what_is_known_without_the_step_stands_beside_it() -> None:
    view = view_of(diffstat=DiffStat(2, 5, 1))
    facts = dict(view.facts)
    assert facts["So far"] == "2 checkpoints; the last changed 2 files +5 −1"  # noqa: RUF001
    assert "Checkpoint 2 holds this moment" in facts["After it"]
    assert view.waiting == "waiting 9 m · memory freed"
    assert view.where.startswith("Step 2 rewrite, ")


def test_what_clawdesk_itself_asks_says_what_each_answer_does() -> None:
    view = view_of(key=RETRY, choices=(RETRY, TELL, GIVE_UP), kind=Kind.CLARIFY)
    assert all(choice.note for choice in view.choices)
    assert [choice.answer for choice in view.choices] == [RETRY, TELL, GIVE_UP]
    assert "After it" not in dict(view.facts), "no checkpoint was made to go back to"
    same_words = view_of(choices=(RETRY,))
    assert same_words.choices[0].note == "", "a step's own choice is never explained by us"


def test_at_most_nine_rows() -> None:
    assert len(view_of(choices=tuple(f"c{n}" for n in range(30))).choices) == 9
