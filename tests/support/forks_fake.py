"""Forks, keeping one, and going back, for the scripted plane: as the real one does them to see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from clawdesk.domain.forking import family, forked, shown_fields, to_end
from clawdesk.domain.model import FINAL, Checkpoint, Phase, PlaneState, Record, Task, TaskId
from clawdesk.domain.parameters import mistake_in
from clawdesk.ports.errors import PortError
from clawdesk.runtime.api import Outcome


class FakeForks:
    """The part of FakePlane that branches; `_record` and `put` are its own."""

    state: PlaneState
    now_ms: Callable[[], int]
    _enter: Callable[..., Any]
    _record: Callable[..., Task]
    put: Callable[[Task], None]

    async def fork(
        self,
        task: TaskId,
        ordinal: int,
        *,
        settings: dict[str, str] | None = None,
        title: str = "",
    ) -> TaskId:
        await self._enter("fork", task, ordinal, settings, title)
        if mistake := mistake_in(settings or {}):
            raise PortError(mistake, code="usage")
        parent, now_ms = self.state.tasks[task], self.now_ms()
        seq = self.state.next_seq = self.state.next_seq + 1
        known = parent.checkpoint(ordinal)
        made = forked(
            parent,
            ordinal,
            known.snapshot if known is not None else None,
            task_id=f"01JF{seq:022d}",
            at_ms=now_ms,
            settings=settings or {},
            title=title,
        )
        shown = Record("submitted", now_ms, shown_fields(made))
        self.put(replace(made, seq=1_000 + seq, records=(shown,)))
        return made.id

    async def keep(self, task: TaskId, *, channel: str) -> Outcome:
        await self._enter("keep", task, channel)
        members = family(self.state, self.state.tasks[task])
        if len(members) < 2:
            return Outcome(False, "The task has no forks, and is none.")
        ending = to_end(members, task)
        for other in ending:
            self._record(other.id, "finished", phase=Phase.CANCELLED, status="cancelled")
        self._record(task, "kept")
        for other in members:
            if other.id != task:
                self._record(other.id, "passed_over", title=self.state.tasks[task].title)
        before = len(members) - 1 - len(ending)
        name = self.state.tasks[task].title
        text = f"Kept: {name}. Others ended now: {len(ending)}; before: {before}. All commits stay."
        return Outcome(True, text)

    async def unmerge(self, task: TaskId) -> Outcome:
        await self._enter("unmerge", task)
        branch = self.state.tasks[task].merged_into
        self._record(task, "unmerged", merged_into="", branch=branch)
        return Outcome(True, f"{branch} is as it was before the merge, at aaaaaaaaaaaa.")

    async def restore(self, task: TaskId, ordinal: int, *, channel: str) -> Outcome:
        await self._enter("restore", task, ordinal, channel)
        known = self.state.tasks[task]
        if known.phase not in FINAL and known.step_running and known.checkpoints:
            self._safety(known)
        self._record(
            task, "restored", tip_ordinal=ordinal, ordinal=ordinal, request=None,
            phase=Phase.QUEUED, step_running=False,
        )  # fmt: skip
        return Outcome(True, f"Going back to checkpoint {ordinal}.")

    def _safety(self, task: Task) -> None:
        last: Checkpoint = task.checkpoints[-1]
        ordinal = task.next_ordinal
        made = replace(last, ordinal=ordinal, at_ms=self.now_ms(), safety=True, mid_step=True)
        self._record(
            task.id,
            "checkpoint",
            checkpoints=(*task.checkpoints, made),
            next_ordinal=ordinal + 1,
            tip_ordinal=ordinal,
            ordinal=ordinal,
            step=made.step_name,
            step_index=made.step_index,
            safety=True,
        )
