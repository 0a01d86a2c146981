"""Image layers: what a task needs beyond the guest image, built once in a machine of its own.

A builder has the task's network and nothing else of it: no token, no workspace, no files but those
the image file names. Tasks of a project that need the same layer wait for one build; when the last
of them is given up, so is the build, and nothing of it stays.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from clawdesk.domain import events as ev
from clawdesk.domain.definitions import PROJECT_FILE
from clawdesk.domain.images import (
    IMAGE_FILE,
    STEP_S_MAX,
    ImagePlan,
    SetUpStep,
    described,
    set_up_reach,
    set_up_steps,
    with_agent,
)
from clawdesk.domain.model import MachineNeed, Task, TaskId
from clawdesk.domain.network import Reach
from clawdesk.domain.processes import ran_short
from clawdesk.ports import guest as said
from clawdesk.ports.clock import Clock
from clawdesk.ports.errors import GuestError, PortError
from clawdesk.ports.guest import Guests, GuestSession
from clawdesk.ports.machines import Machines
from clawdesk.ports.repository import Repository
from clawdesk.ports.set_up import SetUps
from clawdesk.runtime.output import TaskOutput, network_words

SET_UP_FAILED = "set_up_failed"
"""Code of an error that another try would end with as well."""
CLOSED = "closed"
"""Code of an error that says nothing of the task: ClawDesk ends, and its next start tries anew."""
SET_UP = "set-up-"
"""How the folders begin that hold a set-up's files until its machine has started."""
LOOK_S = 1.0
TOLD_S = 5
TAIL_CHARACTERS = 1_500


@dataclass(frozen=True, slots=True)
class Image:
    """What machines begin with: the guest image, and a `layer` above it ("" = none)."""

    layer: str
    plan: ImagePlan
    ready: bool


@dataclass(slots=True)
class _Build:
    """One build. `tasks` wait for it; `refused` are connections it was not let make."""

    need: MachineNeed
    plan: ImagePlan
    reach: Reach
    layer: str
    step: str = "a machine for it"
    since_ms: int = 0
    tasks: set[TaskId] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    running: asyncio.Task[None] | None = None


class Layers:
    """Finds and builds layers.

    Args:
        set_ups: None where this program was put together without.
        workspaces: folder for set-up tars; QEMU's user must reach it.
        output: the log of a task.
        grew: told that a task's log has new lines.
        given_up: whether a task has been told to end.
        catalog: what a set-up of the agent catalog's packages alone may reach.
    """

    def __init__(
        self,
        *,
        machines: Machines,
        guests: Guests,
        set_ups: SetUps | None,
        clock: Clock,
        workspaces: Path,
        post: Callable[[ev.Event], None],
        output: Callable[[TaskId], TaskOutput],
        grew: Callable[[TaskId], None],
        given_up: Callable[[TaskId], bool],
        catalog: Callable[[], Reach],
    ) -> None:
        self._machines = machines
        self._guests = guests
        self._set_ups = set_ups
        self._clock = clock
        self._workspaces = workspaces
        self._post = post
        self._output = output
        self._grew = grew
        self._given_up = given_up
        self._catalog = catalog
        self._builds: dict[tuple[str, str], _Build] = {}
        self._waiters: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def image_of(self, task: Task, repository: Repository) -> Image:
        """What the task's machines begin with. Raises PortError."""
        origin = task.forked_from
        plan = await repository.image_plan(origin.start if origin else task.start_commit)
        plan = with_agent(plan, task)
        if plan.is_empty:
            return Image("", plan, ready=True)
        layer = await self._machines.find_layer(task.definition.machine, plan.digest)
        return Image(layer.name, plan, layer.ready)

    async def build(self, task: Task, image: Image) -> None:
        """Build an image that is not ready, or wait for whoever builds it.

        Raises:
            PortError: code `set_up_failed`: which step, its last lines, what to do.
        """
        key = (task.project, image.layer)
        if self._is_closed:
            raise _closed()
        build = self._builds.get(key)
        if build is None:
            need, reach = task.definition.machine, _reach(task, image.plan, self._catalog())
            build = self._builds[key] = _Build(need, image.plan, reach, image.layer)
            self._begin(key, build)
        await self._wait(task, key, build)

    async def close(self) -> None:
        """Give up what is being built, and begin nothing any more."""
        self._is_closed = True
        running = [build.running for build in self._builds.values() if build.running]
        for build in running:
            build.cancel()
        await asyncio.gather(*running, *self._waiters, return_exceptions=True)

    # -- waiting --------------------------------------------------------------------------
    def _begin(self, key: tuple[str, str], build: _Build) -> None:
        build.since_ms = self._clock.now_ms()
        work = self._build(build)
        build.running = asyncio.get_running_loop().create_task(work, name=f"layer {build.layer}")
        build.running.add_done_callback(lambda done: done.cancelled() or done.exception())
        build.running.add_done_callback(lambda _: self._forget(key, build))

    def _forget(self, key: tuple[str, str], build: _Build) -> None:
        if self._builds.get(key) is build:
            del self._builds[key]

    async def _wait(self, task: Task, key: tuple[str, str], build: _Build) -> None:
        running = build.running
        assert running is not None, "a build is begun before anybody waits for it"
        waiter = asyncio.current_task()
        assert waiter is not None, "a build is waited for in a task of the loop"
        self._waiters.add(waiter)
        waiter.add_done_callback(self._waiters.discard)
        build.tasks.add(task.id)
        told = ("", -1)
        try:
            while not running.done():
                seconds = (self._clock.now_ms() - build.since_ms) // 1000 // TOLD_S * TOLD_S
                if told != (told := (build.step, seconds)):
                    now = self._clock.now_ms()
                    self._post(ev.ImageBuilding(now, task.id, task.attempt, *told))
                await asyncio.wait({running}, timeout=LOOK_S)
                if self._given_up(task.id):
                    raise PortError("The task was ended while its image was being built.")
            if running.cancelled():
                raise _closed()
            running.result()
        finally:
            build.tasks.discard(task.id)
            if not build.tasks and not running.done():
                self._forget(key, build)  # whoever needs it from now on begins anew
                running.cancel()
                await asyncio.wait({running})

    # -- building -------------------------------------------------------------------------
    async def _build(self, build: _Build) -> None:
        if self._set_ups is None:
            raise PortError("This program cannot set images up.", code=SET_UP_FAILED)
        self._remark(build, "Its image is built first, in a machine of its own.")
        self._workspaces.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._workspaces, prefix=SET_UP) as folder:
            tar = Path(folder) / "set-up.tar"
            await asyncio.to_thread(self._set_ups.write, build.plan.contents, tar)
            started = await self._machines.start_builder(build.need, tar)
        machine = started.machine
        try:
            session = await self._guests.connect(
                machine, token="", start=False, network=build.reach
            )
            try:
                await self._run_all(build, session)
                await session.quiesce()
            finally:
                await session.close()
            build.step = "keeping it"
            await self._machines.keep_layer(machine, build.layer, described(build.plan))
        finally:
            with contextlib.suppress(PortError):
                await self._machines.destroy(machine)
        self._remark(build, "Its image is ready; later tasks begin with it at once.")

    async def _run_all(self, build: _Build, session: GuestSession) -> None:
        steps = set_up_steps(build.plan)
        messages = session.messages()
        for number, step in enumerate(steps):
            build.step = f"{step.name} ({number + 1} of {len(steps)})"
            self._remark(build, f"Image, {build.step}.")
            tail = TaskOutput()
            env = {"CLAWDESK_NETWORK": " ".join(build.reach.hosts)} if build.reach.hosts else {}
            run = said.StepRun(f"set-up.{number}", step.name, step.command, STEP_S_MAX, env)
            await session.run(run)
            async for message in messages:
                if isinstance(message, said.StepEnded) and message.run_id == run.run_id:
                    if message.exit_code or message.timed_out:
                        raise _failure(build, step, message, tail.tail(TAIL_CHARACTERS))
                    break
                self._hear(build, message, tail)
            else:
                raise GuestError("the machine ended while the image was being set up", code="gone")

    def _hear(self, build: _Build, message: said.GuestMessage, tail: TaskOutput) -> None:
        if isinstance(message, said.StepOutput):
            now = self._clock.now_ms()
            tail.feed(now, message.stream, message.chunk)
            for task in build.tasks:
                self._output(task).feed(now, message.stream, message.chunk)
                self._grew(task)
        elif isinstance(message, said.NetworkUsed):
            if message.refused:
                build.refused.append(message.refused)
            self._remark(build, network_words(message))
        elif isinstance(message, said.GuestLost):
            raise GuestError(f"the machine of the set-up was lost: {message.why}", code="gone")

    def _remark(self, build: _Build, text: str) -> None:
        for task in build.tasks:
            self._output(task).event(self._clock.now_ms(), text)
            self._grew(task)


def _closed() -> PortError:
    return PortError("ClawDesk ends while the task's image is to be built.", code=CLOSED)


def _reach(task: Task, plan: ImagePlan, catalog: Reach) -> Reach:
    """What its set-up may reach. Raises PortError `set_up_failed` where that cannot be enough."""
    reach, lacking = set_up_reach(plan, task.policy, catalog)
    if lacking:
        raise PortError(
            f"{IMAGE_FILE} asks for {lacking}, which [network] allow does not hold.",
            mend=f"Add it to {PROJECT_FILE}, where your own policy.toml allows it.",
            code=SET_UP_FAILED,
        )
    if plan.needs_network and not reach.hosts:
        raise no_hosts(plan, SET_UP_FAILED)
    return reach


def no_hosts(plan: ImagePlan, code: str) -> PortError:
    """An image that was not built yet, and cannot be."""
    if plan.of_catalog:
        return PortError(
            "The image of this agent was not built yet, and may be set up from no host.",
            mend="See which hosts it needs, and allow them once: clawdesk images allow",
            code=code,
        )
    return PortError(
        "The image of this task needs packages, and its project may reach no host.",
        mend=f"Name the hosts packages come from in {PROJECT_FILE}, under [network] allow.",
        code=code,
    )


def _failure(build: _Build, step: SetUpStep, end: said.StepEnded, tail: str) -> PortError:
    how = f"took longer than {STEP_S_MAX} s" if end.timed_out else f"ended with {end.exit_code}"
    short = f" {ran_short(end.killed, build.need)}" if end.killed else ""
    refused = (
        f" Not let through: {'; '.join(dict.fromkeys(build.refused))}." if build.refused else ""
    )
    mend = f"Mend {IMAGE_FILE}, or the hosts under [network] allow in {PROJECT_FILE}"
    if build.plan.of_catalog and build.refused:
        mend = "Allow what this computer is set to by now: clawdesk images allow"
    return PortError(
        f"The image of this task could not be set up: {step.name} {how}.{short}{refused} "
        f"Its last lines:\n{tail or '(none)'}\n",
        mend=f"{mend}, and run the task again.",
        code=SET_UP_FAILED,
    )
