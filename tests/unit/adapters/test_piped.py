"""A live snapshot through a pipe, against a scripted QEMU: whole, in order, nothing left over."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

pytest.importorskip("libvirt")
import libvirt

from clawdesk.adapters.libvirt import checksums, piped
from clawdesk.adapters.libvirt.connection import Connection
from clawdesk.adapters.libvirt.domains import Domains
from clawdesk.adapters.libvirt.monitor import Progress
from clawdesk.adapters.libvirt.piped import PipedSnapshots, Written
from clawdesk.adapters.libvirt.save_image import pack_header, read_header
from clawdesk.adapters.libvirt.standstill import Standstill
from clawdesk.ports.errors import MachineError

XML = "<domain><name>cd-1</name></domain>"
HEADER = pack_header(XML, b"")


class Qemu:
    """A machine and its monitor; a migration is written by a thread, as QEMU's is.

    Args:
        stream: what the migration writes.
        refuses: commands QEMU refuses.
        ends: how a migration ends that could be written.
        dies: libvirt's daemon does, over the first look at the migration, which ends meanwhile.
    """

    def __init__(
        self,
        stream: bytes = b"",
        *,
        refuses: tuple[str, ...] = (),
        ends: str = "completed",
        dies: bool = False,
    ) -> None:
        self.story: list[str] = []
        self.running = True
        self.merging: list[object] = []
        self.standstill = Standstill()
        self.libvirt = self
        self.given = -1
        self._stream = stream
        self._refuses = refuses
        self._ends = ends
        self._dies = dies
        self._status = "none"
        self._news = threading.Event()
        self._writing = threading.Thread(target=self._write)

    # As libvirt's connection and domain, and our `Domains`

    def lookupByName(self, _name: str) -> Qemu:
        return self

    def XMLDesc(self, _flags: int) -> str:
        return XML

    def is_running(self, _machine: str) -> bool:
        return self.running

    def migrateSetMaxSpeed(self, _mib_s: int, _flags: int) -> None: ...

    def snapshotCreateXML(self, _xml: str, _flags: int) -> None:
        self._said("disk")

    def resume(self, _machine: str) -> None:
        if self.running:
            return
        self._said("resume")
        self.running = True
        self.standstill.hear("cd-1", libvirt.VIR_DOMAIN_EVENT_RESUMED)

    # As its monitor

    def do(self, command: str, **_arguments: object) -> Any:
        if command == "query-block-jobs":
            return self.merging
        self._said(command)
        if command == "migrate":
            self._status = "active"
            self._writing.start()
        elif command == "closefd":
            os.close(self.given)
        return {}

    def give(self, _name: str, descriptor: int) -> None:
        self._said("getfd")
        self.given = os.dup(descriptor)

    @contextmanager
    def told(self) -> Iterator[None]:
        yield

    def wait_for_news(self, within_s: float) -> None:
        self._news.wait(within_s)

    def progress(self) -> Progress:
        if self._dies and self._status != "none":
            self._dies = False
            self._writing.join()
            raise MachineError("libvirt does not answer", code="monitor")
        why = "it broke" if self._status == "failed" else ""
        return Progress(self._status, 7, why, looks=3)

    def _write(self) -> None:
        ends = self._ends
        try:
            with os.fdopen(self.given, "wb", buffering=0) as pipe:
                view = memoryview(self._stream)
                while view:
                    view = view[pipe.write(view) or 0 :]
        except BrokenPipeError:
            ends = "failed"
        if ends == "completed":
            self.running = False
            self.standstill.hear("cd-1", libvirt.VIR_DOMAIN_EVENT_SUSPENDED)
        self._status = ends
        self._news.set()

    def _said(self, word: str) -> None:
        self.story.append(word)
        if word in self._refuses or (word == "closefd" and self._writing.ident is not None):
            raise MachineError(f"QEMU refuses {word}", code="refused")


Freeze = Callable[[Qemu], Written]


@pytest.fixture(params=[True, False], ids=["past the cache", "through it"])
def freeze(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Freeze]:
    threads = threading.active_count()

    def call(qemu: Qemu) -> Written:
        monkeypatch.setattr(piped, "Monitor", lambda _virt, _machine: qemu)
        snapshots = PipedSnapshots(cast(Connection, qemu), cast(Domains, qemu))
        past_cache = bool(request.param)
        return snapshots.freeze(
            "cd-1", tmp_path / "memory", tmp_path / "overlay", past_cache=past_cache
        )

    yield call
    assert threading.active_count() == threads


@pytest.mark.parametrize("size", [0, 91, 5000, (2 << 20) - len(HEADER), 7 * (1 << 20) + 1])
def test_the_file_is_a_save_image_and_its_sum_is_known(
    freeze: Freeze, tmp_path: Path, size: int
) -> None:
    stream = os.urandom(size)
    qemu = Qemu(stream)
    written = freeze(qemu)
    memory = tmp_path / "memory"
    assert memory.read_bytes() == HEADER + stream
    assert written.digest == checksums.of(memory)
    header = read_header(memory)
    assert (header.xml, header.stream_offset) == (XML, len(HEADER))
    assert written.looks == 3
    assert list(tmp_path.iterdir()) == [memory]


def test_the_guest_runs_on_only_once_its_disk_has_moved(freeze: Freeze) -> None:
    qemu = Qemu(b"stream")
    written = freeze(qemu)
    assert qemu.story == ["getfd", "migrate", "disk", "resume"]
    assert 0 < written.pause.pause_ms <= written.pause.call_ms


def test_a_guest_that_stood_still_before_stands_still_behind_it(freeze: Freeze) -> None:
    qemu = Qemu(b"stream")
    qemu.running = False
    assert freeze(qemu).pause.pause_ms == 0
    assert qemu.story == ["getfd", "migrate", "disk"]


def test_a_daemon_that_dies_while_the_memory_is_written_leaves_no_guest_standing(
    freeze: Freeze, tmp_path: Path
) -> None:
    qemu = Qemu(b"stream", dies=True)
    with pytest.raises(MachineError, match="does not answer"):
        freeze(qemu)
    assert qemu.running
    assert qemu.story == ["getfd", "migrate", "resume"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("step", ["getfd", "migrate", "disk"])
def test_whatever_is_refused_leaves_no_file_and_a_guest_that_runs(
    freeze: Freeze, tmp_path: Path, step: str
) -> None:
    qemu = Qemu(b"stream", refuses=(step,))
    with pytest.raises(MachineError, match=f"refuses {step}"):
        freeze(qemu)
    assert qemu.running
    assert list(tmp_path.iterdir()) == []


def test_a_migration_that_fails_says_why(freeze: Freeze, tmp_path: Path) -> None:
    qemu = Qemu(b"stream", ends="failed")
    with pytest.raises(MachineError, match="it broke") as caught:
        freeze(qemu)
    assert caught.value.code == "failed"
    assert "disk" not in qemu.story
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_ends_the_migration_and_is_what_is_told(
    freeze: Freeze, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "pwrite", full)
    qemu = Qemu(bytes(32 << 20))
    with pytest.raises(OSError, match="full"):
        freeze(qemu)
    assert qemu.running
    assert "disk" not in qemu.story
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_being_merged_is_not_taken_from_below_it(freeze: Freeze) -> None:
    qemu = Qemu()
    qemu.merging = [{"device": "vdb"}]
    with pytest.raises(MachineError) as caught:
        freeze(qemu)
    assert caught.value.code == "merging"
    assert qemu.story == []
