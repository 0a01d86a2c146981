"""One plain HTTP request of a guest's program, made into one with a key: bytes in, bytes out.

Whatever reads the result must read one request, and the one that was judged. So what two readers
could take for two things is refused, the head is written anew, and nothing follows the body.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from clawdesk.domain.network import Key, plain
from clawdesk.domain.secrets import Veil

HEAD_BYTES_MAX = 64 << 10
HEADERS_MAX = 100
_CHUNK_LINE_MAX = 1024
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TARGET = re.compile(rb"/[!-~\x80-\xff]*")
_VALUE = re.compile(rb"[\t -~\x80-\xff]*")
_LENGTH = re.compile(rb"[0-9]{1,15}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[\t -~\x80-\xff]*)?")
_NO_METHODS = (b"CONNECT", b"TRACE")
"""A tunnel is no request, and an answer to TRACE holds the request it answers, key and all."""
_LEFT_OUT = frozenset({
    b"accept-encoding", b"connection", b"keep-alive", b"te", b"trailer", b"upgrade", b"host",
    b"content-length", b"transfer-encoding",
})  # fmt: skip
"""Headers that are between two neighbours, or that are written anew."""


class RequestRefusedError(Exception):
    """The program's request is not sent on, or no more of its answer comes back; says why."""


class KeyedRequest:
    """What a program sends, as it goes out.

    Args:
        keys: of one host and port, at least one.
    """

    def __init__(self, keys: Sequence[Key]) -> None:
        self._keys = keys
        self._buffer = bytearray()
        self._body: _Body | None = None

    @property
    def is_sent(self) -> bool:
        """Whether a request with the keys went out."""
        return self._body is not None

    def feed(self, content: bytes) -> bytes:
        """What can go out by now. Raises RequestRefusedError; then nothing more may be sent."""
        self._buffer += content
        if self._body is not None:
            return self._body.take(self._buffer)
        end = self._buffer.find(b"\r\n\r\n")
        if (end if end >= 0 else len(self._buffer)) > HEAD_BYTES_MAX:
            raise RequestRefusedError(f"the head is longer than {HEAD_BYTES_MAX >> 10} KiB")
        if end < 0:
            return b""
        lines = bytes(self._buffer[:end]).split(b"\r\n")
        del self._buffer[: end + 4]
        head, body = self._head(lines[0], _headers(lines[1:]))
        self._body = body
        return head + body.take(self._buffer)

    def _head(self, first: bytes, headers: list[tuple[bytes, bytes]]) -> tuple[bytes, _Body]:
        words = first.split(b" ")
        if len(words) != 3 or words[2] not in (b"HTTP/1.0", b"HTTP/1.1"):
            raise RequestRefusedError("not a plain HTTP/1.1 request")
        if not _TOKEN.fullmatch(words[0]) or words[0].upper() in _NO_METHODS:
            raise RequestRefusedError("a method that is not sent on with a key")
        if not _TARGET.fullmatch(words[1]):
            raise RequestRefusedError("its target must be a path on the host")
        self._judge_host([value for name, value in headers if name.lower() == b"host"])
        body = _planned(headers)
        ours = {key.header.lower().encode() for key in self._keys} | _LEFT_OUT
        # "X_Key" is what many servers take for "X-Key": a name with "_" is never sent on.
        kept = [
            (name, value)
            for name, value in headers
            if name.lower() not in ours
            and b"_" not in name
            and not name.lower().startswith(b"proxy-")
        ]
        added = [(b"Host", self._host()), *kept, *body.headers()]
        added += [(key.header.encode(), key.words.encode()) for key in self._keys]
        # Packed answers could hold the key unseen; and one request is all there is.
        added += [(b"Accept-Encoding", b"identity"), (b"Connection", b"close")]
        lines = [first, *(name + b": " + value for name, value in added), b"", b""]
        return b"\r\n".join(lines), body

    def _host(self) -> bytes:
        key = self._keys[0]
        return (key.host if key.tls_port == 443 else f"{key.host}:{key.tls_port}").encode()

    def _judge_host(self, named: list[bytes]) -> None:
        """A request names the host it was let out to, or none (HTTP/1.0)."""
        key = self._keys[0]
        if len(named) > 1:
            raise RequestRefusedError("more than one Host header")
        for value in named:
            host, _, port = value.decode("latin-1").partition(":")
            if plain(host) != key.host or (port or "80") not in {str(key.port), "80"}:
                raise RequestRefusedError(f"its Host header names another host than {key.host}")


class _Body:
    """What follows the head: exactly `length` bytes, or chunks; `take` gives what may go out."""

    def __init__(self, length: int | None, *, chunked: bool) -> None:
        self._left = length or 0
        self._length = length
        self._chunked = chunked
        self._needs_line_end = False
        self._is_over = False

    def headers(self) -> list[tuple[bytes, bytes]]:
        if self._chunked:
            return [(b"Transfer-Encoding", b"chunked")]
        return [] if self._length is None else [(b"Content-Length", str(self._length).encode())]

    def take(self, buffer: bytearray) -> bytes:
        """The part of `buffer` that goes out; it is emptied of that. What follows is dropped."""
        out = bytearray()
        while self._left or (self._chunked and not self._is_over):
            if not self._left and not self._begin_chunk(buffer, out):
                return bytes(out)
            part = buffer[: self._left]
            del buffer[: len(part)]
            out += part
            self._left -= len(part)
            if self._left:
                return bytes(out)
        buffer.clear()
        return bytes(out)

    def _begin_chunk(self, buffer: bytearray, out: bytearray) -> bool:
        """Read the line in front of a chunk and write it anew; whether it was there whole.

        Extensions are dropped, and so are headers behind the last chunk: one could name the key's.
        """
        skip = 2 if self._needs_line_end else 0
        if not buffer.startswith(b"\r\n"[: min(skip, len(buffer))]):
            raise RequestRefusedError("a chunk that is longer than it says")
        end = buffer.find(b"\r\n", skip)
        if end < 0:
            if len(buffer) > _CHUNK_LINE_MAX:
                raise RequestRefusedError("a malformed chunk")
            return False
        found = _CHUNK.fullmatch(bytes(buffer[skip:end]))
        if found is None:
            raise RequestRefusedError("a malformed chunk")
        del buffer[: end + 2]
        self._left = int(found[1], 16)
        out += b"\r\n" if self._needs_line_end else b""
        out += f"{self._left:x}\r\n".encode()
        self._needs_line_end = True
        if not self._left:
            self._is_over = True
            out += b"\r\n"
        return True


def _headers(lines: list[bytes]) -> list[tuple[bytes, bytes]]:
    if len(lines) > HEADERS_MAX:
        raise RequestRefusedError(f"more than {HEADERS_MAX} headers")
    found = []
    for line in lines:
        name, colon, value = line.partition(b":")
        # No white space before the colon, none at the line's begin, no lone line end or NUL.
        if not colon or not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
            raise RequestRefusedError("a malformed header")
        found.append((name, value.strip(b" \t")))
    return found


def _planned(headers: list[tuple[bytes, bytes]]) -> _Body:
    """How long the body is; what could be read in two ways is refused."""
    alike = [(name.lower().replace(b"_", b"-"), value) for name, value in headers]
    lengths = [value for name, value in alike if name == b"content-length"]
    codings = [value.lower() for name, value in alike if name == b"transfer-encoding"]
    if len(lengths) + len(codings) > 1:
        raise RequestRefusedError("its length is said more than once")
    if codings and codings != [b"chunked"]:
        raise RequestRefusedError("a transfer coding other than chunked")
    if lengths and not _LENGTH.fullmatch(lengths[0]):
        raise RequestRefusedError("a Content-Length that is no number")
    return _Body(int(lengths[0]) if lengths else None, chunked=bool(codings))


class KeyedAnswer:
    """What the host answers, as it comes back: never with the key, should it be echoed."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._veil = Veil({key.secret: key.value for key in keys})
        self._rest = b""

    def feed(self, content: bytes) -> bytes:
        """What can come back by now; b"" at the end gives the rest. Raises RequestRefusedError."""
        whole = self._rest + content
        if name := self._veil.found_in(whole):
            raise RequestRefusedError(f"its answer holds the secret {name}: it was broken off")
        cut = len(whole) - self._veil.unsure(whole) if content else len(whole)
        self._rest = whole[cut:]
        return whole[:cut]


def refusal(why: str) -> bytes:
    """An answer for the program."""
    body = f"{why}\n".encode()
    lines = ["HTTP/1.1 400 Bad Request", "Content-Type: text/plain; charset=utf-8"]
    lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + body
