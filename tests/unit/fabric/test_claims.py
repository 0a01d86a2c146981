"""Two Fabrics on one machine: neither promises memory that the other one promised."""

from __future__ import annotations

import asyncio
import errno
import multiprocessing
import os
import shutil
import stat
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from clawdesk_fabric import claims, sharing
from clawdesk_fabric.claims import Claims
from clawdesk_fabric.model import HOST
from clawdesk_fabric.server import Options, Server
from tests.support.fabric_core import GIB, call, does, gpu_state, host_state, told, up
from tests.support.fabric_engine import FakeEngine
from tests.support.fabric_world import MODEL, World, catalog, serving, spec

ROOM = {"GPU-0": 24}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "claims"


def test_what_one_promised_leaves_the_rest_for_the_other(folder: Path) -> None:
    first, second = Claims(folder), Claims(folder)
    assert first.claim({"GPU-0": 16}, ROOM) == ({}, {})
    assert second.claim({"GPU-0": 16}, ROOM) == ({"GPU-0": 8}, {"GPU-0": 16})
    assert second.claim({"GPU-0": 8}, ROOM) == ({}, {"GPU-0": 16})
    assert first.tell({}) == {"GPU-0": 8}
    assert second.claim({"GPU-0": 24}, ROOM) == ({}, {})
    first.close()
    second.close()
    assert [path.name for path in folder.iterdir()] == ["lock"]


def _promise_and_die(folder: Path) -> None:
    Claims(folder).tell({"GPU-0": 20})
    os._exit(0)


def test_a_dead_one_promises_nothing(folder: Path) -> None:
    child = multiprocessing.get_context("fork").Process(target=_promise_and_die, args=(folder,))
    child.start()
    child.join()
    assert len(list(folder.glob("*.json"))) == 1
    made = Claims(folder)
    assert made.claim({"GPU-0": 24}, ROOM) == ({}, {})
    assert len(list(folder.glob("*.json"))) == 1, "what the dead one left is removed"
    made.close()


@pytest.mark.parametrize("text", [b"", b"[1]", b"{", b'{"GPU-0": -5, "x": true, "y": "z"}'])
def test_what_somebody_else_writes_there_is_no_promise(folder: Path, text: bytes) -> None:
    stranger, made = Claims(folder), Claims(folder)
    os.pwrite(stranger._file, text, 0)
    assert made.tell({}) == {}
    os.mkfifo(folder / "a.json")
    (folder / "b.json").symlink_to("/etc/hostname")
    assert made.tell({}) == {}
    stranger.close()
    made.close()


def test_the_folder_is_open_to_all_and_each_file_to_its_owner_only(folder: Path) -> None:
    made = Claims(folder)
    made.tell({"GPU-0": 1})
    assert stat.S_IMODE(folder.stat().st_mode) == 0o1777
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o644}
    made.close()


def test_a_start_is_claimed_although_another_device_is_short(folder: Path) -> None:
    first, second = Claims(folder), Claims(folder)
    first.tell({"GPU-0": 16})
    room = {"GPU-0": 20, "GPU-1": 24}  # other programs took some of the first meanwhile
    assert second.claim({"GPU-0": 8, "GPU-1": 16}, room, ["GPU-1"])[0] == {}
    assert first.claim({"GPU-0": 16, "GPU-1": 16}, room, ["GPU-1"])[0] == {"GPU-1": 8}
    first.close()
    second.close()


def test_a_folder_that_was_cleared_is_made_anew(folder: Path) -> None:
    first, second = Claims(folder), Claims(folder)
    shutil.rmtree(folder)
    assert first.tell({"GPU-0": 16}) == {}
    assert second.claim({"GPU-0": 16}, ROOM) == ({"GPU-0": 8}, {"GPU-0": 16})
    first.close()
    second.close()


@pytest.mark.expect_log("No space left")
def test_a_full_disk_costs_what_others_would_hear_and_is_said_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    made = Claims(folder)
    monkeypatch.setattr(os, "pwrite", full)
    assert (made.tell({"GPU-0": 1}), made.claim({"GPU-0": 1}, ROOM)) == ({}, ({}, {}))
    assert caplog.text.count("No space left") == 1
    made.close()


async def test_a_fabric_goes_on_when_the_folder_of_all_is_cleared(
    engine: FakeEngine, short_folder: Path
) -> None:
    path, folder = short_folder / "f.sock", short_folder / "claims"
    async with serving(Server(catalog(), engine, Options(path, claims=folder)), path) as world:
        shutil.rmtree(folder)
        assert (await world.chat())[0] == 200
        assert [file.suffix for file in folder.iterdir() if file.name != "lock"] == [".json"]


@pytest.mark.expect_log("other Fabrics are not heard of")
def test_without_a_folder_a_fabric_goes_on_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not Claims(tmp_path / "file").is_on


@pytest.mark.expect_log("does not let go")
def test_a_lock_that_is_never_given_is_done_without(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "LOCK_S_MAX", 0.01)
    made, other = Claims(folder), Claims(folder)
    with other._locked(folder):
        assert made.tell({}) == {}
    made.close()
    other.close()


def test_only_what_cannot_be_seen_in_use_is_told_of_a_gpu() -> None:
    state = gpu_state(1, a=16)
    does(state, call(1, "a"))
    assert sharing.promised(state) == {HOST: 0, "GPU-0": 16 * GIB}
    state.replicas["a"].measured = {"GPU-0": 10 * GIB}
    assert sharing.promised(state)["GPU-0"] == 6 * GIB
    assert sharing.rooms(state, 9)["GPU-0"] == 14 * GIB


def test_others_first_take_host_memory_that_this_one_may_not_use() -> None:
    state = host_state("a", memory_mib=4 * GIB)
    assert sharing.elsewhere(state, {HOST: 4 * GIB}, 8 * GIB) == ()
    assert sharing.elsewhere(state, {HOST: 5 * GIB, "GPU-9": 1}, 8 * GIB) == ((HOST, GIB),)


def test_a_call_waits_with_the_others_promise_as_its_reason() -> None:
    from clawdesk_fabric import events

    state = gpu_state(1, a=16)
    does(state, events.OthersPromised(1, (("GPU-0", 10 * GIB),)), call(2, "a"))
    wait = told(state, 2)
    assert wait.code == "others"
    assert f"other Fabrics of this machine promised {10 * GIB} MiB" in wait.text
    does(state, events.OthersPromised(3, ()))
    up(state, "a", 10)
    assert 2 in state.replicas["a"].in_flight


# -- two processes' worth ------------------------------------------------------------------------


@pytest.fixture
async def two(
    short_folder: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[list[World]]:
    """Two Fabrics that may each use all of a machine of 1,500 MiB."""
    monkeypatch.setattr("psutil.virtual_memory", lambda: _Memory)
    async with AsyncExitStack() as stack:
        worlds = []
        for name in ("one", "two"):
            engine = FakeEngine(short_folder / name)
            (short_folder / name).mkdir()
            path = short_folder / f"{name}.sock"
            known = catalog(spec(memory_mib=1000), memory_mib=1500)
            server = Server(known, engine, Options(path, claims=folder))
            worlds.append(await stack.enter_async_context(serving(server, path)))
        yield worlds


class _Memory:
    total = 1500 * 2**20


@pytest.mark.expect_log("promised this host's memory first")
async def test_of_two_that_start_at_once_one_waits_until_the_other_gives_its_memory_back(
    two: list[World],
) -> None:
    one, other = two
    await one.control(f"models/{MODEL}/load", {})
    asked = asyncio.create_task(other.chat())
    state = other.fabric.state
    await other.until(lambda: bool(state.calls) and told(state, *state.calls).code == "others")
    assert "other Fabrics of this machine promised 1000 MiB" in told(state, *state.calls).text
    await one.control(f"models/{MODEL}/unload", {})
    status, _ = await asked
    assert status == 200
