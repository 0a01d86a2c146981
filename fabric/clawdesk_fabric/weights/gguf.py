"""Reads the header of a GGUF file that nobody vouches for.

Every count and length is checked against a bound before it is used, at most `HEADER_BYTES_MAX` are
read, and the weights themselves never. Format: the GGUF specification, versions 2 and 3.
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from pathlib import Path
from typing import BinaryIO

from clawdesk_fabric.errors import WeightsError
from clawdesk_fabric.weights.shape import Shape, plain

MAGIC = b"GGUF"
HEADER_BYTES_MAX = 16 * 2**20
"""Vocabularies of 256,000 words with their merges take about 10 MiB."""
ENTRIES_MAX = 4096
TENSORS_MAX = 65_536
NAME_BYTES_MAX = 1024
TEXT_BYTES_MAX = 2**20
FIGURES_MAX = 4096
LAYERS_MAX = 4096
DIMENSIONS_MAX = 8

Value = int | float | bool | str | tuple[int, ...] | None
_STRING, _ARRAY = 8, 9
_SCALARS = dict(enumerate(("B", "b", "H", "h", "I", "i", "f", "?"))) | {10: "Q", 11: "q", 12: "d"}
_MEAN, _LAST, _RANK = 1, 3, 4
"""What is made of the vectors of all tokens: one vector (their mean, the first, the last), a rank.
"""
_INTEGERS = {0, 1, 2, 3, 4, 5, 10, 11}
# Number of the type: its name, elements in a block, bytes of a block (from the format's type list).
_TYPES: dict[int, tuple[str, int, int]] = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22), 7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 36),
    10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110), 12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292), 16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136), 24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4),
    27: ("I64", 1, 8), 28: ("F64", 1, 8), 29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66), 39: ("MXFP4", 32, 17),
}  # fmt: skip


class _Cursor:
    """Reads forward: never past the end, never more than the bound in all."""

    def __init__(self, file: BinaryIO, name: str, size: int) -> None:
        self._file = file
        self._name = name
        self._size = size
        self._read = 0
        self.at = 0

    def refuse(self, what: str, mend: str = "") -> WeightsError:
        return WeightsError(f"{self._name} {what}", mend=mend, permanent=True)

    def take(self, count: int) -> bytes:
        self._read += count
        if self._read > HEADER_BYTES_MAX:
            limit = HEADER_BYTES_MAX // 2**20
            raise self.refuse(f"has a header of more than {limit} MiB, which no known model needs")
        got = self._file.read(count)
        if len(got) != count:
            raise self.refuse("ends in the middle of its header", "download it again")
        self.at += count
        return got

    def skip(self, count: int) -> None:
        if count > self._size - self.at:
            raise self.refuse("ends in the middle of its header", "download it again")
        self.at += count
        self._file.seek(self.at)

    def number(self, code: str) -> int | float | bool:
        (value,) = struct.unpack(f"<{code}", self.take(struct.calcsize(f"<{code}")))
        return value  # type: ignore[no-any-return]

    def count(self, limit: int, what: str, code: str = "Q") -> int:
        value = int(self.number(code))
        if value > limit:
            raise self.refuse(f"claims {value} {what}; at most {limit} are believed")
        return value

    def text(self, limit: int) -> str:
        length = self.count(limit, "bytes of one text")
        return self.take(length).decode("utf-8", errors="replace")


def read_gguf(path: Path) -> Shape:
    """What the file's header says.

    Args:
        path: a regular file.
    Raises:
        WeightsError: it is no GGUF file, malformed, truncated, or beyond a bound.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        cursor = _Cursor(file, path.name, size)
        if cursor.take(4) != MAGIC:
            raise cursor.refuse("is not a GGUF file: it does not begin with GGUF")
        version = int(cursor.number("I"))
        if version not in (2, 3):
            raise cursor.refuse(f"is GGUF version {version}; versions 2 and 3 can be read")
        tensors = cursor.count(TENSORS_MAX, "tensors")
        entries = cursor.count(ENTRIES_MAX, "header entries")
        values: dict[str, Value] = {}
        for _ in range(entries):
            key = cursor.text(NAME_BYTES_MAX)
            if key in values:
                raise cursor.refuse(f"names {plain(key)} twice")
            values[key] = _value(cursor, int(cursor.number("I")))
        stored = _tensors(cursor, tensors, _figure(cursor, values, "general.alignment", 32), size)
    return _shape(cursor, values, stored, size)


def _value(cursor: _Cursor, kind: int) -> Value:
    """One value; a list of texts or of many figures is passed over and counts as None."""
    if kind == _STRING:
        return cursor.text(TEXT_BYTES_MAX)
    if kind in _SCALARS:
        return cursor.number(_SCALARS[kind])
    if kind != _ARRAY:
        raise cursor.refuse(f"holds a value of the unknown kind {kind}")
    inner = int(cursor.number("I"))
    if inner == _STRING:
        for _ in range(cursor.count(HEADER_BYTES_MAX // 8, "words")):
            cursor.take(cursor.count(TEXT_BYTES_MAX, "bytes of one text"))
        return None
    if inner not in _SCALARS:
        raise cursor.refuse("holds lists in lists, which no known model needs")
    each = struct.calcsize(f"<{_SCALARS[inner]}")
    count = int(cursor.number("Q"))
    if inner in _INTEGERS and count <= FIGURES_MAX:
        return struct.unpack(f"<{count}{_SCALARS[inner]}", cursor.take(count * each))
    cursor.skip(count * each)
    return None


def _tensors(cursor: _Cursor, count: int, alignment: int, size: int) -> Counter[str]:
    """Parameters by the name of their type; also that the file is long enough to hold them."""
    stored: Counter[str] = Counter()
    end = 0
    for _ in range(count):
        cursor.text(NAME_BYTES_MAX)
        dimensions = cursor.count(DIMENSIONS_MAX, "dimensions of a tensor", "I")
        elements = math.prod(int(cursor.number("Q")) for _ in range(dimensions))
        kind = int(cursor.number("I"))
        offset = int(cursor.number("Q"))
        name, block, block_bytes = _TYPES.get(kind, (f"type {kind}", 1, 0))
        stored[name] += elements
        end = max(end, offset + elements // block * block_bytes)
    start = -(-cursor.at // alignment) * alignment
    if start + end > size:
        raise cursor.refuse(
            f"is cut short: it has {size} bytes and its weights need {start + end}",
            "download it again",
        )
    return stored


def _figure(cursor: _Cursor, values: dict[str, Value], key: str, fallback: int = 0) -> int:
    """A positive figure of the header; `fallback` where it says nothing."""
    value = values.get(key)
    if isinstance(value, tuple) and value:
        value = max(value)
    if value is None or isinstance(value, tuple):
        value = fallback
    if not isinstance(value, int) or not 0 <= value <= 2**31:
        raise cursor.refuse(f"says {plain(key)} is {plain(str(value))}")
    if key == "general.alignment" and value < 1:
        raise cursor.refuse("says that its weights are aligned to nothing")
    return value


def _embeds(cursor: _Cursor, values: dict[str, Value], family: str) -> bool:
    pooling = _figure(cursor, values, f"{family}.pooling_type")
    if pooling == _RANK:
        raise cursor.refuse("ranks texts for a search, which the Fabric has no endpoint for")
    return _MEAN <= pooling <= _LAST


def _shape(cursor: _Cursor, values: dict[str, Value], stored: Counter[str], size: int) -> Shape:
    family = values.get("general.architecture")
    if not isinstance(family, str) or not family:
        raise cursor.refuse("does not say which kind of model it is (general.architecture)")
    parts = _figure(cursor, values, "split.count")
    if parts > 1:
        raise cursor.refuse(
            f"is one of {parts} parts", "join them first: llama-gguf-split --merge FIRST WHOLE"
        )
    layers = _figure(cursor, values, f"{family}.block_count")
    heads = _figure(cursor, values, f"{family}.attention.head_count")
    width = _figure(cursor, values, f"{family}.embedding_length")
    if not 1 <= layers <= LAYERS_MAX or heads < 1 or not stored:
        raise cursor.refuse("is not a language model: it names no layers, heads or weights")
    kept = values.get(f"{family}.attention.head_count_kv")
    if not isinstance(kept, tuple):
        same = _figure(cursor, values, f"{family}.attention.head_count_kv", heads)
        kept = (same,) * layers
    if len(kept) != layers or not all(0 <= figure <= 2**16 for figure in kept):
        raise cursor.refuse(f"has {layers} layers and key heads for {len(kept)}, or absurd ones")
    key_size = _figure(cursor, values, f"{family}.attention.key_length", width // heads)
    title = values.get("general.name")
    licence = values.get("general.license")
    return Shape(
        form="gguf",
        title=plain(title) if isinstance(title, str) else "",
        licence=plain(licence) if isinstance(licence, str) else "",
        architecture=plain(family),
        parameters=stored.total(),
        quantisation=stored.most_common(1)[0][0],
        layers=layers,
        heads=heads,
        kv_heads=kept,
        key_size=key_size,
        value_size=_figure(cursor, values, f"{family}.attention.value_length", key_size),
        context=_figure(cursor, values, f"{family}.context_length"),
        file_bytes=size,
        embeds=_embeds(cursor, values, family),
    )
