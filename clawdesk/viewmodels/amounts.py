"""Numbers of things in words, in the user's language, where more than one view says them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from clawdesk.domain.model import Record
from clawdesk.viewmodels.language import counted, marked, tr
from clawdesk.viewmodels.words import DAY_MS, clock_time, short_path

PATHS_MAX = 3
WEEK_DAYS, WEEKS_MAX = 7, 8
_DAYS = (
    marked("Thursday"),  # the first day of 1970
    marked("Friday"),
    marked("Saturday"),
    marked("Sunday"),
    marked("Monday"),
    marked("Tuesday"),
    marked("Wednesday"),
)
_MONTHS = (
    marked("Jan"),
    marked("Feb"),
    marked("Mar"),
    marked("Apr"),
    marked("May"),
    marked("Jun"),
    marked("Jul"),
    marked("Aug"),
    marked("Sep"),
    marked("Oct"),
    marked("Nov"),
    marked("Dec"),
)
_RECORDED = {
    "approved": marked("approved"),
    "amended": marked("amended"),
    "rejected": marked("rejected"),
    "answered": marked("answered"),
    "asked_back": marked("asked back"),
    "decided": marked("decided"),
    "done": marked("done"),
    "failed": marked("failed"),
    "cancelled": marked("cancelled"),
}


def files(count: int) -> str:
    """`1 file`, `3 files`."""
    return counted(count, "{count} file", "{count} files")


def steps(count: int) -> str:
    """`1 step`, `3 steps`."""
    return counted(count, "{count} step", "{count} steps")


def leases(count: int) -> str:
    """`1 lease`, `3 leases`: of a model."""
    return counted(count, "{count} lease", "{count} leases")


def calls(count: int) -> str:
    """`1 call`, `3 calls`: to a model."""
    return counted(count, "{count} call", "{count} calls")


def and_more(count: int) -> str:
    """What a list leaves out; "" where it is whole."""
    return tr("and {count} more", count=count) if count > 0 else ""


def listed(texts: Sequence[str], shown_max: int) -> str:
    """The first of them with commas, and how many more there are."""
    shown, more = ", ".join(texts[:shown_max]), len(texts) - shown_max
    return tr("{names} and {count} more", names=shown, count=more) if more > 0 else shown


def first_of(texts: Sequence[str], shown_max: int) -> tuple[str, ...]:
    """The first of them, each a line of its own, and how many more there are."""
    more = and_more(len(texts) - shown_max)
    return (*texts[:shown_max], *([more] if more else []))


def few_paths(paths: Sequence[str]) -> str:
    """Up to three paths, and how many more there are."""
    return listed([short_path(path) for path in paths], PATHS_MAX)


def day(at_ms: int, now_ms: int, offset_ms: int) -> str:
    """A day as one says it: `today`, `Friday`, `3 weeks ago`, then its date; 0 = not known.

    Args:
        offset_ms: the zone's distance from UTC.
    """
    number = (at_ms + offset_ms) // DAY_MS
    ago = (now_ms + offset_ms) // DAY_MS - number
    if at_ms <= 0 or ago < 0:
        return ""
    if ago < 2:
        return tr("yesterday") if ago else tr("today")
    if ago < WEEK_DAYS:
        return tr(_DAYS[number % WEEK_DAYS])
    weeks = ago // WEEK_DAYS
    if weeks <= WEEKS_MAX:
        return counted(weeks, "{count} week ago", "{count} weeks ago")
    return f"{datetime.fromtimestamp((at_ms + offset_ms) / 1000, UTC):%Y-%m-%d}"


def date(at_ms: int, offset_ms: int) -> str:
    """`26 Nov`."""
    at = datetime.fromtimestamp((at_ms + offset_ms) / 1000, UTC)
    return tr("{day} {month}", day=at.day, month=tr(_MONTHS[at.month - 1]))


def moment(at_ms: int, now_ms: int, offset_ms: int, *, seconds: bool = False) -> str:
    """The time of day today; of another day its date as well, of another year the year too.

    Args:
        now_ms: 0 = not known; then the time of day alone.
        seconds: show them, of today.
    """
    at_day, today = (at_ms + offset_ms) // DAY_MS, (now_ms + offset_ms) // DAY_MS
    if not now_ms or at_day == today:
        return clock_time(at_ms, offset_ms, seconds=seconds)
    shown = date(at_ms, offset_ms)
    at, now = (datetime.fromtimestamp((ms + offset_ms) / 1000, UTC) for ms in (at_ms, now_ms))
    if at.year != now.year:
        shown = f"{shown} {at.year}"
    return f"{shown} {clock_time(at_ms, offset_ms)}"


def whole(record: Record, name: str) -> int:
    """A whole number of a record's; 0 where it has none."""
    value = record.fields.get(name)
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0


def rejected_to(ordinal: int) -> str:
    """That work was rejected, and where its step begins again."""
    return tr("rejected, so it begins again at {where}", where=where(ordinal))


def where(ordinal: int) -> str:
    """The place in a task that a checkpoint marks; 0 = its start."""
    return tr("checkpoint {ordinal}", ordinal=ordinal) if ordinal else tr("the start")


def recorded(word: str) -> str:
    """A word of a record: what a person decided, how a task ended. An unknown one stays."""
    known = _RECORDED.get(word)
    return tr(known) if known is not None else word
