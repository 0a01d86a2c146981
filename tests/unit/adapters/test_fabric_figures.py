"""The Fabric's answers as the window's values: what is read, and what is left out and named."""

from __future__ import annotations

from typing import Any

import pytest

from clawdesk.adapters.fabric_figures import WAITERS_MAX, Reading
from clawdesk.ports.models import Budget

DEVICE: dict[str, Any] = {
    "id": "GPU-1",
    "name": "NVIDIA H100",
    "index": 1,
    "total": 81920,
    "reserved": 512,
    "others": 410,
    "kept": 2048,
    "used": 65536,
    "free": 13414,
    "awaited": 0,
    "problem": "",
    "simulated": True,
    "models": [{"model": "m", "promised": 65536, "measured": 56400, "leases": 2}],
    "processes": [{"pid": 7, "used": None, "container": "c"}],
}
CALL: dict[str, Any] = {
    "call": 3,
    "model": "m",
    "project": "/p",
    "task": "t",
    "class": "agent",
    "priority": 0,
    "position": 1,
    "reason": {"code": "slots_busy", "text": "all 4 slots are in use", "frees": "a call ends"},
    "expected_ms": 4200,
}
LEASE: dict[str, Any] = {
    "id": "01T",
    "status": "granted",
    "code": "",
    "text": "",
    "frees": "",
    "model": "m",
    "project": "/p",
    "class": "agent",
    "held_s": 12,
}


def test_a_device_with_all_its_figures() -> None:
    reading = Reading()
    (device,) = reading.devices({"devices": [DEVICE]})
    assert (device.total_mib, device.reserved_mib, device.others_mib) == (81920, 512, 410)
    assert (device.kept_mib, device.used_mib, device.free_mib) == (2048, 65536, 13414)
    assert (device.holds[0].promised_mib, device.holds[0].measured_mib) == (65536, 56400)
    assert (device.processes[0].pid, device.processes[0].used_mib) == (7, None)
    assert device.simulated
    assert not reading.unread


def test_calls_and_leases_that_wait_are_one_queue() -> None:
    reading = Reading()
    waits = {**LEASE, "id": "02T", "status": "waiting", "text": "m is being loaded"}
    back = {**LEASE, "id": "03T", "status": "asked_back", "text": "n needs the memory"}
    queue = reading.queue(
        {
            "queue": {"waiting": [CALL]},
            "leases": {"leases": [LEASE, {**waits, "held_s": None}, back]},
        }
    )
    assert [(w.call, w.task, w.text) for w in queue.waiting] == [
        (3, "t", "all 4 slots are in use"),
        (0, "02T", "m is being loaded"),
    ]
    assert [(h.task, h.held_s, h.asked_back) for h in queue.holders] == [
        ("01T", 12, ""),
        ("03T", 12, "n needs the memory"),
    ]
    assert not reading.unread


def test_windows_and_projects() -> None:
    reading = Reading()
    budget = {"gpu_hours": 2.0, "tokens": 0, "exceeded": "2.00 of 2.00 GPU-hours are used"}
    project = {"project": "/p", "weight": 1.0, "gpu_s": 7200, "tokens": 5, "budget": budget}
    window = {"id": "r-1", "model": "m", "project": "", "from": 10, "until": 20}
    queue = reading.queue(
        {"reservations": {"reservations": [window]}, "projects": {"projects": [project]}}
    )
    assert (queue.windows[0].from_s, queue.windows[0].until_s) == (10, 20)
    assert queue.projects[0].gpu_s == 7200.0
    assert queue.projects[0].budget == Budget(2.0, 0, "2.00 of 2.00 GPU-hours are used")


def test_who_waits_is_bounded_and_counted() -> None:
    calls = [{**CALL, "call": number} for number in range(1, WAITERS_MAX + 51)]
    queue = Reading().queue({"queue": {"waiting": calls}})
    assert (len(queue.waiting), queue.total) == (WAITERS_MAX, WAITERS_MAX + 50)


def test_an_older_fabric_tells_less_and_nothing_breaks() -> None:
    reading = Reading()
    (model,) = reading.models({"models": [{"name": "m", "phase": "ready", "new": {"x": 1}}]})
    assert (model.name, model.phase, model.reserved_for) == ("m", "ready", None)
    assert reading.devices({}) == ()
    assert reading.queue({}).waiting == ()
    assert not reading.unread


@pytest.mark.parametrize(
    "devices",
    [
        "none",
        [1, 2],
        [None],
        [{**DEVICE, "total": "much"}],
        [{**DEVICE, "models": 5}],
        [{**DEVICE, "models": ["m"]}],
        [{**DEVICE, "processes": [{"pid": "x"}]}],
        [{"name": "no id"}],
    ],
)
def test_a_part_told_otherwise_is_left_out_and_named(devices: object) -> None:
    reading = Reading()
    assert reading.devices({"devices": devices}) == ()
    assert reading.unread == ["GPUs"]
    assert len(reading.models({"models": [{"name": "m"}]})) == 1


@pytest.mark.parametrize("leases", [7, ["x"], [{"status": "waiting"}], [{**LEASE, "held_s": "x"}]])
def test_leases_told_otherwise_leave_the_calls(leases: object) -> None:
    reading = Reading()
    queue = reading.queue({"queue": {"waiting": [CALL]}, "leases": {"leases": leases}})
    assert len(queue.waiting) == 1
    assert "leases" in reading.unread
