"""What ClawDesk did: each real act with its time and its way back."""

from __future__ import annotations

from dataclasses import replace

from clawdesk.domain.model import Phase, Record, Task
from clawdesk.ports.repository import ProjectView
from clawdesk.runtime.deeds import Deed
from clawdesk.viewmodels.merged import why_no_unmerge
from clawdesk.viewmodels.operations import ROWS_MAX, OperationRow, operations
from tests.support import plane_scenes as scenes

NOW = 1_764_000_000_000


def task_with(*records: Record) -> Task:
    task = next(t for t in scenes.house(NOW).values() if t.title == "refactor-io")
    return replace(task, records=records)


def rows(task: Task, *deeds: Deed) -> tuple[OperationRow, ...]:
    return operations([task], deeds, NOW, 0, {})


def test_a_roll_back_leads_to_the_safety_checkpoint_made_before_it() -> None:
    fields = {"ordinal": 2, "actor": "you"}
    (row,) = rows(task_with(Record("restored", NOW - 930_000, fields)))
    assert row.text == "Rolled refactor-io back to checkpoint 2"
    assert (row.undo, row.ordinal) == ("restore", 4)
    early = rows(task_with(Record("restored", NOW - 40 * 60_000, fields)))[0]
    assert early.undo == "", "no safety checkpoint is that old"


def test_a_rejection_is_no_roll_back_and_leads_to_what_was_rejected() -> None:
    said = {"feedback": "use a set", "actor": "you", "channel": "window"}
    (row,) = rows(
        task_with(
            Record("decision", NOW - 900_000, {"ordinal": 3, "verdict": "rejected"}),
            Record("restored", NOW - 899_000, {"ordinal": 2, **said}),
        )
    )
    assert row.text == "Rejected work of refactor-io: back to checkpoint 2"
    assert (row.detail, row.undo, row.ordinal) == ("use a set", "restore", 3)
    suspended = {**said, "actor": "clawdesk", "channel": "plane", "ordinal": 2}
    assert "Rejected" not in rows(task_with(Record("restored", NOW, suspended)))[0].text


def test_a_restart_of_the_machine_is_no_act_of_anyone() -> None:
    assert rows(task_with(Record("restored", NOW, {"ordinal": 2}))) == ()


def test_an_ended_task_cannot_be_gone_back_in() -> None:
    task = task_with(Record("restored", NOW - 900_000, {"ordinal": 2, "actor": "you"}))
    assert rows(replace(task, phase=Phase.CANCELLED))[0].undo == ""


def test_each_kind_says_what_and_how_to_undo_it() -> None:
    task = task_with(
        Record("merged", NOW - 4, {"branch": "main", "merge_commit": "ab" * 20, "backup": "r"}),
        Record("finished", NOW - 3, {"status": "cancelled"}),
        Record("finished", NOW - 3, {"status": "done"}),
        Record("snapshots_removed", NOW - 2, {"ordinals": [1, 2], "why": "the task ended"}),
        Record("forked", NOW - 1, {"ordinal": 3}),
        Record("decision", NOW, {"verdict": "approved"}),
    )
    found = rows(task, Deed(NOW, "trusted", "Trusted: a file.", "/home/ada/p"))
    assert [row.text for row in found] == [
        "Trusted: a file.",
        "Forked refactor-io at checkpoint 3",
        "Removed 2 machine snapshots of refactor-io",
        "Cancelled refactor-io",
        "Merged refactor-io into main",
    ]
    assert found[0].undo == "policy"
    assert "git revert abababababab" in found[4].detail
    assert "backup" in found[4].detail


def test_the_list_is_bounded() -> None:
    many = [Record("forked", NOW - n, {"ordinal": 1}) for n in range(1_000)]
    found = rows(task_with(*many))
    assert len(found) == ROWS_MAX
    assert found[0].at_ms == NOW


def test_a_merge_is_undone_by_a_button_while_the_branch_stands_there() -> None:
    commit = "ab" * 20
    made = Record("merged", NOW, {"branch": "main", "merge_commit": commit, "backup": "r"})
    task = replace(task_with(made), merged_into="main")
    view = replace(scenes.project(), path=task.project, branch="main", head=commit)

    def row(view: ProjectView, task: Task = task) -> OperationRow:
        return operations([task], (), NOW, 0, {task.project: view})[0]

    assert row(view).undo == "merge"
    assert "git revert" not in row(view).detail
    assert why_no_unmerge(task, {task.project: view}) == ""
    moved = replace(view, head="c" * 40)
    assert (row(moved).undo, why_no_unmerge(task, {task.project: moved})) == (
        "",
        "main has moved on since",
    )
    elsewhere = replace(moved, branch="topic")
    assert row(elsewhere).undo == "merge", "only Git knows where main stands now"
    back = replace(
        task, merged_into="", records=(made, Record("unmerged", NOW + 1, {"branch": "main"}))
    )
    assert [r.text for r in operations([back], (), NOW, 0, {})] == [
        "Took refactor-io out of main again",
        "Merged refactor-io into main",
    ]
    assert why_no_unmerge(back, {}) == "it is not merged"


def test_what_was_done_yesterday_is_not_told_by_the_time_of_day_alone() -> None:
    noon = 1_764_000_000_000  # 16:00 of a day
    evening = Deed(noon + 7 * 3_600_000, "pruned", "Removed.", "")
    (same,) = operations((), [evening], evening.at_ms + 1_000, 0, {})
    (later,) = operations((), [evening], evening.at_ms + 3 * 3_600_000, 0, {})
    assert (same.when, later.when) == ("23:00", "3 h ago")
