"""Before a task starts: what fits, what waits, what asks the user, in words with figures."""

from __future__ import annotations

from dataclasses import replace

from clawdesk.domain.agents import KINDS
from clawdesk.domain.model import (
    AgentSpec,
    CheckpointMode,
    MachineNeed,
    StepSpec,
    TaskDefinition,
)
from clawdesk.domain.processes import KeySpec
from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.machines import MachineSupport
from clawdesk.ports.models import Model
from clawdesk.ports.telemetry import HostLoad
from clawdesk.runtime.api import PolicyView
from clawdesk.viewmodels.agent_words import WORDS
from clawdesk.viewmodels.new_task import FitLine, forecast
from clawdesk.viewmodels.phases import Family
from tests.support import trust_scene

STEPS = (StepSpec("survey", "true"), StepSpec("write", "true", checkpoint=CheckpointMode.APPROVE))
TIDY = TaskDefinition("tidy", "Tidy", STEPS, machine=MachineNeed(memory_mib=2048), model="m1")
LOAD = HostLoad(10.0, 8, 4096, 16384, 100_000)
KVM = MachineSupport(True, "qemu:///session", "kvm", "", {}, True)
FABRIC = FabricStatus(True, "1", models=(Model("m1", phase="absent", load_s=41.0),))


def line(name: str, **known: object) -> FitLine:
    have: dict[str, object] = {"load": LOAD, "machines": KVM, "fabric": FABRIC, "policy": None}
    view = forecast(TIDY, **{**have, **known})  # type: ignore[arg-type]
    return next(found for found in view.lines if found.name == name)


def test_memory_fits_waits_or_never_fits() -> None:
    assert line("Memory").family is Family.GOOD
    assert "11.5 of 16 GiB" in line("Memory").text
    full = line("Memory", load=replace(LOAD, memory_used_mib=15_000))
    assert full.family is Family.NEED
    assert full.text.startswith("It will wait: it needs 2 GiB")
    small = line("Memory", load=replace(LOAD, memory_total_mib=1024))
    assert (small.family, "never fits" in small.text) == (Family.BAD, True)


def test_the_machine_says_emulation_and_what_is_missing() -> None:
    assert line("Machine").family is Family.GOOD
    slow = line("Machine", machines=replace(KVM, accelerator="tcg"))
    assert (slow.family, "emulated" in slow.text) == (Family.NEED, True)
    none = line("Machine", machines=replace(KVM, ready=False, problem="no libvirt daemon"))
    assert (none.family, "no libvirt daemon" in none.text) == (Family.BAD, True)
    assert line("Machine", machines=None).family is Family.STILL


def test_the_model_is_loaded_will_be_or_cannot_be() -> None:
    assert "about 41 s" in line("Model").text
    ready = replace(FABRIC, models=(Model("m1", phase="ready", on_gpu=True, waiting=2),))
    assert line("Model", fabric=ready).text == "m1 is loaded on a GPU, 2 calls before it."
    other = replace(FABRIC, models=(Model("m2"),))
    assert line("Model", fabric=other).text == "There is no model m1; there are: m2."
    gone = FabricStatus(False, problem="Docker does not answer")
    assert "Docker does not answer" in line("Model", fabric=gone).text
    bare = replace(TIDY, model="")
    view = forecast(bare, load=LOAD, machines=KVM, fabric=None, policy=None)
    assert any(found.text == "It names no model." for found in view.lines)


def test_trust_and_approvals_are_said_before() -> None:
    policy = trust_scene.policy("/p")
    waits = line("Policy", policy=policy)
    assert (waits.family, "wait for your trust" in waits.text) == (Family.NEED, True)
    assert line("Policy", policy=replace(policy, trusted=True)).family is Family.GOOD
    plain = PolicyView("/p", "", (), trusted=False)
    view = forecast(TIDY, load=None, machines=None, fabric=None, policy=plain)
    assert {found.name for found in view.lines} == {"Machine", "Model", "Steps"}
    assert line("Steps").text == "2 steps; you approve after write."
    both = line("Steps", policy=policy).text
    assert both == "2 steps; you approve after write and whatever changes Makefile."


def test_secrets_are_named_and_where_they_go() -> None:
    keys = (KeySpec("api.example.org", "API_TOKEN"),)
    task = replace(TIDY, secrets=("DEPLOY_KEY", "OTHER"), keys=keys)
    view = forecast(task, load=LOAD, machines=KVM, fabric=FABRIC, policy=None)
    [found] = [line for line in view.lines if line.name == "Secrets"]
    assert found.text == (
        "Its steps can read DEPLOY_KEY, OTHER. API_TOKEN goes with its requests to api.example.org."
    )


def test_an_agent_is_named_with_what_it_is() -> None:
    told = AgentSpec("mini-swe-agent", "\n Mend it.\nPlease.")
    task = replace(TIDY, agent=told, machine=MachineNeed(network=("a.org", "b.org")))
    view = forecast(task, load=LOAD, machines=KVM, fabric=FABRIC, policy=None)
    assert view.lines[0].name == "Agent"
    assert view.lines[0].text.startswith("mini-swe-agent: a small agent that works with")
    assert "network: a.org, b.org" in view.lines[1].text
    unknown = replace(TIDY, agent=AgentSpec("of-later", "p"))
    view = forecast(unknown, load=LOAD, machines=KVM, fabric=FABRIC, policy=None)
    assert view.lines[0].family is Family.BAD


def test_what_the_catalog_says_of_agents_can_be_told_in_another_language() -> None:
    catalog = {text for kind in KINDS.values() for text in (kind.title, kind.about)}
    assert catalog >= WORDS, "said no more"
    names = {text for text in catalog - WORDS if " " in text}
    assert not names, "a sentence of the catalog that viewmodels/agent_words does not know"


def test_a_task_fits_unless_it_would_wait_or_fail() -> None:
    """Emulation is slow, and stops nobody; what is not known yet does not either."""
    slow = replace(KVM, accelerator="tcg")
    nothing = PolicyView("/p", "", (), trusted=False)
    full = replace(LOAD, memory_used_mib=15_000)
    gone = replace(KVM, ready=False, problem="no libvirt daemon")
    cases: tuple[tuple[dict[str, object], bool], ...] = (
        ({}, True),
        ({"machines": slow}, True),
        ({"load": None, "machines": None, "fabric": None}, True),
        ({"policy": nothing}, True),
        ({"policy": trust_scene.policy("/p")}, False),
        ({"load": full}, False),
        ({"machines": gone}, False),
        ({"fabric": replace(FABRIC, models=())}, False),
    )
    for known, fits in cases:
        have: dict[str, object] = {
            "load": LOAD,
            "machines": KVM,
            "fabric": FABRIC,
            "policy": None,
            **known,
        }
        assert forecast(TIDY, **have).fits is fits, known  # type: ignore[arg-type]
