"""Programs of the machine that connect to a port of ours, each joined to a stream of the host.

What is common to the relay of model calls and to the way out: who may connect, how bytes get to a
program no faster than it takes them, and how a connection ends.
"""

import os
import select
import socket
from collections.abc import Callable
from typing import Generic, TypeVar

from clawdesk_guest.link import Link
from clawdesk_guest.loop import READ, WRITE, Loop, read_some, write_some

READ_BYTES = 64 << 10
_UNREAD_BYTES_MAX = 256 << 10
_ASKS_WITHIN_S = 1  # a client that says nothing so long is taken all the same
_GONE = select.EPOLLHUP | select.EPOLLERR
"""Reported whatever is watched for; not read, it would be reported again at once."""


class Client:
    """One program's connection."""

    # As it begins: a connection is made for each model call, and what it never needs costs nothing.
    watched = 0
    """What the loop tells of it."""
    stream = 0
    """Of the host; 0 = none is open."""
    answered = False
    """The head of the answer has come."""
    owed_bytes = 0
    """Credit to give back once the program has taken what came."""
    finished = False
    """Close when `unread` is empty."""
    may_read = True
    """Whether there is room for what the program says next."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.unread = bytearray()  # bytes for the program


C = TypeVar("C", bound=Client)


class LocalServer(Generic[C]):
    """Connections to one port.

    Args:
        clients_max: at once; more wait in the listener's queue.
        make: the state of a new connection.
    """

    def __init__(
        self,
        loop: Loop,
        link: Link,
        address: tuple[str, int],
        clients_max: int,
        make: Callable[[int], C],
    ) -> None:
        self._loop = loop
        self.link = link
        self._clients_max = clients_max
        self._make = make
        self.clients: dict[int, C] = {}
        """By descriptor. Whoever goes through them takes a list: they may end meanwhile."""
        self.streams: dict[int, C] = {}
        """Which connection each stream of the host belongs to."""
        self._held = True
        self._listener = socket.create_server(address, backlog=2 * clients_max)
        self._listener.setblocking(False)
        # Told of a connection once it has asked: sooner it could only be put aside.
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, _ASKS_WITHIN_S)
        self._accepting = False
        self._listen()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def hold(self, held: bool) -> None:
        """While held, as it is until a host listens, nothing new is forwarded."""
        self._held = held

    def close(self) -> None:
        for one in list(self.clients.values()):
            self.end(one)
        self._loop.forget(self._listener.fileno())
        self._listener.close()

    def join(self, one: C, stream: int) -> None:
        """From now on a connection has that stream; 0 = none, for too many are open."""
        one.stream = stream
        if stream:
            self.streams[stream] = one

    def part(self, one: C) -> None:
        """Its stream is over, or the host has forgotten it."""
        self.streams.pop(one.stream, None)
        one.stream = 0

    def heard(self, one: C, content: bytes) -> None:
        """What a program said; a subclass says what that means."""

    def left(self, one: C) -> None:
        """A program closed its connection before we did; a subclass may care."""

    def carry(self, one: C) -> None:
        """Forward what may go of a connection."""

    def pump(self) -> None:
        """Move what may go, where there are clients; called whenever the loop is about to wait."""
        for one in list(self.clients.values()):
            self.carry(one)
            self.serve(one)

    def _listen(self) -> None:
        """Take new connections while there is room."""
        if (len(self.clients) < self._clients_max) == self._accepting:
            return
        self._accepting = not self._accepting
        if self._accepting:
            self._loop.watch(self._listener.fileno(), READ, self._accept)
        else:
            self._loop.forget(self._listener.fileno())

    def _accept(self, _seen: int) -> None:
        try:
            # `accept` is this and a socket object around it, a dozen calls for each model call.
            descriptor, _ = self._listener._accept()  # type: ignore[attr-defined]
        except OSError:
            return
        os.set_blocking(descriptor, False)
        one = self.clients[descriptor] = self._make(descriptor)
        if len(self.clients) == self._clients_max:
            self._listen()
        self._seen(one, READ)  # as a rule it has asked already

    def serve(self, one: C) -> None:
        """Give the program what there is and watch for what it does."""
        descriptor = one.descriptor
        while one.unread:
            count = write_some(descriptor, bytes(one.unread[:READ_BYTES]))
            if count < 0:
                self._leave(one)
                return
            del one.unread[:count]
            if count == 0:
                break
        if one.owed_bytes and len(one.unread) < _UNREAD_BYTES_MAX:
            self.link.grant(one.stream, one.owed_bytes)
            one.owed_bytes = 0
        if one.finished and not one.unread:
            self.end(one)
            return
        mask = (READ if one.may_read else 0) | (WRITE if one.unread else 0) | _GONE
        if mask != one.watched:
            one.watched = mask
            self._loop.watch(descriptor, mask, lambda seen: self._seen(one, seen))

    def _seen(self, one: C, seen: int) -> None:
        """Something happened on a connection; that it takes bytes again `serve` will find."""
        if not one.may_read and not seen & _GONE:
            return
        content = read_some(one.descriptor, READ_BYTES)
        if content == b"":
            # A program that leaves frees what it held: the host is told at once.
            self._leave(one)
        elif content is not None:
            self.heard(one, content)

    def _leave(self, one: C) -> None:
        self.link.close(one.stream, "the program closed its connection")
        self.end(one)
        self.left(one)

    def end(self, one: C) -> None:
        if self.clients.pop(one.descriptor, None) is not None:
            self.part(one)
            self._loop.forget(one.descriptor)
            os.close(one.descriptor)
            if not self._accepting:
                self._listen()
