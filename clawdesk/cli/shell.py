"""`clawdesk shell TASK`: a terminal in the machine of a task that runs."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import termios
import tty
from collections.abc import Iterator

from clawdesk.cli.context import find_task, plain, with_plane
from clawdesk.cli.exits import FAILED
from clawdesk.cli.terminal_text import RESTORE, TerminalText
from clawdesk.domain.model import Task
from clawdesk.ports.errors import PortError
from clawdesk.runtime.api import PlaneApi, ShellText

_KEYS_BYTES = 4096
_UNSENT_MAX = 64
"""Reads of the keyboard that may wait while nothing inside takes them; then the terminal waits."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", help="id of the task, or its beginning or end")
    parser.add_argument(
        "--stay", action="store_true", help="wait for Enter at the end, so that it can be read"
    )


def run(options: argparse.Namespace) -> int:
    try:
        return _run(options)
    except PortError as error:
        if not options.stay:
            raise
        print(f"clawdesk: {error.what}\n  {error.mend}".rstrip(), file=sys.stderr)
        return FAILED
    finally:
        if options.stay:
            with contextlib.suppress(KeyboardInterrupt, EOFError, OSError):
                input("Press Enter to close this terminal. ")


def _run(options: argparse.Namespace) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise PortError(
            "clawdesk shell needs a terminal to show.",
            mend="Start it in one; clawdesk log TASK prints what steps said.",
            code="usage",
        )

    async def work(plane: PlaneApi) -> int:
        task = find_task(plane, options.task)
        columns, rows = os.get_terminal_size(sys.stdout.fileno())
        shell = await plane.open_shell(task.id, columns, rows, term=os.environ.get("TERM", ""))
        print(_warning(task), flush=True)
        return await _Terminal(plane, shell).serve()

    return with_plane(work)


def _warning(task: Task) -> str:
    return (
        f"You are in the machine of {plain(task.title)}, beside its step. What you change here "
        "stands in its next checkpoint;\nthe task's log says that a shell was open. It closes at "
        "the next checkpoint, or with exit."
    )


class _Terminal:
    """The user's terminal and one shell, until either is done."""

    def __init__(self, plane: PlaneApi, shell: str) -> None:
        self._plane = plane
        self._shell = shell
        self._keys: asyncio.Queue[bytes] = asyncio.Queue(_UNSENT_MAX)
        self._resized = asyncio.Event()
        self._text = TerminalText()

    async def serve(self) -> int:
        """The exit code of the shell; 255 where it was closed for another reason."""
        loop = asyncio.get_running_loop()
        this = asyncio.current_task()
        assert this is not None
        loop.add_signal_handler(signal.SIGWINCH, self._resized.set)
        loop.add_signal_handler(signal.SIGHUP, this.cancel)
        sides = [loop.create_task(side) for side in (self._type(), self._resize())]
        try:
            with _raw(sys.stdin.fileno()):
                self._listen(True)
                end = await self._show()
        finally:
            self._listen(False)
            for side in sides:
                side.cancel()
            await asyncio.gather(*sides, return_exceptions=True)
            with contextlib.suppress(PortError):
                await self._plane.close_shell(self._shell)
        if end.why:
            print(f"The shell is closed: {plain(end.why)}.", flush=True)
            return 255
        return end.exit_code

    def _listen(self, listens: bool) -> None:
        loop, keyboard = asyncio.get_running_loop(), sys.stdin.fileno()
        if listens:
            loop.add_reader(keyboard, self._typed)
        else:
            loop.remove_reader(keyboard)

    def _typed(self) -> None:
        keys = os.read(sys.stdin.fileno(), _KEYS_BYTES)
        if keys:
            self._keys.put_nowait(keys)
        if not keys or self._keys.full():
            self._listen(False)

    async def _type(self) -> None:
        while True:
            keys = await self._keys.get()
            with contextlib.suppress(PortError):
                await self._plane.write_shell(self._shell, keys)
            self._listen(True)

    async def _resize(self) -> None:
        while True:
            await self._resized.wait()
            self._resized.clear()
            columns, rows = os.get_terminal_size(sys.stdout.fileno())
            with contextlib.suppress(PortError):
                await self._plane.resize_shell(self._shell, columns, rows)

    async def _show(self) -> ShellText:
        while True:
            try:
                text = await self._plane.read_shell(self._shell)
            except PortError as error:
                return ShellText(b"", True, 255, error.what.rstrip("."))
            if text.over:
                return text
            shown = memoryview(self._text.feed(text.printed))
            while shown:
                # A terminal that shows slowly makes the machine wait, not this program grow.
                count = await asyncio.to_thread(os.write, sys.stdout.fileno(), shown)
                shown = shown[count:]


@contextlib.contextmanager
def _raw(keyboard: int) -> Iterator[None]:
    """The keyboard sends every key as it is; afterwards all is as before, whatever was left on."""
    before = termios.tcgetattr(keyboard)
    try:
        tty.setraw(keyboard)
        yield
    finally:
        os.write(sys.stdout.fileno(), RESTORE)
        # What was typed for the machine, or answered by the terminal, must not reach a shell here.
        termios.tcflush(keyboard, termios.TCIFLUSH)
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
        os.write(sys.stdout.fileno(), b"\r\n")
