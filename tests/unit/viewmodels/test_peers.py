"""Peers in words: who is here, who was last seen when, and what revoking one ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clawdesk.domain.model import PlaneState
from clawdesk.domain.policy_rules import PolicyRule
from clawdesk.domain.processes import MachineNeed, TaskDefinition
from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.models import Model, Peer, Peering
from clawdesk.runtime.api import Environment, PolicyView
from clawdesk.viewmodels.inspector import inspector_view
from clawdesk.viewmodels.models import models_view
from clawdesk.viewmodels.new_task import forecast, models_at_hand
from clawdesk.viewmodels.peers import PeersView, peers_view
from clawdesk.viewmodels.phases import Family
from clawdesk.viewmodels.prompt_task import begun
from clawdesk.viewmodels.status import Health, status_bar
from tests.support import plane_scenes as scenes
from tests.support.model_scenes import LAB2, NAS, PEERING, PRINT, busy, paired


def only(peer: Peer) -> FabricStatus:
    return replace(busy(), peering=Peering(peers=(peer,)))


def test_an_empty_machine_shows_nothing_of_peers() -> None:
    for status in (None, busy(), replace(busy(), peering=Peering())):
        assert peers_view(status) == PeersView()
    listens = peers_view(replace(busy(), peering=Peering("0.0.0.0:7443")))
    assert (listens.shown, listens.rows, listens.listening) == (True, (), "0.0.0.0:7443")


def test_each_peer_is_told_in_words() -> None:
    here, away = peers_view(paired()).rows
    assert (here.name, here.here, here.text) == ("lab2", True, "here, lends 2 models")
    assert (away.name, away.here, away.text) == ("nas", False, "away, last seen 14 m ago")
    assert here.tip.splitlines() == ["lab2.example:7443", f"Fingerprint {PRINT}"]
    assert away.tip.splitlines()[-1] == (
        "nas does not answer at nas.example:7443: Connection refused"
    )


@pytest.mark.parametrize(
    ("peer", "words"),
    [
        (replace(NAS, last_seen_s=None), "away, not seen since the start"),
        (replace(NAS, last_seen_s=None, state="never"), "away, never reached yet"),
        (replace(LAB2, offers=()), "here, lends no model"),
        (replace(NAS, last_seen_s=7_200), "away, last seen 2 h ago"),
    ],
)
def test_what_is_not_known_is_not_told_as_if_it_were(peer: Peer, words: str) -> None:
    (row,) = peers_view(only(peer)).rows
    assert row.text == words


def test_a_peer_that_only_comes_to_us_has_no_address() -> None:
    (row,) = peers_view(only(replace(LAB2, address=""))).rows
    assert row.tip.startswith("It comes to this machine")


def test_revoking_says_what_ends() -> None:
    here, away = peers_view(paired()).rows
    assert here.cut == (
        "1 call of yours that it answers now breaks off.",
        "1 call of its own that is answered here breaks off.",
        "Calls to lab2/qwen3-235b, lab2/whisper-large fail from then on.",
        "It can use bge-small of this machine no more.",
    )
    assert away.cut == ("Calls to nas/gemma-27b fail from then on.",)


def test_what_is_borrowed_and_lent_stands_apart_and_unknown_where_the_peer_is_away() -> None:
    rows = {row.key: row for row in peers_view(paired()).loans}
    assert list(rows) == [
        "lab2/qwen3-235b",
        "lab2/whisper-large",
        "bge-small>lab2",
        "nas/gemma-27b",
    ]
    assert rows["lab2/qwen3-235b"].detail == "4 calls at once · 1 in flight"
    assert (rows["bge-small>lab2"].to, rows["bge-small>lab2"].word) == ("lent to lab2", "Here")
    gone = rows["nas/gemma-27b"]
    assert (gone.word, gone.family) == ("Away, last seen 14 m ago", Family.STILL)
    assert "what runs there is not known" in gone.detail
    assert "in flight" not in gone.detail


def test_models_of_peers_are_not_among_those_of_this_machine() -> None:
    names = [row.name for row in models_view(paired(), {}, 0, 0).models]
    assert names == [model.name for model in busy().models]


def fabric_in_bar(fabric: FabricStatus) -> Health:
    view = status_bar(PlaneState(), None, Environment(None, fabric))
    return next(part for part in view.parts if part.name == "Fabric")


def test_the_bar_counts_those_that_are_away() -> None:
    assert fabric_in_bar(busy()).text == "Fabric ok"
    part = fabric_in_bar(paired())
    assert part.text == "Fabric ok, 1 peer away"
    assert "nas: away, last seen 14 m ago" in part.why
    both = replace(PEERING, peers=(NAS, replace(NAS, name="old")))
    assert fabric_in_bar(replace(busy(), peering=both)).text == "Fabric ok, 2 peers away"


def model_line(model: str, fabric: FabricStatus, use: str = "trusted", asked: str = "") -> str:
    policy = PolicyView("/p", "", (), False, rules=(PolicyRule("peers.use", use, asked=asked),))
    task = TaskDefinition("t", "T", (), machine=MachineNeed(), model=model)
    found = forecast(task, machines=None, load=None, fabric=fabric, policy=policy)
    return next(f"{line.icon} {line.text}" for line in found.lines if line.name == "Model")


def test_a_new_task_says_how_it_stands_with_a_peers_model() -> None:
    assert model_line("lab2/qwen3-235b", paired()).startswith("okc lab2 is here and lends")
    assert model_line("nas/gemma-27b", paired()) == (
        "warn It will wait: nas is away, last seen 14 m ago."
    )
    assert "it lends: lab2/qwen3-235b" in model_line("lab2/other", paired())
    assert "No peer called lab9 is paired" in model_line("lab9/m", paired())
    assert model_line("lab2/m", FabricStatus(True, "1")).startswith("dots ")


def test_a_new_task_says_that_it_will_be_refused_and_by_which_file() -> None:
    refused = model_line("lab2/qwen3-235b", paired(), "never")
    assert refused.startswith("xc The model lab2/qwen3-235b is on another machine")
    assert ".clawdesk/project.toml" in refused
    assert "your own policy.toml" in model_line("lab2/m", paired(), "never", "trusted")


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("nas/gemma-27b", "nas/gemma-27b · away, last seen 14 m ago"),
        ("lab2/qwen3-235b", "lab2/qwen3-235b"),
        ("qwen3-32b", "qwen3-32b"),
    ],
)
def test_a_task_shows_since_when_its_peer_is_away(model: str, words: str) -> None:
    shown = next(iter(scenes.house(0).values()))
    task = replace(shown, definition=replace(shown.definition, model=model))
    assert dict(inspector_view(task, 0, 0, paired()).facts)["Model"] == words


def test_no_prompt_leaves_this_machine_unless_a_person_chose_that() -> None:
    far = (Model("lab2/q", phase="ready"),)
    fabric = FabricStatus(True, "1", models=(*far, Model("own")), peering=PEERING)
    assert models_at_hand(fabric) == ("own", "lab2/q")
    assert begun(None, None, fabric).model in ("", "own")
    assert begun(None, None, replace(fabric, models=far)).model == ""
