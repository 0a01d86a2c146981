"""The OpenAI-compatible wire: what a request asks, and what an error looks like. Pure.

Requests are checked just far enough to route them; the engine checks the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from clawdesk_fabric.model import Wait

STATUS = {
    "invalid_request": 400,
    "invalid_api_key": 401,
    "origin_refused": 403,
    "model_not_found": 404,
    "not_found": 404,
    "method_not_allowed": 405,
    "request_too_large": 413,
    "unsupported_media_type": 415,
    "misdirected_request": 421,
    "queue_full": 429,
    "too_many": 429,
    "internal_error": 500,
    "endpoint_not_supported": 400,
    "model_failed": 502,
    "no_capacity": 503,
}
_NEEDS = {"chat/completions": "messages", "completions": "prompt", "embeddings": "input"}


class WireError(Exception):
    """A request that is answered with an error of OpenAI's shape."""

    def __init__(self, code: str, message: str, *, mend: str = "", retry_after_s: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.message = f"{message}. To mend it: {mend}" if mend else message
        self.retry_after_s = retry_after_s

    @property
    def status(self) -> int:
        return STATUS[self.code]

    def body(self) -> dict[str, Any]:
        """`{"error": {"message", "type", "code"}}`."""
        kind = "invalid_request_error" if self.status < 429 else "server_error"
        if self.status == 429:
            kind = "rate_limit_error"
        return {"error": {"message": self.message, "type": kind, "code": self.code}}


@dataclass(frozen=True, slots=True)
class Ask:
    """What the Fabric needs to know of a request body."""

    model: str
    stream: bool


def parse(endpoint: str, body: bytes) -> Ask:
    """Check a request body.

    Args:
        endpoint: "chat/completions", "completions" or "embeddings".
    Raises:
        WireError: invalid_request.
    """
    try:
        value = json.loads(body, parse_constant=_no_constant)
    except RecursionError:
        raise WireError("invalid_request", "the body is nested too deeply") from None
    except (ValueError, UnicodeDecodeError) as error:
        raise WireError("invalid_request", f"the body is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise WireError("invalid_request", "the body must be a JSON object")
    model = value.get("model")
    if not isinstance(model, str) or not model:
        raise WireError("invalid_request", "`model` must be the name of a model")
    stream = value.get("stream", False)
    if stream is not None and not isinstance(stream, bool):
        raise WireError("invalid_request", "`stream` must be true or false")
    needed = _NEEDS[endpoint]
    if not value.get(needed):
        raise WireError("invalid_request", f"`{needed}` is missing or empty")
    if endpoint == "chat/completions" and not isinstance(value[needed], list):
        raise WireError("invalid_request", "`messages` must be a list")
    return Ask(model, bool(stream) and endpoint != "embeddings")


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def model_list(models: Iterable[str]) -> dict[str, Any]:
    """The answer of /v1/models."""
    entries = [
        {"id": name, "object": "model", "created": 0, "owned_by": "clawdesk"} for name in models
    ]
    return {"object": "list", "data": entries}


def queued_comment(wait: Wait | None) -> bytes:
    """An SSE comment line, so that neither client nor proxy times out while a call waits."""
    if wait is None:
        return b": queued\n\n"
    reason = " ".join(wait.text.split())
    return f": queued position={wait.position} code={wait.code} reason={reason}\n\n".encode()


def error_event(error: WireError) -> bytes:
    """An error inside a stream whose headers have been sent; official clients raise on it."""
    return f"data: {json.dumps(error.body())}\n\n".encode()


def engine_error(status: int, body: bytes) -> WireError:
    """The engine's own error, as ours: its fault is `model_failed`, the client's stays 400."""
    try:
        value = json.loads(body)
        message = str(value["error"]["message"])
    except (ValueError, KeyError, TypeError):
        message = body[:300].decode(errors="replace").strip() or "no explanation"
    if 400 <= status < 500:
        return WireError("invalid_request", message)
    return WireError("model_failed", f"the model answered with status {status}: {message}")
