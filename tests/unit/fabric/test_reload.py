"""A changed list of models, taken in by a running Fabric: nothing that is loaded is lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clawdesk_fabric import events
from clawdesk_fabric.catalog import Catalog, Settings, load
from clawdesk_fabric.effects import EndLease, Forward, Refuse, StartReplica, StopReplica
from clawdesk_fabric.errors import CatalogError
from clawdesk_fabric.leases import Reservation
from clawdesk_fabric.model import FabricState, Figures, GpuReading, Limits, Phase
from clawdesk_fabric.peaks import Peaks
from clawdesk_fabric.reloading import Changes
from clawdesk_fabric.server import Options, Server
from clawdesk_fabric.transitions import new_replica, new_state
from tests.support.fabric_core import GIB, call, does, down, gpu, host_state, lease, of, up
from tests.support.fabric_engine import FakeEngine
from tests.support.fabric_world import MODEL, World, catalog, serving, spec
from tests.unit.fabric.test_command import run


def figures(model: str, slots: int = 2, memory_mib: int = GIB) -> Figures:
    return Figures(model, slots, memory_mib, 60_000)


# -- the core ------------------------------------------------------------------------------------


def test_a_new_model_can_be_asked_for_at_once() -> None:
    state = host_state("a")
    does(state, events.CatalogRead(1, (figures("b"),)))
    assert [start.model for start in of(StartReplica, does(state, call(2, "b")))] == ["b"]


def test_a_changed_model_that_is_loaded_goes_on_and_has_its_new_figures_from_its_next_start() -> (
    None
):
    state = host_state("a")
    does(state, call(1, "a"))
    up(state, "a", 10)
    assert does(state, events.CatalogRead(20, (figures("a", slots=4),))) == []
    replica = state.replicas["a"]
    assert (replica.phase, replica.slots, len(replica.in_flight)) == (Phase.READY, 2, 1)
    does(state, events.CallEnded(30, 1), events.UnloadAsked(40, "a"))
    down(state, "a", 50)
    assert (replica.slots, replica.coming) == (4, None)


def test_a_removed_model_serves_what_it_works_on_and_is_forgotten() -> None:
    state = host_state("a", slots=1)
    window = Reservation("r", "a", "", 1_000_000, 2_000_000)
    does(state, call(1, "a"), events.PinSet(2, "a", True), events.ReservationMade(3, window))
    up(state, "a", 10)
    does(state, call(2, "a"), lease("l", "a", 11))
    done = does(state, events.CatalogRead(20, removed=("a",)))
    assert [(refuse.call, refuse.code) for refuse in of(Refuse, done)] == [(2, "model_not_found")]
    assert [end.lease for end in of(EndLease, done)] == ["l"]
    assert of(StopReplica, done) == []
    assert not state.reservations
    assert [end.lease for end in of(EndLease, does(state, lease("m", "a", 25)))] == ["m"]
    assert of(StopReplica, does(state, events.CallEnded(30, 1)))
    down(state, "a", 40)
    assert not state.replicas


def test_one_that_breaks_after_it_was_removed_is_forgotten_with_its_calls() -> None:
    state = host_state("a")
    does(state, call(1, "a"))
    up(state, "a", 10)
    does(state, events.CatalogRead(20, removed=("a",)))
    does(state, events.ReplicaFailed(30, "a", 1, "it crashed"))
    assert not state.replicas
    does(state, events.CallEnded(40, 1))
    assert not state.calls


def test_one_that_is_added_again_before_it_is_gone_stays_known() -> None:
    state = host_state("a")
    does(state, call(1, "a"))
    up(state, "a", 10)
    does(state, events.CatalogRead(20, removed=("a",)), events.CatalogRead(21, (figures("a"),)))
    does(state, events.CallEnded(30, 1))
    down(state, "a", 40)
    assert state.replicas["a"].phase is Phase.ABSENT
    assert of(StartReplica, does(state, call(2, "a", 50)))


def elsewhere(slots: int) -> Figures:
    return Figures("a", slots, 0, 60_000, remote=True)


def remote_state(slots: int) -> FabricState:
    made = new_replica("a", slots=slots, memory_mib=0, idle_stop_ms=60_000, remote=True)
    return new_state(Limits(), [made], host_mib=GIB)


def test_a_call_that_wants_many_answers_outlives_that_its_model_gets_more_slots() -> None:
    state = remote_state(2)
    does(state, call(1, "a", width=5))
    up(state, "a", 10)
    does(state, events.CatalogRead(20, (elsewhere(8),)))
    assert (state.replicas["a"].slots, state.replicas["a"].busy) == (8, 5)
    does(state, events.CallEnded(30, 1))
    assert state.replicas["a"].busy == 0


def test_a_model_elsewhere_gets_fewer_slots_once_no_more_are_in_flight() -> None:
    state = remote_state(4)
    does(state, *(call(number, "a") for number in range(1, 7)))
    up(state, "a", 10)
    does(state, events.CatalogRead(20, (elsewhere(1),)))
    ends = [events.CallEnded(30 + number, number) for number in (1, 2, 3)]
    assert of(Forward, does(state, *ends)) == [], "nobody takes a slot that is to go"
    does(state, events.TimePassed(40))
    assert (state.replicas["a"].slots, state.replicas["a"].coming) == (1, None)
    assert len(of(Forward, does(state, events.CallEnded(50, 4)))) == 1


def test_leases_that_fewer_slots_do_not_carry_are_kept_until_they_end() -> None:
    state = remote_state(2)
    does(state, *(lease(f"l{number}", "a", number) for number in range(9)))
    up(state, "a", 10)
    does(state, events.CatalogRead(20, (elsewhere(1),)))
    assert state.replicas["a"].slots == 2
    does(state, *(events.LeaseReleased(30, f"l{number}") for number in range(4)))
    assert state.leases["l8"].granted_ms is None, "no more are granted than will be carried"
    does(state, events.TimePassed(40))
    assert state.replicas["a"].slots == 1


def test_settings_that_are_read_anew_count_at_once() -> None:
    state = host_state("a", "b", memory_mib=GIB, waiting_max=8)
    does(state, call(1, "a"))
    up(state, "a", 10)
    assert of(StartReplica, does(state, call(11, "b"))) == [], "there is room for one only"
    more = does(state, events.SettingsRead(12, 8, 2 * GIB))
    assert [start.model for start in of(StartReplica, more)] == ["b"]
    up(state, "b", 20)
    less = does(state, events.SettingsRead(21, 1, GIB // 2))
    assert less == [], "what is loaded stays"
    assert of(Forward, does(state, call(30, "a"))), "and serves"
    does(state, call(31, "a"))
    refused = of(Refuse, does(state, call(40, "a")))
    assert [(refuse.call, refuse.code) for refuse in refused] == [(40, "queue_full")]


# -- the process ---------------------------------------------------------------------------------


class Files:
    """What stands in the files, as a test writes it."""

    def __init__(self) -> None:
        self.catalog = catalog(spec(slots=2))
        self.broken = ""

    def read(self) -> Catalog:
        if self.broken:
            raise CatalogError(self.broken)
        return self.catalog


class Gpus:
    """Implements `GpuSource`: one GPU, read when a test says so."""

    async def open(self, heard: Callable[[tuple[GpuReading, ...], str], None]) -> None:
        self.heard = heard
        heard((gpu(0),), "")

    async def close(self) -> None:
        pass


@pytest.fixture
def files() -> Files:
    return Files()


@pytest.fixture
async def listed(engine: FakeEngine, short_folder: Path, files: Files) -> AsyncIterator[World]:
    options = Options(short_folder / "f.sock", reread=files.read)
    server = Server(files.read(), engine, options)
    async with serving(server, short_folder / "f.sock") as made:
        yield made


async def test_the_command_says_what_changed_and_a_loaded_model_answers_on(
    listed: World, engine: FakeEngine, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (await listed.chat())[0] == 200
    before = engine.latest[MODEL]
    files.catalog = Catalog(
        {MODEL: spec(slots=3), "new": spec(name="new")}, Settings(memory_mib=2999)
    )
    assert await run(listed, "reload") == 0
    said = capsys.readouterr().out
    assert "added: new" in said
    assert f"changed (one that is loaded: from its next load on): {MODEL}" in said
    assert "[fabric] settings in use now: memory_mib" in said
    assert (await listed.chat())[0] == 200
    assert engine.latest[MODEL] is before
    assert (await listed.chat(model="new"))[0] == 200
    first = (await listed.control("status"))["models"][0]
    assert (first["slots"], first["changed"]) == (2, True)
    await listed.control(f"models/{MODEL}/unload", {})
    assert (await listed.control("status"))["models"][0]["slots"] == 3
    assert await run(listed, "reload", "--json") == 0
    assert json.loads(capsys.readouterr().out)["changed"] == []


@pytest.mark.expect_log("there is no model")
async def test_a_removed_model_is_refused_while_its_last_call_is_answered(
    listed: World, engine: FakeEngine, files: Files
) -> None:
    other = spec(name="other")
    files.catalog = catalog(spec(slots=2), other)
    await listed.control("reload", {})
    await listed.control(f"models/{MODEL}/load", {})
    engine.latest[MODEL].gate.clear()
    async with listed.post(
        "/v1/chat/completions", {"model": MODEL, "messages": [{"role": "user"}], "stream": True}
    ) as answer:
        files.catalog = catalog(other)
        assert (await listed.control("reload", {}))["removed"] == [MODEL]
        assert (await listed.chat())[0] == 404
        shown = (await listed.control("status"))["models"][0]
        assert (shown["name"], shown["removed"], shown["phase"]) == (MODEL, True, "ready")
        window = {"from": 0, "until": datetime.now(UTC).timestamp() + 600}
        late = await listed.control("reservations", {"model": MODEL, **window})
        assert late["error"]["code"] == "model_not_found", "nobody would ever load it"
        engine.latest[MODEL].gate.set()
        assert b"[DONE]" in await answer.read()
    await listed.until(lambda: MODEL not in listed.fabric.state.replicas)
    assert "reservation" in await listed.control("reservations", {"model": "other", **window})


@pytest.mark.expect_log("models.toml is not TOML")
async def test_files_that_cannot_be_read_change_nothing(
    listed: World, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    files.broken = "models.toml is not TOML: line 3"
    assert await run(listed, "reload") == 1
    assert "models.toml is not TOML: line 3" in capsys.readouterr().err
    assert (await listed.chat())[0] == 200


@pytest.mark.expect_log("was removed from the list of models")
async def test_more_memory_starts_no_model_that_the_same_reload_removes(
    engine: FakeEngine, short_folder: Path, files: Files
) -> None:
    one, other = spec(name="one"), spec(name="other")
    need_mib, path = one.memory_mib, short_folder / "f.sock"
    files.catalog = catalog(one, other, memory_mib=need_mib)
    async with serving(Server(files.read(), engine, Options(path, reread=files.read)), path) as its:
        await its.control("models/one/pin", {"pinned": True})
        asked = asyncio.create_task(its.chat(model="other"))
        await its.until(lambda: bool(its.fabric.state.replicas["other"].waiting))
        files.catalog = catalog(one, memory_mib=2 * need_mib)
        assert (await its.control("reload", {}))["removed"] == ["other"]
        assert (await asked)[0] == 404
        assert (await its.chat(model="one"))[0] == 200


async def test_settings_count_from_a_reload_on_but_for_those_of_the_server(
    listed: World, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(memory_mib=9_999, waiting_max=7, tokens_max=1, body_bytes_max=10)
    for _ in range(2):
        files.catalog = Catalog(files.catalog.models, settings)
        assert await run(listed, "reload") == 0
        told = capsys.readouterr().out
        assert "settings that count from its next start (stop, serve): body_bytes_max" in told
    assert "in use now" not in told, "they were in use before the second reload"
    status = await listed.control("status")
    assert (status["memory_mib"]["limit"], status["waiting_max"]) == (9_999, 7)
    assert (await listed.control("tokens", {}))["error"]["code"] == "too_many"
    assert (await listed.chat())[0] == 200, "a body of more than 10 bytes"


async def test_the_desktops_share_of_a_gpu_is_another_one_after_a_reload(
    engine: FakeEngine, short_folder: Path, files: Files
) -> None:
    gpus, path = Gpus(), short_folder / "f.sock"
    options = Options(path, gpus=gpus, reread=files.read)
    async with serving(Server(files.read(), engine, options), path) as world:
        devices = world.fabric.state.devices
        assert devices["GPU-0"].kept_mib == Settings().gpu_reserve_mib
        files.catalog = Catalog(files.catalog.models, Settings(gpu_reserve_mib=2048))
        await world.control("reload", {})
        gpus.heard((gpu(0),), "")
        assert devices["GPU-0"].kept_mib == 2048


async def test_what_a_model_was_measured_to_need_counts_after_a_reload_too(
    listed: World, files: Files, tmp_path: Path
) -> None:
    changed = replace(spec(gpu_memory_mib=1000), slots=7)
    peaks = Peaks(tmp_path / "peaks.json")
    peaks.learn(changed, 777)
    listed.fabric._peaks = peaks
    files.catalog = catalog(changed)
    await listed.control("reload", {})
    expected = peaks.known(changed)
    assert expected
    assert listed.fabric.state.replicas[MODEL].memory_mib == expected


def test_adding_and_removing_a_model_tell_the_fabric_that_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from clawdesk_fabric import model_commands, paths
    from clawdesk_fabric.__main__ import main
    from tests.support.weights_files import gguf

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(paths, "socket_path", lambda: tmp_path / "socket")  # of any length
    asked: list[str] = []

    def request(path: Path, method: str, target: str, body: object) -> dict[str, object]:
        asked.append(f"{method} {target}")
        return {**Changes().as_json(), "added": ["m"]}

    monkeypatch.setattr(model_commands, "request", request)
    (tmp_path / "m.gguf").write_bytes(gguf())
    assert main(["add", str(tmp_path / "m.gguf")]) == 0
    assert "the Fabric that runs: added: m" in capsys.readouterr().out
    assert "m" in load().models
    assert main(["remove", "m"]) == 0
    assert asked == ["POST /fabric/v1/reload"] * 2
