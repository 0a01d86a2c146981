"""Words typed in a chat: what they are about, what they may do, what is told."""

from __future__ import annotations

from dataclasses import replace

from clawdesk.domain import model
from clawdesk.domain.channel.model import Answer, Ask, Form, Word
from clawdesk.domain.channel.typed import Said, Typed, handle, mentioned, understand
from clawdesk.domain.channel.words import DESCRIPTION_CHARS_MAX, card

CANARY = "ghp_canary0123456789abcdef0123456789abcd"
REQUEST = model.Request(
    "0123456789abcdef",
    model.Kind.CLARIFY,
    1,
    1,
    "d" * 64,
    question=f"Which style? See /etc/passwd and {CANARY}",
    choices=("long", "short"),
    diffstat=model.DiffStat(1, 2, 3),
)


def task(request: model.Request = REQUEST) -> model.Task:
    definition = model.TaskDefinition("t", "Choose a style", (model.StepSpec("one", "true"),))
    made = model.Task(
        "T1", "/home/me/secret-place/notes", definition, model.ProjectPolicy(), 0, "b", "s"
    )
    return replace(made, phase=model.Phase.HELD, request=request)


def ask(request: model.Request = REQUEST) -> Ask:
    return Ask("T1", request.id, request.kind, request.digest)


def typed(text: str, request: model.Request = REQUEST) -> Said | tuple[Ask, Word]:
    return understand(Typed("n1", text, "telegram:4242"), [ask(request)], {"T1": task(request)})


def test_what_waits_is_listed_by_name_without_a_word_of_the_task() -> None:
    said = typed("  ")
    assert isinstance(said, Said)
    assert said.known
    assert said.text.startswith(f"{handle(ask())}  notes, Choose a style: a question")
    assert "Which style" not in said.text
    assert understand(Typed("n", "", "x"), [], {}) == Said(False, "Nothing waits for you.")


def test_a_question_is_read_on_request_and_cleaned() -> None:
    said = typed(handle(ask()))
    assert isinstance(said, Said)
    assert "Which style?" in said.text
    assert "Choices: long | short" in said.text
    for hidden in (CANARY, "/etc/passwd", "secret-place"):
        assert hidden not in said.text


def test_words_behind_the_name_are_an_answer_and_never_an_approval() -> None:
    for text in ("approve", "allow-once", "two\nlines"):
        found = typed(f"{handle(ask()).upper()} {text}")
        assert not isinstance(found, Said)
        assert found[1] == Word(
            "typed-n1", ask().mark, Form.QUESTION, Answer.TEXT, text, "telegram:4242"
        )
    found = typed(f"{handle(ask())}\nbelow it")
    assert not isinstance(found, Said)
    assert found[1].text == "below it"


def test_words_behind_a_question_mark_are_asked_back() -> None:
    found = typed(f"{handle(ask())} ? which of the walls")
    assert not isinstance(found, Said)
    assert (found[1].answer, found[1].text) == (Answer.BACK, "which of the walls")
    said = typed(handle(ask()))
    assert isinstance(said, Said)
    assert "asked back" in said.text


def test_who_only_asks_about_an_approval_rejects_nothing() -> None:
    said = typed(f"{handle(ask())} ? why", replace(REQUEST, kind=model.Kind.APPROVE))
    assert isinstance(said, Said)
    assert said.text.startswith("Only a question can be asked back. ")


def test_another_digest_has_another_name() -> None:
    old = handle(ask())
    newer = replace(REQUEST, digest="e" * 64)
    said = typed(f"{old} shorter", newer)
    assert isinstance(said, Said)
    assert not said.known, "another ClawDesk may know it"
    assert "Nothing waits under" in said.text


def test_a_card_names_it_only_where_there_is_room() -> None:
    request = replace(REQUEST, kind=model.Kind.APPROVE, why="src/a.py is in [approval]")
    shown = card(task(request), ask(request), Form.APPROVAL, 1)
    named = mentioned(shown, ask(request)).description
    assert named.endswith(f"/clawdesk {handle(ask(request))} and your comment.")
    full = replace(shown, description="x" * (DESCRIPTION_CHARS_MAX - 5))
    assert mentioned(full, ask(request)) == full
