"""`claw`: what a step says to the person, from a shell. Parses words, prints answers, no more.

Exit codes: 0 go on · 1 failed · 2 wrong use · 3 rejected (the feedback is on standard output) ·
4 asked back (what the person asks is on standard output).
"""

import sys
from collections.abc import Sequence

from clawdesk_guest import claw

USAGE = """Usage:
  claw step NAME                    a step begins, the one before ends
  claw checkpoint [--approve] [-m MESSAGE] [--artifact PATH ...]
                                    make the work so far durable; returns when work may go on
  claw ask QUESTION [--choice A --choice B ...] [--key KEY] [--default TEXT]
                                    print a person's answer; where the person asks back (exit
                                    code 4), print that: ask again, and say more
  claw feedback                     what was said at the last rejection or partial approval
  claw acp COMMAND                  run an agent that speaks the Agent Client Protocol
Exit codes: 0 go on, 1 failed, 2 wrong use, 3 rejected (feedback on standard output),
4 asked back (what the person asks on standard output).
"""
_FLAGS = {"checkpoint": ("--approve",)}
_VALUES = {
    "checkpoint": ("-m", "--message", "--artifact"),
    "ask": ("--choice", "--key", "--default"),
}
_POSITIONALS = {"step": 1, "checkpoint": 0, "ask": 1, "feedback": 0, "acp": 1}


class UsageError(Exception):
    """Words that make no sense."""


def main(words: Sequence[str]) -> int:
    """Run `claw WORDS...`; returns the exit code."""
    if not words or words[0] in {"-h", "--help", "help"} or "--help" in words[1:]:
        print(USAGE, end="")
        return 0 if words else 2
    try:
        command, positionals, options = parse(words)
        return _perform(command, positionals, options)
    except UsageError as error:
        print(f"claw: {error}\n{USAGE}", end="", file=sys.stderr)
        return 2
    except claw.RejectedError as error:
        print(error)
        return 3
    except claw.AskedBackError as error:
        print(error)
        return 4
    except claw.ClawError as error:
        print(f"claw: {error}", file=sys.stderr)
        return 1


def parse(words: Sequence[str]) -> tuple[str, list[str], dict[str, list[str]]]:
    """(command, positional words, values of each option). Raises UsageError.

    Written by hand: importing argparse under emulation takes longer than the whole call.
    """
    command = words[0]
    if command not in _POSITIONALS:
        raise UsageError(f"unknown command {command!r}")
    positionals: list[str] = []
    options: dict[str, list[str]] = {}
    rest = iter(words[1:])
    for word in rest:
        name, equals, value = word.partition("=")
        if word == "--":
            positionals.extend(rest)
        elif word in _FLAGS.get(command, ()):
            options[word] = [""]
        elif name in _VALUES.get(command, ()):
            given = value if equals else next(rest, None)
            if given is None:
                raise UsageError(f"{name} needs a value")
            options.setdefault(name, []).append(given)
        elif word.startswith("-") and word != "-":
            raise UsageError(f"unknown option {word}")
        else:
            positionals.append(word)
    if "--artifact" in options:
        # `--artifact A B C`, as well as the option again and again.
        options["--artifact"] += positionals
        positionals = []
    if len(positionals) != _POSITIONALS[command]:
        raise UsageError(f"{command} takes {_POSITIONALS[command]} argument(s)")
    return command, positionals, options


def _perform(command: str, positionals: list[str], options: dict[str, list[str]]) -> int:
    def last(*names: str) -> str:
        values = [value for name in names for value in options.get(name, [])]
        return values[-1] if values else ""

    said = ""
    if command == "step":
        said = claw.boundary(next_step=positionals[0])
    elif command == "checkpoint":
        said = claw.boundary(
            approve="--approve" in options,
            message=last("-m", "--message"),
            artifacts=options.get("--artifact", []),
        )
    elif command == "ask":
        choices = options.get("--choice", [])
        answer = claw.ask(
            positionals[0], choices=choices, key=last("--key"), default=last("--default")
        )
        print(answer)
    elif command == "acp":
        from clawdesk_guest import acp  # the others must begin without it, under emulation

        return acp.run(positionals[0])
    else:
        said = claw.feedback()
    if said:
        print(said)
    return 0
