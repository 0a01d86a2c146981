"""What the log says in English of calls, in the user's language: times, tokens, how they ended."""

from __future__ import annotations

from collections.abc import Callable

from clawdesk.runtime import log_lines
from clawdesk.viewmodels.language import counted, tr

_SAY: dict[str, Callable[[str], str]] = {
    "tokens_in": lambda count: tr("{count} tokens in", count=count),
    "tokens_out": lambda count: tr("{count} tokens out", count=count),
    "gpu_s": lambda seconds: tr("{seconds} GPU-seconds", seconds=seconds),
    "before": lambda count: counted(int(count), "{count} more before it", "{count} more before it"),
    "time": lambda seconds: tr("completed after {seconds} s", seconds=seconds),
    "end": lambda seconds: tr("failed after {seconds} s", seconds=seconds),
    "code": lambda code: tr("ended with {code}", code=code),
}


def facts_words(facts: str) -> str:
    """The facts of a call; one that is not known stands as it is."""
    return ", ".join(map(_words, facts.split(", ")))


def _words(fact: str) -> str:
    found = log_lines.FACTS.fullmatch(fact)
    if found is None:
        return fact
    said = ((name, value) for name, value in found.groupdict().items() if value and name in _SAY)
    return next((_SAY[name](value) for name, value in said), fact)


def line_words(line: str) -> str:
    """A line of an entry; one that stands for lines left out says so."""
    found = log_lines.CUT.fullmatch(line)
    if found is None:
        return line
    return counted(int(found[1]), "[{count} more line left out]", "[{count} more lines left out]")
