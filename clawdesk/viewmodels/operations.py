"""What ClawDesk did: merges, restores, cancellations, clean-ups, trust; newest first.

Pure; read from the tasks' own records and the plane's notes of what no task tells. Each row says
whether it can be undone, and how.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from clawdesk.domain.model import FINAL, Record, Task, TaskId
from clawdesk.ports.repository import ProjectView
from clawdesk.runtime.deeds import IMAGES, Deed
from clawdesk.viewmodels.amounts import where, whole
from clawdesk.viewmodels.checkpoints import by_rejection
from clawdesk.viewmodels.language import counted, tr
from clawdesk.viewmodels.merged import last_merge, why_no_unmerge
from clawdesk.viewmodels.models import project_name
from clawdesk.viewmodels.told import told
from clawdesk.viewmodels.words import clock_time, duration, first_line

ROWS_MAX = 300
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class OperationRow:
    """One act.

    Args:
        undo: "restore" (to `ordinal`), "merge" (it is taken back), "policy" (where trust is taken
            back), "images" (where the rule for images is) or "" = not by a button; then `detail`
            says why or how.
    """

    when: str
    icon: str
    text: str
    detail: str
    project: str
    task: TaskId = ""
    undo: str = ""
    ordinal: int = 0
    at_ms: int = 0


def operations(
    tasks: Iterable[Task],
    deeds: Iterable[Deed],
    now_ms: int,
    offset_ms: int,
    projects: Mapping[str, ProjectView],
) -> tuple[OperationRow, ...]:
    """At most 300 rows of all projects."""
    rows = []
    for task in tasks:
        name = first_line(task.title, 80)
        for record in task.records:
            said = _of_task(task, record, name, projects)
            if said.text:
                rows.append(_row_of(task, record, said, _when(record.at_ms, now_ms, offset_ms)))
    rows += [_deed(deed, now_ms, offset_ms) for deed in deeds]
    return tuple(sorted(rows, key=lambda row: -row.at_ms)[:ROWS_MAX])


def _when(at_ms: int, now_ms: int, offset_ms: int) -> str:
    if (now_ms + offset_ms) // DAY_MS == (at_ms + offset_ms) // DAY_MS:
        return clock_time(at_ms, offset_ms)
    return tr("{time} ago", time=duration(now_ms - at_ms))


@dataclass(frozen=True, slots=True)
class _Said:
    """What a record says as an act; without `text` it is none."""

    icon: str = ""
    text: str = ""
    detail: str = ""
    undo: str = ""
    ordinal: int = 0


def _of_task(task: Task, record: Record, name: str, projects: Mapping[str, ProjectView]) -> _Said:
    fields, event = record.fields, record.event
    if event == "merged":
        return _merge(task, record, name, projects)
    if event == "unmerged":
        text = tr("Took {task} out of {branch} again", task=name, branch=fields.get("branch", "?"))
        return _Said("restore", text, tr("it can be merged once more"))
    if event == "restored":
        return _way_back(task, record, name)
    if event == "finished" and fields.get("status") == "cancelled":
        detail = tr("its checkpoints stay; it cannot go on")
        return _Said("stop", tr("Cancelled {task}", task=name), detail)
    if event == "snapshots_removed":
        return _clean_up(record, name)
    if event == "kept":
        detail = tr("its other forks ended; their commits stay")
        return _Said("check", tr("Kept {task}", task=name), detail)
    if event == "forked":
        at = fields.get("ordinal", "?")
        text = tr("Forked {task} at checkpoint {ordinal}", task=name, ordinal=at)
        return _Said("fork", text, tr("the fork is a task of its own"))
    return _Said()


def _merge(task: Task, record: Record, name: str, projects: Mapping[str, ProjectView]) -> _Said:
    fields = record.fields
    text = tr("Merged {task} into {branch}", task=name, branch=fields.get("branch", "?"))
    commit = str(fields.get("merge_commit", ""))[:12]
    here = record is last_merge(task) and not why_no_unmerge(task, projects)
    detail = commit if here else tr("undo it in Git: git revert {commit}", commit=commit).rstrip()
    if fields.get("backup"):
        kept = tr("your state before is kept in {ref}", ref="refs/clawdesk/backup")
        detail = f"{detail}; {kept}"
    return _Said("merge", text, detail, "merge" if here else "")


def _way_back(task: Task, record: Record, name: str) -> _Said:
    fields, to = record.fields, where(whole(record, "ordinal"))
    if fields.get("prompt"):
        text = tr("Prompted the agent of {task} again", task=name)
        return _Said("note", text, first_line(str(fields["prompt"]), 120))
    if by_rejection(record):
        text = tr("Rejected work of {task}: back to {where}", task=name, where=to)
        icon, detail, back = "x", first_line(str(fields["feedback"]), 120), _rejected(task, record)
    elif fields.get("actor"):
        text = tr("Rolled {task} back to {where}", task=name, where=to)
        icon, back = "restore", _safety(task, record.at_ms)
        safe = tr("safety checkpoint {ordinal} was made first", ordinal=back)
        detail = safe if back else tr("nothing was lost")
    else:
        return _Said()
    return _Said(icon, text, detail, "restore" if back and task.phase not in FINAL else "", back)


def _clean_up(record: Record, name: str) -> _Said:
    gone = record.fields.get("ordinals")
    text = counted(
        len(gone) if isinstance(gone, list | tuple) else 1,
        "Removed {count} machine snapshot of {task}",
        "Removed {count} machine snapshots of {task}",
        task=name,
    )
    why = first_line(told(str(record.fields.get("why", ""))), 120).rstrip(".")
    return _Said("disk", text, f"{why}; {tr('commits stay')}".lstrip("; "))


def _row_of(task: Task, record: Record, said: _Said, when: str) -> OperationRow:
    return OperationRow(
        when=when,
        icon=said.icon,
        text=said.text,
        detail=said.detail,
        project=project_name(task.project),
        task=task.id,
        undo=said.undo,
        ordinal=said.ordinal,
        at_ms=record.at_ms,
    )


def _safety(task: Task, at_ms: int) -> int:
    """The safety checkpoint made before a restore at that time; 0 = none is left."""
    made = [c.ordinal for c in task.checkpoints if c.safety and c.at_ms <= at_ms]
    return max(made, default=0)


def _rejected(task: Task, back: Record) -> int:
    """The checkpoint whose rejection led back; 0 = the task has it no more."""
    said = 0
    for record in task.records:
        if record is back:
            break
        if record.event == "decision":
            said = whole(record, "ordinal")
    return said if task.checkpoint(said) is not None else 0


def _deed(deed: Deed, now_ms: int, offset_ms: int) -> OperationRow:
    icons = {"pruned": "disk", "budget": "gpu", "revoked": "peer"}
    can = deed.kind in {"trusted", "untrusted"} and bool(deed.project)
    return OperationRow(
        when=_when(deed.at_ms, now_ms, offset_ms),
        icon=icons.get(deed.kind, "shield"),
        text=first_line(told(deed.text), 200),
        detail="",
        project=project_name(deed.project) if deed.project else "",
        undo="policy" if can else "images" if deed.kind == IMAGES else "",
        at_ms=deed.at_ms,
    )
