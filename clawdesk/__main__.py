"""`python -m clawdesk` and the console script: argv to `cli.main`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    try:
        from clawdesk.cli.main import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        code = 1  # Ctrl+C while we were still being loaded: nothing was begun
    sys.exit(code)


if __name__ == "__main__":
    main()
