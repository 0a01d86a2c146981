"""Scenes of the window in which something is missing, long, or gone wrong, for its pictures.

The sentences are those of the parts that say them, where a part can be asked without being there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, replace

from clawdesk.domain.model import Reason, Task
from clawdesk.ports.errors import PortError
from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.machines import MachineSupport
from clawdesk.runtime.doctor import host_checks, image_check, machine_checks, model_checks
from clawdesk.ui.desk import Desk
from clawdesk.ui.words import tr
from clawdesk.viewmodels.phases import Group
from tests.support import plane_scenes as scenes
from tests.support.plane_fake import FakePlane

NO_LIBVIRT = MachineSupport(
    False,
    "qemu:///session",
    "tcg",
    "",
    {},
    False,
    "libvirt does not open qemu:///session: Failed to connect socket to "
    "'/run/user/1000/libvirt/virtqemud-sock': No such file or directory.",
    "sudo apt-get install --no-install-recommends libvirt-daemon libvirt-daemon-driver-qemu "
    "qemu-system-x86 qemu-utils",
)
NO_DOCKER = FabricStatus(
    False,
    "0.1.0",
    "",
    "no Docker engine answers at /run/user/1000/docker.sock",
    "sudo apt-get install --no-install-recommends docker.io docker-cli",
)
MISMATCH = (
    "the NVIDIA driver was updated, and the part that runs is still the old one; restart this "
    "machine"
)
SHELL = "clawdesk shell 01JC0000000000000000000003"
COMMANDS = (NO_LIBVIRT.mend, NO_DOCKER.mend, "clawdesk-fabric images build", SHELL)
REFUSED = "snapshotting the machine cd-01jc-1-0c5f failed: the disk of /home/ada is full."
LONG = "Rewrite the loader of sharded data sets so that an empty shard is skipped, and prove it"
HOSTILE = "<b>bold</b>\x1b[31m\u202egnp.exe\nsecond line"
CROWD = 100
WAITS = (
    Reason(
        "untrusted",
        "its project's policy asks for more than you have allowed: line 3: network to "
        "packages.example.org:443, pypi.example.org:443; line 9: class interactive",
        f"clawdesk trust {scenes.PROJECT}",
    ),
    Reason(
        "capacity",
        "needs 6 GiB of memory, 4.1 GiB of 16 GiB are free; held by bench-fp8, fix-loader, "
        "refactor-io and 2 more; refactor-io was asked to yield",
        "the next checkpoint of refactor-io, expected every 300 s",
    ),
    Reason(
        "too_big",
        "needs 256 GiB of memory, this host gives 120 GiB to machines",
        "a smaller [machine] table in the task file, or a larger host",
    ),
    Reason(
        "no_space",
        "The disk of /var/lib/clawdesk has 3.1 GiB free; machines start with at least 5.0 GiB.",
        "free space there, e.g. by `clawdesk prune`; waiting tasks then start by themselves",
    ),
)


def _lost(desk: Desk, _tasks: list[Task]) -> None:
    desk.show_lost()


def _lost_review(desk: Desk, tasks: list[Task]) -> None:
    desk.decisions.open_task(tasks[1].id)
    desk.show_lost()


def _refused(desk: Desk, tasks: list[Task]) -> None:
    """An act that failed with a long sentence, its next step, and details to copy."""
    assert isinstance(desk.plane, FakePlane)
    desk.plane.refuse["cancel"] = PortError(REFUSED, mend="Free disk space.")
    task = tasks[0]

    async def cancelled() -> None:
        await desk.plane.cancel(task.id, channel="window")

    desk.errands.start("cancel", tr("Cleaning up"), cancelled())


def _chosen(title: str) -> Callable[[Desk, list[Task]], None]:
    def choose(desk: Desk, tasks: list[Task]) -> None:
        desk.window.tasks.list.choose(next(t.id for t in tasks if t.title == title))

    return choose


def _no_terminal(desk: Desk, tasks: list[Task]) -> None:
    from clawdesk.ui import terminals

    desk.window.tasks.list.choose(tasks[2].id)
    terminals._say_command(desk, SHELL)


def _searching(desk: Desk, _tasks: list[Task]) -> None:
    """One group of tasks is shown, and words are looked for in it."""
    pane = desk.window.tasks
    pane.choose_filter(Group.RUNNING.value)
    pane.begin_search()
    pane.search.setText("re")


ACTS: dict[str, Callable[[Desk, list[Task]], None]] = {
    "home-libvirt": lambda desk, _: desk.registry.trigger("home"),
    "home-docker": lambda desk, _: desk.registry.trigger("home"),
    "home-gpu": lambda desk, _: desk.registry.trigger("home"),
    "lost": _lost,
    "lost-question": _lost_review,
    "refused": _refused,
    "waits": _chosen("wait-2"),
    "waits-trust": _chosen("wait-1"),
    "failed": _chosen("eval-old"),
    "long": lambda desk, tasks: desk.window.tasks.list.choose(tasks[0].id),
    "crowd": lambda desk, _: None,
    "searching": _searching,
    "terminal": _no_terminal,
}
"""By scene, what a person does in it."""


def plane_of(scene: str) -> FakePlane:
    """A scripted plane in the state the scene is about."""
    plane = FakePlane(lambda: time.time_ns() // 1_000_000)
    plane.fill()
    tasks = plane.state.tasks
    if scene.startswith("home-"):
        _lack(plane, scene.removeprefix("home-"))
    elif scene.startswith("waits"):
        for number, reason in enumerate(WAITS, 1):
            story = scenes.Story(60 + number, f"wait-{number}", plane.now_ms(), 3 * number)
            tasks[story.task.id] = replace(story.task, reason=reason)
    elif scene == "long":
        for task_id, task in list(tasks.items()):
            title = HOSTILE if task.title == "tune-lr" else f"{LONG} ({task.title})"
            tasks[task_id] = replace(task, definition=replace(task.definition, title=title))
    elif scene == "crowd":
        for number in range(CROWD):
            story = scenes.Story(100 + number, f"sweep-{number:03}", plane.now_ms(), number / 4)
            tasks[story.task.id] = story.task
    return plane


def _lack(plane: FakePlane, what: str) -> None:
    """A machine without one of its parts, as the doctor would tell of it."""
    environment = scenes.environment()
    machines, fabric, load = environment.machines, environment.fabric, scenes.load()
    assert machines is not None
    assert fabric is not None
    if what == "libvirt":
        machines = NO_LIBVIRT
    elif what == "docker":
        fabric = NO_DOCKER
    else:
        load = replace(load, gpus=(), gpu_note=MISMATCH, driver="")
    plane.load, plane.environment = load, replace(environment, machines=machines, fabric=fabric)
    found = (
        *machine_checks(machines),
        image_check("base 8266e4c61a4c, built 2 days ago"),
        *model_checks(fabric),
        *host_checks(load),
    )
    plane.checks = [asdict(check) for check in found]
