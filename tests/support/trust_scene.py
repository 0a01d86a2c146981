"""A task that waits for trust, for UI tests and pictures."""

from __future__ import annotations

from dataclasses import replace

from clawdesk.domain.model import PriorityClass, ProjectPolicy, Reason, Task
from clawdesk.domain.network import Reach
from clawdesk.domain.package_sources import NPM, PYPI, PackageSource, offered
from clawdesk.domain.policy import digest, wishes
from clawdesk.domain.policy_file import parse_rules
from clawdesk.domain.policy_rules import project_rules, user_rules
from clawdesk.runtime.api import CatalogAccess, PolicyView, UserRules
from clawdesk.runtime.policy_writing import with_catalog
from tests.support.plane_scenes import PROJECT, Story

PROJECT_FILE = 'weight = 3\n[priority]\ndefault_class = "interactive"\n'

OWN_FILE = """[host]
reserve_memory_mib = 8192
[snapshots]
keep_days = 30
[defaults]
weight_max = 2.0
[defaults.approval]
paths = ["Makefile"]
"""
RULES = parse_rules(OWN_FILE)
PATH = "/home/ada/.config/clawdesk/policy.toml"
SOURCES = (
    PackageSource(PYPI, ("py.example.org", "files.example.org")),
    PackageSource(NPM, ("npm.ada.example:8443",), ("10.1.2.3",)),
)
RULE_LINE = OWN_FILE.count("\n") + 2
NOT_ALLOWED = CatalogAccess(SOURCES, path=PATH, built=())
ALLOWED = replace(NOT_ALLOWED, hosts=offered(SOURCES).hosts, own=("10.1.2.3",), line=RULE_LINE)


def own_rules(access: CatalogAccess) -> UserRules:
    """The user's own file, with the rule for images as it stands in it."""
    text = OWN_FILE
    if access.hosts:
        text = with_catalog(text, Reach(access.hosts, access.own))
    return UserRules(PATH, True, user_rules(parse_rules(text), text))


def policy(project: str) -> PolicyView:
    """The file at HEAD of a project that asks for more than the usual, under the user's rules."""
    asked = ProjectPolicy(weight=3.0, default_class=PriorityClass.INTERACTIVE)
    lines = {("weight",): 1, ("priority", "default_class"): 3}
    asks = tuple((lines[w.key], w.words) for w in wishes(asked, RULES.of(project)))
    rules = project_rules(asked, PROJECT_FILE, RULES, OWN_FILE, project)
    mark = digest(PROJECT_FILE.encode())
    return PolicyView(project, mark, asks, trusted=False, text=PROJECT_FILE, rules=rules)


def untrusted(now_ms: int) -> Task:
    """A task that waits until its project's file is trusted."""
    task = Story(40, "index-photos", now_ms, 3).task
    text = (
        "its project's policy asks for more than you have allowed: weight 3: that many times the "
        "usual share of this machine"
    )
    return replace(
        task,
        policy_digest="5f" * 32,
        policy_asks=(
            "weight 3: that many times the usual share of this machine",
            "class interactive: its tasks go before those of other projects",
        ),
        reason=Reason("untrusted", text, f"clawdesk trust {PROJECT}"),
    )
