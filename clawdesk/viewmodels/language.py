"""The one way to a sentence that a person reads: `tr`, in the language the shell speaks.

A string stands whole in the call, with named places for what varies, so that a translator may order
it otherwise: `tr("Merged into {branch}", branch=name)`. English is the language of the source. No
Qt here: the window lends its translations by `speak_by`; a shell that lends none says English.
"""

from __future__ import annotations

from collections.abc import Callable

LookUp = Callable[[str, int], str]
"""The text in the user's language; the number chooses a plural form, -1 = the text has none."""


def _english(text: str, count: int) -> str:
    return text


class _Speech:
    look_up: LookUp = staticmethod(_english)


def speak_by(look_up: LookUp) -> None:
    """Use that language for whatever is said from now on."""
    _Speech.look_up = staticmethod(look_up)


def spoken_by() -> LookUp:
    """What is used now."""
    return _Speech.look_up


def tr(text: str, /, **values: object) -> str:
    """The text in the user's language, with its places filled.

    Raises:
        KeyError: a place of the text has no value: a mistake of ours.
    """
    said = _Speech.look_up(text, -1)
    return said.format(**values) if values else said


def counted(count: int, one: str, many: str, /, **values: object) -> str:
    """A text about a number of things: `counted(3, "{count} file", "{count} files")`.

    English has two forms; another language has as many as it needs, all of them kept with `many`.
    """
    said = _Speech.look_up(many, count)
    if said == many and count == 1:
        said = one
    return said.format(count=count, **values)


def marked(text: str) -> str:
    """A text that stands in a table and is given to `tr` when it is shown."""
    return text
