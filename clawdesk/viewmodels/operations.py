"""What ClawDesk did: merges, restores, cancellations, clean-ups, trust; newest first.

Pure; read from the tasks' own records and the plane's notes of what no task tells. Each row says
whether it can be undone, and how.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from clawdesk.domain.model import FINAL, Record, Task, TaskId
from clawdesk.runtime.deeds import Deed
from clawdesk.viewmodels.models import project_name
from clawdesk.viewmodels.words import clock_time, duration, first_line, plural

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
    return f"{duration(now_ms - at_ms)} ago"


def _of_task(task: Task, record: Record, now_ms: int, offset_ms: int) -> OperationRow | None:
    fields, event = record.fields, record.event
    name = first_line(task.title, 80)
    undo, ordinal = "", 0
    if event == "merged":
        icon, text = "merge", f"Merged {name} into {fields.get('branch', '?')}"
        commit = str(fields.get("merge_commit", ""))[:12]
        detail = f"undo it in Git: git revert {commit}" if commit else "undo it in Git: git revert"
        if fields.get("backup"):
            detail += "; your state before is kept in refs/clawdesk/backup"
    elif event == "restored" and fields.get("prompt"):
        icon, text = "note", f"Prompted the agent of {name} again"
        detail = first_line(str(fields["prompt"]), 120)
    elif event == "restored" and fields.get("actor"):
        to = fields.get("ordinal") or 0
        icon, text = "restore", f"Rolled {name} back to {f'checkpoint {to}' if to else 'its start'}"
        ordinal = _safety(task, record.at_ms)
        undo = "restore" if ordinal and task.phase not in FINAL else ""
        detail = f"safety checkpoint {ordinal} was made first" if ordinal else "nothing was lost"
    elif event == "finished" and fields.get("status") == "cancelled":
        icon, text, detail = "stop", f"Cancelled {name}", "its checkpoints stay; it cannot go on"
    elif event == "snapshots_removed":
        gone = fields.get("ordinals")
        count = plural(len(gone) if isinstance(gone, list | tuple) else 1, "machine snapshot")
        icon, text = "disk", f"Removed {count} of {name}"
        detail = f"{first_line(str(fields.get('why', '')), 120)}; commits stay".lstrip("; ")
    elif event == "forked":
        icon, text = "fork", f"Forked {name} at checkpoint {fields.get('ordinal', '?')}"
        detail = "the fork is a task of its own"
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


def _deed(deed: Deed, now_ms: int, offset_ms: int) -> OperationRow:
    icons = {"pruned": "disk", "budget": "gpu"}
    can = deed.kind in {"trusted", "untrusted"} and bool(deed.project)
    return OperationRow(
        when=_when(deed.at_ms, now_ms, offset_ms),
        icon=icons.get(deed.kind, "shield"),
        text=first_line(deed.text, 200),
        detail="",
        project=project_name(deed.project) if deed.project else "",
        undo="policy" if can else "",
        at_ms=deed.at_ms,
    )
