"""When an answer that was given between two planes may be sent, and when never."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from clawdesk.domain.model import Decision, Phase, Record, Task, Verdict
from clawdesk.viewmodels.inbox import cards
from clawdesk.viewmodels.tasks import row_of
from clawdesk.viewmodels.unsent import (
    Fate,
    GivenAnswer,
    fate,
    not_sent,
    on_cards,
    on_rows,
    still_unsent,
)
from tests.support import plane_scenes as scenes

NOW_MS = 100 * scenes.MINUTE
TASK = next(t for t in scenes.house(NOW_MS).values() if t.title == "fix-loader")
assert TASK.request is not None
REQUEST = TASK.request
GIVEN = GivenAnswer(
    "k1",
    REQUEST.id,
    TASK.id,
    Verdict.APPROVED,
    REQUEST.ordinal,
    REQUEST.digest,
    "well done",
    only=("a.py",),
    edits={"a.py": b"\x00\xff"},
)


def deciding(key: str) -> Task:
    decision = Decision(REQUEST.id, Verdict.APPROVED, NOW_MS, "ada", "CLI", key=key)
    return replace(TASK, deciding=decision)


def decided(key: str) -> Task:
    fields = {"request": REQUEST.id, "verdict": "approved", "channel": "CLI", "key": key}
    return replace(TASK, request=None, records=(*TASK.records, Record("decision", NOW_MS, fields)))


@pytest.mark.parametrize(
    ("task", "becomes"),
    [
        (TASK, Fate.SEND),
        (None, Fate.WAIT),
        (replace(TASK, phase=Phase.UNKNOWN), Fate.WAIT),
        (deciding("k1"), Fate.WAIT),
        (deciding("other"), Fate.VOID),
        (decided("k1"), Fate.SENT),
        (decided("other"), Fate.VOID),
        (replace(TASK, request=replace(REQUEST, id="another")), Fate.VOID),
        (replace(TASK, request=replace(REQUEST, digest="sha256:9")), Fate.VOID),
        (replace(TASK, request=None), Fate.VOID),
    ],
)
def test_only_the_very_request_with_the_very_content_is_answered(
    task: Task | None, becomes: Fate
) -> None:
    found, why = fate(GIVEN, task)
    assert found is becomes
    assert bool(why) == (becomes is Fate.VOID), "what is never sent says why"


def test_it_is_the_same_after_the_disk() -> None:
    assert msgspec.json.decode(msgspec.json.encode(GIVEN), type=GivenAnswer) == GIVEN


def test_what_is_not_sent_is_said_where_the_task_stands() -> None:
    unsent = {REQUEST.id: replace(GIVEN, verdict=Verdict.REJECTED)}
    every = on_cards(cards([TASK], NOW_MS), unsent)
    assert [(c.unsent, c.quote) for c in every] == [("Your rejection is not sent yet", "well done")]
    (row,) = on_rows([row_of(TASK, NOW_MS)], unsent)
    assert (row.state, row.reason) == ("Not sent yet", "Your rejection is not sent yet")
    assert on_rows([row], {}) == [row]
    assert not on_cards(cards([TASK], NOW_MS), {})[0].unsent


def test_words() -> None:
    assert not_sent(GIVEN, TASK, "Why.") == "Your answer to fix-loader was not sent. Why."
    assert not_sent(GIVEN, None, "Why.").startswith(f"Your answer to {TASK.id} ")
    assert still_unsent(1).startswith("1 answer is not sent yet.")
    assert still_unsent(2).startswith("2 answers are not sent yet.")
