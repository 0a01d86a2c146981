"""Pairing in words: why not, what a peer may do, whom an invitation names, what became of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clawdesk.domain.model import Reason
from clawdesk.ports.errors import InferenceError, PortError
from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.models import Model, Peering
from clawdesk.ports.pairing import FOLLOWED, OPEN, OVER, TRIED, WITHDRAWN, ReadInvitation
from clawdesk.runtime.api import Environment
from clawdesk.viewmodels.pairing import (
    grant_words,
    lendable,
    made_facts,
    open_invitation,
    print_words,
    read_view,
    refusal,
    standing_view,
    why_no_joining,
    why_no_pairing,
)
from clawdesk.viewmodels.peers import peers_view
from clawdesk.viewmodels.phases import Family
from tests.support.model_scenes import INVITED, MADE, PRINT, READ, busy, inviting, paired

READY = Environment(None, paired())
NOW_MS = 1_764_000_000_000


# -- why not --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fabric", "why"),
    [
        (None, "the model service was not asked yet"),
        (FabricStatus(False, problem="the model service does not run"), "does not run"),
        (FabricStatus(False), "no model service answers"),
        (replace(busy(), peering=None), "tells nothing of peers"),
        (paired(), ""),
        (replace(busy(), peering=Peering()), ""),
    ],
)
def test_who_cannot_pair_is_told_why(fabric: FabricStatus | None, why: str) -> None:
    found = why_no_pairing(Environment(None, fabric), None, lost=False)
    assert (why in found) if why else found == ""


def test_a_plane_that_only_looks_and_one_that_is_lost_pair_with_nobody() -> None:
    looks = Reason("not_driven", "No ClawDesk is running that could go on with it.", "clawdesk")
    assert why_no_pairing(READY, looks, lost=False) == looks.text
    assert why_no_pairing(READY, Reason("no_image", "There is none.", ""), lost=False) == ""
    assert why_no_pairing(READY, None, lost=True) == "ClawDesk connects again"


def test_ones_own_rule_forbids_to_borrow_and_not_to_lend() -> None:
    barred = replace(READY, peers_barred=True)
    assert why_no_joining(barred, None, lost=False) == (
        "[peers] use in your own policy.toml is “never”"
    )
    assert why_no_pairing(barred, None, lost=False) == ""
    assert why_no_joining(READY, None, lost=False) == ""


# -- what is offered ------------------------------------------------------------------------------


def test_only_what_runs_here_can_be_lent() -> None:
    models = (Model("own"), Model("cloud", lendable=False), Model("lab2/qwen"))
    assert lendable(FabricStatus(True, "1", models=models)) == ("own",)
    assert lendable(None) == ()


def test_what_a_peer_may_do_is_said_whole() -> None:
    assert grant_words((), 1).startswith("It may use nothing of this machine.")
    words = grant_words(("qwen", "embed"), 2)
    assert "qwen, embed, 2 calls at a time" in words
    assert "after all calls of your own" in words


def test_an_open_invitation_stands_below_the_peers_and_no_other() -> None:
    assert peers_view(inviting()).invitation == "open until 16:10"
    assert peers_view(inviting(), 0, 3_600_000).invitation == "open until 17:10"
    for state in (FOLLOWED, WITHDRAWN, OVER, TRIED):
        peering = Peering("a:1", invitation=replace(INVITED, state=state))
        status = replace(busy(), peering=peering)
        assert open_invitation(status) is None
        assert peers_view(status).invitation == ""


def test_what_is_to_be_known_of_ones_own_invitation() -> None:
    facts = {fact.name: fact.text for fact in made_facts(INVITED, PRINT, 0, 0, "0.0.0.0:7443")}
    assert facts["Holds"] == "until 16:10, for one machine, once; five wrong tries end it"
    assert facts["It connects to"] == "box.example:7443 (this machine listens at 0.0.0.0:7443)"
    assert facts["Called here"] == "desk"
    assert facts["This machine"].replace(" ", "") == PRINT
    same = made_facts(replace(INVITED, name=""), PRINT, 0, 0, INVITED.address)
    assert (same[1].text, same[2].text) == (INVITED.address, "as it calls itself")


@pytest.mark.parametrize(
    ("state", "peer", "words", "family"),
    [
        (OPEN, "", "Waits for the other machine", Family.ALIVE),
        (FOLLOWED, "desk", "Paired: desk followed it.", Family.GOOD),
        (FOLLOWED, "", "could not be kept", Family.BAD),
        (WITHDRAWN, "", "withdrawn", Family.STILL),
        (OVER, "", "Its time is over", Family.STILL),
        (TRIED, "", "void: too many", Family.BAD),
    ],
)
def test_what_became_of_it(state: str, peer: str, words: str, family: Family) -> None:
    view = standing_view("i-1", replace(INVITED, state=state, peer=peer))
    assert words in view.text
    assert view.family is family
    assert (view.is_open, view.is_paired) == (state == OPEN, bool(peer))


@pytest.mark.parametrize("latest", [None, replace(INVITED, id="i-2")])
def test_one_whose_place_was_taken_holds_no_more(latest: object) -> None:
    view = standing_view("i-1", latest)  # type: ignore[arg-type]
    assert "A newer invitation" in view.text
    assert not view.is_open


# -- another machine's ----------------------------------------------------------------------------


def test_whom_an_invitation_names() -> None:
    view = read_view(READ, NOW_MS, 0)
    assert [(fact.name, fact.text) for fact in view.facts] == [
        ("Machine at", "lab3.example:7000"),
        ("Known by", print_words(PRINT[::-1])),
        ("Holds", "until 16:10"),
    ]
    assert (view.warnings, view.go) == ((), "Pair")


def test_one_of_an_older_machine_does_not_say_until_when() -> None:
    view = read_view(ReadInvitation("a:1", PRINT), NOW_MS, 0)
    assert view.facts[2].text == "it does not say until when"
    assert view.warnings == ()


def test_what_is_odd_is_said_before_anything_is_sent() -> None:
    (over,) = read_view(READ, READ.until_s * 1000, 0).warnings
    assert "By this machine's clock it has run out" in over
    known = read_view(replace(READ, known_as="lab2"), NOW_MS, 0)
    assert "paired with it already, as lab2" in known.warnings[0]
    assert known.go == "Pair again"


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (
            "this is no invitation of a Fabric, or not the whole of it",
            "This is no invitation of a Fabric, or not the whole of it. Copy all of it, from "
            "“clawdesk-peer:” to its end.",
        ),
        (
            "this is this machine's own invitation",
            "This is this machine's own invitation. Take it to the other machine, and pair there.",
        ),
        (
            "the other machine refused: the invitation has run out",
            "The other machine refused: the invitation has run out. Ask there for a new "
            "invitation.",
        ),
        (
            "the other machine does not answer at a:1: Connection refused",
            "The other machine does not answer at a:1: Connection refused. See that it is on, and "
            "that its address can be reached from here.",
        ),
        (
            "what answers at a:1 is not the other machine: it shows another certificate",
            "What answers at a:1 is not the other machine: it shows another certificate. Nothing "
            "was sent to it. Ask for a new invitation, in person if you can.",
        ),
        ("there is a peer lab2 already", "There is a peer lab2 already. Choose another name."),
    ],
)
def test_each_refusal_is_a_plain_sentence_with_a_next_step(what: str, said: str) -> None:
    assert refusal(InferenceError(what, mend="clawdesk-fabric peers")) == said


def test_a_refusal_of_another_kind_keeps_its_own_next_step() -> None:
    error = PortError("port 7 cannot be used: Permission denied", mend="choose another with -p")
    assert refusal(error) == ("Port 7 cannot be used: Permission denied. Choose another with -p")
    gone = PortError("the model service does not run", mend="clawdesk-fabric serve")
    assert refusal(gone) == "The model service does not run. clawdesk-fabric serve"


def test_the_secret_is_in_no_print_of_what_was_made() -> None:
    assert MADE.text not in f"{MADE!r} {MADE}"


def test_an_invitation_over_midnight_says_of_which_day_it_speaks() -> None:
    end_ms = INVITED.until_s * 1000
    assert peers_view(inviting(), end_ms - 1_000).invitation == "open until 16:10"
    assert " Nov 16:10" in peers_view(inviting(), end_ms - 86_400_000).invitation
