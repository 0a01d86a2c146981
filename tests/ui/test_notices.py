"""Notices of a desk: shown once, taken back when settled, pressed, silenced by setting."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

import pytest

from clawdesk.domain.model import Phase, Task
from clawdesk.ports.models import Budget, ModelQueue, ProjectUse
from clawdesk.ports.notices import NoticeSupport
from clawdesk.runtime.api import Change
from clawdesk.ui.desk import Desk
from clawdesk.ui.notice_desk import NoticeDesk
from clawdesk.viewmodels.notices import NoticeRules
from tests.support import plane_scenes as scenes
from tests.support.notices_fake import FakeNotices
from tests.ui.conftest import Bench


@pytest.fixture
def notices() -> FakeNotices:
    return FakeNotices()


def desk_of(bench: Bench, notices: FakeNotices) -> Desk:
    """A desk whose tasks wait for nobody yet."""
    bench.plane.fill()
    bench.memory.keep_notice_rules(NoticeRules(in_front=True))
    return bench.open(notices)


def asks_anew(bench: Bench, desk: Desk) -> tuple[Task, str]:
    """A task that begins to wait for approval now."""
    task = next(t for t in bench.plane.state.tasks.values() if t.request is not None)
    assert task.request is not None
    asked = replace(task, request=replace(task.request, id="anew", message="<b>look</b>\x1b[31m"))
    bench.plane.put(asked)
    bench.settle()
    return asked, "request anew"


def test_what_waited_before_the_window_opened_is_not_told(
    bench: Bench, notices: FakeNotices
) -> None:
    desk = desk_of(bench, notices)
    assert desk.pending()
    assert notices.told == []


def test_a_request_is_told_and_taken_back_when_answered_elsewhere(
    bench: Bench, notices: FakeNotices
) -> None:
    desk = desk_of(bench, notices)
    task, key = asks_anew(bench, desk)
    assert notices.told == [("show", key)]
    assert notices.standing[key].act == "Review"
    assert "\x1b" not in notices.standing[key].body
    bench.plane.put(task)
    bench.settle()
    assert notices.told == [("show", key)], "told once, however often the task changes"
    bench.plane.put(replace(task, request=None, phase=Phase.RUNNING))
    bench.settle()
    assert notices.told[1:] == [("withdraw", key)]


def test_a_press_brings_the_window_forward_with_the_request(
    bench: Bench, notices: FakeNotices
) -> None:
    desk = desk_of(bench, notices)
    _, key = asks_anew(bench, desk)
    with patch.object(desk.window, "come_forward") as forward:
        notices.press(key, "token")
        forward.assert_called_once_with("token")
    bench.settle()
    assert desk.decisions.sheet is not None
    assert desk.decisions.sheet.objectName() == "approval"
    assert ("withdraw", key) in notices.told
    assert not [call for call in bench.plane.calls if call[0] == "approve"], "nothing was decided"


def test_the_window_in_front_is_notice_enough(bench: Bench, notices: FakeNotices) -> None:
    desk = desk_of(bench, notices)
    bench.memory.keep_notice_rules(NoticeRules(in_front=False))
    with patch.object(type(desk.notices), "_in_front", return_value=True):
        asks_anew(bench, desk)
    assert notices.told == []


def test_an_end_is_told_until_the_task_is_looked_at(bench: Bench, notices: FakeNotices) -> None:
    desk = desk_of(bench, notices)
    task = next(t for t in bench.plane.state.tasks.values() if t.phase is Phase.RUNNING)
    bench.plane.put(replace(task, phase=Phase.FAILED, finish_text="exit code 1"))
    bench.settle()
    assert notices.told == [("show", f"ended {task.id}")]
    desk.choose_task(next(iter(bench.plane.state.tasks)))
    desk.choose_task(task.id)
    bench.settle()
    assert notices.told[1:] == [("withdraw", f"ended {task.id}")]


def test_a_used_up_budget_is_told_and_leads_to_the_budget(
    bench: Bench, notices: FakeNotices
) -> None:
    desk = desk_of(bench, notices)
    fabric = bench.plane.environment.fabric
    assert fabric is not None
    budget = Budget(gpu_hours=1, exceeded="1 GPU-hour is used")
    queue = ModelQueue(projects=(ProjectUse(scenes.PROJECT, budget=budget),))
    bench.plane.environment = replace(bench.plane.environment, fabric=replace(fabric, queue=queue))
    bench.plane.publish(Change(environment=True))
    bench.settle()
    assert list(notices.standing) == [f"budget {scenes.PROJECT}"]
    notices.press(f"budget {scenes.PROJECT}")
    bench.settle()
    assert desk.decisions.sheet is not None
    assert desk.decisions.sheet.objectName() == "budget"


def test_the_doctor_says_what_shows_notices(bench: Bench, notices: FakeNotices) -> None:
    desk = desk_of(bench, notices)
    assert bench.run(desk.notices.check())["state"] == "ok"
    notices.found = NoticeSupport(problem="Nothing shows notices.", mend="Install one.")
    row = bench.run(desk.notices.check())
    assert (row["state"], row["found"]) == ("limited", "not shown")
    assert "inbox" in str(row["why"])
    notices.found = NoticeSupport("Bare 1", acts=False)
    assert bench.run(desk.notices.check())["state"] == "limited"


def test_the_badge_counts_what_needs_somebody(bench: Bench, notices: FakeNotices) -> None:
    with patch.object(NoticeDesk, "_mind_badge") as badge:
        desk = desk_of(bench, notices)
        badge.assert_called_with(2)
        task = desk.pending()[0]
        bench.plane.put(replace(task, request=None, phase=Phase.RUNNING))
        bench.settle()
        badge.assert_called_with(1)


def test_closing_takes_back_what_stands(bench: Bench, notices: FakeNotices) -> None:
    desk = desk_of(bench, notices)
    _, key = asks_anew(bench, desk)
    bench.run(desk.close())
    assert notices.told[-1] == ("withdraw", key)
    assert notices.closed
