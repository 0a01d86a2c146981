"""A question with its context, what each choice does, and what is known without its step."""

from __future__ import annotations

from dataclasses import replace

from clawdesk.domain.model import AgentSpec, DiffStat, Kind, Record, Request, Task
from clawdesk.domain.moves import GIVE_UP, RETRY, TELL
from clawdesk.viewmodels.lane import lane_of
from clawdesk.viewmodels.questions import (
    Choice,
    QuestionView,
    asked_back_before,
    parts,
    question_view,
)
from clawdesk.viewmodels.report import Around, report
from clawdesk.viewmodels.story import sentence
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
    ours = {"key": RETRY, "kind": Kind.CLARIFY, "guest_request": ""}
    view = view_of(choices=(RETRY, TELL, GIVE_UP), **ours)
    assert all(choice.note for choice in view.choices)
    assert [choice.answer for choice in view.choices] == [RETRY, TELL, GIVE_UP]
    assert "After it" not in dict(view.facts), "no checkpoint was made to go back to"
    assert view.back.why_not == "ClawDesk asks this itself, so there is nobody to ask back."
    assert not view.back.becomes
    same_words = view_of(choices=(RETRY,), key=RETRY)
    assert same_words.choices[0].note == "", "a step's own choice is never explained by us"


def test_at_most_nine_rows() -> None:
    assert len(view_of(choices=tuple(f"c{n}" for n in range(30))).choices) == 9


def test_what_asking_back_does_is_said_before() -> None:
    plain = view_of().back
    assert plain.may_end
    assert "exit code 4" in plain.becomes
    assert "Checkpoint 2 stays" in plain.becomes
    told = replace(TASK.definition, agent=AgentSpec("acp", "p", "run"))
    assert TASK.request is not None
    agents = question_view(replace(TASK, definition=told), TASK.request, now_ms=NOW_MS).back
    assert (agents.may_end, agents.why_not) == (False, "")
    assert "the agent gets your words" in agents.becomes


def told(key: str, *records: tuple[str, dict[str, str]]) -> str:
    """What stands before a question of that key which is asked behind these records."""
    assert TASK.request is not None
    now = replace(TASK.request, id="now", key=key)
    asked = ("requested", {"request": "now", "key": key})
    made = tuple(Record(event, NOW_MS, dict(fields)) for event, fields in (*records, asked))
    return asked_back_before(replace(TASK, request=now, records=made), now)


def asked(request: str, key: str) -> tuple[str, dict[str, str]]:
    return ("requested", {"request": request, "key": key})


def decided(request: str, verdict: str, text: str) -> tuple[str, dict[str, str]]:
    return ("decision", {"request": request, "verdict": verdict, "text": text})


def test_a_question_shows_what_was_asked_back_before_it() -> None:
    back = decided("a", "asked_back", "Which\nof them?")
    assert told("k", asked("a", "k"), back) == "Which of them?"
    assert told("other", asked("a", "k"), back) == "Which of them?", "the next one of the task"
    assert told("k") == ""
    later = (asked("b", "other"), decided("b", "answered", "no"))
    assert told("k", asked("a", "k"), back, *later) == "Which of them?", "the same one again"
    assert told("third", asked("a", "k"), back, *later) == ""
    settled = (asked("b", "k"), decided("b", "answered", "no"))
    assert told("k", asked("a", "k"), back, *settled) == ""
    assert told("k", asked("a", "k"), back, ("restored", {})) == "", "that task never heard it"


def test_every_page_says_it_with_the_words() -> None:
    task: Task = scenes.asked_again(TASK, NOW_MS)
    assert task.request is not None
    view = question_view(task, task.request, now_ms=NOW_MS)
    assert view.asked_back == scenes.ASKED_BACK
    record = next(r for r in task.records if r.event == "decision")
    assert sentence(record) == f"asked back by you window: {scenes.ASKED_BACK}"
    marks = [mark.text for mark in lane_of(task, NOW_MS).order]
    assert f"Waited 5 m for you: asked back, “{scenes.ASKED_BACK}”." in marks
    record.fields["ordinal"] = 2
    said = report(task, Around(NOW_MS))
    assert "asked back at checkpoint 2 by you via window: “Which of them" in said
