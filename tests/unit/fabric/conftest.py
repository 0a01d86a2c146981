"""Fixtures of the Fabric's tests: a fake engine with real sockets, and a Fabric that answers."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.fabric_engine import FakeEngine
from tests.support.fabric_world import World, catalog, running, spec


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Short, because socket paths may have 108 bytes only."""
    folder = Path(tempfile.mkdtemp(prefix="cdf-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
async def engine(short_folder: Path) -> FakeEngine:
    return FakeEngine(short_folder)


@pytest.fixture
async def world(engine: FakeEngine, short_folder: Path) -> AsyncIterator[World]:
    """A model with two slots and a queue of three, on socket and port."""
    known = catalog(spec(slots=2), waiting_max=3, body_bytes_max=100_000)
    async with running(engine, short_folder / "f.sock", known, port=0) as made:
        yield made
