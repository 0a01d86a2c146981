"""Runs a command beside a Docker engine: `with_engine.py -- COMMAND ...`.

The user's own engine is used where one answers. As root without one, a private engine is started
for the command and ends with it. Otherwise the command runs without, after a word about it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from clawdesk_setup import engine

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> NoReturn:
    """Becomes the command, so that signals and its exit code are the command's own."""
    command = arguments[1:] if arguments[:1] == ["--"] else arguments
    if not command:
        raise SystemExit("use: with_engine.py -- COMMAND ...")
    found = engine.find(os.environ, root=os.geteuid() == 0)
    if found.kind == "none":
        print(f"{found.problem} Model calls will fail. To mend it: {found.mend}", file=sys.stderr)
    if found.host:
        os.environ["DOCKER_HOST"] = found.host
    os.chdir(ROOT)
    wrapped = engine.wrap(command, found, str(ROOT / ".venv/bin/python"))
    sys.stdout.flush()
    sys.stderr.flush()
    os.execvp(wrapped[0], wrapped)  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])
