"""Pairing: an invitation that is carried by hand, and a proof that whoever comes has it.

The secret itself is never sent. What is sent shows that the sender knows it, and holds only for
the two certificates that are to trust each other.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address

from clawdesk_fabric.errors import FabricError

LIFE_S = 600.0
TRIES_MAX = 5
"""Wrong proofs after which an invitation is void."""
UNTIL_MAX_S = 2**40
_BEGIN = "clawdesk-peer:"
_CHARS_MAX = 2048
ADDRESS = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9][A-Za-z0-9._-]{0,252}):([0-9]{1,5})")
FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


def parse_address(text: str) -> tuple[str, int]:
    """HOST:PORT as two; an IPv6 address stands in brackets. Raises FabricError."""
    found = ADDRESS.fullmatch(text)
    port = int(found[2]) if found else 0
    if found is None or not 0 <= port <= 65_535:
        raise FabricError(
            f"{text!r} is no address", mend="write HOST:PORT, such as 192.168.1.5:7000"
        )
    return found[1].strip("[]"), port


def check_reachable(address: str) -> None:
    """Raises FabricError where no other machine can come: 0.0.0.0 and :: are where one listens."""
    host, _ = parse_address(address)
    try:
        is_any = ip_address(host).is_unspecified
    except ValueError:
        return  # a name
    if is_any:
        raise FabricError(
            f"{host} stands for all addresses of this machine, so an invitation cannot name it",
            mend="name the one at which the other machine finds this one: --address HOST:PORT",
            code="invalid_request",
        )


@dataclass(frozen=True, slots=True)
class Invitation:
    """What one Fabric gives to another by hand.

    Args:
        address: HOST:PORT where the one that invites listens.
        fingerprint: of its certificate.
        until_s: when it runs out, in seconds since 1970 by the clock of the one that invites; 0 =
            not told. For people to read: only the one that invites decides.
    """

    address: str
    fingerprint: str
    secret: str = field(repr=False)
    until_s: int = 0

    def text(self) -> str:
        """One word that can be copied; it holds the secret."""
        fields = {"a": self.address, "f": self.fingerprint, "s": self.secret, "u": self.until_s}
        raw = json.dumps(fields, separators=(",", ":")).encode()
        return _BEGIN + base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def proof(self, purpose: str, guest: str) -> str:
        """That its sender has the secret, for these two certificates only.

        Args:
            purpose: "join" of the guest, "welcome" of the host, so that neither serves as the
                other.
            guest: fingerprint of the one that was invited.
        """
        message = "\0".join(("clawdesk-peers-1", purpose, self.fingerprint, guest))
        return hmac.new(self.secret.encode(), message.encode(), "sha256").hexdigest()


def parse_invitation(text: str) -> Invitation:
    """The invitation of a text. Raises FabricError, which does not quote it."""
    text = "".join(text.split())
    try:
        if not text.startswith(_BEGIN) or len(text) > _CHARS_MAX:
            raise ValueError
        coded = text.removeprefix(_BEGIN)
        fields = json.loads(base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)))
        found = Invitation(fields["a"], fields["f"], fields["s"], _until(fields.get("u", 0)))
        parse_address(found.address)
        if not FINGERPRINT.fullmatch(found.fingerprint) or not _SECRET.fullmatch(found.secret):
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError, FabricError):
        raise FabricError(
            "this is no invitation of a Fabric, or not the whole of it",
            mend="on the other machine: clawdesk-fabric peers pair; copy all that it prints",
            code="invalid_request",
        ) from None
    return found


def _until(value: object) -> int:
    """Raises ValueError for what is no time."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= UNTIL_MAX_S:
        raise ValueError
    return value


class Standing(StrEnum):
    """What has become of an invitation."""

    OPEN = "open"
    FOLLOWED = "followed"
    WITHDRAWN = "withdrawn"
    OVER = "over"
    """Its time has run out."""
    TRIED = "tried"
    """There were too many wrong proofs."""


class Inviting:
    """The invitation that is open now: one at a time, for a while, for one guest.

    Args:
        fingerprint: our own.
    """

    def __init__(self, fingerprint: str) -> None:
        self._fingerprint = fingerprint
        self._open: Invitation | None = None
        self._until_s = 0.0
        self._tries = 0
        self._ended = Standing.OVER

    def invite(self, address: str, now_s: float, until_s: int = 0) -> Invitation:
        """A new one; an older one is void.

        Args:
            until_s: what it tells of its end, in seconds since 1970.
        """
        secret = secrets.token_urlsafe(32)
        self._open = Invitation(address, self._fingerprint, secret, until_s)
        self._until_s = now_s + LIFE_S
        self._tries = 0
        return self._open

    def withdraw(self, now_s: float) -> None:
        """The open one holds no more; safe where none is open."""
        if self.is_open(now_s):
            self._end(Standing.WITHDRAWN)

    def standing(self, now_s: float) -> Standing:
        """What has become of the latest one."""
        if self._open is None:
            return self._ended
        return Standing.OPEN if self.is_open(now_s) else Standing.OVER

    def _end(self, how: Standing) -> None:
        self._open, self._ended = None, how

    def is_open(self, now_s: float) -> bool:
        return self._open is not None and now_s < self._until_s

    def accept(self, guest: str, proof: str, now_s: float) -> str:
        """Use the invitation up for this guest; our own proof, "" where theirs is wrong."""
        found = self._open
        if found is None or not self.is_open(now_s):
            return ""
        if not hmac.compare_digest(found.proof("join", guest).encode(), proof.encode()):
            self._tries += 1
            if self._tries >= TRIES_MAX:
                self._end(Standing.TRIED)
            return ""
        self._end(Standing.FOLLOWED)
        return found.proof("welcome", guest)
