"""Commands an agent has us run: started, heard, waited for, ended. Each in a group of its own.

Only the last bytes of what a command prints are kept; one that is never read costs no more.
"""

import os
import signal
from collections.abc import Callable

from clawdesk_guest.acp_files import Files, RefusedError
from clawdesk_guest.acp_wire import Params, list_of, table_of, text_of
from clawdesk_guest.loop import READ, Loop, read_some

_TERMINALS_MAX = 32
_WORDS_MAX = 1000
_OUTPUT_BYTES_MAX = 1 << 20
_OUTPUT_BYTES = 256 << 10
_READ_BYTES = 64 << 10
_ROUNDS_MAX = 32
_CD = 'cd "$1" && shift && exec "$@"'

Exit = dict[str, int | None]
"""{"exitCode": ..., "signal": None}; a signal's number is told as a shell does, 128 + number."""


class _Terminal:
    def __init__(self, pid: int, descriptor: int, kept_bytes_max: int) -> None:
        self.pid = pid
        self.descriptor = descriptor
        self.kept_bytes_max = kept_bytes_max
        self.output = bytearray()
        self.is_cut = False
        self.exit: Exit | None = None
        self.waiting: list[Callable[[Exit], None]] = []

    def keep(self, content: bytes) -> None:
        self.output += content
        if len(self.output) > self.kept_bytes_max:
            self.is_cut = True
            del self.output[: len(self.output) - self.kept_bytes_max]


class Terminals:
    """What `terminal/...` requests speak of.

    Args:
        files: says which folders a command may begin in.
        ended: told the id, the exit and the output of each command.
    """

    def __init__(self, loop: Loop, files: Files, ended: Callable[[str, Exit, str], None]) -> None:
        self._loop = loop
        self._files = files
        self._ended = ended
        self._last = 0
        self._all: dict[str, _Terminal] = {}

    def create(self, params: Params) -> tuple[str, str]:
        """(id, the command as a line). Raises RefusedError."""
        if len(self._all) >= _TERMINALS_MAX:
            raise RefusedError(f"{_TERMINALS_MAX} terminals are open already; release some")
        command = text_of(params.get("command"))
        args = [text_of(word) for word in list_of(params.get("args"), _WORDS_MAX)]
        if not command:
            raise RefusedError("no command is named")
        # Some agents give a whole line for a shell.
        words = [command, *args] if args or " " not in command else ["/bin/sh", "-c", command]
        folder = self._files.place(params.get("cwd") or ".")
        limit = params.get("outputByteLimit")
        kept = limit if type(limit) is int and limit > 0 else _OUTPUT_BYTES
        env = dict(os.environ)
        for item in list_of(params.get("env"), 256):
            name = text_of(table_of(item).get("name"))
            if name and "=" not in name:
                env[name] = text_of(table_of(item).get("value"))
        self._last += 1
        name = f"t{self._last}"
        self._start(name, ["sh", "-c", _CD, "sh", folder, *words], env, kept)
        return name, " ".join([command, *args])

    def _start(self, name: str, words: list[str], env: dict[str, str], kept: int) -> None:
        read, write = os.pipe2(os.O_CLOEXEC)
        null = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
        actions = [(os.POSIX_SPAWN_DUP2, null, 0)]
        actions += [(os.POSIX_SPAWN_DUP2, write, out) for out in (1, 2)]
        try:
            pid = os.posix_spawn("/bin/sh", words, env, file_actions=actions, setpgroup=0)
        except (OSError, ValueError) as error:
            os.close(read)
            raise RefusedError(f"it could not be started: {error}") from None
        finally:
            os.close(write)
            os.close(null)
        os.set_blocking(read, False)
        terminal = self._all[name] = _Terminal(pid, read, min(kept, _OUTPUT_BYTES_MAX))
        self._loop.watch(read, READ, lambda _: self._ready(terminal))
        self._loop.child(pid, lambda code: self._exited(name, terminal, code))

    def _ready(self, terminal: _Terminal) -> None:
        self._read(terminal)

    def _read(self, terminal: _Terminal) -> bool:
        """Whether there may be more."""
        if terminal.descriptor < 0:
            return False  # released
        content = read_some(terminal.descriptor, _READ_BYTES)
        if content:
            terminal.keep(content)
        elif content == b"":
            self._loop.forget(terminal.descriptor)
        return bool(content)

    def _exited(self, name: str, terminal: _Terminal, code: int) -> None:
        for _ in range(_ROUNDS_MAX):  # what it left in the background may print for ever
            if not self._read(terminal):
                break
        terminal.exit = {"exitCode": code, "signal": None}
        for told in terminal.waiting:
            told(terminal.exit)
        terminal.waiting.clear()
        self._ended(name, terminal.exit, terminal.output.decode("utf-8", "replace"))

    def output(self, params: Params) -> Params:
        """Raises RefusedError, as all below: there is no such terminal."""
        terminal = self._of(params)
        said: Params = {
            "output": terminal.output.decode("utf-8", "replace"),
            "truncated": terminal.is_cut,
        }
        return {**said, "exitStatus": terminal.exit} if terminal.exit is not None else said

    def wait(self, params: Params, told: Callable[[Exit], None]) -> None:
        terminal = self._of(params)
        if terminal.exit is not None:
            told(terminal.exit)
        elif len(terminal.waiting) < _WORDS_MAX:
            terminal.waiting.append(told)
        else:
            raise RefusedError("too many wait for it already")

    def kill(self, params: Params) -> None:
        _kill(self._of(params))

    def release(self, params: Params) -> None:
        terminal = self._of(params)
        _kill(terminal)
        self._all = {name: kept for name, kept in self._all.items() if kept is not terminal}
        self._loop.forget(terminal.descriptor)
        os.close(terminal.descriptor)
        terminal.descriptor = -1

    def close(self) -> None:
        """Nothing of it outlives the agent."""
        for terminal in self._all.values():
            _kill(terminal)

    def _of(self, params: Params) -> _Terminal:
        terminal = self._all.get(text_of(params.get("terminalId")))
        if terminal is None:
            raise RefusedError("there is no such terminal")
        return terminal


def _kill(terminal: _Terminal) -> None:
    if terminal.exit is None:
        try:
            os.killpg(terminal.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return
