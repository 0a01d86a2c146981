"""What a task ran for a checkpoint: its steps since the one before, and how they ended.

Steps run one after the other and the first that fails ends its task, so a checkpoint at the end of
a step says of every step up to it that it ended with exit code 0.
"""

from __future__ import annotations

from clawdesk.domain.model import Checkpoint, Task
from clawdesk.viewmodels.language import tr

NAMES_MAX = 6


def ran_words(task: Task, checkpoint: Checkpoint | None) -> str:
    """The steps that a person has not looked at yet; "" = no step is known of."""
    if checkpoint is None:
        return ""
    since = (c for c in task.checkpoints if checkpoint.since and c.commit == checkpoint.since)
    looked = next(since, None)
    first = 0 if looked is None else looked.step_index + _ended(looked)
    names = [step.name for step in task.steps]
    over = names[first : checkpoint.step_index + _ended(checkpoint)]
    said = []
    if over:
        said.append(tr("{names}: ended well (exit code 0)", names=_listed(over)))
    if not _ended(checkpoint) and checkpoint.step_index < len(names):
        said.append(tr("{step}: has not ended yet", step=names[checkpoint.step_index]))
    return "\n".join(said)


def _ended(checkpoint: Checkpoint) -> bool:
    """Whether its step was over when it was made."""
    return not checkpoint.guest_request and not checkpoint.mid_step


def _listed(names: list[str]) -> str:
    more = len(names) - NAMES_MAX
    shown = ", ".join(names[:NAMES_MAX])
    return tr("{names} and {count} more", names=shown, count=more) if more > 0 else shown
