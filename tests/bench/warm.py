"""The warm template of a project's machines, made before anything is measured.

It is made beside the first task that starts cold, and given up when ClawDesk ends. A command that
runs one short task is over sooner, so each of many would start cold, with a second machine booting
beside it.
"""

from __future__ import annotations

from pathlib import Path

from tests.support.real_cli import RealCli

NAME = "until-warm"
_STEP = '[[steps]]\nname = "wait"\nrun = "sleep 10"\n'
_TRIES_MAX = 6


def task(head: str) -> dict[str, str]:
    """A file of the project: a task that waits, in machines that `head` (TOML) describes."""
    return {f".clawdesk/tasks/{NAME}.toml": head + _STEP}


def make_warm(cli: RealCli, project: Path) -> None:
    """Run that task until the template stands."""
    for _ in range(_TRIES_MAX):
        cli.run("run", str(project), NAME, "--headless", "--json")
        if any(cli.data.glob("templates/*/*/ready")):
            return
    raise AssertionError("no warm template was made")
