"""What every `GuestSession.apply` does: the fake, and the real guest program over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from clawdesk.ports.errors import GuestError
from clawdesk.ports.guest import BoundaryAsked, FileEntry, GuestSession, StepEnded, StepRun
from clawdesk_guest import protocol
from tests.support.guest_world import CHECKPOINTS, World, open_world

FILE, PROGRAM, LINK = 0o100644, 0o100755, 0o120000
KINDS = [
    FileEntry("empty", FILE, b""),
    FileEntry("large.bin", FILE, bytes(range(256)) * 4096 + b"!"),
    FileEntry("mark.bin", FILE, b"x" * 7 + protocol.SYNC * 30_000),
    FileEntry("one part", FILE, b"y" * protocol.PART_BYTES_MAX),
    FileEntry("new/deep/größer\n.txt", FILE, "größer\r\n".encode()),
    FileEntry("bin/tool", PROGRAM, b"#!/bin/sh\n"),
    FileEntry("link", LINK, b"new/deep"),
    FileEntry("a.txt", PROGRAM, b"a\n"),  # another mode, nothing else
]


@pytest.fixture(params=["fake", "process"])
async def session(request: pytest.FixtureRequest) -> AsyncIterator[GuestSession]:
    async with open_world(request.param) as world:
        yield await world.connect(start=True)


async def seen(session: GuestSession) -> dict[str, tuple[int, bytes] | None]:
    """What differs from the start: path -> (mode, content), None = it is gone."""
    changes = await session.collect()
    assert changes.skipped == ()
    found: dict[str, tuple[int, bytes] | None] = dict.fromkeys(changes.deleted)
    return found | {file.path: (file.mode, file.content) for file in changes.changed}


async def test_contents_and_modes_of_every_kind(session: GuestSession) -> None:
    await session.apply(KINDS, ["b.txt", "sub/c.txt"])
    wanted = {file.path: (file.mode, file.content) for file in KINDS}
    assert await seen(session) == {**wanted, "b.txt": None, "sub/c.txt": None}


async def test_back_to_the_start_nothing_differs(session: GuestSession) -> None:
    await session.apply(KINDS, ["b.txt", "sub/c.txt"])
    await session.collect()
    start = [("a.txt", b"a\n"), ("b.txt", b"b\n"), ("sub/c.txt", b"c\n")]
    again = [FileEntry(path, FILE, content) for path, content in start]
    await session.apply(again, [file.path for file in KINDS if file.path != "a.txt"])
    assert await seen(session) == {}


async def test_a_change_of_equal_size_right_after_collect_is_seen(session: GuestSession) -> None:
    for content in (b"1\n", b"2\n", b"3\n"):
        await session.apply([FileEntry("a.txt", FILE, content)], [])
        assert await seen(session) == {"a.txt": (FILE, content)}


async def test_a_link_becomes_a_file_and_a_file_a_link(session: GuestSession) -> None:
    await session.apply([FileEntry("link", LINK, b"a.txt")], [])
    await session.apply([FileEntry("link", FILE, b"x"), FileEntry("b.txt", LINK, b"a.txt")], [])
    # The link itself was replaced: a.txt, to which it led, is as it was.
    assert await seen(session) == {"link": (FILE, b"x"), "b.txt": (LINK, b"a.txt")}


async def test_a_folder_becomes_a_file_and_a_file_a_folder(session: GuestSession) -> None:
    await session.apply(
        [FileEntry("sub", FILE, b"now a file"), FileEntry("a.txt/x/y", FILE, b"inside")],
        ["sub/c.txt", "a.txt"],
    )
    assert await seen(session) == {
        "sub": (FILE, b"now a file"),
        "sub/c.txt": None,
        "a.txt/x/y": (FILE, b"inside"),
        "a.txt": None,
    }


async def test_a_link_to_a_folder_becomes_a_folder(session: GuestSession) -> None:
    await session.apply([FileEntry("link", LINK, b"sub")], [])
    await session.apply([FileEntry("link/c.txt", FILE, b"x")], ["link"])
    assert await seen(session) == {"link/c.txt": (FILE, b"x")}


@pytest.mark.parametrize(
    ("path", "word"), [("sub", "sub/c.txt"), ("a.txt/x", "a.txt"), ("link/x", "symbolic link")]
)
async def test_what_was_not_given_up_is_in_the_way(
    session: GuestSession, path: str, word: str
) -> None:
    await session.apply([FileEntry("link", LINK, b"sub")], [])
    before = await seen(session)
    with pytest.raises(GuestError, match=f"{path}.*{word}") as caught:
        await session.apply([FileEntry(path, FILE, b"x")], [])
    assert caught.value.code == "refused"
    assert await seen(session) == before  # nothing behind the link either


async def test_a_failure_half_way_is_mended_by_a_second_call(session: GuestSession) -> None:
    files = [FileEntry(path, FILE, b"new") for path in ("one", "a.txt/x", "two")]
    with pytest.raises(GuestError, match=r"a\.txt/x"):
        await session.apply(files, ["b.txt"])
    # Files before it are written, nothing after it has happened.
    assert await seen(session) == {"one": (FILE, b"new")}
    for _ in range(2):  # and once more: nothing to do is no error
        await session.apply(files, ["b.txt", "a.txt"])
        assert await seen(session) == {
            **{file.path: (FILE, b"new") for file in files},
            "b.txt": None,
            "a.txt": None,
        }


HOSTILE = [
    "", "/etc/passwd", "../x", "sub/../../x", "sub/./x", "sub//x", "sub/", ".git/config", ".GIT/x",
    "sub/.gIt", "nul\0", "n" * 256, "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("path", HOSTILE)
async def test_a_hostile_path_is_refused_before_anything_is_done(
    session: GuestSession, path: str
) -> None:
    good = FileEntry("good", FILE, b"x")
    for files, deleted in (([good, FileEntry(path, FILE, b"x")], []), ([good], [path])):
        with pytest.raises(GuestError) as caught:
            await session.apply(files, deleted)
        assert caught.value.code == "bad_path"
    assert await seen(session) == {}


@pytest.mark.parametrize(
    ("files", "deleted"),
    [
        ([FileEntry("x", FILE, b"1"), FileEntry("x", FILE, b"2")], []),
        ([FileEntry("x", FILE, b"1"), FileEntry("x/y", FILE, b"2")], []),
        ([FileEntry("x", FILE, b"1")], ["x"]),
        ([FileEntry("x", 0o104755, b"1")], []),
        ([FileEntry("x", LINK, b"")], []),
        ([FileEntry("x", LINK, b"a\0b")], []),
    ],
    ids=["twice", "file and folder", "there and not", "mode", "empty target", "NUL in target"],
)
async def test_what_no_tree_can_be_is_refused(
    session: GuestSession, files: list[FileEntry], deleted: list[str]
) -> None:
    with pytest.raises(GuestError) as caught:
        await session.apply(files, deleted)
    assert caught.value.code == "bad_path"
    assert await seen(session) == {}


async def test_more_than_a_checkpoint_takes_is_refused(session: GuestSession) -> None:
    with pytest.raises(GuestError, match="10001 files") as caught:
        await session.apply([], [f"{number}" for number in range(10_001)])
    assert caught.value.code == "too_many_changes"


async def test_thousands_of_files(session: GuestSession) -> None:
    # More answers than a guest may send messages by itself in that time.
    files = [FileEntry(f"many/{number}", FILE, b"%d" % number) for number in range(4000)]
    await session.apply(files, [])
    assert len((await session.collect()).changed) == 4000


@pytest.mark.parametrize("kind", ["fake", "process"])
async def test_while_a_call_waits_and_the_machine_is_quiet(kind: str) -> None:
    async with open_world(kind) as world:
        await _apply_while_a_call_waits(world)


async def _apply_while_a_call_waits(world: World) -> None:
    session = await world.connect(start=True)
    await session.run(StepRun("r1", "check", CHECKPOINTS, 60))
    messages = session.messages()
    asked = await anext(messages)
    assert isinstance(asked, BoundaryAsked)
    for content in (b"one", b"two"):
        assert await session.quiesce()
        await session.apply([FileEntry("a.txt", FILE, content)], ["b.txt"])
        assert await seen(session) == {"a.txt": (FILE, content), "b.txt": None}
    await session.unquiesce()
    await session.reply(asked.request_id, {"outcome": "continue"})
    assert await anext(messages) == StepEnded("r1", 0)


async def test_a_lost_guest_takes_nothing() -> None:
    async with open_world("process") as world:
        session = await world.connect(start=True)
        world.crash()
        with pytest.raises(GuestError) as caught:
            await session.apply(KINDS, [])
        assert caught.value.code == "lost"
