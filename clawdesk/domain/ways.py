"""The way a task has come: going back leaves checkpoints behind, and may lead to them again."""

from __future__ import annotations

from clawdesk.domain.model import Checkpoint, Task


def way_of(task: Task) -> tuple[Checkpoint, ...]:
    """The checkpoints that its present work stands on, newest first; others may be newer."""
    found, wanted = [], task.tip_ordinal
    for checkpoint in reversed(task.checkpoints):
        if checkpoint.ordinal == wanted:
            found.append(checkpoint)
            wanted = checkpoint.after
    return tuple(found)
