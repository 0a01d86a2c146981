"""Power is lost while Git writes (fault 11): what was acknowledged is on the disk, all of it sound.

`make power-cut` does it 200 times.
"""

from __future__ import annotations

import os

import pytest

from tests.soak.power_cut import cut, why_not

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
    pytest.mark.timeout(900),
]
SEED = int(os.environ.get("POWER_CUT_SEED", "20261126"))


def test_nothing_acknowledged_is_lost_when_the_power_is_cut() -> None:
    result = cut(int(os.environ.get("POWER_CUTS", "16")), SEED)
    shown = f"seed {SEED}: {result}"
    assert result.acknowledged > 0, shown
    assert (result.unmountable, result.lost) == (0, 0), shown
    assert (result.fsck, result.unreadable) == (0, 0), shown


def test_the_same_cuts_find_a_store_that_does_not_wait_for_the_disk() -> None:
    """Without fsync things are lost: the test above can fail."""
    result = cut(6, SEED, durable=False)
    assert result.lost or result.fsck or result.unreadable, f"seed {SEED}: {result}"
