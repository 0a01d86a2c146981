"""What model calls used, in words: nothing guessed, no cost that nobody stated."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clawdesk.domain.spending import CallUse, Spent, spent_by
from clawdesk.viewmodels.costs import projects_spending, spent_words
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
