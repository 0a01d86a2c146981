"""The words `claw` takes."""

from __future__ import annotations

import pytest

from clawdesk_guest.cli import UsageError, main, parse


@pytest.mark.parametrize(
    ("words", "parsed"),
    [
        (["step", "two"], ("step", ["two"], {})),
        (["checkpoint"], ("checkpoint", [], {})),
        (
            ["checkpoint", "--approve", "-m", "look here"],
            ("checkpoint", [], {"--approve": [""], "-m": ["look here"]}),
        ),
        (
            ["checkpoint", "--artifact", "a", "b", "--artifact=c"],
            ("checkpoint", [], {"--artifact": ["a", "c", "b"]}),
        ),
        (
            ["ask", "why?", "--choice", "a", "--choice=b", "--key", "k", "--default", "-1"],
            ("ask", ["why?"], {"--choice": ["a", "b"], "--key": ["k"], "--default": ["-1"]}),
        ),
        (["ask", "--", "--why?"], ("ask", ["--why?"], {})),
        (["feedback"], ("feedback", [], {})),
    ],
)
def test_words_that_make_sense(words: list[str], parsed: object) -> None:
    assert parse(words) == parsed


@pytest.mark.parametrize(
    "words",
    [["dance"], ["step"], ["step", "a", "b"], ["ask"], ["ask", "q", "--key"], ["checkpoint", "-x"]],
)
def test_words_that_do_not(words: list[str]) -> None:
    with pytest.raises(UsageError):
        parse(words)
    assert main(words) == 2


def test_help_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "claw checkpoint [--approve]" in capsys.readouterr().out


def test_without_a_guest_program_it_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAWDESK_SOCKET", "/nowhere/claw.sock")
    assert main(["feedback"]) == 1
    assert "does not answer" in capsys.readouterr().err
