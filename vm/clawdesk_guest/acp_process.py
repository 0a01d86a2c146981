"""The agent's process and its two pipes: lines to it, what it says from it, its end.

An agent that reads nothing is not written to without end, and one that floods is read no faster
than it is dealt with.
"""

import contextlib
import os
import signal
from collections.abc import Callable

from clawdesk_guest import acp_wire
from clawdesk_guest.loop import READ, WRITE, Loop, read_some, write_some

_READ_BYTES = 64 << 10
_ROUNDS_MAX = 64
_UNSENT_BYTES_MAX = 1 << 20
"""Above this the agent is not listened to until it has read what it was answered."""


class AgentProcess:
    """One running agent.

    Args:
        heard: told each thing it says.
        ended: called once, with its exit code, when it is gone and all it said was heard.
        spoiled: called when it can be understood no more.
    """

    def __init__(
        self,
        loop: Loop,
        *,
        heard: Callable[[acp_wire.Said], None],
        ended: Callable[[int], None],
        spoiled: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._heard = heard
        self._ended = ended
        self._spoiled = spoiled
        self._lines = acp_wire.Lines()
        self._unsent = bytearray()
        self._pid = self._write = self._read = -1
        self._exit_code: int | None = None
        self._is_over = False

    def start(self, command: str) -> None:
        """Run a line of shell in a group of its own. Raises OSError."""
        stdin, self._write = os.pipe2(os.O_CLOEXEC)
        self._read, stdout = os.pipe2(os.O_CLOEXEC)
        actions = [(os.POSIX_SPAWN_DUP2, stdin, 0), (os.POSIX_SPAWN_DUP2, stdout, 1)]
        words = ["sh", "-c", command]
        try:
            self._pid = os.posix_spawn(
                "/bin/sh",
                words,
                dict(os.environ),
                file_actions=actions,
                setpgroup=0,
                setsigdef=[signal.SIGPIPE],
            )
        finally:
            os.close(stdin)
            os.close(stdout)
        for descriptor in (self._write, self._read):
            os.set_blocking(descriptor, False)
        self._loop.child(self._pid, self._exited)
        self._listen()

    def send(self, line: bytes) -> None:
        """One message; it goes as soon as the agent reads."""
        if self._write >= 0:
            self._unsent += line
            self._push()

    def hush(self) -> None:
        """Say no more to it: its standard input ends, which asks an agent to leave."""
        if self._write >= 0:
            self._loop.forget(self._write)
            os.close(self._write)
            self._write = -1

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """To the agent and all it started in its group."""
        if self._pid > 0:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, number)

    def _push(self) -> None:
        while self._unsent and self._write >= 0:
            count = write_some(self._write, bytes(self._unsent[:_READ_BYTES]))
            if count < 0:
                self.hush()  # it reads no more; its end will be told
                self._unsent.clear()
            elif count == 0:
                break
            else:
                del self._unsent[:count]
        if self._write >= 0 and self._unsent:
            self._loop.watch(self._write, WRITE, lambda _: self._push())
        elif self._write >= 0:
            self._loop.forget(self._write)
        self._listen()

    def _listen(self) -> None:
        if self._read < 0:
            return
        if len(self._unsent) > _UNSENT_BYTES_MAX:
            self._loop.forget(self._read)
        else:
            self._loop.watch(self._read, READ, lambda _: self._take())

    def _take(self) -> None:
        content = read_some(self._read, _READ_BYTES)
        if content is None:
            return
        if content == b"":
            self._close()
            return
        try:
            for said in self._lines.feed(content):
                self._heard(said)
        except acp_wire.TooLongError:
            self._close()
            self._spoiled()

    def _close(self) -> None:
        if self._read >= 0:
            self._loop.forget(self._read)
            os.close(self._read)
            self._read = -1
        self._tell_end()

    def _exited(self, code: int) -> None:
        self._exit_code = code
        self.hush()
        # What itself had said is in the pipe; what it left in the background may write for ever.
        for _ in range(_ROUNDS_MAX):
            content = read_some(self._read, _READ_BYTES) if self._read >= 0 else None
            if not content:
                break
            try:
                for said in self._lines.feed(content):
                    self._heard(said)
            except acp_wire.TooLongError:
                break
        self._close()

    def _tell_end(self) -> None:
        if self._exit_code is not None and not self._is_over:
            self._is_over = True
            self._ended(self._exit_code)
