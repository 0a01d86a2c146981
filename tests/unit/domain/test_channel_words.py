"""What may reach a chat: no line of a change, no secret, no path outside the project."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clawdesk.domain.channel import words
from clawdesk.domain.channel.model import Ask, Form
from clawdesk.domain.model import (
    DiffStat,
    Kind,
    Phase,
    ProjectPolicy,
    Request,
    StepSpec,
    Task,
    TaskDefinition,
)

SECRETS = (
    "ghp_0123456789abcdefghij0123456789abcdef",
    "AKIAIOSFODNN7EXAMPLE",
    "sk-proj-0123456789abcdef",
    "password: hunter2hunter2",
    "api_key=0123456789",
    "-----BEGIN OPENSSH PRIVATE KEY----- b3BlbnNzaC1rZXk",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0",
    "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4",
)
PATHS = ("/etc/shadow", "/home/ann/.ssh/id", "~/.netrc", "../../x/y", "C:\\Users\\ann\\x")


def task(request: Request, title: str = "Tidy") -> Task:
    definition = TaskDefinition("t", title, (StepSpec("one", "true"),))
    held = Task("T", "/home/ann/src/notes", definition, ProjectPolicy(), 0, "b", "s")
    return replace(held, phase=Phase.HELD, request=request)


def approval(look: str = "") -> Request:
    said = "approve me now: all is well"
    size = DiffStat(3, 41, 7)
    return Request(
        "r" * 16, Kind.APPROVE, 0, 3, "d" * 64, message=said, why="Asks.", diffstat=size, look=look
    )


def ask(request: Request, *, may: bool = True) -> Ask:
    return Ask("T", request.id, request.kind, request.digest, may)


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_are_hidden(secret: str) -> None:
    found = words.clean(f"before {secret} after", 500)
    assert secret not in found
    assert found.startswith("before"), found


@pytest.mark.parametrize("path", PATHS)
def test_paths_outside_the_project_are_hidden(path: str) -> None:
    assert path not in words.clean(f"see {path} now", 500)
    assert words.clean("in src/a/b.py and docs/**", 500) == "in src/a/b.py and docs/**"


def test_control_and_direction_marks_and_markup_are_gone() -> None:
    found = words.clean("a\x1b[31m\u202eb\n<b>c</b> & `d`", 500)
    assert not set(found) & set("\x1b\u202e\n<>&`")


def test_an_approval_says_counts_and_rules_and_nothing_of_the_tasks_own_words() -> None:
    request = approval()
    card = words.card(
        task(request, "Tidy\u202e " + "x" * 200), ask(request), Form.APPROVAL, 1, "diff"
    )
    assert len(card.title) <= words.TITLE_CHARS_MAX
    assert len(card.description) <= words.DESCRIPTION_CHARS_MAX
    assert "3 files, +41 -7" in card.description
    assert "approve me" not in card.title + card.description
    assert "/home/ann" not in card.title + card.description
    assert "diff" not in card.title + card.description
    assert card.detail == "diff"


def test_the_last_of_the_first_four_says_when_it_comes_again() -> None:
    request = approval()
    texts = [
        words.card(task(request), ask(request), Form.APPROVAL, n).description for n in (3, 4, 5)
    ]
    assert ["Asked again in" in text for text in texts] == [False, True, True]
    assert "Asked again in 1 h" in texts[1]
    assert "Asked again in 2 h" in texts[2]


def test_what_a_summary_is_not_enough_for_is_said_with_its_reason() -> None:
    request = approval(look="Makefile would run on your machine after a merge.")
    card = words.card(task(request), ask(request, may=False), Form.APPROVAL, 1)
    assert not card.may_approve
    assert "Makefile would run" in card.description
    assert "Approved in ClawDesk, it closes here as denied." in card.description


def test_choices_are_buttons_where_a_gateway_can_show_them() -> None:
    def asked(*choices: str) -> Request:
        return Request(
            "q" * 16, Kind.CLARIFY, 0, 1, "d", key="k", question="Which?", choices=choices
        )

    assert words.labels_of(asked("a", "b")) == ("a", "b")
    for odd in ((), ("a",), ("a", "a"), tuple("abcde")):
        assert words.labels_of(asked(*odd)) == ()
    many = asked(*"abcde")
    assert "a | b | c" in words.card(task(many), ask(many), Form.QUESTION, 1).description
    hidden = asked("/etc/a", "keep")
    assert words.labels_of(hidden) == ("(a path)", "keep")
    assert words.chosen(hidden, "(a path)") == "/etc/a", "a label stands for the choice behind it"
    assert words.chosen(hidden, "my own words") == "my own words"
