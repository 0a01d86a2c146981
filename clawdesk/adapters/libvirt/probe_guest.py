"""The guest of a probe machine, spoken to by a plain blocking socket: greeted, and given work.

Only for machines that run nobody's code; tasks' guests are spoken to through `channel`.
"""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path

from clawdesk.ports.errors import MachineError
from clawdesk_guest import protocol
from clawdesk_guest.link import Got, Link, Told
from clawdesk_guest.protocol import Message, RemoteError

_RUN = "background-probe"
_HELLO_S = 3.0
_READ_BYTES = 64 << 10
_WORK_S_MAX = 60
# What a half-working userfaultfd breaks first: disk reads that the kernel writes into the guest's
# memory, and writes to memory that is being saved. The clock is put right at a restore, so the
# restored guest makes its turn to the end and compares.
_WORK = (
    "end=$(($(date +%s) + 2)); while [ $(date +%s) -lt $end ]; do "
    "echo 3 > /proc/sys/vm/drop_caches; head -c 2000000 /dev/vda > /dev/shm/probe; "
    "head -c 1000000 /dev/zero > /probe; sync; done; "
    'test "$(head -c 2000000 /dev/vda | sha256sum)" = "$(sha256sum < /dev/shm/probe)"'
)


class ProbeGuest:
    """A greeted guest.

    Args:
        channel: connected; it stays the caller's to close.
        alive_s: a guest that needs longer for an answer is dead.
    """

    def __init__(self, channel: socket.socket, alive_s: float) -> None:
        self._channel = channel
        self._alive_s = alive_s
        self._epoch = secrets.token_bytes(protocol.EPOCH_BYTES)
        self._link = Link(guest=False, epoch=self._epoch)
        self._unread: list[Message] = []
        self._greeting = self._greet()

    def begin_work(self) -> None:
        """Have it read and write disk and memory for some seconds. Raises MachineError."""
        self._call({"op": "unpack", "call": 1})
        self._call({
            "op": "run",
            "call": 2,
            "run": _RUN,
            "name": "probe",
            "command": _WORK,
            "timeout_s": _WORK_S_MAX,
            "env": {},
        })  # fmt: skip

    def finish_work(self) -> None:
        """Return when the work is done, and right. Raises MachineError: the guest is not well."""
        if self._greeting["last_run"] == _RUN and self._greeting["last_ended"]:
            code = self._greeting["last_exit_code"]
        else:
            said = self._wait_for(protocol.ENDS, time.monotonic() + self._alive_s)
            code = said["exit_code"]
        if code != 0:
            raise MachineError(f"the guest's work ended with exit code {code}", code="no_guest")

    def knows_its_work(self) -> bool:
        """Whether the guest that greeted had been given the work: its memory is the saved one."""
        return bool(self._greeting["last_run"] == _RUN)

    def _call(self, message: Message) -> None:
        self._link.tell(message)
        said = self._wait_for({"done", "failed"}, time.monotonic() + self._alive_s)
        if said["op"] == "failed":
            raise MachineError(f"the guest refused to work: {said['why']}", code="no_guest")

    def _greet(self) -> Message:
        """The first hello may meet a guest that just wakes up, so it is said again."""
        deadline = time.monotonic() + self._alive_s
        while True:
            self._link.raw(protocol.SYNC)
            self._link.tell({
                "op": "hello",
                "version": protocol.VERSION,
                "epoch": self._epoch.hex(),
                "clock_ms": time.time_ns() // 1_000_000,
                "seed": secrets.token_hex(32),
            })  # fmt: skip
            try:
                return self._wait_for({"greeting"}, min(deadline, time.monotonic() + _HELLO_S))
            except MachineError as error:
                if error.code != "silent" or time.monotonic() >= deadline:
                    raise

    def _wait_for(self, ops: Set[str], deadline: float) -> Message:
        """The next message of a kind; others are of no interest here."""
        while True:
            while self._unread:
                message = self._unread.pop(0)
                if message["op"] in ops:
                    return message
            self._exchange(deadline)

    def _exchange(self, deadline: float) -> None:
        try:
            self._channel.settimeout(max(0.01, deadline - time.monotonic()))
            while content := self._link.outgoing():
                self._link.sent(self._channel.send(bytes(content)))
            received = self._channel.recv(_READ_BYTES)
            events = self._link.feed(received)
        except TimeoutError:
            raise MachineError(
                f"the guest hangs: it gave no answer within {self._alive_s:g} s", code="silent"
            ) from None
        except (OSError, RemoteError) as error:
            raise MachineError(f"the guest's channel broke: {error}", code="no_guest") from error
        if not received:
            raise MachineError("the machine ended", code="gone")
        for event in events:
            if isinstance(event, Told):
                self._unread.append(event.message)
            elif isinstance(event, Got):
                self._link.grant(event.stream, len(event.content))


@contextmanager
def greeted(channel: Path, alive_s: float) -> Iterator[ProbeGuest]:
    """Connect to a machine's channel, which QEMU has opened, and greet. Raises MachineError."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(alive_s)
        try:
            connection.connect(str(channel))
        except OSError as error:
            raise MachineError(f"the channel cannot be opened: {error}", code="gone") from error
        yield ProbeGuest(connection, alive_s)
