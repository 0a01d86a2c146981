"""Memory in sentences: GiB where a person reads GiB, and no two amounts that read the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawdesk.adapters.fabric_figures import Reading, news_of
from clawdesk.domain.memory_size import gib, memory_size, memory_sizes, with_memory_sizes
from clawdesk.domain.model import Capacity, PlaneState
from clawdesk.domain.replacing import replace
from clawdesk.domain.rules import ProjectRules, Quota, Rules
from clawdesk.domain.scheduling import explain
from tests.sim.hall import task_of
from tests.sim.promises import running


@pytest.mark.parametrize(
    ("mib", "text"),
    [(0, "0 MiB"), (256, "256 MiB"), (1023, "1023 MiB"), (1024, "1 GiB"), (1536, "1.5 GiB")],
)
def test_below_a_gib_it_is_mib(mib: int, text: str) -> None:
    assert memory_size(mib) == text


def test_decimals_go_where_they_say_nothing() -> None:
    assert (gib(371_000), gib(2048), gib(1500, 2)) == ("362", "2", "1.46")


@given(st.lists(st.integers(0, 4_000_000), max_size=4, unique=True))
def test_amounts_that_differ_read_differently(amounts: list[int]) -> None:
    assert len(set(memory_sizes(*amounts))) == len(amounts)


def held_up(wanted_mib: int, total_mib: int, held_mib: int, rules: Rules | None = None) -> str:
    """Why a task of that size waits while another holds so much."""
    first, second = task_of("first", "/p"), task_of("second", "/p")
    sizes = zip((first, second), (held_mib, wanted_mib), strict=True)
    first, second = (
        replace(
            task,
            definition=replace(
                task.definition, machine=replace(task.definition.machine, memory_mib=mib)
            ),
        )
        for task, mib in sizes
    )
    tasks = {"first": running(first, since_ms=0), "second": replace(second, seq=1)}
    state = PlaneState(Capacity(9, total_mib, 9), tasks=tasks)
    if rules is not None:
        state.rules = rules
    reason = explain(state, "second")
    assert reason is not None
    assert dict(reason.facts).get("needs", wanted_mib) == wanted_mib, "a figure stays MiB"
    return reason.text


def test_a_waiting_task_tells_memory_as_a_person_reads_it() -> None:
    free = "needs 6 GiB of memory, 4 GiB of 16 GiB are free; held by first"
    assert held_up(6144, 16_384, 12_288) == free
    close = "needs 1.50 GiB of memory, 1.49 GiB of 2.44 GiB are free; held by first"
    assert held_up(1536, 2500, 970) == close, "what is free is seen to be less"
    assert held_up(262_144, 122_880, 0) == (
        "needs 256 GiB of memory, this host gives 120 GiB to machines"
    )


def test_a_quota_tells_memory_so_too() -> None:
    rules = Rules(defaults=ProjectRules(quota=Quota(memory_mib=2048, memory_mib_borrow=512)))
    assert held_up(1024, 16_384, 2048, rules) == (
        "its project may hold 2 GiB (+512 MiB borrowed), and holds 2 GiB in 1 machines"
    )


def test_a_sentence_of_the_fabric_is_read_so_where_it_comes_in() -> None:
    said = "coder needs 15360 MiB; 20000 of 24576 MiB are in use by chat (512 MiB, pinned)"
    read = "coder needs 15 GiB; 19.5 GiB of 24 GiB are in use by chat (512 MiB, pinned)"
    assert with_memory_sizes(said) == read
    lease = {"id": "t", "status": "waiting", "code": "memory", "text": said, "frees": "chat leaves"}
    assert news_of(lease).text == read
    call = {"model": "coder", "project": "", "task": "t", "class": "agent", "reason": lease}
    queue = Reading().queue({"queue": {"waiting": [call]}})
    assert queue.waiting[0].text == read
    model = {"name": "coder", "problem": "coder ran out of memory: its limit is 2048 MiB"}
    (shown,) = Reading().models({"models": [model]})
    assert shown.problem == "coder ran out of memory: its limit is 2 GiB"


@pytest.mark.parametrize("text", ["", "MiB", "x5 MiB", "9" * 40 + " MiB", "5 MiBs", "a 512 MiB b"])
def test_what_is_no_amount_or_small_stays(text: str) -> None:
    assert with_memory_sizes(text) == text
