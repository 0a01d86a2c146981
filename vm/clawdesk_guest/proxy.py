"""The way out of a machine without a network card: an HTTP proxy on 127.0.0.1:3128.

CONNECT and plain HTTP; each connection is forwarded to the host as a stream of its own, and what
may be reached is decided there, as is what a name stands for.
"""

from clawdesk_guest.link import Link
from clawdesk_guest.local_server import Client, LocalServer
from clawdesk_guest.loop import Loop
from clawdesk_guest.protocol import LocalError

_HEAD_BYTES_MAX = 64 << 10
_UNSENT_BYTES_MAX = 256 << 10
_CLIENTS_MAX = 32
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_OWN_HEADERS = ("connection:", "proxy-", "keep-alive:")


class _Way(Client):
    """One program's connection and where it leads."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor)
        self.head = bytearray()  # until the request is known
        self.wanted: tuple[str, int] | None = None
        self.is_tunnel = False
        self.unsent = bytearray()  # bytes for the outside

    @property
    def may_read(self) -> bool:  # type: ignore[override]
        return len(self.unsent) < _UNSENT_BYTES_MAX


class Proxy(LocalServer[_Way]):
    """All connections of the machine to the outside. While held nothing is begun or sent."""

    def __init__(self, loop: Loop, link: Link, address: tuple[str, int]) -> None:
        super().__init__(loop, link, address, _CLIENTS_MAX, _Way)

    def restart(self) -> None:
        """A new epoch: connections of the one before are broken off, as by any network."""
        for one in list(self.clients.values()):
            if one.stream or one.answered:
                self.end(one)

    # From the host

    def answer(self, stream: int, status: int, headers: dict[str, str]) -> None:
        one = self.streams.get(stream)
        if one is None:
            return
        one.answered = True
        if status != 200:
            one.unread += _refusal(403, headers.get("x-clawdesk-reason", "refused"))
            one.finished = True
        elif one.is_tunnel:
            one.unread += _ESTABLISHED

    def got(self, stream: int, content: bytes) -> None:
        one = self.streams.get(stream)
        if one is not None:
            one.owed_bytes += len(content)
            one.unread += content

    def closed(self, stream: int, error: str) -> None:
        one = self.streams.get(stream)
        if one is None:
            return
        self.part(one)
        if not one.answered:
            one.unread += _refusal(502, error or "the connection could not be made")
        one.finished = True

    # To the host

    def carry(self, one: _Way) -> None:
        if self._held:
            return
        if one.wanted is not None and not one.stream and not one.answered and not one.finished:
            host, port = one.wanted
            try:
                self.join(one, self.link.open({"op": "connect", "host": host, "port": port}))
            except LocalError as error:
                one.unread += _refusal(400, str(error))
                one.finished = True
        while one.answered and one.unsent and (room := self.link.room(one.stream)):
            part = bytes(one.unsent[:room])
            self.link.write(one.stream, part)
            del one.unsent[: len(part)]

    # The program

    def heard(self, one: _Way, content: bytes) -> None:
        """Its request first, then whatever is for the other end."""
        if one.wanted is not None:
            one.unsent += content
        elif not one.finished:
            one.head += content
            self._take_head(one)

    def _take_head(self, one: _Way) -> None:
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


def _host_and_port(place: str, usual: int) -> tuple[str, int] | None:
    """A name and a port; nothing with a user's name in it, and no bare address in brackets."""
    host, _, port = place.partition(":")
    number = int(port) if port.isdecimal() and len(port) < 6 else (usual if not port else 0)
    if not host or "@" in host or "[" in host or not 0 < number < 65_536:
        return None
    return host, number


def _refusal(status: int, why: str) -> bytes:
    phrase = {400: "Bad Request", 403: "Forbidden", 502: "Bad Gateway"}[status]
    body = f"{why}\n".encode()
    lines = [f"HTTP/1.1 {status} {phrase}", "Content-Type: text/plain; charset=utf-8"]
    lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + body
