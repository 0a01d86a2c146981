"""docs/guide/how-clawdesk-decides.md: its example is what the real planner does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clawdesk.cli.why import _print
from clawdesk.domain.model import Capacity, Phase, PlaneState, PriorityClass
from clawdesk.domain.replacing import replace
from clawdesk.domain.rules import Rules
from clawdesk.domain.scheduling import explain, index_of, plan, score_of
from tests.sim.hall import task_of
from tests.sim.promises import running

PAGE = (Path(__file__).resolve().parents[3] / "docs/guide/how-clawdesk-decides.md").read_text()
NOW_MS = 3_600_000
WEIGHTS = {"site": 2.0, "notes": 1.0}


def rows(heading: str) -> dict[str, list[str]]:
    """The rows of the table that begins with that heading, by their first cell."""
    (table,) = re.findall(
        rf"^\| task \| {re.escape(heading)}.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.M
    )
    cells = [[cell.strip() for cell in line.strip("| ").split("|")] for line in table.splitlines()]
    return {row[0]: row[1:] for row in cells}


def example() -> PlaneState:
    tasks = {}
    for seq, (name, (project, kind, hint, waited)) in enumerate(rows("project").items()):
        waited_s = int(waited.removesuffix(" s"))
        made = task_of(
            name, f"/{project}", hint=int(hint), weight=WEIGHTS[project], kind=PriorityClass(kind)
        )
        tasks[name] = replace(made, seq=seq, eligible_ms=NOW_MS - waited_s * 1000)
    return PlaneState(Capacity(4, 4096, 2), steady_ms=NOW_MS, tasks=tasks)


def started(state: PlaneState) -> list[str]:
    """What starts now; in the state it runs from now on."""
    names = plan(state).start
    for name in names:
        state.tasks[name] = running(state.tasks[name], since_ms=state.steady_ms)
    state.index = None
    return list(names)


def test_points_and_places_are_those_of_the_table() -> None:
    state = example()
    for name, (points, together, place) in rows("points").items():
        task = state.tasks[name]
        score, rules = score_of(task, Rules()).total, Rules()
        waited_s = (NOW_MS - task.eligible_ms) // 1000
        worth_s = score * rules.ageing_s
        assert int(points) == score
        assert together == f"{waited_s} s + {worth_s} s = {waited_s + worth_s} s"
        assert int(place) == index_of(state).place(name)


def test_who_starts_and_what_why_prints(capsys: pytest.CaptureFixture[str]) -> None:
    state = example()
    told = re.findall(r"\*\*(\w+)\*\* starts", PAGE) + re.findall(
        r"first task is next: \*\*(\w+)", PAGE
    )
    assert set(started(state)) == {"build", "draft"} <= set(told)
    index = index_of(state)
    shares = [index.share(f"/{name}", (4, 4096, 2)) for name in ("site", "notes")]
    assert shares == [0.25, 0.5]
    reason = explain(state, "index")
    assert reason is not None
    _print(reason)
    (block,) = re.findall(r"\$ clawdesk why index\n(.*?)```", PAGE, re.DOTALL)
    assert capsys.readouterr().out == block


def test_who_is_next_and_who_is_asked_to_leave() -> None:
    state = example()
    started(state)
    for ends, begins in (("build", "tidy"), ("draft", "index")):
        ended = replace(state.tasks[ends], phase=Phase.DONE, machine="")
        after = PlaneState(state.capacity, steady_ms=NOW_MS, tasks={**state.tasks, ends: ended})
        assert plan(after).start == (begins,)
        assert re.search(rf"`{ends}` ends[^*]*\*\*{begins}\*\* starts", PAGE)
    larger = PlaneState(Capacity(4, 4096, 3), steady_ms=NOW_MS, tasks=dict(state.tasks))
    assert plan(larger).start == ("tidy",)
    ask = task_of("ask", "/notes", kind=PriorityClass.INTERACTIVE)
    state.steady_ms += 60_000
    state.tasks["ask"] = replace(ask, seq=9, eligible_ms=state.steady_ms)
    state.index = None
    (asked,) = plan(state).yields
    assert (asked.victim, asked.for_task) == ("build", "ask")
    assert "The least important is **build**" in PAGE


def test_the_defaults_the_page_names() -> None:
    rules = Rules()
    assert (rules.ageing_s, rules.hint_max, rules.margin, rules.run_s_min) == (60, 5, 5, 30)
    assert (rules.reserve_after_s, rules.held_memory_s) == (300, 300)
    for words in (
        "One minute of waiting is worth one point",
        "no room for 5 minutes",
        "30 seconds",
    ):
        assert words in PAGE
