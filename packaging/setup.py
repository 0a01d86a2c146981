"""`make setup`: system packages, virtual environment, guest image, inference image.

Each step is skipped when its result is there already. Run it with the system's own Python.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STEPS = ("system", "python", "guest", "inference", "openclaw")

if sys.version_info < (3, 10):  # noqa: UP036 (this file runs before the right Python is there)
    raise SystemExit("set-up needs Python 3.10 or newer to run: sudo apt-get install python3")

from clawdesk_setup import account, engine, environment, openclaw, system  # noqa: E402
from clawdesk_setup.progress import SetupError, Steps, say  # noqa: E402


def build_guest() -> str:
    """Build the guest image; the command itself knows whether it is up to date."""
    result = subprocess.run(
        [str(ROOT / ".venv/bin/clawdesk"), "images", "build", "base"], cwd=ROOT, check=False
    )
    if result.returncode != 0:
        raise SetupError("The guest image could not be built (see above).", "clawdesk doctor")
    return "guest image ready"


def build_inference() -> str:
    """Build the inference image beside whatever engine there is.

    No engine is no reason to stop: everything but model calls works, and the doctor says so.
    """
    found = engine.find(os.environ, root=os.geteuid() == 0)
    if found.kind == "none":
        say(f"      {found.problem}")
        say("      Tasks that call no model work all the same. To mend it:")
        say(f"        {found.mend}")
        return "left out"
    command = [str(ROOT / ".venv/bin/clawdesk-fabric"), "images", "build"]
    wrapped = engine.wrap(command, found, str(ROOT / ".venv/bin/python"), needed=True)
    place = {"DOCKER_HOST": found.host} if found.host else {}
    result = subprocess.run(wrapped, cwd=ROOT, env={**os.environ, **place}, check=False)
    if result.returncode == engine.NO_ENGINE:
        say("      Tasks that call no model work all the same.")
        return "left out"
    if result.returncode != 0:
        raise SetupError("The inference image could not be built (see above).", "clawdesk doctor")
    return "inference image ready"


BUILDS = {"guest": build_guest, "inference": build_inference, "openclaw": openclaw.ensure}


def main() -> int:
    """Exit codes: 0 all there, 5 something could not be set up, 130 interrupted."""
    parser = argparse.ArgumentParser(prog="packaging/setup.py", description=__doc__)
    parser.add_argument("--tests", action="store_true", help="also what the tests need")
    parser.add_argument("--yes", action="store_true", help="install without asking")
    parser.add_argument("--dry-run", action="store_true", help="only say what is missing")
    parser.add_argument(
        "--only", default=",".join(STEPS), metavar="STEP,...", help=f"of {', '.join(STEPS)}"
    )
    options = parser.parse_args()
    wanted = options.only.split(",")
    if not set(wanted) <= set(STEPS):
        parser.error(f"--only takes some of {', '.join(STEPS)}; found {options.only}")
    todo = [name for name in STEPS if name in wanted and (options.tests or name != "openclaw")]
    steps = Steps(len(todo))
    titles = {
        "system": "System packages",
        "python": "Virtual environment (.venv)",
        "guest": "Guest image (what runs inside a machine)",
        "inference": "Inference image (what serves models)",
        "openclaw": "OpenClaw (a real gateway, for tests only)",
    }
    try:
        for name in todo:
            steps.begin(titles[name])
            if name == "system":
                done = system.ensure(tests=options.tests, yes=options.yes, dry_run=options.dry_run)
                made = account.ensure(dry_run=options.dry_run)
                done = f"{done}, {made}" if made else done
            elif options.dry_run:
                done = "left out (dry run)"
            elif name == "python":
                done = environment.ensure(ROOT)
            else:
                done = BUILDS[name]()
            steps.done(done)
    except SetupError as error:
        print(f"Set-up stopped: {error.what}", file=sys.stderr)
        if error.mend:
            print(f"  Next: {error.mend}", file=sys.stderr)
        return 5
    except KeyboardInterrupt:
        print("Set-up interrupted; `make setup` goes on where it stopped.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
