"""A review before it is sent: ticks, hunks, comments, edits, and the words that come of them."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from clawdesk.ports.repository import DiffFile
from clawdesk.viewmodels import review as rv
from clawdesk.viewmodels.diffs import RowKind, diff_rows
from tests.support import review_scene

DIFF = review_scene.sample_diff()
LOADER = DIFF.files[0]
COMMENT = rv.LineComment(
    "src/loader.py", 88, "new", "order = list(range(count))", "Why not sorted?"
)


def test_a_plain_approval_is_nothing_special() -> None:
    draft = rv.Draft()
    assert rv.only_paths(DIFF, draft) is None
    assert rv.approve_words(DIFF, draft) == "Approve all 3 files"
    assert rv.consequences(DIFF, draft) == ()
    assert rv.message(DIFF, draft) == ""
    assert rv.why_not_approve(DIFF, draft) == ""
    assert rv.approve_words(None, draft) == "Approve"
    assert rv.approve_words(replace(DIFF, files=(LOADER,)), draft) == "Approve 1 file"


def test_a_part() -> None:
    draft = rv.Draft().tick("Makefile", False)
    assert rv.approve_words(DIFF, draft) == "Approve 2 of 3 files"
    assert rv.only_paths(DIFF, draft) == ("src/loader.py", "tests/test_loader.py")
    assert rv.consequences(DIFF, draft) == (
        "Makefile goes back to the agent as not approved, put back as before.",
    )
    assert draft.tick("Makefile", True) == rv.Draft()


def test_a_renamed_file_is_taken_with_both_names() -> None:
    moved = DiffFile("new.py", "old.py", "renamed", 0, 0, ())
    diff = replace(DIFF, files=(moved, *DIFF.files))
    draft = rv.Draft().tick("Makefile", False)
    assert rv.only_paths(diff, draft) == (
        *("new.py", "old.py"),
        *("src/loader.py", "tests/test_loader.py"),
    )
    assert "old.py" not in (rv.only_paths(diff, draft.tick("new.py", False)) or ())


def test_nothing_ticked_is_no_approval() -> None:
    draft = rv.Draft()
    for file in DIFF.files:
        draft = draft.tick(file.path, False)
    assert "say why and reject it" in rv.why_not_approve(DIFF, draft)
    assert rv.only_paths(DIFF, draft) == ()


def test_a_hunk_is_left_out_and_taken_again() -> None:
    draft = rv.Draft().toggle_hunk(LOADER, 1)
    assert draft.hunks_off(LOADER.path) == {1}
    assert rv.only_paths(DIFF, draft) is None
    assert rv.approve_words(DIFF, draft) == "Approve 3 files, changed"
    assert rv.consequences(DIFF, draft) == ("src/loader.py is taken without 1 hunk.",)
    said = rv.message(DIFF, draft)
    assert said.startswith("Not taken from src/loader.py:\n@@ -100,")
    assert "+        with self.lock:" in said
    assert draft.toggle_hunk(LOADER, 1) == rv.Draft()


def test_a_file_without_any_hunk_is_left_out() -> None:
    draft = rv.Draft()
    for number in range(len(LOADER.hunks)):
        draft = draft.toggle_hunk(LOADER, number)
    assert draft == rv.Draft(left_out=("src/loader.py",))
    # Taking one hunk of it again takes that one alone.
    again = draft.toggle_hunk(LOADER, 1)
    assert again.left_out == ()
    assert again.hunks_off(LOADER.path) == {0}


def test_an_edit_makes_choices_of_hunks_void_and_ticks_the_file() -> None:
    draft = rv.Draft().toggle_hunk(LOADER, 0).tick("Makefile", False)
    draft = draft.edit(LOADER.path, "mine\n").edit("Makefile", "all:\n")
    assert draft.rejected == ()
    assert draft.left_out == ()
    assert draft.edit_of("Makefile") == "all:\n"
    assert "as edited by you" in rv.consequences(DIFF, draft)[0]
    assert draft.edit(LOADER.path, None).edit("Makefile", None) == rv.Draft()


def test_comments_are_added_changed_and_removed_in_the_order_of_the_lines() -> None:
    early = replace(COMMENT, line=2, side="old", text="Keep this.")
    draft = rv.Draft().comment(COMMENT).comment(early)
    assert [c.line for c in draft.comments] == [2, 88]
    draft = draft.comment(replace(COMMENT, text="Better."))
    assert draft.comment_on("src/loader.py", 88, "new") == replace(COMMENT, text="Better.")
    assert draft.comment_on("src/loader.py", 88, "old") is None
    assert len(draft.comment(replace(early, text="  ")).comments) == 1


def test_the_agent_reads_note_comments_and_quotes() -> None:
    removed = replace(COMMENT, line=87, side="old", quote="return order", text="Keep it.\nPlease.")
    draft = rv.Draft(note=" Nearly. ").comment(COMMENT).comment(removed)
    assert rv.message(DIFF, draft) == (
        "Nearly.\n\n"
        "src/loader.py:87 (a removed line)\n> return order\nKeep it.\nPlease.\n\n"
        "src/loader.py:88\n> order = list(range(count))\nWhy not sorted?"
    )


def test_an_answer_that_no_record_can_hold_is_refused_beforehand() -> None:
    draft = rv.Draft()
    for line in range(20):
        draft = draft.comment(replace(COMMENT, line=line, text="é" * 400))
    assert "Shorten them" in rv.why_not_approve(DIFF, draft)
    assert rv.too_long("a" * 8_000) == ""


def test_a_draft_of_another_version_keeps_words_only() -> None:
    draft = rv.Draft("one", "note", ("a",), (COMMENT,), (("b", "x"),), (("c", 1),), typing=COMMENT)
    assert draft.fit("one") == draft
    assert draft.fit("two") == rv.Draft("two", "note", comments=(COMMENT,), typing=COMMENT)


def test_a_draft_survives_being_written_down() -> None:
    draft = rv.Draft(
        "d", "n", ("a",), (COMMENT,), (("b", "x\r\n"),), (("c", 1),), COMMENT, ("e", "f")
    )
    assert msgspec.json.decode(msgspec.json.encode(draft), type=rv.Draft) == draft


def test_rows_carry_hunks_counterparts_and_comments() -> None:
    rows = diff_rows(DIFF, split=False, comments=(COMMENT,))
    at = next(n for n, row in enumerate(rows) if row.kind is RowKind.COMMENT)
    assert rows[at].spoken == "your comment: Why not sorted?"
    assert rows[at - 1].place() == (88, "new", "        order = list(range(count))")
    assert rows[at - 1].other == "        order = list(range(n - 1))"
    added = next(row for row in rows if row.left.text.strip() == "if not order:")
    assert added.other == "", "more lines were added than removed: this one replaces none"
    assert {row.hunk for row in rows if row.file == 0} == {-1, 0, 1}
    split = diff_rows(DIFF, split=True, comments=(COMMENT,))
    at = next(n for n, row in enumerate(split) if row.kind is RowKind.COMMENT)
    assert split[at - 1].right.number == 88
    removed = next(row for row in split if row.left.origin == "-")
    assert removed.place() == (86, "new", "        count = len(self.index)")
