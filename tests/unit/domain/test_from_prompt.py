"""A task from a prompt alone: the definition it becomes, and what is not taken."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clawdesk.domain.agents import KINDS, PROMPT_CHARS_MAX, RUN_CHARS_MAX
from clawdesk.domain.definitions import DefinitionError
from clawdesk.domain.from_prompt import (
    TITLE_CHARS_MAX,
    TaskPrompt,
    definition_from,
    mistakes_in,
    prompt_behind,
    title_of,
)
from clawdesk.domain.model import AgentSpec, CheckpointMode, TaskDefinition
from clawdesk.domain.values import as_fields, from_fields

MINI = TaskPrompt("  Mend the loader.\r\n\r\nNot the test.\n", "mini-swe-agent", model="m")
OWN = TaskPrompt("Mend it.", "command", run="python3 agent.py")


def test_it_is_one_step_whose_end_is_approved() -> None:
    definition = definition_from(MINI)
    assert (definition.name, definition.title) == ("", "Mend the loader.")
    assert definition.agent == AgentSpec("mini-swe-agent", "Mend the loader.\n\nNot the test.")
    assert (definition.model, definition.priority) == ("m", 0)
    assert not any((definition.machine.network, definition.secrets, definition.keys))
    (step,) = definition.steps
    assert step.run.startswith("mini --yolo")
    assert (step.checkpoint, step.when_changed) == (CheckpointMode.APPROVE, True)
    assert step.at_calls, "there is something to go back to on the way"


def test_its_machine_has_the_memory_its_kind_needs() -> None:
    assert definition_from(MINI).machine.memory_mib == 768
    assert definition_from(OWN).machine.memory_mib == 512


def test_priority_and_memory_are_as_asked() -> None:
    definition = definition_from(replace(MINI, priority=-2, memory_mib=2048))
    assert (definition.priority, definition.machine.memory_mib) == (-2, 2048)


def test_everything_needed_later_is_in_the_definition() -> None:
    for asked in (MINI, OWN, replace(OWN, priority=3, memory_mib=1024)):
        definition = definition_from(asked)
        again = from_fields(as_fields(definition), TaskDefinition)
        behind = prompt_behind(again)
        assert behind is not None
        assert definition_from(behind) == again == definition


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_the_catalog_can_be_told_something(kind: str) -> None:
    run = "agent" if KINDS[kind].asks_run else ""
    definition = definition_from(TaskPrompt("Mend it.", kind, run, "m"))
    assert definition.agent is not None
    assert definition.agent.kind == kind
    assert definition.steps[0].run


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("\n\n  Mend\tthe   loader \nmore", "Mend the loader"),
        ("a\x0bb", "a"),  # a line ends there, as Python counts lines
        ("e\u202evil\u200b name", "e vil name"),
        ("word " * 100, f"{'word ' * 14}word…"),
        ("x" * 300, "x" * (TITLE_CHARS_MAX - 1) + "…"),
    ],
)
def test_its_title_is_the_first_line_that_says_something(prompt: str, title: str) -> None:
    assert title_of(prompt) == title
    assert len(title_of(prompt)) <= TITLE_CHARS_MAX


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (TaskPrompt(" \n\t", "command", "r"), "The prompt is empty"),
        (TaskPrompt("\u200b\u202e", "command", "r"), "The prompt shows no text"),
        (
            TaskPrompt("x" * (PROMPT_CHARS_MAX + 1), "command", "r"),
            "8,001 characters; at most 8,000",
        ),
        (TaskPrompt("a\0b", "command", "r"), "The prompt holds the character U+0000"),
        (TaskPrompt("a\x1b[2Jb", "command", "r"), "The prompt holds the character U+001B"),
        (TaskPrompt("a\udcff", "command", "r"), "The prompt holds the character U+DCFF"),
        (TaskPrompt("p", "robot"), "There is no agent 'robot'; there are: command, acp"),
        (TaskPrompt("p", "\x1b\n"), r"There is no agent '\x1b\n'; there are: "),
        (TaskPrompt("p", "command"), "The command of the agent command is empty"),
        (TaskPrompt("p", "acp", "x" * (RUN_CHARS_MAX + 1)), "at most 16,384 are allowed"),
        (TaskPrompt("p", "acp", "a\0"), "The command of the agent acp holds the character U+0000"),
        (TaskPrompt("p", "gptme", "rm", "m"), "The agent gptme has a command of its own"),
        (TaskPrompt("p", "gptme"), "The agent gptme works with a model: name one."),
        (replace(OWN, priority=6), "A task's priority is -5 to 5, not 6."),
        (replace(OWN, memory_mib=127), "A machine has 128 to 1,048,576 MiB of memory, not 127."),
        (TaskPrompt("p", "gptme", model="a b"), "'a b' is no name of a model."),
        (TaskPrompt("p", "gptme", model="m" * 201), "is no name of a model."),
    ],
)
def test_what_is_not_taken(asked: TaskPrompt, expected: str) -> None:
    (mistake,) = mistakes_in(asked)
    assert expected in mistake
    assert mistake.isprintable(), "a sentence for a terminal"
    with pytest.raises(DefinitionError):
        definition_from(asked)


def test_all_mistakes_are_told_at_once() -> None:
    assert len(mistakes_in(TaskPrompt("", "gptme"))) == 2


def test_a_task_with_a_file_has_no_prompt_behind_it() -> None:
    definition = definition_from(OWN)
    assert (
        prompt_behind(TaskDefinition("mend", "t", definition.steps, agent=definition.agent)) is None
    )
    assert prompt_behind(TaskDefinition("", "t", definition.steps)) is None
