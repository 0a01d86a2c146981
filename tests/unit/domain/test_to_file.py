"""A prompt as a task file: what is written reads as the same task, whatever stands in it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawdesk.domain.agents import KINDS
from clawdesk.domain.definitions import is_task_name, parse_task
from clawdesk.domain.from_prompt import TaskPrompt, definition_from, mistakes_in
from clawdesk.domain.to_file import file_text, usual_name
from clawdesk.domain.toml_values import DefinitionError

TYPED = 'Mend the loader.\n\n\tNot the """test""".\\ Really"'


def test_it_is_written_as_a_person_would() -> None:
    asked = TaskPrompt("Mend it.\nNow.", "mini-swe-agent", model="m", priority=2, memory_mib=1024)
    assert file_text(asked, "mend-it") == (
        'title = "Mend it."\npriority = 2\n\n[machine]\nmemory_mib = 1024\n\n'
        '[models]\ndefault = "m"\n\n[agent]\nkind = "mini-swe-agent"\n'
        'prompt = """\nMend it.\nNow."""\n'
        'checkpoint = "approve"\nevery_s = 300\nwhen_changed = true\n'
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_agent_can_be_saved(kind: str) -> None:
    run = 'python3 agent.py "$CLAWDESK_PROMPT" \\\n  --x' if KINDS[kind].asks_run else ""
    asked = TaskPrompt(TYPED, kind, run, "m")
    read = parse_task(file_text(asked, "one"), "one")
    assert read == replace(definition_from(asked), name="one")
    assert read.agent is not None
    assert read.agent.prompt == TYPED


@given(prompt=st.text(), memory_mib=st.sampled_from([0, 128, 4096]), priority=st.integers(-5, 5))
def test_whatever_may_be_typed_may_be_saved(prompt: str, memory_mib: int, priority: int) -> None:
    asked = TaskPrompt(prompt, "command", "r", "", priority, memory_mib)
    if mistakes_in(asked):
        with pytest.raises(DefinitionError):
            file_text(asked, "one")
    else:
        read = parse_task(file_text(asked, "one"), "one")
        assert read == replace(definition_from(asked), name="one")


def test_a_name_no_file_may_have_is_refused() -> None:
    with pytest.raises(DefinitionError, match="letters, digits"):
        file_text(TaskPrompt("p", "command", "r"), "../evil")


@given(st.text())
def test_the_usual_name_is_one_a_file_may_have(prompt: str) -> None:
    assert is_task_name(usual_name(prompt))


def test_the_usual_name_says_what_it_is_about() -> None:
    long = "Mend the loader, not the test, and say in the notes what was wrong with it"
    assert usual_name(long) == "mend-the-loader-not-the-test-and-say-in"
    assert usual_name("日本語") == "task"
