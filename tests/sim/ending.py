"""What must hold when a simulated world has come to its end: nothing lost, nothing done twice."""

from __future__ import annotations

from clawdesk.domain.model import FINAL, Phase, Record, Task
from tests.sim.world import EDIT, World


def check_end(world: World) -> None:
    """What must hold once every task has ended."""
    where = f"seed {world.seed}\n{world.tell()}"
    tasks = world.state.tasks.values()
    phases = {task.id: task.phase for task in tasks}
    assert all(phase in FINAL for phase in phases.values()), f"{phases} {where}"
    assert set(phases) == set(world.outside.log), f"a task was lost {where}"
    assert not world.outside.guests, f"machines left: {world.outside.guests} {where}"
    kept = {task for task, epoch in world.outside.leases.items() if abs(epoch) == world.epoch}
    assert not kept, f"leases left: {kept} {where}"
    asked = {intent for intent, epoch in world.intents.items() if epoch == world.epoch}
    unanswered = asked - set(world.acks)
    assert not unanswered, f"nobody answered {unanswered} {where}"
    for task in tasks:
        world.calls.check_end(task, where)
        _check_work(world, task, where)
        _check_decided(world, task.id, where)
        _check_carried_out(world, task.id, where)
        _check_heard(world, task.id, where)


def _check_work(world: World, task: Task, where: str) -> None:
    """The surviving work holds every step once, in order: none lost, none run twice."""
    if task.phase is not Phase.DONE:
        return
    tip = task.checkpoint(task.tip_ordinal)
    assert tip is not None, f"{task.id} is done, and nothing stands at {task.tip_ordinal} {where}"
    expected = [f"end {index}" for index in range(len(task.steps))]
    work = world.outside.trees[tip.commit]
    ours = [done for done in work if not done.startswith(EDIT)]
    again = {f"end {index}" for index in world.told}  # a person let it run again on its files
    ours = [
        o for o, before in zip(ours, ["", *ours], strict=False) if o != before or o not in again
    ]
    assert ours == expected, f"{task.id}: {work} {where}"
    for tree in _standing_edits(world, task.id):
        assert f"{EDIT}{tree}" in work, f"{task.id}: the version approved is lost: {work} {where}"


def _standing_edits(world: World, task_id: str) -> list[str]:
    """Trees approved instead, on the way from the beginning to where the task ended."""
    before: dict[int, int] = {}  # ordinal -> the one it was made behind
    instead: dict[int, str] = {}  # ordinal of the new checkpoint -> the tree it was to have
    decided: dict[int, str] = {}
    tip, attempt = 0, 1
    for record in world.outside.log[task_id]:
        ordinal = int(record.fields.get("ordinal", 0))
        if _attempt_of(record) > attempt:
            tip, attempt = 0, _attempt_of(record)
        if record.event == "decision" and record.fields.get("verdict") == "amended":
            decided[ordinal] = str(record.fields["tree"])
        elif record.event == "checkpoint":
            before[ordinal] = tip
            if amends := record.fields["value"]["amends"]:
                instead[ordinal] = decided[amends]
        if record.event in ("checkpoint", "restored", "yielded", "resumed"):
            tip = ordinal
        elif record.event in ("started", "attempt_ended"):
            # Git may refuse every word of the way back to the beginning but this one.
            tip = 0
    found = []
    while tip:
        found += [instead[tip]] if tip in instead else []
        tip = before.get(tip, 0)
    return found


def _check_decided(world: World, task: str, where: str) -> None:
    """Nothing goes on behind a checkpoint that a person had to decide on, and did not."""
    pending, attempt = 0, 1
    for record in world.outside.log[task]:
        fields = record.fields
        if _attempt_of(record) > attempt:
            pending, attempt = 0, _attempt_of(record)
        if record.event == "checkpoint":
            asks = fields.get("approval") or fields.get("value", {}).get("question")
            # A safety checkpoint is no going on; one tried again takes the place of its first.
            still = fields.get("safety") or asks
            assert not pending or still, f"{task} went on behind checkpoint {pending} {where}"
            pending = int(fields["ordinal"]) if asks else pending
        elif record.event in ("decision", "restored", "attempt_ended"):
            pending = 0
        elif record.event == "finished" and fields.get("status") == "done":
            assert not pending, f"{task} ended behind checkpoint {pending} {where}"


def _attempt_of(record: Record) -> int:
    """The attempt a record names, 0 = none; of one that ended Git may know only by the next."""
    value = record.fields.get("value", {})
    return int(record.fields.get("attempt", 0) or value.get("attempt", 0))


def _check_carried_out(world: World, task: str, where: str) -> None:
    """A version approved instead is what work goes on with, whatever happened in between."""
    pending, attempt = "", 1
    for record in world.outside.log[task]:
        if _attempt_of(record) > attempt:
            pending, attempt = "", _attempt_of(record)
        if record.event == "decision" and record.fields.get("verdict") == "amended":
            pending = f"{EDIT}{record.fields['tree']}"
        elif record.event in ("restored", "attempt_ended"):
            pending = ""
        elif record.event == "checkpoint" and pending:
            work = world.outside.trees[record.commit]
            assert pending in work, f"{task} went on without what was approved: {work} {where}"
            pending = ""
        elif record.event == "finished" and record.fields.get("status") == "done":
            assert not pending, f"{task} ended without what was approved {where}"


def _check_heard(world: World, task: str, where: str) -> None:
    """What a person said to a question reached the call that asked, whatever happened in between.

    Not where nobody waits there any more: behind a way back, a lost attempt, or a machine that came
    again without its memory, whose step begins anew and asks again.
    """
    calls: dict[str, str] = {}  # request -> the call that waits for it
    said: tuple[str, str, str] | None = None
    attempt = 1
    for record in world.outside.log[task]:
        fields = record.fields
        if _attempt_of(record) > attempt:
            said, attempt = None, _attempt_of(record)
        if record.event == "requested":
            calls[str(fields["request"])] = str(fields["value"].get("guest_request", ""))
        elif record.event == "decision" and fields.get("verdict") in ("answered", "asked_back"):
            call = calls.get(str(fields["request"]), "")
            waits = call and (task, fields["ordinal"]) not in world.outside.forgot
            said = (call, str(fields["verdict"]), str(fields["text"])) if waits else None
        elif record.event in ("restored", "attempt_ended", "submitted"):
            said = None
        elif record.event == "checkpoint" or fields.get("status") == "done":
            still = fields.get("safety")  # taken while the words were on their way
            assert still or said is None or said in world.outside.heard, f"unheard: {said} {where}"
            said = said if still else None
