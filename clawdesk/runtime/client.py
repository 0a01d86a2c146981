"""`PlaneApi` in every process but the one that owns the machines: a mirror and calls by socket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from clawdesk import __version__
from clawdesk.domain.from_prompt import TaskPrompt
from clawdesk.domain.model import PlaneState, Reason, TaskId
from clawdesk.ports.errors import ConflictError, PortError
from clawdesk.ports.repository import (
    Conflicts,
    Diff,
    DiffFile,
    FileSides,
    MergeOutcome,
    ProjectView,
    Settlement,
)
from clawdesk.ports.telemetry import HostLoad
from clawdesk.runtime.api import (
    Change,
    ChannelView,
    Environment,
    LogLine,
    Outcome,
    ShellText,
)
from clawdesk.runtime.client_disk import DiskCalls
from clawdesk.runtime.client_pairing import PairingCalls
from clawdesk.runtime.client_rules import RuleCalls
from clawdesk.runtime.wire import (
    LAST_READ,
    LINE_BYTES_MAX,
    REPEATABLE,
    REQUEST_BYTES_MAX,
    RESULTS,
    Picture,
    apply,
    decode,
    encode,
    read_line,
)

ENDED = "The ClawDesk that runs the tasks has ended meanwhile."
LOOK = "See what was done (clawdesk tasks, clawdesk show TASK), then try again."
UNDONE = "Nothing was done; try again."


class PlaneGoneError(PortError):
    """The process that holds the plane has ended.

    Args:
        undone: nothing that this client asked for since it connected can have changed anything, so
            that all of it may be asked of the next plane.
    """

    def __init__(self, undone: bool) -> None:
        super().__init__(ENDED, mend=UNDONE if undone else LOOK, code="gone")
        self.undone = undone


class PlaneClient(DiskCalls, PairingCalls, RuleCalls):
    """A running plane, seen from another process. Make it with `PlaneClient.connect`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._state = PlaneState()
        self._projects: dict[str, ProjectView] = {}
        self._load: HostLoad | None = None
        self._environment = Environment()
        self._subscribers: list[Callable[[Change], None]] = []
        self._waiting: dict[int, tuple[str, asyncio.Future[Any]]] = {}
        self._number = 0
        self._acted = False  # a call that changes something was taken, or may have been
        self._is_leaving = False
        self._is_whole = False  # every task that there was as it connected is known
        self._is_closed = False  # nothing is answered any more
        self._listener: asyncio.Task[None] | None = None
        self._gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    async def connect(cls, path: Path) -> PlaneClient:
        """Raises PortError: nobody listens, or another version does."""
        try:
            reader, writer = await asyncio.open_unix_connection(path, limit=LINE_BYTES_MAX)
        except OSError as error:
            raise PortError(
                f"No plane answers at {path}: {error.strerror}.", code="no_plane"
            ) from None
        client = cls(reader, writer)
        ending = PortError(f"The plane at {path} is just ending.", code="no_plane")
        greeting, picture = await _line_of(reader), await _line_of(reader)
        if not picture:
            writer.close()
            raise ending
        hello = decode(greeting)
        if hello.get("clawdesk") != __version__:
            writer.close()
            raise PortError(
                f"ClawDesk {hello.get('clawdesk', '?')} is running, this is {__version__}.",
                mend="Quit the running one first.",
                code="version",
            )
        client._take(picture)
        while not client._is_whole:
            if not (picture := await _line_of(reader)):
                writer.close()
                raise ending
            client._take(picture)
        client._listener = asyncio.get_running_loop().create_task(client._listen())
        return client

    async def close(self) -> None:
        if self._listener is not None:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listener
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()
        if not self._gone.done():
            self._gone.cancel()

    async def _listen(self) -> None:
        with contextlib.suppress(PortError):
            while line := await _line_of(self._reader):
                self._take(line)
        self._is_closed = True
        self._acted = not self._undone(self._number)
        self._give_up(self._waiting, undone=not self._acted)
        self._end()

    def _end(self) -> None:
        if not self._gone.done():
            self._gone.set_result(None)

    def _give_up(self, numbers: Iterable[int], undone: bool) -> None:
        """Those calls get no answer any more."""
        for number in list(numbers):
            _, future = self._waiting.pop(number)
            if not future.done():
                future.set_exception(PlaneGoneError(undone))

    def _take(self, line: bytes) -> None:
        message = decode(line)
        if "taken" in message:
            self._refused(int(message["taken"]))
            return
        if "bye" in message:
            self._ended_by_word()
            return
        if "change" in message:
            self._mirror(msgspec.convert(message["change"], Picture))
            return
        method, future = self._waiting.pop(message.get("id"), ("", None))
        self._acted = self._acted or method not in REPEATABLE
        if future is None or future.done():
            return
        if error := message.get("error"):
            future.set_exception(_error_of(error))
        else:
            future.set_result(message.get("result"))

    def _refused(self, taken: int) -> None:
        """The plane takes no calls any more; those after the first `taken` it never took."""
        self._is_leaving = True
        self._give_up(self._unanswered(taken), self._undone(taken))

    def _ended_by_word(self) -> None:
        """The plane is done, and answers only what its tasks printed."""
        self._is_leaving = True
        self._acted = not self._undone(self._number)
        self._give_up(self._unanswered(), undone=not self._acted)
        self._end()

    def _unanswered(self, after: int = 0) -> list[int]:
        """Calls after the first `after` that an ending plane does not answer."""
        return [n for n, (method, _) in self._waiting.items() if n > after and method != LAST_READ]

    def _mirror(self, picture: Picture) -> None:
        apply(self._state, picture)
        self._is_whole = self._is_whole or (picture.whole and not picture.more)
        if picture.projects is not None:
            self._projects.clear()
            self._projects.update(picture.projects)
        self._load = picture.load or self._load
        self._environment = picture.environment or self._environment
        change = Change(
            tasks=frozenset(task.id for task in picture.tasks),
            logs=frozenset(picture.logs),
            projects=picture.projects is not None,
            load=picture.load is not None,
            environment=picture.environment is not None,
            notices=tuple(picture.notices),
        )
        for tell in list(self._subscribers):
            tell(change)

    async def _call(self, method: str, *args: object, **params: object) -> Any:
        if self._is_closed or (self._is_leaving and method != LAST_READ):
            raise PlaneGoneError(self._undone(self._number))
        number = self._number + 1
        line = encode({"id": number, "method": method, "args": args, "params": params})
        if len(line) > REQUEST_BYTES_MAX:  # the plane would drop the connection
            raise PortError(
                f"That is {len(line) // 1024:,} KiB; the running ClawDesk takes at most "
                f"{REQUEST_BYTES_MAX // 1024:,} KiB at once.",
                mend="Decide with less in it, and edit the large files after the merge.",
                code="too_large",
            )
        self._number = number
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = method, future
        self._writer.write(line)
        return msgspec.convert(await future, RESULTS[method])

    def _undone(self, taken: int) -> bool:
        """Whether no call that changes anything is among the first `taken`."""
        under_way = (method for number, (method, _) in self._waiting.items() if number <= taken)
        return not self._acted and REPEATABLE.issuperset(under_way)

    # -- PlaneApi -------------------------------------------------------------------------
    @property
    def state(self) -> PlaneState:
        return self._state

    @property
    def projects(self) -> dict[str, ProjectView]:
        return self._projects

    @property
    def load(self) -> HostLoad | None:
        return self._load

    @property
    def environment(self) -> Environment:
        return self._environment

    def subscribe(self, tell: Callable[[Change], None]) -> Callable[[], None]:
        self._subscribers.append(tell)
        return lambda: self._subscribers.remove(tell) if tell in self._subscribers else None

    @property
    def ended(self) -> asyncio.Future[None]:
        return self._gone

    async def open_project(self, path: str) -> ProjectView:
        view: ProjectView = await self._call("open_project", path)
        return view

    async def close_project(self, path: str) -> Outcome:
        outcome: Outcome = await self._call("close_project", path)
        return outcome

    async def submit(
        self,
        project: str,
        process: str | TaskPrompt,
        *,
        priority: int | None = None,
        include_changes: bool = False,
        settings: dict[str, str] | None = None,
    ) -> TaskId:
        task: TaskId = await self._call(
            "submit",
            project,
            process,
            priority=priority,
            include_changes=include_changes,
            settings=settings,
        )
        return task

    async def fork(
        self,
        task: TaskId,
        ordinal: int,
        *,
        settings: dict[str, str] | None = None,
        title: str = "",
    ) -> TaskId:
        made: TaskId = await self._call("fork", task, ordinal, settings=settings, title=title)
        return made

    async def keep(self, task: TaskId, *, channel: str) -> Outcome:
        outcome: Outcome = await self._call("keep", task, channel=channel)
        return outcome

    async def approve(
        self,
        task: TaskId,
        ordinal: int,
        digest: str,
        *,
        channel: str,
        note: str = "",
        only: tuple[str, ...] | None = None,
        edits: dict[str, bytes] | None = None,
        key: str = "",
    ) -> Outcome:
        outcome: Outcome = await self._call(
            "approve",
            task,
            ordinal,
            digest,
            channel=channel,
            note=note,
            only=only,
            edits=edits,
            key=key,
        )
        return outcome

    async def reject(
        self, task: TaskId, ordinal: int, digest: str, *, channel: str, note: str, key: str = ""
    ) -> Outcome:
        outcome: Outcome = await self._call(
            "reject", task, ordinal, digest, channel=channel, note=note, key=key
        )
        return outcome

    async def answer(
        self, task: TaskId, ref: str, text: str, *, channel: str, key: str = ""
    ) -> Outcome:
        outcome: Outcome = await self._call("answer", task, ref, text, channel=channel, key=key)
        return outcome

    async def ask_back(
        self, task: TaskId, ref: str, text: str, *, channel: str, key: str = ""
    ) -> Outcome:
        outcome: Outcome = await self._call("ask_back", task, ref, text, channel=channel, key=key)
        return outcome

    async def restore(self, task: TaskId, ordinal: int, *, channel: str) -> Outcome:
        outcome: Outcome = await self._call("restore", task, ordinal, channel=channel)
        return outcome

    async def prompt(self, task: TaskId, text: str, *, channel: str) -> Outcome:
        outcome: Outcome = await self._call("prompt", task, text, channel=channel)
        return outcome

    async def cancel(self, task: TaskId, *, channel: str) -> Outcome:
        outcome: Outcome = await self._call("cancel", task, channel=channel)
        return outcome

    async def why(self, task: TaskId) -> Reason | None:
        reason: Reason | None = await self._call("why", task)
        return reason

    async def yield_now(self, task: TaskId, *, channel: str) -> Outcome:
        outcome: Outcome = await self._call("yield_now", task, channel=channel)
        return outcome

    async def open_shell(self, task: TaskId, columns: int, rows: int, *, term: str) -> str:
        shell: str = await self._call("open_shell", task, columns, rows, term=term)
        return shell

    async def read_shell(self, shell: str) -> ShellText:
        text: ShellText = await self._call("read_shell", shell)
        return text

    async def write_shell(self, shell: str, content: bytes) -> None:
        await self._call("write_shell", shell, content)

    async def resize_shell(self, shell: str, columns: int, rows: int) -> None:
        await self._call("resize_shell", shell, columns, rows)

    async def close_shell(self, shell: str) -> None:
        await self._call("close_shell", shell)

    async def conflicts(self, task: TaskId, *, into: str = "") -> Conflicts:
        found: Conflicts = await self._call("conflicts", task, into=into)
        return found

    async def merge(
        self,
        task: TaskId,
        *,
        into: str = "",
        each_checkpoint: bool = False,
        settled: Settlement | None = None,
    ) -> MergeOutcome:
        outcome: MergeOutcome = await self._call(
            "merge", task, into=into, each_checkpoint=each_checkpoint, settled=settled
        )
        return outcome

    async def unmerge(self, task: TaskId) -> Outcome:
        outcome: Outcome = await self._call("unmerge", task)
        return outcome

    async def diff(self, task: TaskId, old: int | None, new: int, *, other: TaskId = "") -> Diff:
        diff: Diff = await self._call("diff", task, old, new, other=other)
        return diff

    async def diff_branch(self, task: TaskId, ordinal: int) -> Diff:
        diff: Diff = await self._call("diff_branch", task, ordinal)
        return diff

    async def file_sides(
        self, task: TaskId, ordinal: int, path: str, *, old_path: str = ""
    ) -> FileSides:
        sides: FileSides = await self._call("file_sides", task, ordinal, path, old_path=old_path)
        return sides

    async def diff_edited(
        self, task: TaskId, ordinal: int, path: str, content: bytes, *, old_path: str = ""
    ) -> DiffFile:
        file: DiffFile = await self._call(
            "diff_edited", task, ordinal, path, content, old_path=old_path
        )
        return file

    async def log_lines(self, task: TaskId, after: int = 0) -> tuple[LogLine, ...]:
        lines: tuple[LogLine, ...] = await self._call("log_lines", task, after)
        return lines

    async def check_environment(self) -> Environment:
        environment: Environment = await self._call("check_environment")
        return environment

    async def load_model(self, model: str) -> Outcome:
        outcome: Outcome = await self._call("load_model", model)
        return outcome

    async def unload_model(self, model: str) -> Outcome:
        outcome: Outcome = await self._call("unload_model", model)
        return outcome

    async def pin_model(self, model: str, pinned: bool) -> Outcome:
        outcome: Outcome = await self._call("pin_model", model, pinned)
        return outcome

    async def reserve_model(
        self, model: str, project: str, from_s: float, until_s: float
    ) -> Outcome:
        outcome: Outcome = await self._call("reserve_model", model, project, from_s, until_s)
        return outcome

    async def end_reservation(self, reservation: str) -> Outcome:
        outcome: Outcome = await self._call("end_reservation", reservation)
        return outcome

    async def set_budget(self, project: str, gpu_hours: float, tokens: int) -> Outcome:
        outcome: Outcome = await self._call("set_budget", project, gpu_hours, tokens)
        return outcome

    async def set_weight(self, project: str, weight: float) -> Outcome:
        outcome: Outcome = await self._call("set_weight", project, weight)
        return outcome

    async def revoke_peer(self, name: str) -> Outcome:
        outcome: Outcome = await self._call("revoke_peer", name)
        return outcome

    async def add_channel(self, address: str, token: str) -> Outcome:
        outcome: Outcome = await self._call("add_channel", address, token)
        return outcome

    async def remove_channel(self) -> Outcome:
        outcome: Outcome = await self._call("remove_channel")
        return outcome

    async def test_channel(self, wait_s: float) -> Outcome:
        outcome: Outcome = await self._call("test_channel", wait_s)
        return outcome

    async def channel(self) -> ChannelView:
        view: ChannelView = await self._call("channel")
        return view

    async def doctor(self) -> list[dict[str, object]]:
        checks: list[dict[str, object]] = await self._call("doctor")
        return checks


async def _line_of(reader: asyncio.StreamReader) -> bytes:
    try:
        return await read_line(reader)
    except ConnectionError:
        return b""


def _error_of(error: dict[str, Any]) -> PortError:
    if error.get("code") == "conflict":
        paths = tuple(error.get("paths", ()))
        return ConflictError(error["what"], paths, mend=error.get("mend", ""))
    return PortError(error["what"], mend=error.get("mend", ""), code=error.get("code", "error"))
