"""Runs a step: its shell, its output, its time limit, its end. It decides nothing."""

import fcntl
import os
import signal
from collections.abc import Callable, Mapping

from clawdesk_guest.bounds import Bounds
from clawdesk_guest.errand import ORDINARY
from clawdesk_guest.link import Link
from clawdesk_guest.loop import READ, Loop, read_some

_READ_BYTES = 64 << 10
_GRACE_S = 5.0
"""Between TERM and KILL."""


class _Output:
    """One of the shell's two pipes and the stream its bytes go to."""

    def __init__(self, name: str, descriptor: int) -> None:
        self.name = name
        self.descriptor = descriptor
        self.stream = 0
        self.finished = False
        self.is_ready = True  # there may be bytes: the loop said so, or nobody looked yet

    def look(self) -> None:
        self.is_ready = True


class Step:
    """One running step.

    A step has ended when its shell has: what it left in the background goes on, unheard.
    `ended` is called once, when the shell is gone and its output is with the link.
    """

    def __init__(
        self, loop: Loop, run_id: str, bounds: Bounds, ended: Callable[["Step"], None]
    ) -> None:
        self.run_id = run_id
        self.exit_code = 0
        self.timed_out = False
        self.exited = False
        self.killed = 0  # programs that the kernel ended meanwhile for want of memory
        self._bounds = bounds
        self._killed_before = 0
        self._loop = loop
        self._ended = ended
        self._outputs: list[_Output] = []
        self._pid = 0
        self._timers: list[int] = []
        self._held = False

    def start(self, command: str, folder: str, env: Mapping[str, str], timeout_s: float) -> None:
        """Raises OSError, ValueError (a NUL) when the shell cannot be started."""
        pipes = [os.pipe2(os.O_CLOEXEC) for _ in range(2)]
        # Held back until the shell can die of it: who cancels at once would wait for KILL else.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        self._killed_before = self._bounds.killed()
        try:
            self._pid = self._spawn(command, folder, dict(env), [write for _, write in pipes])
        except (OSError, ValueError):
            for read, _ in pipes:
                os.close(read)
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
            for _, write in pipes:
                os.close(write)
        for name, (read, _) in zip(("out", "err"), pipes, strict=True):
            _unblock(read)
            self._outputs.append(_Output(name, read))
        self._loop.child(self._pid, self._shell_ended)
        self._timers.append(self._loop.after(timeout_s, self._too_long))

    def _spawn(self, command: str, folder: str, env: dict[str, str], outputs: list[int]) -> int:
        """The shell's process, without a fork of this one, whose pages both would copy then."""
        out, err = outputs
        os.chdir(folder)
        self._bounds.enter(err)
        try:
            return os.posix_spawn(
                "/bin/sh",
                ["sh", "-c", command],
                env,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, out, 1),
                    (os.POSIX_SPAWN_DUP2, err, 2),
                ],
                setsid=True,
                scheduler=ORDINARY,
                setsigmask=[],
                # Python ignores SIGPIPE; a shell that inherits that would print errors for
                # `yes | head`.
                setsigdef=[signal.SIGPIPE, signal.SIGCHLD, signal.SIGTERM, signal.SIGINT],
            )
        finally:
            self._bounds.leave()
            os.chdir("/")

    def kill(self) -> None:
        """TERM to the step's session, KILL after a grace time. Its end arrives as usual."""
        if not self.exited:
            signal_session(self._pid, signal.SIGTERM)
            kill = self._loop.after(_GRACE_S, lambda: signal_session(self._pid, signal.SIGKILL))
            self._timers.append(kill)

    def _too_long(self) -> None:
        self.timed_out = not self.exited
        self.kill()

    def _shell_ended(self, exit_code: int) -> None:
        self.exit_code = exit_code
        self.exited = True
        self.killed = max(0, self._bounds.killed() - self._killed_before)
        for timer in self._timers:
            self._loop.cancel(timer)

    # Output

    def connect(self, link: Link) -> None:
        """Open streams for the output on a new connection."""
        for output in self._outputs:
            head = {"op": "output", "run": self.run_id, "stream": output.name}
            output.stream = 0 if output.finished else link.open(head)

    def hold(self, held: bool) -> None:
        """While held no output is read: a snapshot must not find half of it on the wire."""
        self._held = held

    def pump(self, link: Link) -> None:
        """Move what there is and may be sent; called whenever the loop is about to wait."""
        for output in self._outputs:
            # This is called at every turn of the loop; a look at nothing costs a call.
            if (output.is_ready or self.exited) and not output.finished:
                self._pump(output, link)
        if self.exited and self._outputs and all(output.finished for output in self._outputs):
            for output in self._outputs:
                self._discard(output.descriptor)
            self._outputs.clear()
            self._ended(self)

    def _pump(self, output: _Output, link: Link) -> None:
        while not self._held and (room := link.room(output.stream)) > 0:
            content = read_some(output.descriptor, min(room, _READ_BYTES))
            if content:
                link.write(output.stream, content)
                continue
            if content == b"" or self.exited:
                output.finished = True
                link.close(output.stream)
                self._loop.forget(output.descriptor)
                return
            output.is_ready = False
            self._loop.watch(output.descriptor, READ, lambda _: output.look())
            return
        # No credit: do not wake up for bytes that cannot go.
        self._loop.forget(output.descriptor)

    def _discard(self, descriptor: int) -> None:
        """Read on for what runs in the background, so that it neither blocks nor breaks."""

        def swallow(_mask: int) -> None:
            if read_some(descriptor, _READ_BYTES) == b"":
                self._loop.forget(descriptor)
                os.close(descriptor)

        self._loop.watch(descriptor, READ, swallow)


def signal_session(leader: int, number: int) -> None:
    """Tell the processes of the session that a shell began.

    The shell is told first, also while it does not lead its session yet. One that sees a command
    of it end, and was told nothing, would begin the next; `claw acp` would say that its agent had
    ended by itself.
    """
    others = [pid for pid in _session(leader) if pid != leader]
    for pid in (leader, *others):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def _session(leader: int) -> list[int]:
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as stat:
                session = int(stat.read().rpartition(b")")[2].split()[3])
        except (OSError, IndexError, ValueError):
            continue
        if session == leader:
            found.append(int(name))
    return found


def _unblock(descriptor: int) -> None:
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_NONBLOCK)
