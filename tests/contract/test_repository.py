"""What every implementation of the Repository port keeps; runs on the fake and on the real one."""

from __future__ import annotations

import asyncio
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from clawdesk.domain.definitions import PROJECT_FILE
from clawdesk.domain.model import DiffStat, ProjectPolicy, Record
from clawdesk.domain.policy import approval_reason
from clawdesk.ports.errors import ConflictError, RepositoryError
from clawdesk.ports.guest import FileEntry, WorkspaceChanges
from clawdesk.ports.repository import ConflictFile, MergeOutcome, Settled, Settlement
from tests.support.repository_kit import (
    FILES,
    OTHER,
    TASK,
    TIDY,
    Contents,
    Kit,
    bytes_of,
    changes,
    kit,
    refusal,
)

__all__ = ["kit"]


async def test_a_view_names_branch_tasks_and_uncommitted_work(kit: Kit) -> None:
    kit.user_edits({"a.txt": "mine\n", ".clawdesk/tasks/bad.toml": "priority = 99\n"})
    view = await kit.repository.view()
    assert (view.path, view.name, view.branch) == (kit.path, "notes", "main")
    assert view.dirty == (".clawdesk/tasks/bad.toml", "a.txt")
    assert [definition.name for definition in view.definitions] == ["tidy"]
    assert view.mistakes[0].startswith(".clawdesk/tasks/bad.toml:1: priority: found 99")
    assert view.read_only == ""


async def test_what_cannot_be_opened_is_refused(kit: Kit) -> None:
    with pytest.raises(RepositoryError):
        await kit.repositories.open("/nowhere/at/all")


async def test_task_files_are_read_from_commits(kit: Kit) -> None:
    kit.user_edits({".clawdesk/tasks/tidy.toml": TIDY.replace("true", "false")})
    assert (await kit.repository.definition("tidy")).steps[0].run == "true"
    await refusal(kit.repository.definition("other"), "no_definition")
    assert await kit.repository.policy() == ProjectPolicy()
    kit.user_commits({".clawdesk/project.toml": "weight = 3\n"})
    assert (await kit.repository.definition("tidy")).steps[0].run == "false"
    assert (await kit.repository.policy()).weight == 3.0
    kit.user_commits({".clawdesk/project.toml": "wait = 3\n"})
    error = await refusal(kit.repository.policy(), "bad_definition")
    assert "project.toml:1: wait" in error.what


async def test_a_start_ignores_or_includes_uncommitted_work(kit: Kit) -> None:
    base, start = await kit.repository.start_commit(include_changes=True, definition="tidy")
    assert base == start
    kit.user_edits({"a.txt": "mine\n", "new.txt": "new\n", "x.o": "object\n", "b.txt": None})
    base, start = await kit.repository.start_commit(include_changes=False, definition="tidy")
    assert base == start
    base, start = await kit.repository.start_commit(include_changes=True, definition="tidy")
    assert base != start
    paths = [file.path for file in (await kit.repository.diff(base, start)).files]
    assert set(paths) - {"x.o"} == {"a.txt", "b.txt", "new.txt"}


async def test_a_start_without_a_task_file_needs_none(kit: Kit) -> None:
    kit.user_commits({".clawdesk/tasks/tidy.toml": None})
    base, start = await kit.repository.start_commit(include_changes=False, definition="")
    assert base == start
    assert await kit.repository.policy(start) == ProjectPolicy()
    assert (await kit.repository.image_plan(start)).is_empty


async def test_a_task_file_that_is_not_committed_is_told_apart(kit: Kit) -> None:
    kit.user_edits({".clawdesk/tasks/fresh.toml": TIDY})
    start = kit.repository.start_commit
    await refusal(start(include_changes=False, definition="fresh"), "uncommitted_definition")
    await refusal(start(include_changes=False, definition="none"), "no_definition")
    _, commit = await start(include_changes=True, definition="fresh")
    assert (await kit.repository.definition("fresh", commit)).name == "fresh"


async def test_a_history_survives_opening_anew(kit: Kit) -> None:
    start = await kit.submit()
    await kit.submit(OTHER)
    made = await kit.checkpoint(start, {"a.txt": "new\n"}, 1, message="done")
    commit = await kit.repository.append(TASK, Record("finished", 2_000, {"status": "done"}))
    again = await kit.repositories.open(kit.path)
    first, second = await again.histories()
    await again.close()
    assert (first.task, second.task) == (TASK, OTHER)
    assert [record.event for record in first.records] == ["submitted", "checkpoint", "finished"]
    assert (first.tip, first.tip_tree) == (commit, made.tree)
    read = first.records[1]
    assert (read.commit, read.at_ms) == (made.commit, 1_001)
    assert read.fields["digest"] == made.digest
    assert read.fields["tree"] == made.tree
    assert read.fields["diffstat"] == {"files": 1, "added": 1, "removed": 3}


async def test_a_task_is_submitted_once(kit: Kit) -> None:
    start = await kit.submit()
    record = Record("submitted", 1, {})
    await refusal(kit.repository.submit(TASK, start, record), "exists")
    await refusal(kit.repository.append(OTHER, record), "unknown_task")
    await refusal(kit.repository.submit(OTHER, "0" * 40, record), "no_commit")


async def test_a_record_has_a_limit(kit: Kit) -> None:
    await kit.submit()
    big = Record("decision", 1, {"text": "x" * 70_000})
    await refusal(kit.repository.append(TASK, big), "too_large")
    assert len((await kit.repository.histories())[0].records) == 1


async def test_a_checkpoint_is_the_start_plus_the_guests_changes(kit: Kit) -> None:
    start = await kit.submit()
    first = await kit.checkpoint(start, {"a.txt": "one\ntwo\n", "n/e/w.txt": "w\n"}, 1)
    assert first.diffstat == DiffStat(2, 1, 1)
    assert first.paths == ("a.txt", "n/e/w.txt")
    # The guest always compares with the start: what it no longer names is as it was there.
    second = await kit.checkpoint(start, {"b.txt": None}, 2)
    assert second.paths == ("a.txt", "b.txt", "n/e/w.txt")
    diff = await kit.repository.diff(start, second.commit)
    assert [(file.path, file.status) for file in diff.files] == [("b.txt", "deleted")]
    same = await kit.checkpoint(start, {"b.txt": None}, 3)
    assert (same.tree, same.paths) == (second.tree, ())
    assert same.digest != second.digest


MOVES: list[tuple[Contents, str]] = [
    ({".clawdesk/tasks/tidy.toml": None, "docs/tidy.toml": TIDY}, ".clawdesk/tasks/tidy.toml"),
    ({".ClawDesk/project.toml": "weight = 9\n"}, ".ClawDesk/project.toml"),
    (
        {".clawdesk/tasks/tidy.toml": None, ".ClawDesk/project.toml": "weight = 9\n"},
        ".ClawDesk/project.toml",
    ),
    ({".clawdesk./project.toml": "weight = 9\n"}, ".clawdesk./project.toml"),
    ({".clawdes\u212a/tasks/new.toml": "x\n"}, ".clawdes\u212a/tasks/new.toml"),
]


@pytest.mark.parametrize(("contents", "named"), MOVES)
async def test_whatever_touches_our_own_folder_needs_approval(
    kit: Kit, contents: Contents, named: str
) -> None:
    start = await kit.submit()
    taken = await kit.checkpoint(start, contents, 1)
    reason = approval_reason("auto", taken.paths, ProjectPolicy())
    # Beside `.clawdesk` itself, a second spelling of it is not even taken.
    not_taken = any(line.startswith(named) for line in taken.refused)
    assert not_taken or reason.startswith(f"{named} configures ClawDesk itself")
    free = await kit.checkpoint(start, {**contents, "a.txt": "more\n"}, 2)
    assert free.paths == ("a.txt",), "what was there at the checkpoint before is asked about there"


async def test_the_project_file_is_given_as_its_bytes(kit: Kit) -> None:
    assert await kit.repository.project_file() is None
    first = b"weight = 2\r\n# \xc3\xa4\n"
    kit.user_commits({PROJECT_FILE: first.decode()})
    _, start = await kit.repository.start_commit(include_changes=False, definition="tidy")
    kit.user_edits({PROJECT_FILE: "weight = 3\n"})
    assert await kit.repository.project_file() == first
    kit.user_commits({PROJECT_FILE: "weight = 4\n"})
    assert await kit.repository.project_file(start) == first
    assert await kit.repository.project_file() == b"weight = 4\n"


async def test_an_image_file_is_read_with_the_files_it_names(kit: Kit) -> None:
    assert (await kit.repository.image_plan()).is_empty
    image = 'pypi = ["a"]\nscript = "set-up.sh"\nfiles = ["more/words.txt"]\n'
    files: Contents = {"set-up.sh": "true\n", "more/words.txt": "words\n"}
    kit.user_commits({".clawdesk/image.toml": image, **files})
    kit.user_edits({"set-up.sh": "false\n"})
    plan = await kit.repository.image_plan()
    assert plan.spec.pypi == ("a",)
    assert plan.contents == {"set-up.sh": b"true\n", "more/words.txt": b"words\n"}
    kit.user_commits({"more/words.txt": None})
    error = await refusal(kit.repository.image_plan(), "bad_definition")
    assert "more/words.txt" in error.what
    kit.user_commits({".clawdesk/image.toml": "apt = []\n"})
    error = await refusal(kit.repository.image_plan(), "bad_definition")
    assert "image.toml:1: apt: found a key nobody knows" in error.what
    assert any("image.toml:1: apt" in text for text in (await kit.repository.view()).mistakes)


async def test_names_from_the_guest_are_not_trusted(kit: Kit) -> None:
    start = await kit.submit()
    bad = {
        "../x": "1",
        "/abs": "1",
        ".git/config": "1",
        ".GIT/hooks/pre-commit": "1",
        "a\\b": "1",
        "new\nline": "1",
        "": "1",
        "A.TXT": "1",
        "made.o": "1",
        "build/out": "1",
    }
    link = FileEntry("link", 0o120000, b"../../etc/passwd")
    device = FileEntry("device", 0o60000, b"")
    sent = WorkspaceChanges((*changes(bad).changed, link, device), (".git/HEAD", "../x"))
    record = Record("checkpoint", 1, {"ordinal": 1})
    made = await kit.repository.checkpoint(TASK, start, sent, record)
    assert len(made.refused) == len(bad) + 2
    assert made.paths == ()
    assert all(text.isprintable() for text in made.refused)


async def test_a_checkpoint_has_a_limit(kit: Kit) -> None:
    start = await kit.submit()
    many = {f"f{number}": "x" for number in range(10_001)}
    await refusal(kit.checkpoint(start, many, 1), "too_large")
    assert len((await kit.repository.histories())[0].records) == 1


async def test_an_event_keeps_or_returns_to_a_tree(kit: Kit) -> None:
    start = await kit.submit()
    first = await kit.checkpoint(start, {"a.txt": "1\n"}, 1)
    second = await kit.checkpoint(start, {"a.txt": "2\n"}, 2)
    await kit.repository.append(TASK, Record("requested", 5, {}))
    assert (await kit.repository.histories())[0].tip_tree == second.tree
    restored = Record("restored", 6, {"ordinal": 1})
    await kit.repository.append(TASK, restored, tree_of=first.commit)
    assert (await kit.repository.histories())[0].tip_tree == first.tree


async def test_a_diff_shows_lines_and_what_runs_on_the_host(kit: Kit) -> None:
    start = await kit.submit()
    made = await kit.checkpoint(start, {"a.txt": "one\n2\nthree\n", "Makefile": "all:\n"}, 1)
    make, text = (await kit.repository.diff(start, made.commit)).files
    assert (make.path, make.status, make.runs_on_host) == ("Makefile", "added", True)
    assert (text.added, text.removed, text.runs_on_host) == (1, 1, False)
    lines = [(line.origin, line.old, line.new, line.text) for line in text.hunks[0].lines]
    assert lines == [
        (" ", 1, 1, "one"),
        ("-", 2, None, "two"),
        ("+", None, 2, "2"),
        (" ", 3, 3, "three"),
    ]


async def test_output_is_kept_a_step(kit: Kit) -> None:
    await kit.submit()
    assert await kit.repository.log(TASK) == {}
    await kit.repository.append_log(TASK, "survey", b"one\n")
    await kit.repository.append_log(TASK, "a/b", b"two\n")
    await kit.repository.append_log(TASK, "survey", b"three\n")
    log = await kit.repository.log(TASK)
    assert list(log.items()) == [("survey", b"one\nthree\n"), ("a/b", b"two\n")]


async def test_output_kept_before_a_checkpoint_is_there_when_the_checkpoint_is(kit: Kit) -> None:
    start = await kit.submit()
    keeping = asyncio.ensure_future(kit.repository.append_log(TASK, "survey", b"x" * 1_000_000))
    await asyncio.sleep(0)
    await kit.checkpoint(start, {"a.txt": "a"}, 1)
    assert await kit.repository.log(TASK) == {"survey": b"x" * 1_000_000}
    await keeping


async def test_an_export_holds_the_files_of_a_commit(kit: Kit, tmp_path: Path) -> None:
    start = await kit.submit()
    await kit.repository.export(start, tmp_path / "w.tar")
    with tarfile.open(tmp_path / "w.tar") as tar:
        found = {}
        for entry in tar:
            file = tar.extractfile(entry) if entry.isfile() else None
            if file is not None and entry.name.startswith("workspace/"):
                found[entry.name.removeprefix("workspace/")] = file.read()
    assert found == bytes_of(FILES)


async def test_a_merge_brings_exactly_the_approved_bytes(kit: Kit) -> None:
    start = await kit.submit()
    await kit.checkpoint(start, {"a.txt": "draft\n"}, 1)
    await kit.checkpoint(start, {"a.txt": "final\n", "b.txt": None, "n/new": "n\n"}, 2)
    await kit.repository.append(TASK, Record("finished", 9, {"status": "done"}))
    outcome = await kit.repository.merge(TASK, into="", each_checkpoint=False, title="Tidy")
    assert (outcome.branch, outcome.how) == ("main", "fast")
    assert outcome.backup
    expected = {**bytes_of(FILES), "a.txt": b"final\n", "n/new": b"n\n"}
    del expected["b.txt"]
    assert kit.on_disk() == expected
    assert kit.in_branch("main") == expected
    assert (await kit.repository.view()).dirty == ()
    again = await kit.repository.merge(TASK, into="", each_checkpoint=False, title="Tidy")
    assert again.commit == outcome.commit


async def test_only_approved_work_is_merged(kit: Kit) -> None:
    start = await kit.submit()
    merge = kit.repository.merge
    title = {"into": "", "each_checkpoint": False, "title": "T"}
    await refusal(merge(TASK, **title), "nothing_to_merge")  # type: ignore[arg-type]
    await kit.checkpoint(start, {"a.txt": "asked\n"}, 1, mode="approve")
    requested = Record("requested", 5, {"ordinal": 1, "kind": "approve", "request": "r"})
    await kit.repository.append(TASK, requested)
    await refusal(merge(TASK, **title), "nothing_to_merge")  # type: ignore[arg-type]
    decided = Record("decision", 6, {"ordinal": 1, "verdict": "approved", "request": "r"})
    await kit.repository.append(TASK, decided)
    two = await kit.checkpoint(start, {"a.txt": "rejected\n"}, 2, mode="approve")
    rejected = Record("decision", 7, {"ordinal": 2, "verdict": "rejected", "request": "s"})
    await kit.repository.append(TASK, rejected)
    await kit.checkpoint(start, {"a.txt": "safe\n"}, 3, safety=True)
    await kit.repository.append(TASK, Record("restored", 8, {"ordinal": 2}), tree_of=two.commit)
    await merge(TASK, **title)  # type: ignore[arg-type]
    assert kit.on_disk()["a.txt"] == b"asked\n"


async def test_work_that_was_taken_back_is_not_merged(kit: Kit) -> None:
    start = await kit.submit()
    first = await kit.checkpoint(start, {"a.txt": "1\n"}, 1)
    await kit.checkpoint(start, {"a.txt": "2\n"}, 2)
    restored = Record("restored", 8, {"ordinal": 1})
    await kit.repository.append(TASK, restored, tree_of=first.commit)
    await kit.repository.merge(TASK, into="", each_checkpoint=False, title="T")
    assert kit.on_disk()["a.txt"] == b"1\n"


async def test_a_merge_keeps_what_the_user_did_elsewhere(kit: Kit) -> None:
    start = await kit.submit()
    await kit.checkpoint(start, {"a.txt": "task\n"}, 1)
    kit.user_commits({"src/c.py": "c = 2\n"})
    kit.user_edits({"b.txt": "uncommitted\n", "notes.txt": "untracked\n"})
    outcome = await kit.repository.merge(TASK, into="", each_checkpoint=False, title="T")
    assert outcome.how == "commit"
    assert kit.in_branch("main")["src/c.py"] == b"c = 2\n"
    assert kit.in_branch("main")["b.txt"] == b"b\n"
    disk = kit.on_disk()
    assert disk["a.txt"] == b"task\n"
    assert disk["b.txt"] == b"uncommitted\n"
    assert disk["notes.txt"] == b"untracked\n"
    assert (await kit.repository.view()).dirty == ("b.txt", "notes.txt")


@pytest.mark.parametrize("where", ["committed", "uncommitted", "untracked"])
async def test_a_conflict_names_the_paths_and_changes_nothing(kit: Kit, where: str) -> None:
    start = await kit.submit()
    await kit.checkpoint(start, {"a.txt": "task\n", "n.txt": "task\n"}, 1)
    path = "n.txt" if where == "untracked" else "a.txt"
    (kit.user_commits if where == "committed" else kit.user_edits)({path: "user\n"})
    disk, branch = kit.on_disk(), kit.in_branch("main")
    with pytest.raises(ConflictError) as caught:
        await kit.repository.merge(TASK, into="", each_checkpoint=False, title="T")
    assert caught.value.paths == (path,)
    assert (kit.on_disk(), kit.in_branch("main")) == (disk, branch)


async def test_a_conflict_shows_its_three_sides_and_is_settled_by_a_person(kit: Kit) -> None:
    start = await kit.submit()
    await kit.checkpoint(start, {"a.txt": "task\n", "b.txt": "task\n", "n.txt": "task\n"}, 1)
    kit.user_commits({"a.txt": "user\n", "b.txt": "user\n"})
    found = await kit.repository.conflicts(TASK, into="")
    assert found.branch == "main"
    assert found.files == (
        ConflictFile("a.txt", bytes_of(FILES)["a.txt"], b"user\n", b"task\n"),
        ConflictFile("b.txt", b"b\n", b"user\n", b"task\n"),
    )
    answer = Settlement(found.tip, found.work, (Settled("a.txt", "edited", b"both\n"),))
    disk, branch = kit.on_disk(), kit.in_branch("main")
    with pytest.raises(ConflictError) as caught:
        await merge_settled(kit, answer)
    assert caught.value.paths == ("b.txt",), "what nobody settled is a conflict still"
    assert (kit.on_disk(), kit.in_branch("main")) == (disk, branch)

    answer = replace(answer, files=(*answer.files, Settled("b.txt", "ours")))
    outcome = await merge_settled(kit, answer)
    assert outcome.how == "commit"
    made = kit.in_branch("main")
    assert (made["a.txt"], made["b.txt"], made["n.txt"]) == (b"both\n", b"user\n", b"task\n")
    assert kit.on_disk() == made


async def merge_settled(kit: Kit, answer: Settlement) -> MergeOutcome:
    return await kit.repository.merge(
        TASK, into="", each_checkpoint=True, title="T", settled=answer
    )


async def test_what_was_settled_counts_for_what_was_looked_at(kit: Kit) -> None:
    start = await kit.submit()
    await kit.checkpoint(start, {"a.txt": "task\n"}, 1)
    kit.user_commits({"a.txt": "user\n"})
    found = await kit.repository.conflicts(TASK, into="")
    kit.user_commits({"a.txt": "user again\n"})
    answer = Settlement(found.tip, found.work, (Settled("a.txt", "theirs"),))
    with pytest.raises(RepositoryError) as caught:
        await merge_settled(kit, answer)
    assert caught.value.code == "changed"
    assert kit.in_branch("main")["a.txt"] == b"user again\n"


async def test_nothing_in_conflict_is_said_so(kit: Kit) -> None:
    start = await kit.submit()
    await kit.checkpoint(start, {"a.txt": "task\n"}, 1)
    kit.user_commits({"b.txt": "user\n"})
    assert (await kit.repository.conflicts(TASK, into="")).files == ()
    assert (await kit.repository.conflicts(TASK, into="new-branch")).files == ()


async def test_included_work_is_neither_added_nor_lost(kit: Kit) -> None:
    kit.user_edits({"a.txt": "mine\n", "new.txt": "new\n"})
    start = await kit.submit(include_changes=True)
    await kit.checkpoint(start, {"src/c.py": "c = 3\n"}, 1)
    outcome = await kit.repository.merge(TASK, into="", each_checkpoint=False, title="T")
    assert outcome.how == "commit"
    assert kit.in_branch("main") == {**bytes_of(FILES), "src/c.py": b"c = 3\n"}
    expected = {**bytes_of(FILES), "src/c.py": b"c = 3\n"}
    assert kit.on_disk() == {**expected, "a.txt": b"mine\n", "new.txt": b"new\n"}
    assert (await kit.repository.view()).dirty == ("a.txt", "new.txt")


async def test_a_merge_into_another_branch_leaves_the_files(kit: Kit) -> None:
    start = await kit.submit()
    await kit.checkpoint(start, {"a.txt": "task\n"}, 1)
    kit.user_edits({"a.txt": "user\n"})
    disk = kit.on_disk()
    outcome = await kit.repository.merge(TASK, into="for/review", each_checkpoint=False, title="T")
    assert outcome.branch == "for/review"
    assert kit.on_disk() == disk
    assert kit.in_branch("for/review")["a.txt"] == b"task\n"
    assert kit.in_branch("main")["a.txt"] == b"one\ntwo\nthree\n"


async def test_a_merge_needs_the_users_name(kit: Kit) -> None:
    start = await kit.submit()
    await kit.checkpoint(start, {"a.txt": "task\n"}, 1)
    kit.user_forgets_name()
    merge = kit.repository.merge(TASK, into="", each_checkpoint=False, title="T")
    await refusal(merge, "no_identity")


async def test_a_closed_project_answers_nothing(kit: Kit) -> None:
    again = await kit.repositories.open(kit.path)
    assert again is not kit.repository
    await again.close()
    await again.close()
    await refusal(again.view(), "closed")
    await kit.repository.view()
    await kit.repository.close()
    await refusal(kit.repository.view(), "closed")
    kit.repository = await kit.repositories.open(kit.path)
