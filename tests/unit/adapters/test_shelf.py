"""Files live as long as a record needs them: shares, ends, crashes, races, over plain files."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clawdesk.adapters.libvirt import disks, shelf
from clawdesk.adapters.libvirt.records import MachineRecord, SavedRecord, write_saved
from clawdesk.adapters.libvirt.shelf import Shelf, expect_files
from clawdesk.ports.errors import MachineError, SnapshotDamagedError
from tests.support.machine_files import MachineFiles

PARENT, FORK, OTHER = "01PARENT", "01FORK", "01OTHER"


@pytest.fixture
def files(tmp_path: Path) -> MachineFiles:
    return MachineFiles(tmp_path)


def taken(files: MachineFiles, task: str = PARENT, number: int = 1) -> list[SavedRecord]:
    """Snapshots of a machine that has ended since."""
    machine = files.start(task)
    snapshots = []
    for ordinal in range(1, number + 1):
        machine, saved = files.snapshot(machine, ordinal)
        snapshots.append(saved)
    files.end(machine)
    return snapshots


def test_a_share_copies_nothing_and_may_be_repeated(files: MachineFiles) -> None:
    (saved,) = taken(files)
    before = files.there()
    shared = files.shelf.share(saved.id, FORK, 4)
    assert shared.id.startswith(f"{FORK}.4.")
    assert files.shelf.share(saved.id, FORK, 4) == shared == files.shelf.find(shared.id)
    assert files.there() == before
    assert (shared.memory, shared.layers, shared.workspace) == (
        saved.memory,
        saved.layers,
        saved.workspace,
    )


def test_a_note_that_gets_its_name_while_its_task_goes_is_no_obstacle(
    files: MachineFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checksum is made beside everything else, and may end after the folder was looked into."""
    (saved,) = taken(files)
    part = Path(saved.memory).with_name(".memory.sum.0a.part")
    part.touch()
    walk = os.fwalk

    def looked(*args: Any, **words: Any) -> Iterator[tuple[str, list[str], list[str], int]]:
        for found in walk(*args, **words):
            if part.name in found[2]:
                part.replace(part.with_name("memory.sum"))
            yield found

    monkeypatch.setattr(os, "fwalk", looked)
    files.shelf.discard(PARENT)
    assert files.there() == set()


@pytest.mark.parametrize("first", [PARENT, FORK])
def test_files_go_with_the_last_task_that_needs_them(files: MachineFiles, first: str) -> None:
    (saved,) = taken(files)
    shared = files.shelf.share(saved.id, FORK, 1)
    disks.seal(Path(saved.memory))
    files.shelf.discard(first)
    left = shared if first == PARENT else saved
    expect_files(files.shelf.find(left.id))
    assert disks.verify(Path(left.memory), left.sizes[left.memory], here=True)
    files.shelf.discard(left.task)
    assert list((files.home / "tasks").iterdir()) == []


def test_a_fork_of_a_fork_needs_the_files_of_the_first_task(files: MachineFiles) -> None:
    (saved,) = taken(files)
    shared = files.shelf.share(saved.id, FORK, 1)
    again = files.shelf.share(shared.id, OTHER, 1)
    files.shelf.discard(PARENT)
    files.shelf.discard(FORK)
    expect_files(files.shelf.find(again.id))
    files.shelf.forget(again.id)
    assert files.there() == set()
    assert not (files.home / "tasks" / PARENT).exists()


def test_the_middle_one_of_three_is_forgotten_alone(files: MachineFiles) -> None:
    first, middle, third = taken(files, number=3)
    files.shelf.forget(middle.id)
    files.shelf.forget(middle.id)
    for left in (first, third):
        expect_files(files.shelf.find(left.id))
    assert not Path(middle.memory).parent.exists()
    with pytest.raises(SnapshotDamagedError):
        files.shelf.find(middle.id)
    files.shelf.forget(third.id)
    expect_files(files.shelf.find(first.id))
    assert files.there() == files.named()


def test_a_running_machine_keeps_what_it_stands_on(files: MachineFiles) -> None:
    (saved,) = taken(files)
    machine = files.start(OTHER, saved)
    files.shelf.forget(saved.id)
    files.shelf.discard(PARENT)
    assert all(Path(path).exists() for path in (*machine.layers, machine.workspace))
    assert not Path(saved.memory).exists()
    files.end(machine)
    assert files.there() == set()


def test_layers_go_when_a_machine_no_longer_stands_on_them(files: MachineFiles) -> None:
    (saved,) = taken(files)
    files.shelf.collect(saved.layers)
    expect_files(saved)
    files.shelf.forget(saved.id)
    files.shelf.collect(saved.layers)
    assert files.there() == set()


@pytest.mark.parametrize("unknown", ["01NOBODY.1.00000000", "..", "a/b", "", "../x.1.y", "no"])
def test_to_forget_an_unknown_snapshot_is_nothing(files: MachineFiles, unknown: str) -> None:
    taken(files)
    before = files.there()
    files.shelf.forget(unknown)
    files.shelf.discard("01NOBODY")
    assert files.there() == before


@pytest.mark.parametrize("victim", ["memory", "layer", "workspace", "record", "size"])
def test_a_snapshot_without_its_files_is_not_shared(files: MachineFiles, victim: str) -> None:
    (saved,) = taken(files)
    if victim == "size":
        Path(saved.memory).write_bytes(b"other")
    else:
        record = Path(saved.memory).with_name("record.json")
        missing = {"memory": saved.memory, "layer": saved.layers[-1], "workspace": saved.workspace}
        Path(missing.get(victim, record)).unlink()
    with pytest.raises(SnapshotDamagedError):
        files.shelf.share(saved.id, FORK, 1)
    assert not (files.home / "tasks" / FORK).exists()


def test_a_share_for_a_task_with_a_bad_name_is_refused(files: MachineFiles) -> None:
    (saved,) = taken(files)
    with pytest.raises(MachineError):
        files.shelf.share(saved.id, "../evil", 1)


def test_a_borrowed_snapshot_stays_until_it_is_given_back(files: MachineFiles) -> None:
    (saved,) = taken(files)
    with files.shelf.borrowed(saved.id):
        files.shelf.discard(PARENT)
        expect_files(saved)
        with pytest.raises(SnapshotDamagedError):
            files.shelf.find(saved.id)
    assert files.there() == set()
    assert list((files.home / "tasks").iterdir()) == []


def test_a_discarded_task_may_begin_anew_beside_what_others_need_of_it(
    files: MachineFiles,
) -> None:
    (saved,) = taken(files)
    shared = files.shelf.share(saved.id, FORK, 1)
    files.shelf.discard(PARENT)
    machine, fresh = files.snapshot(files.start(PARENT), 1)
    files.shelf.discard(FORK)
    assert not Path(shared.memory).exists()
    expect_files(files.shelf.find(fresh.id))
    files.end(machine)
    files.shelf.discard(PARENT)
    assert list((files.home / "tasks").iterdir()) == []


def test_records_name_only_files_that_may_be_removed(files: MachineFiles, tmp_path: Path) -> None:
    """QEMU's account owns the records' folders: what it writes there removes no file of ours."""
    precious = [tmp_path / "precious", files.home / "owner", files.home / "templates" / "t"]
    precious[2].parent.mkdir()
    for path in precious:
        path.write_bytes(b"")
    files.shelf.collect([*map(str, precious), f"{files.home}/tasks/../owner", str(files.base)])
    assert all(path.exists() for path in (*precious, files.base))


def test_nothing_is_removed_while_a_record_cannot_be_read(
    files: MachineFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = taken(files, number=2)
    before = files.there()

    def broken(_path: Path) -> tuple[str, ...]:
        raise OSError("too many open files")

    monkeypatch.setattr(shelf, "named_files", broken)
    files.shelf.sweep()
    with pytest.raises(OSError, match="too many"):
        files.shelf.forget(second.id)
    assert files.there() == before
    monkeypatch.undo()
    expect_files(files.shelf.find(first.id))


def test_a_folder_that_cannot_be_looked_into_is_left_alone(
    files: MachineFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    (saved,) = taken(files)
    before = files.there()
    look = os.fwalk

    def blind(top: Path, *, topdown: bool, onerror: Callable[[OSError], None]) -> object:
        onerror(PermissionError())
        return look(top, topdown=topdown)

    monkeypatch.setattr(os, "fwalk", blind)
    files.shelf.sweep()
    monkeypatch.undo()
    assert files.there() == before
    expect_files(saved)


def test_the_start_removes_what_no_record_needs_and_nothing_else(files: MachineFiles) -> None:
    first, second = taken(files, number=2)
    shared = files.shelf.share(first.id, FORK, 1)
    machine = files.start(OTHER, shared)
    disks.seal(Path(first.memory))
    task = files.home / "tasks" / PARENT
    stray = [
        task / "layers" / "cut.qcow2",
        task / "layers" / "cut.qcow2.sum",
        task / "workspaces" / "cut.raw",
        task / "machines" / ".cd-1.json.0000.part",
        task / "snapshots" / f".{PARENT}.3.00000000.part" / "memory",
        task / "snapshots" / f".{PARENT}.3.00000000.part" / "record.json",
        task / "snapshots" / f"{PARENT}.4.00000000" / "memory",
    ]
    for path in stray:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"stray")
    write_saved(stray[5], replace(first, layers=(str(stray[0]),)))
    (files.home / "tasks" / "01EMPTY" / "layers").mkdir(parents=True)
    Shelf(files.layout).sweep()
    assert not any(path.exists() for path in stray)
    assert not stray[-1].parent.exists()
    assert not (files.home / "tasks" / "01EMPTY").exists()
    for saved in (first, second, shared):
        expect_files(files.shelf.find(saved.id))
    assert Path(machine.overlay).exists()
    assert Path(f"{first.memory}.sum").exists()


def test_what_a_failed_discard_left_does_not_come_back(
    files: MachineFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    (saved,) = taken(files)

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise OSError("input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", refuse)
        with pytest.raises(OSError, match="input"):
            files.shelf.discard(PARENT)
    machine = files.start(PARENT)
    with pytest.raises(SnapshotDamagedError):
        files.shelf.find(saved.id)
    assert files.there() == {machine.overlay, machine.workspace}


class KilledError(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("call", ["discard", "forget", "share", "end"])
def test_killed_anywhere_the_next_start_finds_records_and_files_in_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Cut before the n-th change of the disk, for each n until the call gets through."""
    for changes in range(1, 40):
        folder = tmp_path / str(changes)
        folder.mkdir()
        files = MachineFiles(folder)
        first, second = taken(files, number=2)
        kept = files.shelf.share(first.id, OTHER, 1)
        machine = files.start(FORK, second)
        calls = {
            "discard": lambda: files.shelf.discard(PARENT),  # noqa: B023 - called in this round
            "forget": lambda: files.shelf.forget(second.id),  # noqa: B023
            "share": lambda: files.shelf.share(second.id, FORK, 2),  # noqa: B023
            "end": lambda: files.end(machine),  # noqa: B023
        }
        killed = _kill_at(monkeypatch, changes, calls[call])
        after = Shelf(files.layout)
        after.sweep()
        assert files.there() == files.named()
        expect_files(after.find(kept.id))
        if not killed:
            assert changes > 1
            break
        for task in (PARENT, FORK, OTHER):
            after.discard(task)
        assert list((files.home / "tasks").iterdir()) == []
    else:
        pytest.fail("the call never got through")


def _kill_at(monkeypatch: pytest.MonkeyPatch, changes: int, call: object) -> bool:
    left = [changes]

    def counted(change: object) -> object:
        def first(*args: object, **kwargs: object) -> object:
            left[0] -= 1
            if left[0] <= 0:
                raise KilledError
            return change(*args, **kwargs)  # type: ignore[operator]

        return first

    with monkeypatch.context() as patch:
        for name in ("unlink", "rename", "rmdir", "mkdir", "replace"):
            patch.setattr(Path, name, counted(getattr(Path, name)))
        patch.setattr(os, "unlink", counted(os.unlink))
        try:
            call()  # type: ignore[operator]
        except KilledError:
            return True
    return False


class Story:
    """Random calls of several threads on one shelf; each thread draws from its own seed."""

    def __init__(self, files: MachineFiles, seed: int) -> None:
        self.files = files
        self.seed = seed
        self.lock = threading.Lock()
        self.saved: list[SavedRecord] = []
        self.discarded: set[str] = set()

    def run(self, thread: int) -> None:
        draw = random.Random(self.seed * 100 + thread)
        machine: MachineRecord | None = None
        for turn in range(15):
            machine = self.turn(draw, machine, f"{thread}T{draw.randrange(3)}", turn)
        if machine is not None:
            self.files.end(machine)

    def turn(
        self, draw: random.Random, machine: MachineRecord | None, task: str, turn: int
    ) -> MachineRecord | None:
        """One call. A task is started and discarded by one thread only, as in a plane."""
        with self.lock:
            known = draw.choice(self.saved) if self.saved else None
        choice = draw.randrange(7)
        try:
            if machine is None and choice < 4:
                return self.thawed(task, known) if choice else self.files.start(task)
            if machine is not None and choice < 3:
                machine, saved = self.files.snapshot(machine, turn)
                self.keep(saved)
            elif machine is not None and choice == 3:
                self.files.end(machine)
                return None
            elif known is not None and choice == 4:
                self.keep(self.files.shelf.share(known.id, task, turn))
            elif known is not None and choice == 5:
                self.files.shelf.forget(known.id)
            elif choice == 6 and (machine is None or machine.task != task):
                self.files.shelf.discard(task)
        except SnapshotDamagedError:
            pass  # another thread was first
        return machine

    def thawed(self, task: str, known: SavedRecord | None) -> MachineRecord | None:
        if known is None:
            return None
        with self.files.shelf.borrowed(known.id) as saved:
            expect_files(saved)
            return self.files.start(task, saved)

    def keep(self, saved: SavedRecord) -> None:
        with self.lock:
            self.saved.append(saved)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_the_order_no_file_is_lost_and_none_is_left(
    files: MachineFiles, seed: int
) -> None:
    story = Story(files, seed)
    for _ in range(3):
        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(story.run, thread) for thread in range(4)]:
                done.result()
        assert files.there() == files.named()
    for folder in list((files.home / "tasks").iterdir()):
        files.shelf.discard(folder.name)
    assert files.there() == set()
    assert list((files.home / "tasks").iterdir()) == []


def test_tasks_discarded_at_once_leave_nothing(files: MachineFiles) -> None:
    (saved,) = taken(files)
    tasks = [PARENT, *(f"01FORK{n}" for n in range(8))]
    for task in tasks[1:]:
        files.shelf.share(saved.id, task, 1)
    together = threading.Barrier(len(tasks))

    def discard(task: str) -> None:
        together.wait(10)
        files.shelf.discard(task)

    with ThreadPoolExecutor(len(tasks)) as pool:
        list(pool.map(discard, tasks))
    assert list((files.home / "tasks").iterdir()) == []
