"""Machines that run now: their guests' sessions, their tokens, their output.

Holds what a restart of the plane may lose. Translates what guests say into events.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from clawdesk.domain import events as ev
from clawdesk.domain.agents import env_of, shell_of, speaks_acp
from clawdesk.domain.effects import RunStep
from clawdesk.domain.events import Event
from clawdesk.domain.keys import key_of
from clawdesk.domain.model import MachineId, MachineNeed, Snapshot, Task, TaskId
from clawdesk.domain.network import Reach
from clawdesk.domain.peers import borrows
from clawdesk.domain.policy import keys_of, permissions, reach, secrets_of
from clawdesk.domain.processes import ran_short
from clawdesk.domain.secrets import Veil, VeiledStream
from clawdesk.domain.spending import CallUse
from clawdesk.ports import guest as said
from clawdesk.ports.errors import GuestError, InferenceError, PortError
from clawdesk.ports.guest import GuestSession
from clawdesk.ports.machines import MachineSpec, StartedMachine
from clawdesk.ports.repository import Repository
from clawdesk.runtime.layers import SET_UP, Image, Layers
from clawdesk.runtime.output import TaskOutput, network_words
from clawdesk.runtime.recents import state_dir
from clawdesk.runtime.seen import Seen
from clawdesk.runtime.tails import Tails
from clawdesk.runtime.telling import model_lines
from clawdesk.runtime.watch import Parts

_EXPORT = "export-"
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Live:
    task: TaskId
    machine: MachineId
    session: GuestSession
    token: str
    need: MachineNeed
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    veil: Veil = field(default_factory=Veil)
    streams: dict[str, VeiledStream] = field(default_factory=dict)
    feedback: str | None = None  # what its guest was given last; None = nothing is known of it
    tells: bool = False  # its agent tells itself what it and its model say
    reader: asyncio.Task[None] | None = None
    ended: bool = False
    closing: set[asyncio.Task[None]] = field(default_factory=set)


class LiveMachines:
    """Everything about running machines that is not durable.

    Args:
        parts: of its adapters those that machines need; QEMU's user must reach `workspaces`.
        post: where events go.
        grew: told that a task's log has new lines.
        given_up: whether a task has been told to end.
        recall: fills the log of a task with what was kept of it, where the log is empty.
        catalog: what images of the agent catalog alone may be set up from.
    """

    def __init__(
        self,
        parts: Parts,
        *,
        post: Callable[[Event], None],
        grew: Callable[[TaskId], None],
        given_up: Callable[[TaskId], bool],
        recall: Callable[[Task], Awaitable[None]],
        catalog: Callable[[], Reach],
    ) -> None:
        self._recall = recall
        self._machines, self._guests = parts.machines, parts.guests
        self._inference, self._secrets = parts.inference, parts.secrets
        self._clock, self._workspaces = parts.clock, parts.workspaces
        self._post, self._grew = post, grew
        self._live: dict[MachineId, _Live] = {}
        self._outputs: dict[TaskId, TaskOutput] = {}
        self._seen: dict[TaskId, Seen] = {}
        self.tails = Tails(state_dir() / "printed")
        self._layers = Layers(
            machines=parts.machines,
            guests=parts.guests,
            set_ups=parts.set_ups,
            clock=parts.clock,
            workspaces=parts.workspaces,
            post=post,
            output=self.output,
            grew=grew,
            given_up=given_up,
            catalog=catalog,
        )

    def sweep(self) -> None:
        """Remove exports that a killed plane left half way; only before the first task starts."""
        for kind in (_EXPORT, SET_UP):
            for left in self._workspaces.glob(f"{kind}*"):
                shutil.rmtree(left, ignore_errors=True)
        self.tails.sweep(self._clock.now_ms())

    def output(self, task: TaskId) -> TaskOutput:
        return self._outputs.setdefault(task, TaskOutput())

    def seen(self, task: TaskId) -> Seen:
        """What its machine did since the last checkpoint that was taken."""
        return self._seen.setdefault(task, Seen())

    def taken(self, task: TaskId) -> None:
        """A checkpoint holds what was seen: from here on it is counted anew."""
        self._seen.pop(task, None)

    def remark(self, task: TaskId, text: str) -> None:
        """A line of our own in the task's log."""
        self.output(task).event(self._clock.now_ms(), text)
        self._grew(task)

    def tell(self, task: TaskId, text: str) -> None:
        """As `remark`, and Git keeps it with what the step printed."""
        self.tails.add(task, self.output(task).tell(self._clock.now_ms(), text))
        self._grew(task)

    def session(self, machine: MachineId) -> GuestSession:
        """The guest's session. Raises GuestError when there is none."""
        live = self._live.get(machine)
        if live is None or live.ended:
            raise GuestError("The machine is no longer connected.", code="gone")
        return live.session

    async def image_of(self, task: Task, repository: Repository) -> Image:
        """What a fresh machine of the task begins with. Raises PortError."""
        await self._recall(task)
        return await self._layers.image_of(task, repository)

    async def build(self, task: Task, image: Image) -> None:
        """Build it first. Raises PortError, also where the task is told to end meanwhile."""
        await self._layers.build(task, image)

    async def start(
        self, task: Task, repository: Repository, commit: str, image: Image
    ) -> StartedMachine:
        """Boot a fresh machine with the tree of `commit` as its workspace."""
        began = time.perf_counter()
        self.remark(task.id, "Starting a machine.")
        self._workspaces.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._workspaces, prefix=_EXPORT) as folder:
            tar = Path(folder) / "workspace.tar"
            await repository.export(commit, tar)
            need = task.definition.machine
            spec = MachineSpec(task.id, task.attempt, need, tar, commit, image.layer)
            started = await self._machines.start(spec)
        return await self._connect(task, started, began, start=True)

    async def restore(self, task: Task, snapshot: Snapshot) -> StartedMachine:
        """Bring a snapshot back under a fresh name."""
        began = time.perf_counter()
        await self._recall(task)
        self.remark(task.id, "Bringing the machine back from its snapshot.")
        started = await self._machines.restore(task.id, task.attempt, snapshot)
        return await self._connect(task, started, began, start=False)

    async def adopt(self, task: Task, machine: MachineId, accelerator: str) -> said.GuestGreeting:
        """Take up a machine that outlived an earlier plane. Raises PortError; then destroy it."""
        await self._recall(task)
        self.remark(task.id, "ClawDesk was started again; its machine lives and is taken up.")
        # It may have been left standing still, in a snapshot or in a hold.
        await self._machines.resume(machine)
        found = StartedMachine(machine, 0.0, accelerator, warm=True)
        # "Start" lays out the workspace where that had not happened yet, and else does nothing.
        await self._connect(task, found, time.perf_counter(), start=True)
        return self._live[machine].session.greeting

    async def count_calls(self, task: Task, run: str) -> None:
        """Count the calls that ended since the last record of a task that was taken up.

        Args:
            task: as it was read: its sums are those of that record.
            run: the step that ran last, to which they are counted.
        """
        live = self._live.get(task.machine)
        if live is None or not task.definition.model:
            return
        missing = task.spending.uncounted(await self._inference.accounts(task.id))
        self._used(live, tuple(replace(use, run=run) for use in missing))

    async def _connect(
        self, task: Task, started: StartedMachine, began: float, *, start: bool
    ) -> StartedMachine:
        token = ""
        try:
            values = await self._values(task)
            token = await self._token(task)
            session = await self._guests.connect(
                started.machine, token=token, start=start, network=_with_keys(task, values)
            )
        except PortError:
            await self._drop_token(token)
            with contextlib.suppress(PortError):
                await self._machines.destroy(started.machine)
            raise
        tells = speaks_acp(task.definition.agent)
        secrets = {name: values[name] for name in secrets_of(task)}
        need, veil = task.definition.machine, Veil(values)
        live = _Live(task.id, started.machine, session, token, need, secrets, veil, tells=tells)
        self._live[started.machine] = live
        boot_ms = (time.perf_counter() - began) * 1000
        how = "from a warm template" if started.warm else "cold"
        self.remark(
            task.id,
            f"Machine ready after {boot_ms:.0f} ms ({how}, {started.accelerator}).",
        )
        return StartedMachine(started.machine, boot_ms, started.accelerator, started.warm)

    async def _values(self, task: Task) -> Mapping[str, str]:
        """What the task is given of the user's secrets, or its requests. Raises PortError."""
        keys = (key.secret for key in keys_of(task))
        names = tuple(dict.fromkeys((*secrets_of(task), *keys)))
        if not names:
            return {}
        if self._secrets is None:
            raise PortError(f"There is no keyring to take {', '.join(names)} from.", code="secret")
        return await self._secrets.values(names)

    def veil(self, machine: MachineId) -> Veil:
        """What must not stand in anything that comes from this machine."""
        live = self._live.get(machine)
        return live.veil if live is not None else Veil()

    async def _token(self, task: Task) -> str:
        """A token where the task names a model; without the Fabric its calls fail plainly."""
        if not task.definition.model:
            return ""
        try:
            status = await self._inference.ensure_up()
            if status.problem:
                problem = InferenceError(status.problem, mend=status.mend)
                self.remark(task.id, f"Models: {problem.sentence}")
            return await self._inference.token(
                project=task.project,
                task=task.id,
                attempt=task.attempt,
                models=(task.definition.model,),
                peers=borrows(task),
            )
        except InferenceError as error:
            self.remark(task.id, f"Model calls will fail: {error.sentence}")
            return ""

    async def _drop_token(self, token: str) -> None:
        if token:
            with contextlib.suppress(InferenceError):
                await self._inference.revoke(token)

    def listen(self, machine: MachineId) -> None:
        """Begin to hear the guest; called after its machine was announced."""
        live = self._live.get(machine)
        if live is not None and live.reader is None and not live.ended:
            loop = asyncio.get_running_loop()
            live.reader = loop.create_task(self._read(live), name=f"guest {machine}")

    async def _read(self, live: _Live) -> None:
        try:
            async for message in live.session.messages():
                if live.ended:
                    return
                self._hear(live, message)
        except Exception as error:
            # A mistake of ours that this guest's words can bring about must not end all others'
            # work, and a machine that nobody hears would be waited for for ever.
            _log.exception("what the guest of %s said could not be taken in", live.machine)
            why = f"what its guest said could not be taken in ({type(error).__name__}: {error})."
            self._post(ev.MachineLost(self._clock.now_ms(), live.task, live.machine, why))

    def _hear(self, live: _Live, message: said.GuestMessage) -> None:
        now, task, machine = self._clock.now_ms(), live.task, live.machine
        match message:
            case said.StepOutput(stream=stream, chunk=chunk):
                veiled = live.streams.setdefault(stream, VeiledStream(live.veil))
                self._feed(task, stream, veiled.feed(chunk))
                self._grew(task)
            case said.StepEnded(exit_code=code, timed_out=timed_out):
                for stream, veiled in live.streams.items():
                    self._feed(task, stream, veiled.flush())
                tail = self.output(task).tail() if code or timed_out else ""
                run, killed = message.run_id, message.killed
                if killed:
                    self.tell(task, ran_short(killed, live.need))
                self._post(ev.StepEnded(now, task, machine, code, timed_out, tail, run, killed))
            case said.BoundaryAsked() as asked:
                self._post(
                    ev.BoundaryAsked(
                        now,
                        task,
                        machine,
                        asked.request_id,
                        asked.approve,
                        live.veil.hide_text(asked.message),
                        live.veil.hide_text(asked.next_step),
                        asked.model_call,
                    )
                )
            case said.PartStarted(name=name):
                line = " ".join(live.veil.hide_text(name).split())
                self._post(ev.PartStarted(now, task, machine, line))
            case said.QuestionAsked() as asked:
                self._post(
                    ev.QuestionAsked(
                        now,
                        task,
                        machine,
                        asked.request_id,
                        live.veil.hide_text(asked.key),
                        live.veil.hide_text(asked.question),
                        tuple(map(live.veil.hide_text, asked.choices)),
                        live.veil.hide_text(asked.default),
                    )
                )
            case said.ModelCalled() as called:
                lines = model_lines(called, now, live.veil, brief=live.tells)
                self.tell(task, lines)
                self._used(live, called.uses)
            case said.ModelsUsed(uses=uses):
                self._used(live, uses)
            case said.NetworkUsed() as used:
                hide = live.veil.hide_text
                used = replace(used, host=hide(used.host), refused=hide(used.refused))
                self.seen(task).used(used)
                self.remark(task, network_words(used))
            case said.GuestLost(why=why):
                self._post(ev.MachineLost(now, task, machine, live.veil.hide_text(why)))

    def _feed(self, task: TaskId, stream: str, printed: bytes) -> None:
        self.output(task).feed(self._clock.now_ms(), stream, printed)
        self.tails.add(task, printed)

    def _used(self, live: _Live, uses: tuple[CallUse, ...]) -> None:
        if uses:
            self._post(ev.ModelsUsed(self._clock.now_ms(), live.task, live.machine, uses))

    def environment(self, task: Task, machine: MachineId) -> dict[str, str]:
        """What a task's steps and shells find beside what every guest has."""
        live = self._live.get(machine)
        env = {**dict(task.settings), **(live.secrets if live is not None else {})}
        if task.definition.model:
            env["OPENAI_MODEL"] = task.definition.model
        if hosts := reach(task).hosts:
            env["CLAWDESK_NETWORK"] = " ".join(hosts)
        return env

    async def run_step(self, effect: RunStep, task: Task) -> None:
        """Send a step to its guest. Raises GuestError."""
        session = self.session(effect.machine)
        spec = effect.spec
        self.output(task.id).begin(spec.name, effect.round)
        self.tails.drop_all(task.id)
        again = f", round {effect.round}" if effect.round > 1 else ""
        self.remark(task.id, f"Step {effect.index + 1}, {spec.name}{again}: {spec.run}")
        await self._feed_back(effect.machine, effect.feedback)
        agent, command = task.definition.agent, spec.run
        if agent is not None:
            command = shell_of(agent, command, effect.feedback)
        client = env_of(task.definition, permissions(task))
        await session.run(
            said.StepRun(
                run_id=f"{effect.index}.{effect.round}",
                name=spec.name,
                command=command,
                timeout_s=spec.timeout_s,
                env={**self.environment(task, effect.machine), **client},
                every_calls=spec.every_calls,
                every_s=spec.every_s,
                when_changed=spec.when_changed,
            )
        )
        self._post(ev.StepBegan(self._clock.now_ms(), task.id, effect.machine))

    async def reply(self, machine: MachineId, request: str, payload: dict[str, object]) -> None:
        session = self.session(machine)
        if "feedback" in payload:
            await self._feed_back(machine, str(payload["feedback"]))
        await session.reply(request, payload)

    async def _feed_back(self, machine: MachineId, text: str) -> None:
        """Where the guest does not have it already: most steps have none, as the one before."""
        session, live = self.session(machine), self._live[machine]
        if text != live.feedback:
            await session.set_feedback(text)
            live.feedback = text

    async def want_turn(self, machine: MachineId) -> None:
        await self.session(machine).want_turn()

    async def suspend(self, machine: MachineId) -> None:
        self.session(machine).pause_heartbeat(True)
        await self._machines.suspend(machine)

    async def resume(self, machine: MachineId) -> None:
        await self._machines.resume(machine)
        self.session(machine).pause_heartbeat(False)
        await self.session(machine).unquiesce()

    def lost(self, machine: MachineId, why: str) -> None:
        """libvirt says that a machine ended without us."""
        live = self._live.get(machine)
        if live is not None and not live.ended:
            now = self._clock.now_ms()
            self._post(ev.MachineLost(now, live.task, machine, why))

    def hang_up(self, machine: MachineId) -> None:
        """Stop hearing a machine at once; whatever waits for its guest fails now."""
        live = self._live.get(machine)
        if live is not None and not live.ended:
            live.ended = True
            closing = asyncio.get_running_loop().create_task(self._close(live))
            live.closing.add(closing)

    async def _close(self, live: _Live) -> None:
        await live.session.close()
        if live.reader is not None:
            live.reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await live.reader

    async def end(self, machine: MachineId) -> None:
        """Destroy a machine and forget it. Raises MachineError; then call again."""
        self.hang_up(machine)
        live = self._live.get(machine)
        if live is not None:
            await asyncio.gather(*live.closing)
            await self._drop_token(live.token)
            live.token = ""
            self.tails.drop_all(live.task)
        await self._machines.destroy(machine)
        self._live.pop(machine, None)

    async def stop_building(self) -> None:
        """Give up images that are being set up, so that nobody waits for them."""
        await self._layers.close()

    async def close(self) -> None:
        """Let go of every guest; machines run on."""
        for machine in list(self._live):
            self.hang_up(machine)
        await asyncio.gather(*(c for live in self._live.values() for c in live.closing))
        self._live.clear()
        await self.tails.close()


def _with_keys(task: Task, values: Mapping[str, str]) -> Reach:
    """What a task may reach, with what is added to its requests there."""
    keys = tuple(key_of(spec, values[spec.secret]) for spec in keys_of(task))
    return reach(task)._replace(keys=keys)
