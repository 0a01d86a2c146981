"""Slow work (unpacking, comparing, syncing) in a child process, so that process 1 never blocks."""

import json
import os
import signal
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from clawdesk_guest.link import Link
from clawdesk_guest.loop import READ, Loop, read_some

_READ_BYTES = 64 << 10
_LINE_BYTES_MAX = 4096
"""What a pipe takes and gives in one piece; JSON may make six of each character of the words."""
_WORDS_CHARS_MAX = 600
_CLOSED_TO = 1 << 16
_PAGES_MAX = (32 << 20) // 4096
"""A child that has come to hold so much memory ends, and gives it back."""

Work = Callable[..., object]
"""Called with a descriptor and its arguments: does the work and writes what is for the host there.

What it returns is its answer, yes or no. It raises if it fails.
"""
Ended = Callable[[str, bool], None]
"""Told once: what went wrong, "" = nothing, and the answer."""


class _Errand(NamedTuple):
    line: bytes
    ended: Ended
    stream: int


class _Outcome(NamedTuple):
    error: str
    answer: bool
    is_last: bool  # the child ends behind it


class Errands:
    """One child that does what it is told, one thing after the other.

    It waits from the start of the machine on: each fork has both sides copy the pages they touch
    afterwards, and under emulation that and the child's end took 30 ms (2026-11-26), twice a
    checkpoint. One that is killed fails what it has in hand; what comes next has another child.

    Args:
        works: what it can do, by name.
    """

    def __init__(self, loop: Loop, works: Mapping[str, Work]) -> None:
        self._loop = loop
        self._works = works
        self._todo: deque[_Errand] = deque()
        self.now: _Errand | None = None
        """What the child has in hand."""
        self._outcome: _Outcome | None = None
        self._pid = 0  # of the child that is told
        self._orders = self._bytes = self._outcomes = -1
        self._begin()

    def do(self, work: str, ended: Ended, *, stream: int = 0, **arguments: object) -> None:
        """Have it done after all that was asked before; `stream` takes what it writes, 0 = none."""
        line = json.dumps([work, arguments]).encode() + b"\n"
        self._todo.append(_Errand(line, ended, stream))
        self._go_on()

    def close(self) -> None:
        """The child ends after what it has in hand."""
        self._todo.clear()
        self._hang_up()

    def _begin(self) -> None:
        (orders, self._orders), (self._bytes, bytes_in) = os.pipe(), os.pipe()
        self._outcomes, outcomes_in = os.pipe()
        pid = os.fork()
        if pid == 0:
            _serve(self._works, orders, bytes_in, outcomes_in)
        self._pid = pid
        for descriptor in (orders, bytes_in, outcomes_in):
            os.close(descriptor)
        for descriptor in (self._bytes, self._outcomes):
            os.set_blocking(descriptor, False)
        self._loop.watch(self._outcomes, READ, lambda _: self._hear())
        self._loop.child(pid, lambda code: self._gone(pid, code))

    def _go_on(self) -> None:
        if self.now is None and self._todo:
            if not self._pid:
                self._begin()
            self.now = self._todo.popleft()
            # An agent that stopped every program (`kill -STOP -1`) has stopped this one as well.
            os.kill(self._pid, signal.SIGCONT)
            with suppress(BrokenPipeError):  # it is gone, as we are about to hear
                os.write(self._orders, self.now.line)

    def _hear(self) -> None:
        line = read_some(self._outcomes, _LINE_BYTES_MAX)
        if line:
            self._outcome = _Outcome(*json.loads(line))
        elif line == b"":
            self._loop.forget(self._outcomes)  # why it ended comes with its exit code

    def _gone(self, pid: int, code: int) -> None:
        if pid != self._pid:
            return  # it had said that it would end
        if self.now is None:
            self._hang_up()
            return
        self._hear()
        done = self._outcome or _Outcome(f"ended with {code}", False, True)
        self._outcome = done._replace(is_last=True)

    def _hang_up(self) -> None:
        if self._pid:
            self._pid = 0
            for descriptor in (self._orders, self._bytes, self._outcomes):
                self._loop.forget(descriptor)
                os.close(descriptor)

    def pump(self, link: Link) -> None:
        """Move what there is and may be sent; called whenever the loop is about to wait."""
        while self.now is not None:
            stream = self.now.stream
            room = link.room(stream) if stream and link.is_open(stream) else _READ_BYTES
            # An outcome comes behind all that was written: what is to be read then is the rest.
            content = read_some(self._bytes, min(room, _READ_BYTES)) if room else None
            if content:
                link.write(stream, content)
            elif room and self._outcome is not None:
                self._end(link, self.now, self._outcome)
            else:
                if room:
                    self._loop.watch(self._bytes, READ, lambda _: None)
                else:
                    self._loop.forget(self._bytes)
                return

    def _end(self, link: Link, errand: _Errand, outcome: _Outcome) -> None:
        self.now = self._outcome = None
        self._loop.forget(self._bytes)
        if outcome.is_last:
            self._hang_up()
        link.close(errand.stream, outcome.error)
        errand.ended(outcome.error, outcome.answer)
        self._go_on()


ORDINARY = (os.SCHED_OTHER, os.sched_param(0))
"""How a program is scheduled that is not process 1 (`machine.prepare`)."""


def become_child() -> None:
    """Right after a fork: be scheduled, and have signals do, as in an ordinary process."""
    os.sched_setscheduler(0, *ORDINARY)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def _serve(works: Mapping[str, Work], orders: int, bytes_out: int, outcomes: int) -> None:
    """In the child: do what is told until nobody can tell any more. Never returns."""
    try:
        become_child()
        kept = sorted((2, orders, bytes_out, outcomes))
        for below, above in zip(kept, [*kept[1:], _CLOSED_TO], strict=True):
            os.closerange(below + 1, above)  # the port and the sockets are another's
        with os.fdopen(orders, "rb") as lines:
            for line in lines:
                outcome = _perform(works, line, bytes_out)
                os.write(outcomes, json.dumps(outcome).encode() + b"\n")
                if outcome.is_last:
                    break
    finally:
        os._exit(0)


def _perform(works: Mapping[str, Work], line: bytes, bytes_out: int) -> _Outcome:
    """Whatever the work raises becomes words for the host."""
    error, answer = "", False
    try:
        name, arguments = json.loads(line)
        answer = bool(works[name](bytes_out, **arguments))
    except BaseException as problem:
        error = f"{problem}" if isinstance(problem, OSError | RuntimeError) else repr(problem)
    with open("/proc/self/statm", "rb") as sizes:
        is_last = int(sizes.read().split()[1]) > _PAGES_MAX
    return _Outcome(error[:_WORDS_CHARS_MAX], answer, is_last)


def output_of(arguments: list[str], env: dict[str, str], *, may_fail: bool = False) -> bytes:
    """What a program prints. Raises RuntimeError with its words when it fails.

    `subprocess` would do, but importing it under emulation is slower than what is run here.
    """
    read, write = os.pipe2(os.O_CLOEXEC)
    error_read, error_write = os.pipe2(os.O_CLOEXEC)
    actions: list[Any] = [(os.POSIX_SPAWN_DUP2, write, 1), (os.POSIX_SPAWN_DUP2, error_write, 2)]
    pid = os.posix_spawnp(arguments[0], arguments, env, file_actions=actions)
    os.close(write)
    os.close(error_write)
    with os.fdopen(read, "rb") as source, os.fdopen(error_read, "rb") as words:
        printed = source.read()
        said = words.read(_WORDS_CHARS_MAX)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code != 0 and not may_fail:
        reason = said.decode(errors="replace").strip()
        raise RuntimeError(f"{arguments[0]} ended with {code}: {reason}")
    return printed
