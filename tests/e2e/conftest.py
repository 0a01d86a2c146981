"""The real OpenClaw gateway that a file of tests shares, and a ClawDesk of each test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.channel_world import ChannelWorld
from tests.support.openclaw_stage import Stage, real_stage


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """Parametrized with the senders of our plugin, where it is to be put in."""
    async with real_stage(getattr(request, "param", None)) as made:
        yield made


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ChannelWorld:
    """Its settings lie in a folder of the test's own."""
    for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    return ChannelWorld(tmp_path)
