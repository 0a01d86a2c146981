"""argv → one command. Every command is a module with `HELP`, `add_arguments` and `run`."""

from __future__ import annotations

import argparse
import importlib
import keyword
import sys
from pathlib import Path
from types import ModuleType

from clawdesk import __version__
from clawdesk.cli.exits import FAILED, NOT_READY, WAITS, WRONG_USE
from clawdesk.ports.errors import PortError
from clawdesk_fabric.last_words import last_words, leave_output, open_output

WINDOW = "window"
COMMANDS = {
    "demo": "the sample project, through checkpoint, question, approval and merge",
    "run": "run a task of a project to its end",
    "submit": "give a task to the running ClawDesk",
    "tasks": "tasks with their state and the reason they wait",
    "show": "one task: steps, checkpoints, decisions",
    "costs": "what model calls used: tokens, GPU-seconds, cost, by project, task and step",
    "report": "one task as a report to hand on",
    "log": "what a task printed",
    "shell": "a terminal in the machine of a task that runs",
    "diff": "what a checkpoint changed",
    "inbox": "what waits for you",
    "approve": "approve a checkpoint",
    "reject": "reject a checkpoint, with a note for the task",
    "answer": "answer a question, or ask back",
    "restore": "go back to a checkpoint",
    "prompt": "tell an agent more, after its turn or its task has ended",
    "fork": "another task from a checkpoint, beside the first",
    "keep": "of several forks keep one; the others end",
    "merge": "bring a task's approved work into a branch",
    "cancel": "end a task",
    "yield": "give a task's machine back now; it queues and goes on from there",
    "disk": "what machine snapshots occupy",
    "prune": "remove machine snapshots of ended tasks",
    "why": "why a task waits, and what would free it",
    "trust": "what a project's file asks beyond the usual, and your answer to it",
    "secrets": "secrets of yours that tasks may be given: list, set, remove",
    "channels": "answer from chats: set OpenClaw up, see it, test it, remove it",
    "doctor": "what this machine has and lacks",
    "images": "guest images: list, build",
}
_SEEN_BEFORE_PLANE = {"no_plane", "version", "runtime_dir"}


def run(argv: list[str]) -> int:
    """Run a command line; returns its exit code (protocols.md, section 2)."""
    open_output()
    parser = _parser()
    known = {WINDOW, *COMMANDS}
    if not argv or (argv[0] not in known and not argv[0].startswith("-")):
        missing = [word for word in argv if not word.startswith("-") and not Path(word).is_dir()]
        if missing:
            _say(
                f"there is no command or folder {missing[0]!r}.",
                "clawdesk --help lists the commands.",
            )
            return WRONG_USE
        argv = [WINDOW, *argv]
    options = parser.parse_args(argv)
    module = _module(options.command)
    try:
        code = int(module.run(options))
        sys.stdout.flush()
        return code
    except PortError as error:
        _say(error.what, error.mend)
        return NOT_READY if error.code in _SEEN_BEFORE_PLANE else _code_of(error)
    except BrokenPipeError:
        leave_output()  # who read what we print has enough (`| head`)
        return FAILED
    except OSError as error:
        _say(*last_words(error))
        return NOT_READY
    except KeyboardInterrupt:
        return FAILED
    except EOFError:  # Ctrl+D where something was asked
        _say("the input ended before there was an answer.", "")
        return FAILED


def _say(what: str, mend: str) -> None:
    print(f"clawdesk: {what}", file=sys.stderr)
    if mend:
        print(f"  {mend}", file=sys.stderr)


def _module(command: str) -> ModuleType:
    """The file of a command; `yield` is a word of the language, so its file is `yield_`."""
    suffix = "_" if keyword.iskeyword(command) else ""
    return importlib.import_module(f"clawdesk.cli.{command}{suffix}")


def _code_of(error: PortError) -> int:
    if error.code == "plane_ended":
        return WAITS
    return (
        WRONG_USE if error.code in {"no_task", "no_checkpoint", "no_such_path", "usage"} else FAILED
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="clawdesk",
        usage="clawdesk [PROJECT] | clawdesk COMMAND ...",
        description="Agents and other processes work on your Git repositories, each in its own "
        "micro-VM. Without a command: open the window.",
        epilog="Exit codes: 0 done, 1 failed, 2 wrong use, 3 rejected or cancelled, "
        "4 waits for a person, 5 this machine is not ready (see clawdesk doctor).",
    )
    parser.add_argument("--version", action="version", version=f"clawdesk {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, text in {WINDOW: "open the window (the default)", **COMMANDS}.items():
        command = commands.add_parser(
            name, prog=f"clawdesk {name}", help=text, description=text[:1].upper() + text[1:]
        )
        module = _module(name)
        module.add_arguments(command)
    return parser
