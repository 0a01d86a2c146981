"""Which model calls are boundaries, without a machine around them."""

from __future__ import annotations

import pytest

from clawdesk_guest.turns import Looked, Turns


class Guest:
    """What `Turns` asks for. A look finds `changed`, and is answered when the test says so."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.looks: list[Looked] = []
        self.changed = False
        self.turns = Turns(self._ask, self.looks.append)

    def _ask(self, number: int) -> str:
        self.asked.append(number)
        return f"r{number}"

    def call(self) -> bool:
        """A call comes: whether it had to wait for a boundary. It goes in the end."""
        before = len(self.asked)
        while not self.turns.may_go():
            if self.looks:
                found, self.changed = self.changed, False
                self.looks.pop()(found)
            elif self.turns.waiting:
                self.turns.answered()
        return len(self.asked) > before


def test_a_boundary_for_another_reason_is_one_for_the_files_too() -> None:
    guest = Guest()
    guest.turns.begin(every_calls=2, every_s=0)
    guest.turns.by_change()
    assert [guest.call(), guest.call()] == [False, False]
    guest.changed = True
    assert guest.call(), "the third, by its number and by the files"
    assert not guest.call(), "what changed before the third is durable"
    guest.turns.want()
    guest.changed = True
    assert [guest.call(), guest.call()] == [True, False]
    assert guest.asked == [3, 5]


def test_a_step_that_looks_at_its_files_can_be_asked_to_yield() -> None:
    guest = Guest()
    guest.turns.begin(every_calls=0, every_s=0)
    guest.turns.want()
    assert not guest.call(), "where calls are no boundaries nothing makes them one"
    guest.turns.begin(every_calls=0, every_s=0)
    guest.turns.by_change()
    guest.turns.want()
    assert guest.call()


def test_calls_wait_while_the_files_are_looked_at_and_a_look_of_an_earlier_step_is_nothing() -> (
    None
):
    guest = Guest()
    guest.turns.begin(every_calls=0, every_s=0)
    guest.turns.by_change()
    assert [guest.turns.may_go(), guest.turns.may_go()] == [False, False]
    (late,) = guest.looks
    guest.looks.clear()
    guest.turns.begin(every_calls=0, every_s=0)
    guest.turns.by_change()
    late(True)
    assert not guest.call(), "files changed in the step before"
    assert guest.asked == []


def test_a_boundary_by_the_clock_counts_from_the_one_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_s = 1000.0
    monkeypatch.setattr("clawdesk_guest.turns.time.monotonic", lambda: now_s)
    guest = Guest()
    guest.turns.begin(every_calls=5, every_s=300)
    assert not guest.call()
    now_s += 299
    assert not guest.call()
    now_s += 1
    assert [guest.call(), guest.call()] == [True, False], "five minutes since the step began"
    now_s += 299
    assert [guest.call() for _ in range(4)] == [False, False, False, True], "five calls"
    now_s += 299
    assert not guest.call(), "the boundary by calls is the one before"
    now_s += 1
    assert guest.call()
    assert guest.asked == [3, 8, 10]
