"""Bringing ended tasks' work into the user's branches, and taking it out again.

Git is asked first and told second; the plane's state follows what both hold. A crash in between is
made good by asking again: Git says what it has already, and it is told.
"""

from __future__ import annotations

from collections.abc import Callable

from clawdesk.domain.merge_events import TaskMerged, TaskUnmerged
from clawdesk.domain.model import FINAL, Phase, Record, Task, TaskId
from clawdesk.ports.clock import Clock
from clawdesk.ports.errors import PortError
from clawdesk.ports.repository import Conflicts, MergeOutcome, Settlement
from clawdesk.runtime import crash
from clawdesk.runtime.api import Change, Outcome
from clawdesk.runtime.kernel import Kernel
from clawdesk.runtime.projects import Projects


class Merges:
    """The merging part of `Plane`, which supplies its parts."""

    _kernel: Kernel
    _projects: Projects
    _clock: Clock
    _publish: Callable[[Change], None]

    def _finished(self, task: TaskId) -> Task:
        known = self._kernel.known(task)
        if known.phase is not Phase.DONE:
            end = "has not ended yet" if known.phase not in FINAL else f"ended {known.phase.value}"
            raise PortError(
                f"{known.title} {end}; only finished work is merged.", code="not_finished"
            )
        if known.wish is not None:  # its way back may be in Git already: less would be merged
            raise PortError("The task is just changing; try again in a moment.", code="changed")
        return known

    async def conflicts(self, task: TaskId, *, into: str = "") -> Conflicts:
        known = self._finished(task)
        return await self._projects.repository(known.project).conflicts(task, into=into)

    async def merge(
        self,
        task: TaskId,
        *,
        into: str = "",
        each_checkpoint: bool = False,
        settled: Settlement | None = None,
    ) -> MergeOutcome:
        known = self._finished(task)
        repository = self._projects.repository(known.project)
        outcome = await repository.merge(
            task,
            into=into,
            each_checkpoint=each_checkpoint,
            title=known.title,
            settled=settled,
        )
        crash.point("merge.made")
        now_ms = self._clock.now_ms()
        fields: dict[str, object] = {
            "branch": outcome.branch,
            "merge_commit": outcome.commit,
            "how": outcome.how,
            "backup": outcome.backup,
        }
        commit = await repository.append(task, Record("merged", now_ms, fields))
        made = (outcome.branch, commit, outcome.commit, outcome.backup)
        self._kernel.post(TaskMerged(now_ms, task, *made))
        await self._looked_again(known)
        return outcome

    async def unmerge(self, task: TaskId) -> Outcome:
        known = self._kernel.known(task)
        last = next((r for r in reversed(known.records) if r.event == "merged"), None)
        if not known.merged_into or last is None:
            return Outcome(False, "The task is not merged.")
        branch, merge_commit = known.merged_into, str(last.fields.get("merge_commit", ""))
        repository = self._projects.repository(known.project)
        said = await repository.unmerge(task, branch=branch, commit=merge_commit)
        crash.point("merge.undone")
        now_ms = self._clock.now_ms()
        fields: dict[str, object] = {"branch": branch, "merge_commit": merge_commit}
        commit = await repository.append(task, Record("unmerged", now_ms, fields))
        self._kernel.post(TaskUnmerged(now_ms, task, branch, commit))
        await self._looked_again(known)
        return Outcome(True, said)

    async def _looked_again(self, task: Task) -> None:
        await self._projects.look_again(task.project)
        self._publish(Change(projects=True))
