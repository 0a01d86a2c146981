"""What was done that no task's own record tells: trust given and taken back, peers, clean-ups.

A bounded file of the state directory, for people to look back on; nothing is decided by it, and
losing it loses only that. Calls block.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from pathlib import Path

import msgspec

from clawdesk.runtime.trust import write_durably

FILE = "deeds.json"
KEPT_MAX = 500
TEXT_MAX = 600
IMAGES = "images"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Deed:
    """One act: trusted | untrusted | pruned | budget | revoked | images; `text` is a sentence."""

    at_ms: int
    kind: str
    text: str
    project: str = ""


class Deeds:
    """The file; a damaged one is begun anew."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = threading.Lock()

    def read(self) -> tuple[Deed, ...]:
        """Oldest first."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=tuple[Deed, ...])
        except (OSError, msgspec.DecodeError):
            return ()

    def add(self, deed: Deed) -> None:
        """Keep it, if the disk lets us: the act itself does not depend on it."""
        with self._lock:
            kept = [*self.read(), deed][-KEPT_MAX:]
            try:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_durably(self._path, msgspec.json.encode(kept))
            except OSError as error:
                _log.info("what was done could not be noted: %s", error)
