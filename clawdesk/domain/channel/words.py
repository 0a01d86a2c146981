"""The texts of a card. What may reach a chat holds no line of a change, no free text of a task, no
path outside the project and nothing that looks like a secret.

The last rule is a net, not a proof: it knows usual forms of keys. So what goes to chats is made of
counts, names of the task file and the project, and the rule that asks; only a question that the
task itself asks carries its words, and those reach the gateway's own pages alone.
"""

from __future__ import annotations

import re

from clawdesk.domain.channel import rhythm
from clawdesk.domain.channel.model import Ask, Card, Form
from clawdesk.domain.choices import name_of
from clawdesk.domain.model import Kind, Request, Task

TITLE_CHARS_MAX = 80
DESCRIPTION_CHARS_MAX = 512
DETAIL_CHARS_MAX = 16_000
QUESTION_CHARS_MAX = 2_000
LABEL_CHARS_MAX = 60
CHOICES_MAX = 4
CLOSES = "Approved in ClawDesk, it closes here as denied."
"""The gateway knows no other end for a card that has one button."""
COMMENT_LESS = "Rejected from a chat, without a comment."
_ROUTES = {
    "forwarder": "to a chat",
    "approval-client": "to the gateway's pages",
    "questions": "to the gateway's pages",
}
_SECRETS = re.compile(
    r"-----BEGIN[^-]{0,40}-----.*"
    r"|\b(?:gh[pousr]_|github_pat_|glpat-|sk-|xox[abprs]-|hf_|AKIA|ASIA|AIza|eyJ)[\w.\-]{8,}"
    r"|(?i:\b(?:api[_-]?key|token|secret|passw(?:or)?d|authorization|bearer)\b\s*[:=]?\s*)\S{6,}"
    r"|\b[A-Za-z0-9+/_\-]{40,}={0,2}",
    re.DOTALL,
)
_OUTSIDE = re.compile(
    r"(?<![\w.*?)\]}>/])(?:~[\w.-]*|[A-Za-z]:|\.\.|file:/)?[/\\][^\s'\"`,;)]+|\.\./\S+"
)


def route_words(route: str) -> str:
    """Where a card went, as a person says it; the gateway's own word where it is a new one."""
    return _ROUTES.get(route, f"by {route}" if route else "")


def clean(text: str, chars_max: int) -> str:
    """One line of plain text: no control or direction marks, no markup, no secret, no far path."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    line = _OUTSIDE.sub("(a path)", _SECRETS.sub("(hidden)", line))
    line = line.replace("<", "(").replace(">", ")").replace("&", "+").replace("`", "'")
    return line if len(line) <= chars_max else f"{line[: chars_max - 1].rstrip()}…"


def project_name(task: Task) -> str:
    """The project's folder, without where it lies."""
    return clean(task.project.rstrip("/").rpartition("/")[2], 40)


def card(task: Task, ask: Ask, form: Form, number: int, detail: str = "") -> Card:
    """What is shown of an ask the `number`th time.

    Args:
        detail: the change as text; it is shown on the gateway's own pages and never sent to chats.
    """
    request = task.request
    assert request is not None, "what is asked no more is not shown"
    assert request.id == ask.request, "the ask of another request"
    if ask.kind is Kind.CLARIFY:
        return _question(task, ask, request, number)
    if form is Form.QUESTION:
        return _comment(task, ask, request, number)
    return _approval(task, ask, request, number, detail)


def _approval(task: Task, ask: Ask, request: Request, number: int, detail: str) -> Card:
    stat = request.diffstat
    lines = [
        f"{project_name(task)}: {stat.files} files, +{stat.added} -{stat.removed} lines.",
        clean(request.why, 150),
        "This is a summary; the change itself is in ClawDesk."
        if ask.may_approve
        else f"It cannot be approved here: {clean(not_enough(request), 110)} {CLOSES}",
        "It stays held until somebody decides.",
        _later(number),
    ]
    return Card(
        ask.mark,
        Form.APPROVAL,
        number,
        title=clean(f"Checkpoint {request.ordinal}: {task.title}", TITLE_CHARS_MAX),
        description=" ".join(line for line in lines if line)[:DESCRIPTION_CHARS_MAX],
        detail=detail[:DETAIL_CHARS_MAX],
        may_approve=ask.may_approve,
        lasts_ms=rhythm.LASTS_MS[Form.APPROVAL],
    )


def not_enough(request: Request) -> str:
    """Why a summary is not enough, one sentence; where the request has none, policy forbids it."""
    return request.look or "your policy lets no chat approve in this project."


def _later(number: int) -> str:
    hours = rhythm.next_after_ms(Form.APPROVAL, number, 0) // rhythm.HOUR_MS
    if number < rhythm.AT_ONCE or not hours:
        return ""
    return f"Asked again in {hours} h; until then: clawdesk inbox."


def _comment(task: Task, ask: Ask, request: Request, number: int) -> Card:
    text = (
        f"{project_name(task)}, checkpoint {request.ordinal} of {clean(task.title, 60)} waits for "
        "you. To reject it with a comment, write the comment here: the task gets it and works on."
    )
    return Card(
        ask.mark,
        Form.QUESTION,
        number,
        title="Comment",
        description=text,
        lasts_ms=rhythm.LASTS_MS[Form.QUESTION],
    )


def _question(task: Task, ask: Ask, request: Request, number: int) -> Card:
    labels = labels_of(request)
    text = f"{project_name(task)}, {clean(task.title, 60)}: "
    text += clean(request.question, QUESTION_CHARS_MAX - len(text) - 300)
    if request.choices and not labels:
        text += f" Choices: {clean(' | '.join(request.choices), 280)}"
    return Card(
        ask.mark,
        Form.QUESTION,
        number,
        title="Question",
        description=text[:QUESTION_CHARS_MAX],
        choices=labels,
        lasts_ms=rhythm.LASTS_MS[Form.QUESTION],
    )


def labels_of(request: Request) -> tuple[str, ...]:
    """The choices as buttons; () where a gateway cannot show them as two to four different ones."""
    labels = tuple(clean(name_of(choice), LABEL_CHARS_MAX) for choice in request.choices)
    fits = 2 <= len(labels) <= CHOICES_MAX and len(set(labels)) == len(labels) and all(labels)
    return labels if fits else ()


def chosen(request: Request, text: str) -> str:
    """The choice behind a label, else the text as it was written."""
    labels = labels_of(request)
    return request.choices[labels.index(text)] if text in labels else text
