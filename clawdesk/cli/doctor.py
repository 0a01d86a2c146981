"""`clawdesk doctor`: each thing needed, found or not, and the one command that mends it.

Prints what the plane reports; `--fix` runs the mending commands after asking.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from clawdesk.cli.context import with_plane
from clawdesk.runtime.api import PlaneApi
from clawdesk.runtime.doctor import INSTALL, Check, checkout

NOT_READY = 5
MARKS = {"ok": "ok  ", "limited": "some", "missing": "no  "}
SETUP_STEPS = ("system", "guest")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument(
        "--fix",
        action="store_true",
        help="run the commands that mend what is missing, asking first",
    )
    parser.add_argument("--yes", action="store_true", help="with --fix: do not ask")


def run(
    options: argparse.Namespace,
    look: Callable[[], list[Check]] | None = None,
    *,
    ask: Callable[[str], str] = input,
) -> int:
    """Print the checks that `look` finds, mending first where asked.

    Returns: 0, or 5 when something is missing that a task needs.
    """
    look = look or ask_the_plane
    checks = look()
    if options.fix and mend(checks, yes=options.yes, ask=ask):
        checks = look()
    text = json.dumps(report(checks), indent=2) if options.json else as_text(checks)
    print(text)
    return 0 if report(checks)["ready"] else NOT_READY


def ask_the_plane() -> list[Check]:
    """The checks of the plane that runs, or of one made for the occasion."""
    found: list[Check] = []

    async def work(plane: PlaneApi) -> int:
        found.extend(from_json(await plane.doctor()))
        return 0

    with_plane(work)
    return found


def report(checks: Sequence[Check]) -> dict[str, object]:
    """The object `--json` prints: {"ready": bool, "checks": [Check, ...]}."""
    lacking = [check for check in checks if check.needed and check.state == "missing"]
    return {"ready": not lacking, "checks": [check.as_json() for check in checks]}


def from_json(values: Sequence[Mapping[str, object]]) -> list[Check]:
    """The checks of `PlaneApi.doctor()`, read back; unknown keys are ignored."""
    checks = []
    for value in values:
        state = value.get("state")
        checks.append(
            Check(
                name=str(value.get("name", "")),
                state="ok" if state == "ok" else "limited" if state == "limited" else "missing",
                found=str(value.get("found", "")),
                why=str(value.get("why", "")),
                mend=str(value.get("mend", "")),
                needed=bool(value.get("needed", True)),
                works=str(value.get("works", "")),
            )
        )
    return checks


def as_text(checks: Sequence[Check]) -> str:
    """One line a check, with the reason and the command below where there is something to mend."""
    width = max((len(check.name) for check in checks), default=0)
    lines = []
    for check in checks:
        lines.append(f"{MARKS[check.state]}  {check.name:{width}}  {check.found}")
        if check.why:
            lines.append(f"{'':{width + 8}}{check.why}")
        if check.works:
            lines.append(f"{'':{width + 8}}Still works: {check.works}")
        if check.mend and check.state != "ok":
            lines.append(f"{'':{width + 8}}$ {check.mend}")
    lacking = [check.name for check in checks if check.needed and check.state == "missing"]
    if lacking:
        lines += ["", f"Tasks cannot run yet: {', '.join(lacking)} missing."]
    else:
        lines += ["", "Tasks can run on this machine."]
    return "\n".join(lines)


def mending_commands(checks: Sequence[Check], root: Path | None) -> list[list[str]]:
    """Command lines that mend what is missing, each once, in the order of the checks.

    Args:
        root: the checkout, whose set-up script installs system packages; None = not a checkout.
    """
    commands: list[list[str]] = []
    for check in checks:
        if check.state != "missing" or not check.mend:
            continue
        if check.mend == INSTALL:
            if root is None:
                continue
            setup = str(root / "packaging/setup.py")
            command = ["/usr/bin/python3", setup, "--only", ",".join(SETUP_STEPS)]
        else:
            command = shlex.split(check.mend)
        if command not in commands:
            commands.append(command)
    return commands


def mend(checks: Sequence[Check], *, yes: bool, ask: Callable[[str], str]) -> bool:
    """Run the mending commands a person agrees to; True if any ran."""
    commands = mending_commands(checks, checkout())
    if not commands:
        print("Nothing here can be mended by a command.", file=sys.stderr)
        return False
    ran = False
    for command in commands:
        shown = shlex.join(command)
        if not yes and not sys.stdin.isatty():
            print(f"Not run (no terminal to ask on; --yes runs it): {shown}", file=sys.stderr)
            continue
        if not yes and ask(f"Run `{shown}`? [y/N] ").strip().lower() not in {"y", "yes"}:
            continue
        print(f"$ {shown}", file=sys.stderr)
        ran = True
        # The command's own output must not mix with --json on standard output.
        if subprocess.run(_found(command), check=False, stdout=sys.stderr).returncode != 0:
            print("That did not succeed; the doctor looks again.", file=sys.stderr)
    return ran


def _found(command: list[str]) -> list[str]:
    """Our own commands are taken from beside this Python, PATH may not have them."""
    beside = Path(sys.executable).parent / command[0]
    return [str(beside), *command[1:]] if beside.is_file() else command
