"""A task typed in at the command line (`--prompt`) instead of the name of a task file."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

from clawdesk.domain.agents import KINDS, PROMPT_CHARS_MAX
from clawdesk.domain.from_prompt import USUAL_KIND, TaskPrompt, mistakes_in
from clawdesk.ports.errors import PortError
from clawdesk.runtime.api import PlaneApi
from clawdesk.viewmodels.new_task import models_at_hand

BYTES_MAX = 4 * PROMPT_CHARS_MAX + 4
"""No prompt that is allowed has more bytes; what is longer need not be read to its end."""


def add_prompt_arguments(parser: argparse.ArgumentParser) -> None:
    """Options that `run` and `submit` share, for a task without a file."""
    parser.add_argument(
        "--prompt", metavar="TEXT", help="what an agent shall do, instead of TASK; - reads it"
    )
    parser.add_argument(
        "--agent", choices=tuple(KINDS), help=f"who does it (with --prompt; usually {USUAL_KIND})"
    )
    parser.add_argument("--model", help="the agent's model, where there are several")
    parser.add_argument("--run", metavar="COMMAND", help="how an agent of your own is started")


def check(options: argparse.Namespace, *others: object) -> None:
    """Raises PortError unless one thing is to be done: a task, a prompt or one of `others`."""
    ways = [bool(options.task), options.prompt is not None, *map(bool, others)]
    if sum(ways) != 1:
        also = ", or --resume" if others else ""
        text = f'Name one task, or say what shall be done by --prompt "..."{also}.'
        raise PortError(text, code="usage")
    if options.prompt is None and (options.agent or options.model or options.run):
        raise PortError("--agent, --model and --run go with --prompt.", code="usage")


async def process_of(plane: PlaneApi, options: argparse.Namespace) -> str | TaskPrompt:
    """What is to be done: the task file's name, or what was typed. Raises PortError."""
    if options.prompt is None:
        return str(options.task)
    text = _from_input() if options.prompt == "-" else options.prompt
    asked = TaskPrompt(text, options.agent or USUAL_KIND, options.run or "", options.model or "")
    if KINDS[asked.kind].needs_model and not asked.model:
        asked = replace(asked, model=await _only_model(plane, asked.kind))
    if mistakes := mistakes_in(asked):
        raise PortError(" ".join(mistakes), code="usage")
    return asked


def _from_input() -> str:
    if sys.stdin is None:
        raise PortError("The prompt is read from standard input, and there is none.", code="usage")
    try:
        return sys.stdin.buffer.read(BYTES_MAX).decode()
    except UnicodeDecodeError:
        raise PortError("What stands on standard input is no UTF-8 text.", code="usage") from None


async def _only_model(plane: PlaneApi, kind: str) -> str:
    """The model, where there is but one. Raises PortError."""
    fabric = plane.environment.fabric or (await plane.check_environment()).fabric
    names = models_at_hand(fabric)
    if len(names) == 1:
        return names[0]
    there = f"there are {', '.join(names[:6])}" if names else "none can be had now"
    raise PortError(
        f"The agent {kind} works with a model, and {there}.",
        mend="Name one with --model; `clawdesk-fabric models` lists them.",
        code="usage",
    )
