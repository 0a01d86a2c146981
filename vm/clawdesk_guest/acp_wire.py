"""The Agent Client Protocol as bytes: lines of JSON-RPC 2.0 in, values out. No process, no file.

What an agent writes is never trusted: a line may be no JSON, no JSON-RPC, far too long or far too
deep. Such a line is a `Junk`, which the caller shows and counts; only one that never ends is fatal.
"""

import json
from typing import Any, NamedTuple

from clawdesk_guest.protocol import TEXT_CHARS_MAX, too_deep

VERSION = 1
LINE_BYTES_MAX = 8 << 20
ID_CHARS_MAX = 256
DEPTH_MAX = 64
JUNK_CHARS_MAX = 400

PARSE_ERROR, NO_METHOD, BAD_PARAMS, REFUSED = -32700, -32601, -32602, -32603

Id = int | str
Params = dict[str, Any]


class TooLongError(Exception):
    """A line grew beyond LINE_BYTES_MAX: there is no way to find where the next one begins."""


class Request(NamedTuple):
    """The agent wants an answer under this id."""

    id: Id
    method: str
    params: Params


class Notice(NamedTuple):
    method: str
    params: Params


class Answer(NamedTuple):
    """To a request of ours; `error` is "" where there is a result."""

    id: Id
    result: Params
    error: str


class Junk(NamedTuple):
    """A line that is none of these: the beginning of it, and what is wrong.

    `id`: under which somebody waits for an answer all the same, None = nobody does.
    """

    text: str
    why: str
    id: Id | None = None


Said = Request | Notice | Answer | Junk


class Lines:
    """Cuts what an agent writes into what it says."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, content: bytes) -> list[Said]:
        """What is complete now. Raises TooLongError; the agent is then of no use any more."""
        # Only the new bytes can hold the end of a line: the others were searched before.
        searched = len(self._buffer)
        self._buffer += content
        found: list[Said] = []
        begin = 0
        while (end := self._buffer.find(b"\n", max(begin, searched))) >= 0:
            line = bytes(self._buffer[begin:end]).strip()
            begin = end + 1
            if len(line) > LINE_BYTES_MAX:
                raise TooLongError
            if line:
                found.append(said(line))
        del self._buffer[:begin]
        if len(self._buffer) > LINE_BYTES_MAX:
            raise TooLongError
        return found


def said(line: bytes) -> Said:
    """One line as a value."""
    try:
        value = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return _junk(line, "not JSON")
    if not isinstance(value, dict):
        return _junk(line, "not a JSON object")
    method, params = value.get("method"), value.get("params")
    id_: Id | None = None
    if "id" in value:
        id_ = _id_of(value["id"])
        if id_ is None:
            return _junk(line, "an id that is neither a number nor a short text")
    if params is None:
        params = {}
    if method is None and id_ is not None:
        return _answer(value, id_)
    if not isinstance(method, str) or not isinstance(params, dict):
        return _junk(line, "neither a request nor an answer", id_)
    if too_deep(params, DEPTH_MAX):
        return _junk(line, f"parameters nested deeper than {DEPTH_MAX}", id_)
    return Notice(method, params) if id_ is None else Request(id_, method, params)


def _answer(value: Params, id_: Id) -> Answer:
    error, result = value.get("error"), value.get("result")
    words = ""
    if error is not None:
        words = text_of(error.get("message")) if isinstance(error, dict) else text_of(error)
        detail = error.get("data") if isinstance(error, dict) else None
        if detail:
            words = f"{words} {short(json.dumps(detail), 400)}"
        words = words.strip() or "an error without words"
    return Answer(id_, result if isinstance(result, dict) else {}, words)


def _id_of(value: object) -> Id | None:
    if isinstance(value, str):
        return value if len(value) <= ID_CHARS_MAX else None
    return value if type(value) is int and abs(value) < 1 << 63 else None


def _junk(line: bytes, why: str, id_: Id | None = None) -> Junk:
    text = line[: 4 * JUNK_CHARS_MAX].decode("utf-8", "replace")
    return Junk(short(text, JUNK_CHARS_MAX), why, id_)


def text_of(value: object, chars_max: int = TEXT_CHARS_MAX) -> str:
    """A field that should be text: "" where it is none, cut where it is too long.

    A lone surrogate, which JSON can carry and UTF-8 cannot, becomes a question mark.
    """
    if not isinstance(value, str):
        return ""
    return short(value, chars_max).encode("utf-8", "replace").decode()


def table_of(value: object) -> Params:
    """A field that should be an object: {} where it is none."""
    return value if isinstance(value, dict) else {}


def list_of(value: object, count_max: int) -> list[Any]:
    """A field that should be a list: [] where it is none, cut where it is too long."""
    return value[:count_max] if isinstance(value, list) else []


def short(text: str, chars_max: int) -> str:
    """At most so many characters, with a mark where some are missing."""
    mark = " [...]"
    return text if len(text) <= chars_max else text[: chars_max - len(mark)] + mark


def request(id_: int, method: str, params: Params) -> bytes:
    return _line({"id": id_, "method": method, "params": params})


def notice(method: str, params: Params) -> bytes:
    return _line({"method": method, "params": params})


def answer(id_: Id, result: Params) -> bytes:
    return _line({"id": id_, "result": result})


def refusal(id_: Id, code: int, words: str) -> bytes:
    return _line({"id": id_, "error": {"code": code, "message": words}})


def _line(message: Params) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"
