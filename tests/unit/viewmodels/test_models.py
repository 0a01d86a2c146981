"""Models, queue, reservations and projects as words; what cannot be done says why."""

from __future__ import annotations

from dataclasses import replace

from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.models import Model, ModelQueue, ModelWindow, Waiter
from clawdesk.viewmodels.models import ROWS_MAX, ModelRow, ModelsView, models_view
from clawdesk.viewmodels.phases import Family
from tests.support import model_scenes as scenes

NOW = 1_764_000_000_000


def view(status: FabricStatus | None) -> ModelsView:
    return models_view(status, {"train-resnet": "Train the net"}, NOW, 0)


def row(status: FabricStatus, name: str) -> ModelRow:
    return next(row for row in view(status).models if row.name == name)


def test_a_model_that_loads_shows_progress_and_times() -> None:
    found = row(scenes.loading(), "qwen3-32b")
    assert (found.word, found.family, found.act) == ("Loading", Family.ALIVE, "unload")
    assert found.detail.startswith(
        "loading the model into memory · 12.4 s of about 31.0 s · GPU 0, 64 GiB"
    )
    assert found.share == 12.4 / 31.0
    first = replace(scenes.loading().models[0], load_s=None)
    unknown = row(replace(scenes.loading(), models=(first,)), "qwen3-32b")
    assert unknown.share is None  # nothing was measured, so nothing is promised
    assert "12.4 s" in unknown.detail
    assert "about" not in unknown.detail


def test_a_ready_model_shows_slots_waiting_and_who_holds_it() -> None:
    found = row(scenes.busy(), "qwen3-32b")
    assert found.marks == ("pinned",)
    assert "4 of 4 slots in use · 2 calls wait" in found.detail
    assert "held by Train the net, refactor-io" in found.detail
    assert "asked back: glm-355b needs the memory" in found.detail


def test_unload_says_that_nothing_is_cut() -> None:
    cut = row(scenes.busy(), "qwen3-32b").cut
    assert cut[0] == "4 calls in flight end first; nothing is cut off."
    assert cut[1] == "2 tasks that hold it ask for it again at the next step."
    assert cut[-1] == "It is pinned, and will no longer be."
    assert row(scenes.busy(), "bge-small").cut == ()


def test_what_cannot_be_done_says_why() -> None:
    assert row(scenes.busy(), "coder-30b").act_why_not.startswith("it is reserved now")
    assert row(scenes.no_docker(), "bge-small").act_why_not == "models cannot be started now"
    stopping = replace(scenes.empty(), models=(Model("m", phase="stopping"),))
    assert row(stopping, "m").act_why_not == "it is being unloaded"
    assert row(scenes.empty(), "bge-small").act_why_not == ""


def test_a_model_elsewhere_needs_no_memory_here_and_no_container_engine() -> None:
    away = Model("claude", lendable=False)
    down = FabricStatus(False, version="1", problem="Docker is gone", models=(away, Model("here")))
    shown = row(down, "claude")
    assert (shown.act, shown.act_why_not) == ("load", "")
    assert "GiB" not in shown.detail
    assert row(down, "here").act_why_not == "models cannot be started now"


def test_figures_that_could_not_be_read_keep_no_model_from_being_loaded() -> None:
    status = FabricStatus(True, version="1", models=(Model("here"),), unread="queue")
    assert row(status, "here").act_why_not == ""


def test_a_failed_model_says_what_and_what_next() -> None:
    found = row(scenes.lost(), "coder-30b")
    assert (found.word, found.family) == ("Failed", Family.BAD)
    assert found.problem.endswith("was not ready after 120 s.")
    idle = Model("m", problem="the container engine was not asked yet", failures=0)
    assert row(replace(scenes.empty(), models=(idle,)), "m").word == "Not loaded"
    lost = replace(
        idle, problem="GPU 0 (card), on which m ran, cannot be used: lost", mend="load it"
    )
    assert row(replace(scenes.empty(), models=(lost,)), "m").word == "Failed"


def test_a_phase_of_a_newer_fabric_is_shown_as_it_is() -> None:
    found = row(replace(scenes.empty(), models=(Model("m", phase="sleeping"),)), "m")
    assert (found.word, found.icon) == ("sleeping", "unk")


def test_who_waits_with_reason_and_what_frees_it() -> None:
    first, second, _, lease = view(scenes.busy()).waits
    assert (first.position, first.expected) == ("1", "about 4 s")
    assert first.who == "fix-loader · vision-lab · interactive"
    assert first.why == "All 4 slots of qwen3-32b are in use. Goes on when a call in flight ends."
    assert second.why.endswith("Goes on when you raise the budget.")
    assert (lease.position, lease.what) == ("", "waits to hold glm-355b")
    assert lease.why == "glm-355b was asked to unload."  # a name keeps its letters


def test_a_long_queue_is_cut_and_counted() -> None:
    waiting = tuple(Waiter("m", "/p", "t", "agent", call=n) for n in range(1, 201))
    found = view(replace(scenes.empty(), queue=ModelQueue(waiting, 240)))
    assert len(found.waits) == ROWS_MAX
    assert found.waits_more == f"and {240 - ROWS_MAX} more"


def test_windows_now_and_later() -> None:
    now_s = NOW // 1000
    windows = (
        ModelWindow("a", "m", "/home/ada/notes", now_s - 60, now_s + 3_600),
        ModelWindow("b", "m", "", now_s + 7_200, now_s + 10_800),
        ModelWindow("c", "m", "", now_s, now_s + 3 * 86_400),
    )
    found = view(replace(scenes.empty(), queue=ModelQueue(windows=windows))).windows
    assert (found[0].text, found[0].detail) == ("m for notes", "now, until 17:00")
    assert (found[1].text, found[1].detail) == ("m for all projects", "in 2 h, 18:00 to 19:00")
    assert "3 d from now" in found[2].detail


def test_a_used_up_budget_pauses_and_says_so() -> None:
    notes, lab = view(scenes.busy()).uses
    assert notes.paused == "Paused: 2.00 of 2.00 GPU-hours are used. Raise its budget."
    assert lab.paused == ""
    assert lab.detail.startswith("1.24 GPU-hours · 1,204,533 tokens · 5 in flight · 3 waiting")
    assert lab.detail.endswith("budget 8 GPU-hours and 5,000,000 tokens")


def test_problems_of_the_service_stand_above_all() -> None:
    assert not view(None).asked
    gone = view(FabricStatus(False, problem="the model service does not run", mend="start it"))
    assert gone.problem == "There are no models now: the model service does not run."
    assert view(scenes.no_docker()).problem.startswith("Models cannot be started: no Docker")
    odd = view(replace(scenes.empty(), unread="leases"))
    assert "(leases)" in odd.problem
    assert view(scenes.empty()).problem == ""
