"""`Guests` in memory: a step is a Python coroutine, found by its command.

Behaves as the real one does in tests/contract/test_guests.py; moves no bytes and starts nothing.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from clawdesk.adapters.libvirt import channel_apply
from clawdesk.domain.model import MachineId
from clawdesk.domain.network import NOWHERE, Reach
from clawdesk.domain.spending import CallUse
from clawdesk.ports.errors import GuestError
from clawdesk.ports.guest import (
    BoundaryAsked,
    FileEntry,
    GuestGreeting,
    GuestLost,
    GuestMessage,
    ModelCalled,
    QuestionAsked,
    ShellEnd,
    StepEnded,
    StepOutput,
    StepRun,
    WorkspaceChanges,
)
from clawdesk_guest.shells import SHELLS_MAX
from tests.support.shell_fake import FakeShell

Script = Callable[["FakeStep"], Awaitable[int]]
"""What a step does; returns its exit code."""
Payload = Mapping[str, object]
FILE, LINK = 0o100644, 0o120000


class FakeMachine:
    """What is inside one machine; survives a reconnect as a real guest does."""

    def __init__(self, files: Mapping[str, bytes], ids: Iterator[int]) -> None:
        self.start = dict(files)
        self.files = dict(files)
        self.modes: dict[str, int] = {}  # of files that are not plain
        self.skipped: tuple[str, ...] = ()  # what of its files it cannot send, and why
        self.is_old = False  # its guest program is of the version before
        self.feedback = ""
        self.feedbacks: list[str] = []  # all of them
        self.run_id = ""
        self.last: StepEnded | None = None
        self.last_run = ""
        self.waiting: dict[str, asyncio.Future[Payload]] = {}
        self.asked: dict[str, GuestMessage] = {}
        self.session: FakeSession | None = None
        self.task: asyncio.Task[None] | None = None
        self.unheard: list[GuestMessage] = []
        self.quiet = True
        self.calls = self.calls_since = 0  # of models, in this step and since a boundary
        self.turn_wanted = False
        self.seen = dict(files)  # as they were when last looked at for a model call
        self.use_of: Callable[[int], CallUse | None] = lambda number: None
        """What the n-th model call used, where the Fabric told it."""
        self.killed = 0  # programs its kernel ended in this step for want of memory
        self.is_dead = False
        self.network = NOWHERE  # what the last host lets it reach
        self.shells: list[FakeShell] = []
        self._ids = ids  # no two requests have one name, whatever machine they come from

    def tell(self, message: GuestMessage) -> None:
        """To the host, now or when one connects again."""
        if self.session is not None and not self.session.is_over:
            self.session.heard.put_nowait(message)
        elif not isinstance(message, StepOutput | ModelCalled):
            self.unheard.append(message)

    def put(self, file: FileEntry) -> None:
        """Write a file. Here a directory is there while a file lies in it."""
        parts = file.path.split("/")
        for above in ("/".join(parts[:count]) for count in range(1, len(parts))):
            if above in self.files:
                kind = "a symbolic link" if self.modes.get(above) == LINK else "a file"
                raise GuestError(f"{file.path}: {kind} is in the way, {above}", code="refused")
        prefix = f"{file.path}/"
        below = next((path for path in self.files if path.startswith(prefix)), None)
        if below is not None:
            words = f"{file.path}: a directory is in the way, with {below} in it"
            raise GuestError(words, code="refused")
        self.remove(file.path)
        self.files[file.path] = file.content
        if file.mode != FILE:
            self.modes[file.path] = file.mode

    def remove(self, path: str) -> None:
        self.files.pop(path, None)
        self.modes.pop(path, None)

    def has_changed(self) -> bool:
        before, self.seen = self.seen, dict(self.files)
        return before != self.seen

    def close_shells(self, why: str) -> None:
        for shell in self.shells:
            shell.over(ShellEnd(129, why))
        self.shells.clear()

    def new_id(self) -> str:
        return f"request-{next(self._ids)}"

    def die(self, why: str = "the machine's channel closed") -> None:
        """As a crash of QEMU."""
        self.is_dead = True
        self.close_shells(why)
        if self.task is not None:
            self.task.cancel()
        if self.session is not None:
            self.session.heard.put_nowait(GuestLost(why))


class FakeStep:
    """A running step, as its script sees it."""

    def __init__(self, machine: FakeMachine, run: StepRun) -> None:
        self.machine = machine
        self.files = machine.files
        self.environment = dict(run.env)
        self._run = run

    def print(self, text: str, stream: str = "out") -> None:
        self.machine.tell(StepOutput(self._run.run_id, stream, text.encode()))

    async def checkpoint(self, *, approve: bool = False, message: str = "") -> Payload:
        """Wait as `claw checkpoint` does; returns the reply."""
        request = self.machine.new_id()
        asked = BoundaryAsked(request, approve, message)
        return await self._wait(request, asked)

    async def ask(self, question: str, choices: tuple[str, ...] = ()) -> Payload:
        request = self.machine.new_id()
        return await self._wait(request, QuestionAsked(request, "", question, choices))

    async def model_call(self) -> None:
        """A call to a model; it waits where calls are boundaries, and is answered at once."""
        machine = self.machine
        since, number = machine.calls_since, machine.calls + 1
        changed = self._run.when_changed and machine.has_changed()
        if machine.turn_wanted or changed or 0 < self._run.every_calls <= since:
            message = f"before model call {number}"
            asked = BoundaryAsked(machine.new_id(), False, message, model_call=True)
            await self._wait(asked.request_id, asked)
            machine.calls_since, machine.turn_wanted = 0, False
        machine.calls, machine.calls_since = number, machine.calls_since + 1
        use = machine.use_of(number) or CallUse(machine.new_id(), tokens_in=10, tokens_out=2)
        use = replace(use, run=self._run.run_id)
        machine.tell(ModelCalled("m", "", "", 200, 0.0, use.tokens_in, use.tokens_out, uses=(use,)))

    async def _wait(self, request: str, asked: GuestMessage) -> Payload:
        future: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
        self.machine.waiting[request] = future
        self.machine.asked[request] = asked
        self.machine.tell(asked)
        try:
            return await future
        finally:
            self.machine.waiting.pop(request, None)
            self.machine.asked.pop(request, None)


class FakeGuests:
    """Machines by id; `add` one before it is connected to."""

    def __init__(self, scripts: Mapping[str, Script]) -> None:
        self.scripts = dict(scripts)
        self.machines: dict[MachineId, FakeMachine] = {}
        self._ids = itertools.count(1)

    def add(self, machine: MachineId, files: Mapping[str, bytes] | None = None) -> FakeMachine:
        self.machines[machine] = FakeMachine(files or {}, self._ids)
        return self.machines[machine]

    async def connect(
        self,
        machine: MachineId,
        *,
        token: str,
        start: bool,
        network: Reach = NOWHERE,
        timeout_s: float = 60.0,
    ) -> FakeSession:
        inside = self.machines.get(machine)
        if inside is None or inside.is_dead:
            raise GuestError(f"the guest did not answer within {timeout_s:g} s", code="no_answer")
        if inside.session is not None:
            await inside.session.close()
        inside.session = FakeSession(inside, self.scripts)
        inside.network = network
        inside.quiet = False
        ended = [message for message in inside.unheard if isinstance(message, StepEnded)]
        for message in (*ended, *inside.asked.values()):
            inside.session.heard.put_nowait(message)
        inside.unheard.clear()
        return inside.session

    async def close(self) -> None:
        for machine in self.machines.values():
            if machine.session is not None:
                await machine.session.close()
            if machine.task is not None:
                machine.task.cancel()
                await asyncio.gather(machine.task, return_exceptions=True)


class FakeSession:
    """`GuestSession` of a fake machine."""

    def __init__(self, machine: FakeMachine, scripts: Mapping[str, Script]) -> None:
        self._machine = machine
        self._scripts = scripts
        self.heard: asyncio.Queue[GuestMessage | None] = asyncio.Queue()
        self.is_over = False
        last = machine.last
        self.greeting = GuestGreeting(
            "fake",
            "3.11.2",
            "6.1.0-fake",
            machine.run_id,
            tuple(machine.waiting),
            machine.last_run,
            last is not None,
            last.exit_code if last is not None else 0,
            last.timed_out if last is not None else False,
        )

    async def run(self, step: StepRun) -> None:
        self._check()
        machine = self._machine
        if machine.run_id:
            raise GuestError(f"the step {machine.run_id} is still running", code="refused")
        machine.run_id = machine.last_run = step.run_id
        machine.last = None
        machine.killed = 0
        machine.calls = machine.calls_since = 0
        machine.turn_wanted = False
        machine.has_changed()
        machine.task = asyncio.get_running_loop().create_task(self._perform(step))
        await asyncio.sleep(0)  # Let it begin: a task cancelled before would not tell its end.

    async def _perform(self, step: StepRun) -> None:
        code, timed_out = 0, False
        script = self._scripts.get(step.command)
        try:
            async with asyncio.timeout(step.timeout_s):
                code = 127 if script is None else await script(FakeStep(self._machine, step))
        except TimeoutError:
            code, timed_out = 143, True
        except asyncio.CancelledError:
            code = 143
        self._machine.run_id = ""
        if not self._machine.is_dead:
            self._machine.last = StepEnded(step.run_id, code, timed_out, self._machine.killed)
            self._machine.tell(self._machine.last)

    async def want_turn(self) -> None:
        self._check()
        self._machine.turn_wanted = True

    async def kill(self, run_id: str) -> None:
        self._check()
        if self._machine.run_id == run_id and self._machine.task is not None:
            self._machine.task.cancel()

    async def reply(self, request_id: str, payload: Payload) -> None:
        self._check()
        future = self._machine.waiting.get(request_id)
        if future is None or future.done():
            raise GuestError(f"nobody waits for {request_id} any more", code="refused")
        self._machine.asked.pop(request_id, None)
        future.set_result(dict(payload))

    async def set_feedback(self, text: str) -> None:
        self._check()
        self._machine.feedback = text
        self._machine.feedbacks.append(text)

    async def collect(self) -> WorkspaceChanges:
        self._check()
        before, now, modes = self._machine.start, self._machine.files, self._machine.modes
        changed = tuple(
            FileEntry(path, modes.get(path, FILE), content)
            for path, content in sorted(now.items())
            if before.get(path) != content or path in modes
        )
        deleted = tuple(sorted(before.keys() - now.keys()))
        return WorkspaceChanges(changed, deleted, self._machine.skipped)

    async def apply(self, files: Sequence[FileEntry], deleted: Sequence[str]) -> None:
        self._check()
        if self._machine.is_old:
            raise GuestError("an older guest program cannot take files", code="old_guest")
        channel_apply.check(files, deleted)
        first, rest = channel_apply.in_order(files, deleted)
        for path in first:
            self._machine.remove(path)
        for file in files:
            self._machine.put(file)
        for path in rest:
            self._machine.remove(path)

    async def shell(self, columns: int, rows: int, env: Mapping[str, str]) -> FakeShell:
        self._check()
        if self._machine.is_old:
            raise GuestError("an older guest program has no shell", code="old_guest")
        if self._machine.quiet:
            raise GuestError("a checkpoint is being taken", code="refused")
        if len(self._machine.shells) >= SHELLS_MAX:
            raise GuestError(f"{SHELLS_MAX} shells are open already; close one", code="refused")
        shell = FakeShell(columns, rows)
        self._machine.shells.append(shell)
        return shell

    async def quiesce(self, timeout_s: float = 120.0) -> bool:
        self._check()
        self._machine.close_shells("a checkpoint of the machine is being taken")
        self._machine.quiet = True
        return True

    async def rest(self, timeout_s: float = 120.0) -> tuple[bool, WorkspaceChanges]:
        return await self.quiesce(timeout_s), await self.collect()

    async def unquiesce(self) -> None:
        self._check()
        self._machine.quiet = False

    def pause_heartbeat(self, paused: bool) -> None:
        pass

    async def close(self) -> None:
        if not self.is_over:
            self.is_over = True
            self.heard.put_nowait(None)

    async def messages(self) -> AsyncIterator[GuestMessage]:
        while (message := await self.heard.get()) is not None:
            yield message
            if isinstance(message, GuestLost):
                return

    def _check(self) -> None:
        if self.is_over or self._machine.is_dead:
            raise GuestError("the machine's channel closed", code="lost")
