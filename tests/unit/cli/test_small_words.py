"""What commands do with wrong options and readers that leave, and how they put a reason."""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from clawdesk.cli import approve, diff, follow, fork, main, run, why
from clawdesk.cli.exits import FAILED
from clawdesk.domain.model import Kind, Reason, Request
from clawdesk.ports.errors import PortError
from tests.sim.hall import task_of
from tests.support.plane_fake import FakePlane

PRINTS_MUCH = """
import sys
from clawdesk.cli import main
class Command:
    add_arguments = staticmethod(lambda parser: None)
    @staticmethod
    def run(options):
        for line in range(100_000):
            print(line)
        return 0
main._module = lambda name: Command
sys.exit(main.run(["tasks"]))
"""


def test_a_prompt_is_not_put_between_the_events(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`run --json` at a terminal, its output in a file."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    assert run.ask("Approve? ") == "yes"
    assert capsys.readouterr() == ("", "Approve? ")


@pytest.mark.parametrize("name", ["/dev/zero", "pipe", "folder", "none"])
def test_an_edit_is_a_file_of_its_own(tmp_path: Path, name: str) -> None:
    """A device or a pipe would be read for ever."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    file = tmp_path / name
    with pytest.raises(PortError, match="cannot be read") as refused:
        approve._edits([f"a.txt={file}"])
    assert str(file) in refused.value.what


def test_no_more_of_an_edit_is_read_than_may_be_sent(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as huge:
        huge.truncate(1 << 40)
    with pytest.raises(PortError, match="600 KiB"):
        approve._edits([f"a.txt={tmp_path / 'huge'}"])


def test_an_edit_without_a_path_names_its_own_form() -> None:
    with pytest.raises(PortError, match="--edit wants PATH=FILE"):
        approve._edits(["a.txt"])


@pytest.mark.parametrize("count", ["0", "-1", "1000"])
def test_forks_are_counted(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    fork.add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["task", "1", "--count", count])
    assert "must be from 1 to 100" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["needs 256 MiB, 0 are free", "No ClawDesk is running."])
def test_a_reason_reads_as_a_sentence(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    why._print(Reason("x", text, "that", also=(Reason("y", "the rest."),)))
    assert capsys.readouterr().out.splitlines() == [
        f"It waits: {text.rstrip('.')}.",
        "And: the rest.",
        "Freed by: that",
    ]


def test_a_reader_that_has_enough_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as out:
        done = subprocess.run(
            [sys.executable, "-c", PRINTS_MUCH],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, "")


async def test_a_small_two_is_no_number() -> None:
    """A key of French keyboards, beside the 1: to Python it is a digit, and no number."""
    plane, task = FakePlane(lambda: 0), task_of("t")
    options = argparse.Namespace(first=1, second="²", third=None)
    with pytest.raises(PortError, match="no number of a checkpoint"):
        diff._wanted(plane, task, options)
    decider = follow.Decider(ask=lambda prompt: "²")
    request = Request("r", Kind.CLARIFY, 1, 1, "", "g", key="k", choices=("a", "b"))
    assert await decider._answer_from_terminal(request) == "²"


async def test_at_a_terminal_the_planes_own_question_is_asked_until_it_is_answered() -> None:
    said = iter(["yes", "2"])
    decider = follow.Decider(ask=lambda prompt: next(said))
    ours = Request("r", Kind.CLARIFY, 1, 1, "", key="retry", choices=("retry", "give up"))
    assert await decider._answer_from_terminal(ours) == "give up"


async def test_the_end_of_input_leaves_the_decision_to_later() -> None:
    """Ctrl+D, where a question has a default too."""

    def ask(prompt: str) -> str:
        raise EOFError

    plane, task = FakePlane(lambda: 0), task_of("t")
    request = Request("r", Kind.CLARIFY, 1, 1, "", "g", key="k", question="Which?", default="a")
    assert await follow.Decider(ask=ask).decide(plane, task, request) is None


def test_a_command_whose_input_ends_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def end(options: argparse.Namespace) -> int:
        raise EOFError

    monkeypatch.setattr(why, "run", end)
    assert main.run(["why", "T"]) == FAILED
    assert capsys.readouterr().err == "clawdesk: the input ended before there was an answer.\n"
