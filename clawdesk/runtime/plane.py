"""The control plane of one user on one machine: everything behind the shells.

Composes kernel, performer and live machines; opens projects; turns intents into events and waits
for their acknowledgement. Runs the same with a window and without one.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import replace

from clawdesk.domain import effects as do
from clawdesk.domain import events as ev
from clawdesk.domain.forking import family, to_end
from clawdesk.domain.from_prompt import TaskPrompt
from clawdesk.domain.merge_events import ForkKept
from clawdesk.domain.model import (
    MachineId,
    Phase,
    PlaneState,
    Task,
    TaskId,
)
from clawdesk.domain.peers import barred
from clawdesk.domain.replay import Alive
from clawdesk.domain.retention import prunable
from clawdesk.domain.scheduling import in_use
from clawdesk.domain.scheduling.resources import holds_machine
from clawdesk.ports.errors import PortError
from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.machines import DiskUse
from clawdesk.ports.repository import ProjectView
from clawdesk.ports.telemetry import HostLoad
from clawdesk.runtime import doctor
from clawdesk.runtime.api import Change, Environment, LogLine, Outcome, PolicyView, UserRules
from clawdesk.runtime.channel_acts import ChannelActs
from clawdesk.runtime.comparing import Comparisons
from clawdesk.runtime.deeds import Deed, Deeds
from clawdesk.runtime.image_acts import ImageActs
from clawdesk.runtime.intents import Intents
from clawdesk.runtime.kernel import Kernel
from clawdesk.runtime.leases import Leases
from clawdesk.runtime.live import LiveMachines
from clawdesk.runtime.log_lines import BEFORE_KILL
from clawdesk.runtime.merging import Merges
from clawdesk.runtime.model_acts import ModelActs
from clawdesk.runtime.pairing import PairingActs
from clawdesk.runtime.pauses import ProjectWatch, closed_reason, left_behind
from clawdesk.runtime.perform import Performer
from clawdesk.runtime.policies import Policies
from clawdesk.runtime.projects import Opened, Projects, no_collections
from clawdesk.runtime.recents import recent_projects, state_dir
from clawdesk.runtime.retention import Retention
from clawdesk.runtime.settings import Settings
from clawdesk.runtime.shells import ShellActs, Shells
from clawdesk.runtime.submitting import Submissions
from clawdesk.runtime.suspension import suspend_all
from clawdesk.runtime.watch import HostWatch, Parts

ENTER_AT_ONCE = 50
"""Tasks given to the kernel before the loop may do something else."""


class Plane(
    Intents, Comparisons, Merges, ModelActs, PairingActs, ChannelActs, ShellActs, ImageActs
):
    """`runtime.api.PlaneApi` in the process that owns the machines.

    Args:
        drive: False = look and decide only: no machine is started, ended or looked for.
        models: start the Fabric at once, not only for the first task that calls a model.
    """

    def __init__(self, parts: Parts, *, drive: bool = True, models: bool = False) -> None:
        self._models, self._drive, self._rests, self._pruning = models, drive, False, False
        self._parts, self._clock = parts, parts.clock
        self._subscribers: list[Callable[[Change], None]] = []
        self._projects = Projects(
            parts.repositories, parts.clock, drive=drive, say=self._say, lives=self._lives
        )
        self._background: set[asyncio.Task[None]] = set()
        self._kernel = Kernel(self._perform, self._publish)
        self._settings, self._deeds = Settings(), Deeds(state_dir())
        self._policies = Policies(self._settings, parts.clock)
        self._watch = HostWatch(
            parts,
            settings=self._settings,
            drive=drive,
            used=lambda: in_use(self.state.tasks.values()),
            post=self._kernel.post,
            publish=self._publish,
            looked=self._looked,
        )
        self._live = LiveMachines(
            parts,
            post=self._kernel.post,
            grew=lambda task: self._publish(Change(logs=frozenset({task}))),
            given_up=self._is_ending,
            recall=self._recall_log,
            catalog=self._policies.catalog,
        )
        self._shells = Shells(self._kernel, self._live, parts.clock)
        self._retention = Retention(
            parts.machines,
            self._kernel.state,
            parts.clock,
            post=self._kernel.post,
            say=self._say,
        )
        self._leases = Leases(
            parts.inference, self._kernel.post, parts.clock, self._crashed, self._live.remark
        )
        self._performer = Performer(
            machines=parts.machines,
            live=self._live,
            repository=self._projects.repository,
            task=self._kernel.task,
            post=self._kernel.post,
            crashed=self._crashed,
            clock=parts.clock,
            retention=self._retention,
            leases=self._leases,
            look=self._watch.look,
        )
        self._submissions = Submissions(
            repository=self._projects.repository,
            machines=parts.machines,
            policies=self._policies,
            clock=parts.clock,
            post=self._kernel.post,
        )
        self._opening, self._loop = asyncio.Lock(), asyncio.get_running_loop()
        self._project_watch = ProjectWatch(
            state=self._kernel.state,
            clock=parts.clock,
            repositories=self._projects.open_ones,
            post=self._kernel.post,
            publish=self._publish,
            open_project=self.open_project,
            shown_only=self._projects.is_shown_only,
        )
        self._make_channel(self._ask, self._publish, self._crashed)
        parts.machines.on_lost(self._lost)

    # -- life -----------------------------------------------------------------------------
    async def start(self) -> None:
        """Take up what outlived an earlier plane, look at the host, begin to sample its load."""
        await self._watch.read_settings()
        if self._drive:
            await asyncio.to_thread(self._live.sweep)
            await self._take_up_machines()
        await self._watch.look()
        if not self._drive:
            return
        if self._models:
            self._spawn(self._watch.start_fabric())
        self._spawn(self._watch.keep_looking())
        self._spawn(self._watch.keep_asking())
        self._spawn(self._project_watch.keep_looking())
        self._spawn(self._retention.keep_looking())
        await self._begin_channel()

    def _looked(self, fabric: FabricStatus) -> None:
        self._leases.of_peers.look(fabric)
        if peer := self._followed(fabric):
            self._spawn(self._tell_followed(peer))

    async def _take_up_machines(self) -> None:
        """Find the tasks of machines that outlived an earlier plane; end those of nobody."""
        alive = self._projects.alive
        with contextlib.suppress(PortError):
            for owned in await self._parts.machines.owned():
                alive[owned.task] = Alive(
                    owned.machine, owned.attempt, owned.accelerator, owned.base
                )
        for path in recent_projects():
            if not alive:
                return
            with contextlib.suppress(PortError):
                await self.open_project(path)
        for orphan in list(alive.values()):
            with contextlib.suppress(PortError):
                await self._parts.machines.destroy(orphan.machine)
        alive.clear()

    async def _adopt(self, task: Task) -> None:
        """Speak to the machine of a task that is UNKNOWN, and say where it stands."""
        machine = task.machine
        try:
            greeting = await self._live.adopt(task, machine, task.accelerator)
        except PortError as error:
            self._kernel.post(ev.MachineLost(self._now(), task.id, machine, error.sentence))
            return
        await self._live.count_calls(task, greeting.last_run)
        self._kernel.post(
            ev.MachineAdopted(
                self._now(),
                task.id,
                task.attempt,
                machine,
                task.accelerator,
                greeting.last_run,
                greeting.last_ended,
                greeting.last_exit_code,
                greeting.last_timed_out,
            )
        )
        self._live.listen(machine)

    @property
    def ended(self) -> asyncio.Future[None]:
        return self._kernel.failed

    async def rest(self) -> None:
        """Suspend what runs, so that the next start finds everything. Calls are still answered."""
        if self._rests:
            return
        self._rests = True
        self._watch.quit()
        await self._close_channel()
        await self._live.stop_building()
        await self._shells.close_all()
        if self._drive and not self._kernel.failed.done():
            await self._suspend_all()

    async def close(self) -> None:
        """Rest, where that was not done yet; then let go."""
        await self.rest()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self._performer.drain()
        await self._leases.close()
        await self._live.close()
        await self._projects.close_all()
        if self._kernel.failed.done():
            self._kernel.failed.exception()  # it was reported by whoever closes us
        else:
            self._kernel.failed.cancel()

    async def _suspend_all(self) -> None:
        await suspend_all(self, lambda task: self._kernel.post(ev.SuspendAsked(self._now(), task)))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background_ended)

    def _background_ended(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._crashed(error)

    def _lives(self, task: TaskId) -> bool:
        known = self._kernel.task(task)
        return known is not None and bool(known.machine)

    def _is_ending(self, task: TaskId) -> bool:
        known = self._kernel.task(task)
        return known is None or known.finish is not None

    def _lost(self, machine: MachineId, why: str) -> None:
        """Told by the machines' adapter, from any thread."""
        self._loop.call_soon_threadsafe(self._live.lost, machine, why)

    def _crashed(self, error: BaseException) -> None:
        if not self._kernel.failed.done():
            self._kernel.failed.set_exception(error)

    def _perform(self, effect: object) -> None:
        self._performer.submit(effect)  # type: ignore[arg-type]

    def _say(self, text: str) -> None:
        self._publish(Change(notices=(text,)))

    def _publish(self, change: Change) -> None:
        self._channel_changed(change)
        for tell in list(self._subscribers):
            tell(change)

    # -- what shells read -----------------------------------------------------------------
    @property
    def state(self) -> PlaneState:
        return self._kernel.state

    @property
    def projects(self) -> dict[str, ProjectView]:
        return self._projects.views

    @property
    def load(self) -> HostLoad | None:
        return self._watch.load

    @property
    def environment(self) -> Environment:
        bars = barred(self._settings.rules)
        return replace(self._watch.environment, channel=self._channel_view, peers_barred=bars)

    def subscribe(self, tell: Callable[[Change], None]) -> Callable[[], None]:
        self._subscribers.append(tell)
        return lambda: self._subscribers.remove(tell) if tell in self._subscribers else None

    async def log_lines(self, task: TaskId, after: int = 0) -> tuple[LogLine, ...]:
        output = self._live.output(task)
        async with output.loading:
            if not output.after(0):
                await self._load_log(task)
        return output.after(after)

    async def _recall_log(self, task: Task) -> None:
        """Before a task goes on in this plane: what it printed under earlier ones stands above."""
        if any(record.event == "started" for record in task.records):
            with contextlib.suppress(PortError):
                await self.log_lines(task.id)

    async def _load_log(self, task_id: TaskId) -> None:
        """Fill the log of a task from before this start with what Git kept."""
        task = self._kernel.known(task_id)
        output = self._live.output(task_id)
        ended = {r.fields.get("step"): r.at_ms for r in task.records if r.event == "checkpoint"}
        kept = await self._projects.repository(task.project).log(task_id)
        for step, text in kept.items():
            at_ms = ended.get(step.partition(".")[0], task.submitted_at_ms)
            output.begin(step, 1)
            output.event(at_ms, f"Step {step}, as Git kept it:")
            output.feed(at_ms, "out", text)
            output.flush(at_ms)
        output.take()  # Git has it
        if left := await self._live.tails.left(task_id):
            output.event(self._now(), f"Step {task.step_name}, {BEFORE_KILL}:")
            output.feed(self._now(), "out", left)
            output.flush(self._now())
        elif not kept and any(r.event == "started" for r in task.records):
            output.event(task.submitted_at_ms, "No output of this task was kept.")

    async def doctor(self) -> list[dict[str, object]]:
        parts = self._parts
        checks = await doctor.gather(
            parts.machines, parts.inference, parts.telemetry, parts.image_present
        )
        checks += [await self._channel_check(), *self._settings.checks()]
        return [check.as_json() for check in checks]

    async def check_environment(self) -> Environment:
        return await self._watch.look()

    # -- projects -------------------------------------------------------------------------
    async def open_project(self, path: str) -> ProjectView:
        async with self._opening:
            with no_collections():
                opened = await self._projects.open(path)
                left = left_behind(self.state, opened.view.path, opened.tasks)
                await self._enter(opened)
        for place in left:
            await self.close_project(place)
        if self._drive:
            for task in opened.unborn:
                with contextlib.suppress(PortError):
                    await self._parts.machines.discard(task)
        self._publish(Change(projects=True))
        return opened.view

    async def _enter(self, opened: Opened) -> None:
        """Give the kernel the tasks of a project: while it is paused they only become visible."""
        path, why, paused = opened.view.path, opened.paused, self.state.paused
        if why is not None and paused.get(path) != why:
            self._kernel.post(ev.ProjectPaused(self._now(), path, why))
        # Machines that live are counted before anything may start beside them.
        tasks = sorted(opened.tasks, key=lambda task: not (task.machine or task.leaving))
        for number, task in enumerate(tasks):
            self._kernel.post(ev.TaskRecovered(self._now(), task))
            if task.phase is Phase.UNKNOWN and task.machine:
                self._spawn(self._adopt(task))
            elif task.leaving:
                self._perform(do.ReleaseMachine(task.id, task.leaving))
            if number % ENTER_AT_ONCE == ENTER_AT_ONCE - 1:
                await asyncio.sleep(0)  # ten thousand of them must not hold up the window
        if why is None and path in paused:
            self._kernel.post(ev.ProjectPaused(self._now(), path, None))

    async def close_project(self, path: str) -> Outcome:
        tasks = self.state.tasks.values()
        busy = [t.title for t in tasks if t.project == path and holds_machine(t)]
        if busy:
            return Outcome(False, f"Tasks of this project still run: {', '.join(busy)}.")
        # What waits in it stays known, and starts when the project is opened again.
        self._kernel.post(ev.ProjectPaused(self._now(), path, closed_reason(path)))
        await self._projects.close(path)
        self._publish(Change(projects=True))
        return Outcome(True, "Closed.")

    # -- trust ----------------------------------------------------------------------------
    async def project_policy(self, project: str, task: TaskId = "") -> PolicyView:
        commit = self._kernel.known(task).start_commit if task else ""
        return await self._policies.view(self._projects.repository(project), commit)

    async def deeds(self) -> tuple[Deed, ...]:
        return await asyncio.to_thread(self._deeds.read)

    async def _note(self, outcome: Outcome, kind: str, project: str = "") -> Outcome:
        """Keep what was done for those who look back."""
        if outcome.ok:
            deed = Deed(self._now(), kind, outcome.text, project)
            await asyncio.to_thread(self._deeds.add, deed)
        return outcome

    async def user_rules(self) -> UserRules:
        return self._policies.user_rules()

    async def trust(self, project: str, digest: str) -> Outcome:
        repository, tasks = self._projects.repository(project), self.state.tasks.values()
        outcome = await self._policies.trust(repository, digest, tuple(tasks))
        self._watch.rules_changed()
        return await self._note(outcome, "trusted", repository.path)

    async def untrust(self, project: str) -> Outcome:
        outcome = await self._policies.untrust(self._projects.repository(project))
        self._watch.rules_changed()
        return await self._note(outcome, "untrusted", project)

    async def revoke_peer(self, name: str) -> Outcome:
        return await self._note(await super().revoke_peer(name), "revoked")

    # -- intents --------------------------------------------------------------------------
    async def submit(
        self,
        project: str,
        process: str | TaskPrompt,
        *,
        priority: int | None = None,
        include_changes: bool = False,
        settings: dict[str, str] | None = None,
    ) -> TaskId:
        return await self._submissions.submit(
            project,
            process,
            priority=priority,
            include_changes=include_changes,
            settings=settings or {},
        )

    async def fork(
        self,
        task: TaskId,
        ordinal: int,
        *,
        settings: dict[str, str] | None = None,
        title: str = "",
    ) -> TaskId:
        parent = self._kernel.known(task)
        return await self._submissions.fork(parent, ordinal, settings or {}, title)

    async def keep(self, task: TaskId, *, channel: str) -> Outcome:
        members = family(self.state, self._kernel.known(task))
        others = [t for t in members if t.id != task]
        if not others:
            return Outcome(False, "The task has no forks, and is none.")
        ended = [(await self.cancel(t.id, channel=channel)).ok for t in to_end(members, task)]
        self._kernel.post(ForkKept(self._now(), task, tuple(t.id for t in others)))
        before = len(others) - len(ended)
        name = self._kernel.known(task).title
        text = f"Kept: {name}. Others ended now: {sum(ended)}; before: {before}. All commits stay."
        return Outcome(True, text)

    async def disk_use(self) -> DiskUse:
        return await self._retention.disk_use()

    async def prune(self, keep_days: float) -> Outcome:
        before_ms = self._now() - int(keep_days * 86_400_000)
        ended = prunable(self.state.tasks.values(), before_ms)
        if not ended:
            return Outcome(True, "No ended task has a snapshot that old.")
        self._pruning, done = True, 0
        for task in ended:
            # One after the other, so that it can be called off between two.
            self._kernel.post(ev.DiscardAsked(self._now(), task.id))
            await self._performer.drain_of(task.id)
            done += 1
            if not self._pruning:
                break
        text = f"Removed the snapshots of ended tasks: {done}. Commits stay."
        if done < len(ended):
            text = f"Called off. Removed the snapshots of ended tasks: {done} of {len(ended)}."
        return await self._note(Outcome(True, text), "pruned")

    async def remove_images(self, images: tuple[str, ...]) -> Outcome:
        return await self._note(await self._retention.remove_images(images), "pruned")

    async def stop_prune(self) -> None:
        self._pruning = False
