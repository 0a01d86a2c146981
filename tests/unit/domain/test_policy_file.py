"""The user's own `policy.toml`: what may stand in it, and the sentence each mistake gets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawdesk.domain.definitions import DefinitionError
from clawdesk.domain.model import ProjectPolicy
from clawdesk.domain.policy import effective
from clawdesk.domain.policy_file import parse_rules
from clawdesk.domain.rules import ProjectRules, Quota, Rules

EVERYTHING = """
[host]
reserve_memory_mib = 4096
machines_max = 3
[priority]
ageing_s = 30
hint_max = 2
margin = 3
run_s_min = 10
reserve_after_s = 100
[held]
memory_s = 60
[snapshots]
gib_max = 20
keep_days = 7
[defaults]
weight_max = 2
priority_max = 5
class_max = "agent"
approval = { paths = ["Makefile"] }
quota = { machines = 2 }
network = { allow = ["*.example.org"], own = ["10.1.0.0/16"] }
peers = { use = "never" }
[projects."/home/me/notes/"]
weight = 1.5
priority_min = -2
[projects."/home/me/notes/".approval]
paths = ["src/**"]
[projects."/home/me/notes/".quota]
memory_mib = 1024
memory_mib_borrow = 512
machines_borrow = 0
[projects."/home/me/notes/".network]
allow = []
[projects."/home/me/notes/".peers]
use = "trusted"
"""


def test_everything_a_policy_file_may_say() -> None:
    defaults = ProjectRules(
        weight_max=2.0,
        priority_max=5,
        class_max="agent",
        approval_paths=("Makefile",),
        quota=Quota(machines=2),
        network_allow=("*.example.org",),
        own_networks=("10.1.0.0/16",),
        peers="never",
    )
    notes = ProjectRules(
        weight=1.5,
        weight_max=None,
        priority_min=-2,
        priority_max=5,
        class_max="agent",
        approval_paths=("Makefile", "src/**"),
        quota=Quota(2, 1024, 0, 512),
        network_allow=(),
        own_networks=("10.1.0.0/16",),
        peers="trusted",
    )
    rules = parse_rules(EVERYTHING)
    assert rules == Rules(
        ageing_s=30,
        hint_max=2,
        margin=3,
        run_s_min=10,
        reserve_after_s=100,
        held_memory_s=60,
        machines_max=3,
        reserve_memory_mib=4096,
        snapshot_gib_max=20,
        snapshot_keep_days=7,
        defaults=defaults,
        projects={"/home/me/notes": notes},
    )
    assert rules.of("/home/me/notes") == notes
    assert rules.of("/home/me/other") == defaults


def test_the_users_word_for_one_project_wins_over_the_bound_of_all() -> None:
    text = "[defaults]\nweight = 2\nweight_max = 2\n[projects.'/a']\nweight = 4\n"
    rules = parse_rules(text + "[projects.'/b']\nweight_max = 1\n[projects.'/c']\n")
    found = [effective(ProjectPolicy(weight=9.0), rules.of(path)).weight for path in ("/a", "/b")]
    assert found == [4.0, 1.0]
    assert rules.of("/c") == rules.defaults


def test_an_empty_file_is_the_defaults() -> None:
    assert parse_rules("") == Rules()
    assert parse_rules("[host]\n[defaults]\n[projects]\n") == Rules()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[hosts]\n", ":1: hosts: found a key nobody knows; allowed: host, priority, held, "),
        ("[host]\ncpus = 1\n", ":2: host.cpus: found a key nobody knows; allowed: reserve_memory"),
        ("[host]\nmachines_max = 0\n", ":2: host.machines_max: found 0; allowed: a whole number"),
        ("[host]\nmachines_max = nan\n", ":2: host.machines_max: found nan; allowed: a whole"),
        ("[host]\nreserve_memory_mib = -5\n", ":2: host.reserve_memory_mib: found -5; allowed"),
        ("host = 3\n", ":1: host: found 3; allowed: a table [host]"),
        ("[priority]\nageing_s = inf\n", ":2: priority.ageing_s: found inf; allowed: a whole"),
        ("[priority]\nmargin = 1e9\n", ":2: priority.margin: found 1000000000.0; allowed: a wh"),
        ("[priority]\nhint_max = true\n", ":2: priority.hint_max: found True; allowed: a whole"),
        ("[defaults]\nweight_max = nan\n", ":2: defaults.weight_max: found nan; allowed: a num"),
        ("[defaults]\nweight = 1e300\n", ":2: defaults.weight: found 1e+300; allowed: a number"),
        ("[defaults]\nclass_max = 'x'\n", ':2: defaults.class_max: found "x"; allowed: "interact'),
        ("[defaults.quota]\nvms = 1\n", ":2: defaults.quota.vms: found a key nobody knows"),
        (
            "[defaults.quota]\nmachines_borrow = 1\n",
            ":2: defaults.quota.machines_borrow: found 1 without machines; allowed: only together",
        ),
        (
            "[defaults.network]\nown=['10.1.0.1/16']\n",
            ':2: defaults.network.own: found "10.1.0.1/16"; allowed: networks, e.g. ["10.1.0.0',
        ),
        (
            "[defaults.network]\nallow=['a']\n",
            ':2: defaults.network.allow: found "a"; allowed: names of hosts',
        ),
        ("[defaults.peers]\nuse='all'\n", ':2: defaults.peers.use: found "all"; allowed: "never"'),
        ("projects = 1\n", ":1: projects: found 1; allowed: a table [projects]"),
        (
            "[projects.notes]\nweight = 1\n",
            ":1: projects.notes: found this name; allowed: the absolute path of a project",
        ),
        (
            "[projects.'/a b']\nweight = 3\nweight_max = 2\n",
            ':2: projects."/a b".weight: found 3, above weight_max = 2; allowed: at most',
        ),
        (
            "[projects.'/a']\npriority_min = 3\npriority_max = 2\n",
            ':2: projects."/a".priority_min: found 3, above priority_max = 2; allowed: at most',
        ),
        ("[projects]\n'/a' = 1\n", ':2: projects."/a": found 1; allowed: a table ['),
        ("[host\n", ":1: not valid TOML: "),
        ("[images]\nall = 1\n", ":2: images.all: found a key nobody knows; allowed: catalog"),
        ("images = 1\n", ":1: images: found 1; allowed: a table [images]"),
        ("[images.catalog]\nhosts = []\n", ":2: images.catalog.hosts: found a key nobody knows"),
        (
            '[images.catalog]\nallow = ["10.0.0.1"]\n',
            ':2: images.catalog.allow: found "10.0.0.1"; allowed: names of hosts',
        ),
        (
            '[images.catalog]\nown = ["b.example"]\n',
            ':2: images.catalog.own: found "b.example"; allowed: networks',
        ),
    ],
)
def test_a_mistake_names_file_line_key_found_and_allowed(text: str, expected: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_rules(text, "~/policy.toml")
    (mistake,) = caught.value.mistakes
    assert mistake.startswith("~/policy.toml" + expected), mistake


def test_every_mistake_is_told_in_the_order_of_the_file() -> None:
    text = "[held]\nmemory_s = 'x'\nmem = 1\n[defaults]\nweight = 0\n[projects.a]\nb = 1\n"
    with pytest.raises(DefinitionError) as caught:
        parse_rules(text)
    lines = [mistake.split(":")[1] for mistake in caught.value.mistakes]
    assert lines == ["2", "3", "5", "6", "7"]


@given(st.text(alphabet="[]{}=\"'#.\n ahost1_\\", max_size=80))
def test_any_text_is_read_or_refused_with_mistakes(text: str) -> None:
    try:
        parse_rules(text)
    except DefinitionError as error:
        assert error.mistakes  # noqa: PT017 - either outcome is right
