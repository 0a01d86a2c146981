"""Follows one task to its end or to a person: events as JSON lines or as sentences.

Decisions come from options (`--approve all`, `--answer`), else from the terminal; without one the
task stays held, and the caller leaves with exit code 4.
"""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from clawdesk.cli.context import plain, print_json
from clawdesk.cli.diff import as_text
from clawdesk.domain.model import FINAL, Kind, Phase, Reason, Record, Request, Task, TaskId
from clawdesk.ports.errors import PortError
from clawdesk.runtime.api import Change, LogLine, Outcome, PlaneApi
from clawdesk.viewmodels.words import plural

_NAMES = {
    "submitted": "task_queued",
    "started": "machine_started",
    "checkpoint": "checkpoint_reached",
    "decision": "decision_given",
    "resumed": "task_resumed",
    "yielded": "task_yielded",
    "finished": "task_finished",
}


@dataclass(slots=True)
class Decider:
    """Who answers. `script` marks answers that no person gave.

    Args:
        approve: "all" approves everything; "ask" asks on the terminal.
        answers: by question key.
        ask: reads a line from the terminal, None = there is no terminal.
    """

    approve: str = "ask"
    answers: dict[str, str] = field(default_factory=dict)
    ask: Callable[[str], str] | None = None
    channel: str = "cli"

    async def decide(self, plane: PlaneApi, task: Task, request: Request) -> Outcome | None:
        """Answer a request; None when nobody here can, or wants to: Ctrl+D is "later"."""
        try:
            return await self._decide(plane, task, request)
        except EOFError:
            print(file=sys.stderr)
            return None

    async def _decide(self, plane: PlaneApi, task: Task, request: Request) -> Outcome | None:
        if request.kind is Kind.CLARIFY:
            text = self.answers.get(request.key)
            if text is None and request.is_ours and self.ask is None:
                text = "give up"  # it is not committed: nobody could answer it later
            if text is None and self.ask is not None:
                text = await self._answer_from_terminal(request)
            if text is None:
                return None
            return await plane.answer(task.id, request.key, text, channel=self.channel)
        if self.approve == "all":
            return await plane.approve(
                task.id, request.ordinal, request.digest, channel=self.channel
            )
        if self.ask is None:
            return None
        return await self._approve_on_terminal(plane, task, request)

    async def _answer_from_terminal(self, request: Request) -> str | None:
        assert self.ask is not None
        print(f"\n{plain(request.question)}", file=sys.stderr)
        for number, choice in enumerate(request.choices, start=1):
            lines = plain(choice).replace("\n", "\n     ")
            print(f"  {number}  {lines}", file=sys.stderr)
        while True:
            text = (await asyncio.to_thread(self.ask, "Your answer: ")).strip()
            if text.isdecimal() and 1 <= int(text) <= len(request.choices):
                return request.choices[int(text) - 1]
            if not (text and request.is_ours) or text in request.choices:
                return text or request.default or None
            print(f"One of: {', '.join(request.choices)}", file=sys.stderr)

    async def _approve_on_terminal(
        self, plane: PlaneApi, task: Task, request: Request
    ) -> Outcome | None:
        assert self.ask is not None
        diff = await plane.diff(task.id, None, request.ordinal)
        print(f"\n{as_text(diff)}\n{plain(request.why)}", file=sys.stderr)
        prompt = f"Approve checkpoint {request.ordinal}? [yes / no: a note / Enter: later] "
        text = (await asyncio.to_thread(self.ask, prompt)).strip()
        if text.lower() in ("y", "yes"):
            return await plane.approve(
                task.id, request.ordinal, request.digest, channel=self.channel
            )
        if not text:
            return None
        note = text.partition(":")[2].strip() or text
        return await plane.reject(
            task.id, request.ordinal, request.digest, channel=self.channel, note=note
        )


async def until_moved(plane: PlaneApi, moved: asyncio.Event) -> None:
    """Until `moved` is set. Raises what ended the plane, where there is nothing more to tell."""
    moving = asyncio.get_running_loop().create_task(moved.wait())
    waits: set[asyncio.Future[Any]] = {moving, plane.ended}
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        moving.cancel()
    if plane.ended.done() and not moved.is_set():
        plane.ended.result()
        raise PortError(
            "The ClawDesk that ran this task has ended; the task keeps its place.",
            mend="Go on with: clawdesk run PROJECT --resume",
            code="plane_ended",
        )


class Follower:
    """Prints what happens to one task."""

    def __init__(self, plane: PlaneApi, task: TaskId, *, as_json: bool) -> None:
        self._plane = plane
        self._id = task
        self._json = as_json
        self._records = 0
        self._line = 0
        self._reason: Reason | None = None
        self._moved = asyncio.Event()

    async def until_rest(self, decider: Decider) -> Task:
        """Follow until the task has ended, or waits for a person whom nobody here can be."""
        unsubscribe = self._plane.subscribe(self._look)
        refused: set[str] = set()
        try:
            while True:
                self._moved.clear()
                task = self._plane.state.tasks[self._id]
                await self._tell(task)
                if task.phase in FINAL:
                    return task
                request = task.request
                if task.phase is Phase.HELD and request and request.id not in refused:
                    outcome = await decider.decide(self._plane, task, request)
                    if outcome is None:
                        return task
                    if not outcome.ok:
                        refused.add(request.id)
                        self._say(outcome.text)
                    continue
                if task.phase is Phase.QUEUED and _never(task):
                    return task
                await until_moved(self._plane, self._moved)
        finally:
            unsubscribe()

    def _look(self, change: Change) -> None:
        if self._id in change.tasks or self._id in change.logs:
            self._moved.set()
        for notice in change.notices:
            self._say(notice)

    def _say(self, text: str) -> None:
        print(plain(text), file=sys.stderr, flush=True)

    async def _tell(self, task: Task) -> None:
        records = task.records[self._records :]
        self._records = len(task.records)
        lines = await self._plane.log_lines(self._id, self._line)
        entries: list[Record | LogLine] = [*records, *lines]
        for entry in sorted(entries, key=lambda entry: entry.at_ms):
            if isinstance(entry, Record):
                self._tell_record(task, entry)
            else:
                self._tell_line(task, entry)
        if task.reason != self._reason and task.reason is not None:
            self._event(task, "task_waiting", {"reason": task.reason}, task.reason.text)
        self._reason = task.reason

    def _tell_line(self, task: Task, line: LogLine) -> None:
        self._line = max(self._line, line.number)
        if line.stream != "event":
            fields = {"step": line.step, "stream": line.stream, "text": line.text}
            self._event(task, "step_output", fields, f"   {line.text}", at_ms=line.at_ms)
        elif not self._json:
            print(f"-- {plain(line.text)}", flush=True)

    def _tell_record(self, task: Task, record: Record) -> None:
        name = _NAMES.get(record.event, record.event)
        fields: dict[str, Any] = {
            k: v for k, v in record.fields.items() if k not in ("value", "task", "schema")
        }
        if record.event == "requested":
            clarify = fields.get("kind") == Kind.CLARIFY.value
            name = "clarification_requested" if clarify else "approval_requested"
            checkpoint = task.checkpoint(int(fields.get("ordinal", 0)))
            if checkpoint is not None and not clarify:
                fields["diffstat"] = checkpoint.diffstat
        if record.commit:
            fields["commit"] = record.commit
        self._event(task, name, fields, _sentence(name, fields), at_ms=record.at_ms)

    def _event(
        self, task: Task, name: str, fields: dict[str, Any], text: str, at_ms: int | None = None
    ) -> None:
        if self._json:
            at = at_ms if at_ms is not None else (task.records[-1].at_ms if task.records else 0)
            head = {"at_ms": at, "task": task.id, "attempt": task.attempt, "event": name}
            print_json({**fields, **head})
        elif text:
            print(plain(text), flush=True)


def _never(task: Task) -> bool:
    """Waiting is pointless: no machine can be started, or not this one, or not without the user."""
    pointless = ("no_machines", "no_image", "too_big", "untrusted")
    return task.reason is not None and task.reason.code in pointless


_SENTENCES = {
    "approval_requested": "== waits for approval of checkpoint {ordinal}",
    "clarification_requested": "== asks: {question}",
    "part_started": "== works at: {name}",
    "checkpoint_failed": "== the checkpoint could not be made: {why}",
    "yield_asked": "== asked to yield at its next checkpoint: {why}",
    "task_yielded": "== yielded at checkpoint {ordinal}: {why}",
    "parked": "== its memory was given back: {why}",
    "adopted": "== ClawDesk was started again and found its machine alive",
    "restored": "== back at checkpoint {ordinal}",
    "task_finished": "== {status}: {text}",
    "attempt_ended": "== the attempt ended: {why}",
}


def _sentence(name: str, fields: dict[str, Any]) -> str:
    if name == "checkpoint_reached":
        pause, stat = fields.get("pause_ms"), fields.get("diffstat") or {}
        kept = f"paused {pause} ms" if pause is not None else "files only"
        missing = "".join(f"\n   not taken: {name}" for name in fields.get("not_taken") or ())
        return (
            f"== checkpoint {fields.get('ordinal')}: {plural(stat.get('files', 0), 'file')} "
            f"+{stat.get('added', 0)} -{stat.get('removed', 0)}, {kept}{missing}"
        )
    if name == "decision_given":
        who, said = fields.get("actor"), fields.get("text") or fields.get("note") or ""
        verdict = str(fields.get("verdict")).replace("_", " ")
        return f"== {verdict} by {who} via {fields.get('channel')} {said}".rstrip()
    return _SENTENCES.get(name, "").format_map(defaultdict(str, fields))
