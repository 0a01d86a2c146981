"""A small real model in a container of one Fabric, called through another by OpenAI's client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from clawdesk_fabric.engines.docker import DockerEngine
from clawdesk_fabric.server import owner_id
from tests.support.fabric_docker import docker_with_image, short_place
from tests.support.fabric_engine import FakeEngine
from tests.support.fabric_peers import BORROWED, LOOK_S, Two
from tests.support.fabric_world import MODEL, catalog, running, spec

pytestmark = pytest.mark.e2e
ASK: Any = {
    "model": BORROWED,
    "messages": [{"role": "user", "content": "Name one animal."}],
    "max_tokens": 8,
    "temperature": 0,
}


@pytest.fixture
def folder() -> Iterator[Path]:
    with docker_with_image(), short_place() as place:
        yield place


@pytest.fixture
async def two(folder: Path) -> AsyncIterator[Two]:
    a, b = folder / "a.sock", folder / "b.sock"
    real, none = DockerEngine(owner_id(a), a.with_name("a.d")), FakeEngine(folder)
    known = catalog(spec(slots=2))
    async with (
        running(real, a, known, state_folder=folder / "a", peers="127.0.0.1:0") as lender,
        running(none, b, catalog(), port=0, state_folder=folder / "b", look_s=LOOK_S) as borrower,
    ):
        made = Two(lender, borrower, none)
        await made.pair()
        yield made


async def test_a_real_model_answers_through_two_fabrics_as_through_one(two: Two) -> None:
    base = f"http://127.0.0.1:{two.borrower.server.port}/v1"
    key = two.borrower.token
    async with openai.AsyncOpenAI(base_url=base, api_key=key, max_retries=0) as client:
        assert [model.id async for model in client.models.list()] == [MODEL, BORROWED]
        whole = await client.chat.completions.create(**ASK)
        text = whole.choices[0].message.content
        assert text
        assert whole.usage is not None
        assert 0 < whole.usage.completion_tokens <= 8
        parts = await client.chat.completions.create(**ASK, stream=True)
        streamed = [part.choices[0].delta.content or "" async for part in parts]
        assert "".join(streamed) == text
    share = two.lender.fabric.state.shares["peer:borrower"]
    assert share.tokens > 0, "the lender counts what its peer used"
    (first, second) = (await two.borrower.control("calls?task=t"))["calls"]
    assert first["tokens_out"] == whole.usage.completion_tokens
    assert second["outcome"] == "ok"
