"""Each rule names its value, who said it and the line; a bound says what was asked."""

from __future__ import annotations

from clawdesk.domain.model import PriorityClass, ProjectPolicy
from clawdesk.domain.policy_file import parse_rules
from clawdesk.domain.policy_rules import PolicyRule, catalog_line, project_rules, user_rules
from clawdesk.domain.rules import Rules

ASKED = ProjectPolicy(weight=3.0, priority_max=4, default_class=PriorityClass.BATCH)
TEXT = '# notes\nweight = 3\npriority_max = 4\n[priority]\ndefault_class = "batch"\n'
OWN = """
[host]
machines_max = 3
[defaults]
weight_max = 2.0
[defaults.approval]
paths = ["Makefile"]
[projects."/p"]
priority_max = 2
[projects."/p".quota]
machines = 1
"""


def rules_of(path: str, own: str = OWN) -> dict[str, PolicyRule]:
    rules = parse_rules(own) if own else Rules()
    return {rule.key: rule for rule in project_rules(ASKED, TEXT, rules, own, path)}


def test_what_the_project_says_names_its_own_line() -> None:
    found = rules_of("/q", "")
    assert found["weight"] == PolicyRule("weight", "3", "project", 2)
    assert found["priority.default_class"] == PolicyRule(
        "priority.default_class", "batch", "project", 5
    )
    assert found["approval.timeout_s"] == PolicyRule("approval.timeout_s", "0")
    assert found["quota.machines"] == PolicyRule("quota.machines", "")


def test_what_the_user_bounds_names_the_users_line_and_what_was_asked() -> None:
    found = rules_of("/q")
    assert found["weight"] == PolicyRule("weight", "2", "user", 5, "3")
    assert found["approval.paths"] == PolicyRule("approval.paths", "Makefile", "user", 7)
    assert found["priority_max"].source == "project"


def test_a_table_for_one_project_counts_before_that_for_all() -> None:
    found = rules_of("/p")
    assert found["priority_max"] == PolicyRule("priority_max", "2", "user", 9, "4")
    assert found["quota.machines"] == PolicyRule("quota.machines", "1", "user", 11)


def test_a_bound_that_changes_nothing_is_not_named() -> None:
    asked = ProjectPolicy()
    own = "[defaults]\nweight_max = 2.0\n"
    found = {r.key: r for r in project_rules(asked, "", parse_rules(own), own, "/p")}
    assert found["weight"] == PolicyRule("weight", "1")


def test_the_users_own_rules_are_all_there() -> None:
    found = {rule.key: rule for rule in user_rules(parse_rules(OWN), OWN)}
    assert found["host.machines_max"] == PolicyRule("host.machines_max", "3", "user", 3)
    assert found["snapshots.keep_days"] == PolicyRule("snapshots.keep_days", "14")
    assert found["host.reserve_memory_mib"].value == ""


def test_the_rule_for_images_names_its_values_and_lines() -> None:
    own = f'{OWN}[images.catalog]\nallow = ["a.example", "b.example"]\nown = ["10.1.2.3"]\n'
    found = {rule.key: rule for rule in user_rules(parse_rules(own), own)}
    head = own.splitlines().index("[images.catalog]") + 1
    hosts = PolicyRule("images.catalog.allow", "a.example, b.example", "user", head + 1)
    assert found["images.catalog.allow"] == hosts
    assert found["images.catalog.own"] == PolicyRule(
        "images.catalog.own", "10.1.2.3", "user", head + 2
    )
    assert (catalog_line(own), catalog_line(OWN)) == (head, 0)
    none = {rule.key: rule for rule in user_rules(parse_rules(OWN), OWN)}
    assert none["images.catalog.allow"] == PolicyRule("images.catalog.allow", "")
