"""Pairing with another machine, in words: what it may do, whom an invitation names, how it ended.

Pure. No sentence here holds the invitation itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from clawdesk.domain.model import Reason
from clawdesk.domain.policy_file import POLICY_FILE
from clawdesk.ports.errors import PortError
from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.pairing import (
    FOLLOWED,
    OPEN,
    OVER,
    TRIED,
    WITHDRAWN,
    PeerInvitation,
    ReadInvitation,
)
from clawdesk.runtime.api import Environment
from clawdesk.runtime.watch import NOT_DRIVEN
from clawdesk.viewmodels.amounts import calls as count_of_calls
from clawdesk.viewmodels.amounts import listed, moment
from clawdesk.viewmodels.language import marked, tr
from clawdesk.viewmodels.phases import Family
from clawdesk.viewmodels.told import shape_of, told

NAMES_MAX = 6
CALLS_MAX = 64
BEGIN = "clawdesk-peer:"
"""What every invitation begins with."""

_ASK_ANEW = marked("Ask there for a new invitation.")
_LOOK = marked("See that it is on, and that its address can be reached from here.")
_NEXT = (
    (
        marked("this is no invitation of a Fabric, or not the whole of it"),
        marked("Copy all of it, from “clawdesk-peer:” to its end."),
    ),
    (
        marked("this is this machine's own invitation"),
        marked("Take it to the other machine, and pair there."),
    ),
    (
        marked(
            "the other machine refused: the invitation was used, is too old, or is not its latest"
        ),
        _ASK_ANEW,
    ),
    (marked("the other machine refused: the invitation has run out"), _ASK_ANEW),
    (
        marked("the other machine answered the invitation wrongly, so it is not trusted"),
        _ASK_ANEW,
    ),
    (marked("{who} does not answer at {address}: {error}"), _LOOK),
    (marked("{who} did not answer at {address} within {seconds} s"), _LOOK),
    (
        marked("what answers at {address} is not {who}: it shows another certificate"),
        marked("Nothing was sent to it. Ask for a new invitation, in person if you can."),
    ),
    (marked("there is a peer {peer} already"), marked("Choose another name.")),
    (
        marked("pairing was called off"),
        marked("If the other machine lists this one all the same, revoke it there."),
    ),
)
"""Sentences of the Fabric, and the next step of a person who has a window before them."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One line below an invitation."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class StandingView:
    """How the invitation on screen stands.

    Args:
        is_open: it can still be followed, and withdrawn.
        is_paired: somebody followed it.
    """

    text: str
    family: Family
    is_open: bool = False
    is_paired: bool = False


@dataclass(frozen=True, slots=True)
class ReadView:
    """Whom an invitation names, before anything is sent to that machine.

    Args:
        warnings: what a person should know before they go on.
        go: what the button does.
    """

    facts: tuple[Fact, ...]
    warnings: tuple[str, ...]
    go: str
    name: str = ""


def lendable(status: FabricStatus | None) -> tuple[str, ...]:
    """Models of this machine that a peer may be given."""
    models = status.models if status is not None else ()
    return tuple(model.name for model in models if model.lendable and "/" not in model.name)


def open_invitation(status: FabricStatus | None) -> PeerInvitation | None:
    """The one that can be followed now."""
    peering = status.peering if status is not None else None
    found = peering.invitation if peering is not None else None
    return found if found is not None and found.state == OPEN else None


def is_anywhere(address: str) -> bool:
    """Whether HOST:PORT stands for every address of a machine, so that none can come there."""
    host = address.rpartition(":")[0].strip("[]")
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False


# -- why not --------------------------------------------------------------------------------------


def why_no_pairing(environment: Environment, waits: Reason | None, *, lost: bool) -> str:
    """Why this machine can pair with nobody now, "" = it can.

    Args:
        waits: why no machine is started at all, where that is so.
        lost: the process that runs the tasks is gone, and another one is being looked for.
    """
    status = environment.fabric
    if lost:
        return tr("ClawDesk connects again")
    if waits is not None and waits.code == NOT_DRIVEN:
        return told(waits.text)
    if status is None:
        return tr("the model service was not asked yet")
    if not status.version:
        return told(status.problem) or tr("no model service answers")
    return "" if status.peering is not None else tr("the model service tells nothing of peers")


def why_no_joining(environment: Environment, waits: Reason | None, *, lost: bool) -> str:
    """As `why_no_pairing`, for who wants to use another machine's models."""
    why = why_no_pairing(environment, waits, lost=lost)
    if why or not environment.peers_barred:
        return why
    return tr("[peers] use in your own {file} is “never”", file=POLICY_FILE)


# -- in words -------------------------------------------------------------------------------------


def grant_words(models: Sequence[str], calls: int) -> str:
    """What a peer may do here, whole."""
    if not models:
        return tr(
            "It may use nothing of this machine. You can lend it models later: “Lend models…” in "
            "its menu."
        )
    return tr(
        "It may use {models}, {calls} at a time, and only after all calls of your own: where one "
        "of yours needs the room, its newest call ends. It reaches nothing else here.",
        models=listed(list(models), NAMES_MAX),
        calls=count_of_calls(calls),
    )


def loan_words(models: Sequence[str], calls: int) -> str:
    """What is lent to a peer now: `bge-small, 2 calls at a time`."""
    if not models:
        return tr("nothing")
    names = listed(list(models), NAMES_MAX)
    return tr("{models}, {calls} at a time", models=names, calls=count_of_calls(calls))


def until_words(until_s: int, now_ms: int, offset_ms: int) -> str:
    """`until 14:20`, of another day `until 28 Nov 00:10`."""
    return tr("until {time}", time=moment(until_s * 1000, now_ms, offset_ms))


def open_words(invitation: PeerInvitation, now_ms: int, offset_ms: int) -> str:
    """One line below the peers."""
    return tr("open {until}", until=until_words(invitation.until_s, now_ms, offset_ms))


def print_words(fingerprint: str) -> str:
    """A fingerprint in blocks of eight, as people compare it."""
    return " ".join(fingerprint[at : at + 8] for at in range(0, len(fingerprint), 8))


def made_facts(
    invitation: PeerInvitation, fingerprint: str, now_ms: int, offset_ms: int, listening: str
) -> tuple[Fact, ...]:
    """What is to be known of an invitation of ours."""
    holds = tr(
        "{until}, for one machine, once; five wrong tries end it",
        until=until_words(invitation.until_s, now_ms, offset_ms),
    )
    address = invitation.address
    if listening and listening != address:
        address = tr("{address} (this machine listens at {own})", address=address, own=listening)
    return (
        Fact(tr("Holds"), holds),
        Fact(tr("It connects to"), address),
        Fact(tr("Called here"), invitation.name or tr("as it calls itself")),
        Fact(tr("This machine"), print_words(fingerprint)),
    )


def standing_view(shown: str, latest: PeerInvitation | None) -> StandingView:
    """What has become of the invitation with the id `shown`."""
    if latest is None or latest.id != shown:
        text = tr("A newer invitation has taken its place; this one holds no more.")
        return StandingView(text, Family.STILL)
    if latest.state == OPEN:
        return StandingView(tr("Waits for the other machine…"), Family.ALIVE, is_open=True)
    if latest.state == FOLLOWED and latest.peer:
        text = tr("Paired: {peer} followed it.", peer=latest.peer)
        return StandingView(text, Family.GOOD, is_paired=True)
    words = {
        FOLLOWED: marked("It was followed, but who came could not be kept as a peer."),
        WITHDRAWN: marked("It is withdrawn, and lets nobody in."),
        OVER: marked("Its time is over; nobody came."),
        TRIED: marked("It is void: too many came with a wrong proof."),
    }
    family = Family.BAD if latest.state in {TRIED, FOLLOWED} else Family.STILL
    return StandingView(tr(words.get(latest.state, words[OVER])), family)


def read_view(read: ReadInvitation, now_ms: int, offset_ms: int) -> ReadView:
    """Whom an invitation names, and what is odd about it."""
    holds = tr("it does not say until when")
    if read.until_s:
        holds = until_words(read.until_s, now_ms, offset_ms)
    facts = (
        Fact(tr("Machine at"), read.address),
        Fact(tr("Known by"), print_words(read.fingerprint)),
        Fact(tr("Holds"), holds),
    )
    warnings = []
    if 0 < read.until_s * 1000 <= now_ms:
        warnings.append(
            tr(
                "By this machine's clock it has run out. Only the other machine decides: try, or "
                "ask there for a new one."
            )
        )
    if read.known_as:
        warnings.append(
            tr(
                "This machine is paired with it already, as {peer}. Pairing again takes the place "
                "of that: its calls that run now end, and what it may use is what you say here.",
                peer=read.known_as,
            )
        )
    go = tr("Pair again") if read.known_as else tr("Pair")
    return ReadView(facts, tuple(warnings), go, read.known_as)


def refusal(error: PortError) -> str:
    """Why it did not come to a pairing, and the next step, in plain sentences."""
    what = told(error.what).rstrip(".")
    known = (tr(step) for said, step in _NEXT if shape_of(said).fill(error.what) is not None)
    step = next(known, "") or told(error.mend)
    if not step.startswith("clawdesk"):
        step = step[:1].upper() + step[1:]
    return f"{what[:1].upper()}{what[1:]}. {step}".strip()
