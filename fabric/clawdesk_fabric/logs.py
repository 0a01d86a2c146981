"""How the process logs: a JSON object a line, or plain lines for a person at a terminal.

Says what happened to a call, never what was said in it: no prompt, no answer, no token. Figures of
a call travel in `extra={"fields": {...}}`.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import TextIO

from clawdesk_fabric import json_lines

TEXT_CHARS_MAX = 2000
HELD_S_MAX = 0.2
HELD_LINES_MAX = 200


@lru_cache(2)
def _second(at_s: int) -> str:
    """The same for every line of one second."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")


class CallEnded(logging.LogRecord):
    """The line of a call that is over.

    Made by hand: that a logger looks for the file, the function, the thread and the process of
    every line costs four times as much as all the rest.
    """

    def __init__(self, name: str, fields: dict[str, object]) -> None:
        self.__dict__.update(_CALL_ENDED)
        self.name = name
        self.created = time.time_ns() / 1e9
        self.msecs = self.created % 1 * 1000
        self.fields = fields


_CALL_ENDED = logging.makeLogRecord(
    {"levelno": logging.INFO, "levelname": "INFO", "msg": "call ended"}
).__dict__


class JsonLines(logging.Formatter):
    """One JSON object a record: time (UTC), level, message, and the record's fields."""

    def format(self, record: logging.LogRecord) -> str:
        shown: dict[str, object] = {
            "time": f"{_second(int(record.created))}.{int(record.created % 1 * 1000):03d}+00:00",
            "level": record.levelname.lower(),
            "message": record.getMessage()[:TEXT_CHARS_MAX],
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            shown["trace"] = self.formatException(record.exc_info)[-TEXT_CHARS_MAX:]
        return json_lines.lines((shown,))[:-1].decode()


class Lines(logging.Formatter):
    """The same for a person."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        fields = getattr(record, "fields", {}).items()
        added = " ".join(f"{key}={value}" for key, value in fields if value != "")
        return f"{super().format(record)} {added}".rstrip()


class Output(logging.StreamHandler[TextIO]):
    """Writes the lines of calls a few at a time, and everything else at once.

    A write of its own for each call would cost more than all the rest of logging.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._held: list[str] = []
        self._timer: asyncio.TimerHandle | None = None

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._held.append(self.format(record) + "\n")
            if not hasattr(record, "fields") or len(self._held) >= HELD_LINES_MAX:
                self.flush()
            elif self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(HELD_S_MAX, self.flush)
        except RuntimeError:
            self.flush()  # no loop runs, so nobody else would
        except Exception:
            # As every handler of the standard library: a line that cannot be written ends nothing.
            self.handleError(record)

    def flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._held:
            text = "".join(self._held)
            self._held.clear()
            self.stream.write(text)
        super().flush()


def set_up(stream: TextIO = sys.stderr) -> None:
    """Log to `stream` from now on: lines at a terminal, JSON anywhere else."""
    output = Output(stream)
    output.setFormatter(Lines() if stream.isatty() else JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[output])
    # Each call is a line, and nothing shows these: the optimisations of Python's logging guide.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
