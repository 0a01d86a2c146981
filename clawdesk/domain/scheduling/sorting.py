"""The one place that knows the sorted list's library, which brings no types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from sortedcontainers import SortedList as _SortedList  # type: ignore[import-untyped]

from clawdesk.domain.scheduling.scores import Key


class Sorted(Protocol):
    """Keys in order; add, remove and rank cost the logarithm of the length."""

    def add(self, value: Key) -> None: ...
    def remove(self, value: Key) -> None: ...
    def bisect_left(self, value: Key) -> int: ...
    def __iter__(self) -> Iterator[Key]: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> Key: ...


def sorted_keys() -> Sorted:
    """An empty one."""
    made: Any = _SortedList()
    found: Sorted = made
    return found
