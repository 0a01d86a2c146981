"""A further prompt in the window: when it is offered, what is sent, what a refusal looks like."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from clawdesk.domain.model import AgentSpec, Checkpoint, Phase, Snapshot
from clawdesk.runtime.api import Outcome
from clawdesk.ui.guard import GUARD_MS
from clawdesk.ui.prompt_sheet import PromptSheet, why_not

if TYPE_CHECKING:
    from clawdesk.domain.model import Task
    from clawdesk.ui.desk import Desk
    from tests.ui.conftest import Bench

REST = Checkpoint(
    *(9, 1, 0, "agent", 1, "c", "t", "d"), guest_request="r", snapshot=Snapshot("s", 1.0, 1.0, 1)
)


@pytest.fixture
def desk(bench: Bench) -> Desk:
    return bench.open_forked()


@pytest.fixture
def ended(bench: Bench, desk: Desk) -> Task:
    """A chosen task whose ACP agent has ended its turn, and the task with it."""
    task = bench.plane.state.tasks[bench.task_id("fix-loader")]
    definition = replace(task.definition, agent=AgentSpec("acp", "Mend it.", "an-agent"))
    task = replace(
        task, definition=definition, phase=Phase.DONE, request=None, checkpoints=(REST,), machine=""
    )
    bench.plane.put(task)
    desk.window.tasks.list.choose(task.id)
    bench.settle()
    return task


def test_what_is_written_is_sent_and_the_sheet_closes(
    bench: Bench, desk: Desk, ended: Task
) -> None:
    sheet = _opened(bench, desk)
    bench.clock.advance(GUARD_MS)
    sheet.go.click()
    assert sheet.outcome.text() == "A prompt needs some text."
    sheet.text.setPlainText("  Now the docs\n")
    sheet.go.click()
    bench.settle()
    assert [c for c in bench.plane.calls if c[0] == "prompt"] == [
        ("prompt", ended.id, "Now the docs", "window")
    ]
    assert desk.decisions.sheet is None


def test_a_refusal_is_said_on_the_sheet(
    bench: Bench, desk: Desk, ended: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> Outcome:
        return Outcome(False, "The agent is at its work.")

    monkeypatch.setattr(bench.plane, "prompt", refuse)
    sheet = _opened(bench, desk)
    sheet.text.setPlainText("Now the docs")
    bench.clock.advance(GUARD_MS)
    sheet.go.click()
    bench.settle()
    assert desk.decisions.sheet is sheet
    assert sheet.outcome.text() == "The agent is at its work."
    assert sheet.go.isEnabled()


def test_it_is_offered_only_where_it_would_be_taken(bench: Bench, desk: Desk, ended: Task) -> None:
    assert why_not(desk) == ""
    bench.plane.put(replace(ended, phase=Phase.RUNNING, machine="m", step_running=True))
    assert why_not(desk).startswith("the agent is at its work")
    desk.window.tasks.list.choose(bench.task_id("docs-pass"))
    bench.settle()
    assert why_not(desk).startswith("only an agent of kind")


def _opened(bench: Bench, desk: Desk) -> PromptSheet:
    desk.registry.trigger("prompt")
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, PromptSheet)
    return sheet
