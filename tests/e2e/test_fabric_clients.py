"""Clients, unchanged, against the real model in its container: forms of calls, errors, usage.

Two are no dependency of ours and are installed into environments of their own, which are kept.
`aider` must be told what to write, which the small model cannot, so its model is a scripted one.
"""

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
from tests.support.environments import NotHereError, environment
from tests.support.fabric_docker import docker_with_image, short_place
from tests.support.fabric_engine import FakeEngine
from tests.support.fabric_world import MODEL, World, catalog, running, spec

pytestmark = pytest.mark.e2e
AIDER, LITELLM = "aider-chat==0.86.2", "litellm==1.108.7"
INSTALL_S_MAX = 900
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


# -- clients in environments of their own ----------------------------------------------------------

LITELLM_CALLS = """
import json, sys
import litellm

base, key, model = sys.argv[1:]
ask = dict(model=f"openai/{model}", api_base=base, api_key=key, max_tokens=8, num_retries=0)
messages = [{"role": "user", "content": "Name one animal."}]
whole = litellm.completion(messages=messages, **ask)
last = [*litellm.completion(
    messages=messages, stream=True, stream_options={"include_usage": True}, **ask)][-1]
form = {"type": "json_schema", "json_schema": {"name": "n", "strict": True, "schema": {
    "type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"]}}}
formed = litellm.completion(
    messages=messages, response_format=form, **{**ask, "max_tokens": 40})
tool = {"type": "function", "function": {
    "name": "look", "description": "Looks.", "parameters": {"type": "object", "properties": {}}}}
tooled = litellm.completion(messages=messages, tools=[tool], **ask)
text = litellm.text_completion(
    prompt="One two", **{**ask, "model": f"text-completion-openai/{model}"})
refused = {}
for name, wrong in (
    ("key", {"api_key": "cdk-wrong"}), ("model", {"model": "openai/nobody"}), ("n", {"n": 0})
):
    try:
        litellm.completion(messages=messages, **{**ask, **wrong})
    except Exception as error:
        refused[name] = type(error).__name__
print(json.dumps({
    "whole": whole.usage.completion_tokens,
    "stream": [last.usage.prompt_tokens, whole.usage.prompt_tokens],
    "formed": json.loads(formed.choices[0].message.content),
    "tooled": tooled.choices[0].finish_reason,
    "text": text.choices[0].text,
    "refused": refused,
}))
"""


async def installed(requirement: str) -> Path:
    """Its folder of programs; skips where the package index is not reached."""
    try:
        return await asyncio.to_thread(environment, requirement)
    except NotHereError as error:
        pytest.skip(f"{requirement} cannot be installed: is the package index reached? {error}")


async def ran(*command: str | Path, folder: Path, **variables: str) -> str:
    """What a program printed; nothing of this process's environment or home reaches it."""
    child = await asyncio.create_subprocess_exec(
        *map(str, command),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **variables},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await child.communicate()
    assert child.returncode == 0, output.decode() + errors.decode()
    return output.decode()


@pytest.mark.timeout(INSTALL_S_MAX)
async def test_litellm_as_a_client(world: World, tmp_path: Path) -> None:
    program = await installed(LITELLM) / "python"
    base = f"http://127.0.0.1:{world.server.port}/v1"
    told = await ran(
        *(program, "-c", LITELLM_CALLS, base, world.token, MODEL),
        folder=tmp_path,
        LITELLM_LOCAL_MODEL_COST_MAP="True",  # else it looks for a price list on the internet
    )
    found = json.loads(told.splitlines()[-1])
    assert 0 < found["whole"] <= 8
    assert found["stream"][0] == found["stream"][1]
    assert isinstance(found["formed"]["a"], bool)
    assert found["tooled"] in ("stop", "length", "tool_calls"), "so small a model seldom calls one"
    assert found["text"]
    assert found["refused"] == {
        "key": "AuthenticationError",
        "model": "NotFoundError",
        "n": "BadRequestError",
    }


@pytest.mark.timeout(INSTALL_S_MAX)
async def test_aider_edits_a_file(tmp_path: Path) -> None:
    program = await installed(AIDER) / "aider"
    (tmp_path / "hello.py").write_text("print('bye')\n")
    prices = tmp_path / ".aider/caches/model_prices_and_context_window.json"
    prices.parent.mkdir(parents=True)
    prices.write_text('{"none": {}}')  # else it looks for the list on the internet
    with short_place() as place:
        engine = FakeEngine(place)
        async with running(engine, place / "f.sock", port=0) as world:
            await world.control(f"models/{MODEL}/load", {})
            engine.latest[MODEL].words = ["hello.py\n", "```\n", "print('hello')\n", "```\n"]
            told = await ran(
                *(program, f"--model=openai/{MODEL}", "--edit-format=whole", "--map-tokens=0"),
                *("--no-git", "--yes-always", "--no-pretty", "--no-check-update"),
                *("--no-show-model-warnings", "--no-show-release-notes", "--analytics-disable"),
                *("--message=Say hello instead.", "hello.py"),
                folder=tmp_path,
                OPENAI_API_BASE=f"http://127.0.0.1:{world.server.port}/v1",
                OPENAI_API_KEY=world.token,
                LITELLM_LOCAL_MODEL_COST_MAP="True",
            )
        (asked,) = engine.latest[MODEL].bodies
    assert "Applied edit to hello.py" in told
    assert (tmp_path / "hello.py").read_text() == "print('hello')\n"
    assert asked["stream"] is True
    assert "print('bye')" in json.dumps(asked["messages"]), "it sends the file it is to change"
