"""What models were measured to need, kept between runs: better than any formula.

A small JSON file of our own; one that is damaged or cannot be written costs the learning only.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

from clawdesk_fabric.catalog import ModelSpec

log = logging.getLogger("clawdesk_fabric")
ENTRIES_MAX = 1000
_ODD = (OverflowError, RecursionError)
"""What JSON of odd shapes makes of numbers and depth."""
MARGIN = 1.05
"""A start is promised so much of the peak, as no two runs are alike."""


def _key(spec: ModelSpec) -> str:
    """A peak holds for the same weights, server, context and slots."""
    return f"{spec.identity}|{spec.context}|{spec.slots}"


class Peaks:
    """Peaks in MiB by model and its figures.

    Args:
        path: the file; None = nothing is kept.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._peaks: dict[str, int] = {}
        if path is None:
            return
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            self._peaks = {str(k): int(v) for k, v in found.items() if 0 < int(v) < 2**24}
        except FileNotFoundError:
            pass
        except (OSError, ValueError, TypeError, AttributeError, *_ODD) as error:
            log.warning("%s cannot be read, peaks are measured anew: %s", path, error)

    def known(self, spec: ModelSpec) -> int:
        """What a start of it is promised, in MiB; 0 = it was never measured."""
        return round(self._peaks.get(_key(spec), 0) * MARGIN)

    def learn(self, spec: ModelSpec, peak_mib: int) -> None:
        """Keep the largest peak; 0 = nothing was measured."""
        key = _key(spec)
        if self._path is None or peak_mib <= self._peaks.get(key, 0):
            return
        self._peaks.pop(key, None)
        self._peaks[key] = peak_mib
        while len(self._peaks) > ENTRIES_MAX:
            del self._peaks[next(iter(self._peaks))]
        new = self._path.with_name(self._path.name + ".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            new.write_text(json.dumps(self._peaks), encoding="utf-8")
            new.replace(self._path)
        except OSError as error:
            log.warning("%s cannot be written: %s", self._path, error)
