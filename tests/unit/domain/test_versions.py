"""Histories of other versions: an older one is read, a newer one is refused and not guessed at.

A schema's fixture is never changed. A new schema gets a fixture of its own, beside the old ones.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clawdesk.domain.model import Record
from clawdesk.domain.replay import SCHEMA, read
from clawdesk.domain.values import UnreadableHistoryError, from_fields

FIXTURES = sorted((Path(__file__).parent / "golden").glob("history-*.json"))


def records(told: dict[str, Any]) -> list[Record]:
    return [from_fields(fields, Record) for fields in told["records"]]


def test_every_schema_has_a_fixture() -> None:
    assert [path.stem for path in FIXTURES] == [f"history-{n}" for n in range(1, SCHEMA + 1)]


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_an_older_history_is_read(path: Path) -> None:
    told = json.loads(path.read_text())
    task = read(records(told))
    assert (task.phase.value, task.attempt, task.tip_ordinal) == (
        told["phase"],
        told["attempt"],
        told["tip"],
    )
    assert [r.event for r in task.records] == [r["event"] for r in told["records"]]


def test_a_newer_history_is_refused() -> None:
    first, *rest = records(json.loads(FIXTURES[-1].read_text()))
    newer = replace(first, fields={**first.fields, "schema": SCHEMA + 1})
    with pytest.raises(UnreadableHistoryError, match="newer ClawDesk"):
        read([newer, *rest])


def test_events_and_fields_nobody_knows_are_passed_over() -> None:
    told = json.loads(FIXTURES[-1].read_text())
    first, *rest = records(told)
    task = {**first.fields["task"], "fields_of_tomorrow": 1}
    later = replace(first, fields={**first.fields, "task": task})
    unknown = Record("dreamt", 1, {"of": "sheep"}, "c0")
    assert read([later, unknown, *rest]).phase.value == told["phase"]
