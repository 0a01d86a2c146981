"""Two Fabrics in two processes, paired by the command line; one of them is killed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from clawdesk_fabric.__main__ import main
from tests.support import fabric_peer_process
from tests.support.fabric_world import ASK, MODEL

LIMIT_S = 30


async def run(folder: Path, *arguments: str) -> int:
    return await asyncio.to_thread(main, [*arguments, f"--socket={folder / 'f.sock'}"])


async def test_two_machines_are_paired_by_hand_and_the_death_of_one_ends_its_stream(
    short_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = short_folder / "a", short_folder / "b"
    async with (
        fabric_peer_process.running(a, "127.0.0.1:0") as lender,
        fabric_peer_process.running(b),
    ):
        assert await run(a, "peers", "pair", f"--lend={MODEL}", "--calls=2", "--name=desk") == 0
        invitation = capsys.readouterr().out.strip()
        assert await run(b, "peers", "pair", invitation, "--name=box") == 0
        assert f"lends you  box/{MODEL}" in capsys.readouterr().out
        assert await run(a, "peers", "list") == 0
        assert f"may use    {MODEL}, 0 of 2 calls at a time in flight" in capsys.readouterr().out
        assert await run(b, "token", "--peers") == 0
        token = capsys.readouterr().out.strip()
        connector = aiohttp.UnixConnector(path=str(b / "f.sock"))
        async with aiohttp.ClientSession(connector=connector) as session:
            answer = await session.post(
                "http://localhost/v1/chat/completions",
                json={**ASK, "model": f"box/{MODEL}", "stream": True},
                headers={"Authorization": f"Bearer {token}"},
            )
            async with asyncio.timeout(LIMIT_S):
                assert b'"A"' in await answer.content.readany()
                lender.kill()
                rest = (await answer.content.read()).decode()
        error = json.loads(rest.strip().removeprefix("data: "))["error"]
        assert error["code"] == "peer_lost"
        async with asyncio.timeout(LIMIT_S):
            state = ""
            while state != "away":
                await run(b, "peers", "list", "--json")
                (peer,) = json.loads(capsys.readouterr().out)["peers"]
                state = peer["state"]
        assert peer["offers"] == [{"model": MODEL, "calls": 2}], "as last known"
        assert "Connection refused" in peer["why"]


async def test_what_was_paired_is_known_after_both_are_started_anew(
    short_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = short_folder / "a", short_folder / "b"
    async with fabric_peer_process.running(b), fabric_peer_process.running(a, "127.0.0.1:0"):
        assert await run(a, "peers", "pair") == 0
        invitation = capsys.readouterr().out.strip()
        assert await run(b, "peers", "pair", invitation, "--name=box") == 0
        assert await run(b, "peers", "list", "--json") == 0
        before = json.loads(capsys.readouterr().out.splitlines()[-1])
    (peer,) = before["peers"]
    assert (peer["state"], peer["offers"]) == ("here", [])
    async with fabric_peer_process.running(b):
        assert await run(b, "peers", "list", "--json") == 0
        after = json.loads(capsys.readouterr().out)
        assert after["fingerprint"] == before["fingerprint"]
        assert after["peers"][0]["fingerprint"] == peer["fingerprint"]
        assert after["peers"][0]["state"] == "away"
        assert await run(b, "peers", "revoke", "box") == 0
        assert await run(b, "peers", "revoke", "box") == 1
        assert "there is no peer 'box'" in capsys.readouterr().err
