"""Shells of a person: each on a terminal of its own, its bytes on a stream. It decides nothing.

They are no part of a step: no snapshot holds one, and none outlives the host that asked for it.
"""

import fcntl
import os
import signal
import struct
import termios
from collections.abc import Callable, Mapping

from clawdesk_guest.bounds import Bounds
from clawdesk_guest.errand import become_child
from clawdesk_guest.link import Link
from clawdesk_guest.loop import READ, WRITE, Loop, read_some, write_some
from clawdesk_guest.steps import signal_session

SHELLS_MAX = 4
_READ_BYTES = 64 << 10
_GRACE_S = 1.0
"""Between HUP and KILL."""
_PROGRAMS = ("/bin/bash", "/bin/sh")

Ended = Callable[[str, int, str], None]
"""Told a shell's id, its exit code, and why it was closed, "" = it ended by itself."""


class _Shell:
    """One shell: its terminal, its stream, and what was typed and is not read yet."""

    def __init__(self, shell_id: str, pid: int, terminal: int, stream: int) -> None:
        self.id = shell_id
        self.pid = pid
        self.terminal = terminal
        self.stream = stream
        self.typed = bytearray()
        self.owed_bytes = 0
        self.exit_code: int | None = None
        self.why = ""
        self.is_silent = False  # the terminal gives nothing more


class Shells:
    """All shells of the machine. `changed` is called when one has ended."""

    def __init__(
        self, loop: Loop, bounds: Bounds, ended: Ended, changed: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._bounds = bounds
        self._ended = ended
        self._changed = changed
        self.open: dict[str, _Shell] = {}
        """By their ids."""

    def start(
        self,
        link: Link,
        shell_id: str,
        folder: str,
        env: Mapping[str, str],
        size: tuple[int, int],
    ) -> None:
        """Begin a shell on a terminal of that many columns and rows.

        Raises:
            OSError: it cannot be started, or there are too many.
        """
        if len(self.open) >= SHELLS_MAX:
            raise OSError(f"{SHELLS_MAX} shells are open already; close one")
        terminal, inner = os.openpty()
        try:
            _set_size(terminal, size)
            pid = os.fork()
        except OSError:
            os.close(terminal)
            os.close(inner)
            raise
        if pid == 0:
            _become_shell(inner, folder, dict(env), self._bounds)
        os.close(inner)
        os.set_blocking(terminal, False)
        stream = link.open({"op": "terminal", "shell": shell_id})
        shell = self.open[shell_id] = _Shell(shell_id, pid, terminal, stream)
        self._loop.child(pid, lambda code: self._exited(shell, code))
        if not stream:
            self._hang_up(shell, "too many streams are open")

    def resize(self, shell_id: str, size: tuple[int, int]) -> None:
        """Its programs are told by the kernel; a shell that is gone is passed over."""
        shell = self.open.get(shell_id)
        if shell is not None:
            _set_size(shell.terminal, size)

    def close(self, why: str) -> None:
        """Hang up every shell: its programs get HUP, and KILL where that does not end them."""
        for shell in list(self.open.values()):
            self._hang_up(shell, why)

    # From the host

    def got(self, stream: int, content: bytes) -> None:
        """Keys. At most the credit stands here unread."""
        for shell in self.open.values():
            if shell.stream == stream:
                shell.typed += content

    def closed(self, stream: int, _error: str) -> None:
        for shell in list(self.open.values()):
            if shell.stream == stream:
                shell.stream = 0
                self._hang_up(shell, "the person left")

    # Moving bytes

    def pump(self, link: Link) -> None:
        """Move what there is and may be sent; called whenever the loop is about to wait."""
        for shell in list(self.open.values()):
            if shell.stream and shell.owed_bytes:
                link.grant(shell.stream, shell.owed_bytes)
                shell.owed_bytes = 0
            wanted = self._type(shell) | self._show(shell, link)
            if shell.exit_code is not None and (shell.is_silent or not link.is_open(shell.stream)):
                self._end(shell, link)
            elif wanted:
                self._loop.watch(shell.terminal, wanted, lambda _: None)
            else:
                # No credit: do not wake up for bytes that cannot go.
                self._loop.forget(shell.terminal)

    def _type(self, shell: _Shell) -> int:
        while shell.typed:
            count = write_some(shell.terminal, bytes(shell.typed[:_READ_BYTES]))
            if count == 0:
                return WRITE
            count = len(shell.typed) if count < 0 else count
            del shell.typed[:count]
            shell.owed_bytes += count
        return 0

    def _show(self, shell: _Shell, link: Link) -> int:
        while not shell.is_silent and (room := link.room(shell.stream)) > 0:
            content = read_some(shell.terminal, min(room, _READ_BYTES))
            if content:
                link.write(shell.stream, content)
            elif content == b"" or shell.exit_code is not None:
                # What it left in the background may hold the terminal: the shell is over.
                shell.is_silent = True
            else:
                return READ
        return 0

    # Ends

    def _exited(self, shell: _Shell, code: int) -> None:
        shell.exit_code = code

    def _end(self, shell: _Shell, link: Link) -> None:
        del self.open[shell.id]
        self._loop.forget(shell.terminal)
        os.close(shell.terminal)
        link.close(shell.stream)
        self._ended(shell.id, shell.exit_code or 0, shell.why)
        self._changed()

    def _hang_up(self, shell: _Shell, why: str) -> None:
        if shell.why or shell.exit_code is not None:
            return
        shell.why = why
        signal_session(shell.pid, signal.SIGHUP)
        self._loop.after(_GRACE_S, lambda: _kill(shell))


def _kill(shell: _Shell) -> None:
    if shell.exit_code is None:
        signal_session(shell.pid, signal.SIGKILL)


def _set_size(terminal: int, size: tuple[int, int]) -> None:
    columns, rows = (max(1, side) for side in size)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _become_shell(terminal: int, folder: str, env: dict[str, str], bounds: Bounds) -> None:
    """In the child: never returns."""
    try:
        become_child()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.setsid()
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
        for target in (0, 1, 2):
            os.dup2(terminal, target)
        bounds.enter()
        os.closerange(3, 256)
        os.chdir(folder)
        program = next(path for path in _PROGRAMS if os.access(path, os.X_OK))
        os.execve(program, [program, "-i"], env)  # noqa: S606 - it is the shell
    except (OSError, StopIteration) as error:
        os.write(2, f"clawdesk: the shell could not be started: {error}\r\n".encode())
    finally:
        os._exit(127)
