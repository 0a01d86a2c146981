"""The rate of the host's counter: measured, and told the same way as long as it is the same."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from clawdesk.adapters.libvirt.clock_rate import SAME_PPM, known_khz, measured_khz


@pytest.mark.skipif(platform.machine() != "x86_64", reason="only x86-64 has this counter")
def test_it_is_measured() -> None:
    first, second = measured_khz(), measured_khz()
    assert first > 100_000
    assert abs(first - second) * 1_000_000 < SAME_PPM * first


def test_a_host_is_told_one_rate_though_measurements_differ_a_little(tmp_path: Path) -> None:
    cache = tmp_path / "rate.json"
    assert known_khz(cache, lambda: 2_596_154) == 2_596_154
    assert known_khz(cache, lambda: 2_596_161) == 2_596_154
    assert known_khz(cache, lambda: 2_596_147) == 2_596_154


def test_another_host_is_told_its_own(tmp_path: Path) -> None:
    cache = tmp_path / "rate.json"
    assert known_khz(cache, lambda: 2_596_154) == 2_596_154
    assert known_khz(cache, lambda: 3_400_000) == 3_400_000
    assert known_khz(cache, lambda: 3_400_010) == 3_400_000


@pytest.mark.parametrize("content", ["", "{}", '{"khz": "x"}', '{"khz": null}', "[]", "\x00"])
def test_a_damaged_note_is_written_anew(tmp_path: Path, content: str) -> None:
    cache = tmp_path / "rate.json"
    cache.write_text(content)
    assert known_khz(cache, lambda: 2_596_154) == 2_596_154
    assert known_khz(cache, lambda: 2_596_160) == 2_596_154


def test_where_it_cannot_be_read_nothing_is_told(tmp_path: Path) -> None:
    assert known_khz(tmp_path / "rate.json", lambda: 0) == 0
    assert not list(tmp_path.iterdir())
