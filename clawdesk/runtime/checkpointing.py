"""Taking one checkpoint: quiet the machine, collect its files, snapshot, commit.

A missing snapshot is never fatal: the checkpoint then holds files only, and says why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from clawdesk.domain.audit import checkpoint_record
from clawdesk.domain.effects import TakeCheckpoint
from clawdesk.domain.model import Boundary, Checkpoint, Snapshot, Task
from clawdesk.domain.policy import approval_reason, look_needed
from clawdesk.domain.secrets import Veil
from clawdesk.domain.spending import Spending
from clawdesk.ports.errors import MachineError, PortError
from clawdesk.ports.guest import GuestSession, WorkspaceChanges
from clawdesk.ports.machines import Machines
from clawdesk.ports.repository import CheckpointCommit, Repository
from clawdesk.runtime import crash
from clawdesk.runtime.seen import Seen


async def take(
    effect: TakeCheckpoint,
    task: Task,
    session: GuestSession,
    machines: Machines,
    repository: Repository,
    *,
    at_ms: int,
    leaves: Callable[[], bool],
    room_for: Callable[[int], Awaitable[str]],
    seen: Seen,
    spending: Callable[[], Spending],
    veil: Veil,
    deaf: Callable[[PortError], None],
) -> Checkpoint:
    """Make the machine's present state durable. Raises PortError; the machine then goes on.

    Model calls stay held when a person will be asked, or when the machine is about to be given
    back (`leaves`, or a safety checkpoint): they are forwarded when the task goes on. A machine
    that is given back stands still from its snapshot on: nobody waits for it, it is saved in one
    piece, and what runs beside it has its processors. `room_for` says why a machine of so many
    MiB may leave no snapshot, "" = it may. `seen` is what the machine did beside its files,
    `spending` what its model calls used. Nothing is kept while a value that `veil` knows
    stands in a file (`secret`). `deaf` is told where the guest does not take in that it may go on,
    which changes nothing of what is durable by then, or of why it is not.
    """
    boundary = effect.boundary
    if boundary.put:
        await _put(boundary, task, session, repository)
    held = leaving = False
    try:
        quiet, changes = await session.rest()
        crash.point("checkpoint.collected")
        changes = await asyncio.to_thread(_without_secrets, changes, veil)
        why = await room_for(task.definition.machine.memory_mib)
        leaving = boundary.safety or leaves()
        snapshot, why = (None, why) if why else await _snapshot(effect, machines, quiet, leaving)
        crash.point("checkpoint.frozen")
        used, made = spending(), seen.of(_made(effect, at_ms, snapshot, why))
        checkpoint = replace(made, spent=used.steps)
        record = checkpoint_record(checkpoint, boundary.mode, used.counted)
        done = await repository.checkpoint(
            task.id,
            effect.base,
            changes,
            record,
            partial(_judge, boundary, task),
            since=effect.since,
            as_approved=boundary.put,
        )
        crash.point("checkpoint.committed")
        given_back = boundary.safety and snapshot is not None
        given_back = given_back or (checkpoint.loses_nothing and leaves())
        held = bool(done.approval or boundary.question or given_back)
        return _committed(checkpoint, done, boundary, task, changes.skipped)
    finally:
        if not held:
            if leaving:
                await machines.resume(effect.machine)
            try:
                await session.unquiesce()
            except PortError as error:
                deaf(error)


def _committed(
    checkpoint: Checkpoint,
    done: CheckpointCommit,
    boundary: Boundary,
    task: Task,
    skipped: tuple[str, ...],
) -> Checkpoint:
    """The checkpoint as Git has it; `skipped` is what the guest could not send."""
    reason, not_taken = done.approval, (*done.refused, *skipped)
    if reason and not_taken:
        reason = f"{reason} {len(not_taken)} files were not taken, among them {not_taken[0]}."
    return replace(
        checkpoint,
        commit=done.commit,
        tree=done.tree,
        digest=done.digest,
        diffstat=done.diffstat,
        approval_reason=reason,
        approved=bool(boundary.put) and not reason,
        not_taken=not_taken,
        look=look_needed(done.paths, done.running, task.policy),
    )


def _without_secrets(changes: WorkspaceChanges, veil: Veil) -> WorkspaceChanges:
    """The changes, values hidden in what is only told of. A commit keeps what is in it for good,
    and may be pushed. Raises PortError: one stands in what would be kept."""
    for file in changes.changed:
        name = veil.found_in(file.content) or veil.found_in(file.path.encode())
        if name:
            raise PortError(
                f"The value of the secret {name} stands in {veil.hide_text(file.path)}, which "
                "would be committed. Nothing was kept.",
                mend="Take it out of the file and try again, or give up. If it was sent anywhere, "
                "replace the secret.",
                code="secret",
            )
    return replace(changes, skipped=tuple(map(veil.hide_text, changes.skipped)))


def _made(effect: TakeCheckpoint, at_ms: int, snapshot: Snapshot | None, why: str) -> Checkpoint:
    """The checkpoint before Git has it: without commit, tree and digest."""
    boundary = effect.boundary
    return Checkpoint(
        ordinal=effect.ordinal,
        at_ms=at_ms,
        step_index=effect.step_index,
        step_name=effect.step_name,
        round=effect.round,
        commit="",
        tree="",
        digest="",
        snapshot=snapshot,
        why_files_only=why,
        message=boundary.message,
        guest_request=boundary.guest_request,
        model_call=boundary.model_call,
        safety=boundary.safety,
        mid_step=boundary.mid_step,
        question=boundary.question,
        attempt=effect.attempt,
        amends=boundary.amends,
        base=effect.base,
        since=effect.since,
    )


async def _put(
    boundary: Boundary, task: Task, session: GuestSession, repository: Repository
) -> None:
    """Write the version that was approved into the workspace; safe to repeat."""
    before = task.checkpoint(boundary.amends)
    assert before is not None, "an amendment is one of a checkpoint"
    wanted = await repository.between(before.commit, boundary.put)
    await session.apply(wanted.changed, wanted.deleted)
    crash.point("checkpoint.put")


def _judge(boundary: Boundary, task: Task, paths: tuple[str, ...]) -> str:
    """Why a person must approve what changed, "" = nobody need."""
    if boundary.put:
        return "The work is not what you approved: it changed while your version was written."
    return "" if boundary.safety else approval_reason(boundary.mode, paths, task.policy)


async def _snapshot(
    effect: TakeCheckpoint, machines: Machines, quiet: bool, leaving: bool
) -> tuple[Snapshot | None, str]:
    if not quiet:
        return None, "A model call was still under way, so the memory could not be kept."
    try:
        if leaving:
            await machines.suspend(effect.machine)
        return await machines.snapshot(effect.machine, effect.task, effect.ordinal), ""
    except MachineError as error:
        return None, error.sentence
