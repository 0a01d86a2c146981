"""What ClawDesk did: merges, restores, cancellations, clean-ups, trust; newest first.

Pure; read from the tasks' own records and the plane's notes of what no task tells. Each row says
whether it can be undone, and how.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from clawdesk.domain.model import FINAL, Record, Task, TaskId
from clawdesk.runtime.deeds import Deed
from clawdesk.viewmodels.amounts import where, whole
from clawdesk.viewmodels.checkpoints import by_rejection
from clawdesk.viewmodels.language import counted, tr
from clawdesk.viewmodels.models import project_name
from clawdesk.viewmodels.told import told
from clawdesk.viewmodels.words import clock_time, duration, first_line

ROWS_MAX = 300
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class OperationRow:
    """One act.

    Args:
        undo: "restore" (to `ordinal`), "policy" (where trust is taken back) or "" = not by a
            button; then `detail` says why or how.
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
    tasks: Iterable[Task], deeds: Iterable[Deed], now_ms: int, offset_ms: int
) -> tuple[OperationRow, ...]:
    """At most 300 rows of all projects."""
    rows = [
        row
        for task in tasks
        for record in task.records
        if (row := _of_task(task, record, now_ms, offset_ms)) is not None
    ]
    rows += [_deed(deed, now_ms, offset_ms) for deed in deeds]
    return tuple(sorted(rows, key=lambda row: -row.at_ms)[:ROWS_MAX])


def _when(at_ms: int, now_ms: int, offset_ms: int) -> str:
    if now_ms - at_ms < DAY_MS:
        return clock_time(at_ms, offset_ms)
    return tr("{time} ago", time=duration(now_ms - at_ms))


def _of_task(task: Task, record: Record, now_ms: int, offset_ms: int) -> OperationRow | None:
    fields, event = record.fields, record.event
    name = first_line(task.title, 80)
    undo, ordinal, to = "", 0, where(whole(record, "ordinal"))
    if event == "merged":
        branch = fields.get("branch", "?")
        icon, text = "merge", tr("Merged {task} into {branch}", task=name, branch=branch)
        commit = str(fields.get("merge_commit", ""))[:12]
        detail = tr("undo it in Git: git revert {commit}", commit=commit).rstrip()
        if fields.get("backup"):
            kept = tr("your state before is kept in {ref}", ref="refs/clawdesk/backup")
            detail = f"{detail}; {kept}"
    elif event == "restored" and fields.get("prompt"):
        icon, text = "note", tr("Prompted the agent of {task} again", task=name)
        detail = first_line(str(fields["prompt"]), 120)
    elif by_rejection(record):
        icon, text = "x", tr("Rejected work of {task}: back to {where}", task=name, where=to)
        detail = first_line(str(fields["feedback"]), 120)
        ordinal = _rejected(task, record)
        undo = "restore" if ordinal and task.phase not in FINAL else ""
    elif event == "restored" and fields.get("actor"):
        icon, text = "restore", tr("Rolled {task} back to {where}", task=name, where=to)
        ordinal = _safety(task, record.at_ms)
        undo = "restore" if ordinal and task.phase not in FINAL else ""
        safe = tr("safety checkpoint {ordinal} was made first", ordinal=ordinal)
        detail = safe if ordinal else tr("nothing was lost")
    elif event == "finished" and fields.get("status") == "cancelled":
        icon, text = "stop", tr("Cancelled {task}", task=name)
        detail = tr("its checkpoints stay; it cannot go on")
    elif event == "snapshots_removed":
        gone = fields.get("ordinals")
        icon, text = (
            "disk",
            counted(
                len(gone) if isinstance(gone, list | tuple) else 1,
                "Removed {count} machine snapshot of {task}",
                "Removed {count} machine snapshots of {task}",
                task=name,
            ),
        )
        why = first_line(told(str(fields.get("why", ""))), 120).rstrip(".")
        detail = f"{why}; {tr('commits stay')}".lstrip("; ")
    elif event == "forked":
        icon, text = (
            "fork",
            tr(
                "Forked {task} at checkpoint {ordinal}",
                task=name,
                ordinal=fields.get("ordinal", "?"),
            ),
        )
        detail = tr("the fork is a task of its own")
    else:
        return None
    return OperationRow(
        when=_when(record.at_ms, now_ms, offset_ms),
        icon=icon,
        text=text,
        detail=detail,
        project=project_name(task.project),
        task=task.id,
        undo=undo,
        ordinal=ordinal,
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
    icons = {"pruned": "disk", "budget": "gpu"}
    can = deed.kind in {"trusted", "untrusted"} and bool(deed.project)
    return OperationRow(
        when=_when(deed.at_ms, now_ms, offset_ms),
        icon=icons.get(deed.kind, "shield"),
        text=first_line(told(deed.text), 200),
        detail="",
        project=project_name(deed.project) if deed.project else "",
        undo="policy" if can else "",
        at_ms=deed.at_ms,
    )
