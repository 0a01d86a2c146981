"""Numbers on a command line that must lie within bounds; `nan` lies within none."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TypeVar

Number = TypeVar("Number", int, float)


def between(kind: Callable[[str], Number], least: Number, most: Number) -> Callable[[str], Number]:
    """What argparse wants as `type`: `int` or `float`, from `least` to `most`."""

    def read(text: str) -> Number:
        number = kind(text)
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"must be from {least} to {most}, not {text}")
        return number

    read.__name__ = getattr(kind, "__name__", "number")  # for argparse's own words
    return read
