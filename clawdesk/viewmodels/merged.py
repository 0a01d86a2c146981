"""A merge that was made, and whether it can be taken back from here. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping

from clawdesk.domain.model import Record, Task
from clawdesk.ports.repository import ProjectView
from clawdesk.viewmodels.language import tr


def last_merge(task: Task) -> Record | None:
    """The record of the merge that counts; None = the task is not merged."""
    if not task.merged_into:
        return None
    return next((r for r in reversed(task.records) if r.event == "merged"), None)


def why_no_unmerge(task: Task, projects: Mapping[str, ProjectView]) -> str:
    """Why its merge is not to be undone, "" when it may be: Git has the last word then."""
    merge = last_merge(task)
    if merge is None:
        return tr("it is not merged")
    if not merge.fields.get("backup"):
        return tr("its merge moved no branch")
    view = projects.get(task.project)
    stands_there = view is not None and view.branch == task.merged_into
    if view is not None and stands_there and view.head != merge.fields.get("merge_commit"):
        return tr("{branch} has moved on since", branch=task.merged_into)
    return ""
