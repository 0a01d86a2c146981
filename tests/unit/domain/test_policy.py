"""What of a project's policy counts, what it asks of the user, what always needs approval."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawdesk.domain import events as ev
from clawdesk.domain import policy
from clawdesk.domain.model import Phase, PlaneState, PriorityClass, ProjectPolicy
from clawdesk.domain.policy import approval_reason, asks, effective, is_own
from clawdesk.domain.rules import ProjectRules, Rules
from clawdesk.domain.transitions import step
from tests.sim.hall import task_of

INTERACTIVE = PriorityClass.INTERACTIVE


def test_without_rules_a_project_gets_what_it_asks_once_it_is_trusted() -> None:
    asked = ProjectPolicy(weight=3.0, default_class=INTERACTIVE, approval_paths=("src/**",))
    assert effective(asked, ProjectRules()) == asked
    assert asks(asked, ProjectRules()) == (
        "weight 3: that many times the usual share of this machine",
        "class interactive: its tasks go before those of other projects",
    )


def test_the_usual_asks_nothing() -> None:
    for usual in (
        ProjectPolicy(),
        ProjectPolicy(weight=0.5, default_class=PriorityClass.BATCH, priority_max=2),
        ProjectPolicy(approval_paths=("**",), on_timeout="reject", timeout_s=5),
    ):
        assert asks(usual, ProjectRules()) == ()


def test_the_users_rules_win() -> None:
    asked = ProjectPolicy(
        weight=9.0,
        priority_min=-9,
        priority_max=9,
        default_class=INTERACTIVE,
        approval_paths=("a",),
    )
    rules = ProjectRules(
        weight_max=2.0,
        priority_min=-1,
        priority_max=3,
        class_max="agent",
        approval_paths=("b", "a"),
    )
    counts = effective(asked, rules)
    assert (counts.weight, counts.priority_min, counts.priority_max) == (2.0, -1, 3)
    assert counts.default_class is PriorityClass.AGENT
    assert counts.approval_paths == ("a", "b")
    assert asks(asked, rules) == (), "what the rules bound is also granted inside the bound"
    assert effective(asked, ProjectRules(weight=0.5)).weight == 0.5
    assert effective(ProjectPolicy(), ProjectRules(weight=4.0)).weight == 4.0
    assert asks(ProjectPolicy(), ProjectRules(weight=4.0)) == (), "the user gave it that weight"


def test_budgets_and_prompts_that_leave_this_machine_are_asked_too() -> None:
    asked = ProjectPolicy(network_allow=("a.example",), gpu_hours=8.0, tokens=5, peers="trusted")
    assert asks(asked, ProjectRules()) == (
        "network access to a.example",
        "a budget of 8 GPU hours",
        "a budget of 5 tokens",
        "its prompts may leave this machine",
    )
    granted = ProjectRules(network_allow=("a.example", "b"), peers="trusted")
    assert len(asks(asked, granted)) == 2
    bounded = effective(asked, ProjectRules(network_allow=("b",), peers="never"))
    assert (bounded.network_allow, bounded.peers) == ((), "never")


_WEIGHTS = st.floats(0.01, 100.0)
_BOUNDS = st.tuples(st.integers(-10, 10), st.integers(-10, 10)).map(sorted)


@given(_WEIGHTS, _BOUNDS, st.none() | _WEIGHTS, _BOUNDS, st.sampled_from(PriorityClass))
def test_no_project_leaves_the_users_bounds(
    weight: float,
    priorities: list[int],
    weight_max: float | None,
    bounds: list[int],
    kind: PriorityClass,
) -> None:
    asked = ProjectPolicy(
        weight=weight, priority_min=priorities[0], priority_max=priorities[1], default_class=kind
    )
    rules = ProjectRules(
        weight_max=weight_max, priority_min=bounds[0], priority_max=bounds[1], class_max="batch"
    )
    counts = effective(asked, rules)
    assert weight_max is None or counts.weight <= weight_max
    assert bounds[0] <= counts.priority_min <= counts.priority_max <= bounds[1]
    assert counts.default_class is PriorityClass.BATCH
    assert effective(counts, rules) == counts, "bounding twice is bounding once"


def test_trust_is_bound_to_the_bytes() -> None:
    assert policy.digest(None) == ""
    assert policy.digest(b"weight = 2\n") == hashlib.sha256(b"weight = 2\n").hexdigest()
    assert policy.digest(b"weight = 2\n") != policy.digest(b"weight = 2\r\n")


OWN = (
    ".clawdesk/project.toml",
    ".clawdesk",  # a file or a link in the folder's place
    ".ClawDesk/project.toml",
    ".CLAWDESK",
    ".clawdes\u212a/tasks/a.toml",  # the Kelvin sign folds to k
    ".clawde\u017fk/project.toml",  # the long s folds to s
    "\uff0eclawdesk/project.toml",  # a full-width dot
    ".\u200cclawdesk/project.toml",  # a joiner that HFS+ leaves out
    ".claw\ufeffdesk/project.toml",
    ".clawdesk./project.toml",  # NTFS drops dots and spaces at the end
    ".clawdesk /project.toml",
    ".clawdesk::$INDEX_ALLOCATION/project.toml",
    ".clawdesk\\project.toml",
    "CLAWDE~1/project.toml",  # its short name on NTFS
    "CL3F0A~2/project.toml",  # and where several files would have that one
)
NOT_OWN = (
    "clawdesk/project.toml",
    ".clawdesk.md",
    ".clawdesk-notes/a",
    "docs/clawdesk",
    "src/.clawdeskx",
    "clawde~x/a",
    "x.clawdesk/a",
)


@pytest.mark.parametrize("path", OWN)
def test_every_name_of_our_own_folder_needs_approval(path: str) -> None:
    assert is_own(path)
    reason = approval_reason("auto", ("README.md", path), ProjectPolicy())
    assert reason == f"{path} configures ClawDesk itself: changes there always need approval."


@pytest.mark.parametrize("path", NOT_OWN)
def test_other_names_do_not(path: str) -> None:
    assert not is_own(path)
    assert approval_reason("auto", (path,), ProjectPolicy()) == ""


def test_approval_paths_fold_case_as_a_checkout_may() -> None:
    rules = ProjectPolicy(approval_paths=("src/**", "Makefile"))
    for path in ("src/a.py", "src/a/b.py", "SRC/a.py", "makefile", "\uff33rc/a"):
        assert "asks for approval" in approval_reason("auto", (path,), rules), path
    assert approval_reason("auto", ("source/a.py", "docs/Makefile"), rules) == ""
    assert approval_reason("approve", (), rules) == "The task asks for your approval here."


def test_an_ended_task_that_goes_on_is_under_the_rules_of_that_moment() -> None:
    """They were tightened since it ended: it must not be given the secret once more."""
    asked = ProjectPolicy(secrets_allow=("TOKEN",))
    submitted = replace(task_of("t"), policy=asked, policy_asked=asked)
    ended = replace(submitted, phase=Phase.DONE)
    state = PlaneState(tasks={"t": ended})
    rules = Rules(defaults=ProjectRules(secrets_allow=()))
    step(state, ev.RulesChanged(1, rules, frozenset()))
    step(state, ev.RestoreAsked(2, "t", 0, "me", "cli", "i"))
    step(state, ev.RestoreRecorded(3, "t", 0, "c"))
    assert state.tasks["t"].phase is not Phase.DONE
    assert state.tasks["t"].policy.secrets_allow == ()
