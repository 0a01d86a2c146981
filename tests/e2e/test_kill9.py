"""The real app is killed twenty times while real machines run two tasks at a time."""

from __future__ import annotations

import os

import pytest

from tests.soak.kill9 import soak
from tests.support.real_cli import real_cli

pytestmark = pytest.mark.e2e

KILLS = int(os.environ.get("KILL9_N", "20"))
RESTART_MS_MAX = 5_000


@pytest.mark.timeout(900)
def test_nothing_acknowledged_is_lost_and_nothing_runs_twice() -> None:
    seed = int(os.environ.get("KILL9_SEED", "20261123"))
    with real_cli() as cli:
        result = soak(cli, KILLS, seed)
    shown = f"seed {seed}: {result}"
    assert result.kills == KILLS, shown
    assert (result.lost, result.duplicated, result.attempts_ended) == (0, 0, 0), shown
    assert (result.fsck, result.locks) == (0, 0), shown
    assert result.restart_ms_max <= RESTART_MS_MAX, shown
