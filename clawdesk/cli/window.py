"""`clawdesk [PROJECT]`: the window, in this process or as a client of a running plane."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from clawdesk.app import open_plane
from clawdesk.cli.exits import NOT_READY


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", nargs="*", help="folders of Git repositories to open")


def run(options: argparse.Namespace) -> int:
    try:
        from clawdesk.ui.loop import run_window
    except ImportError as error:
        print(f"clawdesk: the window needs PySide6 ({error}).", file=sys.stderr)
        print("  pip install 'clawdesk[desktop]'", file=sys.stderr)
        return NOT_READY
    paths = [str(Path(path).resolve()) for path in options.project]
    return run_window(lambda: open_plane(models=True), paths)
