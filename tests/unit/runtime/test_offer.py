"""What the host offers: its memory less the reserve, never what others use, without flaps."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from clawdesk.adapters.libvirt.disks import SpaceRule
from clawdesk.domain.model import Capacity
from clawdesk.domain.rules import Rules
from clawdesk.ports.telemetry import HostLoad
from clawdesk.runtime import offer
from clawdesk.runtime.offer import MARGIN_MIB, Offer, capacity_of, no_space

NONE = Capacity(0, 0, 0)
HOST = HostLoad(1.0, 4, memory_used_mib=1_000, memory_total_mib=16_000, disk_free_mib=50_000)


def used(memory_mib: int, machines: int = 1) -> Capacity:
    return Capacity(machines, memory_mib, machines)


def test_memory_less_the_reserve() -> None:
    assert capacity_of(HOST, Rules(), NONE) == Capacity(4, 12_000, 8)
    small = replace(HOST, memory_total_mib=4_000, memory_used_mib=500)
    assert capacity_of(small, Rules(), NONE).memory_mib == 4_000 - 2_048
    chosen = Rules(reserve_memory_mib=10_000, machines_max=2)
    assert capacity_of(HOST, chosen, NONE) == Capacity(4, 6_000, 2)
    assert capacity_of(HOST, Rules(reserve_memory_mib=99_999), NONE).memory_mib == 0


def test_memory_that_other_programs_use_is_not_planned_with() -> None:
    busy = replace(HOST, memory_used_mib=14_000)
    assert capacity_of(busy, Rules(), NONE).memory_mib == 2_000 - MARGIN_MIB
    measured = replace(busy, machines_mib=3_000)
    assert capacity_of(measured, Rules(), used(4_096)).memory_mib == 3_000 + 2_000 - MARGIN_MIB
    assert capacity_of(busy, Rules(), used(4_096)).memory_mib == 4_096 + 2_000 - MARGIN_MIB
    full = replace(HOST, memory_used_mib=16_000)
    assert capacity_of(full, Rules(), NONE).memory_mib == 0


@given(st.integers(0, 16_000), st.integers(0, 8_000), st.integers(0, 100))
def test_what_is_free_for_new_machines_is_really_there(
    others_mib: int, held_mib: int, grown_percent: int
) -> None:
    """Machines may grow to what they hold, and new ones still fit beside the others."""
    grown_mib = held_mib * grown_percent // 100
    load = replace(
        HOST, memory_used_mib=min(16_000, others_mib + grown_mib), machines_mib=grown_mib
    )
    free = capacity_of(load, Rules(), used(held_mib)).memory_mib - held_mib
    if free > 0:
        assert others_mib + held_mib + free <= HOST.memory_total_mib - MARGIN_MIB


def test_the_offer_falls_at_once_and_rises_after_three_samples() -> None:
    seen = Offer()
    took = [
        seen.take(replace(HOST, memory_used_mib=16_000 - MARGIN_MIB - there), Rules(), NONE)
        for there in (2_048, 2_040, 2_050, 1_024, 2_048, 2_048, 1_900, 2_048, 2_048, 2_048)
    ]
    assert [one.memory_mib for one in took] == [
        *(2_048, 1_984, 1_984, 1_024, 1_024, 1_024, 1_856, 1_856, 1_856, 2_048)
    ]


def test_a_host_that_shrinks_only_starts_nothing_more() -> None:
    seen = Offer()
    held = Capacity(cpu_count=6, memory_mib=9_000, machines=5)
    full = replace(HOST, memory_used_mib=15_900, machines_mib=100)
    got = seen.take(full, Rules(machines_max=1), held)
    assert got == held, "machines that run are never more than the host's offer"
    assert seen.take(full, Rules(machines_max=1), NONE) == Capacity(4, 0, 1)


def test_no_machine_starts_on_a_full_disk_until_there_is_room_again() -> None:
    disk = replace(HOST, disk_total_mib=100_000, disk_path="/data/clawdesk")
    seen = Offer()
    assert seen.no_space(disk) is None
    short = seen.no_space(replace(disk, disk_free_mib=9_900))
    assert short is not None
    assert short.code == "no_space"
    assert "/data/clawdesk has 9.7 GiB free" in short.text
    assert "at least 9.8 GiB" in short.text
    assert dict(short.facts)["free_mib"] == 9_900
    again = seen.no_space(replace(disk, disk_free_mib=10_100))
    assert again is not None, "it must not stop again at once"
    assert "at least 10.8 GiB" in again.text
    assert seen.no_space(replace(disk, disk_free_mib=11_100)) is None
    assert seen.no_space(replace(disk, disk_free_mib=10_100)) is None
    small = replace(disk, disk_total_mib=20_000, disk_free_mib=5_000)
    assert no_space(small, stopped=False) is not None, "5 GiB also where that is more than 10 %"
    assert no_space(replace(small, disk_total_mib=0), stopped=False) is None


def test_the_disk_rule_is_that_of_snapshots() -> None:
    assert SpaceRule() == SpaceRule(offer.FREE_MIB_MIN << 20, offer.FREE_SHARE_MIN)
