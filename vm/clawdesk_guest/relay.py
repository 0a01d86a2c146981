"""Model calls: HTTP on 127.0.0.1:8080, each forwarded to the host as a stream of its own.

It adds no key and looks at no content. While the machine is quiesced new calls wait here, and
where a step's model calls are boundaries (`turns`) they wait for the checkpoint.
"""

import socket
from collections.abc import Callable

from clawdesk_guest import http_wire
from clawdesk_guest.link import Link
from clawdesk_guest.loop import READ, WRITE, Loop, read_some, write_some
from clawdesk_guest.protocol import LocalError
from clawdesk_guest.turns import Turns

_READ_BYTES = 64 << 10
_UNREAD_BYTES_MAX = 256 << 10
_CALLS_MAX = 64
"""At once; more wait in the listener's queue."""


class _Call:
    """One client connection and its one request."""

    def __init__(self, client: socket.socket) -> None:
        self.client = client
        self.parser = http_wire.RequestParser()
        self.request: http_wire.Request | None = None
        self.stream = 0
        self.passed = False  # it was let through before: a new connection asks no boundary again
        self.body_sent_bytes = 0
        self.answered = False  # the head of the answer has come: it cannot be asked again
        self.chunked = True
        self.unread = bytearray()  # bytes for the client
        self.owed_bytes = 0  # credit to give back once the client has taken them
        self.finished = False  # close when `unread` is empty


class Relay:
    """All model calls of the machine. `changed` is called when a call began or ended."""

    def __init__(
        self, loop: Loop, address: tuple[str, int], turns: Turns, changed: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._turns = turns
        self._changed = changed
        self._calls: dict[int, _Call] = {}
        self._held = True
        self._listener = socket.create_server(address, backlog=128)
        self._listener.setblocking(False)
        self._accepting = False

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def in_flight(self) -> int:
        """Calls the host knows of."""
        return sum(1 for call in self._calls.values() if call.stream)

    def hold(self, held: bool) -> None:
        """While held no call is forwarded; those in flight go on."""
        self._held = held

    def restart(self) -> None:
        """A new epoch: the host knows none of our streams.

        Calls of which no byte was answered are asked again, the others end with a reset.
        """
        for call in list(self._calls.values()):
            if call.answered and not call.finished:
                self._end(call)
            elif not call.finished:
                call.stream = call.body_sent_bytes = 0

    def close(self) -> None:
        for call in list(self._calls.values()):
            self._end(call)
        self._loop.forget(self._listener.fileno())
        self._listener.close()

    # From the host

    def answer(self, stream: int, status: int, headers: dict[str, str]) -> None:
        call = self._of(stream)
        if call is not None and call.request is not None:
            call.answered = True
            call.chunked = call.request.method != "HEAD" and status not in {204, 304}
            call.unread += http_wire.answer_head(status, headers, chunked=call.chunked)

    def got(self, stream: int, content: bytes) -> None:
        call = self._of(stream)
        if call is not None:
            call.owed_bytes += len(content)
            if call.chunked:
                call.unread += http_wire.chunk(content)

    def closed(self, stream: int, error: str) -> None:
        call = self._of(stream)
        if call is None:
            return
        call.stream = 0
        if not call.answered:
            call.unread += http_wire.error_answer(502, "relay_failed", error or "no answer")
            call.finished = True
        elif error:
            self._end(call)  # No last chunk: the client sees that the answer was cut.
        else:
            call.unread += http_wire.LAST_CHUNK if call.chunked else b""
            call.finished = True
        self._changed()

    def owns(self, stream: int) -> bool:
        return self._of(stream) is not None

    def _of(self, stream: int) -> _Call | None:
        return next((c for c in self._calls.values() if c.stream == stream), None)

    # To the host

    def pump(self, link: Link, *, connected: bool) -> None:
        """Forward what may go; called whenever the loop is about to wait."""
        self._listen(len(self._calls) < _CALLS_MAX)
        for call in list(self._calls.values()):
            if call.request is not None and not call.stream and not call.finished and connected:
                self._forward(call, call.request, link)
            if call.stream and call.request is not None:
                self._send_body(call, call.request, link)
            self._serve(call, link)

    def _listen(self, wanted: bool) -> None:
        if wanted and not self._accepting:
            self._loop.watch(self._listener.fileno(), READ, lambda _: self._accept())
        elif self._accepting and not wanted:
            self._loop.forget(self._listener.fileno())
        self._accepting = wanted

    def _accept(self) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError:
            return
        client.setblocking(False)
        call = _Call(client)
        self._calls[client.fileno()] = call

    def _forward(self, call: _Call, request: http_wire.Request, link: Link) -> None:
        if self._held:
            return
        # Only what asks a model for words is a turn of an agent; looking at the list is none.
        if request.method == "POST" and not call.passed and not self._turns.may_go():
            return
        call.passed = True
        head = {"op": "model", "method": request.method, "path": request.path}
        try:
            call.stream = link.open({**head, "headers": request.headers, "size": len(request.body)})
        except LocalError as error:
            call.unread += http_wire.error_answer(400, "bad_request", str(error))
            call.finished = True

    def _send_body(self, call: _Call, request: http_wire.Request, link: Link) -> None:
        while call.body_sent_bytes < len(request.body) and (room := link.room(call.stream)):
            begin = call.body_sent_bytes
            part = request.body[begin : begin + room]
            link.write(call.stream, part)
            call.body_sent_bytes += len(part)

    # The client

    def _serve(self, call: _Call, link: Link) -> None:
        """Give the client what there is and watch for what it does."""
        descriptor = call.client.fileno()
        while call.unread:
            count = write_some(descriptor, bytes(call.unread[:_READ_BYTES]))
            if count < 0:
                self._leave(call, link)
                return
            del call.unread[:count]
            if count == 0:
                break
        if call.owed_bytes and len(call.unread) < _UNREAD_BYTES_MAX:
            link.grant(call.stream, call.owed_bytes)
            call.owed_bytes = 0
        if call.finished and not call.unread:
            self._end(call)
            return
        mask = READ | (WRITE if call.unread else 0)
        self._loop.watch(descriptor, mask, lambda _: self._read(call, link))

    def _read(self, call: _Call, link: Link) -> None:
        content = read_some(call.client.fileno(), _READ_BYTES)
        if content is None:
            return
        if content == b"":
            # A client that leaves frees its slot: the host is told at once.
            self._leave(call, link)
            return
        if call.request is not None or call.finished:
            return  # Pipelined bytes: the answer says `Connection: close`.
        try:
            call.request = call.parser.feed(content)
        except http_wire.BadRequestError as error:
            call.unread += http_wire.error_answer(error.status, "bad_request", str(error))
            call.finished = True
            return
        if call.parser.wants_go_ahead and call.request is None:
            call.parser.wants_go_ahead = False
            call.unread += b"HTTP/1.1 100 Continue\r\n\r\n"

    def _leave(self, call: _Call, link: Link) -> None:
        link.close(call.stream, "the client left")
        self._end(call)
        self._changed()

    def _end(self, call: _Call) -> None:
        descriptor = call.client.fileno()
        if self._calls.pop(descriptor, None) is not None:
            self._loop.forget(descriptor)
            call.client.close()
