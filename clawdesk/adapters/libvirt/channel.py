"""The host's end of every machine's channel: `ports.guest.Guests` on one I/O thread.

Bulk bytes stay on that thread; only messages cross to the caller's loop, over a bounded queue.
A machine restored from a snapshot may run the guest program of the version before; calls it does
not know raise GuestError `old_guest`, all others work (`clawdesk_guest.protocol`, rule 11).
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from clawdesk.adapters.libvirt import channel_apply
from clawdesk.adapters.libvirt.channel_shells import Shells
from clawdesk.adapters.libvirt.channel_wire import Ways, Wire
from clawdesk.domain.model import MachineId
from clawdesk.domain.network import NOWHERE, Reach
from clawdesk.ports.egress import Egress
from clawdesk.ports.errors import GuestError
from clawdesk.ports.guest import (
    FileEntry,
    GuestGreeting,
    GuestLost,
    GuestMessage,
    ShellEnd,
    StepOutput,
    StepRun,
    WorkspaceChanges,
)
from clawdesk.ports.inference import Inference
from clawdesk_guest import protocol
from clawdesk_guest.protocol import RemoteError

_T = TypeVar("_T")
_UNHEARD_MAX = 5000
_UNPACK_S_MAX = 600.0
_COLLECT_S_MAX = 600.0
_TEXT_CHARS_MAX = 16_000


class _IoThread:
    """A thread with a loop of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="clawdesk-channels", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            left = asyncio.all_tasks(self.loop)  # a connect that was given up half-way
            for task in left:
                task.cancel()
            self.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.close()

    async def do(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Await `work` on the I/O loop from the caller's loop."""
        future = asyncio.run_coroutine_threadsafe(work, self.loop)
        return await asyncio.wrap_future(future)

    def post(self, call: Callable[..., None], *arguments: object) -> None:
        """Have `call` run there soon; nothing when the thread has ended."""
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self.loop.call_soon_threadsafe(call, *arguments)

    async def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        await asyncio.to_thread(self._thread.join)


class GuestChannels:
    """`Guests` over virtio-serial sockets.

    Args:
        socket_path: the Unix socket of a machine's channel.
        inference: where model calls go; called on the I/O thread's loop.
        egress: where connections of programs go, called there too; None = nowhere.
        silence_s_max: a guest that says nothing for so long is lost, unless it is suspended.
    """

    def __init__(
        self,
        socket_path: Callable[[MachineId], Path],
        inference: Inference,
        egress: Egress | None = None,
        *,
        silence_s_max: float = 30.0,
    ) -> None:
        self._egress = egress
        self._silence_s_max = silence_s_max
        self._socket_path = socket_path
        self._inference = inference
        self._thread: _IoThread | None = None
        # By their machines, of which none comes again: those that are over are kept by nobody.
        self._sessions: WeakValueDictionary[MachineId, ChannelSession] = WeakValueDictionary()

    async def connect(
        self,
        machine: MachineId,
        *,
        token: str,
        start: bool,
        network: Reach = NOWHERE,
        timeout_s: float = 60.0,
    ) -> ChannelSession:
        """Greet a guest; an earlier session with the same machine is closed first."""
        before = self._sessions.pop(machine, None)
        if before is not None:
            await before.close()
        if self._thread is None:
            self._thread = _IoThread()
        session = ChannelSession(self._thread)
        ways = Ways(self._inference, token, self._egress, network)
        wire = Wire(ways, session.hear, silence_s_max=self._silence_s_max)
        await session.open(wire, self._socket_path(machine), timeout_s)
        self._sessions[machine] = session
        if start:
            try:
                await session.unpack()
            except BaseException:
                await session.close()
                raise
        return session

    async def close(self) -> None:
        """Hang up everywhere and end the I/O thread."""
        sessions = list(self._sessions.values())
        self._sessions.clear()
        for session in sessions:
            await session.close()
        if self._thread is not None:
            await self._thread.stop()
            self._thread = None


class ChannelSession:
    """`GuestSession` of one connection; for the loop that called `connect`."""

    greeting: GuestGreeting

    def __init__(self, thread: _IoThread) -> None:
        self._thread = thread
        self._loop = asyncio.get_running_loop()
        self._heard: deque[tuple[GuestMessage, int]] = deque()
        self._news = asyncio.Event()
        self._unheard = 0  # written by both threads, each under the lock
        self._lock = threading.Lock()
        self._is_over = False
        self._wire: Wire

    async def open(self, wire: Wire, path: Path, timeout_s: float) -> None:
        """Connect and greet. Raises GuestError."""
        self._wire = wire
        self.greeting = await self._thread.do(wire.open(path, timeout_s))

    async def unpack(self) -> None:
        """Lay out the workspace from its disk; nothing when that was done before."""
        await self._call("unpack", within_s=_UNPACK_S_MAX)

    async def run(self, step: StepRun) -> None:
        await self._thread.do(self._wire.run(step))

    async def want_turn(self) -> None:
        if self._wire.guest_version >= protocol.ADDED["leave"]:
            await self._call("leave")

    async def kill(self, run_id: str) -> None:
        await self._call("kill", run=run_id)

    async def reply(self, request_id: str, payload: Mapping[str, object]) -> None:
        texts = {name: _cut(str(value)) for name, value in payload.items()}
        if self._wire.guest_version < protocol.OUTCOMES_ADDED.get(texts.get("outcome", ""), 0):
            # Such a guest would take the person's words for the answer.
            texts = {"outcome": "rejected", "feedback": texts["text"]}
        await self._call("reply", request=request_id, payload=texts)

    async def set_feedback(self, text: str) -> None:
        await self._call("feedback", text=_cut(text))

    async def collect(self) -> WorkspaceChanges:
        return await self._thread.do(self._wire.collect(_COLLECT_S_MAX))

    async def apply(self, files: Sequence[FileEntry], deleted: Sequence[str]) -> None:
        """As the port says; one part of a file at a time is on its way."""
        await self._thread.do(channel_apply.apply(self._wire, files, deleted))

    async def shell(self, columns: int, rows: int, env: Mapping[str, str]) -> ChannelShell:
        if self._wire.guest_version < protocol.ADDED["shell"]:
            raise GuestError(
                "The machine goes on from a snapshot whose guest program has no shell.",
                mend="Open one in a task that begins now, or read its log.",
                code="old_guest",
            )
        name = secrets.token_hex(8)
        await self._thread.do(self._wire.shells.open(name, columns, rows, dict(env)))
        return ChannelShell(self._thread, self._wire.shells, name)

    async def quiesce(self, timeout_s: float = 120.0) -> bool:
        """As the port says; from here to `unquiesce` silence is no sign of death."""
        try:
            await self._call("quiesce", within_s=timeout_s)
            is_quiet = True
        except GuestError as error:
            if error.code != "no_answer":
                raise
            is_quiet = False
        self.pause_heartbeat(True)
        return is_quiet

    async def rest(self, timeout_s: float = 120.0) -> tuple[bool, WorkspaceChanges]:
        """As the port says; one call where the guest knows it, as each takes a moment."""
        if self._wire.guest_version < protocol.ADDED["rest"]:
            return await self.quiesce(timeout_s), await self.collect()
        changes = await self._thread.do(self._wire.rest(timeout_s, _COLLECT_S_MAX))
        self.pause_heartbeat(True)
        if changes is None:
            return False, await self.collect()
        return True, changes

    async def unquiesce(self) -> None:
        self.pause_heartbeat(False)
        await self._call("unquiesce")

    def pause_heartbeat(self, paused: bool) -> None:
        """Pause while the machine may be suspended."""
        self._thread.post(self._wire.pause_heartbeat, paused)

    async def close(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._news.set()
            await self._thread.do(self._wire.close())

    async def messages(self) -> AsyncIterator[GuestMessage]:
        """Messages in order; ends after GuestLost, or when the session is closed."""
        while not self._is_over:
            while self._heard and not self._is_over:
                message, stream = self._heard.popleft()
                with self._lock:
                    self._unheard -= 1
                yield message
                if isinstance(message, StepOutput) and stream:
                    self._thread.post(self._wire.used, stream, len(message.chunk))
                if isinstance(message, GuestLost):
                    return
            self._news.clear()
            if not self._heard and not self._is_over:
                await self._news.wait()

    async def _call(self, op: str, *, within_s: float = 60.0, **fields: object) -> None:
        await self._thread.do(self._wire.call(op, within_s=within_s, **fields))

    def hear(self, message: GuestMessage, stream: int) -> None:
        """On the I/O thread: hand a message to the caller's loop.

        Raises:
            RemoteError: the guest says more than the caller takes.
        """
        with self._lock:
            self._unheard += 1
            is_flood = self._unheard > _UNHEARD_MAX
        if is_flood and not isinstance(message, GuestLost):
            raise RemoteError("more messages than could be taken")
        self._loop.call_soon_threadsafe(self._deliver, message, stream)

    def _deliver(self, message: GuestMessage, stream: int) -> None:
        self._heard.append((message, stream))
        self._news.set()


class ChannelShell:
    """`GuestShell` of one connection; for the loop that asked for it."""

    def __init__(self, thread: _IoThread, shells: Shells, name: str) -> None:
        self._thread = thread
        self._shells = shells
        self._name = name
        self.end: ShellEnd | None = None

    async def read(self) -> bytes:
        printed = await self._thread.do(self._shells.read(self._name))
        if not printed:
            self.end = self._shells.end_of(self._name)
        return printed

    async def write(self, content: bytes) -> None:
        await self._thread.do(self._shells.write(self._name, content))

    async def resize(self, columns: int, rows: int) -> None:
        await self._thread.do(self._shells.resize(self._name, columns, rows))

    async def close(self) -> None:
        self._thread.post(self._shells.close, self._name)


def _cut(text: str) -> str:
    """Texts of people are short; a longer one keeps its beginning."""
    return text if len(text) <= _TEXT_CHARS_MAX else f"{text[:_TEXT_CHARS_MAX]} [cut]"
