"""As much of HTTP/1.1 as a model client on the loopback needs: requests in, answers out.

Bytes in, values out. One request per connection; every answer says `Connection: close`.
"""

from typing import NamedTuple

HEAD_BYTES_MAX = 64 << 10
BODY_BYTES_MAX = 32 << 20
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
    """A complete request; header names are lower case, hop-by-hop headers are left out."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class RequestParser:
    """Collects one request. `wants_go_ahead` is set when the client waits for "100 Continue"."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head: tuple[str, str, dict[str, str]] | None = None
        self._body = bytearray()
        self._length = 0
        self._chunked = False
        self.wants_go_ahead = False

    def feed(self, received: bytes) -> Request | None:
        """The request once it is complete. Raises BadRequestError."""
        self._buffer += received
        if self._head is None and not self._take_head():
            return None
        assert self._head is not None
        if not (self._take_chunks() if self._chunked else self._take_length()):
            return None
        method, path, headers = self._head
        kept = {name: value for name, value in headers.items() if name not in _HOP_BY_HOP}
        return Request(method, path, kept, bytes(self._body))

    def _take_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > HEAD_BYTES_MAX:
                raise BadRequestError(400, "the head of the request is too long")
            return False
        lines = bytes(self._buffer[:end]).decode("latin-1").split("\r\n")
        del self._buffer[: end + 4]
        words = lines[0].split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1.") or not words[1].startswith("/"):
            raise BadRequestError(400, "not an HTTP/1.1 request")
        headers = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if not colon:
                raise BadRequestError(400, "a malformed header")
            headers[name.strip().lower()] = value.strip()
        self._head = (words[0], words[1], headers)
        self._plan_body(headers)
        return True

    def _plan_body(self, headers: dict[str, str]) -> None:
        self._chunked = "chunked" in headers.get("transfer-encoding", "").lower()
        length = headers.get("content-length", "0")
        if not length.isdigit():
            raise BadRequestError(400, "a malformed Content-Length")
        self._length = int(length)
        self._check(self._length)
        self.wants_go_ahead = headers.get("expect", "").lower() == "100-continue"

    def _check(self, length: int) -> None:
        if length > BODY_BYTES_MAX:
            raise BadRequestError(413, f"a body of more than {BODY_BYTES_MAX >> 20} MiB")

    def _take_length(self) -> bool:
        self._body += self._buffer
        self._buffer.clear()
        return len(self._body) >= self._length

    def _take_chunks(self) -> bool:
        while True:
            end = self._buffer.find(b"\r\n")
            if end < 0:
                return False
            try:
                size = int(bytes(self._buffer[:end]).split(b";")[0], 16)
            except ValueError:
                raise BadRequestError(400, "a malformed chunk") from None
            self._check(len(self._body) + size)
            if len(self._buffer) < end + 2 + size + 2:
                return False
            self._body += self._buffer[end + 2 : end + 2 + size]
            del self._buffer[: end + 2 + size + 2]
            if size == 0:
                return True


def answer_head(status: int, headers: dict[str, str], *, chunked: bool) -> bytes:
    """Status line and headers of an answer."""
    lines = [f"HTTP/1.1 {status} {_PHRASES.get(status, 'Answer')}"]
    lines += [f"{n}: {v}" for n, v in headers.items() if n.lower() not in _HOP_BY_HOP]
    lines += ["Connection: close", *(["Transfer-Encoding: chunked"] if chunked else [])]
    text = "\r\n".join([*lines, "", ""])
    if text.count("\r") + text.count("\n") != 2 * len(lines) + 2:
        # A line break inside a header would begin another one.
        clean = [line.replace("\r", " ").replace("\n", " ") for line in lines]
        text = "\r\n".join([*clean, "", ""])
    return text.encode("latin-1", "replace")


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(content), content)


LAST_CHUNK = b"0\r\n\r\n"


def error_answer(status: int, code: str, message: str) -> bytes:
    """A whole answer in the shape OpenAI's clients understand."""
    import json

    body = json.dumps({"error": {"message": message, "type": "clawdesk", "code": code}}).encode()
    head = {"content-type": "application/json"}
    return answer_head(status, head, chunked=True) + chunk(body) + LAST_CHUNK
