"""The wire between guest and host, and its only description: frames, messages, limits.

Bytes in, values out; no file, socket or clock is touched here. Both ends import this module.

 1. A frame is [u32 payload length][u8 type][u32 stream][payload], big-endian, payload <= 1 MiB.
 2. CONTROL carries one JSON message on stream 0; its schema is in TO_GUEST or TO_HOST.
 3. OPEN, CHUNK, CLOSE, WINDOW belong to a stream. Only the guest opens streams, with ids that grow.
    An OPEN of the host on an open stream is the head of its answer. A shell is begun by the host's
    `shell`; the guest opens a stream for its terminal, which carries bytes both ways, and says
    `shell_ended` behind its last bytes. The host's CLOSE hangs it up; so does a `quiesce`, since a
    person's terminal is no part of a snapshot, and a new `hello`.
 4. CHUNK, never empty, may only be sent within the credit of its stream: WINDOW_BYTES at the start,
    given back by WINDOW frames as the receiver uses bytes up. Control never waits for credit.
 5. Each end sends CLOSE once per stream; what still arrives before the other's CLOSE is dropped.
    A CLOSE that answers the other's may come late, along with whatever is sent next.
 6. JSON is strict UTF-8, an object, at most 32 deep, without NaN.
 7. A connection begins with SYNC from the host and `hello`. SYNC never occurs inside other frames
    (its bytes are no JSON, cannot lie across a header, and a CHUNK holding it is cut), so it
    resets the guest's parser even in the middle of a frame that a snapshot tore apart.
 8. The guest answers SYNC + the 16 bytes of the hello's epoch, then `greeting`; the host drops
    everything before that: bytes of an older epoch.
 9. Messages with a number `n` are sent again after the next hello unless the host said `ack`; those
    of a `claw` call that still waits are sent again in any case, since a host may die between its
    `ack` and what it had to do. The greeting says which step runs or ran last, and how that ended.
10. Files go to the guest as `put` messages, one part of at most PART_BYTES_MAX after the other,
    each answered before the next is sent, so that both ends hold one part and no more.
11. VERSION counts up when messages are added. A machine may be restored weeks after its snapshot,
    with the guest program of that day in its memory: a host takes guests of every version from
    VERSION_MIN on, and sends such a guest only messages of its version (ADDED). For that to work
    a message never gains, loses or changes a field: a changed one is a new one under a new name.
    A guest looks at no version: a host that does not know the one in its greeting hangs up.
12. `part` says what the step works at now ("" = the step as a whole), and again behind a greeting;
    it has no number, and nobody answers it.
13. A step ends with `ended`, or with `ended_short` where the kernel ended programs meanwhile for
    want of memory: `killed` of them, of all that ran beside this program.
14. A `reply` says {"outcome": "continue" | "rejected", "feedback"} to a boundary, {"outcome":
    "answered" | "asked_back", "text"} to a question (OUTCOMES_ADDED).
15. `rest` is a `quiesce` and, once that holds, a `collect`, as one call.
16. ASK opens a stream as OPEN does, for a model call: [u32 length of its body][the head of the HTTP
    request as a program wrote it, without the empty line], ASK_HEAD_BYTES_MAX at most and without
    SYNC. The body follows as CHUNKs. What the host sends on it are the bytes of the HTTP answer.
    Guests before version 9 send `model`, are answered by `answer`, and write the HTTP themselves.
"""

import binascii
import json
import struct
from typing import Any

VERSION = 9
VERSION_MIN = 2
SYNC = bytes.fromhex("f8c1a7deb0bfe1f5c0d9a9f7edc4b6fe")
EPOCH_BYTES = 16
PAYLOAD_BYTES_MAX = 1 << 20
WINDOW_BYTES = 256 << 10
CHUNK_BYTES = 64 << 10
PART_BYTES_MAX = 256 << 10
DEPTH_MAX = 32
STREAMS_MAX = 128
TEXT_CHARS_MAX = 16 << 10
COMMAND_CHARS_MAX = 128 << 10
PART_CHARS_MAX = 200
ASK_HEAD_BYTES_MAX = 64 << 10

CONTROL, OPEN, CHUNK, CLOSE, WINDOW, ASK = 1, 2, 3, 4, 5, 6
_HEADER = struct.Struct(">IBI")
_HEADER_BYTES = _HEADER.size
_CREDIT = struct.Struct(">I")
_ASK_HEADER = struct.Struct(">IBII")
"""That of a frame, and the length of the call's body."""

Message = dict[str, Any]


class ProtocolError(Exception):
    """Somebody broke a rule of this module; the text names it."""


class LocalError(ProtocolError):
    """We were about to send what the rules forbid: a bug or a value too large on our side."""


class RemoteError(ProtocolError):
    """The other end sent what the rules forbid."""


Frame = tuple[int, int, bytes]
"""Type, stream and payload. A named tuple costs a call each time."""


def pack(kind: int, stream: int, payload: bytes) -> bytes:
    """One frame as bytes. Raises LocalError (rule 1)."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise LocalError(f"a frame of {len(payload)} bytes is too long (rule 1)")
    return _HEADER.pack(len(payload), kind, stream) + payload


def pack_message(message: Message, schemas: "Schemas") -> bytes:
    """A CONTROL frame holding a message that fits its schema. Raises LocalError."""
    wrong = mistake(message, schemas)
    if wrong:
        raise LocalError(wrong)
    return pack(CONTROL, 0, dump(message))


def pack_chunks(stream: int, content: bytes) -> bytes:
    """CHUNK frames for `content`, cut where SYNC would appear in them (rule 7)."""
    if len(content) <= CHUNK_BYTES:
        frames = pack(CHUNK, stream, content)
    else:
        parts = range(0, len(content), CHUNK_BYTES)
        frames = b"".join(pack(CHUNK, stream, content[at : at + CHUNK_BYTES]) for at in parts)
    if SYNC not in frames:
        return frames
    # SYNC's bytes are all different and a header begins with 0: frames this short cannot hold it.
    step = len(SYNC) // 2
    pieces = range(0, len(content), step)
    return b"".join(pack(CHUNK, stream, content[begin : begin + step]) for begin in pieces)


def pack_window(stream: int, credit_bytes: int) -> bytes:
    return pack(WINDOW, stream, _CREDIT.pack(credit_bytes))


def pack_ask(stream: int, head: bytes, size: int) -> bytes:
    """The beginning of a model call with a body of `size` bytes. Raises LocalError (rule 16)."""
    frame = _ASK_HEADER.pack(_CREDIT.size + len(head), ASK, stream, size) + head
    if len(head) > ASK_HEAD_BYTES_MAX or SYNC in frame:
        raise LocalError("a request's head is too long, or holds what it may not (rule 16)")
    return frame


def unpack_ask(payload: bytes) -> tuple[bytes, int]:
    """The head of a model call and the length of its body. Raises RemoteError."""
    if not _CREDIT.size <= len(payload) <= _CREDIT.size + ASK_HEAD_BYTES_MAX:
        raise RemoteError("an ASK frame of wrong length (rule 16)")
    return payload[_CREDIT.size :], _CREDIT.unpack_from(payload)[0]


def unpack_window(payload: bytes) -> int:
    """Bytes of new credit. Raises RemoteError."""
    if len(payload) != _CREDIT.size:
        raise RemoteError("a WINDOW frame of wrong length (rule 4)")
    credit: int = _CREDIT.unpack(payload)[0]
    return credit


def dump(message: Message) -> bytes:
    return _ENCODER.encode(message).encode()


def load(payload: bytes) -> Message:
    """The object in `payload`. Raises RemoteError (rule 6)."""
    try:
        value = _DECODER.decode(payload.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise RemoteError(f"not strict JSON (rule 6): {type(error).__name__}") from None
    if type(value) is not dict:
        raise RemoteError("JSON that is not an object (rule 6)")
    # So few brackets, those in its texts counted too, are not that deep.
    if payload.count(b"{") + payload.count(b"[") > DEPTH_MAX and too_deep(value, DEPTH_MAX):
        raise RemoteError(f"JSON deeper than {DEPTH_MAX} (rule 6)")
    return value


def pack_part(content: bytes | memoryview) -> str:
    """Bytes of a file as text for a `put` message."""
    return binascii.b2a_base64(content, newline=False).decode("ascii")


def unpack_part(text: str) -> bytes:
    """The bytes again. Raises RemoteError."""
    try:
        content = binascii.a2b_base64(text, strict_mode=True) if text else b""
    except ValueError:
        raise RemoteError("a part that is not base64 (rule 10)") from None
    if len(content) > PART_BYTES_MAX:
        raise RemoteError("a part that is too long (rule 10)")
    return content


def _no_constant(name: str) -> None:
    raise ValueError(name)


# Made once: with such options the functions of `json` make one for every message.
_ENCODER = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), allow_nan=False)
_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def too_deep(value: object, depth_max: int) -> bool:
    """Whether a JSON value is nested deeper than that."""
    level: list[object] = [value]
    for _ in range(depth_max):
        below: list[object] = []
        for item in level:
            if type(item) is dict:
                below.extend(item.values())
            elif type(item) is list:
                below.extend(item)
        level = [item for item in below if type(item) in (dict, list)]
        if not level:
            return False
    return True


class FrameParser:
    """Cuts a byte stream into frames. It starts deaf and listens behind `mark`.

    Args:
        mark: SYNC for the guest, SYNC + epoch for the host (rules 7, 8).
        again: whether a later mark resets the parser (the guest's side).
        skip_bytes_max: how much may precede the first mark.
    """

    def __init__(self, mark: bytes, *, again: bool, skip_bytes_max: int = 64 << 20) -> None:
        self._mark = mark
        self._again = again
        self._skip_bytes_max = skip_bytes_max
        self._skipped_bytes = 0
        self._rest = bytearray()  # of the frame that is not all there
        self.synced = False

    def feed(self, received: bytes) -> list[Frame]:
        """Frames that are complete now. Raises RemoteError; the connection is then useless."""
        # As a rule whole frames come, and are cut out where they are. A long one in many pieces is
        # put together where it stands: anew for each piece it would cost more with each.
        known = len(self._rest)
        if known:
            self._rest += received
        data = self._rest if known else received
        if self._again or not self.synced:
            data = self._behind_mark(data, known)
        frames = []
        at, size = 0, len(data)
        while self.synced and size - at >= _HEADER_BYTES:
            length, kind, stream = _HEADER.unpack_from(data, at)
            if length > PAYLOAD_BYTES_MAX:
                raise RemoteError(f"a frame of {length} bytes is too long (rule 1)")
            if not CONTROL <= kind <= ASK:
                raise RemoteError(f"a frame of unknown type {kind} (rule 1)")
            end = at + _HEADER_BYTES + length
            if size < end:
                break
            frames.append((kind, stream, bytes(data[at + _HEADER_BYTES : end])))
            at = end
        if data is self._rest:
            del self._rest[:at]
        elif at < size:
            self._rest = bytearray(data[at:])
        return frames

    def _behind_mark(self, data: bytes | bytearray, known: int) -> bytes | bytearray:
        """All behind the newest mark; without one all of it, or before the first its end.

        Args:
            known: so much of its beginning was searched before.
        """
        # A mark may be split over two reads: its first bytes are looked at again.
        split = len(self._mark) - 1
        at = data.rfind(self._mark, max(0, known - split))
        if at < 0 and self.synced:
            return data
        self._rest = bytearray()
        if at >= 0:
            self.synced = True
            return data[at + len(self._mark) :]
        skipped_bytes = max(0, len(data) - split)
        self._skipped_bytes += skipped_bytes
        if self._skipped_bytes > self._skip_bytes_max:
            raise RemoteError("no answer to our hello in all that was sent (rule 8)")
        return data[skipped_bytes:]


# What a field may hold: (type, largest length or value). All fields are required.
_ID = (str, 64)
_TEXT = (str, TEXT_CHARS_MAX)
_NUMBER = (int, 1 << 53)
_SIDE = (int, 4096)  # of a terminal, in characters
_FLAG = (bool, 1)
_TEXTS = (list, 256)
_MAP = (dict, 256)

Schemas = dict[str, dict[str, tuple[type, int]]]

TO_GUEST: Schemas = {
    "hello": {"version": _NUMBER, "epoch": _ID, "clock_ms": _NUMBER, "seed": _ID},
    "ping": {"tick": _NUMBER},
    "ack": {"n": _NUMBER},
    "unpack": {"call": _NUMBER},
    "run": {
        "call": _NUMBER,
        "run": _ID,
        "name": _TEXT,
        "command": (str, COMMAND_CHARS_MAX),
        "timeout_s": _NUMBER,
        "env": _MAP,
    },
    "kill": {"call": _NUMBER, "run": _ID},
    "turns": {"call": _NUMBER, "every_calls": _NUMBER, "every_s": _NUMBER},
    "turns_by_change": {"call": _NUMBER},
    "leave": {"call": _NUMBER},
    "reply": {"call": _NUMBER, "request": _ID, "payload": _MAP},
    "feedback": {"call": _NUMBER, "text": (str, COMMAND_CHARS_MAX)},
    "collect": {"call": _NUMBER, "files_max": _NUMBER, "bytes_max": _NUMBER},
    "quiesce": {"call": _NUMBER},
    "unquiesce": {"call": _NUMBER},
    "rest": {"call": _NUMBER, "files_max": _NUMBER, "bytes_max": _NUMBER},
    "put": {
        "call": _NUMBER,
        "path": (str, 4096),
        "mode": _NUMBER,
        "first": _FLAG,
        "last": _FLAG,
        "part": (str, (PART_BYTES_MAX + 2) // 3 * 4),
    },
    "remove": {"call": _NUMBER, "path": (str, 4096), "prune": _FLAG},
    "shell": {
        "call": _NUMBER,
        "shell": _ID,
        "columns": _SIDE,
        "rows": _SIDE,
        "env": _MAP,
    },
    "resize": {"call": _NUMBER, "shell": _ID, "columns": _SIDE, "rows": _SIDE},
}
ADDED = {
    "put": 3,
    "remove": 3,
    "turns": 4,
    "leave": 4,
    "turn": 4,
    "shell": 5,
    "resize": 5,
    "shell_ended": 5,
    "turns_by_change": 6,
    "part": 6,
    "ended_short": 7,
    "rest": 8,
}
"""The version that brought a message (rule 11); the others are in all of them."""
OUTCOMES_ADDED = {"asked_back": 8}
"""The version that brought an outcome of a `reply` (rule 14); the others are in all of them."""
FRAMES_ADDED = {ASK: 9}
"""The version that brought a type of frame; the others are in all of them."""
ENDS = frozenset({"ended", "ended_short"})
"""How the end of a step is told (rule 13)."""
TO_HOST: Schemas = {
    "greeting": {
        "version": _NUMBER,
        "boot_id": _ID,
        "python": _ID,
        "kernel": (str, 128),
        "running": _ID,
        "pending": _TEXTS,
        "last_run": _ID,
        "last_ended": _FLAG,
        "last_exit_code": _NUMBER,
        "last_timed_out": _FLAG,
    },
    "pong": {"tick": _NUMBER},
    "done": {"call": _NUMBER},
    "failed": {"call": _NUMBER, "why": _TEXT},
    "ended": {"n": _NUMBER, "run": _ID, "exit_code": _NUMBER, "timed_out": _FLAG},
    "ended_short": {
        "n": _NUMBER,
        "run": _ID,
        "exit_code": _NUMBER,
        "timed_out": _FLAG,
        "killed": _NUMBER,
    },
    "boundary": {
        "n": _NUMBER,
        "request": _ID,
        "approve": _FLAG,
        "message": _TEXT,
        "next_step": _TEXT,
        "artifacts": _TEXTS,
    },
    "turn": {"n": _NUMBER, "request": _ID, "number": _NUMBER},
    "part": {"name": (str, PART_CHARS_MAX)},
    "shell_ended": {"shell": _ID, "exit_code": _NUMBER, "why": _TEXT},
    "question": {
        "n": _NUMBER,
        "request": _ID,
        "key": _TEXT,
        "question": _TEXT,
        "choices": _TEXTS,
        "default": _TEXT,
    },
}
HEADS: Schemas = {
    "output": {"run": _ID, "stream": _ID},
    "files": {"call": _NUMBER},
    "model": {"method": _ID, "path": (str, 4096), "headers": _MAP, "size": _NUMBER},
    "connect": {"host": (str, 253), "port": _NUMBER},
    "terminal": {"shell": _ID},
    "answer": {"status": _NUMBER, "headers": _MAP},
    "end": {"error": _TEXT},
}


def mistake(message: Message, schemas: Schemas) -> str:
    """What is wrong with a message (rule 2), "" if it fits its schema. `op` names the schema."""
    op = message.get("op")
    schema = schemas.get(op) if type(op) is str else None
    if schema is None:
        return f"unknown message {str(op)[:40]!r} (rule 2)"
    if len(message) != len(schema) + 1 or not schema.keys() <= message.keys():
        return f"{op}: wrong fields (rule 2)"
    kind: Any
    for name, (kind, limit) in schema.items():
        value = message[name]
        if type(value) is not kind:
            return f"{op}.{name}: not of type {kind.__name__} (rule 2)"
        if kind is str:
            fits = len(value) <= limit and (value.isascii() or _is_clean(value))
        elif kind is int or kind is bool:
            fits = -limit <= value <= limit
        else:
            fits = len(value) <= limit and _are_texts(value)
        if not fits:
            return f"{op}.{name}: too large, or holds what it may not (rule 2)"
    return ""


def _are_texts(values: list[Any] | dict[str, Any]) -> bool:
    texts = values if isinstance(values, list) else [*values, *values.values()]
    try:
        joined = "".join(texts)
    except TypeError:
        return False
    # As a rule all together is no longer than one may be.
    return (joined.isascii() or _is_clean(joined)) and (
        len(joined) <= TEXT_CHARS_MAX or max(map(len, texts)) <= TEXT_CHARS_MAX
    )


def _is_clean(text: str) -> bool:
    """Whether a text has no lone surrogates, which JSON can smuggle and UTF-8 cannot carry."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


# The content of a "files" stream: records [u32 head length][JSON head][content of a file].
RECORDS: Schemas = {
    "file": {"path": (str, 4096), "mode": _NUMBER, "size": _NUMBER},
    "deleted": {"path": (str, 4096)},
    "skipped": {"path": (str, 16384), "why": _TEXT},
    "too_many": {"files": _NUMBER, "bytes": _NUMBER},
    "finish": {},
}


def pack_record(head: Message) -> bytes:
    """The beginning of a record; the content of a file follows. Raises LocalError."""
    wrong = mistake(head, RECORDS)
    if wrong:
        raise LocalError(wrong)
    packed = dump(head)
    return _CREDIT.pack(len(packed)) + packed
