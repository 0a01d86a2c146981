"""The user's own `channels.toml`: TOML text in, settings out. Pure.

It names the gateway and the quiet hours; secrets are not in it. Nothing else names a gateway: no
project file, no link and no argument of a task.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from clawdesk.domain.channel.rhythm import Quiet
from clawdesk.domain.toml_lines import KeyPath
from clawdesk.domain.toml_values import Reader

CHANNELS_FILE = "channels.toml"
_USUAL = Quiet()
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """`url` "" = no channel is set up."""

    url: str = ""
    quiet: Quiet = _USUAL


def parse_channels(text: str, file: str = CHANNELS_FILE) -> ChannelSettings:
    """Read `channels.toml`. Raises DefinitionError with every mistake found."""
    reader = Reader(text, file)
    reader.only_keys((), ("openclaw",))
    if not reader.table(("openclaw",), ("url", "quiet_from", "quiet_until")):
        reader.finish()
        return ChannelSettings()
    settings = ChannelSettings(
        reader.text(("openclaw", "url"), "", chars_max=500),
        Quiet(
            _minute(reader, ("openclaw", "quiet_from"), _USUAL.from_minute),
            _minute(reader, ("openclaw", "quiet_until"), _USUAL.until_minute),
        ),
    )
    reader.finish()
    return settings


def written(settings: ChannelSettings) -> str:
    """The file's text for settings; `url` holds no character that TOML would take for another."""
    quiet = settings.quiet
    return (
        "# Written by `clawdesk channels add`; the token is kept elsewhere.\n"
        "[openclaw]\n"
        f'url = "{settings.url}"\n'
        f'quiet_from = "{_clock(quiet.from_minute)}"   # local time; the same twice: never quiet\n'
        f'quiet_until = "{_clock(quiet.until_minute)}"\n'
    )


def _minute(reader: Reader, path: KeyPath, usual: int) -> int:
    text = reader.pattern(path, _clock(usual), _TIME, 'a time of the day like "22:00"')
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
