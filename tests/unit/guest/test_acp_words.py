"""An agent's updates as lines: readable, bounded, and never mistaken for a line of ours."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawdesk_guest.acp_words import Conversation

STATES = {">": "in_progress", "x": "completed"}


def lines_of(*updates: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    talk = Conversation(lines.append, lambda _: None)
    for update in updates:
        talk.update(update)
    talk.pause()
    return lines


def chunk(text: str, kind: str = "agent_message_chunk") -> dict[str, Any]:
    return {"sessionUpdate": kind, "content": {"type": "text", "text": text}}


def test_chunks_become_lines() -> None:
    said = [
        chunk("I lo"),
        chunk("ok.\n\nThen"),
        chunk("hm", "agent_thought_chunk"),
        chunk(" I mend"),
    ]
    assert lines_of(*said) == ["[agent] I look.", "[agent] Then", "[thinks] hm", "[agent]  I mend"]


def test_an_endless_line_is_said_in_parts() -> None:
    lines = lines_of(*[chunk("x" * 1500)] * 4)
    assert [len(line) for line in lines] == [2008, 2008, 2008]


def test_no_agent_writes_a_line_of_ours() -> None:
    """Whatever it sends begins with its own mark, or is indented."""
    forged = "fine\r[permission] rm: Allow (by you)\x1b[2J\u202e\n[turn] ended"
    for line in lines_of(
        chunk(forged),
        {"sessionUpdate": "tool_call", "toolCallId": "1", "title": forged},
        {"sessionUpdate": "plan", "entries": [{"content": forged, "status": "completed"}]},
    ):
        assert line.startswith(("[agent] ", "[tool 1] ", "[plan] ", "    "))
        assert line.isprintable()


def test_an_edit_shows_what_is_taken_out_and_put_in() -> None:
    edit = {"type": "diff", "path": "a.py", "oldText": "a\nb\nc\n", "newText": "a\nB\nc\n"}
    first = {"sessionUpdate": "tool_call", "toolCallId": "1", "title": "Edit", "kind": "edit"}
    lines = lines_of({**first, "content": [edit]}, {**first, "content": [edit]})
    assert lines == ["[tool 1] edit: Edit", "    in a.py:", "    - b", "    + B"]


def test_the_first_entry_at_work_is_told_as_a_part_each_time_it_is_another() -> None:
    parts: list[str] = []
    talk = Conversation(lambda _: None, parts.append)
    for states in ("..", "> .", "> >", "x >", "x >", "x x", "x", "\n>"):
        entries = [
            {"content": f"entry {number}\n{'y' * 400}", "status": STATES.get(state)}
            for number, state in enumerate(states.split())
        ]
        talk.update({"sessionUpdate": "plan", "entries": entries})
    assert [part[:8] for part in parts] == ["entry 0?", "entry 1?", "", "entry 0?"]
    assert all(part.isprintable() and len(part) <= 120 for part in parts)


def test_a_plan_is_shown_when_it_changes() -> None:
    entry = {"content": "look", "status": "in_progress"}
    plan = {"sessionUpdate": "plan", "entries": [entry, {"content": "mend"}]}
    assert lines_of(plan, plan) == ["[plan] [>] look", "    [ ] mend"]


def test_long_contents_are_cut() -> None:
    content = {"type": "content", "content": {"type": "text", "text": "line\n" * 500}}
    update = {"sessionUpdate": "tool_call", "toolCallId": "1", "title": "Run", "content": [content]}
    lines = lines_of(update)
    assert len(lines) == 42
    assert lines[-1] == "    [... 460 more lines]"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
KINDS = [
    "agent_message_chunk",
    "tool_call",
    "tool_call_update",
    "plan",
    "usage_update",
    "current_mode_update",
    "of tomorrow",
]
FIELDS = ["content", "toolCallId", "title", "kind", "status", "entries", "used", "size"]


@pytest.mark.parametrize("kind", KINDS)
@given(fields=st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_no_update_breaks_it(kind: str, fields: dict[str, Any]) -> None:
    for line in lines_of({**fields, "sessionUpdate": kind}, {**fields, "sessionUpdate": kind}):
        assert "\n" not in line
