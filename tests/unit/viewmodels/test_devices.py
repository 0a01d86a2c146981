"""One bar a GPU: the parts are told apart, add up, and say what they are not."""

from __future__ import annotations

from dataclasses import replace

from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.models import Hold, HolderProcess
from clawdesk.ports.telemetry import Gpu, GpuProcess, HostLoad
from clawdesk.viewmodels.devices import (
    GAP_MS,
    HISTORY_MS,
    HISTORY_POINTS_MAX,
    PROCESSES_MAX,
    DeviceHistory,
    Use,
    device_views,
    page_summary,
)
from tests.support import model_scenes as scenes

NOW = 1_764_000_000_000


def uses(status: FabricStatus, place: int) -> dict[Use, int]:
    return {part.use: part.mib for part in device_views(status, None)[place].parts}


def test_leased_used_promised_foreign_kept_driver_and_free_are_told_apart() -> None:
    status = scenes.busy()
    assert uses(status, 0) == {
        Use.LEASED: 56_400,
        Use.PROMISED: 65_536 - 56_400,
        Use.OTHERS: 410,
        Use.RESERVED: 512,
        Use.FREE: 81_920 - 512 - 410 - 65_536,
    }
    assert uses(status, 1)[Use.USED] == 23_100
    assert uses(status, 1)[Use.KEPT] == 2_048
    assert uses(status, 2)[Use.AWAITED] == 18_000


def test_the_parts_make_the_whole() -> None:
    for view in device_views(scenes.busy(), None):
        assert sum(part.mib for part in view.parts) == view.total_mib
        assert abs(sum(part.share for part in view.parts) - 1) < 1e-9


def test_more_than_the_promise_is_in_use_not_promised() -> None:
    over = scenes.gpu(0, used_mib=900, holds=(Hold("m", 800, 900),))
    found = uses(replace(scenes.empty(), devices=(over,)), 0)
    assert found[Use.USED] == 900
    assert Use.PROMISED not in found


def test_memory_of_this_computer_counts_by_its_promise_and_says_so() -> None:
    view = device_views(scenes.busy(), None)[-1]
    assert (view.index, view.title) == (None, "This computer's memory")
    assert uses(scenes.busy(), -1)[Use.USED] == 1_024
    assert "not measured" in view.remark


def test_a_lost_gpu_is_a_sentence_and_no_bar() -> None:
    view = device_views(scenes.lost(), None)[1]
    assert view.parts == ()
    assert view.used_share is None
    assert view.note.startswith("GPU is lost: it does not answer its driver")
    assert view.note in view.spoken
    summary = page_summary(device_views(scenes.lost(), None), scenes.lost(), None)
    assert summary.startswith("simulated: ")
    assert summary.endswith("1 not usable")
    assert "475 of 560 GiB free" in summary  # the lost one is not counted


def test_processes_are_models_and_others_with_their_names() -> None:
    processes = (GpuProcess(4121, "python", 56_400, True), GpuProcess(991, "Xorg", 410, False))
    gpu = Gpu(0, "GPU-0", "NVIDIA H100", 81_920, 512, 56_810, 91, 64, 402.0, 700.0, processes)
    load = HostLoad(1.0, 2, 1, 2, 3, gpus=(gpu,))
    view = device_views(scenes.busy(), load)[0]
    assert [(line.name, line.detail, line.used) for line in view.lines] == [
        ("qwen3-32b", "4121 · 2 leases", "55.1 of 64 GiB"),
        ("Xorg", "991 · not ours", "0.4 GiB"),
    ]
    assert [line.use for line in view.lines] == [Use.LEASED, Use.OTHERS]
    assert view.headline == "91 % · 64 °C · 402 W"


def test_many_processes_are_cut_and_counted() -> None:
    crowd = tuple(HolderProcess(pid, pid) for pid in range(1, 21))
    device = scenes.gpu(0, others_mib=210, processes=crowd)
    view = device_views(replace(scenes.empty(), devices=(device,)), None)[0]
    assert len(view.lines) == PROCESSES_MAX
    assert view.lines[0].used == "0.0 GiB"
    assert view.more == f"and {20 - PROCESSES_MAX} more"


def test_a_driver_that_does_not_tell_is_said() -> None:
    device = scenes.gpu(0, others_mib=210, processes=(HolderProcess(1, None),))
    view = device_views(replace(scenes.empty(), devices=(device,)), None)[0]
    assert view.lines[0].used == "not told"
    assert view.remark.startswith("The driver does not say")


def test_without_a_fabric_the_drivers_figures_are_shown() -> None:
    gpu = Gpu(3, "GPU-3", "NVIDIA A2", 16_384, 300, 1_000, 5, 40, 20.0, 60.0)
    for status in (None, FabricStatus(False)):
        (view,) = device_views(status, HostLoad(1.0, 2, 1, 2, 3, gpus=(gpu,)))
        assert (view.title, view.name) == ("GPU 3", "A2")
        assert {part.use for part in view.parts} == {Use.OTHERS, Use.RESERVED, Use.FREE}


def test_no_gpu_is_said_with_its_reason() -> None:
    views = device_views(scenes.no_docker(), None)
    summary = page_summary(views, scenes.no_docker(), None)
    assert summary.startswith("No NVIDIA GPU: the NVIDIA driver is not installed.")


def test_the_history_is_ten_minutes_and_bounded() -> None:
    history, views = DeviceHistory(), device_views(scenes.busy(), None)
    for second in range(3 * HISTORY_POINTS_MAX):
        history.note(NOW + second * 1_000, views)
    now_ms = NOW + 3 * HISTORY_POINTS_MAX * 1_000 - 1_000
    (line,) = history.lines(views[0].id, now_ms)
    assert len(line) <= HISTORY_POINTS_MAX
    assert line[-1][0] == 1.0
    assert line[0][0] >= 0
    later = now_ms + HISTORY_MS
    history.note(later, views[:1])
    assert len(history.lines(views[0].id, later)[0]) == 1
    assert history.lines(views[1].id, later) == []  # it is gone, and so is its past


def test_time_without_figures_is_a_gap_not_a_line() -> None:
    history, views = DeviceHistory(), device_views(scenes.busy(), None)[:1]
    for at_ms in (NOW, NOW + 2_000, NOW + 2_000 + GAP_MS + 1):
        history.note(at_ms, views)
    assert [len(line) for line in history.lines(views[0].id, NOW + 30_000)] == [2, 1]


def test_a_clock_set_back_makes_no_line_into_the_future() -> None:
    history, views = DeviceHistory(), device_views(scenes.busy(), None)[:1]
    for at_ms in (NOW, NOW + 60_000, NOW + 1_000):
        history.note(at_ms, views)
    (line,) = history.lines(views[0].id, NOW + 1_000)
    assert [x for x, _ in line] == sorted(x for x, _ in line)
    assert line[-1][0] == 1.0
