"""The OpenAI-compatible wire: errors of one shape, and the lines of an event stream. Pure."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable
from typing import Any

from clawdesk_fabric.model import Wait

STATUS = {
    "invalid_request": 400,
    "endpoint_not_supported": 400,
    "context_length_exceeded": 400,
    "invalid_api_key": 401,
    "origin_refused": 403,
    "peers_not_allowed": 403,
    "model_not_found": 404,
    "not_found": 404,
    "method_not_allowed": 405,
    "request_timeout": 408,
    "request_too_large": 413,
    "unsupported_media_type": 415,
    "misdirected_request": 421,
    "queue_full": 429,
    "too_many": 429,
    "internal_error": 500,
    "model_failed": 502,
    "peer_lost": 502,
    "no_capacity": 503,
    "deadline": 504,
}
DONE = re.compile(rb"(?:\A|\n)data: ?\[DONE\]")
"""The line that ends a stream; in event streams the space is optional."""
MESSAGE_CHARS_MAX = 4096
_TYPES = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error"}


class WireError(Exception):
    """A request that is answered with an error of OpenAI's shape.

    Args:
        param: the field or header at fault, "" if it is none of them.
        quoted: words of the model or the client, which are answered but never logged: they may
            hold the prompt.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        mend: str = "",
        retry_after_s: int = 0,
        param: str = "",
        quoted: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.logged = f"{message}. To mend it: {mend}" if mend else message
        self.message = f"{message}: {quoted[:MESSAGE_CHARS_MAX]}" if quoted else self.logged
        self.retry_after_s = retry_after_s
        self.param = param

    @property
    def status(self) -> int:
        return STATUS[self.code]

    @property
    def level(self) -> int:
        """How loudly to log it: what a client brought upon itself is no warning."""
        ours = self.status >= 500 and self.code != "deadline"
        return logging.WARNING if ours else logging.INFO

    def body(self) -> dict[str, Any]:
        """`{"error": {"message", "type", "param", "code"}}`."""
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        if self.status == 429:
            kind = "rate_limit_error"
        fields = {
            "message": self.message,
            "type": _TYPES.get(self.status, kind),
            "param": self.param or None,
            "code": self.code,
        }
        return {"error": fields}


def model_entry(name: str) -> dict[str, Any]:
    """One model, as /v1/models and /v1/models/{name} show it."""
    return {"id": name, "object": "model", "created": 0, "owned_by": "clawdesk"}


def model_list(models: Iterable[str]) -> dict[str, Any]:
    """The answer of /v1/models."""
    return {"object": "list", "data": [model_entry(name) for name in models]}


def queued_comment(wait: Wait | None) -> bytes:
    """An SSE comment line, so that neither client nor proxy times out while a call waits."""
    if wait is None:
        return b": queued\n\n"
    reason = " ".join(wait.text.split())
    return f": queued position={wait.position} code={wait.code} reason={reason}\n\n".encode()


def error_event(error: WireError) -> bytes:
    """An error inside a stream whose headers have been sent; official clients raise on it.

    It begins with an empty line, because a model may have broken off in the middle of one.
    """
    return f"\n\ndata: {json.dumps(error.body())}\n\n".encode()


def engine_error(model: str, status: int, body: bytes, *, is_peers: bool = False) -> WireError:
    """The engine's own error, as ours: its fault is `model_failed`, the client's stays 400.

    Args:
        is_peers: it is a Fabric's, whose own words of having no room or no such model hold here.
    """
    kind = ""
    try:
        fields = json.loads(body)["error"]
        said = fields if isinstance(fields, str) else str(fields["message"])
        kind = "" if isinstance(fields, str) else f"{fields.get('type')} {fields.get('code')}"
    except (ValueError, KeyError, TypeError, RecursionError):
        said = body[:300].decode(errors="replace").strip() or "no explanation"
    # Half a surrogate pair in an engine's message could not be encoded again.
    said = said.encode(errors="replace").decode()
    if is_peers and status == 503:
        return WireError(
            "no_capacity", f"{model} is not to be had now", quoted=said, retry_after_s=5
        )
    if is_peers and status == 404:
        return WireError(
            "model_not_found", f"{model} is lent no longer", quoted=said, param="model"
        )
    if not 400 <= status < 500 or status in (401, 403, 407):
        # A 401 would make the client doubt its own token, but it is ours that was refused.
        return WireError("model_failed", f"{model} answered with status {status}", quoted=said)
    if any(mark in kind for mark in ("exceed_context_size", "context_length")):
        mend = f"{model} refuses so long a prompt"
        return WireError("context_length_exceeded", mend, quoted=said, param="messages")
    if status == 429:
        text = f"{model} is busy"
        return WireError("too_many", text, quoted=said, retry_after_s=1)
    return WireError("invalid_request", f"{model} refuses the request", quoted=said)
