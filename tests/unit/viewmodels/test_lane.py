"""Records become marks; missing fields never fail; a restore greys what it leaves."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from clawdesk.domain.model import Kind, Phase, Reason, Record
from clawdesk.viewmodels.lane import LaneBook, lane_of
from clawdesk.viewmodels.lane_marks import MarkKind
from tests.support.fork_scenes import forked_house
from tests.support.plane_scenes import MINUTE, Story, house

NOW = 1_764_000_000_000


def kinds(task: object) -> list[tuple[str, int]]:
    lane = lane_of(task, NOW)  # type: ignore[arg-type]
    return [(m.kind.value, m.row) for m in lane.marks]


def test_steps_checkpoints_and_the_running_edge() -> None:
    story = Story(1, "t", NOW, 30)
    story.started(29)
    story.step(29, 0)
    story.checkpoint(20)
    story.step(20, 1)
    assert kinds(story.task) == [("waiting", 0), ("step", 0), ("disc", 0), ("running", 0)]
    running = lane_of(story.task, NOW).marks[-1]
    assert (running.start_ms, running.end_ms) == (NOW - 20 * MINUTE, NOW)
    assert running.number == 2
    assert running.text == "Step 2 rewrite runs since 20 m."


def test_a_checkpoint_inside_a_step_splits_it() -> None:
    story = Story(1, "t", NOW, 10)
    story.step(10, 0)
    story.checkpoint(6)
    lane = lane_of(story.task, NOW)
    assert [m.kind for m in lane.marks if m.number == 1] == [
        MarkKind.STEP,
        MarkKind.DISC,
        MarkKind.RUNNING,
    ]


def test_files_only_is_a_ring_and_approved_a_star() -> None:
    story = Story(1, "t", NOW, 10)
    story.step(10, 0)
    story.checkpoint(8, files_only=True)
    story.step(8, 1)
    story.checkpoint(5)
    story.ask(5, Kind.APPROVE)
    story.decide(4)
    story.finish(4, Phase.DONE)
    assert ("ring", 0) in kinds(story.task)
    assert ("star", 0) in kinds(story.task)
    assert ("need_approval", 0) in kinds(story.task)


def test_what_waits_for_me_reaches_to_now() -> None:
    story = Story(1, "t", NOW, 10)
    story.step(10, 0)
    story.checkpoint(5)
    story.ask(5, Kind.CLARIFY, question="which?")
    mark = lane_of(story.task, NOW).marks[-1]
    assert mark.kind is MarkKind.NEED_ANSWER
    assert mark.end_ms == NOW
    assert mark.label == "which?"


def test_a_restore_leaves_a_branch() -> None:
    task = next(t for t in house(NOW).values() if t.title == "refactor-io")
    lane = lane_of(task, NOW)
    assert lane.rows == 2
    behind = [(m.kind.value, m.number) for m in lane.marks if m.row == 1]
    assert behind == [("step", 3), ("disc", 3), ("step", 4), ("disc", 4)]
    arrow = next(m for m in lane.marks if m.kind is MarkKind.RESTORE)
    kept = next(m for m in lane.marks if m.kind in {MarkKind.DISC, MarkKind.STAR} and m.number == 2)
    assert arrow.end_ms == kept.start_ms
    assert arrow.start_ms > arrow.end_ms


def test_a_failed_step_is_red_and_lost_work_grey() -> None:
    story = Story(1, "t", NOW, 10)
    story.step(10, 0)
    story.record("attempt_ended", 8, why="worker lost")
    story.started(7, 2)
    story.step(7, 0)
    story.finish(6, Phase.FAILED, "exit code 1")
    assert [k for k, _ in kinds(story.task)] == ["lost", "waiting", "failed"]


def test_waiting_carries_its_reason() -> None:
    story = Story(1, "t", NOW, 10)
    task = replace(story.task, reason=Reason("memory", "needs 6 GiB, 4 are free"))
    mark = lane_of(task, NOW).marks[-1]
    assert mark.kind is MarkKind.WAITING
    assert mark.label == "needs 6 GiB, 4 are free"


def test_what_was_given_back_shows_for_whom_and_how_long() -> None:
    task = next(t for t in house(NOW).values() if t.title == "train-resnet")
    lane = lane_of(task, NOW)
    away = next(m for m in lane.marks if m.kind is MarkKind.YIELDED)
    assert (away.start_ms, away.end_ms) == (NOW - 30 * MINUTE, NOW - round(17.5 * MINUTE))
    assert away.text == (
        "Gave its machine back at checkpoint 2: eval-old (urgent) needed its machine. "
        "It was away for 12 m."
    )


def test_a_task_that_is_away_now_says_why_and_until_now() -> None:
    story = Story(1, "t", NOW, 10)
    story.started(10)
    story.step(10, 0)
    story.checkpoint(5)
    story.record("yielded", 5, ordinal=1, why="another is more urgent")
    task = replace(story.task, phase=Phase.QUEUED, reason=Reason("slots", "no machine is free"))
    mark = lane_of(task, NOW).live[-1]
    assert (mark.kind, mark.end_ms) == (MarkKind.YIELDED, NOW)
    assert "another is more urgent" in mark.text
    assert "no machine is free" in mark.text


def test_parked_memory_is_a_mark_of_its_own() -> None:
    story = Story(1, "t", NOW, 10)
    story.step(10, 0)
    story.checkpoint(8)
    story.ask(8, Kind.APPROVE)
    story.record("parked", 6, why="it waited for you for 60 s")
    mark = next(m for m in lane_of(story.task, NOW).marks if m.kind is MarkKind.PARKED)
    assert mark.text.startswith("Its memory was given back: it waited for you for 60 s")


def test_after_a_restart_steps_show_although_their_beginnings_were_not_kept() -> None:
    story = Story(1, "t", NOW, 30)
    story.started(29)
    story.step(29, 0)
    story.checkpoint(20)
    story.step(20, 1)
    story.checkpoint(11)
    story.ask(11, Kind.APPROVE)
    story.decide(9)
    story.step(9, 2)
    whole = lane_of(story.task, NOW)
    kept = tuple(r for r in story.task.records if r.event != "step_started")
    indexed = tuple(
        replace(r, fields={**r.fields, "step_index": r.fields["ordinal"] - 1})
        if r.event == "checkpoint"
        else r
        for r in kept
    )
    again = lane_of(replace(story.task, records=indexed), NOW)
    blocks = [(m.number, m.start_ms, m.end_ms) for m in whole.marks if m.kind is MarkKind.STEP]
    assert [
        (m.number, m.start_ms, m.end_ms) for m in again.marks if m.kind is MarkKind.STEP
    ] == blocks
    assert again.live[-1].kind is MarkKind.RUNNING


def test_parts_of_a_step_are_blocks_of_their_own() -> None:
    story = Story(1, "t", NOW, 30)
    story.started(29)
    story.step(29, 0)
    story.record("part_started", 27, index=0, name="look", round=1)
    story.checkpoint(20)
    story.record("part_started", 17, index=0, name="mend", round=1)
    lane = lane_of(story.task, NOW)
    blocks = [m for m in lane.past.order if m.kind is MarkKind.STEP]
    first = story.task.steps[0].name
    assert [(m.label, m.number, NOW - m.start_ms, NOW - m.end_ms) for m in blocks] == [
        (first, 1, 29 * MINUTE, 27 * MINUTE),
        ("look", 1, 27 * MINUTE, 20 * MINUTE),
        ("look", 1, 20 * MINUTE, 17 * MINUTE),
    ]
    assert lane.live[-1].text == "Step 1 mend runs since 17 m."
    # After a restart the beginning of the step is not known, and what came first has no name.
    kept = tuple(r for r in story.task.records if r.event != "step_started")
    labels = [m.label for m in lane_of(replace(story.task, records=kept), NOW).past.order]
    assert "look" in labels


def test_a_part_told_while_a_person_is_waited_for_draws_no_work() -> None:
    story = Story(1, "t", NOW, 30)
    story.step(29, 0)
    story.checkpoint(20)
    story.ask(20, Kind.APPROVE)
    story.record("part_started", 10, index=0, name="mend", round=1)
    blocks = [m for m in lane_of(story.task, NOW).past.order if m.kind is MarkKind.STEP]
    assert [(NOW - m.start_ms, NOW - m.end_ms) for m in blocks] == [(29 * MINUTE, 20 * MINUTE)]


def test_a_fork_says_where_it_comes_from() -> None:
    fork = next(t for t in forked_house(NOW).values() if t.title == "sweep-lr one cycle")
    first = lane_of(fork, NOW).order[0]
    assert first.kind is MarkKind.FORK
    assert first.text == "Forked from checkpoint 2 of the lane above, with its machine."


def test_records_are_read_again_only_where_a_task_changed() -> None:
    book = LaneBook()
    task = next(t for t in house(NOW).values() if t.title == "train-resnet")
    first = book.lane(task, NOW)
    later = book.lane(task, NOW + 60_000)
    assert later.past is first.past
    assert later.live[-1].end_ms == NOW + 60_000
    assert later.live == lane_of(task, NOW + 60_000).live
    changed = replace(task, records=(*task.records, Record("parked", NOW, {})))
    assert book.lane(changed, NOW).past is not first.past
    book.keep_only(set())
    assert book.lane(changed, NOW).past is not first.past


EVENTS = [
    "submitted", "started", "step_started", "part_started", "checkpoint", "requested", "decision",
    "restored",
    "attempt_ended", "finished", "merged", "unheard_of", "resumed", "yield_asked", "yielded",
    "parked", "lease_granted", "lease_ended", "forked",
]  # fmt: skip


@given(
    st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 3), st.booleans()), max_size=40),
    st.sampled_from(list(Phase)),
)
def test_any_order_with_or_without_fields_draws(
    events: list[tuple[str, int, bool]], phase: Phase
) -> None:
    task = replace(Story(1, "t", NOW, 60).task, phase=phase)
    records = []
    for place, (event, ordinal, full) in enumerate(events):
        fields: dict[str, object] = (
            {"ordinal": ordinal, "index": ordinal, "verdict": "approved", "kind": "approve"}
            if full
            else {"ordinal": "x", "diffstat": 3}
        )
        records.append(Record(event, NOW - 60 * MINUTE + place * 1000, fields))
    lane = lane_of(replace(task, records=tuple(records)), NOW)
    for mark in lane.marks:
        assert mark.kind is MarkKind.RESTORE or mark.end_ms >= mark.start_ms
        assert mark.row in {0, 1}
