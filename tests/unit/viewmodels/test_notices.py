"""What the desktop is told, and what is taken back."""

from __future__ import annotations

from dataclasses import replace

from clawdesk.domain.model import Kind, Phase, Task
from clawdesk.ports.models import Budget, ProjectUse
from clawdesk.ports.notices import Urgency
from clawdesk.viewmodels.notices import NoticeRules, ended, standing
from tests.support import plane_scenes as scenes
from tests.support import trust_scene

NOW = 1_764_000_000_000
RULES = NoticeRules()


def house() -> dict[str, Task]:
    return scenes.house(NOW)


def test_what_needs_the_user_names_task_and_project_and_offers_review_only() -> None:
    tasks = house()
    found = standing(tasks.values(), (), RULES)
    asked = {t.request.id: t for t in tasks.values() if t.request is not None}
    assert set(found) == {f"request {request}" for request in asked}
    for key, notice in found.items():
        task = asked[key.removeprefix("request ")]
        assert task.title in notice.title
        assert "vision-lab" in notice.body
        assert notice.act == "Review"
    kinds = {t.request.kind for t in asked.values() if t.request}
    assert kinds == {Kind.APPROVE, Kind.CLARIFY}


def test_a_decision_under_way_no_longer_asks() -> None:
    tasks = house()
    task = next(t for t in tasks.values() if t.request is not None)
    tasks[task.id] = scenes.decided_elsewhere(task, NOW)
    assert f"request {task.request.id if task.request else ''}" not in standing(
        tasks.values(), (), RULES
    )


def test_trust_and_a_used_up_budget_are_told() -> None:
    task = trust_scene.untrusted(NOW)
    use = ProjectUse("/home/ada/notes", budget=Budget(gpu_hours=1, exceeded="1 GPU-hour is used"))
    fine = ProjectUse("/home/ada/fine", budget=Budget(gpu_hours=9))
    found = standing([task], [use, fine], RULES)
    assert set(found) == {f"trust {task.id}", "budget /home/ada/notes"}
    assert found["budget /home/ada/notes"].title == "notes has used up its budget"
    assert found["budget /home/ada/notes"].body.startswith("1 GPU-hour is used.")


def test_an_end_is_told_of_what_was_seen_alive_and_not_of_what_the_user_ended() -> None:
    tasks = house()
    before = {i: Phase.RUNNING for i, t in tasks.items() if t.title != "docs-pass"}
    found = ended(before, tasks.values(), RULES)
    assert [n.title for n in found.values()] == ["eval-old failed"]
    assert "Step rewrite exited with 1." in next(iter(found.values())).body
    done = next(t for t in tasks.values() if t.title == "docs-pass")
    (notice,) = ended({done.id: Phase.HELD}, [done], RULES).values()
    assert (notice.title, notice.urgency) == ("docs-pass is done", Urgency.LOW)
    assert not ended({done.id: Phase.DONE}, [done], RULES), "told once"


def test_each_kind_can_be_turned_off() -> None:
    tasks = house()
    use = ProjectUse("/p", budget=Budget(tokens=1, exceeded="1 token is used"))
    assert set(standing(tasks.values(), [use], replace(RULES, needs_you=False))) == {"budget /p"}
    assert "budget /p" not in standing(tasks.values(), [use], replace(RULES, budget=False))
    before = dict.fromkeys(tasks, Phase.RUNNING)
    assert ended(before, tasks.values(), RULES)
    assert not ended(before, tasks.values(), replace(RULES, ended=False))
