"""What each call used, kept for a while for whoever made it: tokens, times, GPU time, cost.

Held in memory, numbers and names only. A Fabric that is started anew names its calls otherwise, so
that nobody reads another call's account for their own.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from clawdesk_fabric import order
from clawdesk_fabric.metrics import CallRecord
from clawdesk_fabric.model import Call, CallId, FabricState
from clawdesk_fabric.specs import Price
from clawdesk_fabric.usage import Usage

KEPT_MAX = 4096
WAIT_S = 5.0
"""How long who asks may wait for a call that has not ended."""
GPU, PROCESSORS, ELSEWHERE = "gpu", "processors", "elsewhere"


class Accounts:
    """Of the calls of one process, the latest ones."""

    def __init__(self) -> None:
        self._run = secrets.token_hex(4)
        self._kept: dict[CallId, tuple[str, Mapping[str, Any]]] = {}  # in the order of their ends

    def name_of(self, call: CallId) -> str:
        """What the call is called outside; no other call has this name."""
        return f"{self._run}-{call}"

    def number_of(self, name: str) -> CallId | None:
        """The call of that name; None = it is none of this process."""
        run, _, number = name.partition("-")
        known = run == self._run and number.isascii() and number.isdigit() and len(number) < 19
        return int(number) if known else None

    def keep(self, call: CallId, task: str, account: Mapping[str, Any]) -> None:
        self._kept[call] = task, account
        while len(self._kept) > KEPT_MAX:
            del self._kept[next(iter(self._kept))]

    def find(self, call: CallId) -> Mapping[str, Any] | None:
        return self._kept[call][1] if call in self._kept else None

    def of_task(self, task: str) -> list[Mapping[str, Any]]:
        """Those of one task, in the order in which they ended."""
        return [account for of, account in self._kept.values() if of == task]


def place_of(state: FabricState, call: Call, at_ms: int) -> tuple[str, int | None]:
    """Where a call runs and its GPU time so far in ms; None = elsewhere, and nobody here knows."""
    replica = state.replicas.get(call.model)
    if replica is None:  # the catalog has it no more, and it broke under this call
        used_ms = state.gpu_ms.get(call.id)
        return (PROCESSORS, 0) if used_ms is None else (GPU, round(used_ms))
    if replica.remote:
        return ELSEWHERE, None
    if replica.on_gpu:
        return GPU, round(order.gpu_ms(state, call, at_ms))
    return PROCESSORS, 0


def account(
    name: str, record: CallRecord, place: tuple[str, int | None], price: Price | None
) -> dict[str, Any]:
    """What is told of a call that is over; None in it = not known, or no price was stated."""
    used: Usage | None = record.used
    tokens_in, tokens_out = used.said if used else (None, None)
    told = tokens_in is not None and tokens_out is not None
    cost = price.cost_micro(tokens_in or 0, tokens_out or 0) if price and told else None
    return {
        "call": name,
        "model": record.model,
        "outcome": record.outcome,
        "tokens_in": tokens_in,
        "tokens_out": tokens_out,
        "wait_ms": record.wait_ms,
        "model_ms": used.duration_ms if used else 0,
        "place": place[0],
        "gpu_ms": place[1],
        "cost_micro": cost,
        "currency": price.currency if price is not None and cost is not None else "",
    }
