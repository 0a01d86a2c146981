"""The notes of what was done: durable, bounded, and never in the way of the act."""

from __future__ import annotations

from pathlib import Path

from clawdesk.runtime.deeds import FILE, KEPT_MAX, Deed, Deeds


def test_they_are_read_back_oldest_first_and_bounded(tmp_path: Path) -> None:
    deeds = Deeds(tmp_path / "state")
    assert deeds.read() == ()
    for number in range(KEPT_MAX + 3):
        deeds.add(Deed(number, "trusted", f"t{number}", "/p"))
    found = Deeds(tmp_path / "state").read()
    assert len(found) == KEPT_MAX
    assert (found[0].at_ms, found[-1].text) == (3, f"t{KEPT_MAX + 2}")


def test_a_damaged_file_is_begun_anew_and_a_full_disk_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{")
    deeds = Deeds(tmp_path)
    assert deeds.read() == ()
    deeds.add(Deed(1, "pruned", "gone"))
    assert [deed.text for deed in deeds.read()] == ["gone"]
    (tmp_path / "file").write_text("")
    Deeds(tmp_path / "file").add(Deed(1, "pruned", "gone"))  # cannot be written, and is no error
