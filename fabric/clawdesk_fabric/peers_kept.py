"""The peers that were paired and what each may use of ours, in a file that only its owner reads."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clawdesk_fabric.entries import NAME as MODEL_NAME
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.peers_identity import checked_certificate, fingerprint_of
from clawdesk_fabric.peers_pairing import ADDRESS
from clawdesk_fabric.weights.files import write_private

VERSION = 1
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
"""No slash, so that PEER/MODEL is never the name of a model of ours."""
PEERS_MAX = 32
MODELS_MAX = 64
CALLS_MAX = 64


@dataclass(frozen=True, slots=True)
class Lent:
    """What a peer may use of ours: these models, so many calls at a time. Nothing by default."""

    models: tuple[str, ...] = ()
    calls: int = 1


@dataclass(frozen=True, slots=True)
class Peer:
    """One paired Fabric.

    Args:
        name: ours for it.
        certificate: PEM; nobody else's is trusted to be this peer.
        address: HOST:PORT where it listens, "" if it does not.
        was_seen: it has spoken to us, or answered us, since it was paired.
    """

    name: str
    certificate: str
    address: str
    lent: Lent = Lent()
    was_seen: bool = False

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.certificate)


def checked_name(name: str) -> str:
    """Raises FabricError unless a peer may be called so."""
    if not NAME.fullmatch(name):
        raise FabricError(
            f"{name[:64]!r} cannot be the name of a peer",
            mend="at most 32 small letters, digits, and . _ - between them",
            code="invalid_request",
        )
    return name


def free_name(wished: object, taken: Container[str]) -> str:
    """A name made of what the other side calls itself, with a number where it is taken."""
    text = wished.split(".")[0].lower()[:200] if isinstance(wished, str) else ""
    base = re.sub(r"[^a-z0-9_-]+", "-", text).strip("-_")[:24] or "peer"
    names = [base, *(f"{base}-{number}" for number in range(2, PEERS_MAX + 2))]
    return next(name for name in names if name not in taken)


def checked_lent(models: object, calls: object) -> Lent:
    """Raises FabricError unless this is a list of models and a number of calls."""
    names: list[object] = models if isinstance(models, list) else [None]
    if len(names) > MODELS_MAX or not all(
        isinstance(name, str) and MODEL_NAME.fullmatch(name) for name in names
    ):
        raise FabricError(
            f"`models` must be a list of at most {MODELS_MAX} names of models of this machine",
            code="invalid_request",
        )
    if not isinstance(calls, int) or isinstance(calls, bool) or not 1 <= calls <= CALLS_MAX:
        raise FabricError(f"`calls` must be a number from 1 to {CALLS_MAX}", code="invalid_request")
    return Lent(tuple(dict.fromkeys(map(str, names))), calls)


class PeerFile:
    """The peers by name; every change is on disk before it counts.

    Args:
        path: need not exist.
    Raises:
        FabricError: the file is damaged. A guess at who is trusted would be worse than none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.peers: Mapping[str, Peer] = {}
        self.listen = ""
        """HOST:PORT where to listen at every start; "" = nowhere."""
        if not path.exists():
            return
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            if found["version"] != VERSION:
                raise ValueError(f"version {found['version']}")
            self.peers = {peer.name: peer for peer in map(_peer, found["peers"])}
            self.listen = _checked_address(found["listen"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError, FabricError) as error:
            raise FabricError(
                f"{path}, which says whom this Fabric trusts, cannot be read: {error}",
                mend="pair the other machines anew",
            ) from error

    def by_fingerprint(self, fingerprint: str) -> Peer | None:
        return next((p for p in self.peers.values() if p.fingerprint == fingerprint), None)

    def keep(self, peer: Peer) -> None:
        """Add or replace the peer of this name. Raises FabricError; then nothing changed."""
        self._write({**self.peers, peer.name: peer}, self.listen)

    def forget(self, name: str) -> None:
        """Raises FabricError: it is forgotten, and will be known again after the next start."""
        self.peers = {other: peer for other, peer in self.peers.items() if other != name}
        self._write(self.peers, self.listen)

    def listen_at(self, address: str) -> None:
        """At every start from now on. Raises FabricError; then nothing changed."""
        self._write(self.peers, address)

    def _write(self, peers: Mapping[str, Peer], listen: str) -> None:
        listed = [_json(peer) for peer in peers.values()]
        text = json.dumps({"version": VERSION, "listen": listen, "peers": listed}, indent=1)
        try:
            write_private(self._path, text)
        except OSError as error:
            raise FabricError(
                f"{self._path}, which says whom this Fabric trusts, cannot be written: "
                f"{error.strerror}",
                mend="mend that, then the same again",
                code="no_capacity",
            ) from error
        self.peers, self.listen = peers, listen


def _json(peer: Peer) -> dict[str, Any]:
    return {
        "name": peer.name,
        "certificate": peer.certificate,
        "address": peer.address,
        "models": list(peer.lent.models),
        "calls": peer.lent.calls,
        "was_seen": peer.was_seen,
    }


def _peer(found: Mapping[str, Any]) -> Peer:
    address = _checked_address(found["address"])
    peer = Peer(checked_name(found["name"]), checked_certificate(found["certificate"]), address)
    lent = checked_lent(found["models"], found["calls"])
    return replace(peer, lent=lent, was_seen=bool(found["was_seen"]))


def _checked_address(text: str) -> str:
    """HOST:PORT, or "". Raises ValueError."""
    if text and not ADDRESS.fullmatch(text):
        raise ValueError(f"{text!r} is no address")
    return text
