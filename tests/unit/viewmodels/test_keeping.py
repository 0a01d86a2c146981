"""Report, story of a task, disk use: everything is said, and foreign text stays text."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from clawdesk.domain.model import DiffStat, PlaneState, Record
from clawdesk.ports.machines import DiskUse, SnapshotUse
from clawdesk.ports.repository import Diff, DiffFile
from clawdesk.viewmodels.amounts import day
from clawdesk.viewmodels.disk import disk_view
from clawdesk.viewmodels.report import Around, file_name, quoted, report
from clawdesk.viewmodels.story import sentence
from clawdesk.viewmodels.tasks import found, row_of
from tests.support import fork_scenes, review_scene
from tests.support import plane_scenes as scenes
from tests.support.fork_scenes import old_images

NOW = 1_764_000_000_000
HOUSE = scenes.house(NOW)
MIB = 1 << 20


def task(title: str):  # type: ignore[no-untyped-def]
    return next(t for t in HOUSE.values() if t.title == title)


def test_the_report_tells_the_whole_story() -> None:
    diff = review_scene.sample_diff()
    text = report(task("docs-pass"), Around(NOW, 0, diff, ("epoch 1", "done")))
    for part in (
        "# docs\\-pass",
        "- State: done",
        "1. survey: python3 tools/survey.py",
        "| 3 |",
        "| yes |",
        "approved by you via window",
        f"- modified src/loader.py +{diff.files[0].added} -{diff.files[0].removed}",
        "would run on your machine after a merge",
        "    epoch 1",
    ):
        assert part in text, part
    yielded = report(task("train-resnet"), Around(NOW))
    assert "eval\\-old \\(urgent\\) needed its machine" in yielded
    assert "They could not be read." in yielded
    restored = report(task("refactor-io"), Around(NOW))
    assert "restored to checkpoint 2" in restored
    assert "left behind by a restore" in restored


def test_a_waiting_task_says_why() -> None:
    text = report(task("quantize-vlm"), Around(NOW, no_checkpoint=True))
    assert "needs 6 GiB of memory, 4.1 GiB of 16 GiB are free" in text
    assert "Freed by: train\\-resnet ends, yields, or waits for you" in text
    assert "## Changes since its start\n\nNone." in text


@given(st.text(max_size=400))
def test_foreign_text_can_be_no_markup(text: str) -> None:
    shown = quoted(text)
    assert "\n" not in shown
    assert all(c.isprintable() for c in shown)
    bare = shown.replace("\\\\", "")
    for place, char in enumerate(bare):
        if char in "`*_[]<>|#!":
            assert bare[place - 1] == "\\", (text, shown)


def test_the_file_name_is_plain() -> None:
    definition = replace(task("docs-pass").definition, name="../Ünsafe/..name")
    name = file_name(replace(task("docs-pass"), definition=definition))
    assert name.endswith(".md")
    assert "/" not in name
    assert name.isascii()


def test_every_record_of_the_scenes_reads_as_a_sentence() -> None:
    for known in (*HOUSE.values(), *fork_scenes.forked_house(NOW).values()):
        for record in known.records:
            said = sentence(record)
            assert said
            assert "{" not in said
    told = [sentence(r) for r in task("train-resnet").records]
    assert "gave its machine back at checkpoint 2: eval-old (urgent) needed its machine" in told
    assert "machine stands at checkpoint 2 again, with its memory" in told
    assert sentence(Record("dreamt_of", NOW, {"what": "sheep", "deep": {}})) == (
        "dreamt of what sheep"
    )


@given(
    st.sampled_from(["checkpoint", "decision", "submitted", "resumed", "finished", "restored"]),
    st.dictionaries(
        st.sampled_from(["ordinal", "why", "diffstat", "bytes", "text", "verdict", "note"]),
        st.one_of(st.none(), st.integers(), st.text(), st.lists(st.integers())),
    ),
)
def test_a_sentence_survives_any_fields(event: str, fields: dict[str, object]) -> None:
    assert isinstance(sentence(Record(event, NOW, fields)), str)


def test_the_clean_up_says_what_it_takes() -> None:
    ended = task("docs-pass")
    ones = tuple(
        SnapshotUse(f"s{n}", owner, n, size * MIB, 10 * MIB, NOW)
        for n, (owner, size) in enumerate(
            [(ended.id, 100), (ended.id, 50), (task("fix-loader").id, 300), ("unknown", 7)]
        )
    )
    use = DiskUse(ones, 500 * MIB, 20 * MIB, 40 * MIB, 560 * MIB, 9 << 30, "/home/ada")
    state = PlaneState(tasks=dict(HOUSE))
    view = disk_view(state, use, 0.0, NOW)
    assert [r.title for r in view.rows][:2] == ["fix-loader", "docs-pass"]
    assert [r.goes for r in view.rows] == [False, True, False]
    assert view.removes.startswith(
        "Removes the machine snapshots of 1 ended task, at least 150 MiB"
    )
    later = disk_view(state, use, 7.0, NOW)
    assert (later.removes, later.why_not) == (
        "",
        "no task that ended so long ago has snapshots",
    )


def test_old_guest_images_say_what_stands_on_them() -> None:
    use = DiskUse((), 0, 0, 0, 0, 9 << 30, "/home/ada", images=old_images(NOW))
    view = disk_view(PlaneState(), use, 7.0, NOW)
    assert [(row.title, row.stands, row.goes) for row in view.images] == [
        ("base, built 5 weeks ago", "nothing stands on it", True),
        ("base, built 1 week ago", "stays: 2 snapshots, 1 machine on it", False),
        (f"base, built {day(use.images[2].at_ms, NOW, 0)}", "its build was cut off", True),
    ], "today's is not among them"
    assert view.spare == ("base-1-a", ".base-3-c.part")
    assert view.images_removed.startswith("Removes 2 guest images, 798 MiB, and")
    today = DiskUse((), 0, 0, 0, 0, 9 << 30, "/home/ada", images=old_images(NOW)[3:])
    none = disk_view(PlaneState(), today, 7.0, NOW)
    assert (none.images, none.spare, none.images_removed) == ((), (), "")


def test_the_search_wants_every_word() -> None:
    rows = [row_of(t, NOW) for t in HOUSE.values()]
    assert [r.title for r in found(rows, "FAILED step")] == ["eval-old"]
    assert [r.title for r in found(rows, "resnet")] == ["train-resnet", "quantize-vlm"]
    assert len(found(rows, "  ")) == len(rows)
    assert found(rows, "nothing like it") == []


def test_the_report_names_where_a_file_was_and_that_its_mode_alone_changed() -> None:
    moved = DiffFile("src/b.py", "src/a.py", "renamed", 0, 0, ())
    script = DiffFile("run.sh", "run.sh", "mode", 0, 0, (), "becomes executable")
    diff = Diff((moved, script), DiffStat(2, 0, 0))
    text = report(task("docs-pass"), Around(NOW, 0, diff))
    assert "- renamed src/a.py → src/b.py +0 -0" in text
    assert "- mode changed run.sh +0 -0" in text
