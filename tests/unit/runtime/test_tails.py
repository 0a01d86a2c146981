"""What was printed since Git kept it, in files that a killed plane leaves to the next one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from clawdesk.runtime import tails
from clawdesk.runtime.tails import FORGOTTEN_MS, Tails


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.glob("*"))


async def test_the_next_plane_gets_what_was_not_dropped_and_gets_it_once(tmp_path: Path) -> None:
    folder = tmp_path / "printed"
    first = Tails(folder)
    first.add("a", b"kept\n")
    cut = first.cut("a")
    first.add("a", b"printed while Git wrote\n")
    first.add("b", b"another task\n")
    first.drop("a", cut)
    first.add("a", b"and later\n")
    await first.flush()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    second = Tails(folder)
    assert await second.left("a") == b"printed while Git wrote\nand later\n"
    assert await second.left("a") == b""
    second.add("a", b"by the second\n")
    await second.flush()
    third = Tails(folder)
    whole = b"printed while Git wrote\nand later\nby the second\n"
    assert await third.left("a") == whole, "Git had none of it yet"
    third.drop_all("a")
    await third.close()
    assert names(folder) == ["b.000001.tail"]
    assert await Tails(folder).left("nobody") == b""


async def test_it_is_bounded_and_a_disk_that_refuses_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tails, "KEEP_BYTES_MAX", 100)
    kept = Tails(tmp_path / "printed")
    for _ in range(50):
        kept.add("a", b"x" * 30)
    await kept.flush()
    assert (tmp_path / "printed" / "a.000001.tail").stat().st_size == 120
    (tmp_path / "file").write_text("no folder")
    refused = Tails(tmp_path / "file")
    refused.add("a", b"x")
    refused.drop_all("a")
    await refused.close()


async def test_what_nobody_came_back_for_goes(tmp_path: Path) -> None:
    kept = Tails(tmp_path)
    kept.add("old", b"x")
    kept.add("new", b"x")
    await kept.close()
    os.utime(tmp_path / "old.000001.tail", (1_000, 1_000))
    os.utime(tmp_path / "new.000001.tail", (2_000, 2_000))
    kept.sweep(2_000_000 + FORGOTTEN_MS)
    assert names(tmp_path) == ["new.000001.tail"]
