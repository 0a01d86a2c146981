"""A time of day is told with its date where it is not of today."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from clawdesk.domain.model import Phase
from clawdesk.viewmodels.amounts import moment
from clawdesk.viewmodels.checkpoints import checkpoint_rows
from clawdesk.viewmodels.inspector import inspector_view
from clawdesk.viewmodels.tasks import state_texts
from clawdesk.viewmodels.timescale import TimeScale
from clawdesk.viewmodels.words import DAY_MS, HOUR_MS
from tests.support import plane_scenes as scenes


def ms(*when: int) -> int:
    return round(datetime(*when, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc, arg-type]


NOW = ms(2026, 11, 27, 18, 16)


@pytest.mark.parametrize(
    ("at_ms", "offset_ms", "words"),
    [
        (ms(2026, 11, 27, 0, 5, 9), 0, "00:05:09"),
        (ms(2026, 11, 26, 23, 59), 0, "26 Nov 23:59"),
        (ms(2026, 11, 26, 23, 59), HOUR_MS, "00:59:00"),
        (ms(2026, 11, 27, 0, 5), -HOUR_MS, "26 Nov 23:05"),
        (ms(2025, 12, 31, 8, 0), 0, "31 Dec 2025 08:00"),
        (ms(2026, 11, 28, 6, 0), 0, "28 Nov 06:00"),
    ],
)
def test_the_day_is_told_where_it_is_another(at_ms: int, offset_ms: int, words: str) -> None:
    assert moment(at_ms, NOW, offset_ms, seconds=True) == words


def test_a_task_of_another_day_has_its_dates() -> None:
    done = next(t for t in scenes.house(NOW - 3 * DAY_MS).values() if t.title == "docs-pass")
    assert state_texts(done, NOW)[1] == "finished 24 Nov 18:03 · not merged yet"
    assert dict(inspector_view(done, NOW).facts)["Submitted"] == "24 Nov 17:30"
    assert checkpoint_rows(done, now_ms=NOW)[0].at == "24 Nov 18:02"
    today = next(t for t in scenes.house(NOW).values() if t.title == "docs-pass")
    assert state_texts(today, NOW)[1] == "finished 18:03 · not merged yet"
    failed = replace(done, phase=Phase.FAILED, finish_text="")
    assert state_texts(failed, NOW)[1] == "ended 24 Nov 18:03"


@pytest.mark.parametrize("days", [30, 120, 400, 1_500])
def test_an_axis_of_months_keeps_its_words_apart(days: int) -> None:
    scale = TimeScale(NOW, days * DAY_MS, 480)
    ticks = scale.ticks(0)
    assert len(ticks) >= 2
    assert all(scale.x(b) - scale.x(a) >= 56 for a, b in pairwise(ticks))
