"""Records as commit messages, and back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawdesk.adapters.git import records
from clawdesk.adapters.git.approved import Point, approved
from clawdesk.domain.model import Record
from clawdesk.domain.spending import NOTHING_SPENT, CallUse, spent_fields
from clawdesk.ports.errors import RepositoryError

TASK = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.text(min_size=1, max_size=20),
    st.integers(0, 2**53),
    st.dictionaries(st.text(max_size=10), JSON, max_size=6),
)
def test_every_record_comes_back(event: str, at_ms: int, fields: dict[str, object]) -> None:
    record = Record(event, at_ms, json.loads(json.dumps(fields)), "c0ffee")
    message = records.encode(TASK, record)
    assert records.decode(message, "c0ffee") == record
    assert records.task_of(message) == TASK


def test_a_message_reads_well_for_people() -> None:
    fields = {
        "ordinal": 3,
        "step": "rewrite",
        "request": "r1",
        "verdict": "approved",
        "actor": "ann",
        "channel": "window",
        "digest": "d",
        "snapshot": {"id": "s1"},
    }
    lines = records.encode(TASK, Record("decision", 5, fields)).split("\n")
    assert lines[0] == "clawdesk: decision 3 (rewrite)"
    assert lines[4:] == [
        f"Clawdesk-Task: {TASK}",
        "Clawdesk-Step: rewrite",
        "Clawdesk-Checkpoint: 3",
        "Clawdesk-Snapshot: s1",
        "Clawdesk-Request: r1",
        "Clawdesk-Digest: d",
        "Clawdesk-Decision: approved",
        "Clawdesk-Actor: ann",
        "Clawdesk-Channel: window",
        "Clawdesk-Event: decision",
        "",
    ]


def test_what_was_spent_stands_there_as_numbers() -> None:
    use = CallUse("c", "0.1", measured=True, tokens_in=1200, tokens_out=35, model_ms=4_120)
    priced = replace(use, name="d", cost_micro=12_345, currency="EUR")
    uncounted = CallUse("e", "0.1", measured=True, place="gpu", gpu_ms=2_500)
    spending = NOTHING_SPENT.plus([use, priced, uncounted], lambda run: (0, "agent"))
    fields = {"status": "done", **spent_fields(spending.steps)}
    lines = records.encode(TASK, Record("finished", 5, fields)).split("\n")
    assert lines[5:-2] == [
        "Clawdesk-Model-Calls: 3",
        "Clawdesk-Tokens-In: 2400",
        "Clawdesk-Tokens-Out: 70",
        "Clawdesk-Model-Seconds: 8.2",
        "Clawdesk-GPU-Seconds: 2.5",
        "Clawdesk-Calls-Uncounted: 1",
        "Clawdesk-Cost: 0.012345 EUR",
    ]


def test_gpu_time_that_nobody_knows_is_no_zero() -> None:
    away = CallUse("c", measured=True, tokens_in=1, tokens_out=1, place="elsewhere")
    for use, said in (
        (away, ["Clawdesk-Calls-Elsewhere: 1"]),
        (replace(away, place="processors"), ["Clawdesk-GPU-Seconds: 0.0"]),
        (replace(away, place="", measured=False), ["Clawdesk-Calls-Unmeasured: 1"]),
    ):
        spending = NOTHING_SPENT.plus([use], lambda run: (0, "agent"))
        message = records.encode(TASK, Record("finished", 5, spent_fields(spending.steps)))
        found = [line for line in message.split("\n") if "GPU" in line or "Calls-" in line]
        assert found == said


def test_no_text_forges_a_line() -> None:
    evil = 'x\n\n{"event":"finished","at_ms":1,"fields":{}}\n\nClawdesk-Task: OTHER\r\nx'
    record = Record("decision", 1, {"step": evil, "actor": evil, "note": evil})
    message = records.encode(TASK, record)
    decoded = records.decode(message, "")
    assert decoded is not None
    assert decoded.event == "decision"
    assert records.task_of(message) == TASK
    assert sum(line.startswith("Clawdesk-Task:") for line in message.split("\n")) == 1


def test_a_record_over_the_limit_is_refused() -> None:
    with pytest.raises(RepositoryError) as caught:
        records.encode(TASK, Record("asked", 1, {"text": "x" * 65_536}))
    assert caught.value.code == "too_large"


@pytest.mark.parametrize("message", ["", "fix", "a\n\n{", "a\n\n{}", 'a\n\n{"event":1}', "{}\n[]"])
def test_other_commits_are_no_records(message: str) -> None:
    assert records.decode(message, "") is None


def checkpoint(ordinal: int, **fields: object) -> Record:
    return Record("checkpoint", ordinal, {"ordinal": ordinal, "step": "s", **fields}, f"c{ordinal}")


def test_which_checkpoints_may_be_merged() -> None:
    story = [
        Record("submitted", 0, {}),
        checkpoint(1),
        checkpoint(2, mode="approve"),
        Record("requested", 3, {"ordinal": 2, "kind": "approve"}),
        Record("decision", 4, {"ordinal": 2, "verdict": "rejected"}),
        Record("restored", 5, {"ordinal": 1}),
        checkpoint(3, mode="approve"),
        Record("decision", 6, {"ordinal": 3, "verdict": "approved"}),
        checkpoint(4),
        Record("requested", 7, {"ordinal": 4, "kind": "clarify"}),
        Record("decision", 8, {"ordinal": 4, "verdict": "answered"}),
        checkpoint(5, safety=True),
        checkpoint(6),
        Record("requested", 9, {"ordinal": 6, "kind": "approve"}),
    ]
    found = approved(story)
    assert found.points == tuple(Point(n, f"c{n}", "s") for n in (1, 3, 4))
    assert found.left_out == (6,)
    assert approved([*story, Record("restored", 9, {"ordinal": 0})]).points == ()
