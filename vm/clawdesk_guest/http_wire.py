"""As much of HTTP/1.1 as a model client on the loopback needs: requests in, answers out.

Bytes in, values out. One request per connection; every answer says `Connection: close`.
"""

from typing import NamedTuple

HEAD_BYTES_MAX = 64 << 10
BODY_BYTES_MAX = 32 << 20
_DIGITS_MAX = 20
_CHUNK_LINE_BYTES_MAX = 4 << 10
_HOP_BY_HOP = frozenset({
    "connection", "content-length", "expect", "host", "keep-alive", "proxy-authenticate",
    "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade", "date", "server",
})  # fmt: skip
_PHRASES = {200: "OK", 400: "Bad Request", 413: "Content Too Large", 502: "Bad Gateway"}


class BadRequestError(Exception):
    """The client sent what we do not take. `status` is the HTTP status to answer with."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Request(NamedTuple):
    """A complete request: its head as it was written, without the empty line, and its body."""

    head: bytes
    body: bytes

    @property
    def is_post(self) -> bool:
        return self.head.startswith(b"POST ")


class RequestParser:
    """Collects one request: finds its end, and reads no more of it than that takes.

    `wants_go_ahead` is set when the client waits for "100 Continue".
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head: bytes | None = None
        self._body = bytearray()
        self._length = 0
        self._chunked = False
        self.wants_go_ahead = False

    def feed(self, received: bytes) -> Request | None:
        """The request once it is complete. Raises BadRequestError."""
        self._buffer += received
        head = self._take_head() if self._head is None else self._head
        if head is None:
            return None
        if self._chunked:
            return Request(head, bytes(self._body)) if self._take_chunks() else None
        if len(self._buffer) < self._length:
            return None
        # What comes behind a request nobody reads: there is one for each connection.
        body = bytes(self._buffer[: self._length])
        self._buffer.clear()
        return Request(head, body)

    def _take_head(self) -> bytes | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > HEAD_BYTES_MAX:
                raise BadRequestError(400, "the head of the request is too long")
            return None
        self._head = head = bytes(self._buffer[:end])
        del self._buffer[: end + 4]
        self._plan_body(head.lower())
        return head

    def _plan_body(self, head: bytes) -> None:
        self._chunked = b"chunked" in _field(head, b"\r\ntransfer-encoding:")
        length = _field(head, b"\r\ncontent-length:") or b"0"
        if not length.isdigit() or len(length) > _DIGITS_MAX:
            raise BadRequestError(400, "a malformed Content-Length")
        self._length = int(length)
        self._check(self._length)
        self.wants_go_ahead = _field(head, b"\r\nexpect:") == b"100-continue"

    def _check(self, length: int) -> None:
        if length > BODY_BYTES_MAX:
            raise BadRequestError(413, f"a body of more than {BODY_BYTES_MAX >> 20} MiB")

    def _take_chunks(self) -> bool:
        while True:
            end = self._buffer.find(b"\r\n", 0, _CHUNK_LINE_BYTES_MAX)
            if end < 0 and len(self._buffer) < _CHUNK_LINE_BYTES_MAX:
                return False
            written = bytes(self._buffer[: max(end, 0)]).split(b";")[0].strip()
            # As a number of any kind it could be negative, and no end would be found.
            if not 0 < len(written) <= _DIGITS_MAX or written.strip(b"0123456789ABCDEFabcdef"):
                raise BadRequestError(400, "a malformed chunk")
            size = int(written, 16)
            self._check(len(self._body) + size)
            if len(self._buffer) < end + 2 + size + 2:
                return False
            self._body += self._buffer[end + 2 : end + 2 + size]
            del self._buffer[: end + 2 + size + 2]
            if size == 0:
                return True


def _field(head: bytes, name: bytes) -> bytes:
    """The value of a header in a head in lower case, b"" if it has none."""
    at = head.find(name)
    if at < 0:
        return b""
    begin = at + len(name)
    end = head.find(b"\r\n", begin)
    return head[begin : end if end >= 0 else None].strip()


def read_head(head: bytes) -> tuple[str, str, dict[str, str]]:
    """Method, path and headers of a request; names in lower case, hop-by-hop headers left out.

    Raises:
        BadRequestError: it is no head of a request to a server.
    """
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1.") or not words[1].startswith("/"):
        raise BadRequestError(400, "not an HTTP/1.1 request")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name != name.strip():
            raise BadRequestError(400, "a malformed header")
        if (name := name.lower()) not in _HOP_BY_HOP:
            headers[name] = value.strip()
    return words[0], words[1], headers


CHUNKED = "Transfer-Encoding: chunked"


def answer_head(status: int, headers: dict[str, str], framing: str = "") -> bytes:
    """Status line and headers of an answer; `framing` is the header that tells its end."""
    lines = [f"HTTP/1.1 {status} {_PHRASES.get(status, 'Answer')}", "Connection: close"]
    lines += [f"{n}: {v}" for n, v in headers.items() if n.lower() not in _HOP_BY_HOP]
    if framing:
        lines.append(framing)
    text = "\r\n".join([*lines, "", ""])
    if text.count("\r") + text.count("\n") != 2 * len(lines) + 2:
        # A line break inside a header would begin another one.
        clean = [line.replace("\r", " ").replace("\n", " ") for line in lines]
        text = "\r\n".join([*clean, "", ""])
    return text.encode("latin-1", "replace")


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(content), content)


def whole_answer(status: int, headers: dict[str, str], body: bytes) -> bytes:
    return answer_head(status, headers, f"Content-Length: {len(body)}") + body


LAST_CHUNK = b"0\r\n\r\n"


def error_answer(status: int, code: str, message: str) -> bytes:
    """A whole answer in the shape OpenAI's clients understand."""
    import json

    body = json.dumps({"error": {"message": message, "type": "clawdesk", "code": code}}).encode()
    head = {"content-type": "application/json"}
    return whole_answer(status, head, body)
