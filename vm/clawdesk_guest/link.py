"""One connection as seen by either end: streams, credit and the order of what is sent.

Bytes in, events out; bytes to send are fetched with `outgoing`. It never reads or writes a file.
Rules in brackets are those of `protocol`.
"""

from collections import deque
from typing import NamedTuple

from clawdesk_guest import protocol
from clawdesk_guest.protocol import Message, RemoteError

_BULK_BYTES_MAX = 256 << 10
"""Bulk that may stand in the queue; producers wait (`room`), so that control goes soon."""

_PIECE_BYTES = 16 << 10
"""What waits is joined until it is so much."""


class Told(NamedTuple):
    """A control message that fits its schema."""

    message: Message


class Opened(NamedTuple):
    """A stream begins (host), or the answer on it does (guest). `head` fits its schema."""

    stream: int
    head: Message


class Asked(NamedTuple):
    """A model call begins (host): the head of its HTTP request, and how long its body is."""

    stream: int
    head: bytes
    size: int


class Got(NamedTuple):
    """Bytes of a stream; give their credit back with `Link.grant` once they are used up."""

    stream: int
    content: bytes


class Closed(NamedTuple):
    """The other end is done with a stream; `error` is "" for a proper end."""

    stream: int
    error: str


Event = Told | Opened | Asked | Got | Closed


class _Stream:
    """Credit of one stream: `may_send` is ours, `may_receive` is what the other end has left."""

    may_send_bytes = protocol.WINDOW_BYTES
    may_receive_bytes = protocol.WINDOW_BYTES
    closed_here = False


class Link:
    """The state of a connection.

    Args:
        guest: True on the guest's side, which opens streams (rule 3).
        epoch: the hello's 16 bytes; the host's side listens only behind them (rule 8).
    """

    def __init__(self, *, guest: bool, epoch: bytes = b"") -> None:
        self._guest = guest
        self._receives = protocol.TO_GUEST if guest else protocol.TO_HOST
        self._sends = protocol.TO_HOST if guest else protocol.TO_GUEST
        self._parser = protocol.FrameParser(protocol.SYNC + epoch, again=guest)
        self._streams: dict[int, _Stream] = {}
        self._last_stream = 0
        self._urgent: deque[bytes] = deque()
        self.late: list[bytes] = []
        """What waits for company; `send_late` sends it without."""
        self._bulk: deque[tuple[int, bytes]] = deque()
        self._bulk_bytes = 0
        self._current = memoryview(b"")

    # Receiving

    def feed(self, received: bytes) -> list[Event]:
        """Events in the order they were sent. Raises RemoteError; end the connection then."""
        events: list[Event] = []
        for frame in self._parser.feed(received):
            event = self._take(frame)
            if event is not None:
                events.append(event)
        return events

    def _take(self, frame: protocol.Frame) -> Event | None:
        kind, number, payload = frame
        if kind == protocol.CONTROL:
            return Told(_checked(payload, self._receives))
        if kind == protocol.OPEN:
            return self._take_open(number, _checked(payload, protocol.HEADS))
        if kind == protocol.ASK and not self._guest:
            self._take_new(number)
            return Asked(number, *protocol.unpack_ask(payload))
        stream = self._streams.get(number)
        if stream is None:
            raise RemoteError(f"a frame for stream {number}, which is not open (rule 3)")
        if kind == protocol.CHUNK:
            return self._take_chunk(number, stream, payload)
        if kind == protocol.WINDOW:
            stream.may_send_bytes += protocol.unpack_window(payload)
            if stream.may_send_bytes > protocol.WINDOW_BYTES:
                raise RemoteError("credit for bytes that were never sent (rule 4)")
            return None
        if kind == protocol.ASK:
            raise RemoteError("only a guest asks (rule 16)")
        is_proper = payload == _PROPER_END
        error = "" if is_proper else _checked(payload, protocol.HEADS)["error"]
        del self._streams[number]
        if stream.closed_here:
            return None
        self._drop_bulk(number)
        # The host does not wait for it, and alone it would cost a guest as much as a message.
        (self.late if self._guest else self._urgent).append(_close_frame(number, ""))
        return Closed(number, error)

    def _take_open(self, number: int, head: Message) -> Event | None:
        if self._guest:
            stream = self._streams.get(number)
            return None if stream is None or stream.closed_here else Opened(number, head)
        self._take_new(number)
        return Opened(number, head)

    def _take_new(self, number: int) -> None:
        if number <= self._last_stream:
            raise RemoteError("a stream's number was used again (rule 3)")
        if len(self._streams) >= protocol.STREAMS_MAX:
            raise RemoteError(f"more than {protocol.STREAMS_MAX} streams at once")
        self._last_stream = number
        self._streams[number] = _Stream()

    def _take_chunk(self, number: int, stream: _Stream, content: bytes) -> Event | None:
        if not content:
            raise RemoteError("a CHUNK frame without bytes (rule 4)")
        stream.may_receive_bytes -= len(content)
        if stream.may_receive_bytes < 0:
            raise RemoteError(f"more on stream {number} than was allowed (rule 4)")
        return None if stream.closed_here else Got(number, content)

    # Sending

    def tell(self, message: Message) -> None:
        """Queue a control message. Raises LocalError when it does not fit its schema."""
        self._urgent.append(protocol.pack_message(message, self._sends))

    def tell_in_turn(self, message: Message) -> None:
        """As `tell`, but behind the bulk queued so far: the end of a step after its output."""
        self._add_bulk(0, protocol.pack_message(message, self._sends))

    def raw(self, content: bytes) -> None:
        """Queue bytes that are no frame: the mark at the beginning of a connection."""
        self._urgent.append(content)

    def open(self, head: Message) -> int:
        """Begin a stream (guest only) and return its number; 0 when too many are open.

        Raises:
            LocalError: the head does not fit its schema; no stream was begun.
        """
        if len(self._streams) >= protocol.STREAMS_MAX:
            return 0
        return self._begin(_head_frame(self._last_stream + 1, head))

    def ask(self, head: bytes, body: bytes) -> tuple[int, int]:
        """Begin a model call's stream; as `open`. How much of its body went along comes second."""
        if len(self._streams) >= protocol.STREAMS_MAX:
            return 0, 0
        number = self._last_stream + 1
        packed = protocol.pack_ask(number, head, len(body))
        along = len(body) if len(body) <= _PIECE_BYTES else 0
        if along:
            packed += protocol.pack_chunks(number, body)
        self._begin(packed)
        self._streams[number].may_send_bytes -= along
        return number, along

    def _begin(self, packed: bytes) -> int:
        self._last_stream += 1
        self._streams[self._last_stream] = _Stream()
        if self.late:
            self.send_late()  # a stream that is over makes room for this one there too
        self._urgent.append(packed)
        return self._last_stream

    def head(self, stream: int, head: Message) -> None:
        """Send the head of a stream, or of the answer on it (host). LocalError if malformed."""
        packed = _head_frame(stream, head)
        if self.is_open(stream):
            self._urgent.append(packed)

    def room(self, stream: int) -> int:
        """How many bytes `write` may take now: credit (rule 4) and place in the queue."""
        state = self._streams.get(stream)
        if state is None or state.closed_here:
            return 0
        return max(0, min(state.may_send_bytes, _BULK_BYTES_MAX - self._bulk_bytes))

    def write(self, stream: int, content: bytes) -> None:
        """Queue bytes, at most `room(stream)`. A stream that is gone swallows them."""
        state = self._streams.get(stream)
        if state is None or state.closed_here or not content:
            return
        state.may_send_bytes -= len(content)
        assert state.may_send_bytes >= 0, "send only what room() allows"
        self._add_bulk(stream, protocol.pack_chunks(stream, content))

    def grant(self, stream: int, used_bytes: int) -> None:
        """Let the other end send that much more on a stream."""
        state = self._streams.get(stream)
        if state is not None and not state.closed_here and used_bytes:
            state.may_receive_bytes += used_bytes
            self._urgent.append(protocol.pack_window(stream, used_bytes))

    def close(self, stream: int, error: str = "") -> None:
        """End a stream: after what is queued if properly, at once if with an error."""
        state = self._streams.get(stream)
        if state is None or state.closed_here:
            return
        state.closed_here = True
        frame = _close_frame(stream, error)
        if error:
            self._drop_bulk(stream)
            self._urgent.append(frame)
        else:
            self._add_bulk(stream, frame)

    def is_open(self, stream: int) -> bool:
        """Whether both ends still use a stream."""
        state = self._streams.get(stream)
        return state is not None and not state.closed_here

    def _add_bulk(self, stream: int, frames: bytes) -> None:
        self._bulk.append((stream, frames))
        self._bulk_bytes += len(frames)

    def _drop_bulk(self, stream: int) -> None:
        """Nothing of a stream may follow its CLOSE (rule 5)."""
        if not self._bulk:
            return
        kept = [(owner, frames) for owner, frames in self._bulk if owner != stream]
        self._bulk = deque(kept)
        self._bulk_bytes = sum(len(frames) for _, frames in kept)

    @property
    def is_idle(self) -> bool:
        """Nothing waits to be sent, but for what goes along with the next thing that does."""
        return not (self._current or self._urgent or self._bulk)

    def send_late(self) -> None:
        """Queue it behind what was said before, a stream's credit for example."""
        self._urgent.extend(self.late)
        self.late.clear()

    @property
    def is_full(self) -> bool:
        """Whether producers wait for a place in the queue."""
        return self._bulk_bytes >= _BULK_BYTES_MAX

    def outgoing(self) -> memoryview:
        """The next bytes to send, empty if none; tell `sent` how many went.

        What waits is sent in one piece where it is small: each wakes the other end.
        """
        if not self._current and (self._urgent or self._bulk):
            if self.late:
                self.send_late()
            pieces, size = [], 0
            while size < _PIECE_BYTES and (self._urgent or self._bulk):
                if self._urgent:
                    frames = self._urgent.popleft()
                else:
                    _, frames = self._bulk.popleft()
                    self._bulk_bytes -= len(frames)
                pieces.append(frames)
                size += len(frames)
            self._current = memoryview(b"".join(pieces) if len(pieces) > 1 else pieces[0])
        return self._current

    def sent(self, count_bytes: int) -> None:
        self._current = self._current[count_bytes:]

    def deafen(self) -> None:
        """The other end broke a rule: forget everything and listen for its next hello (guest)."""
        self._parser = protocol.FrameParser(protocol.SYNC, again=True)
        self.restart()

    def restart(self) -> None:
        """A new epoch: forget every stream and all that was queued. The parser goes on."""
        self._streams.clear()
        self._urgent.clear()
        self.late.clear()
        self._bulk.clear()
        self._bulk_bytes = 0
        self._current = memoryview(b"")


def _checked(payload: bytes, schemas: protocol.Schemas) -> Message:
    message = protocol.load(payload)
    wrong = protocol.mistake(message, schemas)
    if wrong:
        raise RemoteError(wrong)
    return message


def _head_frame(stream: int, head: Message) -> bytes:
    wrong = protocol.mistake(head, protocol.HEADS)
    if wrong:
        raise protocol.LocalError(wrong)
    return protocol.pack(protocol.OPEN, stream, protocol.dump(head))


def _close_frame(stream: int, error: str) -> bytes:
    payload = _end(error[: protocol.TEXT_CHARS_MAX]) if error else _PROPER_END
    return protocol.pack(protocol.CLOSE, stream, payload)


def _end(error: str) -> bytes:
    return protocol.dump({"op": "end", "error": error})


_PROPER_END = _end("")
"""What nearly every stream ends with: neither written nor read anew each time."""
