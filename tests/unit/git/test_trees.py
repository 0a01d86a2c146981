"""Trees from a start tree and changes; what of a guest's changes may enter them."""

from __future__ import annotations

import stat

import pygit2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawdesk.adapters.git import GitRepository, names, trees
from clawdesk.adapters.git.lookup import files_of
from clawdesk.ports.errors import RepositoryError
from clawdesk.ports.guest import FileEntry, WorkspaceChanges
from tests.support.git_projects import GitProject
from tests.unit.git.test_merging import work
from tests.unit.git.test_names import HOSTILE

FILE = 0o100644


def start_tree(repo: pygit2.Repository) -> pygit2.Tree:
    return repo.head.peel(pygit2.Tree)


def contents(repo: pygit2.Repository, tree: pygit2.Oid) -> dict[str, bytes]:
    found = repo[tree].peel(pygit2.Tree)
    return {path: repo[entry.id].read_raw() for path, entry in files_of(found)}


def apply(
    repo: pygit2.Repository, *changed: FileEntry, deleted: tuple[str, ...] = ()
) -> tuple[pygit2.Oid, tuple[str, ...]]:
    start = start_tree(repo)
    accepted, refused = trees.accept(repo, start, WorkspaceChanges(changed, deleted))
    return trees.with_changes(repo, start, accepted), refused


def text(path: str, content: str = "x\n", mode: int = FILE) -> FileEntry:
    return FileEntry(path, mode, content.encode())


def test_changes_deep_and_at_the_top(repo: pygit2.Repository, project: GitProject) -> None:
    tree, refused = apply(
        repo,
        text("a.txt", "new\n"),
        text("n/e/w", "n\n", names.PROGRAM_MODE),
        text("sub/link", "../a.txt", names.LINK_MODE),
        deleted=("sub/c.txt", "no/such", "b.txt"),
    )
    assert refused == ()
    found = contents(repo, tree)
    assert found["a.txt"] == b"new\n"
    assert found["n/e/w"] == b"n\n"
    assert "sub/c.txt" not in found
    assert "b.txt" not in found
    listed = project.git("ls-tree", "-r", str(tree))
    assert "100755 blob" in listed
    assert "120000 blob" in listed


def test_a_folder_that_became_empty_is_gone(repo: pygit2.Repository) -> None:
    tree, _ = apply(repo, deleted=("sub/c.txt",))
    assert "sub" not in repo[tree].peel(pygit2.Tree)


def test_everything_deleted_is_the_empty_tree(repo: pygit2.Repository) -> None:
    everything = tuple(path for path, _ in files_of(start_tree(repo)))
    tree, _ = apply(repo, deleted=everything)
    assert str(tree) == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def test_a_file_becomes_a_folder_and_back(repo: pygit2.Repository) -> None:
    tree, _ = apply(repo, text("b.txt/inner"), text("sub"), deleted=("b.txt", "sub/c.txt"))
    found = contents(repo, tree)
    assert found["b.txt/inner"] == found["sub"] == b"x\n"
    assert "sub/c.txt" not in found


def test_the_same_changes_give_the_same_tree(repo: pygit2.Repository) -> None:
    first, _ = apply(repo, text("x"), text("y/z"))
    second, _ = apply(repo, text("y/z"), text("x"))
    assert first == second


@pytest.mark.parametrize("path", HOSTILE, ids=ascii)
def test_nothing_of_a_hostile_name_is_written(repo: pygit2.Repository, path: str) -> None:
    secret = b"never written " + ascii(path).encode()
    before = start_tree(repo).id
    tree, refused = apply(repo, FileEntry(path, FILE, secret), deleted=(path,))
    assert tree == before
    assert len(refused) == 1
    assert pygit2.hash(secret) not in repo


def test_a_name_that_differs_by_case_only(repo: pygit2.Repository) -> None:
    tree, refused = apply(repo, text("A.txt"), text("SUB/x"), text("new/E\u0301"), text("new/é"))
    assert len(refused) == 3, refused
    assert "new/E\u0301" in contents(repo, tree)
    # Renaming by case is no duplicate: the old name goes.
    tree, refused = apply(repo, text("A.txt"), deleted=("a.txt",))
    assert refused == ()
    assert "A.txt" in contents(repo, tree)


def test_a_file_below_a_file(repo: pygit2.Repository) -> None:
    _, refused = apply(repo, text("n"), text("n/below"))
    assert refused == ("n/below: its folder is also a file",)


def test_ignored_files_are_taken_only_if_tracked(project: GitProject) -> None:
    project.edit({"tracked.o": "1"})
    project.git("add", "-f", "tracked.o")
    project.commit({})
    repo = pygit2.Repository(project.path)
    tree, refused = apply(repo, text("tracked.o", "2"), text("new.o"), text("sub/new.o"))
    assert contents(repo, tree)["tracked.o"] == b"2"
    assert [line.partition(":")[0] for line in refused] == ["new.o", "sub/new.o"]
    # Rules count as they were at the start, whatever the agent does to the file.
    _, refused = apply(repo, text(".gitignore", "# none\n"), text("new.o"))
    assert len(refused) == 1
    repo.free()


def test_a_submodule_stays(project: GitProject) -> None:
    commit = project.head
    project.git("update-index", "--add", "--cacheinfo", f"160000,{commit},module")
    project.git("commit", "-q", "-m", "module")
    repo = pygit2.Repository(project.path)
    tree, refused = apply(repo, text("module", "mine"), deleted=("module",))
    assert tree == start_tree(repo).id
    assert refused == ("module: a submodule stands there",)
    repo.free()


def test_limits(repo: pygit2.Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "BYTES_MAX", 10)
    with pytest.raises(RepositoryError) as caught:
        apply(repo, text("x", "12345678901"))
    assert caught.value.code == "too_large"


def test_skipped_files_are_told_readably(repo: pygit2.Repository) -> None:
    skipped = tuple(f"x\n{number}" for number in range(300))
    _, refused = trees.accept(repo, start_tree(repo), WorkspaceChanges((), (), skipped))
    assert len(refused) == 201
    assert refused[-1] == "and 100 more"
    assert all(line.isprintable() for line in refused)


SEGMENT = st.sampled_from(["a", "A", "b", "sub", "é", "x.o", ".git", "..", "c.txt"])
PATH = st.lists(SEGMENT, min_size=1, max_size=3).map("/".join)


@given(
    st.lists(st.tuples(PATH, st.sampled_from([FILE, names.LINK_MODE])), max_size=8),
    st.lists(PATH, max_size=4),
)
def test_no_mix_of_changes_makes_a_bad_tree(
    repo: pygit2.Repository, changed: list[tuple[str, int]], deleted: list[str]
) -> None:
    sent = [FileEntry(path, mode, b"a") for path, mode in changed]
    tree, _ = apply(repo, *sent, deleted=tuple(deleted))
    for path, entry in files_of(repo[tree].peel(pygit2.Tree)):
        assert names.path_problem(path) == ""
        assert stat.S_IFMT(int(entry.filemode)) in (stat.S_IFREG, stat.S_IFLNK)


def test_a_tree_of_every_ordinary_kind_passes_gits_own_check(
    repo: pygit2.Repository, project: GitProject
) -> None:
    tree, _ = apply(
        repo, text("ä ö"), text("-x"), text(".github/w.yml"), text("l", "a.txt", names.LINK_MODE)
    )
    author = pygit2.Signature("a", "a@b")
    repo.create_commit("refs/heads/checked", author, author, "m", tree, [])
    assert project.fsck() == ""


def test_many_files_become_one_pack(repo: pygit2.Repository, project: GitProject) -> None:
    many = [text(f"many/{number}", f"{number % 900}\n") for number in range(1_000)]
    tree, refused = apply(repo, *many, text("a.txt", "x" * 100_000))
    assert refused == ()
    author = pygit2.Signature("a", "a@b")
    repo.create_commit("refs/heads/checked", author, author, "m", tree, [])
    assert len(list((project.folder / ".git/objects/pack").glob("*.pack"))) == 1
    assert list((project.folder / ".git/objects/pack").glob("tmp*")) == []
    assert project.fsck() == ""
    assert project.git("show", "checked:many/999") == "99"
    apply(repo, *many)
    assert len(list((project.folder / ".git/objects/pack").glob("*.pack"))) == 1
    project.git("gc", "-q")
    assert project.git("show", "checked:many/1") == "1"


async def test_a_folder_that_was_a_file_is_approved_with_that_or_not_at_all(
    project: GitProject, opened: GitRepository
) -> None:
    """Its files were dropped without a word where the file above was to be put back."""
    changes = {"b.txt": None, "b.txt/new": "new\n", "a.txt": "x\n"}
    [made] = await work(opened, changes)
    with pytest.raises(RepositoryError, match=r"b\.txt/new cannot be taken without b\.txt"):
        await opened.amended(project.head, made, ("b.txt/new",), {})
    both = await opened.amended(project.head, made, ("b.txt",), {})
    assert both.left_out == ("a.txt",)
    neither = await opened.amended(project.head, made, ("a.txt",), {})
    assert neither.left_out == ("b.txt", "b.txt/new")
