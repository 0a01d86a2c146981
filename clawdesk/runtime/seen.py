"""What a machine did beside its files since its last checkpoint: connections, a person's shell.

Held in memory until the next checkpoint takes it into Git. A plane that is killed before forgets
it; the lines in the task's log stay.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from clawdesk.domain.beside import Beside
from clawdesk.domain.model import Checkpoint
from clawdesk.ports.guest import NetworkUsed

PLACES_MAX = 40
"""Further ones are counted together: the record of a checkpoint is small."""
_MORE = "more places"


@dataclass(slots=True)
class Seen:
    """Since the last checkpoint of one task."""

    places: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    shell: bool = False

    def used(self, used: NetworkUsed) -> None:
        """Count a connection, and those that were not told before it."""
        if used.refused:
            self.refused += 1 + used.untold
            return
        known = used.place in self.places or len(self.places) < PLACES_MAX
        self.places[used.place if known else _MORE] += 1
        if used.untold:
            self.places[_MORE] += used.untold

    def of(self, checkpoint: Checkpoint) -> Checkpoint:
        """The checkpoint with what was seen."""
        network = tuple(f"{place} ({times})" for place, times in self.places.most_common())
        return replace(checkpoint, beside=Beside(network, self.refused, self.shell))
