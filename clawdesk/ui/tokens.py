"""Design tokens: every colour and size of the window, once for dark and once for light.

The only place with colour literals; widgets ask `colour("fg2")` at every paint, so a change of
theme needs no message of its own. Values follow the design's token table.
"""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtGui import QColor


class Theme(StrEnum):
    DARK = "dark"
    LIGHT = "light"


# name: (dark, light); "#AARRGGBB" where it is translucent.
_COLOURS: dict[str, tuple[str, str]] = {
    "bg0": ("#121316", "#F2F3F5"),
    "bg1": ("#17181C", "#FFFFFF"),
    "bg2": ("#1E2025", "#F8F8FA"),
    "bg3": ("#25282E", "#EEF0F3"),
    "bg4": ("#2E3239", "#E3E6EB"),
    "line": ("#272A30", "#E4E6EA"),
    "line2": ("#363A43", "#CFD3DA"),
    "ctl": ("#6A707D", "#858B97"),
    "fg0": ("#ECEDF0", "#16181D"),
    "fg1": ("#B6BAC4", "#474C57"),
    "fg2": ("#8F95A1", "#646A76"),
    "fgoff": ("#5E636E", "#A2A7B1"),
    "acc": ("#7FB0FF", "#1B58C9"),
    "accfill": ("#2F69DC", "#2360D8"),
    "onacc": ("#FFFFFF", "#FFFFFF"),
    "sel": ("#1D2B45", "#E3ECFD"),
    "sel2": ("#22262E", "#F3F5F8"),
    "run": ("#7FB0FF", "#1B58C9"),
    "run-bg": ("#1B2A44", "#E2ECFD"),
    "run-ln": ("#3B5F9E", "#8FB2F0"),
    "need": ("#F3BC55", "#7F4C00"),
    "need-fill": ("#F3BC55", "#F2B13A"),
    "on-need": ("#201500", "#2A1B00"),
    "need-bg": ("#33270F", "#FDF1D6"),
    "need-ln": ("#8A6722", "#C08317"),
    "ok": ("#63CE92", "#126B39"),
    "ok-bg": ("#15301F", "#DFF4E7"),
    "ok-ln": ("#2F6F4A", "#7FC49C"),
    "bad": ("#FF8A80", "#B0241C"),
    "bad-bg": ("#3B1A1B", "#FCE6E4"),
    "bad-ln": ("#8F3C3A", "#E39A95"),
    "mute": ("#A8AEBA", "#525864"),
    "mute-bg": ("#26292F", "#ECEEF1"),
    "mute-ln": ("#464B56", "#C2C7D0"),
    "g0": ("#B69CFF", "#6C46D0"),
    "g1": ("#4FD1C1", "#0B7C70"),
    "g2": ("#F59BC4", "#B32C74"),
    "g3": ("#B9D35A", "#5C7005"),
    "step": ("#2C374B", "#DEE5F0"),
    "step-ln": ("#4B5B7A", "#A9B9D3"),
    "step-fg": ("#C9D3E6", "#2B3A54"),
    "foreign": ("#7C828E", "#7B818D"),
    "track": ("#24272D", "#E8EAEE"),
    "add": ("#13271B", "#E9F7EE"),
    "addw": ("#1C4B30", "#C3EBD1"),
    "del": ("#301A1D", "#FDEEED"),
    "delw": ("#74303A", "#FAD3D0"),
    "gap": ("#1B1D21", "#F5F6F8"),
    "chg": ("#1B2231", "#EEF3FC"),
    "chgw": ("#2A4068", "#CFDFFA"),
    "s-k": ("#CBA6FF", "#7434B4"),
    "s-s": ("#97D9A6", "#17653A"),
    "s-n": ("#F2B880", "#8A4600"),
    "s-c": ("#8F95A1", "#646A76"),
    "s-f": ("#8CB8FF", "#1B58C9"),
    "s-t": ("#74D3C9", "#0A666B"),
    "pop-ln": ("#3A3F49", "#C4C9D2"),
    "card": ("#1E2025", "#FFFFFF"),
    "scrim": ("#9E060709", "#611E222A"),
}

TOOL_BAR = 44
STATUS_BAR = 28
PANE_HEAD = 40
TABS = 36
AXIS = 24
NAME_COLUMN = 168
STATE_COLUMN = 208
LANE_ROW = 38
LANE_EXTRA = 22
BLOCK = 16
CODE_ROW = 20
HUNK_ROW = 28
FILE_ROW = 32
RADIUS = 6

_current = Theme.DARK
_cache: dict[tuple[Theme, str], QColor] = {}


def theme() -> Theme:
    """The theme in use."""
    return _current


def choose(chosen: Theme) -> None:
    """Switch; the caller repaints the window (see `theme.apply`)."""
    global _current  # noqa: PLW0603 - one window process has one theme
    _current = chosen


def colour(name: str) -> QColor:
    """The colour of a role in the present theme. Raises KeyError for an unknown role."""
    key = (_current, name)
    found = _cache.get(key)
    if found is None:
        pair = _COLOURS[name]
        found = _cache[key] = QColor(pair[0 if _current is Theme.DARK else 1])
    return found


def css(name: str) -> str:
    """The colour as text for the style sheet."""
    return colour(name).name(QColor.NameFormat.HexArgb)


def names() -> tuple[str, ...]:
    """All roles."""
    return tuple(_COLOURS)
