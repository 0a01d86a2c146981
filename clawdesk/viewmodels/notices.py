"""Which notices the desktop should show: what needs the user now, and what has just ended.

Names the task and its project; carries no decision. Texts of others pass through unescaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from clawdesk.domain.model import Kind, Phase, Request, Task, TaskId
from clawdesk.ports.models import ProjectUse
from clawdesk.ports.notices import Notice, Urgency
from clawdesk.viewmodels.amounts import files, where
from clawdesk.viewmodels.language import marked, tr
from clawdesk.viewmodels.models import project_name
from clawdesk.viewmodels.phases import needs_you, wants_trust
from clawdesk.viewmodels.told import told
from clawdesk.viewmodels.words import first_line

ACT = marked("Review")
BODY_MAX = 240


@dataclass(frozen=True, slots=True)
class NoticeRules:
    """What the user wants to be told of.

    Args:
        in_front: also while the window has the keyboard, where the inbox shows it anyway.
    """

    needs_you: bool = True
    ended: bool = True
    budget: bool = True
    in_front: bool = False


def standing(
    tasks: Iterable[Task], uses: Iterable[ProjectUse], rules: NoticeRules
) -> dict[str, Notice]:
    """By key: what waits for the user at this moment. What is no longer here is to be withdrawn."""
    found: dict[str, Notice] = {}
    if rules.needs_you:
        for task in tasks:
            if needs_you(task) and task.request is not None:
                notice = _request(task, task.request)
            elif wants_trust(task):
                notice = _trust(task)
            else:
                continue
            found[notice.key] = notice
    if rules.budget:
        for use in uses:
            if use.budget is not None and use.budget.exceeded:
                notice = _budget(use.project, use.budget.exceeded)
                found[notice.key] = notice
    return found


def ended(
    before: Mapping[TaskId, Phase], tasks: Iterable[Task], rules: NoticeRules
) -> dict[str, Notice]:
    """By key: tasks that were seen alive and have come to an end of their own since.

    What the user ended is not told: who cancelled or rejected knows.
    """
    if not rules.ended:
        return {}
    found = {}
    for task in tasks:
        was = before.get(task.id)
        if was is not None and was is not task.phase and task.phase in {Phase.DONE, Phase.FAILED}:
            notice = _end(task)
            found[notice.key] = notice
    return found


def _where(task: Task) -> str:
    return project_name(task.project)


def _request(task: Task, request: Request) -> Notice:
    if request.kind is Kind.CLARIFY:
        title = tr("{task} asks you", task=first_line(task.title, 80))
        body = f"{_where(task)}: {first_line(request.question, BODY_MAX)}"
    else:
        stat = request.diffstat
        title = tr("{task} needs your approval", task=first_line(task.title, 80))
        size = f"{files(stat.files)} +{stat.added} -{stat.removed}"
        body = f"{_where(task)}: {where(request.ordinal)}, {size}"
        if request.message:
            body += f"\n{first_line(request.message, BODY_MAX)}"
    return Notice(f"request {request.id}", title, body, tr(ACT))


def _trust(task: Task) -> Notice:
    title = tr("{task} waits for your trust", task=first_line(task.title, 80))
    body = tr(
        "{project}: its policy asks for more than a project gets by itself.", project=_where(task)
    )
    return Notice(f"trust {task.id}", title, body, tr(ACT))


def _budget(project: str, exceeded: str) -> Notice:
    title = tr("{project} has used up its budget", project=project_name(project))
    why = told(exceeded)
    body = tr(
        "{why}. Its calls wait until you raise the budget.", why=f"{why[:1].upper()}{why[1:]}"
    )
    return Notice(f"budget {project}", title, body, tr(ACT))


def _end(task: Task) -> Notice:
    name = first_line(task.title, 80)
    if task.phase is Phase.DONE:
        title = tr("{task} is done", task=name)
        return Notice(f"ended {task.id}", title, _where(task), tr(ACT), Urgency.LOW)
    why = first_line(told(task.finish_text), BODY_MAX) or tr("the log says why")
    title = tr("{task} failed", task=name)
    return Notice(f"ended {task.id}", title, f"{_where(task)}: {why}", tr(ACT))
