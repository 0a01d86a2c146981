"""Which snapshots are given up: never one that a task needs, the oldest first, never too few."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from clawdesk.domain.events import DiscardAsked
from clawdesk.domain.merge_events import TaskMerged
from clawdesk.domain.model import (
    Checkpoint,
    Phase,
    PlaneState,
    ProjectPolicy,
    Record,
    Snapshot,
    StepSpec,
    Task,
    TaskDefinition,
    Wish,
)
from clawdesk.domain.retention import DAY_MS, GIB, Kept, decide, prunable
from clawdesk.domain.rules import Rules
from clawdesk.domain.transitions import step

NOW = 100 * DAY_MS
RULES = Rules(snapshot_gib_max=10, snapshot_keep_days=14)


def task(name: str, ordinals: int, phase: Phase = Phase.RUNNING, ended_ms: int = NOW) -> Task:
    checkpoints = tuple(
        Checkpoint(n, 0, 0, "s", 1, "c", "t", "d", snapshot=Snapshot(f"{name}.{n}", 1, 1, 1))
        for n in range(1, ordinals + 1)
    )
    return Task(
        id=name,
        project="/p",
        definition=TaskDefinition("t", "T", (StepSpec("s", "true"),)),
        policy=ProjectPolicy(),
        submitted_at_ms=0,
        base_commit="b",
        start_commit="s",
        phase=phase,
        checkpoints=checkpoints,
        tip_ordinal=ordinals,
        next_ordinal=ordinals + 1,
        records=(Record("finished", ended_ms),),
    )


def kept(name: str, ordinal: int, gib: float, at_ms: int) -> Kept:
    return Kept(f"{name}.{ordinal}", name, ordinal, int(gib * GIB), at_ms)


def given_up(tasks: list[Task], snapshots: list[Kept], wanted_gib: float = 0) -> list[str]:
    total = sum(one.bytes for one in snapshots)
    known = {one.id: one for one in tasks}
    found = decide(known, snapshots, total, RULES, NOW, wanted_bytes=int(wanted_gib * GIB))
    return [one.snapshot for one in found.forget]


def test_under_the_cap_nothing_goes() -> None:
    assert given_up([task("a", 3)], [kept("a", n, 3, n) for n in (1, 2, 3)]) == []


def test_over_the_cap_the_oldest_go_first_whatever_task_they_belong_to() -> None:
    tasks = [task("a", 3), task("b", 3, Phase.DONE)]
    snapshots = [kept("a", 1, 3, 5), kept("a", 2, 3, 1), kept("b", 1, 3, 2), kept("b", 2, 3, 4)]
    assert given_up(tasks, snapshots) == ["a.2"]
    assert given_up(tasks, snapshots, wanted_gib=3) == ["a.2", "b.1"]


def test_what_a_task_goes_on_from_stays_and_is_said() -> None:
    one = replace(task("a", 3, Phase.QUEUED), resume_from=1)
    snapshots = [kept("a", n, 6, n) for n in (1, 2, 3)]
    assert given_up([one], snapshots) == ["a.2"], "neither its way back nor its tip"
    found = decide({"a": one}, [snapshots[0], snapshots[2]], 12 * GIB, RULES, NOW)
    assert found.forget == ()
    assert found.bytes_over == 2 * GIB


def test_an_ended_task_needs_none_and_after_its_days_has_none() -> None:
    old = task("a", 2, Phase.DONE, NOW - 14 * DAY_MS)
    young = task("b", 2, Phase.DONE, NOW - 14 * DAY_MS + 1)
    snapshots = [kept(name, n, 0.1, 1) for name in ("a", "b") for n in (1, 2)]
    assert given_up([old, young], snapshots) == ["a.1", "a.2"]


def test_an_ended_task_that_is_being_taken_back_keeps_what_it_goes_back_to() -> None:
    """Its way back is on its way to Git: until then it is as it ended."""
    old = replace(task("a", 2, Phase.DONE, NOW - 14 * DAY_MS), wish=Wish(1, "me", "cli"))
    assert given_up([old], [kept("a", 1, 1, 1), kept("a", 2, 1, 2)]) == []
    assert given_up([old], [kept("a", 1, 6, 1), kept("a", 2, 6, 2)]) == ["a.2"]
    assert prunable([old], NOW) == ()
    state = PlaneState(tasks={"a": old})
    assert step(state, DiscardAsked(NOW, "a")) == ()
    assert step(state, TaskMerged(NOW, "a", "main", "c2", "m", "b")) == ()
    assert all(checkpoint.snapshot for checkpoint in state.tasks["a"].checkpoints)


def test_what_a_crash_left_goes_and_what_is_being_taken_stays() -> None:
    snapshots = [kept("a", 1, 1, 1), Kept("a.1.left", "a", 1, GIB, 1), kept("a", 9, 1, 1)]
    assert given_up([task("a", 1)], snapshots) == ["a.1.left", "a.9"]
    assert given_up([task("a", 1, Phase.SNAPSHOTTING)], snapshots) == []


def test_what_a_fork_still_needs_frees_nothing_and_is_not_given_up_for_it() -> None:
    """The task's own checkpoint lost its machine, and not a byte was won by it."""
    tasks = [task("a", 1, Phase.DONE), task("f", 1), task("b", 2, Phase.DONE)]
    shared = [Kept(f"{name}.1", name, 1, 0, 1, "m", 5 * GIB) for name in ("a", "f")]
    alone = [kept("b", 1, 3, 2), kept("b", 2, 3, 3)]
    known = {one.id: one for one in tasks}
    found = decide(known, [*shared, *alone], 11 * GIB, RULES, NOW)
    assert [one.snapshot for one in found.forget] == ["b.1"]


def test_those_that_share_a_memory_go_together_and_no_other_with_them() -> None:
    tasks = [task("a", 1, Phase.DONE), task("f", 1, Phase.DONE), task("b", 2, Phase.DONE)]
    known = {one.id: one for one in tasks}
    shared = [Kept(f"{name}.1", name, 1, 0, 1, "m", 5 * GIB) for name in ("a", "f")]
    alone = [kept("b", 1, 3, 2), kept("b", 2, 3, 3)]
    found = decide(known, [*shared, *alone], 11 * GIB, RULES, NOW)
    assert [one.snapshot for one in found.forget] == ["a.1", "f.1"]
    known["a"] = task("a", 1, Phase.DONE, NOW - 14 * DAY_MS)
    found = decide(known, [*shared, *alone], 11 * GIB, RULES, NOW)
    assert [one.snapshot for one in found.forget] == ["a.1", "f.1"]
    assert found.bytes_over == 0


def test_snapshots_of_nobody_known_are_left_alone() -> None:
    assert given_up([], [kept("a", 1, 100, 1)]) == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(1, 4), st.floats(0, 6), st.integers(0, 9)),
        max_size=12,
        unique_by=lambda one: one[:2],
    ),
    st.floats(0, 4),
)
def test_the_cap_holds_or_what_is_left_is_needed(
    drawn: list[tuple[str, int, float, int]], wanted_gib: float
) -> None:
    tasks = [task("a", 4), task("b", 4, Phase.DONE), replace(task("c", 4), resume_from=2)]
    snapshots = [kept(name, ordinal, gib, at) for name, ordinal, gib, at in drawn]
    total = sum(one.bytes for one in snapshots)
    wanted = int(wanted_gib * GIB)
    found = decide({t.id: t for t in tasks}, snapshots, total, RULES, NOW, wanted_bytes=wanted)
    gone = {one.snapshot for one in found.forget}
    left = [one for one in snapshots if one.id not in gone]
    rest = sum(one.bytes for one in left) + wanted
    needed = {"a.4", "c.4", "c.2"}
    assert not gone & needed
    assert rest <= 10 * GIB or {one.id for one in left} <= needed
    assert found.bytes_over == max(0, rest - 10 * GIB)
    if gone:
        last = next(one for one in snapshots if one.id == found.forget[-1].snapshot)
        assert rest + last.bytes > 10 * GIB, "no more than had to go"
