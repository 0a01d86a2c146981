"""What an act of the window would touch now, by name: the chosen task, its checkpoint, its project.

Menu and palette say these words in place of "the chosen task". Decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from clawdesk.domain.model import Task
from clawdesk.viewmodels.amounts import files, where
from clawdesk.viewmodels.checkpoints import older_of, steps_after, undo_of
from clawdesk.viewmodels.inbox import asked_of
from clawdesk.viewmodels.language import counted, marked, tr
from clawdesk.viewmodels.words import first_line

TITLE_CHARS_MAX = 48
OF_TASK = {
    "merge": marked("Merge {task}…"),
    "unmerge": marked("Undo the merge of {task}…"),
    "restore": marked("Roll {task} back to checkpoint {ordinal}…"),
    "prompt": marked("Tell the agent of {task} more…"),
    "undo_restore": marked("Undo the restore of {task}"),
    "fork": marked("Fork {task} at checkpoint {ordinal}…"),
    "compare": marked("Compare {task}, checkpoint {ordinal}…"),
    "keep": marked("Keep {task}; the other forks end…"),
    "report": marked("Export a report of {task}…"),
    "archive": marked("Put {task} into the archive, or back"),
    "cancel": marked("Cancel {task}…"),
    "terminal": marked("Open a terminal in the machine of {task}"),
    "log": marked("Show the log of {task}"),
    "changes": marked("Show the changes of {task}"),
    "checkpoints": marked("Show the checkpoints of {task}"),
    "conversation": marked("Show the conversation of {task}"),
    "find_said": marked("Find in the conversation of {task}"),
    "filter_log": marked("Filter the log of {task}"),
}
OF_PROJECT = {
    "policy": marked("Policy of {project}: each rule and where it is written"),
    "trust": marked("Trust the policy of {project}…"),
    "close_project": marked("Close the project {project}"),
}


ALSO = {
    "restore": marked("restore, go back, revert, rewind"),
    "undo_restore": marked("restore, go forward again, redo"),
    "cancel": marked("stop, abort, end, kill"),
    "merge": marked("apply, commit, take over"),
    "next": marked("approve, reject, answer, review, inbox"),
    "terminal": marked("shell, console, ssh"),
    "log": marked("output"),
    "changes": marked("diff, files"),
    "checkpoints": marked("snapshots, history, restore"),
    "prompt": marked("message, chat, talk"),
    "fork": marked("branch, alternative, copy"),
    "compare": marked("diff, difference"),
    "archive": marked("delete, remove, hide"),
    "disk": marked("space, delete, prune, snapshots"),
    "theme": marked("appearance, colours, night"),
    "settings": marked("preferences, options, language, notifications"),
    "help": marked("keys, keyboard"),
    "operations": marked("history, undo, audit"),
    "home": marked("doctor, checks, setup, problems"),
    "quit": marked("exit, close"),
    "open": marked("add a project, repository"),
    "new": marked("start, run, create"),
    "prompt_task": marked("start, run, create"),
    "policy": marked("rules, permissions, network"),
    "trust": marked("allow, permissions"),
}
"""By act, what else people call it: found in the palette, not shown."""


def words(
    act: str, *, task: Task | None, project: str, waiting: Sequence[Task] = ()
) -> tuple[str, str]:
    """The act with the names of what it would touch, and what it would do there; "" = no more.

    Args:
        act: its key in the registry.
        task: the chosen one.
        project: the folder of the one looked at, "" = none.
        waiting: what waits for a person, the next first.
    """
    if act == "next":
        return "", asked_of(waiting[0]) if waiting else ""
    if act in OF_PROJECT and project:
        return tr(OF_PROJECT[act], project=project.rstrip("/").rpartition("/")[2] or project), ""
    if act not in OF_TASK or task is None:
        return "", ""
    ordinal = older_of(task) if act == "restore" else task.tip_ordinal
    if "{ordinal}" in OF_TASK[act] and not ordinal:
        return "", ""
    name = first_line(task.title, TITLE_CHARS_MAX)
    return tr(OF_TASK[act], task=name, ordinal=ordinal), _does(act, task, ordinal)


def _does(act: str, task: Task, ordinal: int) -> str:
    """What it undoes, shows or leaves."""
    at = task.checkpoint(ordinal)
    if act == "restore":
        return tr("undoes {steps} of work", steps=steps_after(task, ordinal))
    if act == "unmerge":
        into = task.merged_into
        return tr("{branch} as it was before", branch=into) if into else ""
    if act == "undo_restore":
        back = undo_of(task)
        return tr("back to {where}", where=where(back)) if back is not None else ""
    if act == "checkpoints":
        count = len(task.checkpoints)
        return counted(
            count, "{count} to look at or roll back to", "{count} to compare or roll back to"
        )
    if at is None:
        return ""
    if act == "changes":
        return f"{where(ordinal)} · {files(at.diffstat.files)}"
    if act == "fork":
        whole = at.snapshot is not None
        return tr("with its machine as it was") if whole else tr("files only, a fresh machine")
    return ""
