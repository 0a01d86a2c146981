"""Which names from a guest may enter a tree."""

from __future__ import annotations

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawdesk.adapters.git import names

HOSTILE = [
    "",
    "/",
    "/abs",
    "../x",
    "..",
    ".",
    "a/../b",
    "a/./b",
    "a//b",
    "a/",
    ".git",
    ".GIT/config",
    "sub/.Git/hooks/post-checkout",
    ".gi\u200ct",
    ".g\ufeffit/x",
    ".git ",
    ".git.",
    ".git. .",
    ".git::$INDEX_ALLOCATION",
    ".git:x",
    "git~1",
    "GIT~1/config",
    "gi7eba~1",
    "\uff0egit",
    "a\\b",
    "a\\..\\b",
    "..\\x",
    "new\nline",
    "tab\there",
    "esc\x1b[31m",
    "nul\0",
    "del\x7f",
    "\u202egnp.exe",
    "a\u2028b",
    "x" * 256,
    "/".join(["d"] * 65),
    "/".join(["d" * 60] * 20),
    "lone\udc80surrogate",
]


@pytest.mark.parametrize("path", HOSTILE, ids=ascii)
def test_hostile_names_are_refused_with_a_reason(path: str) -> None:
    problem = names.path_problem(path)
    assert problem
    assert names.shown(f"{path}: {problem}").isprintable()


@pytest.mark.parametrize(
    "path",
    ["a", ".gitignore", ".github/x.yml", "ä/ö.txt", "日本/語", "a b", "-x", "a:b", "git", "x~1",
     ".gitattributes", "digit~1", "e\u0301", "👩\u200d💻.md", "legit.git/x"],
    ids=ascii,
)  # fmt: skip
def test_ordinary_names_are_taken(path: str) -> None:
    assert names.path_problem(path) == ""


@given(st.text(max_size=40))
def test_an_accepted_name_stays_inside(path: str) -> None:
    if names.path_problem(path) == "":
        assert posixpath.normpath(path) == path
        assert not path.startswith(("/", ".."))
        assert ".git" not in path.casefold().split("/")


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("l", b"/etc/passwd"),
        ("l", b".."),
        ("a/l", b"../.."),
        ("a/l", b"../../x"),
        ("l", b"a/../../x"),
        ("a/b/l", b"x/../.."),
        ("l", b".git/config"),
        ("a/l", b"../.GIT"),
        ("l", b""),
        ("l", b"a\0b"),
        ("l", b"\xff"),
        ("l", b"x" * 1025),
        (".gitmodules", b"x"),
        ("sub/.gitignore", b"x"),
        (".GITATTRIBUTES", b"x"),
    ],
)
def test_links_that_may_lead_out_are_refused(path: str, target: bytes) -> None:
    assert names.link_problem(path, target)


@pytest.mark.parametrize(
    ("path", "target"),
    [("l", b"a"), ("a/l", b"../b"), ("a/b/l", b"../../c/d"), ("l", b"./a//b"), ("a/l", b"..")],
)
def test_links_inside_are_taken(path: str, target: bytes) -> None:
    assert names.link_problem(path, target) == ""


@pytest.mark.parametrize("mode", [0, 0o40000, 0o160000, 0o100600, 0o104755, 0o60000, 0o10644])
def test_only_files_programs_and_links(mode: int) -> None:
    assert names.mode_problem(mode)
