"""Model calls: HTTP on 127.0.0.1:8080, each forwarded to the host as a stream of its own.

It adds no key and reads no more of a call than where it ends: what it says, and what the answer
looks like, is the host's affair (protocol, rule 16). While the machine is quiesced new calls wait
here, and where a step's model calls are boundaries (`turns`) they wait for the checkpoint.
"""

from collections.abc import Callable

from clawdesk_guest import http_wire
from clawdesk_guest.link import Link
from clawdesk_guest.local_server import Client, LocalServer
from clawdesk_guest.loop import Loop
from clawdesk_guest.protocol import LocalError
from clawdesk_guest.turns import Turns

_CALLS_MAX = 64


class _Call(Client):
    """One client connection and its one request. Once answered it cannot be asked again."""

    parser: http_wire.RequestParser | None = None
    """Of what has come so far of a request."""
    request: http_wire.Request | None = None
    passed = False
    """It was let through before: a new connection of the host asks no boundary again."""
    body_sent_bytes = 0


class Relay(LocalServer[_Call]):
    """All model calls of the machine.

    A program waits for each: what is its affair goes out as soon as it can, and what is ours alone
    is done behind it, while the host answers.

    Args:
        changed: called when a call began or ended.
        send: has what was queued for the host go now.
    """

    def __init__(
        self,
        loop: Loop,
        link: Link,
        address: tuple[str, int],
        turns: Turns,
        *,
        changed: Callable[[], None],
        send: Callable[[], object],
    ) -> None:
        super().__init__(loop, link, address, _CALLS_MAX, _Call)
        self._turns = turns
        self._changed = changed
        self._send = send

    @property
    def in_flight(self) -> int:
        """Calls the host knows of."""
        return len(self.streams)

    def restart(self) -> None:
        """A new epoch: the host knows none of our streams.

        Calls of which no byte was answered are asked again, the others end with a reset.
        """
        for call in list(self.clients.values()):
            if call.answered and not call.finished:
                self.end(call)
            elif not call.finished:
                self.part(call)
                call.body_sent_bytes = 0

    # From the host

    def got(self, stream: int, content: bytes) -> None:
        call = self.streams.get(stream)
        if call is not None:
            call.answered = True
            call.owed_bytes += len(content)
            call.unread += content

    def closed(self, stream: int, error: str) -> None:
        call = self.streams.get(stream)
        if call is None:
            return
        self.part(call)
        if not call.answered:
            call.unread += http_wire.error_answer(502, "relay_failed", error or "no answer")
        if error and call.answered:
            self.end(call)  # The client sees that the answer was cut.
            self._changed()
            return
        call.finished = True
        self.serve(call)
        self._changed()

    # To the host

    def carry(self, one: _Call) -> None:
        if one.request is None or one.finished:
            return
        head, body = one.request
        if not one.stream and not self._held:
            self._forward(one, head, body)
        if one.body_sent_bytes < len(body):
            self._send_body(one, body)

    def _forward(self, call: _Call, head: bytes, body: bytes) -> None:
        # Only what asks a model for words is a turn of an agent; looking at the list is none.
        if not call.passed and head.startswith(b"POST ") and not self._turns.may_go():
            return
        call.passed = True
        try:
            stream, call.body_sent_bytes = self.link.ask(head, body)
        except LocalError as error:
            call.unread += http_wire.error_answer(400, "bad_request", str(error))
            call.finished = True
        else:
            self.join(call, stream)

    def _send_body(self, call: _Call, body: bytes) -> None:
        while call.body_sent_bytes < len(body) and (room := self.link.room(call.stream)):
            begin = call.body_sent_bytes
            part = body[begin : begin + room]
            self.link.write(call.stream, part)
            call.body_sent_bytes += len(part)

    # The client

    def heard(self, one: _Call, content: bytes) -> None:
        """A part of its request; what comes behind that is not read: one call a connection."""
        if one.request is not None or one.finished:
            return
        try:
            if one.parser is None:
                one.parser = http_wire.RequestParser()
            one.request = one.parser.feed(content)
        except http_wire.BadRequestError as error:
            one.unread += http_wire.error_answer(error.status, "bad_request", str(error))
            one.finished = True
            return
        if one.request is not None:
            one.parser = None  # what it kept of a long body would be kept twice
            # What the step printed before a boundary goes out before it: that is for `pump`.
            if not self._turns.is_boundary():
                self.carry(one)
                self._send()
        elif one.parser.wants_go_ahead:
            one.parser.wants_go_ahead = False
            one.unread += b"HTTP/1.1 100 Continue\r\n\r\n"

    def left(self, one: _Call) -> None:
        self._changed()
