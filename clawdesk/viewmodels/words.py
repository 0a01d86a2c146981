"""Words and numbers as they stand on screen: durations, sizes, clock times, plural forms.

Pure text in, text out; no locale is read here, so every picture of a state is the same everywhere.
"""

from __future__ import annotations

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


def duration(ms: float) -> str:
    """A length of time in at most two units: `0 s`, `41 s`, `12 m`, `1 h 5 m`, `3 d`."""
    ms = max(0, int(ms))
    if ms < MINUTE_MS:
        return f"{ms // 1000} s"
    if ms < HOUR_MS:
        return f"{ms // MINUTE_MS} m"
    if ms < DAY_MS:
        minutes = ms % HOUR_MS // MINUTE_MS
        return f"{ms // HOUR_MS} h {minutes} m" if minutes else f"{ms // HOUR_MS} h"
    return f"{ms // DAY_MS} d"


def short_duration(ms: float) -> str:
    """A measured length: `54 ms`, `2.1 s`, then as `duration`."""
    if ms < 1000:
        return f"{ms:.0f} ms"
    if ms < MINUTE_MS:
        return f"{ms / 1000:.1f} s"
    return duration(ms)


def clock_time(at_ms: int, offset_ms: int, *, seconds: bool = False) -> str:
    """Local time of day; `offset_ms` is the zone's distance from UTC."""
    day_s = (at_ms + offset_ms) // 1000 % 86_400
    text = f"{day_s // 3600:02d}:{day_s % 3600 // 60:02d}"
    return f"{text}:{day_s % 60:02d}" if seconds else text


def size(count_bytes: int) -> str:
    """Bytes in the unit that leaves at most four digits: `812 B`, `1.2 GiB`."""
    value, unit = float(count_bytes), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"


def plural(count: int, one: str, many: str = "") -> str:
    """`1 file`, `3 files`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def first_line(text: str, limit: int = 200) -> str:
    """The first line that says something, cut with an ellipsis past `limit` characters."""
    for line in map(str.strip, text[:4096].splitlines()):
        if line:
            return line if len(line) <= limit else line[: limit - 1] + "…"
    return ""


def few_words(text: str, limit: int) -> str:
    """The first line, cut between two words past `limit` characters."""
    line = first_line(text, limit + 1)
    if len(line) <= limit:
        return line
    cut = line[:limit].rpartition(" ")[0].rstrip(" ,.;:")
    return f"{cut or line[:limit]}…"


def short_path(path: str, limit: int = 90) -> str:
    """The end of a path, which tells more than its beginning."""
    return path if len(path) <= limit else "…" + path[-(limit - 1) :]


def short_digest(digest: str) -> str:
    """Seven characters of a digest, without an algorithm's prefix."""
    return digest.rpartition(":")[2][:7]
