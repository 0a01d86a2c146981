"""The command-line client `llm`, unchanged, against a Fabric on its TCP port."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from clawdesk_fabric.entries import ENDPOINTS
from tests.support import openai_model
from tests.support.fabric_world import MODEL, World, catalog, running, spec
from tests.support.raw_engine import RawEngine

SETTINGS = """\
- model_id: desk
  model_name: {model}
  api_base: "http://127.0.0.1:{port}/v1"
  api_key_name: clawdesk
"""


async def llm(world: World, home: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit code, output and errors of one command."""
    settings = SETTINGS.format(model=MODEL, port=world.server.port)
    (home / "extra-openai-models.yaml").write_text(settings)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "llm", "--model=desk", *arguments, "On the mat is"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "LLM_USER_PATH": str(home)},
    )
    output, errors = await child.communicate()
    assert child.returncode is not None
    return child.returncode, output.decode().strip(), errors.decode()


async def test_llm_talks_to_the_fabric(short_folder: Path, tmp_path: Path) -> None:
    engine = RawEngine(short_folder, openai_model.answer)
    known = catalog(spec(endpoints=ENDPOINTS))
    async with running(engine, short_folder / "f.sock", known, port=0) as world:
        key = f"--key={world.token}"
        # In turns, because one of them alone keeps a processor busy while it starts.
        assert (await llm(world, tmp_path, key))[:2] == (0, "A cat.")
        assert (await llm(world, tmp_path, key, "--no-stream"))[:2] == (0, "A cat.")
        code, _, errors = await llm(world, tmp_path, "--key=wrong")
        assert code != 0
        assert "a bearer token of this Fabric is needed" in errors
