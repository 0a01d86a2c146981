"""Two Fabrics that lend each other models, over real TLS: pairing, calls, limits, and endings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.fabric_peers import BORROWED, Two, strangers, view
from tests.support.fabric_world import MODEL


@pytest.fixture
async def two(short_folder: Path) -> AsyncIterator[Two]:
    async with strangers(short_folder) as made:
        yield made


async def test_a_borrowed_model_answers_as_one_of_ours(two: Two) -> None:
    await two.pair()
    status, answer = await two.borrower.chat(model=BORROWED)
    assert (status, answer["choices"][0]["message"]["content"]) == (200, "A cat.")
    assert two.engine.latest[MODEL].bodies[0]["model"] == MODEL
    peer = await view(two.borrower)
    assert (peer["state"], peer["offers"]) == ("here", [{"model": MODEL, "calls": 2}])
