"""Cards as the gateway's requests, and its records as our words. Pure.

A card carries who raised it and its mark: an approval in `toolName`, a question in its id. So what
stands on a gateway is known again after any restart, and another ClawDesk's cards are left alone.
"""

from __future__ import annotations

import contextlib
import re
from typing import Any

import msgspec

from clawdesk.adapters.openclaw import wire
from clawdesk.adapters.openclaw.identity import NAME
from clawdesk.domain.channel.model import Answer, Card, Form, Standing, Word
from clawdesk.domain.channel.typed import Typed

PLUGIN = "clawdesk"
ALLOW, DENY = "allow-once", "deny"
FIELD = "answer"
OWNER_CHARS = 8
TYPED_MAX, TYPED_ID_CHARS_MAX = 50, 64
_TOOL = re.compile(r"clawdesk:([0-9a-f]{8}):([0-9a-f]{16}\.[0-9a-z]{1,12})")
_QUESTION = re.compile(r"clawdesk-([0-9a-f]{8})-([0-9a-f]{16}\.[0-9a-z]{1,12})-(\d{1,4})")


def approval_request(card: Card, owner: str) -> dict[str, Any]:
    """Parameters of `plugin.approval.request`; what may not be approved here can only be denied."""
    return {
        "pluginId": PLUGIN,
        "title": card.title,
        "description": card.description,
        **({"detail": card.detail} if card.detail else {}),
        "severity": "warning",
        "toolName": f"{PLUGIN}:{owner}:{card.mark}",
        "allowedDecisions": [ALLOW, DENY] if card.may_approve else [DENY],
        "timeoutMs": card.lasts_ms,
        "twoPhase": True,
    }


def question_id(card: Card, owner: str, number: int) -> str:
    return f"{PLUGIN}-{owner}-{card.mark}-{number}"


def question_request(card: Card, owner: str, number: int) -> dict[str, Any]:
    """Parameters of `question.request`."""
    question = {
        "questionId": FIELD,
        "header": card.title[:12],
        "question": card.description,
        "options": [{"label": label} for label in card.choices],
        "isOther": True,
    }
    return {
        "id": question_id(card, owner, number),
        "questions": [question],
        "timeoutMs": card.lasts_ms,
    }


def mark_of(tool: object, owner: str) -> str:
    """The mark in an approval's tool name, "" = not one of ours."""
    found = _TOOL.fullmatch(tool) if isinstance(tool, str) else None
    return found[2] if found and found[1] == owner else ""


def question_mark(card: object, owner: str) -> str:
    """The mark in a question's id, "" = not one of ours."""
    found = _QUESTION.fullmatch(card) if isinstance(card, str) else None
    return found[2] if found and found[1] == owner else ""


def standing_approval(item: object, owner: str, now_ms: int) -> Standing | None:
    """A row of `plugin.approval.list`."""
    if not isinstance(item, dict) or not isinstance(item.get("request"), dict):
        return None
    mark = mark_of(item["request"].get("toolName"), owner)
    if not mark or not isinstance(item.get("id"), str):
        return None
    return Standing(item["id"], mark, Form.APPROVAL, _left_ms(item, now_ms))


def standing_question(item: object, owner: str, now_ms: int) -> Standing | None:
    """A row of `question.list`."""
    if not isinstance(item, dict):
        return None
    mark = question_mark(item.get("id"), owner)
    if not mark or item.get("status") != "pending":
        return None
    return Standing(item["id"], mark, Form.QUESTION, _left_ms(item, now_ms))


def approval_word(item: object, owner: str, now_ms: int) -> Word | None:
    """What became of an approval, from its record (`approval.get`, `approval.history`).

    Only a person's own decision counts. The gateway's event of an approval that ran out says
    "deny": the record says why, so that silence is never taken for a rejection.
    """
    if not isinstance(item, dict) or not isinstance(item.get("presentation"), dict):
        return None
    mark = mark_of(item["presentation"].get("toolName"), owner)
    status, card = item.get("status"), item.get("id")
    if not mark or status == "pending" or not isinstance(card, str):
        return None
    answer = Answer.NONE
    if item.get("reason") == "user":
        if status == "allowed" and item.get("decision") == ALLOW:
            answer = Answer.APPROVED
        elif status == "denied" and item.get("decision") == DENY:
            answer = Answer.REJECTED
    resolver = item.get("resolver")
    resolver = resolver if isinstance(resolver, dict) else {}
    ours = resolver.get("kind") == "runtime" and resolver.get("id") == NAME
    return Word(
        card,
        mark,
        Form.APPROVAL,
        answer,
        by=_who(resolver),
        ours=ours,
        age_ms=_age_ms(item, now_ms),
    )


def question_word(item: object, owner: str, now_ms: int) -> Word | None:
    """What became of a question, from its record (`question.get`)."""
    if not isinstance(item, dict):
        return None
    mark, status = question_mark(item.get("id"), owner), item.get("status")
    if not mark or status == "pending":
        return None
    text = _text(item.get("answers")) if status == "answered" else ""
    by = item.get("resolvedBy")
    return Word(
        item["id"],
        mark,
        Form.QUESTION,
        Answer.TEXT if text else Answer.NONE,
        text,
        by=person(by if isinstance(by, str) else ""),
        ours=status == "cancelled",
        age_ms=_age_ms(item, now_ms),
    )


class _Row(msgspec.Struct):
    """One of the plugin's rows."""

    id: str
    text: str
    by: str


def typed_words(payload: object) -> list[Typed]:
    """What the plugin holds (`clawdesk.typed`); rows that are none are passed over."""
    rows = payload.get("typed") if isinstance(payload, dict) else None
    found = []
    for item in rows[:TYPED_MAX] if isinstance(rows, list) else ():
        with contextlib.suppress(msgspec.ValidationError):
            row = msgspec.convert(item, _Row)
            if len(row.id) <= TYPED_ID_CHARS_MAX:
                found.append(Typed(row.id, row.text, person(row.by)))
    return found


def _text(answers: object) -> str:
    inner = answers.get("answers") if isinstance(answers, dict) else None
    given = inner.get(FIELD) if isinstance(inner, dict) else None
    if not isinstance(given, list):
        return ""
    return "\n".join(part for part in given if isinstance(part, str)).strip()


def _who(resolver: dict[str, Any]) -> str:
    kind, name = resolver.get("kind"), resolver.get("id")
    words = [word for word in (kind, name) if isinstance(word, str)]
    return person(" ".join(words[1:] or words))


def person(name: str) -> str:
    """The gateway's word for who it was; anybody may have chosen it, so it is only shown."""
    return wire.plain(name)[:80] or "somebody"


def _left_ms(item: dict[str, Any], now_ms: int) -> int:
    ends = item.get("expiresAtMs")
    return max(int(ends) - now_ms, 0) if isinstance(ends, int | float) else 0


def _age_ms(item: dict[str, Any], now_ms: int) -> int:
    began = item.get("createdAtMs")
    return max(now_ms - int(began), 0) if isinstance(began, int | float) else 0
