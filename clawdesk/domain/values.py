"""Values of the model as JSON values, and back."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

Value = TypeVar("Value")


class UnreadableHistoryError(ValueError):
    """A task's commits do not tell a story this version understands."""


def as_fields(value: object) -> Any:
    """JSON values (dicts, lists, strings, numbers) of a value of the model."""
    return msgspec.to_builtins(value)


def from_fields(fields: object, kind: type[Value]) -> Value:
    """The inverse of `as_fields`. Raises UnreadableHistoryError."""
    try:
        return msgspec.convert(fields, kind)
    except (msgspec.ValidationError, TypeError) as error:
        raise UnreadableHistoryError(f"{kind.__name__}: {error}") from error
