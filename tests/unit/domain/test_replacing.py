"""The quick copy of a value is the same as the slow one."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from clawdesk.domain.model import (
    Phase,
    ProjectPolicy,
    Record,
    StepSpec,
    Task,
    TaskDefinition,
)
from clawdesk.domain.replacing import replace

TASK = Task(
    "t", "/p", TaskDefinition("n", "N", (StepSpec("s", "true"),)), ProjectPolicy(), 1, "a", "b"
)


def test_it_is_what_dataclasses_give() -> None:
    changes: dict[str, Any] = {"phase": Phase.HELD, "records": (Record("a", 1),), "resume_from": 3}
    assert replace(TASK, **changes) == dataclasses.replace(TASK, **changes)
    assert replace(TASK) == TASK
    assert TASK.phase is Phase.QUEUED


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(TypeError, match="no field 'phrase'"):
        replace(TASK, phrase=1)
