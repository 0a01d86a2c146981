"""What a person is asked about hosts for images of agents: when, and in which words."""

from __future__ import annotations

from dataclasses import replace

from clawdesk.domain.model import AgentSpec, MachineNeed, TaskDefinition
from clawdesk.domain.package_sources import NPM, PYPI, PackageSource, offered
from clawdesk.domain.policy_rules import PolicyRule
from clawdesk.domain.processes import StepSpec
from clawdesk.runtime.api import CatalogAccess, PolicyView
from clawdesk.viewmodels.catalog_access import AllowBox, allow_question, image_rule
from clawdesk.viewmodels.new_task import TaskForecast, forecast
from clawdesk.viewmodels.phases import Family
from tests.support.trust_scene import ALLOWED, NOT_ALLOWED, PATH, SOURCES

PLAIN = PolicyView("/p", "", (), trusted=False)
OPEN = replace(PLAIN, rules=(PolicyRule("network.allow", "py.example.org"),))


def of(
    kind: str = "mini-swe-agent",
    access: CatalogAccess | None = NOT_ALLOWED,
    policy: PolicyView | None = PLAIN,
    disk_mib: int = MachineNeed().disk_mib,
) -> TaskForecast:
    definition = TaskDefinition(
        "t",
        "T",
        (StepSpec("agent", "true"),),
        machine=MachineNeed(disk_mib=disk_mib),
        model="m",
        agent=AgentSpec(kind, "p", "run"),
    )
    return forecast(definition, load=None, machines=None, fabric=None, policy=policy, access=access)


def box(**known: object) -> AllowBox:
    found = of(**known).allow  # type: ignore[arg-type]
    assert found is not None
    return found


def agent_line(**known: object) -> tuple[str, Family]:
    line = of(**known).lines[0]  # type: ignore[arg-type]
    return line.text, line.family


def test_what_is_lacking_is_asked_for_whole_and_it_is_known_that_it_stops() -> None:
    asked = box()
    assert asked.stops
    assert "may fetch them from no host until you allow it" in asked.text
    assert asked.hosts == (
        "py.example.org (Python packages)",
        "files.example.org (Python packages)",
        "npm.ada.example:8443 (npm packages)",
    )
    assert agent_line()[1] is Family.NEED
    assert not box(access=replace(NOT_ALLOWED, built=None)).stops, "nobody could look"
    assert not box(disk_mib=4096).stops, "another image, which nobody looked for"


def test_nothing_is_asked_where_the_image_is_there_can_be_built_or_is_not_the_catalogs() -> None:
    there = replace(NOT_ALLOWED, built=("mini-swe-agent",))
    assert of(access=there).allow is None
    assert "Its image is there." in agent_line(access=there)[0]
    assert of("gptme", access=there).allow is not None
    assert of(access=ALLOWED).allow is None
    assert "is built first" in agent_line(access=ALLOWED)[0]
    assert of(policy=OPEN).allow is None, "its project may reach hosts"
    assert of("command").allow is None
    for unknown in (of(access=None), of(policy=None)):
        assert unknown.allow is None, "not known yet"


def test_a_project_with_an_image_of_its_own_is_never_asked_about() -> None:
    own = replace(PLAIN, own_image=True)
    for access in (NOT_ALLOWED, ALLOWED, replace(ALLOWED, built=("mini-swe-agent",))):
        assert of(access=access, policy=own).allow is None
        text, family = agent_line(access=access, policy=own)
        assert (family, "under [network] allow" in text) == (Family.NEED, True)


def test_where_no_host_is_known_it_is_said_and_nothing_can_be_allowed() -> None:
    broken = (SOURCES[0], PackageSource(NPM, problem="npm of this computer does not say."))
    access = replace(NOT_ALLOWED, sources=broken)
    asked = box(kind="opencode", access=access)
    assert asked.hosts == ()
    assert asked.text == "Its image cannot be built: npm of this computer does not say."
    assert box(access=access).hosts, "of an agent that needs no npm they are"
    assert "is not known" in box(access=replace(NOT_ALLOWED, sources=())).text


def test_another_mirror_than_was_allowed_is_asked_about_anew() -> None:
    moved = (PackageSource(PYPI, ("new.example.org",)), SOURCES[1])
    asked = box(access=replace(ALLOWED, sources=moved))
    assert "other hosts by now" in asked.text
    assert not asked.stops
    rule = image_rule(replace(ALLOWED, sources=moved))
    assert (rule.can_allow, rule.can_take_back) == (True, True)


def test_the_question_says_all_that_a_yes_does() -> None:
    asked = allow_question(NOT_ALLOWED)
    assert asked.wanted == offered(SOURCES)
    said = " ".join((asked.text, *asked.hosts, *asked.means))
    for word in (*asked.wanted.hosts, *asked.wanted.own_networks, PATH, "[images.catalog]"):
        assert word in said
    assert "no task reaches these hosts" in said
    assert "clawdesk images allow --take-back" in said
    public = replace(NOT_ALLOWED, sources=SOURCES[:1])
    assert not any("stand for" in sentence for sentence in allow_question(public).means)


def test_the_rule_in_the_settings() -> None:
    none = image_rule(NOT_ALLOWED)
    assert (none.can_allow, none.can_take_back) == (True, False)
    assert "from no host" in none.state
    there = image_rule(ALLOWED)
    assert (there.can_allow, there.can_take_back) == (False, True)
    assert "py.example.org" in there.state
    assert f"policy.toml, line {ALLOWED.line}" in there.state
    assert not image_rule(replace(NOT_ALLOWED, sources=())).can_allow
