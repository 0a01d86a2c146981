"""What a screen reader is told of while the keyboard is elsewhere: once, and as plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from PySide6.QtGui import QAccessibleAnnouncementEvent

from clawdesk.ui import announce
from clawdesk.ui.approval_sheet import ApprovalSheet
from clawdesk.ui.banner import Notice
from clawdesk.ui.notice_desk import NoticeDesk
from tests.support import plane_scenes as scenes
from tests.support.notices_fake import FakeNotices
from tests.ui.test_notices import asks_anew

if TYPE_CHECKING:
    from tests.ui.conftest import Bench


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was said, in order."""
    said: list[str] = []

    class Bus:
        @staticmethod
        def updateAccessibility(event: QAccessibleAnnouncementEvent) -> None:
            said.append(event.message())

    monkeypatch.setattr(announce, "QAccessible", Bus)
    return said


@pytest.mark.parametrize("in_front", [True, False])
def test_a_new_request_is_said_where_no_notice_says_it(
    bench: Bench, heard: list[str], in_front: bool
) -> None:
    bench.plane.fill()
    notices = FakeNotices()
    desk = bench.open(notices)
    assert heard == [], "what waited before stands in the inbox"
    with patch.object(NoticeDesk, "_in_front", return_value=in_front):
        task, _ = asks_anew(bench, desk)
        bench.plane.put(task)
        bench.settle()
    assert heard == ([f"{task.title} needs your approval"] if in_front else [])
    assert bool(notices.told) is not in_front


def test_a_banner_is_said_once_and_again_when_it_comes_back(bench: Bench, heard: list[str]) -> None:
    desk = bench.open()
    notice = Notice("bad", "Opening <b>x</b>\x1b[31m: no folder", "Choose another.")
    for _ in range(2):
        desk.window.banner.show_notice(notice)
    assert heard == ["Opening <b>x</b>: no folder Choose another."]
    desk.window.banner.hide()
    desk.window.banner.show_notice(notice)
    assert len(heard) == 2


def test_an_answer_given_elsewhere_is_said_once(bench: Bench, heard: list[str]) -> None:
    bench.plane.fill()
    desk = bench.open()
    task = next(iter(bench.plane.state.tasks.values()))
    desk.decisions.open_task(task.id)
    bench.settle()
    assert isinstance(desk.decisions.sheet, ApprovalSheet)
    bench.plane.put(scenes.decided_elsewhere(task, bench.clock.now))
    for _ in range(3):
        desk.tick()
    assert len([text for text in heard if "via OpenClaw" in text]) == 1
