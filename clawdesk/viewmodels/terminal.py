"""How a command is started in the user's own terminal program: which one, and with which words.

Pure: what is installed and what the environment says is given.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence

# The first that is there is taken: what the desktop or the user chose, then the usual ones.
_CHOSEN = (("xdg-terminal-exec", ()), ("", ("-e",)), ("x-terminal-emulator", ("-e",)))
_KNOWN = (
    ("gnome-terminal", ("--",)),
    ("ptyxis", ("--",)),
    ("kgx", ("--",)),
    ("konsole", ("-e",)),
    ("xfce4-terminal", ("-x",)),
    ("mate-terminal", ("-x",)),
    ("tilix", ("-e",)),
    ("kitty", ()),
    ("alacritty", ("-e",)),
    ("foot", ()),
    ("wezterm", ("start", "--")),
    ("ghostty", ("-e",)),
    ("xterm", ("-e",)),
)
# Where the running ClawDesk is found; a terminal that runs already does not have ours.
_OURS = ("CLAWDESK_RUNTIME_DIR", "XDG_RUNTIME_DIR")


def shell_command(program: Sequence[str], task: str) -> tuple[str, ...]:
    """The words that open a shell in a task's machine.

    Args:
        program: how ClawDesk's command line is started here.
    """
    return (*program, "shell", task)


def as_line(command: Sequence[str]) -> str:
    """The words as a person types them."""
    return shlex.join(command)


def in_terminal(
    command: Sequence[str], has: Callable[[str], bool], environment: Mapping[str, str]
) -> tuple[str, ...]:
    """The words that start a terminal with the command in it; () = no terminal is known here.

    Args:
        has: whether a program is installed.
        environment: of the window; the user's own choice is in TERMINAL.
    """
    places = [f"{name}={environment[name]}" for name in _OURS if environment.get(name)]
    whole = ("env", *places, *command, "--stay")
    for name, before in (*_CHOSEN, *_KNOWN):
        program = name or environment.get("TERMINAL", "")
        if program and has(program):
            return (program, *before, *whole)
    return ()
