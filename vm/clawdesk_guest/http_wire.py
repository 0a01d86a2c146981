"""As much of HTTP/1.1 as a model client on the loopback needs: requests in, answers out.

Bytes in, values out. One request per connection, which every answer says (`CLOSE`) unless its
request did.
"""

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


Request = tuple[bytes, bytes]
"""A complete request: its head as it was written, without the empty line, and its body. A named
tuple costs a call each time."""


class RequestParser:
    """Collects one request: finds its end, and reads no more of it than that takes.

    `wants_go_ahead` is set when the client waits for "100 Continue".
    """

    wants_go_ahead = False
    _early = b""  # the beginning of a head
    _head: bytes | None = None
    _length = 0
    _rest: bytearray  # of what came behind a head that did not bring its whole body along
    _chunks: bytearray | None = None  # what came in chunks so far

    def feed(self, received: bytes) -> Request | None:
        """The request once it is complete. Raises BadRequestError."""
        if self._head is None:
            # As a rule all of it comes at once: then it is cut in two and no more.
            head, found, rest = (self._early + received).partition(b"\r\n\r\n")
            if not found:
                self._early = head
                if len(head) > HEAD_BYTES_MAX:
                    raise BadRequestError(400, "the head of the request is too long")
                return None
            self._head = head
            said = head.lower()
            self._length = _length(_field(said, b"\r\ncontent-length:") or b"0")
            coding = _field(said, b"\r\ntransfer-encoding:")
            if len(rest) >= self._length and not coding:
                # What comes behind a request nobody reads: there is one for each connection.
                return head, rest[: self._length]
            if b"chunked" in coding:
                self._chunks = bytearray()
            self.wants_go_ahead = _field(said, b"\r\nexpect:") == b"100-continue"
            self._rest = bytearray(rest)
        else:
            self._rest += received
        if self._chunks is not None:
            is_whole = self._take_chunks(self._chunks)
            return (self._head, bytes(self._chunks)) if is_whole else None
        if len(self._rest) < self._length:
            return None
        return self._head, bytes(self._rest[: self._length])

    def _take_chunks(self, body: bytearray) -> bool:
        while True:
            end = self._rest.find(b"\r\n", 0, _CHUNK_LINE_BYTES_MAX)
            if end < 0 and len(self._rest) < _CHUNK_LINE_BYTES_MAX:
                return False
            written = bytes(self._rest[: max(end, 0)]).split(b";")[0].strip()
            # As a number of any kind it could be negative, and no end would be found.
            if not 0 < len(written) <= _DIGITS_MAX or written.strip(b"0123456789ABCDEFabcdef"):
                raise BadRequestError(400, "a malformed chunk")
            size = int(written, 16)
            _check(len(body) + size)
            if len(self._rest) < end + 2 + size + 2:
                return False
            body += self._rest[end + 2 : end + 2 + size]
            del self._rest[: end + 2 + size + 2]
            if size == 0:
                return True


def _field(head: bytes, name: bytes) -> bytes:
    """The value of a header in a head in lower case, b"" if it has none."""
    return head.partition(name)[2].partition(b"\r\n")[0].strip()


def _length(written: bytes) -> int:
    if not written.isdigit() or len(written) > _DIGITS_MAX:
        raise BadRequestError(400, "a malformed Content-Length")
    length = int(written)
    _check(length)
    return length


def _check(length: int) -> None:
    if length > BODY_BYTES_MAX:
        raise BadRequestError(413, f"a body of more than {BODY_BYTES_MAX >> 20} MiB")


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
CLOSE = "Connection: close"


def says_close(head: bytes) -> bool:
    """Whether whoever wrote this head of a request has said that it asks nothing more here.

    It need not be told so again: each header is one more that its program has to read.
    """
    return b"\r\nconnection: close" in head.lower()


def answer_head(status: int, headers: dict[str, str], *own: str) -> bytes:
    """Status line and headers of an answer; `own` are our headers, of its end and framing."""
    lines = [f"HTTP/1.1 {status} {_PHRASES.get(status, 'Answer')}"]
    lines += [f"{n}: {v}" for n, v in headers.items() if n.lower() not in _HOP_BY_HOP]
    lines += own
    text = "\r\n".join([*lines, "", ""])
    if text.count("\r") + text.count("\n") != 2 * len(lines) + 2:
        # A line break inside a header would begin another one.
        clean = [line.replace("\r", " ").replace("\n", " ") for line in lines]
        text = "\r\n".join([*clean, "", ""])
    return text.encode("latin-1", "replace")


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(content), content)


def whole_answer(status: int, headers: dict[str, str], body: bytes, *own: str) -> bytes:
    return answer_head(status, headers, *own, f"Content-Length: {len(body)}") + body


LAST_CHUNK = b"0\r\n\r\n"


def error_answer(status: int, code: str, message: str) -> bytes:
    """A whole answer in the shape OpenAI's clients understand."""
    import json

    body = json.dumps({"error": {"message": message, "type": "clawdesk", "code": code}}).encode()
    head = {"content-type": "application/json"}
    return whole_answer(status, head, body, CLOSE)
