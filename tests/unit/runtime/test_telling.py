"""Model calls as lines of the log, kept with what the step printed."""

from __future__ import annotations

from clawdesk.domain.secrets import Veil
from clawdesk.ports.guest import ModelCalled
from clawdesk.runtime.output import TaskOutput
from clawdesk.runtime.telling import model_lines

AT_MS = 1_700_000_000_000
CALLED = ModelCalled("m", "two\nlines\n", "I look.\ncalls shell ls", 200, 1234.0, 1200, 3)


def test_a_call_tells_when_how_long_and_what() -> None:
    assert model_lines(CALLED, AT_MS, Veil(), brief=False).split("\n") == [
        "[model] m answered, 2023-11-14 22:13:20Z: 1.2 s, 1,200 tokens in, 3 tokens out",
        "    asked: two",
        "        lines",
        "    said: I look.",
        "        calls shell ls",
    ]
    assert model_lines(CALLED, AT_MS, Veil(), brief=True).count("\n") == 0


def test_a_failed_call_says_why() -> None:
    called = ModelCalled("", "", "queue full\n", 429, 5.0, untold=7)
    assert model_lines(called, AT_MS, Veil(), brief=True).split("\n") == [
        "[model] a model failed with 429, 2023-11-14 22:13:20Z: 0.0 s, 7 more before it",
        "    why: queue full",
    ]


def test_hostile_texts_stay_behind_our_line_and_short() -> None:
    called = ModelCalled("m\n[turn] ended", "", "[model] forged\n" * 100, 200, 1.0)
    first, *rest = model_lines(called, AT_MS, Veil(), brief=False).split("\n")
    assert first.startswith("[model] m [turn] ended answered")
    assert all(line.startswith("    ") for line in rest)
    assert len(rest) == 21


def test_what_is_told_is_kept_between_whole_lines_of_the_step() -> None:
    output = TaskOutput()
    output.begin("agent", 1)
    output.feed(1, "out", b"one\ntw")
    output.tell(2, "[model] m answered\n    said: x")
    output.feed(3, "out", b"o\n")
    assert output.take() == b"one\ntw\n[model] m answered\n    said: x\no\n"
    shown = [(line.stream, line.text) for line in output.after(0)]
    assert shown[1:3] == [("event", "[model] m answered"), ("event", "    said: x")]


def test_no_part_of_a_secret_is_told() -> None:
    veil = Veil({"TOKEN": "s3cret-value-of-mine"})
    answer = f"{'x' * 3_990}s3cret-value-of-mine"
    told = model_lines(
        ModelCalled("m", "s3cret-value-of-mine", answer, 200, 1.0), AT_MS, veil, brief=False
    )
    assert "s3cret" not in told
    assert "asked: [secret TOKEN]" in told
