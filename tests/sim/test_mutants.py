"""Every rule of the planner is needed: with it taken out, the promise it keeps is broken.

A mutant is one function compiled again with one piece of its text replaced. If a check passes on
its mutant, the check proves nothing.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from typing import NamedTuple

import pytest

from clawdesk.domain import on_pressure, transitions
from clawdesk.domain.scheduling import pressure, reasons, resources, scores
from clawdesk.domain.scheduling.index import Index
from clawdesk.domain.scheduling.plan import _could_start, _Draft, reservations
from tests.sim import promises, promises_why


class Mutant(NamedTuple):
    rule: str
    function: Callable[..., object]
    text: str
    instead: str
    check: Callable[[], None]


DRAFT, PRESSURE = _Draft, pressure.Pressure
MUTANTS = [
    Mutant(
        "the system's bounds",
        scores.score_of,
        "_clamp(base + suggestion, base - BAND, base + BAND)",
        "base + suggestion",
        promises.scores_stay_inside_the_systems_bounds,
    ),
    Mutant(
        "a suggestion is bounded",
        scores.score_of,
        "_clamp(_whole(task.priority), -rules.hint_max, rules.hint_max)",
        "_whole(task.priority)",
        promises.a_suggestion_counts_only_so_much,
    ),
    Mutant(
        "policy bounds a suggestion",
        scores.score_of,
        "_clamp(hint, low, max(low, high))",
        "hint",
        promises.a_suggestion_counts_only_so_much,
    ),
    Mutant(
        "no number is none",
        scores._whole,
        "math.isnan(value)",
        "False",
        promises.a_suggestion_counts_only_so_much,
    ),
    Mutant(
        "a suggestion stays in its project",
        PRESSURE._points,
        "score.total if inside else score.across",
        "score.total",
        promises.a_suggestion_takes_nothing_from_other_projects,
    ),
    Mutant(
        "a suggestion gains no tie",
        Index.front_of,
        "score.total - score.across",
        "0",
        promises.a_suggestion_takes_nothing_from_other_projects,
    ),
    Mutant(
        "an order of its own",
        DRAFT.ranks,
        "return self._ranks",
        "return sorted(self._ranks, key=lambda r: [*self.index.shelves].index(r[2]))",
        promises.the_same_tasks_give_the_same_plan_in_any_order,
    ),
    Mutant(
        "the index forgets who has left",
        Index.put,
        "now and (bool(new.leaving)",
        "(bool(new.leaving)",
        promises.the_index_kept_up_to_date_is_the_one_made_anew,
    ),
    Mutant(
        "what a project is known for is worked out anew",
        Index._queue,
        "self._forget(task.project)",
        "pass",
        promises.the_index_kept_up_to_date_is_the_one_made_anew,
    ),
    Mutant(
        "a share is worked out anew",
        Index.put,
        "self._forget(new.project)",
        "pass",
        promises.the_index_kept_up_to_date_is_the_one_made_anew,
    ),
    Mutant(
        "ageing",
        scores.key_with,
        "rules.ageing_s * 1000 * points",
        "10**9 * points",
        promises.nobody_is_overtaken_by_more_than_its_ageing,
    ),
    Mutant(
        "small ones fill the gaps",
        DRAFT._next_that_fits,
        "self._may_start(project, head.need)",
        "self._may_start(project, head.need) and not self.started",
        promises.nothing_idles_that_somebody_could_use,
    ),
    Mutant(
        "reservation",
        DRAFT.leaves_room,
        "wanted == NOTHING or fits(wanted, room)",
        "True",
        promises.a_whole_machine_task_gets_its_turn,
    ),
    Mutant(
        "a reservation lasts",
        reservations,
        "since > latest_ms",
        "not latest_ms - 2 * state.rules.reserve_after_s * 1000 < since <= latest_ms",
        promises.a_reservation_lasts_as_long_as_its_holder_waits,
    ),
    Mutant(
        "no reservation without a use",
        _could_start,
        "fits(need, of_capacity(state.capacity)) and index.within_quota(task.project, need)",
        "True",
        promises.a_reservation_that_cannot_be_used_blocks_nobody,
    ),
    Mutant(
        "the least share first",
        DRAFT.ranks,
        "return self._ranks",
        "return sorted(self._ranks, key=lambda r: r[1:])",
        promises.two_busy_projects_get_their_weights,
    ),
    Mutant(
        "weights",
        Index.share,
        "/ shelf.weight",
        "",
        promises.two_busy_projects_get_their_weights,
    ),
    Mutant(
        "quota",
        Index.within_quota,
        "return fits(",
        "return True or fits(",
        promises.a_project_holds_no_more_than_it_may_borrow,
    ),
    Mutant(
        "reclaim",
        PRESSURE._victims,
        "reclaims and borrower",
        "False and borrower",
        promises.what_was_lent_comes_back_at_the_next_checkpoint,
    ),
    Mutant(
        "owners are seen behind others",
        PRESSURE._owners,
        "yield from islice(found, LOOK_MAX)",
        "yield from ()",
        promises.what_was_lent_comes_back_at_the_next_checkpoint,
    ),
    Mutant(
        "what was given back is kept",
        on_pressure.left,
        "promised=True",
        "promised=False",
        promises.what_was_lent_comes_back_at_the_next_checkpoint,
    ),
    Mutant(
        "margin",
        PRESSURE._victims,
        "points + rules.margin",
        "points + 1",
        promises.only_a_clear_margin_makes_a_task_yield,
    ),
    Mutant(
        "a machine runs a while",
        PRESSURE._may_be_asked,
        "self._state.rules.run_s_min * 1000",
        "0",
        promises.a_machine_runs_a_while_before_it_is_asked,
    ),
    Mutant(
        "the while doubles",
        PRESSURE._may_be_asked,
        "2 ** min(other.preemptions, 20)",
        "1",
        promises.who_left_often_is_left_alone_for_longer,
    ),
    Mutant(
        "minimal victims",
        PRESSURE._make_room,
        "fits(need, without)",
        "False",
        promises.no_more_leave_than_must,
    ),
    Mutant(
        "the least important first",
        PRESSURE._victims,
        "(not borrower, points, -other.machine_since_ms, task_id)",
        "(not borrower, -points, -other.machine_since_ms, task_id)",
        promises.the_least_important_leave_first_then_the_newest,
    ),
    Mutant(
        "the newest first",
        PRESSURE._victims,
        "-other.machine_since_ms",
        "other.machine_since_ms",
        promises.the_least_important_leave_first_then_the_newest,
    ),
    Mutant(
        "borrowers first",
        PRESSURE._victims,
        "(not borrower, points",
        "(borrower, points",
        promises.the_least_important_leave_first_then_the_newest,
    ),
    Mutant(
        "what comes is enough",
        PRESSURE.__init__,
        "coming = plus(coming, need_of(state.tasks[task_id]))",
        "pass",
        promises.what_is_on_its_way_is_enough,
    ),
    Mutant(
        "who is not needed stays",
        transitions._apply_plan,
        "decided.keeps",
        "()",
        promises.what_is_on_its_way_is_enough,
    ),
    Mutant(
        "late is told",
        on_pressure._overdue,
        "waited_s < task.policy.checkpoint_every_s",
        "True",
        promises.tasks_leave_only_at_a_checkpoint,
    ),
    Mutant(
        "all of it or nothing",
        resources.fits,
        "and need[1] <= room[1]",
        "",
        promises.room_is_given_whole_or_not_at_all,
    ),
    Mutant(
        "steady time",
        transitions._dispatch,
        "state.steady_ms += max(0, min(event.elapsed_ms, ev.TICK_MS_MAX))",
        "state.steady_ms = event.at_ms",
        promises.a_jump_of_the_clock_changes_nothing,
    ),
    Mutant(
        "every cause is told",
        reasons._causes,
        "if task.policy_asks and",
        "if False and",
        promises_why.every_reason_is_the_cause,
    ),
    Mutant(
        "who waits behind a reservation is told",
        reasons._behind_others,
        "return True",
        "return False",
        promises_why.every_reason_is_the_cause,
    ),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.rule)
def test_without_the_rule_its_promise_breaks(
    mutant: Mutant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mutant.function, "__code__", _mutated(mutant))
    with pytest.raises(AssertionError):
        mutant.check()


def _mutated(mutant: Mutant) -> object:
    """The function's code with the rule taken out, under the same globals and defaults."""
    source = textwrap.dedent(inspect.getsource(mutant.function))
    assert source.count(mutant.text) == 1, f"the rule is not written so any more:\n{source}"
    scope = dict(mutant.function.__globals__)
    text = "from __future__ import annotations\n" + source.replace(mutant.text, mutant.instead)
    exec(compile(text, mutant.rule, "exec"), scope)
    code: object = scope[mutant.function.__name__].__code__
    return code
