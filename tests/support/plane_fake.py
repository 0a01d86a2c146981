"""A scripted plane in memory: the whole PlaneApi without machines, for tests of the window.

It keeps the contract's rules that a window can see (digest bound approvals, first answer wins,
a note for a rejection, files only checkpoints) and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from clawdesk.adapters.git.diffs import edited
from clawdesk.domain.from_prompt import TaskPrompt, definition_from
from clawdesk.domain.model import (
    FINAL,
    Checkpoint,
    DiffStat,
    Kind,
    Phase,
    PlaneState,
    ProjectPolicy,
    Reason,
    Record,
    Request,
    Snapshot,
    Task,
    TaskId,
)
from clawdesk.ports.errors import ConflictError, PortError, RepositoryError
from clawdesk.ports.machines import DiskUse
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
    Environment,
    LogLine,
    Outcome,
)
from clawdesk.runtime.deeds import Deed
from tests.support import conflict_scene, review_scene
from tests.support import plane_scenes as scenes
from tests.support.disk_fake import FakeDisk
from tests.support.forks_fake import FakeForks
from tests.support.models_fake import FakeModelActs
from tests.support.rules_fake import FakeRules
from tests.support.shells_of_plane import FakeShellActs


async def scripted_time(ms: int) -> None:
    """Let that much time pass: a step of a script takes as long as it is written to take."""
    loop = asyncio.get_running_loop()
    passed = loop.create_future()
    timer = loop.call_later(ms / 1000, passed.set_result, None)
    try:
        await passed
    finally:
        timer.cancel()


class FakePlane(FakeDisk, FakeForks, FakeModelActs, FakeShellActs, FakeRules):
    """PlaneApi. `step_ms` = how long each scripted step takes; `calls` records every intent."""

    def __init__(self, now_ms: Callable[[], int], *, step_ms: int = 0) -> None:
        self.state = PlaneState()
        self.projects: dict[str, ProjectView] = {}
        self.load: HostLoad | None = None
        self.environment = Environment()
        self.use = DiskUse((), 0, 0, 0, 0, 100 << 30, "/nowhere")
        self.now_ms = now_ms
        self.step_ms = step_ms
        self.calls: list[tuple[Any, ...]] = []
        self.logs: dict[TaskId, list[LogLine]] = {}
        self.diffs: dict[tuple[TaskId, int], Diff] = {}
        self.keys: list[str] = []  # of the decisions that came, in their order
        self.amendments: list[tuple[tuple[str, ...] | None, dict[str, bytes]]] = []
        self.sides: dict[str, FileSides] = {}
        self.refuse: dict[str, PortError] = {}  # call name -> error to raise
        self.hold: dict[str, asyncio.Event] = {}  # call name -> waits for it
        self.done: tuple[Deed, ...] = ()
        self.checks = scenes.checks()
        self.answers: dict[str, Outcome] = {}
        self._tell: list[Callable[[Change], None]] = []
        self._scripts: set[asyncio.Task[None]] = set()
        self._answers: dict[TaskId, asyncio.Event] = {}
        self._ended: asyncio.Future[None] | None = None

    # -- what tests do ---------------------------------------------------------------------------
    def publish(self, change: Change) -> None:
        for tell in list(self._tell):
            tell(change)

    def put(self, task: Task) -> None:
        """Replace a task and tell the subscribers."""
        self.state.tasks[task.id] = task
        self.publish(Change(tasks=frozenset({task.id})))

    def fill(self) -> None:
        """Ten tasks in all states, a project, load and health."""
        self.projects[scenes.PROJECT] = scenes.project()
        other = "/home/ada/src/tokenizer-rs"
        self.projects[other] = scenes.project(other, dirty=())
        self.state.tasks.update(scenes.house(self.now_ms()))
        self.load = scenes.load()
        self.environment = scenes.environment()
        now_ms = self.now_ms()
        for task in self.state.tasks.values():
            self.logs[task.id] = [
                LogLine(n + 1, now_ms - 600_000 + n * 37_000, "rewrite", 1, stream, text)
                for n, (stream, text) in enumerate(scenes.LOG)
            ]
            if task.request is not None and task.request.question.startswith(scenes.QUESTION):
                at_ms = task.request.at_ms - 5_000
                self.logs[task.id] = [
                    LogLine(n + 1, at_ms, "rewrite", 1, "out", text)
                    for n, text in enumerate(scenes.PRINTED)
                ]

    def let_all_fit(self) -> None:
        """Two models are there, and the project's file is trusted: Run starts at once."""
        self.trusts_file = True
        self.environment = scenes.with_models(self.environment)

    def log(self, task: TaskId, text: str, stream: str = "out", step: str = "") -> None:
        lines = self.logs.setdefault(task, [])
        lines.append(LogLine(len(lines) + 1, self.now_ms(), step, 1, stream, text))
        self.publish(Change(logs=frozenset({task})))

    def answer_elsewhere(self, channel: str = "OpenClaw") -> None:
        """The longest waiting request is answered by the same person through another channel."""
        waiting = [task for task in self.state.tasks.values() if task.request is not None]
        task = min(waiting, key=lambda t: t.request.at_ms if t.request else 0)
        assert task.request is not None
        asks = task.request.kind is Kind.CLARIFY
        self._decide(task.id, "answered" if asks else "approved", "", channel, "plain")

    async def close(self) -> None:
        for script in list(self._scripts):
            script.cancel()
        await asyncio.gather(*self._scripts, return_exceptions=True)

    # -- PlaneApi --------------------------------------------------------------------------------
    @property
    def ended(self) -> asyncio.Future[None]:
        if self._ended is None:
            self._ended = asyncio.get_running_loop().create_future()
        return self._ended

    def subscribe(self, tell: Callable[[Change], None]) -> Callable[[], None]:
        self._tell.append(tell)
        return lambda: self._tell.remove(tell) if tell in self._tell else None

    async def _enter(self, name: str, *what: Any) -> None:
        self.calls.append((name, *what))
        if name in self.hold:
            await self.hold[name].wait()
        if name in self.refuse:
            raise self.refuse[name]

    async def open_project(self, path: str) -> ProjectView:
        await self._enter("open_project", path)
        if not Path(path).is_dir():
            raise RepositoryError(f"{path} is not a folder", mend="Choose another folder.")
        view = scenes.project(path)
        self.projects[path] = view
        self.publish(Change(projects=True))
        return view

    async def close_project(self, path: str) -> Outcome:
        await self._enter("close_project", path)
        self.projects.pop(path, None)
        self.publish(Change(projects=True))
        return Outcome(True, "closed")

    async def submit(
        self,
        project: str,
        process: str | TaskPrompt,
        *,
        priority: int | None = None,
        include_changes: bool = False,
        settings: dict[str, str] | None = None,
    ) -> TaskId:
        given = (settings or {}).items()
        await self._enter("submit", project, process, include_changes, *given)
        seq = self.state.next_seq = self.state.next_seq + 1
        if isinstance(process, TaskPrompt):
            found = definition_from(process)
        else:
            found = next(d for d in self.projects[project].definitions if d.name == process)
        now_ms = self.now_ms()
        task = Task(
            id=f"01JD{seq:022d}",
            project=project,
            definition=found,
            policy=ProjectPolicy(),
            submitted_at_ms=now_ms,
            base_commit="b" * 40,
            start_commit="b" * 40,
            seq=seq,
            records=(Record("submitted", now_ms, {"definition": found.name}),),
        )
        self.put(task)
        script = asyncio.get_running_loop().create_task(self._run(task.id))
        self._scripts.add(script)
        script.add_done_callback(self._scripts.discard)
        return task.id

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
        self.keys.append(key)
        await self._enter("approve", task, ordinal, digest, channel, note)
        self.amendments.append((only, edits or {}))
        return self._decide(task, "approved", digest, channel, note)

    async def reject(
        self, task: TaskId, ordinal: int, digest: str, *, channel: str, note: str, key: str = ""
    ) -> Outcome:
        self.keys.append(key)
        await self._enter("reject", task, ordinal, digest, channel, note)
        return self._decide(task, "rejected", digest, channel, note)

    async def answer(
        self, task: TaskId, ref: str, text: str, *, channel: str, key: str = ""
    ) -> Outcome:
        self.keys.append(key)
        await self._enter("answer", task, ref, text, channel)
        return self._decide(task, "answered", "", channel, text)

    async def ask_back(
        self, task: TaskId, ref: str, text: str, *, channel: str, key: str = ""
    ) -> Outcome:
        self.keys.append(key)
        await self._enter("ask_back", task, ref, text, channel)
        return self._decide(task, "asked_back", "", channel, text)

    async def why(self, task: TaskId) -> Reason | None:
        return self.state.tasks[task].reason

    async def yield_now(self, task: TaskId, *, channel: str) -> Outcome:
        return Outcome(True, "Parked.")

    async def prompt(self, task: TaskId, text: str, *, channel: str) -> Outcome:
        await self._enter("prompt", task, text, channel)
        return Outcome(True, "The agent gets your prompt.")

    async def cancel(self, task: TaskId, *, channel: str) -> Outcome:
        await self._enter("cancel", task, channel)
        self._record(task, "finished", phase=Phase.CANCELLED, status="cancelled")
        return Outcome(True, "cancelled")

    async def conflicts(self, task: TaskId, *, into: str = "") -> Conflicts:
        await self._enter("conflicts", task, into)
        files = conflict_scene.FILES if into == "conflict" else ()
        return Conflicts(into or "main", "a" * 40, "b" * 40, files)

    async def merge(
        self,
        task: TaskId,
        *,
        into: str = "",
        each_checkpoint: bool = False,
        settled: Settlement | None = None,
    ) -> MergeOutcome:
        await self._enter("merge", task, into, each_checkpoint, settled)
        if into == "conflict" and settled is None:
            paths = ("src/loader.py", "README.md")
            raise ConflictError(
                f"conflict and the task changed the same places of {', '.join(paths)}. Nothing was "
                "merged.",
                paths,
            )
        branch = into or "main"
        made = {"branch": branch, "merge_commit": "d" * 40, "backup": "e" * 40}
        self._record(task, "merged", merged_into=branch, **made)
        return MergeOutcome("d" * 40, branch, "commit", f"1 commit on {branch}")

    async def deeds(self) -> tuple[Deed, ...]:
        await self._enter("deeds")
        return self.done

    async def diff(self, task: TaskId, old: int | None, new: int, *, other: TaskId = "") -> Diff:
        await self._enter("diff", task, old, new, *((other,) if other else ()))
        return self.diffs.get((task, new)) or review_scene.sample_diff()

    async def diff_branch(self, task: TaskId, ordinal: int) -> Diff:
        await self._enter("diff_branch", task, ordinal)
        return self.diffs.get((task, -1)) or review_scene.sample_diff()

    async def file_sides(
        self, task: TaskId, ordinal: int, path: str, *, old_path: str = ""
    ) -> FileSides:
        await self._enter("file_sides", task, ordinal, path)
        return self.sides.get(path) or review_scene.sample_sides(path)

    async def diff_edited(
        self, task: TaskId, ordinal: int, path: str, content: bytes, *, old_path: str = ""
    ) -> DiffFile:
        await self._enter("diff_edited", task, ordinal, path, content)
        sides = self.sides.get(path) or review_scene.sample_sides(path)
        old = None if sides.old is None else (0o100644, sides.old)
        return edited(path, old_path or path, old, (0o100644, content))

    async def log_lines(self, task: TaskId, after: int = 0) -> tuple[LogLine, ...]:
        await self._enter("log_lines", task, after)
        return tuple(line for line in self.logs.get(task, []) if line.number > after)[:10_000]

    async def check_environment(self) -> Environment:
        await self._enter("check_environment")
        self.publish(Change(environment=True))
        return self.environment

    async def doctor(self) -> list[dict[str, object]]:
        await self._enter("doctor")
        return self.checks

    # -- the script of a task ----------------------------------------------------------------------
    def _record(self, task_id: TaskId, event: str, **fields: Any) -> Task:
        known = {k: fields.pop(k) for k in list(fields) if k in _TASK_FIELDS}
        if "ordinal" in fields and event == "restored":
            known.setdefault("tip_ordinal", fields["ordinal"])
        task = self.state.tasks[task_id]
        record = Record(event, self.now_ms(), fields)
        task = replace(task, records=(*task.records, record), **known)
        self.put(task)
        return task

    def _decide(
        self, task_id: TaskId, verdict: str, digest: str, channel: str, text: str
    ) -> Outcome:
        task = self.state.tasks[task_id]
        request = task.request
        if request is None:
            return Outcome(False, "It no longer waits: it was answered before.")
        if digest and digest != request.digest:
            return Outcome(False, "The checkpoint changed since it was shown; look again.")
        checkpoints = tuple(
            replace(c, approved=True)
            if verdict == "approved" and c.ordinal == request.ordinal
            else c
            for c in task.checkpoints
        )
        self._record(
            task_id,
            "decision",
            request=None,
            checkpoints=checkpoints,
            phase=Phase.RUNNING,
            verdict=verdict,
            actor="you",
            channel=channel,
            **{"text" if verdict in ("answered", "asked_back") else "note": text},
        )
        # The record names the request that was answered; the task has none any more.
        task = self.state.tasks[task_id]
        last = replace(task.records[-1], fields={**task.records[-1].fields, "request": request.id})
        self.put(replace(task, records=(*task.records[:-1], last)))
        if task_id in self._answers:
            self._answers[task_id].set()
        return Outcome(True, f"{verdict} checkpoint {request.ordinal}")

    async def _pause(self) -> None:
        await scripted_time(self.step_ms)

    async def _run(self, task_id: TaskId) -> None:
        """submitted → started → steps; a question after the first, an approval at the end."""
        await self._pause()
        self._record(task_id, "queued", phase=Phase.STARTING)
        await self._pause()
        self._record(task_id, "started", attempt=1, accelerator="tcg")
        steps = self.state.tasks[task_id].steps
        for index, step in enumerate(steps):
            self._record(
                task_id,
                "step_started",
                phase=Phase.RUNNING,
                step_index=index,
                step_running=True,
                index=index,
                name=step.name,
                round=1,
            )
            self.log(task_id, f"{step.run}: begins", "event", step.name)
            await self._pause()
            self.log(task_id, f"{step.name} done", "out", step.name)
            if self.state.tasks[task_id].phase in FINAL:
                return
            self._checkpoint(task_id, index)
            if index == 0:
                await self._wait_for_person(task_id, Kind.CLARIFY)
            elif index == len(steps) - 1:
                await self._wait_for_person(task_id, Kind.APPROVE)
        self._record(task_id, "finished", phase=Phase.DONE, step_running=False, status="done")

    def _checkpoint(self, task_id: TaskId, index: int) -> None:
        task = self.state.tasks[task_id]
        ordinal = task.next_ordinal
        made = Checkpoint(
            ordinal=ordinal,
            at_ms=self.now_ms(),
            step_index=index,
            step_name=task.steps[index].name,
            round=1,
            commit=f"{ordinal:040x}",
            tree="t" * 40,
            digest=f"sha256:{ordinal:064x}",
            diffstat=DiffStat(3, 16, 6),
            snapshot=Snapshot(f"s{ordinal}", 54.0, 900.0, 288 << 20),
            message="Sorted the notes and wrote an index.",
        )
        self._record(
            task_id,
            "checkpoint",
            checkpoints=(*task.checkpoints, made),
            next_ordinal=ordinal + 1,
            tip_ordinal=ordinal,
            ordinal=ordinal,
            step=made.step_name,
        )

    async def _wait_for_person(self, task_id: TaskId, kind: Kind) -> None:
        task = self.state.tasks[task_id]
        last = task.checkpoints[-1]
        asks = kind is Kind.CLARIFY
        request = Request(
            id=f"{task_id}-{last.ordinal}-{kind.value}",
            kind=kind,
            at_ms=self.now_ms(),
            ordinal=last.ordinal,
            digest=last.digest,
            guest_request="ask" if asks else "",
            key="tone" if asks else "",
            question="Which tone should the index have?" if asks else "",
            choices=("plain", "friendly", "formal") if asks else (),
            message="" if asks else last.message,
            why="" if asks else "the step asks for approval",
            diffstat=last.diffstat,
        )
        gate = self._answers[task_id] = asyncio.Event()
        self.state.tasks[task_id] = replace(task, request=request, phase=Phase.HELD)
        self._record(
            task_id, "requested", kind=kind.value, ordinal=last.ordinal, question=request.question
        )
        await gate.wait()
        self._answers.pop(task_id, None)


_TASK_FIELDS = {
    "phase",
    "step_index",
    "step_running",
    "checkpoints",
    "next_ordinal",
    "tip_ordinal",
    "request",
    "merged_into",
}
