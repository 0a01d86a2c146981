"""Memory as a person reads it: GiB from 1 GiB on, MiB below.

The one place that writes amounts of memory into sentences. Figures that a program reads stay MiB.
"""

from __future__ import annotations

import re

GIB_MIB = 1024
_DECIMALS_MAX = 3
"""A MiB is a thousandth of a GiB: with three decimals no two amounts read the same."""
_FIGURES = re.compile(r"\b(\d{1,15})(?: of (\d{1,15}))? MiB\b")


def gib(mib: float, decimals: int = 1) -> str:
    """MiB as GiB without the unit: that many decimals below 100, none for whole ones.

    >>> gib(1536), gib(2048), gib(371_000), gib(1500, 2)
    ('1.5', '2', '362', '1.46')
    """
    value = mib / GIB_MIB
    few = decimals if value < 100 or decimals > 1 else 0
    return f"{value:.0f}" if value == int(value) else f"{value:.{few}f}"


def memory_size(mib: int) -> str:
    """One amount: `768 MiB`, `1.5 GiB`."""
    return memory_sizes(mib)[0]


def memory_sizes(*mib: int) -> tuple[str, ...]:
    """Amounts that one sentence compares: those that differ read differently.

    >>> memory_sizes(1536, 1500, 16_384)
    ('1.50 GiB', '1.46 GiB', '16 GiB')
    """
    texts: tuple[str, ...] = ()
    for decimals in range(1, _DECIMALS_MAX + 1):
        texts = tuple(f"{n} MiB" if n < GIB_MIB else f"{gib(n, decimals)} GiB" for n in mib)
        if len(set(texts)) == len(set(mib)):
            break
    return texts


def with_memory_sizes(text: str) -> str:
    """A sentence that gives its memory in MiB, with all its amounts as a person reads them.

    The Model Fabric, which shares no code with ClawDesk, writes such sentences.

    >>> with_memory_sizes("coder needs 15360 MiB; 20000 of 24576 MiB are in use by chat")
    'coder needs 15 GiB; 19.5 GiB of 24 GiB are in use by chat'
    """
    figures = [int(n) for found in _FIGURES.finditer(text) for n in found.groups() if n]
    said = dict(zip(figures, memory_sizes(*figures), strict=True))

    def read(found: re.Match[str]) -> str:
        return " of ".join(said[int(n)] for n in found.groups() if n)

    return _FIGURES.sub(read, text)
