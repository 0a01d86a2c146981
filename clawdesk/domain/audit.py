"""What is committed of each effect: the audit trail that `replay` reads back. Pure."""

from __future__ import annotations

from clawdesk.domain import effects as do
from clawdesk.domain.model import Checkpoint, Record
from clawdesk.domain.on_boundary import describe
from clawdesk.domain.on_decision import amended_fields
from clawdesk.domain.replacing import replace
from clawdesk.domain.spending import counted_fields, spent_fields
from clawdesk.domain.values import as_fields

Recording = (
    do.RecordRequest | do.RecordDecision | do.RecordRestore | do.RecordEvent | do.RecordFinish
)
TEXT_CHARS_MAX = 4_000


def record_of(effect: Recording, at_ms: int) -> Record:
    """The commit's record; `at_ms` counts where the effect carries no time of its own."""
    match effect:
        case do.RecordRequest(request=r):
            fields = {
                "request": r.id,
                "kind": r.kind.value,
                "ordinal": r.ordinal,
                "digest": r.digest,
                "key": r.key,
                "question": r.question,
                "choices": list(r.choices),
                "value": as_fields(r),
            }
            return Record("requested", r.at_ms, fields)
        case do.RecordDecision(request=r, decision=d):
            fields = {
                "request": d.request_id,
                "ordinal": r.ordinal,
                "verdict": d.verdict.value,
                "digest": r.digest,
                "actor": d.actor,
                "channel": d.channel,
                "note": d.note,
                "text": d.text,
                **({"key": d.key} if d.key else {}),
                **({"seen": d.seen} if d.seen else {}),
                **amended_fields(d.amendment),
            }
            return Record("decision", d.at_ms, fields)
        case do.RecordRestore() as e:
            fields = {
                "ordinal": e.ordinal,
                "actor": e.actor,
                "channel": e.channel,
                "feedback": e.feedback,
                **({"prompt": e.feedback} if e.prompt else {}),
            }
            return Record("restored", at_ms, fields)
        case do.RecordEvent() as e:
            return Record(e.event, e.at_ms, dict(e.fields))
        case do.RecordFinish() as e:
            ended = {"status": e.status.value, "text": e.text[:TEXT_CHARS_MAX]}
            spent = spent_fields(e.spending.steps)
            fields = {**ended, **spent, **counted_fields(e.spending.counted)}
            return Record("finished", e.at_ms, fields)


def checkpoint_record(checkpoint: Checkpoint, mode: str, counted: tuple[str, ...] = ()) -> Record:
    """Of a checkpoint before it is committed: what only the commit tells is left to Git.

    Args:
        counted: names of the calls in what was spent.
    """
    # What was spent stands in the fields already, and only once.
    value = as_fields(replace(checkpoint, spent=()))
    fields = {**describe(checkpoint), **counted_fields(counted), "mode": mode, "value": value}
    for absent in ("commit", "digest", "diffstat", "not_taken"):
        del fields[absent]
    return Record("checkpoint", checkpoint.at_ms, fields)
