"""What a prompt's task may ask for: no more than policy and machine give, and who said so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clawdesk.domain.definitions import parse_project
from clawdesk.domain.policy_file import parse_rules
from clawdesk.domain.policy_rules import project_rules, user_rules
from clawdesk.runtime.api import PolicyView, UserRules
from clawdesk.runtime.offer import bound_mib
from clawdesk.viewmodels.prompt_bounds import (
    Bounds,
    bounds_of,
    memory_choices,
    priority_choices,
)
from tests.support import plane_scenes as scenes

LOAD = replace(scenes.load(), memory_total_mib=16 * 1024)


def bounds(project: str = "", own: str = "") -> Bounds:
    """By a project's file and a user's own, on a machine of 16 GiB."""
    rules = parse_rules(own)
    found = project_rules(parse_project(project), project, rules, own, "/p")
    policy = PolicyView("/p", "", (), trusted=True, rules=found)
    return bounds_of(policy, UserRules("/policy.toml", True, user_rules(rules, own)), LOAD)


def test_where_nobody_bounds_it_a_task_may_suggest_what_a_file_may() -> None:
    usual = bounds()
    assert (usual.priority_min, usual.priority_max) == (-5, 5)
    assert usual.memory_mib_max == bound_mib(16 * 1024, None) == 12 * 1024
    assert "Priority" not in usual.words
    assert "at most 12 GiB: the desktop keeps the rest of 16 GiB" in usual.words
    assert "class is agent, as of every task here." in usual.words


def test_who_bounds_the_priority_is_named_with_the_line() -> None:
    by_project = bounds("weight = 1.0\npriority_max = 1\n")
    assert by_project.priority_max == 1
    assert "Priority -5 to +1, by .clawdesk/project.toml:2." in by_project.words
    by_user = bounds("priority_max = 4\n", "[defaults]\npriority_max = 0\n")
    assert by_user.priority_max == 0
    assert "by policy.toml:2." in by_user.words


@pytest.mark.parametrize(
    ("project", "low", "high"),
    [
        ("priority_min = 7\npriority_max = 9\n", 5, 5),
        ("priority_min = -9\npriority_max = -7\n", -5, -5),
        ("priority_min = 0\n", 0, 5),
    ],
)
def test_a_suggestion_is_never_outside_what_a_file_may_say(
    project: str, low: int, high: int
) -> None:
    found = bounds(project)
    assert (found.priority_min, found.priority_max) == (low, high)
    assert [number for number, _ in priority_choices(found)] == list(range(high, low - 1, -1))


def test_memory_is_what_the_user_leaves_to_machines_and_to_the_project() -> None:
    assert bounds(own="[host]\nreserve_memory_mib = 1024\n").memory_mib_max == 15 * 1024
    quota = "[defaults.quota]\nmemory_mib = 2048\nmemory_mib_borrow = 1024\n"
    found = bounds(own=quota)
    assert found.memory_mib_max == 3072
    assert "This project has at most 3 GiB, by policy.toml:2." in found.words
    assert bounds(own="[defaults.quota]\nmemory_mib = 2048\n").memory_mib_max == 12 * 1024, (
        "what is not used elsewhere may be borrowed without limit"
    )


def test_before_anything_is_known_nothing_is_claimed() -> None:
    assert bounds_of(None, None, None) == Bounds()


def test_memory_begins_with_what_the_agent_needs_and_ends_at_the_bound() -> None:
    found = memory_choices(Bounds(memory_mib_max=5 * 1024), "mini-swe-agent", 0)
    assert found[0] == (0, "768 MiB, usual for this agent")
    assert [size for size, _ in found] == [0, 512, 1024, 1536, 2048, 3072, 4096, 5120]
    kept = memory_choices(Bounds(memory_mib_max=1024), "mini-swe-agent", 8192)
    assert kept[-1] == (8192, "8 GiB"), "what was chosen before stays, and its fit is said"
    endless = memory_choices(Bounds(), "aider", 0)
    assert (1536, "1.5 GiB") not in endless
    assert endless[-1] == (256 * 1024, "256 GiB")
