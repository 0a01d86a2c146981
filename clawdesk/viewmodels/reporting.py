"""A task's report, with what has to be asked of the plane for it."""

from __future__ import annotations

from clawdesk.domain.model import TaskId
from clawdesk.ports.errors import PortError
from clawdesk.runtime.api import PlaneApi
from clawdesk.viewmodels.language import tr
from clawdesk.viewmodels.report import LOG_LINES_MAX, Around, report
from clawdesk.viewmodels.told import told


async def report_of(plane: PlaneApi, task_id: TaskId, now_ms: int, offset_ms: int) -> str:
    """Markdown. What cannot be read is said in it; raises PortError only for an unknown task."""
    task = plane.state.tasks.get(task_id)
    if task is None:
        raise PortError(f"There is no task {task_id!r}.", code="no_task")
    try:
        diff = await plane.diff(task_id, 0, task.tip_ordinal) if task.tip_ordinal else None
    except PortError:
        diff = None
    try:
        lines = await plane.log_lines(task_id)
    except PortError as error:
        log: tuple[str, ...] = (tr("It could not be read: {why}", why=told(error.what)),)
    else:
        log = tuple(line.text for line in lines[-LOG_LINES_MAX:])
    none = task.tip_ordinal == 0
    return report(task, Around(now_ms, offset_ms, diff, log, no_checkpoint=none))
