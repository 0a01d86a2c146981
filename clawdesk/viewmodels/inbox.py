"""What waits for a person: inbox cards, the checkpoint to approve, the question to answer.

The digest in a view is the digest that is sent back: a person approves exactly what was shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from clawdesk.domain.beside import NOTHING_BESIDE, Beside
from clawdesk.domain.model import Checkpoint, DiffStat, Kind, Request, Task, TaskId
from clawdesk.ports.repository import Diff
from clawdesk.viewmodels.amounts import files, recorded
from clawdesk.viewmodels.checkpoints import files_only
from clawdesk.viewmodels.language import counted, marked, tr
from clawdesk.viewmodels.phases import needs_you
from clawdesk.viewmodels.risk import beside_of
from clawdesk.viewmodels.told import told
from clawdesk.viewmodels.words import clock_time, duration, first_line, short_digest


@dataclass(frozen=True, slots=True)
class InboxCard:
    """One pending decision. `request` is its id: cards are keyed by it, never by place."""

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


@dataclass(frozen=True, slots=True)
class CheckpointView:
    """A checkpoint on screen, waiting or already answered.

    Args:
        digest: what `approve` and `reject` must carry.
        closed: "" while it waits; else who answered, where and how.
        diff: None until it is loaded; nothing can be approved before.
        older: the ordinal to roll back to, None = there is none.
        beside: what was done that no file shows.
        before: what the diff is counted from, in words.
        newer: the task asks something else by now.
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
    closed: str = ""
    newer: bool = False

    @property
    def can_approve(self) -> bool:
        return not self.closed and self.diff is not None and bool(self.digest)


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A question on screen; `choices` are rows 1..9, free text is always possible."""

    task: TaskId
    request: str
    key: str
    title: str
    question: str
    context: str
    choices: tuple[str, ...]
    default: str
    waiting: str
    closed: str = ""


def pending(tasks: Iterable[Task]) -> list[Task]:
    """Tasks that wait for a person, longest first."""
    waiting = [t for t in tasks if needs_you(t)]
    return sorted(waiting, key=lambda t: (t.request.at_ms if t.request else 0, t.seq))


def cards(tasks: Iterable[Task], now_ms: int) -> tuple[InboxCard, ...]:
    """The inbox over all projects."""
    return tuple(_card(t, t.request, now_ms) for t in pending(tasks) if t.request is not None)


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
    )


def closing_words(task: Task | None, request: str, offset_ms: int) -> str:
    """Who answered a request that is no longer pending, and where; "" while it is pending."""
    if task is None:
        return tr("The task is gone.")
    if task.request is not None and task.request.id == request:
        if task.deciding is None:
            return ""
        verdict, actor, channel = task.deciding.verdict, task.deciding.actor, task.deciding.channel
        return _answered(str(verdict), actor, channel, task.deciding.at_ms, offset_ms)
    for record in reversed(task.records):
        if record.event == "decision" and record.fields.get("request") == request:
            fields = {k: v for k, v in record.fields.items() if isinstance(v, str)}
            return _answered(
                fields.get("verdict", "decided"),
                fields.get("actor", ""),
                fields.get("channel", ""),
                record.at_ms,
                offset_ms,
            )
    if task.request is not None and task.request.kind is Kind.APPROVE:
        return tr(
            "Void: the content changed, and checkpoint {ordinal} waits instead. "
            "Nothing was approved here.",
            ordinal=task.request.ordinal,
        )
    return tr("No longer waiting: the task went on, was restored or ended.")


def _answered(verdict: str, actor: str, channel: str, at_ms: int, offset_ms: int) -> str:
    words = recorded(verdict)
    words = f"{words[:1].upper()}{words[1:]}"
    at = clock_time(at_ms, offset_ms)
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
        waiting=tr("waiting {time}", time=duration(now_ms - request.at_ms)),
        digest=request.digest,
        digest_short=short_digest(request.digest),
        diff=diff,
        stat=diff.stat if diff is not None else request.diffstat,
        machine=_machine_words(checkpoint),
        older=max(older, default=None),
        before=_before(task, checkpoint),
        own_edits=own_edits,
        beside=beside_of(task, checkpoint),
        closed=closing_words(task, request.id, offset_ms),
        newer=task.request is not None and task.request.id != request.id,
    )


def question_view(task: Task, request: Request, *, now_ms: int, offset_ms: int = 0) -> QuestionView:
    """The clarification dialog for `request`."""
    step = task.steps[task.step_index].name if task.step_index < len(task.steps) else ""
    at = clock_time(request.at_ms, offset_ms, seconds=True)
    number = task.step_index + 1
    where = tr("Step {number} {name}, {time}", number=number, name=step, time=at)
    return QuestionView(
        task=task.id,
        request=request.id,
        key=request.key,
        title=tr("{task} asks you", task=task.title),
        question=request.question,
        context=where if step else at,
        choices=request.choices[:9],
        default=request.default,
        waiting=tr("waiting {time}", time=duration(now_ms - request.at_ms)),
        closed=closing_words(task, request.id, offset_ms),
    )
