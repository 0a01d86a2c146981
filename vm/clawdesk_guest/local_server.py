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

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.watched = 0  # what the loop tells of it
        self.stream = 0  # of the host; 0 = none is open
        self.answered = False  # the head of the answer has come
        self.unread = bytearray()  # bytes for the program
        self.owed_bytes = 0  # credit to give back once the program has taken them
        self.finished = False  # close when `unread` is empty

    @property
    def may_read(self) -> bool:
        """Whether there is room for what the program says next."""
        return True


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
        address: tuple[str, int],
        clients_max: int,
        make: Callable[[int], C],
    ) -> None:
        self._loop = loop
        self._clients_max = clients_max
        self._make = make
        self._clients: dict[int, C] = {}
        self.streams: dict[int, C] = {}
        """Which connection each stream of the host belongs to."""
        self._held = True
        self._listener = socket.create_server(address, backlog=2 * clients_max)
        self._listener.setblocking(False)
        # Told of a connection once it has asked: sooner it could only be put aside.
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, _ASKS_WITHIN_S)
        self._accepting = False

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def clients(self) -> list[C]:
        """All connections, in a list of their own: they may end while one goes through it."""
        return list(self._clients.values())

    def hold(self, held: bool) -> None:
        """While held nothing new is forwarded."""
        self._held = held

    def close(self) -> None:
        for one in self.clients:
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

    def carry(self, one: C, link: Link, *, connected: bool) -> None:
        """Forward what may go of a connection; `connected`: a host listens."""

    def pump(self, link: Link, *, connected: bool) -> None:
        """Move what may go; called whenever the loop is about to wait."""
        if self._clients:
            for one in self.clients:
                self.carry(one, link, connected=connected)
                self.serve(one, link)
        if (len(self._clients) < self._clients_max) != self._accepting:
            self._listen(link)

    def _listen(self, link: Link) -> None:
        """Take new connections while there is room."""
        self._accepting = not self._accepting
        if self._accepting:
            self._loop.watch(self._listener.fileno(), READ, lambda _: self._accept(link))
        else:
            self._loop.forget(self._listener.fileno())

    def _accept(self, link: Link) -> None:
        try:
            # `accept` is this and a socket object around it, a dozen calls for each model call.
            descriptor, _ = self._listener._accept()  # type: ignore[attr-defined]
        except OSError:
            return
        os.set_blocking(descriptor, False)
        one = self._make(descriptor)
        self._clients[descriptor] = one
        self._seen(one, link, READ)  # as a rule it has asked already

    def serve(self, one: C, link: Link) -> None:
        """Give the program what there is and watch for what it does."""
        descriptor = one.descriptor
        while one.unread:
            count = write_some(descriptor, bytes(one.unread[:READ_BYTES]))
            if count < 0:
                self._leave(one, link)
                return
            del one.unread[:count]
            if count == 0:
                break
        if one.owed_bytes and len(one.unread) < _UNREAD_BYTES_MAX:
            link.grant(one.stream, one.owed_bytes)
            one.owed_bytes = 0
        if one.finished and not one.unread:
            self.end(one)
            return
        mask = (READ if one.may_read else 0) | (WRITE if one.unread else 0) | _GONE
        if mask != one.watched:
            one.watched = mask
            self._loop.watch(descriptor, mask, lambda seen: self._seen(one, link, seen))

    def _seen(self, one: C, link: Link, seen: int) -> None:
        """Something happened on a connection; that it takes bytes again `serve` will find."""
        if not one.may_read and not seen & _GONE:
            return
        content = read_some(one.descriptor, READ_BYTES)
        if content == b"":
            # A program that leaves frees what it held: the host is told at once.
            self._leave(one, link)
        elif content is not None:
            self.heard(one, content)

    def _leave(self, one: C, link: Link) -> None:
        link.close(one.stream, "the program closed its connection")
        self.end(one)
        self.left(one)

    def end(self, one: C) -> None:
        if self._clients.pop(one.descriptor, None) is not None:
            self.part(one)
            self._loop.forget(one.descriptor)
            os.close(one.descriptor)
