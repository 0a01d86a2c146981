"""Parts of the machines adapter that need no libvirt: accelerator, roster, watcher, absence."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import Future
from pathlib import Path

import pytest

from clawdesk.adapters.libvirt.accelerator import decide, expected
from clawdesk.adapters.libvirt.image import list_images
from clawdesk.adapters.libvirt.machines import LibvirtMachines
from clawdesk.adapters.libvirt.opening import AbsentMachines, open_machines
from clawdesk.adapters.libvirt.records import MachineRecord
from clawdesk.adapters.libvirt.roster import Roster
from clawdesk.adapters.libvirt.watcher import ProcessWatcher
from clawdesk.adapters.libvirt.workplace import Settings
from clawdesk.ports.errors import MachineError

RECORD = MachineRecord("cd-1", "task", "T", 1, "/o", (), "/w", "tcg", "d")


class Probe:
    """Counts boots; fails while `broken`."""

    def __init__(self, *, broken: bool) -> None:
        self.broken = broken
        self.boots = 0

    def __call__(self) -> None:
        self.boots += 1
        if self.broken:
            raise MachineError("no guest came up")


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("CLAWDESK_ACCEL", raising=False)
    path = tmp_path / "kvm"
    path.touch()
    return path


@pytest.mark.parametrize(
    ("kept", "wanted"),
    [(None, "kvm"), ("tcg", "tcg"), ("kvm", "kvm"), ("nonsense", "kvm")],
)
def test_what_is_expected_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: str | None, wanted: str
) -> None:
    monkeypatch.delenv("CLAWDESK_ACCEL", raising=False)
    cache, device = tmp_path / "kept", tmp_path / "kvm"
    if kept is not None:
        cache.write_text(json.dumps({"name": kept}) if kept != "nonsense" else "{")
    assert expected(cache, device=device) == "tcg", "no device"
    device.touch()
    assert expected(cache, device=device) == wanted
    monkeypatch.setenv("CLAWDESK_ACCEL", "tcg")
    assert expected(cache, device=device) == "tcg"


def test_kvm_is_used_only_after_a_guest_came_up_and_the_answer_is_kept(
    tmp_path: Path, device: Path
) -> None:
    probe, cache = Probe(broken=False), tmp_path / "cache.json"
    assert decide(cache, "7.2", probe, device=device).name == "kvm"
    assert decide(cache, "7.2", probe, device=device).name == "kvm"
    assert probe.boots == 1


def test_broken_kvm_means_emulation_with_a_reason(tmp_path: Path, device: Path) -> None:
    probe, cache = Probe(broken=True), tmp_path / "cache.json"
    found = decide(cache, "7.2", probe, device=device)
    assert found.name == "tcg"
    assert "no guest came up" in found.note
    assert decide(cache, "7.2", probe, device=device) == found
    assert probe.boots == 1


def test_another_qemu_or_other_rights_on_the_device_are_probed_again(
    tmp_path: Path, device: Path
) -> None:
    probe, cache = Probe(broken=False), tmp_path / "cache.json"
    decide(cache, "7.2", probe, device=device)
    decide(cache, "8.0", probe, device=device)
    device.chmod(0o600)
    decide(cache, "8.0", probe, device=device)
    assert probe.boots == 3


def test_a_cut_answer_is_probed_again(tmp_path: Path, device: Path) -> None:
    probe, cache = Probe(broken=False), tmp_path / "cache.json"
    for content in ("", "{", "[]", '{"host": 1}'):
        cache.write_text(content)
        assert decide(cache, "7.2", probe, device=device).name == "kvm"
    assert probe.boots == 4


def test_no_device_and_the_variable_need_no_probe(
    tmp_path: Path, device: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe, cache = Probe(broken=False), tmp_path / "cache.json"
    assert decide(cache, "7.2", probe, device=tmp_path / "absent").name == "tcg"
    monkeypatch.setenv("CLAWDESK_ACCEL", "tcg")
    assert "CLAWDESK_ACCEL" in decide(cache, "7.2", probe, device=device).note
    assert probe.boots == 0


def test_a_machine_is_lost_once_and_not_while_it_is_ending() -> None:
    roster = Roster()
    assert roster.lose("cd-1") is None  # not ours
    roster.put(RECORD)
    assert roster.lose("cd-1") == RECORD
    assert roster.lose("cd-1") is None
    with pytest.raises(MachineError) as caught:
        roster.get("cd-1")
    assert caught.value.code == "gone"
    roster.forget("cd-1")
    roster.put(RECORD)
    roster.ending("cd-1")
    assert roster.lose("cd-1") is None


def test_operations_on_one_machine_take_turns() -> None:
    roster = Roster()
    order: list[str] = []
    inside = threading.Event()
    go_on = threading.Event()

    def first() -> None:
        with roster.alone("cd-1"):
            inside.set()
            go_on.wait(10)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    inside.wait(10)
    go_on.set()
    with roster.alone("cd-1"):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]


def test_the_end_of_a_process_is_told_at_once_with_its_cause() -> None:
    watcher = ProcessWatcher()
    heard: dict[str, str] = {}
    both = threading.Semaphore(0)

    def ended(name: str, why: str) -> None:
        heard[name] = why
        both.release()

    wait = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    killed = subprocess.Popen(wait, stdin=subprocess.PIPE)
    calm = subprocess.Popen(wait, stdin=subprocess.PIPE)
    watcher.expect("killed", lambda: killed.pid, ended)
    watcher.expect("calm", lambda: calm.pid, ended)
    assert watcher.settle("killed")
    assert watcher.settle("calm")
    os.kill(killed.pid, signal.SIGKILL)
    assert calm.stdin is not None
    calm.stdin.close()
    for _ in range(2):
        assert both.acquire(timeout=10)
    watcher.close()
    assert heard["killed"] == "QEMU was killed by signal 9"
    assert heard["calm"].startswith("the guest ended by itself")
    for process in (killed, calm):
        process.wait()  # reaped by the watcher already
        if process.stdin is not None:
            process.stdin.close()


def test_a_process_that_is_gone_or_never_came_is_not_watched() -> None:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    watcher = ProcessWatcher()
    watcher.expect("gone", lambda: done.pid, lambda _name, _why: None)
    watcher.expect("never", lambda: None, lambda _name, _why: None)
    assert not watcher.settle("gone")
    assert not watcher.settle("never")
    assert not watcher.settle("unknown")
    watcher.close()


def test_a_process_is_reaped_although_nobody_settles_it() -> None:
    watcher = ProcessWatcher()
    pids: list[int] = []
    heard = threading.Event()
    watcher.expect("late", lambda: pids[0] if pids else None, lambda _name, _why: heard.set())
    process = subprocess.Popen([sys.executable, "-c", ""])
    pids.append(process.pid)
    assert heard.wait(10)
    watcher.close()
    process.wait()


async def test_without_libvirt_everything_says_why() -> None:
    machines = AbsentMachines(MachineError("libvirt is missing", mend="install it"))
    support = await machines.support()
    assert not support.ready
    assert (support.problem, support.mend) == ("libvirt is missing", "install it")
    with pytest.raises(MachineError, match="libvirt is missing"):
        await machines.suspend("cd-1")
    assert await machines.owned() == []
    await machines.destroy("cd-1")
    await machines.close()


async def test_without_a_place_for_machine_files_everything_else_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full or read-only disk must not hide what tasks have done."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CLAWDESK_DATA_DIR", os.fspath(tmp_path / "file" / "home"))
    support = await (await open_machines(runtime=tmp_path)).support()
    assert not support.ready
    assert f"{tmp_path}/file/home" in support.problem
    assert "CLAWDESK_DATA_DIR" in support.mend
    assert list_images() == []


async def test_a_cancellation_as_a_call_ends_is_not_taken_for_nothing(tmp_path: Path) -> None:
    """Whoever is cancelled at the very moment must end: a loop around the call never did."""
    settings = Settings(tmp_path, tmp_path, tmp_path, lambda _: None, lambda _: tmp_path)
    machines = LibvirtMachines(settings)
    try:
        for ticks in range(12):
            pending: Future[int] = Future()
            task = asyncio.create_task(machines._outcome("it", 30.0, pending))
            await asyncio.sleep(0)
            pending.set_result(1)
            for _ in range(ticks):
                await asyncio.sleep(0)
            was_done = task.done()
            task.cancel()
            await asyncio.wait([task], timeout=30)
            assert task.cancelled() != was_done, ticks
    finally:
        await machines.close()
