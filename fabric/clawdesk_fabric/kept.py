"""What people decided and what projects used, kept between runs: pins, windows, weights, budgets.

One small JSON file of our own, replaced as a whole. A damaged one is put aside by another name and
said; windows are kept in wall time, as they must hold across a restart.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clawdesk_fabric import events
from clawdesk_fabric.leases import Budget, Reservation
from clawdesk_fabric.model import FabricState

log = logging.getLogger("clawdesk_fabric")
VERSION = 1
MOVED_MS_MIN = 2_000
"""By less the clocks drift apart, which a window need not follow at once."""
_DAMAGE = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
)


def wall_ms() -> int:
    """Wall time, for what must hold across a restart: windows."""
    return round(datetime.now(UTC).timestamp() * 1000)


class Kept:
    """The file, and what was written there last.

    Args:
        path: None = nothing is kept.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._text = ""
        self._offset_ms = 0  # of the wall clock, by which windows were placed

    def load(self, state: FabricState, *, now_ms: int, wall_ms: int) -> list[events.Event]:
        """What the file says, as events for the state; models it no longer has are left out."""
        self._offset_ms = wall_ms - now_ms
        if self._path is None or not self._path.exists():
            return []
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            if found["version"] != VERSION:
                raise ValueError(f"version {found['version']}")
            return list(_events(found, state, now_ms, now_ms - wall_ms))
        except _DAMAGE as error:
            aside = self._path.with_name(self._path.name + ".damaged")
            log.error(
                "%s cannot be read (%s): pins, windows and budgets are not known; it is kept as %s",
                self._path,
                error,
                aside.name,
            )
            try:
                self._path.replace(aside)
            except OSError:
                log.error("%s cannot be put aside", self._path)
                self._path = None
            return []

    def moved(self, *, now_ms: int, wall_ms: int) -> list[events.Event]:
        """Windows are for people: where the wall clock left ours, which stands still while the
        machine sleeps, they are placed anew."""
        by_ms = wall_ms - now_ms - self._offset_ms
        if abs(by_ms) < MOVED_MS_MIN:
            return []
        self._offset_ms += by_ms
        return [events.WallClockMoved(now_ms, by_ms)]

    def save(self, state: FabricState, *, now_ms: int, wall_ms: int) -> None:
        """Write what differs from the last time. A full disk costs the file, not the Fabric."""
        if self._path is None:
            return
        text = json.dumps(_json(state, wall_ms - now_ms), indent=1)
        if text == self._text:
            return
        new = self._path.with_name(self._path.name + ".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            new.write_text(text, encoding="utf-8")
            new.chmod(0o600)
            new.replace(self._path)
        except OSError as error:
            log.warning("%s cannot be written: %s", self._path, error.strerror)
            return
        self._text = text


def _json(state: FabricState, offset_ms: int) -> dict[str, Any]:
    return {
        "version": VERSION,
        "pinned": [r.model for r in state.replicas.values() if r.pinned],
        "windows": [
            {
                "id": found.id,
                "model": found.model,
                "project": found.project,
                # To the second: clocks drift against each other, and a window need not follow.
                "from_s": round((found.from_ms + offset_ms) / 1000),
                "until_s": round((found.until_ms + offset_ms) / 1000),
            }
            for found in state.reservations.values()
        ],
        "projects": {
            name: {
                "weight": share.weight,
                "used_ms": round(share.used_ms),
                "tokens": share.tokens,
                "budget": None
                if (budget := state.budgets.get(name)) is None
                else {
                    "gpu_ms": budget.gpu_ms,
                    "tokens": budget.tokens,
                    "gpu_ms_before": round(budget.gpu_ms_before),
                    "tokens_before": budget.tokens_before,
                },
            }
            for name, share in state.shares.items()
        },
    }


def _events(
    found: dict[str, Any], state: FabricState, now_ms: int, offset_ms: int
) -> Iterator[events.Event]:
    for name, project in found["projects"].items():
        # Whole numbers: one without end could not be written again.
        used_ms, tokens = float(int(project["used_ms"])), int(project["tokens"])
        yield events.UsageKnown(now_ms, str(name), used_ms, tokens)
        yield events.WeightSet(now_ms, str(name), float(project["weight"]))
        budget = project["budget"]
        if budget is not None:
            limits = {key: int(budget[key]) for key in Budget.__slots__}
            yield events.BudgetSet(now_ms, str(name), Budget(**limits))
    for window in found["windows"]:
        until_ms = int(window["until_s"]) * 1000 + offset_ms
        if window["model"] in state.replicas and until_ms > now_ms:
            from_ms = int(window["from_s"]) * 1000 + offset_ms
            project = str(window["project"])
            made = Reservation(str(window["id"]), window["model"], project, from_ms, until_ms)
            yield events.ReservationMade(now_ms, made)
    for model in found["pinned"]:
        if model in state.replicas:
            yield events.PinSet(now_ms, model, True)
