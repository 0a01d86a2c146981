"""Whose a model is, who may borrow it, and the reason of a task whose peer is away."""

from __future__ import annotations

import pytest

from clawdesk.domain.model import ProjectPolicy
from clawdesk.domain.peers import ago, away, peer_of, why_not

LET, KEPT = ProjectPolicy(peers="trusted"), ProjectPolicy()


def test_a_model_of_this_machine_needs_no_right() -> None:
    assert peer_of("qwen3-32b") == ""
    assert why_not("qwen3-32b", KEPT, KEPT) == ("", "")


def test_a_peers_model_is_used_where_the_policy_lets_it() -> None:
    assert why_not("lab2/qwen3-32b", LET, LET) == ("", "")


@pytest.mark.parametrize(
    ("asked", "file"), [(KEPT, ".clawdesk/project.toml"), (LET, "policy.toml"), (None, "project.")]
)
def test_the_refusal_names_the_model_the_rule_and_the_file(
    asked: ProjectPolicy | None, file: str
) -> None:
    what, mend = why_not("lab2/qwen3-32b", KEPT, asked)
    assert "lab2/qwen3-32b is on another machine" in what
    assert "[peers] use in " in what
    assert file in what
    assert 'Say "trusted" there' in mend


def test_who_waits_is_told_since_when_its_peer_is_away() -> None:
    reason = away("lab2", 14 * 60 + 30)
    assert (reason.code, reason.text) == ("peer_away", "peer lab2 is away, last seen 14 m ago")
    assert reason.frees == "peer lab2 is back"
    assert away("lab2", None).text == "peer lab2 is away, not seen since the Fabric began"


def test_a_time_is_told_in_one_unit_that_stays_for_a_while() -> None:
    assert [ago(s) for s in (3, 47, 60, 3599, 3600, 86_400)] == [
        "0 s",
        "40 s",
        "1 m",
        "59 m",
        "1 h",
        "1 d",
    ]
