"""Search of the palette: signs, ranks, headings, marked words."""

from __future__ import annotations

from clawdesk.viewmodels.palette import ROWS_MAX, Entry, found, parse, pieces, with_headings


def entry(text: str, kind: str = ">", **more: str) -> Entry:
    return Entry(text, more.get("detail", ""), "x", "", lambda: None, kind=kind)


ALL = [
    entry("Open folder"),
    entry("Fit the folder"),
    entry("Unfold"),
    entry("Quit", detail="fold up"),
    entry("fold-data", "@"),
    entry("fold-data: checkpoint 1", "#"),
    entry("src/folder.py", "/"),
    entry(">  Commands", "?"),
]


def texts(text: str) -> list[str]:
    return [e.text for e in found(ALL, text)]


def test_a_sign_narrows_to_its_kind() -> None:
    assert parse("> Roll  Back") == (">", ("roll", "back"))
    assert texts("@") == ["fold-data"]
    assert texts("#fold") == ["fold-data: checkpoint 1"]
    assert texts("/ .py") == ["src/folder.py"]
    assert texts("?") == [">  Commands"]


def test_long_lists_come_only_once_something_is_typed() -> None:
    assert texts("") == ["Open folder", "Fit the folder", "Unfold", "Quit", "fold-data"]
    assert "src/folder.py" in texts("fo")
    assert ">  Commands" not in texts("commands"), "help has its own sign"


def test_what_begins_so_comes_first_inside_its_heading() -> None:
    assert texts("> fold") == ["Open folder", "Fit the folder", "Unfold", "Quit"]
    assert texts("> fit") == ["Fit the folder"]
    assert texts("> o folder") == ["Open folder", "Fit the folder"]
    assert texts("nothing") == []


def test_another_name_finds_an_act_behind_those_that_are_called_so() -> None:
    named = Entry("Cancel", "", "x", "", lambda: None, also="stop, go away")
    acts = [named, entry("Stop all")]
    assert [e.text for e in found(acts, "st")] == ["Stop all", "Cancel"]
    assert [e.text for e in found(acts, "> away")] == ["Cancel"]
    assert found(acts, "top") == [acts[1]], "only from where a word begins"


def test_a_reason_is_no_search_word() -> None:
    off = Entry("Merge", "", "x", "", lambda: None, why_not="no task is chosen")
    assert found([off], "task") == []
    assert found([off], "merge") == [off], "listed with its reason, not hidden"


def test_what_can_be_done_stands_before_what_cannot_unless_that_is_named() -> None:
    off = Entry("Undo the restore", "", "x", "", lambda: None, why_not="it was not restored")
    go = Entry("Roll back", "", "x", "", lambda: None, also="restore")
    assert found([off, go], "restore") == [go, off]
    assert found([go, off], "undo") == [off]
    assert found([off, go], "") == [off, go], "the order of the registry stays"


def test_headings_stand_before_their_entries_and_rows_are_bounded() -> None:
    rows = with_headings(found(ALL, "fold"))
    assert [row for row in rows if isinstance(row, str)] == [
        "Commands",
        "Tasks",
        "Checkpoints",
        "Files of the chosen task",
    ]
    assert isinstance(rows[0], str)
    many = [entry(f"task {n}", "@") for n in range(5_000)]
    assert len(found(many, "@task")) == ROWS_MAX


def test_typed_words_are_marked() -> None:
    assert pieces("Roll back", ("ro", "back")) == [("Ro", True), ("ll ", False), ("back", True)]
    assert pieces("none", ("x",)) == [("none", False)]
    assert pieces("İx", ("x",)) == [("İx", False)]
