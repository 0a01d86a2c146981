"""`clawdesk [PROJECT]`: the window, in this process or as a client of a running plane."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from clawdesk.app import copy_demo, desktop_notices, front_door, open_plane
from clawdesk.cli.exits import DONE, NOT_READY


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", nargs="*", help="folders of Git repositories to open")


def run(options: argparse.Namespace) -> int:
    paths = [str(Path(path).resolve()) for path in options.project]
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if not any(os.environ.get(name) for name in screens):
        print("clawdesk: there is no screen in this session.", file=sys.stderr)
        print("  Every act has a command: clawdesk --help", file=sys.stderr)
        return NOT_READY
    try:
        from clawdesk.ui.loop import Around, run_window
    except ImportError as error:
        print(f"clawdesk: the window needs PySide6 ({error}).", file=sys.stderr)
        print("  pip install 'clawdesk[desktop]'", file=sys.stderr)
        return NOT_READY
    door = asyncio.run(front_door(paths))
    if door is None:
        shown = "what you named is shown there" if paths else "it has come forward"
        print(f"ClawDesk is already open; {shown}.", file=sys.stderr)
        return DONE
    around = Around(desktop_notices, door, lambda: copy_demo(None))
    return run_window(lambda: open_plane(models=True), paths, around)
