"""A model that answers every endpoint as OpenAI's documents say, for tests of clients.

Its words are fixed: the answer to a prompt is not looked at, what was asked for decides the form.
"""

from __future__ import annotations

import json
from typing import Any

from tests.support.raw_engine import STREAM_HEAD, Connection, json_answer

WORDS = ["A", " cat", "."]
USAGE = {"prompt_tokens": 7, "completion_tokens": len(WORDS), "total_tokens": 7 + len(WORDS)}
TOOL_CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"place": "Bern"}'},
}


async def answer(connection: Connection) -> None:
    """A script for RawEngine."""
    head, _, body = connection.request.partition(b"\r\n\r\n")
    path = head.split()[1].decode().removeprefix("/v1/")
    asked = json.loads(body)
    if path == "embeddings":
        await connection.send(_json(_embeddings(asked)))
    elif asked.get("stream"):
        await connection.send(STREAM_HEAD)
        for event in _events(path, asked):
            await connection.send(b"data: " + json.dumps(event).encode() + b"\n\n")
        await connection.send(b"data: [DONE]\n\n")
    else:
        await connection.send(_json(_whole(path, asked)))


def _json(value: dict[str, Any]) -> bytes:
    return json_answer(json.dumps(value).encode())


def _base(kind: str, asked: dict[str, Any]) -> dict[str, Any]:
    return {"id": "x-1", "object": kind, "created": 1, "model": asked["model"]}


def _text(asked: dict[str, Any]) -> str:
    kind = (asked.get("response_format") or {}).get("type")
    return '{"animal": "cat"}' if kind in ("json_object", "json_schema") else "".join(WORDS)


def _whole(path: str, asked: dict[str, Any]) -> dict[str, Any]:
    choice: dict[str, Any] = {"index": 0, "finish_reason": "stop", "logprobs": None}
    if asked.get("logprobs"):
        tokens = [{"token": word, "logprob": -0.5, "top_logprobs": []} for word in WORDS]
        choice["logprobs"] = {"content": tokens}
    if path == "completions":
        choice["text"] = _text(asked)
        return {**_base("text_completion", asked), "choices": [choice], "usage": USAGE}
    if asked.get("tools"):
        choice["finish_reason"] = "tool_calls"
        choice["message"] = {"role": "assistant", "content": None, "tool_calls": [TOOL_CALL]}
    else:
        choice["message"] = {"role": "assistant", "content": _text(asked)}
    return {**_base("chat.completion", asked), "choices": [choice], "usage": USAGE}


def _events(path: str, asked: dict[str, Any]) -> list[dict[str, Any]]:
    kind = "text_completion" if path == "completions" else "chat.completion.chunk"
    base = _base(kind, asked)
    events = []
    for word in WORDS:
        said: dict[str, Any] = (
            {"text": word} if path == "completions" else {"delta": {"content": word}}
        )
        events.append({**base, "choices": [{"index": 0, "finish_reason": None, **said}]})
    last: dict[str, Any] = {"text": ""} if path == "completions" else {"delta": {}}
    events.append({**base, "choices": [{"index": 0, "finish_reason": "stop", **last}]})
    if (asked.get("stream_options") or {}).get("include_usage"):
        events.append({**base, "choices": [], "usage": USAGE})
    return events


def _embeddings(asked: dict[str, Any]) -> dict[str, Any]:
    given = asked["input"]
    texts = given if isinstance(given, list) else [given]
    entries = [
        {"object": "embedding", "index": number, "embedding": [0.25, -0.5]}
        for number, _ in enumerate(texts)
    ]
    usage = {"prompt_tokens": 2 * len(texts), "total_tokens": 2 * len(texts)}
    return {"object": "list", "model": asked["model"], "data": entries, "usage": usage}
