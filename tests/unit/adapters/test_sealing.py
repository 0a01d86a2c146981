"""When snapshots get their checksums: not while their machine takes the next; none is forgotten."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from clawdesk.adapters.libvirt.records import SavedRecord
from clawdesk.adapters.libvirt.sealing import Sealer

NEVER_S = 3600.0
WITHIN_S = 20.0


def _saved(name: str, machine: str = "one") -> SavedRecord:
    return SavedRecord(
        id=name,
        task="01TASK",
        ordinal=1,
        machine=machine,
        memory="",
        layers=(),
        workspace="",
        sizes={},
        accelerator="tcg",
        image="",
        qemu="7.2",
    )


class Place:
    """What was sealed, in order; each waits for `may_seal`."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self.sealed: queue.Queue[str] = queue.Queue()
        self.begun: queue.Queue[str] = queue.Queue()
        self.may_seal = threading.Event()
        self.may_seal.set()

    def sealer(self, quiet_s: float = NEVER_S, late_s: float = NEVER_S) -> Sealer:
        return Sealer(self._seal, self._pool.submit, quiet_s=quiet_s, late_s=late_s)

    def _seal(self, saved: SavedRecord) -> None:
        self.begun.put(saved.id)
        assert self.may_seal.wait(WITHIN_S)
        self.sealed.put(saved.id)

    def next(self) -> str:
        return self.sealed.get(timeout=WITHIN_S)


@pytest.fixture
def place() -> Iterator[Place]:
    with ThreadPoolExecutor(1) as pool:
        yield Place(pool)


def test_a_machine_at_rest_has_its_newest_snapshot_sealed_first(place: Place) -> None:
    sealer = place.sealer()
    for name in "abc":
        sealer.add(_saved(name))
    sealer.add(_saved("other", "two"))
    assert place.begun.empty(), "nothing is sealed while others may follow"
    sealer.at_rest("one")
    assert [place.next() for _ in range(3)] == ["c", "b", "a"]
    assert place.begun.qsize() == 3, "the other machine goes on"
    sealer.stop()


def test_a_running_machine_is_sealed_once_no_snapshot_follows(place: Place) -> None:
    sealer = place.sealer(quiet_s=0.02)
    sealer.add(_saved("a"))
    assert place.next() == "a"
    sealer.add(_saved("b"))  # its thread has ended meanwhile, or not
    assert place.next() == "b"


def test_one_now_and_then_is_sealed_however_quick_the_machine_is(place: Place) -> None:
    sealer = place.sealer(late_s=0.0)
    place.may_seal.clear()
    sealer.add(_saved("a"))
    assert place.begun.get(timeout=WITHIN_S) == "a"
    sealer.add(_saved("b"))
    sealer.add(_saved("c"))
    place.may_seal.set()
    assert [place.next() for _ in range(3)] == ["a", "c", "b"]


def test_what_waits_at_the_end_is_left_to_settle(place: Place) -> None:
    sealer = place.sealer()
    sealer.add(_saved("a"))
    sealer.add(_saved("b", "two"))
    sealer.stop()
    place.sealer().add(_saved("x"), at_rest=True)
    assert place.next() == "x", "the thread is free again"
    sealer.settle()
    assert {place.next(), place.next()} == {"a", "b"}
