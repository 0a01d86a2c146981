"""Slow work (unpacking, comparing, syncing) in a child process, so that process 1 never blocks."""

import os
import signal
import sys
from collections.abc import Callable

from clawdesk_guest.link import Link
from clawdesk_guest.loop import READ, Loop, read_some

_READ_BYTES = 64 << 10
_WORDS_BYTES_MAX = 4000

Work = Callable[[int], None]
"""Does the work and writes what is for the host to the given descriptor; raises if it fails."""


class Errand:
    """One child at work; its bytes go to a stream. `ended(error)` is called once, "" = well."""

    def __init__(self, loop: Loop, ended: Callable[[str], None]) -> None:
        self._loop = loop
        self._ended = ended
        self._bytes = self._words = -1
        self._stream = 0
        self._exit_code: int | None = None
        self._error = b""
        self._done = False

    def start(self, work: Work, stream: int) -> None:
        """Fork. `stream` takes what the work writes; 0 if it writes nothing."""
        self._stream = stream
        (self._bytes, bytes_in), (self._words, words_in) = os.pipe(), os.pipe()
        pid = os.fork()
        if pid == 0:
            _in_child(work, bytes_in, words_in)
        os.close(bytes_in)
        os.close(words_in)
        for descriptor in (self._bytes, self._words):
            os.set_blocking(descriptor, False)
        self._loop.child(pid, self._child_ended)

    def _child_ended(self, exit_code: int) -> None:
        self._exit_code = exit_code
        self._error = (read_some(self._words, _WORDS_BYTES_MAX) or b"")[:_WORDS_BYTES_MAX]

    def pump(self, link: Link) -> None:
        """Move what there is and may be sent; called whenever the loop is about to wait."""
        while not self._done:
            room = link.room(self._stream) if self._stream else _READ_BYTES
            if self._stream and not link.is_open(self._stream):
                room = _READ_BYTES  # Nobody listens any more: let the child come to its end.
            content = read_some(self._bytes, min(room, _READ_BYTES)) if room else None
            if content:
                link.write(self._stream, content)
                continue
            if content == b"" and self._exit_code is not None:
                self._finish(link)
            elif content is None and room:
                self._loop.watch(self._bytes, READ, lambda _: None)
            else:
                self._loop.forget(self._bytes)
            return

    def _finish(self, link: Link) -> None:
        self._done = True
        for descriptor in (self._bytes, self._words):
            self._loop.forget(descriptor)
            os.close(descriptor)
        error = ""
        if self._exit_code:
            error = self._error.decode(errors="replace") or f"ended with {self._exit_code}"
        link.close(self._stream, error)
        self._ended(error)


def answer_of(loop: Loop, question: Callable[[], bool], told: Callable[[bool], None]) -> None:
    """Have a child answer with yes or no; one that fails says yes."""
    pid = os.fork()
    if pid == 0:
        become_child()
        code = 1
        try:
            code = int(question())
        finally:
            os._exit(code)
    loop.child(pid, lambda code: told(code != 0))


def become_child() -> None:
    """Right after a fork: have signals do what they do to an ordinary process."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def _in_child(work: Work, bytes_out: int, words_out: int) -> None:
    """Never returns. Whatever the work raises becomes words for the host."""
    become_child()
    try:
        work(bytes_out)
    except BaseException as error:
        words = f"{error}" if isinstance(error, OSError | RuntimeError) else repr(error)
        os.write(words_out, words.encode(errors="replace")[:_WORDS_BYTES_MAX])
        os._exit(1)
    finally:
        sys.stdout.flush()
        os._exit(0)


def output_of(arguments: list[str], env: dict[str, str], *, may_fail: bool = False) -> bytes:
    """What a program prints. Raises RuntimeError with its words when it fails.

    `subprocess` would do, but importing it under emulation is slower than what is run here.
    """
    read, write = os.pipe2(os.O_CLOEXEC)
    error_read, error_write = os.pipe2(os.O_CLOEXEC)
    actions = [(os.POSIX_SPAWN_DUP2, write, 1), (os.POSIX_SPAWN_DUP2, error_write, 2)]
    pid = os.posix_spawnp(arguments[0], arguments, env, file_actions=actions)
    os.close(write)
    os.close(error_write)
    with os.fdopen(read, "rb") as source, os.fdopen(error_read, "rb") as words:
        printed = source.read()
        said = words.read(_WORDS_BYTES_MAX)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code != 0 and not may_fail:
        reason = said.decode(errors="replace").strip()
        raise RuntimeError(f"{arguments[0]} ended with {code}: {reason}")
    return printed
