"""docs/guide/policy.md: every example is read, and what it says of defaults and bounds is true."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from clawdesk.domain.definitions import DefinitionError, parse_project
from clawdesk.domain.model import PriorityClass, ProjectPolicy
from clawdesk.domain.policy import asks, effective
from clawdesk.domain.policy_file import parse_rules
from clawdesk.domain.rules import ProjectRules, Rules

PAGE = (Path(__file__).resolve().parents[3] / "docs/guide/policy.md").read_text()
EXAMPLES = re.findall(r"```toml (user|project)\n(.*?)```", PAGE, re.DOTALL)


def of(kind: str) -> list[str]:
    return [text for found, text in EXAMPLES if found == kind]


def test_the_page_has_its_examples() -> None:
    assert len(of("project")) == 1
    assert len(of("user")) == 2
    assert PAGE.count("```toml") == len(EXAMPLES)


def test_the_projects_example_is_the_defaults_but_for_its_paths() -> None:
    policy = parse_project(of("project")[0])
    assert policy == replace(ProjectPolicy(), approval_paths=("src/**", "Makefile"))


def test_the_first_example_of_the_user_is_the_defaults() -> None:
    assert parse_rules(of("user")[0]) == Rules()
    commented = re.sub(r"^# (?=\w+ = )", "", of("user")[0], flags=re.MULTILINE)
    told = parse_rules(commented)
    assert (told.reserve_memory_mib, told.defaults.class_max) == (4096, "agent")
    assert (told.defaults.weight, told.defaults.weight_max) == (1.0, 1.0)


def test_the_second_example_of_the_user_says_what_the_page_says() -> None:
    rules = parse_rules(of("user")[1])
    thesis = rules.of("/home/me/thesis")
    wants = ProjectPolicy(weight=3.0, default_class=PriorityClass.INTERACTIVE)
    assert asks(wants, thesis) == ()
    assert effective(wants, thesis).weight == 4.0
    assert effective(wants, thesis).default_class is PriorityClass.INTERACTIVE
    assert (thesis.quota.machines, thesis.quota.machines_borrow) == (2, 2)
    stranger = rules.of("/home/me/downloads/stranger")
    assert effective(wants, stranger).default_class is PriorityClass.BATCH
    assert stranger.approval_paths[-1] == "**"
    assert effective(wants, rules.of("/elsewhere")).weight == 1.0


def test_the_table_of_what_wins() -> None:
    asked = ProjectPolicy(weight=3.0)
    assert asks(asked, ProjectRules())
    assert effective(asked, ProjectRules()).weight == 3.0
    for rules, weight in ((ProjectRules(weight_max=2.0), 2.0), (ProjectRules(weight=0.5), 0.5)):
        assert asks(asked, rules) == ()
        assert effective(asked, rules).weight == weight


ROWS = re.findall(
    r"^\| `([a-z]+)\.([a-z_]+)` \| [^|]+ \| ([\d,]+) to ([\d,]+) \|$", PAGE, re.MULTILINE
)


@pytest.mark.parametrize(("table", "key", "least", "most"), ROWS)
def test_the_bounds_in_the_table_are_those_of_the_reader(
    table: str, key: str, least: str, most: str
) -> None:
    low, high = (int(number.replace(",", "")) for number in (least, most))
    for good in (low, high):
        parse_rules(f"[{table}]\n{key} = {good}\n")
    for bad in (low - 1, high + 1):
        with pytest.raises(DefinitionError, match=f"{table}.{key}: found {bad}"):
            parse_rules(f"[{table}]\n{key} = {bad}\n")


def test_the_table_has_every_number_of_this_machine() -> None:
    assert len(ROWS) == 10
