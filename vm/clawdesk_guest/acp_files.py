"""Files an agent reads and writes through us: text, inside the workspace only, of bounded size.

The agent runs as root in its machine and could open these files itself; that it asks us makes the
workspace the one place where its words count.
"""

import os
import stat

from clawdesk_guest.acp_wire import Params, text_of

READ_BYTES_MAX = 1 << 20
WRITE_BYTES_MAX = 4 << 20
_PATH_CHARS_MAX = 4096


class RefusedError(Exception):
    """The request cannot be served; the text says why, to the agent."""


class Files:
    """What `fs/read_text_file` and `fs/write_text_file` reach.

    Args:
        folder: the workspace.
    """

    def __init__(self, folder: str) -> None:
        self._folder = os.path.realpath(folder)

    def place(self, value: object) -> str:
        """The path a request names, links resolved. Raises RefusedError: it is not inside."""
        path = text_of(value, _PATH_CHARS_MAX)
        if not path or "\0" in path:
            raise RefusedError("the path is no path")
        real = os.path.realpath(os.path.join(self._folder, path))
        if os.path.commonpath([self._folder, real]) != self._folder:
            raise RefusedError(f"{path} is not inside {self._folder}")
        return real

    def read(self, params: Params) -> str:
        """The lines from `line` (1 = the first) on, at most `limit`. Raises RefusedError."""
        path = self.place(params.get("path"))
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as source:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise RefusedError("this is not a file")
                content = source.read(READ_BYTES_MAX + 1)
        except OSError as error:
            raise RefusedError(_why(error)) from None
        if len(content) > READ_BYTES_MAX:
            raise RefusedError(f"the file is longer than {READ_BYTES_MAX} bytes")
        lines = content.decode("utf-8", "replace").splitlines(keepends=True)
        first = max(1, _number(params.get("line"), 1))
        limit = max(0, _number(params.get("limit"), len(lines)))
        return "".join(lines[first - 1 : first - 1 + limit])

    def write(self, params: Params) -> None:
        """Put `content` there, and nothing else. Raises RefusedError."""
        path = self.place(params.get("path"))
        content = params.get("content")
        if not isinstance(content, str):
            raise RefusedError("the content is no text")
        written = content.encode("utf-8", "replace")
        if len(written) > WRITE_BYTES_MAX:
            raise RefusedError(f"the content is longer than {WRITE_BYTES_MAX} bytes")
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            descriptor = os.open(path, flags, 0o644)
            with os.fdopen(descriptor, "wb") as target:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise RefusedError("this is not a file")
                os.truncate(descriptor, 0)
                target.write(written)
        except OSError as error:
            raise RefusedError(_why(error)) from None


def _number(value: object, usual: int) -> int:
    return value if type(value) is int else usual


def _why(error: OSError) -> str:
    return error.strerror or type(error).__name__
