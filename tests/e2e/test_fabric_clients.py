"""Clients, unchanged, against the real model in its container: forms of calls, errors, usage."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from clawdesk_fabric.engines.docker import DockerEngine
from clawdesk_fabric.server import owner_id
from tests.support.fabric_docker import docker_with_image, short_place
from tests.support.fabric_world import MODEL, World, catalog, running, spec

pytestmark = pytest.mark.e2e
MESSAGES: Any = [{"role": "user", "content": "Name one animal."}]


@pytest.fixture
def folder() -> Iterator[Path]:
    with docker_with_image(), short_place() as place:
        yield place


@pytest.fixture
async def world(folder: Path) -> AsyncIterator[World]:
    path = folder / "f.sock"
    engine = DockerEngine(owner_id(path), path.with_name(path.name + ".d"))
    async with running(engine, path, catalog(spec(slots=1)), port=0) as made:
        yield made


async def test_forms_of_calls(world: World) -> None:
    base = f"http://127.0.0.1:{world.server.port}/v1"
    async with openai.AsyncOpenAI(base_url=base, api_key=world.token, max_retries=0) as client:
        ask: Any = {"model": MODEL, "messages": MESSAGES, "max_tokens": 8, "temperature": 0}
        whole = await client.chat.completions.create(**ask, logprobs=True, top_logprobs=2)
        assert whole.usage is not None
        assert whole.usage.completion_tokens <= 8
        assert whole.choices[0].logprobs is not None
        stream = await client.chat.completions.create(
            **ask, stream=True, stream_options={"include_usage": True}
        )
        last = [chunk async for chunk in stream][-1]
        assert last.usage is not None
        assert last.usage.prompt_tokens == whole.usage.prompt_tokens
        schema = {"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"]}
        form: Any = {
            "type": "json_schema",
            "json_schema": {"name": "n", "schema": schema, "strict": True},
        }
        formed = await client.chat.completions.create(
            model=MODEL, messages=MESSAGES, max_tokens=40, response_format=form
        )
        assert isinstance(json.loads(formed.choices[0].message.content or "")["a"], bool)
        text = await client.completions.create(model=MODEL, prompt="One two", max_tokens=4)
        assert text.choices[0].text
        long: Any = [{"role": "user", "content": "cat " * 20_000}]
        with pytest.raises(openai.BadRequestError) as refused:
            await client.chat.completions.create(model=MODEL, messages=long)
        assert refused.value.code == "context_length_exceeded"
    async with world.session.get("http://localhost/metrics") as answer:
        text_of_metrics = await answer.text()
    # Tokens are counted for streams that did not ask for usage, too: the engine always says.
    assert 'clawdesk_fabric_prompt_tokens_total{class="agent"' in text_of_metrics


async def test_llm_on_the_command_line(world: World, tmp_path: Path) -> None:
    (tmp_path / "extra-openai-models.yaml").write_text(
        f"- model_id: desk\n  model_name: {MODEL}\n"
        f'  api_base: "http://127.0.0.1:{world.server.port}/v1"\n  api_key_name: clawdesk\n'
    )
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "llm", "--model=desk", f"--key={world.token}"),
        *("-o", "max_tokens", "8", "Name one animal."),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "LLM_USER_PATH": str(tmp_path)},
    )
    output, _ = await child.communicate()
    assert child.returncode == 0
    assert output.strip()
