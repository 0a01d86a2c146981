"""New tasks: submitted from a definition or a prompt, or forked from a checkpoint of another.

A task exists once its `submitted` commit is durable; only then the kernel hears of it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace

from ulid import ULID

from clawdesk.domain import events as ev
from clawdesk.domain.agents import PROMPT_VARIABLE, prompted
from clawdesk.domain.definitions import PROJECT_FILE
from clawdesk.domain.forking import forked, forked_record, shown_fields
from clawdesk.domain.from_prompt import TaskPrompt, definition_from
from clawdesk.domain.images import IMAGE_FILE, ImagePlan, set_up_reach, with_agent
from clawdesk.domain.model import Checkpoint, Record, Snapshot, Task, TaskDefinition, TaskId
from clawdesk.domain.network import granted
from clawdesk.domain.parameters import is_utf8, mistake_in
from clawdesk.domain.peers import why_not
from clawdesk.domain.policy import bounded_priority, keys_of, secrets_of
from clawdesk.domain.replay import submission
from clawdesk.domain.toml_values import DefinitionError
from clawdesk.ports.clock import Clock
from clawdesk.ports.errors import MachineError, PortError, RepositoryError, SnapshotDamagedError
from clawdesk.ports.machines import Machines
from clawdesk.ports.repository import Repository
from clawdesk.runtime import crash
from clawdesk.runtime.layers import no_hosts
from clawdesk.runtime.policies import Policies

TITLE_CHARS_MAX = 200
_TO_MEND = (
    f"Add it to {PROJECT_FILE}, where your own policy.toml allows it, or take it out of the "
    "task file."
)


def _no_mistake(settings: Mapping[str, str]) -> None:
    """Raises PortError `usage`."""
    if mistake := mistake_in(settings):
        raise PortError(mistake, code="usage")


class Submissions:
    """Makes tasks.

    Args:
        repository: the open repository of a project.
        post: takes the new task in.
    """

    def __init__(
        self,
        *,
        repository: Callable[[str], Repository],
        machines: Machines,
        policies: Policies,
        clock: Clock,
        post: Callable[[ev.Event], None],
    ) -> None:
        self._repository = repository
        self._machines = machines
        self._policies = policies
        self._clock = clock
        self._post = post

    async def submit(
        self,
        project: str,
        process: str | TaskPrompt,
        *,
        priority: int | None,
        include_changes: bool,
        settings: Mapping[str, str],
    ) -> TaskId:
        """See `PlaneApi.submit`."""
        _no_mistake(settings)
        repository = await self._writable(project)
        base, start = await repository.start_commit(
            include_changes=include_changes, definition=process if isinstance(process, str) else ""
        )
        definition, settings = await _definition(repository, process, start, settings)
        asked, digest = await self._policies.at(repository, start)
        wanted = definition.priority if priority is None else priority
        task = Task(
            id=str(ULID()),
            project=repository.path,
            definition=definition,
            policy=asked,
            submitted_at_ms=self._clock.now_ms(),
            base_commit=base,
            start_commit=start,
            settings=tuple(sorted(settings.items())),
            policy_asked=asked,
            policy_digest=digest,
            priority=bounded_priority(wanted, asked),
        )
        counts = self._policies.under(task)
        plan = await repository.image_plan(start)
        _reachable(counts, plan)
        _granted(counts)
        _may_borrow(counts)
        await self._packages_there(counts, with_agent(plan, counts))
        return await self._keep(repository, task)

    async def fork(
        self, parent: Task, ordinal: int, settings: Mapping[str, str], title: str = ""
    ) -> TaskId:
        """See `PlaneApi.fork`."""
        _no_mistake(settings)
        if len(title) > TITLE_CHARS_MAX or "\n" in title or not is_utf8(title):
            raise PortError(
                f"A title is one line of at most {TITLE_CHARS_MAX} characters.", code="usage"
            )
        repository = await self._writable(parent.project)
        ordinal = ordinal or parent.beginning
        checkpoint = parent.checkpoint(ordinal)
        if ordinal and checkpoint is None:
            have = ", ".join(str(c.ordinal) for c in parent.checkpoints) or "none"
            raise PortError(
                f"The task has no checkpoint {ordinal}; there are: {have}.", code="no_checkpoint"
            )
        task_id, now = str(ULID()), self._clock.now_ms()
        # First its parent knows of it: a fork that was never submitted is tidied up by this.
        await repository.append(parent.id, forked_record(task_id, ordinal, now))
        shared = await self._share(checkpoint, task_id)
        task = forked(
            parent, ordinal, shared, task_id=task_id, at_ms=now, settings=settings, title=title
        )
        crash.point("fork.shared")
        try:
            return await self._keep(repository, task)
        except PortError:
            with contextlib.suppress(PortError):
                await self._machines.discard(task_id)
            raise

    async def _packages_there(self, task: Task, plan: ImagePlan) -> None:
        """A task that would fail for want of its image is not begun. Raises PortError."""
        catalog = self._policies.catalog()
        if not plan.needs_network or set_up_reach(plan, task.policy, catalog)[0].hosts:
            return
        with contextlib.suppress(MachineError):  # no machine can be had now: it waits for one
            layer = await self._machines.find_layer(task.definition.machine, plan.digest)
            if not layer.ready:
                raise no_hosts(plan, "network")

    async def _writable(self, project: str) -> Repository:
        repository = self._repository(project)
        if read_only := (await repository.view()).read_only:
            mend = "Make it writable for you, or clone it to where you may write."
            if read_only.startswith("another"):
                mend = "Work there, or close it there first."
            text = f"The project is open read-only: {read_only}"
            raise RepositoryError(text, mend=mend, code="read_only")
        return repository

    async def _share(self, checkpoint: Checkpoint | None, task_id: TaskId) -> Snapshot | None:
        """The fork's own claim on the machine, so that it outlives whatever becomes of the parent.

        None where only the files can be had; then the fork begins with those.
        """
        if checkpoint is None or checkpoint.snapshot is None:
            return None
        try:
            return await self._machines.share(checkpoint.snapshot, task_id, checkpoint.ordinal)
        except SnapshotDamagedError:
            return None
        except MachineError as error:
            raise PortError(
                f"The machine of checkpoint {checkpoint.ordinal} cannot be forked: {error.what}",
                mend=error.mend,
                code=error.code,
            ) from error

    async def _keep(self, repository: Repository, task: Task) -> TaskId:
        task = self._policies.under(task)
        record = submission(task)
        commit = await repository.submit(task.id, task.start_commit, record)
        shown = Record("submitted", record.at_ms, shown_fields(task), commit)
        self._post(ev.TaskSubmitted(self._clock.now_ms(), replace(task, records=(shown,))))
        return task.id


async def _definition(
    repository: Repository, process: str | TaskPrompt, start: str, settings: Mapping[str, str]
) -> tuple[TaskDefinition, Mapping[str, str]]:
    """What is to be done: as the start's task file says, or as a person does. Raises PortError."""
    if isinstance(process, str):
        return prompted(await repository.definition(process, start), settings)
    if PROMPT_VARIABLE in settings:
        raise PortError(
            f"There is a prompt already; {PROMPT_VARIABLE} would be another.", code="usage"
        )
    try:
        return definition_from(process), settings
    except DefinitionError as error:
        raise PortError(" ".join(error.mistakes), code="usage") from error


def _granted(task: Task) -> None:
    """A task that would fail for want of a secret is not begun. Raises PortError."""
    grants = [f"{key.secret}@{key.host}" for key in set(task.definition.keys) - set(keys_of(task))]
    if grants:
        raise PortError(
            f"The task asks for {', '.join(sorted(grants))}, which [keys] allow does not hold.",
            mend=_TO_MEND,
            code="secret",
        )
    lacking = [name for name in task.definition.secrets if name not in secrets_of(task)]
    if lacking:
        raise PortError(
            f"The task asks for {', '.join(lacking)}, which [secrets] allow does not hold.",
            mend=_TO_MEND,
            code="secret",
        )


def _may_borrow(task: Task) -> None:
    """A task whose prompts may not leave this machine is given no model of another. Raises."""
    why, mend = why_not(task.definition.model, task.policy, task.policy_asked)
    if why:
        raise PortError(why, mend=mend, code="peers")


def _reachable(task: Task, plan: ImagePlan) -> None:
    """A task that would fail for want of a host is not begun. Raises PortError."""
    asked = {
        "machine.network": task.definition.machine.network,
        f"network in {IMAGE_FILE}": plan.spec.network,
    }
    for key, hosts in asked.items():
        within = granted(hosts, task.policy.network_allow)
        if lacking := [host for host in hosts if host not in within]:
            raise PortError(
                f"{key} asks for {', '.join(lacking)}, which [network] allow does not hold.",
                mend=f"Add it to {PROJECT_FILE}, where your own policy.toml allows it, or do "
                "without it.",
                code="network",
            )
