"""The way out of a machine without a network card: an HTTP proxy on 127.0.0.1:3128.

CONNECT and plain HTTP; each connection is forwarded to the host as a stream of its own, and what
may be reached is decided there, as is what a name stands for.
"""

import socket
from collections.abc import Callable

from clawdesk_guest.link import Link
from clawdesk_guest.loop import READ, WRITE, Loop, read_some, write_some
from clawdesk_guest.protocol import LocalError

_READ_BYTES = 64 << 10
_HEAD_BYTES_MAX = 64 << 10
_UNREAD_BYTES_MAX = 256 << 10
_UNSENT_BYTES_MAX = 256 << 10
_CLIENTS_MAX = 32
"""At once; more wait in the listener's queue."""
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_OWN_HEADERS = ("connection:", "proxy-", "keep-alive:")


class _Client:
    """One program's connection."""

    def __init__(self, client: socket.socket) -> None:
        self.client = client
        self.head = bytearray()  # until the request is known
        self.wanted: tuple[str, int] | None = None
        self.is_tunnel = False
        self.stream = 0
        self.answered = False
        self.unsent = bytearray()  # bytes for the outside
        self.unread = bytearray()  # bytes for the program
        self.owed_bytes = 0
        self.finished = False  # close when `unread` is empty


class Proxy:
    """All connections of the machine to the outside."""

    def __init__(self, loop: Loop, address: tuple[str, int]) -> None:
        self._loop = loop
        self._clients: dict[int, _Client] = {}
        self._held = True
        self._listener = socket.create_server(address, backlog=64)
        self._listener.setblocking(False)
        self._accepting = False

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def hold(self, held: bool) -> None:
        """While held nothing is begun and nothing is sent."""
        self._held = held

    def restart(self) -> None:
        """A new epoch: connections of the one before are broken off, as by any network."""
        for one in list(self._clients.values()):
            if one.stream or one.answered:
                self._end(one)

    def close(self) -> None:
        for one in list(self._clients.values()):
            self._end(one)
        self._loop.forget(self._listener.fileno())
        self._listener.close()

    # From the host

    def owns(self, stream: int) -> bool:
        return self._of(stream) is not None

    def answer(self, stream: int, status: int, headers: dict[str, str]) -> None:
        one = self._of(stream)
        if one is None:
            return
        one.answered = True
        if status != 200:
            why = headers.get("x-clawdesk-reason", "refused")
            one.unread += _refusal(403, why)
            one.finished = True
        elif one.is_tunnel:
            one.unread += _ESTABLISHED

    def got(self, stream: int, content: bytes) -> None:
        one = self._of(stream)
        if one is not None:
            one.owed_bytes += len(content)
            one.unread += content

    def closed(self, stream: int, error: str) -> None:
        one = self._of(stream)
        if one is None:
            return
        one.stream = 0
        if not one.answered:
            one.unread += _refusal(502, error or "the connection could not be made")
        one.finished = True

    def _of(self, stream: int) -> _Client | None:
        return next((c for c in self._clients.values() if c.stream == stream), None)

    # To the host

    def pump(self, link: Link, *, connected: bool) -> None:
        """Forward what may go; called whenever the loop is about to wait."""
        self._listen(len(self._clients) < _CLIENTS_MAX)
        for one in list(self._clients.values()):
            if connected and not self._held:
                self._forward(one, link)
            self._serve(one, link)

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
        self._clients[client.fileno()] = _Client(client)

    def _forward(self, one: _Client, link: Link) -> None:
        if one.wanted is not None and not one.stream and not one.answered and not one.finished:
            host, port = one.wanted
            try:
                one.stream = link.open({"op": "connect", "host": host, "port": port})
            except LocalError as error:
                one.unread += _refusal(400, str(error))
                one.finished = True
        while one.answered and one.unsent and (room := link.room(one.stream)):
            part = bytes(one.unsent[:room])
            link.write(one.stream, part)
            del one.unsent[: len(part)]

    # The program

    def _serve(self, one: _Client, link: Link) -> None:
        """Give the program what there is and watch for what it does."""
        descriptor = one.client.fileno()
        while one.unread:
            count = write_some(descriptor, bytes(one.unread[:_READ_BYTES]))
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
            self._end(one)
            return
        may_read = len(one.unsent) < _UNSENT_BYTES_MAX
        mask = (READ if may_read else 0) | (WRITE if one.unread else 0)
        if mask:
            self._loop.watch(descriptor, mask, self._reading(one, link))
        else:
            self._loop.forget(descriptor)

    def _reading(self, one: _Client, link: Link) -> Callable[[int], None]:
        return lambda mask: self._read(one, link) if mask & READ else None

    def _read(self, one: _Client, link: Link) -> None:
        content = read_some(one.client.fileno(), _READ_BYTES)
        if content is None:
            return
        if content == b"":
            self._leave(one, link)
        elif one.wanted is not None:
            one.unsent += content
        elif not one.finished:
            one.head += content
            self._take_head(one)

    def _take_head(self, one: _Client) -> None:
        end = one.head.find(b"\r\n\r\n")
        if end < 0 and len(one.head) <= _HEAD_BYTES_MAX:
            return
        lines = bytes(one.head[: max(end, 0)]).decode("latin-1").split("\r\n")
        rest = bytes(one.head[end + 4 :])
        one.head.clear()
        words = lines[0].split(" ")
        wrong = "" if len(words) == 3 and words[2].startswith("HTTP/1.") else "not an HTTP request"
        if not wrong and words[0] == "CONNECT":
            one.is_tunnel = True
            one.wanted = _host_and_port(words[1], 0)
        elif not wrong and words[1].lower().startswith("http://"):
            place, slash, path = words[1][7:].partition("/")
            one.wanted = _host_and_port(place, 80)
            # As the server wants it, and for one request: the next may be to another host.
            kept = [line for line in lines[1:] if not line.lower().startswith(_OWN_HEADERS)]
            first = f"{words[0]} {slash or '/'}{path} {words[2]}"
            head = "\r\n".join([first, *kept, "Connection: close", "", ""])
            one.unsent += head.encode("latin-1")
        if one.wanted is None:
            one.unread += _refusal(400, wrong or f"not a host and a port: {words[1][:200]}")
            one.finished = True
        one.unsent += rest

    def _leave(self, one: _Client, link: Link) -> None:
        link.close(one.stream, "the program closed its connection")
        self._end(one)

    def _end(self, one: _Client) -> None:
        descriptor = one.client.fileno()
        if self._clients.pop(descriptor, None) is not None:
            self._loop.forget(descriptor)
            one.client.close()


def _host_and_port(place: str, usual: int) -> tuple[str, int] | None:
    """A name and a port; nothing with a user's name in it, and no bare address in brackets."""
    host, _, port = place.partition(":")
    number = int(port) if port.isdigit() and len(port) < 6 else (usual if not port else 0)
    if not host or "@" in host or "[" in host or not 0 < number < 65_536:
        return None
    return host, number


def _refusal(status: int, why: str) -> bytes:
    phrase = {400: "Bad Request", 403: "Forbidden", 502: "Bad Gateway"}[status]
    body = f"{why}\n".encode()
    lines = [f"HTTP/1.1 {status} {phrase}", "Content-Type: text/plain; charset=utf-8"]
    lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + body
