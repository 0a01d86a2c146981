"""Names and values of secrets: what is one, where a value is found, and how it is hidden."""

from __future__ import annotations

import base64
import json
import random
from dataclasses import replace

import pytest

from clawdesk.domain.model import ProjectPolicy, StepSpec, Task, TaskDefinition
from clawdesk.domain.policy import secrets_of, under
from clawdesk.domain.rules import ProjectRules, Rules
from clawdesk.domain.secrets import Veil, VeiledStream, is_secret_name, is_secret_value

VALUE = "tok/en+with=odd&signs-42"
VEIL = Veil({"API_TOKEN": VALUE, "OTHER": "second-value"})


@pytest.mark.parametrize("name", ["A", "GITHUB_TOKEN", "X9_"])
def test_what_is_a_name(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a",
        "9A",
        "PATH",
        "LD_PRELOAD",
        "PYTHONPATH",
        "OPENAI_API_KEY",
        "CLAWDESK_STEP",
        "A" * 41,
    ],
)
def test_what_is_no_name(name: str) -> None:
    assert not is_secret_name(name), "it would change how a step runs, or is too long to be kept"


def test_a_value_is_long_enough_to_be_told_apart() -> None:
    assert not is_secret_value("short")
    assert not is_secret_value("two\nlines-of-it")
    assert is_secret_value(VALUE)


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "user:"])
@pytest.mark.parametrize("after", ["", "z", "zz", "\n"])
def test_a_value_is_found_however_it_was_written(before: str, after: str) -> None:
    whole = (before + VALUE + after).encode()
    ways = [
        whole,
        base64.b64encode(whole),
        base64.urlsafe_b64encode(whole),
        whole.hex().encode(),
        before.encode() + b"tok%2Fen%2Bwith%3Dodd%26signs-42",
    ]
    for way in ways:
        assert VEIL.found_in(b"\x00 some " + way + b" text") == "API_TOKEN", way
        assert b"[secret API_TOKEN]" in VEIL.hide(way)
    assert VEIL.found_in(VALUE[:-1].encode()) == ""


def test_without_secrets_everything_passes() -> None:
    assert Veil().hide(VALUE.encode()) == VALUE.encode()
    assert Veil().hide_text("a\udcffb") == "a\udcffb"
    assert Veil().found_in(VALUE.encode()) == ""
    assert VeiledStream(Veil()).feed(b"x") == b"x"


def test_a_stream_is_veiled_wherever_it_is_cut() -> None:
    seed = 20261126
    rng = random.Random(seed)
    text = f"begin {VALUE} and again {VALUE}{VALUE}, second-value; tok/en+ but not more\n".encode()
    for _ in range(300):
        stream, shown, rest = VeiledStream(VEIL), b"", text
        while rest:
            size = rng.randint(1, 12)
            shown, rest = shown + stream.feed(rest[:size]), rest[size:]
        shown += stream.flush()
        assert shown == VEIL.hide(text), f"seed {seed}"
        assert VALUE.encode() not in shown


def test_text_that_cannot_be_a_value_is_shown_at_once() -> None:
    assert VeiledStream(VEIL).feed(b"password: ") == b"password: "


def _task(**more: object) -> Task:
    definition = TaskDefinition("t", "T", (StepSpec("s", "true"),), secrets=("ONE", "TWO"))
    return Task("t", "/p", definition, ProjectPolicy(), 1, "c", "c", **more)  # type: ignore[arg-type]


def test_what_is_given_lies_inside_the_projects_and_the_users_policy() -> None:
    asked = ProjectPolicy(secrets_allow=("ONE", "TWO"))
    task = under(_task(policy_asked=asked), Rules())
    assert secrets_of(task) == ("ONE", "TWO")
    assert task.policy_asks == ("your secrets ONE, TWO for its tasks",), "it needs trust"
    bounded = Rules(projects={"/p": ProjectRules(secrets_allow=("TWO",))})
    task = under(_task(policy_asked=asked), bounded)
    assert secrets_of(task) == ("TWO",)
    assert task.policy_asks == (), "the user's own word grants what lies inside it"


def test_of_two_values_that_begin_alike_the_longer_is_hidden_whole() -> None:
    veil = Veil({"SHORT": "abcdefgh", "LONG": "abcdefgh-and-more", "URL": "db://u:abcdefgh@host"})
    whole = b"x abcdefgh y abcdefgh-and-more z db://u:abcdefgh@host db://u:abcdefgh.\nabcdefgh"
    assert b"more" not in veil.hide(whole)
    for first in range(len(whole)):
        for second in range(first, len(whole)):
            stream = VeiledStream(veil)
            parts = (whole[:first], whole[first:second], whole[second:])
            shown = b"".join(map(stream.feed, parts)) + stream.flush()
            assert shown == veil.hide(whole), (first, second)
    assert VeiledStream(veil).feed(b"db://u:abcdefgh@host") == b"[secret URL]", "at once"


@pytest.mark.parametrize(
    "written",
    [
        *("wJalr%2FK7MD%2BbPx%21%3D", "wJalr%2fK7MD%2bbPx%21%3d"),
        "wJalr/K7MD%2BbPx%21%3D",  # Python's quote
        "wJalr%2FK7MD%2BbPx!%3D",  # JavaScript's encodeURIComponent
        "wJalr/K7MD+bPx!=",  # its encodeURI
    ],
)
def test_each_usual_way_to_percent_encode_is_found(written: str) -> None:
    assert Veil({"A": "wJalr/K7MD+bPx!="}).found_in(f"key: {written}\n".encode()) == "A"


def test_a_value_in_json_is_found() -> None:
    value = 'a"quoted\\value'
    assert Veil({"A": value}).found_in(json.dumps({"key": value}).encode()) == "A"


def test_a_record_alone_gives_no_secret() -> None:
    forged = replace(_task(), policy=ProjectPolicy(secrets_allow=("ONE",)))
    assert secrets_of(under(forged, Rules())) == ()
