"""State in, words out: rows, inbox, status bar, machine, doctor, projects, diffs, time scale."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from clawdesk.domain.model import Decision, DiffStat, Phase, PlaneState, Record, Verdict
from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.machines import MachineSupport
from clawdesk.ports.repository import Diff, DiffFile, DiffHunk, DiffLine
from clawdesk.ports.telemetry import Gpu
from clawdesk.runtime.api import Environment
from clawdesk.viewmodels import words
from clawdesk.viewmodels.amounts import day, first_of, moment
from clawdesk.viewmodels.checkpoints import checkpoint_rows, restore_view
from clawdesk.viewmodels.diffs import LINE_MAX, ROWS_MAX, RowKind, diff_rows, is_cut
from clawdesk.viewmodels.doctor import doctor_view
from clawdesk.viewmodels.inbox import (
    cards,
    checkpoint_view,
    closing_words,
    pending,
)
from clawdesk.viewmodels.inspector import inspector_view
from clawdesk.viewmodels.machine import gpu_view, host_view
from clawdesk.viewmodels.phases import Family, Group, look
from clawdesk.viewmodels.projects import names_of, projects_view, short_path
from clawdesk.viewmodels.status import status_bar
from clawdesk.viewmodels.story import sentence
from clawdesk.viewmodels.tasks import counts, row_of, state_texts
from clawdesk.viewmodels.timescale import SPANS_MS, TimeScale, fit, next_span
from tests.support import plane_scenes as scenes
from tests.support import review_scene, trust_scene

NOW = 1_764_000_000_000
HOUSE = scenes.house(NOW)


def task(title: str):  # type: ignore[no-untyped-def]
    return next(t for t in HOUSE.values() if t.title == title)


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0 s"),
        (59_999, "59 s"),
        (60_000, "1 m"),
        (3_660_000, "1 h 1 m"),
        (3 * 86_400_000, "3 d"),
    ],
)
def test_durations(ms: int, text: str) -> None:
    assert words.duration(ms) == text


def test_sizes_clock_and_cuts() -> None:
    assert words.size(812) == "812 B"
    assert words.size(1_288_490_189) == "1.2 GiB"
    assert words.clock_time(0, 3_600_000, seconds=True) == "01:00:00"
    assert words.first_line("\n\n  a \nb") == "a"
    assert words.first_line("x" * 300, 10) == "x" * 9 + "…"
    assert words.short_digest("sha256:abcdefghij") == "abcdefg"


@pytest.mark.parametrize("phase", list(Phase))
def test_every_phase_has_word_icon_family_and_texts(phase: Phase) -> None:
    view = row_of(replace(task("train-resnet"), phase=phase), NOW)
    assert view.state
    assert view.icon
    assert view.family in Family
    assert view.spoken.startswith("train-resnet, ")


def test_a_rejection_is_told_as_one_wherever_its_way_back_is() -> None:
    task = next(t for t in HOUSE.values() if t.title == "refactor-io")
    fields = {"ordinal": 2, "actor": "you", "channel": "window", "feedback": "use a set"}
    back = Record("restored", NOW - 1_000, fields)
    records = (*task.records, Record("decision", NOW - 2_000, {"verdict": "rejected"}), back)
    task = replace(task, phase=Phase.RESTORING, tip_ordinal=2, resume_from=2, reason=None)
    rejected = replace(task, records=records)
    said = "rejected, so it begins again at checkpoint 2"
    assert state_texts(rejected, NOW) == ("Restoring", said)
    assert sentence(back) == said
    marks = row_of(rejected, NOW).lane.marks
    assert any(m.text.startswith("Rejected, so back to checkpoint 2") for m in marks)
    own = replace(task, records=(*task.records, replace(back, fields={**fields, "feedback": ""})))
    assert state_texts(own, NOW) == ("Restoring", "back to checkpoint 2")


def test_state_column_says_what_and_why() -> None:
    assert state_texts(task("train-resnet"), NOW) == ("Running step 4", "report · 12 m in")
    assert state_texts(task("fix-loader"), NOW)[0] == "Approve checkpoint 4"
    state, why = state_texts(task("quantize-vlm"), NOW)
    assert state == "Waiting 11 m"
    assert "needs 6 GiB of memory, 4.1 GiB of 16 GiB are free" in why
    assert state_texts(task("eval-old"), NOW)[0] == "Failed in step 2"
    assert state_texts(replace(task("docs-pass"), merged_into="main"), NOW)[1] == "merged into main"


def test_amber_means_you_and_only_you() -> None:
    amber = [t.title for t in HOUSE.values() if look(t).family is Family.NEED]
    assert amber == ["fix-loader", "bench-fp8"]
    deciding = Decision("r", Verdict.APPROVED, NOW, "you", "window")
    assert look(replace(task("fix-loader"), deciding=deciding)).family is not Family.NEED


def test_counts_hold_every_task_once() -> None:
    found = counts(HOUSE.values())
    assert sum(found.values()) == len(HOUSE)
    assert found[Group.NEEDS_YOU] == 2


def test_inbox_longest_wait_first() -> None:
    shown = cards(HOUSE.values(), NOW)
    assert [c.task_title for c in shown] == ["bench-fp8", "fix-loader"]
    assert (shown[0].act, shown[1].act) == ("Answer", "Review")
    assert shown[1].stat == DiffStat(3, 41, 7)
    assert [t.title for t in pending(HOUSE.values())] == ["bench-fp8", "fix-loader"]


def test_nothing_can_be_approved_before_its_diff_or_after_an_answer() -> None:
    asked = task("fix-loader")
    view = checkpoint_view(asked, asked.request, now_ms=NOW)
    assert not view.can_approve
    with_diff = checkpoint_view(asked, asked.request, now_ms=NOW, diff=review_scene.sample_diff())
    assert with_diff.can_approve
    assert with_diff.digest == asked.request.digest
    assert with_diff.older == 3
    answered = scenes.decided_elsewhere(asked, NOW)
    closed = checkpoint_view(answered, asked.request, now_ms=NOW, diff=review_scene.sample_diff())
    assert not closed.can_approve
    assert closed.closed.startswith("Approved by you via OpenClaw at ")


@pytest.mark.parametrize("same", [True, False])
def test_what_was_rejected_before_is_said(same: bool) -> None:
    asked = task("fix-loader")
    said = checkpoint_view(asked, asked.request, now_ms=NOW)
    assert (said.rejected, said.step.startswith("Step ")) == ("", True)
    fields = {"request": "r0", "ordinal": 3, "verdict": "rejected", "note": "Shorter.\nPlease."}
    digests = {3: asked.request.digest if same else "other"}
    checkpoints = tuple(
        replace(c, digest=digests.get(c.ordinal, c.digest)) for c in asked.checkpoints
    )
    again = replace(
        asked, records=(*asked.records, Record("decision", NOW, fields)), checkpoints=checkpoints
    )
    said = checkpoint_view(again, again.request, now_ms=NOW)
    assert said.rejected.startswith("Checkpoint 3 was rejected")
    assert "Shorter." in said.rejected
    assert ("the same again" in said.rejected) is same


def test_a_task_that_waits_for_trust_needs_the_user_and_stands_in_the_inbox() -> None:
    waits = trust_scene.untrusted(NOW)
    shown = cards([*HOUSE.values(), waits], NOW)
    assert [c.task for c in shown][-1] == waits.id
    assert shown[-1].act == "Trust…"
    assert counts([waits])[Group.NEEDS_YOU] == 1
    assert waits.id not in [t.id for t in pending([waits])], "there is no request to answer"


def test_the_checkpoint_that_is_taken_has_the_number_it_will_have() -> None:
    taken = replace(task("fix-loader"), phase=Phase.SNAPSHOTTING, request=None, next_ordinal=5)
    assert state_texts(taken, NOW)[1] == "checkpoint 4 is taken"


def test_a_request_that_is_gone_says_so() -> None:
    asked = task("fix-loader")
    gone = replace(asked, request=None)
    assert closing_words(gone, asked.request.id, 0, 0).startswith("No longer waiting")
    assert closing_words(None, "x", 0, 0) == "The task is gone."
    done = task("docs-pass")
    answered = next(r for r in done.records if r.event == "decision").fields["request"]
    assert closing_words(done, answered, 0, 0).startswith("Approved by you via window at ")


def test_restore_says_what_it_undoes_and_keeps() -> None:
    view = restore_view(task("fix-loader"), 2, own_edits=("README.md",))
    assert view.undoes[0] == "2 steps of work, 2 checkpoints after it"
    assert any("README.md" in line for line in view.keeps)
    assert view.notes[0] == "The present state is checkpoint 4; you can undo this."
    running = restore_view(task("refactor-io"), 1, paths=tuple(f"src/{n}.py" for n in range(6)))
    assert running.notes[0].startswith("A safety checkpoint of the present state is made first")
    assert running.undoes[1].endswith("src/0.py, src/1.py, src/2.py, src/3.py and 2 more")
    assert running.undoes[2] == "step 3, which runs now, with its machine's memory"
    ring = restore_view(task("docs-pass"), 1)
    assert "Files only" in ring.notes[1]


def test_checkpoints_newest_first_with_reason() -> None:
    rows = checkpoint_rows(task("fix-loader"))
    assert [r.ordinal for r in rows] == [4, 3, 2, 1]
    assert rows[0].current
    assert rows[-1].kind == "star"
    assert checkpoint_rows(replace(task("docs-pass"), merged_into="main"))[0].why_not


def test_inspector_offers_the_one_act() -> None:
    assert inspector_view(task("fix-loader"), NOW).act == "review"
    assert inspector_view(task("bench-fp8"), NOW).act == "answer"
    assert inspector_view(task("docs-pass"), NOW).act == "merge"
    assert inspector_view(task("train-resnet"), NOW).act == ""
    assert not inspector_view(task("docs-pass"), NOW).can_cancel


def test_host_without_a_card_says_it_plainly() -> None:
    view = host_view(scenes.load(gpus=False))
    assert view.gpu_note.startswith("no NVIDIA GPU")
    assert view.gpus == ()
    assert host_view(None).cpu == "–"  # noqa: RUF001


def test_a_card_keeps_ours_and_not_ours_apart() -> None:
    view = host_view(scenes.load()).gpus[0]
    assert round(view.ours_share * 81920) == 56400
    assert round(view.foreign_share * 81920) == 66000 - 56400
    assert view.headline == "91 % · 64 °C · 402 W"
    bare = Gpu(0, "", "X", None, None, None, None, None, None, None, simulated=True)
    assert gpu_view(bare).headline == "no readings"
    assert gpu_view(bare).simulated


def test_simulated_and_lost_cards_are_told_in_the_one_line_too() -> None:
    load = scenes.load()
    assert host_view(load).gpu_summary.endswith(" GiB in use")
    first, *others = load.gpus
    lost = replace(first, problem="GPU is lost")
    mixed = replace(load, gpus=(lost, *(replace(gpu, simulated=True) for gpu in others)))
    view = host_view(mixed)
    assert view.gpu_summary.startswith("simulated: ")
    assert view.gpu_summary.endswith(" GiB in use · 1 not usable")
    bar = status_bar(PlaneState(), mixed, Environment())
    assert bar.gpu.startswith("simulated: ")
    bare = Gpu(0, "", "X", None, None, None, None, None, None, None, simulated=True)
    unknown = replace(load, gpus=(bare,))
    assert host_view(unknown).gpu_summary == "simulated: memory not known"


def test_the_bar_draws_memory_in_use_as_shares_of_all_cards() -> None:
    load = scenes.load()
    shares = status_bar(PlaneState(), load, Environment()).gpu_bar
    cards = [gpu.index for gpu in load.gpus]
    assert [one.card for one in shares if one.ours] == cards
    total = sum(gpu.total_mib or 0 for gpu in load.gpus)
    used = sum(gpu.used_mib or 0 for gpu in load.gpus)
    assert sum(one.share for one in shares) == pytest.approx(used / total)
    silent = replace(load.gpus[0], total_mib=None)
    assert {one.card for one in host_view(replace(load, gpus=(silent, load.gpus[1]))).gpu_bar} == {
        1
    }
    assert status_bar(PlaneState(), None, Environment()).gpu_bar == ()


def test_status_bar_in_words() -> None:
    state = PlaneState(tasks=dict(HOUSE))
    view = status_bar(state, scenes.load(), scenes.environment())
    assert (view.need_text, view.work_text) == ("2 need you", "4 running · 1 waiting")
    assert [p.text for p in view.parts] == ["Fabric ok", "libvirt ok", "Docker ok"]
    unknown = status_bar(PlaneState(), None, Environment())
    assert [p.word for p in unknown.parts] == ["checking"] * 3
    assert unknown.need_text == "Nothing needs you"


def test_health_names_what_is_missing() -> None:
    machines = MachineSupport(
        False, "", "tcg", "", {}, False, "no libvirt socket.", "Install libvirt."
    )
    broken = Environment(machines, FabricStatus(False, problem="No Docker.", mend="Install it."))
    fabric, libvirt, docker = status_bar(PlaneState(), None, broken).parts
    assert (fabric.word, libvirt.word, docker.word) == ("not ready", "not ready", "missing")
    assert libvirt.why == "no libvirt socket. Install libvirt."
    assert docker.why == "No Docker. Install it."


def test_doctor_groups_and_counts() -> None:
    view = doctor_view([*scenes.checks(), {"name": "odd", "state": "?!"}])
    assert [g.title for g in view.groups] == [
        "Isolation", "Models and GPUs", "Desktop and projects",
    ]  # fmt: skip
    libvirt = next(c for g in view.groups for c in g.checks if c.name == "libvirt")
    assert libvirt.command.startswith("sudo apt-get install")
    assert libvirt.open
    odd = next(c for g in view.groups for c in g.checks if c.name == "Odd")
    assert (odd.word, odd.family) == ("unknown", Family.STILL)
    assert "6 ready" in [text for _, text, _ in view.tallies]
    assert "libvirt" in view.report


def test_a_day_is_said_as_one_says_it() -> None:
    day_ms = 86_400_000
    now_ms = 1_795_692_000_000  # Thursday, 2026-11-26 11:20 UTC
    said = [day(now_ms - ago * day_ms, now_ms, 0) for ago in (0, 1, 2, 6, 7, 20, 62, 63)]
    assert said[:6] == ["today", "yesterday", "Tuesday", "Friday", "1 week ago", "2 weeks ago"]
    assert said[6:] == ["8 weeks ago", "2026-09-24"]
    assert day(now_ms - 12 * 3_600_000, now_ms, 0) == "yesterday", "before midnight"
    assert day(now_ms - 12 * 3_600_000, now_ms, 3_600_000) == "today", "the user's midnight counts"
    assert day(0, now_ms, 0) == day(now_ms + day_ms, now_ms, 0) == "", "not known, or not yet"


def test_projects_with_recent_and_needs() -> None:
    projects = {scenes.PROJECT: scenes.project()}
    recent = {scenes.PROJECT: "today", "/home/ada/notes": "Friday"}
    view = projects_view(projects, HOUSE.values(), recent, "/home/ada")
    (entry,) = view.entries
    assert (entry.place, entry.needs, entry.tasks) == ("~/src/vision-lab", 2, 10)
    assert entry.headline == "main · 2 files changed by you"
    assert view.recent == (("notes", "/home/ada/notes", "~/notes", "Friday"),)
    assert short_path("/home/adam/x", "/home/ada") == "/home/adam/x"
    read_only = replace(scenes.project(), read_only="held by bob")
    only = projects_view({scenes.PROJECT: read_only}, [])
    assert only.entries[0].definitions[0].why_not == "read-only: held by bob"


def test_two_projects_of_one_name_are_told_apart() -> None:
    paths = ("/home/ada/src/app", "/home/ada/old/app", "/home/ada/src/notes")
    view = projects_view({path: scenes.project(path) for path in paths}, [], {"/app": "today"})
    assert [entry.name for entry in view.entries] == ["src/app", "old/app", "notes"]
    assert [one.name for one in view.recent] == ["/app"]
    assert names_of({"/a/x/app": "app", "/b/x/app": "app"}) == {
        "/a/x/app": "/a/x/app",
        "/b/x/app": "/b/x/app",
    }


def test_diff_rows_unified_and_split() -> None:
    diff = review_scene.sample_diff()
    unified = diff_rows(diff, split=False)
    split = diff_rows(diff, split=True)
    assert [r.kind for r in unified[:2]] == [RowKind.FILE, RowKind.HUNK]
    paired = next(r for r in split if r.left.origin == "-")
    assert (paired.left.number, paired.right.origin, paired.right.number) == (86, "+", 86)
    assert sum(r.left.origin == "+" for r in unified) == sum(r.right.origin == "+" for r in split)


def test_a_huge_diff_is_cut_and_says_so() -> None:
    lines = tuple(DiffLine("+", None, n, "x" * 10_000) for n in range(ROWS_MAX + 10))
    diff = Diff((DiffFile("a", "", "added", 1, 0, (DiffHunk("@@", lines),)),), DiffStat(1, 1, 0))
    rows = diff_rows(diff, split=False)
    assert is_cut(rows)
    assert "is not shown" in rows[-1].text
    assert len(rows[2].left.text) < LINE_MAX + 20


def test_time_scale_is_linear_and_invertible() -> None:
    scale = TimeScale(NOW, 3_600_000, 600)
    assert scale.x(NOW) == 570
    assert scale.x(NOW - 3_600_000) == 0
    assert abs(scale.at(scale.x(NOW - 1_000_000)) - (NOW - 1_000_000)) < 10_000
    ticks = scale.ticks(0)
    assert all((b - a) == ticks[1] - ticks[0] for a, b in pairwise(ticks))
    held = scale.at(40)
    assert abs(scale.zoomed(scale.span_ms * 4, held).at(40) - held) <= 4 * scale.px_ms
    assert next_span(next_span(3_600_000, wider=True), wider=False) == 3_600_000
    assert fit([(NOW - 100_000, NOW)], NOW) == 102_000
    assert fit([], NOW) == 3_600_000


def test_long_spans_have_readable_ticks() -> None:
    for span in SPANS_MS:
        scale = TimeScale(NOW, span, 900)
        ticks = scale.ticks(3_600_000)
        assert 2 <= len(ticks) <= 11, span
        words = [scale.words(tick, 3_600_000) for tick in ticks]
        assert all(one != other for one, other in pairwise(words)), (span, words)
    days = TimeScale(NOW, 7 * 86_400_000, 900)
    assert all(text[0].isdigit() and text[-1].isalpha() for text in map_words(days))


def map_words(scale: TimeScale) -> list[str]:
    return [scale.words(tick, 0) for tick in scale.ticks(0)]


def test_one_command_that_mends_several_stands_once() -> None:
    lack = {"state": "missing", "found": "none", "why": "It is not there.", "mend": "apt install x"}
    lack["works"] = "All else."
    names = ("libvirt", "qemu", "machines")
    other = {**lack, "name": "docker", "mend": "apt install y"}
    view = doctor_view([*({**lack, "name": name} for name in names), other])
    rows = [check for group in view.groups for check in group.checks]
    assert [(row.name, row.command) for row in rows] == [
        ("libvirt", "apt install x"),
        ("QEMU", ""),
        ("Machines", ""),
        ("Docker", "apt install y"),
    ]
    assert rows[1].why == "The command for libvirt mends this too."
    assert rows[1].open, "it can be asked why"
    assert [row.works for row in rows] == ["All else.", "", "", "All else."], "said once a command"
    assert view.report.count("It is not there. | Still works: All else. | apt install") == 2
    assert [text for _, text, _ in view.tallies] == ["4 need a fix"]
    assert [text for _, text, _ in doctor_view([other]).tallies] == ["1 needs a fix"]


def test_why_a_task_waits_or_failed_is_said_in_full() -> None:
    waiting = inspector_view(task("quantize-vlm"), NOW)
    assert waiting.why == (
        "Needs 6 GiB of memory, 4.1 GiB of 16 GiB are free; held by train-resnet. "
        "Freed by: train-resnet ends, yields, or waits for you."
    )
    assert ("Freed by", "train-resnet ends, yields, or waits for you") in waiting.facts
    assert inspector_view(task("eval-old"), NOW).why == "Step rewrite exited with 1.\nout of memory"
    assert inspector_view(task("train-resnet"), NOW).why == ""


def test_an_answer_of_another_day_has_its_date() -> None:
    done = task("docs-pass")
    record = next(r for r in done.records if r.event == "decision")
    closed = closing_words(done, record.fields["request"], record.at_ms + words.DAY_MS, 0)
    assert closed.endswith(f" at {moment(record.at_ms, record.at_ms + words.DAY_MS, 0)}")
    assert " Nov " in closed


def test_one_core_is_no_cores() -> None:
    load = replace(scenes.load(), cpu_count=1, cpu_percent=7.0)
    assert host_view(load).cpu == "7 % of 1 core"


def test_a_list_that_is_cut_says_so() -> None:
    assert first_of(["a", "b", "c"], 3) == ("a", "b", "c")
    assert first_of(["a", "b", "c", "d"], 2) == ("a", "b", "and 2 more")
