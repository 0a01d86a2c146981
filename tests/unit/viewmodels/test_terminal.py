"""Which terminal is started, and with which words."""

from __future__ import annotations

import pytest

from clawdesk.viewmodels.terminal import as_line, in_terminal, shell_command

COMMAND = shell_command(("/opt/claw desk/clawdesk",), "01TASK")


def started(installed: set[str], **environment: str) -> tuple[str, ...]:
    return in_terminal(COMMAND, installed.__contains__, environment)


def test_the_command_can_be_typed() -> None:
    assert as_line(COMMAND) == "'/opt/claw desk/clawdesk' shell 01TASK"


@pytest.mark.parametrize(
    ("installed", "chosen", "begins"),
    [
        ({"xdg-terminal-exec", "xterm", "mine"}, "mine", ("xdg-terminal-exec", "env")),
        ({"x-terminal-emulator", "mine"}, "mine", ("mine", "-e", "env")),
        ({"x-terminal-emulator", "kitty"}, "gone", ("x-terminal-emulator", "-e", "env")),
        ({"xterm", "gnome-terminal"}, "", ("gnome-terminal", "--", "env")),
        ({"xterm"}, "", ("xterm", "-e", "env")),
    ],
)
def test_what_was_chosen_comes_first(
    installed: set[str], chosen: str, begins: tuple[str, ...]
) -> None:
    words = started(installed, TERMINAL=chosen)
    assert words[: len(begins)] == begins
    assert words[-4:] == (*COMMAND, "--stay")


def test_a_terminal_that_runs_already_is_told_where_clawdesk_is() -> None:
    words = started({"xterm"}, CLAWDESK_RUNTIME_DIR="/tmp/r u n", OTHER="x")
    assert words[:4] == ("xterm", "-e", "env", "CLAWDESK_RUNTIME_DIR=/tmp/r u n")


def test_without_a_terminal_there_are_no_words() -> None:
    assert started(set(), TERMINAL="gone") == ()
