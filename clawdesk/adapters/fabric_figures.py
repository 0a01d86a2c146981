"""Reads the Fabric's answers into the port's values: strictly, part by part.

A part that another version of the Fabric tells otherwise is left out and named; the rest is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from clawdesk.domain.memory_size import with_memory_sizes
from clawdesk.domain.spending import CallUse
from clawdesk.ports.errors import InferenceError
from clawdesk.ports.inference import LeaseNews, LeaseStatus
from clawdesk.ports.models import (
    Device,
    Holder,
    Model,
    ModelQueue,
    ModelWindow,
    Peer,
    Peering,
    ProjectUse,
    Waiter,
)
from clawdesk.ports.pairing import PeerInvitation

Value = TypeVar("Value")

WAITERS_MAX = 200
"""So many of those who wait are shown; the rest is counted."""
HOLDERS_MAX = 200
_DEVICE = {
    "total": "total_mib",
    "reserved": "reserved_mib",
    "others": "others_mib",
    "kept": "kept_mib",
    "used": "used_mib",
    "free": "free_mib",
    "awaited": "awaited_mib",
}
_SENTENCES = frozenset({"text", "frees", "problem", "mend"})
_HOLD = {"promised": "promised_mib", "measured": "measured_mib"}
_WAITER = {"class": "call_class"}
_INVITATION = {"until": "until_s"}
_WINDOW = {"from": "from_s", "until": "until_s"}


@dataclass(slots=True)
class Reading:
    """Reads parts of answers and keeps the names of those that could not be read."""

    unread: list[str] = field(default_factory=list)

    def part(
        self, name: str, found: object, kind: type[Value], shape: Callable[[Any], object]
    ) -> tuple[Value, ...]:
        """The values of a list; () where it is missing or told otherwise.

        Args:
            shape: makes of each entry an object with the fields of `kind`.
        """
        if found is None:
            return ()
        try:
            entries = msgspec.convert(found, list[dict[str, Any]])
            return tuple(msgspec.convert(shape(entry), kind) for entry in entries)
        except (msgspec.ValidationError, AttributeError, TypeError):
            self.unread.append(name)
            return ()

    def models(self, status: Mapping[str, Any]) -> tuple[Model, ...]:
        return self.part("models", status.get("models"), Model, _said)

    def devices(self, status: Mapping[str, Any]) -> tuple[Device, ...]:
        return self.part("GPUs", status.get("devices"), Device, _device)

    def queue(self, answers: Mapping[str, Mapping[str, Any]]) -> ModelQueue:
        """Of the answers by their path's last part: queue, leases, reservations, projects."""
        calls = answers.get("queue", {}).get("waiting")
        leases = answers.get("leases", {}).get("leases")
        waiting = self.part("queue", calls, Waiter, _call)
        waiting += self.part("leases", _chosen(leases, waits=True), Waiter, _lease)
        holders = self.part("leases", _chosen(leases, waits=False), Holder, _holder)
        windows = answers.get("reservations", {}).get("reservations")
        projects = answers.get("projects", {}).get("projects")
        return ModelQueue(
            waiting[:WAITERS_MAX],
            len(waiting),
            holders[:HOLDERS_MAX],
            self.part("reservations", windows, ModelWindow, lambda e: _renamed(e, _WINDOW)),
            self.part("projects", projects, ProjectUse, _project),
        )


class _Peers(msgspec.Struct):
    """What the Fabric tells of peers; null = nothing, as it tells it."""

    listening: str | None = None
    fingerprint: str | None = None
    invitation: dict[str, Any] | None = None
    peers: list[dict[str, Any]] = []


def peering_of(found: Mapping[str, Any]) -> Peering:
    """The Fabric's peers. Raises InferenceError where it tells of them otherwise than we read."""
    try:
        told = msgspec.convert(found, _Peers)
        peers = tuple(msgspec.convert(_peer(entry), Peer) for entry in told.peers)
        asked = told.invitation and _renamed(told.invitation, _INVITATION)
        invitation = msgspec.convert(asked, PeerInvitation | None)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        raise InferenceError(f"the model service tells of peers otherwise: {error}") from error
    return Peering(told.listening or "", told.fingerprint or "", peers, invitation)


def _peer(entry: dict[str, Any]) -> dict[str, Any]:
    here, seen_s = entry.get("state") == "here", entry.get("last_seen_s")
    made = {key: value for key, value in entry.items() if value is not None}
    made["last_seen_s"] = 0 if here else None if seen_s is None else _steps_of(float(seen_s))
    return made


def _steps_of(seconds: float) -> int:
    """Whole steps of 10 s, minutes, hours, days: what did not change is not told anew."""
    step = next((n for n, most in ((10, 60), (60, 3600), (3600, 86_400)) if seconds < most), 86_400)
    return int(seconds) // step * step


def _said(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry whose sentences give memory as a person reads it."""
    return {
        key: with_memory_sizes(value) if key in _SENTENCES and isinstance(value, str) else value
        for key, value in entry.items()
    }


def _renamed(entry: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(key, key): value for key, value in entry.items()}


def _device(entry: dict[str, Any]) -> dict[str, Any]:
    made = _renamed(entry, _DEVICE)
    made["holds"] = [_renamed(hold, _HOLD) for hold in entry.get("models", ())]
    made["processes"] = [
        _renamed(process, {"used": "used_mib"}) for process in entry.get("processes", ())
    ]
    return made


def _call(entry: dict[str, Any]) -> dict[str, Any]:
    return {**_renamed(entry, _WAITER), **_said(entry.get("reason", {}))}


def _lease(entry: dict[str, Any]) -> dict[str, Any]:
    return {**_said(_renamed(entry, _WAITER)), "task": entry.get("id")}


def _holder(entry: dict[str, Any]) -> dict[str, Any]:
    back = _said(entry).get("text", "") if entry.get("status") == "asked_back" else ""
    return {**entry, "task": entry.get("id"), "asked_back": back}


def _project(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "gpu_s": float(entry.get("gpu_s", 0.0))}


def _chosen(leases: object, *, waits: bool) -> object:
    """Those that wait, or those that are held; anything but a list as it came."""
    if not isinstance(leases, list):
        return leases
    wanted = {"waiting"} if waits else {"granted", "asked_back"}
    return [e for e in leases if not isinstance(e, dict) or e.get("status") in wanted]


class _Account(msgspec.Struct):
    """What the Fabric tells of a call that is over."""

    outcome: str
    tokens_in: int | None
    tokens_out: int | None
    model_ms: int
    place: str
    gpu_ms: int | None
    cost_micro: int | None
    currency: str


def use_of(name: str, found: Mapping[str, Any]) -> CallUse | None:
    """What a call used; None where another version of the Fabric tells it otherwise."""
    try:
        told = msgspec.convert(found, _Account)
    except msgspec.ValidationError:
        return None
    return CallUse(
        name,
        by_fabric=True,
        failed=told.outcome != "ok",
        measured=True,
        tokens_in=told.tokens_in,
        tokens_out=told.tokens_out,
        model_ms=told.model_ms,
        place=told.place,
        gpu_ms=told.gpu_ms,
        cost_micro=told.cost_micro,
        currency=told.currency,
    )


def uses_of(found: Mapping[str, Any]) -> tuple[CallUse, ...]:
    """What each call of a list used; those told otherwise than we read them are left out."""
    listed = found.get("calls")
    entries = [e for e in listed if isinstance(e, dict)] if isinstance(listed, list) else []
    uses = (use_of(str(entry.get("call", "")), entry) for entry in entries)
    return tuple(use for use in uses if use is not None and use.name)


def news_of(found: Mapping[str, Any]) -> LeaseNews:
    """How a lease stands."""
    return LeaseNews(
        str(found["id"]),
        LeaseStatus(found["status"]),
        str(found["code"]),
        with_memory_sizes(str(found["text"])),
        with_memory_sizes(str(found["frees"])),
    )
