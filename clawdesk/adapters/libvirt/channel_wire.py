"""One connection to one guest, on the I/O thread: bytes to messages, calls to answers.

The guest is not trusted: every limit is kept here, and a broken rule ends the connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from clawdesk.adapters.libvirt.channel_files import BYTES_MAX, FILES_MAX
from clawdesk.adapters.libvirt.channel_output import TokenBucket
from clawdesk.adapters.libvirt.channel_relay import ModelRelay
from clawdesk.adapters.libvirt.channel_shells import Shells
from clawdesk.adapters.libvirt.channel_streams import Streams
from clawdesk.adapters.libvirt.channel_tunnels import Tunnels
from clawdesk.domain.network import NOWHERE, Reach
from clawdesk.ports import guest as said
from clawdesk.ports.egress import Egress
from clawdesk.ports.errors import GuestError
from clawdesk.ports.inference import Inference
from clawdesk_guest import link as events
from clawdesk_guest import protocol
from clawdesk_guest.link import Link
from clawdesk_guest.protocol import LocalError, Message, RemoteError

_READ_BYTES = 256 << 10
_TRY_AGAIN_S = 0.02
_HELLO_AGAIN_S = 3.0
_PINGS_PER_SILENCE = 6
_CONTROL_PER_S, _CONTROL_BURST = 200.0, 2000.0


@dataclass(frozen=True, slots=True)
class Ways:
    """Where what a machine asks for goes: model calls with its token, connections to its hosts."""

    inference: Inference
    token: str
    egress: Egress | None
    network: Reach = NOWHERE


class Wire:
    """A greeted guest. All methods run on the I/O thread's loop.

    Args:
        hear: told every message for the session, and at the end, once, GuestLost; the number is
            the stream to give credit back to (`used`), 0 for none.
        silence_s_max: how long a guest may say nothing at all, not even answer a ping.
    """

    def __init__(
        self,
        ways: Ways,
        hear: Callable[[said.GuestMessage, int], None],
        *,
        silence_s_max: float,
    ) -> None:
        self._silence_s_max = silence_s_max
        self._epoch = secrets.token_bytes(protocol.EPOCH_BYTES)
        self.link = Link(guest=False, epoch=self._epoch)
        self.greeting: said.GuestGreeting | None = None
        self._parts = 0
        self.guest_version = 0  # until it has greeted
        self._hear = hear
        self._relay = ModelRelay(
            self, ways.inference, ways.token, lambda called: self._hear(called, 0)
        )
        self._tunnels = Tunnels(self, ways.egress, ways.network, lambda used: self._hear(used, 0))
        self.shells = Shells(self)
        self._streams = Streams(self, (self._relay, self._tunnels, self.shells), hear)
        self._calls: dict[int, asyncio.Future[None]] = {}
        self._numbers = itertools.count(1)
        self._bucket = TokenBucket(_CONTROL_PER_S, _CONTROL_BURST)
        self._unanswered = 0
        """Pings since the guest was last heard. Not a time: where this program or the whole host
        stood still, the guest could not answer, and what it said lies unread."""
        self._is_paused = False
        self._greeted = asyncio.Event()
        self._something_to_send = asyncio.Event()
        self._room_changed = asyncio.Condition()
        self.applying = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter | None = None
        self._lost = ""

    # Beginning and end

    async def open(self, path: Path, timeout_s: float) -> said.GuestGreeting:
        """Connect and greet. Raises GuestError; the wire is closed then."""
        try:
            async with asyncio.timeout(timeout_s):
                self._reader, self._writer = await _connect(path)
                loop = asyncio.get_running_loop()
                self._tasks = [
                    loop.create_task(self._receive()),
                    loop.create_task(self._send()),
                    loop.create_task(self._say_hello()),
                ]
                await self._greeted.wait()
        except TimeoutError:
            await self.close()
            raise GuestError(
                f"the guest did not answer within {timeout_s:g} s",
                mend="try again; if it stays so, run: clawdesk doctor",
                code="no_answer",
            ) from None
        except OSError as error:
            await self.close()
            raise GuestError(f"the machine's channel cannot be opened: {error}") from error
        except BaseException:
            await self.close()
            raise
        if self.greeting is None:
            why = self._lost
            await self.close()
            raise GuestError(why or "the machine ended before its guest answered", code="lost")
        self._tasks.append(asyncio.get_running_loop().create_task(self._keep_alive()))
        return self.greeting

    async def close(self) -> None:
        """Hang up. Waiting calls fail; nothing is heard any more."""
        self._hear = lambda _message, _stream: None
        self._end("the connection was closed")
        await self._relay.close()
        await self._tunnels.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._writer is not None:
            # A guest that hangs reads nothing: what is on its way to it would keep us for ever.
            if self._writer.transport.get_write_buffer_size():
                self._writer.transport.abort()
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()

    def _end(self, why: str) -> None:
        """The guest is lost: tell once, fail what waits, send and receive nothing more."""
        if self._lost:
            return
        self._lost = why
        for call in self._calls.values():
            if not call.done():
                call.set_exception(GuestError(why, code="lost"))
        self._calls.clear()
        self._streams.clear()
        self.link.restart()
        self._greeted.set()
        if self._writer is not None:
            self._writer.close()
        self.shells.lost(why)
        self.wake()
        self._hear(said.GuestLost(why), 0)

    # Bytes

    async def _receive(self) -> None:
        why = "the machine's channel closed"
        try:
            while not self._lost and (content := await self._reader.read(_READ_BYTES)):
                self._unanswered = 0
                for event in self.link.feed(content):
                    self._take(event)
                self.wake()
        except RemoteError as error:
            why = f"the guest broke the protocol: {error}"
        except OSError as error:
            why = f"the machine's channel broke: {error.strerror or error}"
        self._end(why)
        await self._relay.close()
        await self._tunnels.close()

    async def _send(self) -> None:
        assert self._writer is not None
        try:
            while not self._lost:
                await self._something_to_send.wait()
                self._something_to_send.clear()
                while content := self.link.outgoing():
                    self._writer.write(bytes(content))
                    self.link.sent(len(content))
                    await self._writer.drain()
                async with self._room_changed:
                    self._room_changed.notify_all()
        except OSError as error:
            self._end(f"the machine's channel broke: {error.strerror or error}")

    def wake(self) -> None:
        """Something was queued to be sent, or there may be room for more."""
        self._something_to_send.set()

    async def room(self, stream: int) -> int:
        """Wait until bytes may be sent on a stream; 0 when it is gone."""
        if (room := self.link.room(stream)) > 0 or not self.link.is_open(stream):
            return room  # as a rule; to wait in line for it would cost as much as all the rest
        async with self._room_changed:
            await self._room_changed.wait_for(
                lambda: self.link.room(stream) > 0 or not self.link.is_open(stream)
            )
        return self.link.room(stream)

    async def _say_hello(self) -> None:
        """Until the guest answers: the first hello may meet a guest that just wakes up."""
        while not self._greeted.is_set():
            self.link.raw(protocol.SYNC)
            self.link.tell({
                "op": "hello",
                "version": protocol.VERSION,
                "epoch": self._epoch.hex(),
                "clock_ms": time.time_ns() // 1_000_000,
                "seed": secrets.token_hex(32),
            })  # fmt: skip
            self.wake()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_HELLO_AGAIN_S):
                    await self._greeted.wait()

    # Heartbeat

    async def _keep_alive(self) -> None:
        for tick in itertools.count():
            await asyncio.sleep(self._silence_s_max / _PINGS_PER_SILENCE)
            if self._is_paused:
                continue
            if self._unanswered >= _PINGS_PER_SILENCE:
                self._end("the guest stopped answering")
                return
            self._unanswered += 1
            self.link.tell({"op": "ping", "tick": tick})
            self.wake()

    def pause_heartbeat(self, paused: bool) -> None:
        """While paused silence is no sign of death: the machine may be suspended."""
        self._is_paused = paused
        self._unanswered = 0

    def used(self, stream: int, count_bytes: int) -> None:
        """The caller has taken that much output: let the step print on."""
        self.link.grant(stream, count_bytes)
        self.wake()

    # Calls

    async def call(self, op: str, *, within_s: float = 60.0, **fields: object) -> None:
        """Have the guest do something and wait until it is done.

        Raises:
            GuestError: the guest refused (its words), was lost, or took too long.
        """
        await self._call(next(self._numbers), op, within_s, fields)

    async def run(self, step: said.StepRun) -> None:
        """Start a step. Raises GuestError."""
        self._streams.expect_output(step.run_id)
        looks = self.guest_version >= protocol.ADDED["turns_by_change"]
        run = partial(
            self.call,
            "run",
            run=step.run_id,
            name=step.name,
            command=step.command,
            timeout_s=step.timeout_s,
            env=dict(step.env),
        )
        if self.guest_version < protocol.ADDED["turns"]:
            await run()
            return
        # A guest that cannot look at its files has a boundary at each call rather than at none.
        every_calls = 1 if step.when_changed and not looks else step.every_calls
        turns = partial(self.call, "turns", every_calls=every_calls, every_s=step.every_s)
        if step.when_changed and looks:
            await turns()
            await self.call("turns_by_change")  # it looks at the files before the step touches them
            await run()
        else:
            await asyncio.gather(turns(), run())  # the guest does them in this order

    async def collect(self, timeout_s: float) -> said.WorkspaceChanges:
        """The guest's changed files. Raises GuestError."""
        return await self._files("collect", timeout_s)

    async def rest(self, quiet_s: float, timeout_s: float) -> said.WorkspaceChanges | None:
        """Have it stand still, then as `collect`; None where it does not stand still in time."""
        begun = asyncio.Event()
        files = asyncio.ensure_future(self._files("rest", quiet_s + timeout_s, begun))
        begins = asyncio.ensure_future(begun.wait())
        try:
            await asyncio.wait(
                (files, begins), timeout=quiet_s, return_when=asyncio.FIRST_COMPLETED
            )
            return await files if files.done() or begins.done() else None
        finally:
            files.cancel()
            begins.cancel()

    async def _files(
        self, op: str, timeout_s: float, begun: asyncio.Event | None = None
    ) -> said.WorkspaceChanges:
        """What a call tells of files. `begun` is set when the first of it is on its way."""
        number = next(self._numbers)
        parser = self._streams.expect_files(number, begun)
        limits: dict[str, object] = {"files_max": FILES_MAX, "bytes_max": BYTES_MAX}
        try:
            await self._call(number, op, timeout_s, limits)
            return parser.changes()
        except RemoteError as error:
            self._end(f"the guest broke the protocol: {error}")
            raise GuestError(self._lost, code="lost") from error
        finally:
            self._streams.forget_files(number)

    async def _call(self, number: int, op: str, timeout_s: float, fields: Message) -> None:
        if self._lost:
            raise GuestError(self._lost, code="lost")
        future = asyncio.get_running_loop().create_future()
        self._calls[number] = future
        try:
            self.link.tell({"op": op, "call": number, **fields})
            self.wake()
            async with asyncio.timeout(timeout_s):
                await future
        except LocalError as error:
            raise GuestError(
                f"this cannot be told to the guest: {error}", code="too_large"
            ) from error
        except TimeoutError:
            raise GuestError(
                f"the guest did not finish '{op}' within {timeout_s:g} s", code="no_answer"
            ) from None
        finally:
            self._calls.pop(number, None)

    # Events

    def _take(self, event: events.Event) -> None:
        if self._lost:
            return
        if isinstance(event, events.Told | events.Opened | events.Asked):
            if not self._is_awaited(event) and not self._bucket.take(time.monotonic()):
                raise RemoteError(f"more than {_CONTROL_PER_S:g} messages a second")
            if isinstance(event, events.Told):
                self._told(event.message)
            elif self.greeting is None:
                raise RemoteError("a stream before the greeting (rule 8)")
            elif isinstance(event, events.Asked):
                self._streams.asked(*event)
            else:
                self._streams.opened(event.stream, event.head)
        elif isinstance(event, events.Got):
            self._streams.got(event.stream, event.content)
        else:
            self._streams.closed(event.stream)

    def _is_awaited(self, event: events.Event) -> bool:
        """Whether it is the answer to a call: we set the pace of these, ten thousand for files."""
        if not isinstance(event, events.Told) or event.message["op"] not in {"done", "failed"}:
            return False
        call = self._calls.get(event.message["call"])
        return call is not None and not call.done()

    def _told(self, message: Message) -> None:
        op = message["op"]
        if op == "greeting":
            self._take_greeting(message)
        elif self.greeting is None:
            raise RemoteError("a message before the greeting (rule 8)")
        elif op in {"done", "failed"}:
            self._answered(message)
        elif op == "shell_ended":
            self.shells.told(message)
        elif op == "part":
            self._parts += 1
            if self._parts <= said.PARTS_MAX:
                self._hear(said.PartStarted(message["name"]), 0)
        elif op != "pong":
            self.link.tell({"op": "ack", "n": message["n"]})
            self._hear(_as_port_message(message), 0)

    def _take_greeting(self, message: Message) -> None:
        if self.greeting is not None:
            raise RemoteError("a second greeting (rule 8)")
        version = message["version"]
        if not protocol.VERSION_MIN <= version <= protocol.VERSION:  # rule 11
            self._end(
                f"the guest speaks version {version} of the protocol, this program "
                f"{protocol.VERSION_MIN} to {protocol.VERSION}; build the image again "
                "(clawdesk images build) and run the task from its beginning"
            )
            return
        self.guest_version = version
        self.greeting = said.GuestGreeting(
            boot_id=message["boot_id"],
            python=message["python"],
            kernel=message["kernel"],
            running=message["running"],
            pending=tuple(message["pending"]),
            last_run=message["last_run"],
            last_ended=message["last_ended"],
            last_exit_code=message["last_exit_code"],
            last_timed_out=message["last_timed_out"],
        )
        self._streams.expect_output(message["running"])
        self._greeted.set()

    def _answered(self, message: Message) -> None:
        call = self._calls.get(message["call"])
        if message["op"] == "failed" and message["call"] == 0:
            self._end(message["why"])
        elif call is None or call.done():
            return  # Nobody waits any more: the call took too long.
        elif message["op"] == "done":
            call.set_result(None)
        else:
            call.set_exception(GuestError(message["why"], code="refused"))


async def _connect(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the machine's socket, which appears when QEMU starts."""
    while True:
        try:
            return await asyncio.open_unix_connection(path)
        except (FileNotFoundError, ConnectionRefusedError):
            await asyncio.sleep(_TRY_AGAIN_S)


def _as_port_message(message: Message) -> said.GuestMessage:
    if message["op"] in protocol.ENDS:
        return said.StepEnded(
            message["run"],
            message["exit_code"],
            message["timed_out"],
            killed=message.get("killed", 0),
        )
    if message["op"] == "boundary":
        return said.BoundaryAsked(
            request_id=message["request"],
            approve=message["approve"],
            message=message["message"],
            next_step=message["next_step"],
            artifacts=tuple(message["artifacts"]),
        )
    if message["op"] == "turn":
        return said.BoundaryAsked(
            message["request"], False, f"before model call {message['number']}", model_call=True
        )
    return said.QuestionAsked(
        request_id=message["request"],
        key=message["key"],
        question=message["question"],
        choices=tuple(message["choices"]),
        default=message["default"],
    )
