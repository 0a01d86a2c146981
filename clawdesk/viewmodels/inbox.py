"""What waits for a person: inbox cards, and the checkpoint to approve.

The digest in a view is the digest that is sent back: a person approves exactly what was shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from clawdesk.domain.beside import NOTHING_BESIDE, Beside
from clawdesk.domain.model import Checkpoint, DiffStat, Kind, Request, Task, TaskId, Verdict
from clawdesk.ports.repository import Diff
from clawdesk.viewmodels.amounts import files, moment, recorded
from clawdesk.viewmodels.checkpoints import files_only
from clawdesk.viewmodels.language import counted, marked, tr
from clawdesk.viewmodels.models import project_name
from clawdesk.viewmodels.phases import needs_you, wants_trust
from clawdesk.viewmodels.ran import ran_words
from clawdesk.viewmodels.risk import beside_of
from clawdesk.viewmodels.tasks import waiting_words, waits_since
from clawdesk.viewmodels.told import told
from clawdesk.viewmodels.words import duration, first_line, short_digest


@dataclass(frozen=True, slots=True)
class InboxCard:
    """One pending decision. `request` is its id: cards are keyed by it, never by place.

    A task that waits for trust has no request: `trust_key` stands for one. `unsent` says that an
    answer to it is not sent yet, "" = none was given.
    """

    request: str
    task: TaskId
    kind: Kind
    title: str
    task_title: str
    detail: str
    quote: str
    stat: DiffStat
    age: str
    act: str
    project: str
    unsent: str = ""


@dataclass(frozen=True, slots=True)
class CheckpointView:
    """A checkpoint on screen, waiting or already answered.

    Args:
        digest: what `approve` and `reject` must carry.
        approved: it was answered so, in whole or in part.
        closed: "" while it waits; else who answered, where and how.
        diff: None until it is loaded; nothing can be approved before.
        older: the ordinal to roll back to, None = there is none.
        beside: what was done that no file shows.
        ran: the steps that led to it since, and how they ended.
        before: what the diff is counted from, in words.
        newer: the task asks something else by now.
        step: which step ended or asks.
        rejected: what the last rejection said, and whether anything differs; "" = none came before.
    """

    task: TaskId
    request: str
    ordinal: int
    title: str
    message: str
    why: str
    waiting: str
    digest: str
    digest_short: str
    diff: Diff | None
    stat: DiffStat
    machine: str
    older: int | None
    before: str
    own_edits: tuple[str, ...]
    beside: Beside = NOTHING_BESIDE
    ran: str = ""
    closed: str = ""
    approved: bool = False
    newer: bool = False
    step: str = ""
    rejected: str = ""

    @property
    def can_approve(self) -> bool:
        return not self.closed and self.diff is not None and bool(self.digest)


def pending(tasks: Iterable[Task]) -> list[Task]:
    """Tasks that wait for a person, longest first."""
    waiting = [t for t in tasks if needs_you(t)]
    return sorted(waiting, key=lambda t: (t.request.at_ms if t.request else 0, t.seq))


def cards(tasks: Iterable[Task], now_ms: int) -> tuple[InboxCard, ...]:
    """The inbox over all projects: requests first, then policies that tasks wait for."""
    tasks = list(tasks)
    asked = [_card(t, t.request, now_ms) for t in pending(tasks) if t.request is not None]
    return (*asked, *(_trust_card(t, now_ms) for t in untrusted(tasks)))


def untrusted(tasks: Iterable[Task]) -> list[Task]:
    """Tasks that wait until the user trusts their project's file, longest first."""
    return sorted((t for t in tasks if wants_trust(t)), key=lambda t: (waits_since(t), t.seq))


def trust_key(task: Task) -> str:
    """What stands for a request where a task waits for trust."""
    return f"trust {task.id}"


def _trust_card(task: Task, now_ms: int) -> InboxCard:
    return InboxCard(
        request=trust_key(task),
        task=task.id,
        kind=Kind.APPROVE,
        title=tr("Trust its project's policy"),
        task_title=task.title,
        detail=tr("it has not begun"),
        quote="",
        stat=DiffStat(),
        age=duration(now_ms - waits_since(task)),
        act=tr("Trust…"),
        project=project_name(task.project),
    )


def asked_of(task: Task) -> str:
    """`fix-loader: Approve checkpoint 4`; "" while it asks nothing."""
    return f"{task.title}: {_asked(task.request)}" if task.request is not None else ""


def _asked(request: Request) -> str:
    if request.kind is Kind.CLARIFY:
        return first_line(request.question)
    return tr("Approve checkpoint {ordinal}", ordinal=request.ordinal)


def _card(task: Task, request: Request, now_ms: int) -> InboxCard:
    asks = request.kind is Kind.CLARIFY
    if asks:
        count = len(request.choices)
        choices = counted(count, "{count} choice or free text", "{count} choices or free text")
        detail = choices if count else tr("free text")
    else:
        detail = files(request.diffstat.files)
    return InboxCard(
        request=request.id,
        task=task.id,
        kind=request.kind,
        title=_asked(request),
        task_title=task.title,
        detail=detail,
        quote="" if asks else first_line(request.message, 160),
        stat=DiffStat() if asks else request.diffstat,
        age=duration(now_ms - request.at_ms),
        act=tr("Answer") if asks else tr("Review"),
        project=project_name(task.project),
    )


def closing_words(task: Task | None, request: str, now_ms: int, offset_ms: int) -> str:
    """Who answered a request that is no longer pending, and where; "" while it is pending."""
    if task is None:
        return tr("The task is gone.")
    if task.request is not None and task.request.id == request:
        if task.deciding is None:
            return ""
        made = task.deciding
        at = moment(made.at_ms, now_ms, offset_ms)
        return _answered(str(made.verdict), made.actor, made.channel, at)
    for record in reversed(task.records):
        if record.event == "decision" and record.fields.get("request") == request:
            fields = {k: v for k, v in record.fields.items() if isinstance(v, str)}
            return _answered(
                fields.get("verdict", "decided"),
                fields.get("actor", ""),
                fields.get("channel", ""),
                moment(record.at_ms, now_ms, offset_ms),
            )
    if task.request is not None and task.request.kind is Kind.APPROVE:
        return tr(
            "Void: the content changed, and checkpoint {ordinal} waits instead. "
            "Nothing was approved here.",
            ordinal=task.request.ordinal,
        )
    return tr("No longer waiting: the task went on, was restored or ended.")


def _verdict(task: Task, request: str) -> str:
    """What was decided about a request, "" where nothing was, or nobody knows."""
    if task.request is not None and task.request.id == request:
        return str(task.deciding.verdict) if task.deciding is not None else ""
    decisions = (r.fields for r in reversed(task.records) if r.event == "decision")
    return next((str(f.get("verdict", "")) for f in decisions if f.get("request") == request), "")


def _answered(verdict: str, actor: str, channel: str, at: str) -> str:
    words = recorded(verdict)
    words = f"{words[:1].upper()}{words[1:]}"
    if actor and channel:
        text = marked("{verdict} by {who} via {channel} at {time}")
    elif actor:
        text = marked("{verdict} by {who} at {time}")
    else:
        text = marked("{verdict} via {channel} at {time}")
        text = text if channel else marked("{verdict} at {time}")
    return tr(text, verdict=words, who=actor, channel=channel, time=at)


def _machine_words(checkpoint: Checkpoint | None) -> str:
    if checkpoint is None:
        return ""
    if checkpoint.snapshot is None:
        return files_only(checkpoint)
    mib = checkpoint.snapshot.bytes / 2**20
    return tr(
        "{size} kept, stood still {time}",
        size=f"{mib:.0f} MiB",
        time=f"{checkpoint.snapshot.pause_ms:.0f} ms",
    )


def _before(task: Task, checkpoint: Checkpoint | None) -> str:
    """What was let past last: an earlier checkpoint, a version a person made, or the start."""
    since = checkpoint.since if checkpoint is not None else ""
    found = next((c.ordinal for c in task.checkpoints if since and c.commit == since), None)
    if found is not None:
        return tr("Checkpoint {ordinal}", ordinal=found)
    at_start = since in {"", task.start_commit}
    return tr("The start") if at_start else tr("What you approved")


def checkpoint_view(
    task: Task,
    request: Request,
    *,
    now_ms: int,
    offset_ms: int = 0,
    diff: Diff | None = None,
    own_edits: tuple[str, ...] = (),
) -> CheckpointView:
    """The approval panel for `request`, which may have been answered meanwhile."""
    checkpoint = task.checkpoint(request.ordinal)
    older = [c.ordinal for c in task.checkpoints if c.ordinal < request.ordinal and not c.safety]
    why = request.why or (checkpoint.approval_reason if checkpoint else "")
    return CheckpointView(
        task=task.id,
        request=request.id,
        ordinal=request.ordinal,
        title=tr(
            "Approve checkpoint {ordinal} of {task}?", ordinal=request.ordinal, task=task.title
        ),
        message=request.message,
        why=told(why) or tr("the step asks"),
        waiting=waiting_words(task, request, now_ms),
        digest=request.digest,
        digest_short=short_digest(request.digest),
        diff=diff,
        stat=diff.stat if diff is not None else request.diffstat,
        machine=_machine_words(checkpoint),
        older=max(older, default=None),
        before=_before(task, checkpoint),
        own_edits=own_edits,
        beside=beside_of(task, checkpoint),
        ran=ran_words(task, checkpoint),
        closed=closing_words(task, request.id, now_ms, offset_ms),
        approved=_verdict(task, request.id) in {Verdict.APPROVED, Verdict.AMENDED},
        newer=task.request is not None and task.request.id != request.id,
        step=_step_words(checkpoint),
        rejected=_rejected_before(task, request),
    )


def _step_words(checkpoint: Checkpoint | None) -> str:
    if checkpoint is None or not checkpoint.step_name:
        return ""
    return tr("Step {number}, {name}", number=checkpoint.step_index + 1, name=checkpoint.step_name)


def _rejected_before(task: Task, request: Request) -> str:
    """A person who rejected wants to know whether it made a difference."""
    decisions = (r.fields for r in reversed(task.records) if r.event == "decision")
    last = next((fields for fields in decisions if fields.get("request") != request.id), {})
    ordinal, note = last.get("ordinal"), first_line(str(last.get("note", "")), 160)
    if last.get("verdict") != "rejected" or ordinal in {None, request.ordinal}:
        return ""
    rejected = task.checkpoint(ordinal)
    if rejected is not None and rejected.digest == request.digest:
        text = marked(
            "Checkpoint {ordinal} was rejected (“{note}”); what it asks about is the same again."
        )
    else:
        text = marked("Checkpoint {ordinal} was rejected: “{note}”.")
    return tr(text, ordinal=ordinal, note=note)
