"""What model calls used, in words: nothing guessed, no cost that nobody stated."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clawdesk.domain.spending import NOTHING_SPENT, CallUse, Spent, spent_by
from clawdesk.viewmodels.checkpoints import checkpoint_rows
from clawdesk.viewmodels.costs import projects_spending, spent_at, spent_words, used_words
from clawdesk.viewmodels.report import Around, report
from tests.support import plane_scenes as scenes
from tests.support.talk_scene import with_spending

CPU = CallUse(
    "a",
    measured=True,
    tokens_in=1_200,
    tokens_out=35,
    model_ms=4_100,
    place="processors",
    gpu_ms=0,
)
GPU = replace(CPU, place="gpu", gpu_ms=2_500, cost_micro=12_345, currency="EUR")
AWAY = replace(CPU, place="elsewhere", gpu_ms=None)
SILENT = replace(AWAY, tokens_in=None, tokens_out=None)


def words(*uses: CallUse) -> str:
    return spent_words(sum(map(spent_by, uses), Spent()))


@pytest.mark.parametrize(
    ("uses", "said"),
    [
        ((), ""),
        (
            (CPU,),
            "1 model call, 1,200 tokens in, 35 out, 4.1 s at the model, "
            "0 GPU-seconds: the model runs on processors",
        ),
        (
            (GPU, GPU),
            "2 model calls, 2,400 tokens in, 70 out, 8.2 s at the model, 5.0 GPU-seconds, "
            "0.0247 EUR",
        ),
        (
            (SILENT,),
            "1 model call, tokens not told, 4.1 s at the model, "
            "GPU-seconds not known: the model runs elsewhere",
        ),
        (
            (GPU, SILENT),
            "2 model calls, 1,200 tokens in, 35 out (1 call untold), 8.2 s at the model, "
            "2.5 GPU-seconds (more elsewhere), 0.0123 EUR for 1 of them",
        ),
        ((CallUse("x", failed=True),), "1 model call (1 failed)"),
        ((CallUse("x"),), "1 model call, tokens not told, GPU-seconds not known"),
        (
            (replace(GPU, cost_micro=1_234_567), replace(GPU, currency="<b>")),
            "2 model calls, 2,400 tokens in, 70 out, 8.2 s at the model, 5.0 GPU-seconds, "
            "0.0123 ? + 1.23 EUR",
        ),
    ],
)
def test_words(uses: tuple[CallUse, ...], said: str) -> None:
    assert words(*uses) == said


def test_a_projects_sum_is_that_of_its_tasks() -> None:
    tasks = list(scenes.house(1_764_000_000_000).values())
    assert projects_spending(tasks) == ()
    tasks = [with_spending(task) for task in tasks[:3]] + tasks[3:]
    (found,) = projects_spending(tasks)
    assert found.spent.calls == 9
    assert {task.id for task in found.tasks} == {task.id for task in tasks[:3]}
    assert list(found.tasks) == sorted(found.tasks, key=lambda t: -t.submitted_at_ms)


def test_a_report_tells_it_by_step() -> None:
    task = next(iter(scenes.house(1_764_000_000_000).values()))
    assert "## Model calls\n\nNone." in report(task, Around(1_764_000_000_000))
    text = report(with_spending(task), Around(1_764_000_000_000))
    assert "- all steps: 3 model calls, 3,612 tokens in" in text
    assert "- agent: 3 model calls" in text


def test_what_was_used_from_one_checkpoint_to_the_next() -> None:
    """Also behind a way back: sums only grow, so the later one is told by itself."""
    task = next(t for t in scenes.house(1_764_000_000_000).values() if len(t.checkpoints) > 2)
    first, second, third, *rest = task.checkpoints
    uses = [replace(GPU, name=f"c{number}") for number in range(4)]
    sums = [NOTHING_SPENT.plus(uses[:count], lambda _: (0, "agent")) for count in (0, 1, 3, 4)]
    made = (
        replace(first, spent=sums[1].steps),
        replace(second, spent=sums[2].steps),
        replace(third, spent=sums[2].steps),
        *(replace(c, spent=sums[2].steps) for c in rest),
    )
    task = replace(task, checkpoints=made, spending=sums[3])
    found = spent_at(task)
    assert {ordinal: spent.calls for ordinal, spent in found.items()} == {
        first.ordinal: 1,
        second.ordinal: 2,
        0: 1,
    }
    said = "2 model calls, 2,400 tokens in, 70 out, 0.0247 EUR"
    assert used_words(found[second.ordinal]) == said
    assert used_words(Spent()) == ""
    shown = {row.ordinal: row.detail for row in checkpoint_rows(task)}
    assert shown[second.ordinal].endswith(f" · {said}")
    assert "model call" not in shown[third.ordinal]
    text = report(task, Around(1_764_000_000_000))
    assert f"| {second.commit[:12]} | {said} |" in text
    assert f"| {third.commit[:12]} |  |" in text
