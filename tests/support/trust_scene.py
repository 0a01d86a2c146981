"""A task that waits for trust, for UI tests and pictures."""

from __future__ import annotations

from dataclasses import replace

from clawdesk.domain.model import Reason, Task
from tests.support.plane_scenes import Story

PROJECT_FILE = 'weight = 3\n[priority]\ndefault_class = "interactive"\n'


def untrusted(now_ms: int) -> Task:
    """A task that waits until its project's file is trusted."""
    task = Story(40, "index-photos", now_ms, 3).task
    text = "its project's file asks for more than usual: weight 3; class interactive"
    return replace(
        task,
        policy_digest="5f" * 32,
        policy_asks=(
            "weight 3: that many times the usual share of this machine",
            "class interactive: its tasks go before those of other projects",
        ),
        reason=Reason("untrusted", text, "you trust that file"),
    )
