"""Reads a Hugging-Face style folder (config.json and *.safetensors) that nobody vouches for.

Only JSON of known fields is decoded, each file within a bound; tensors are counted, never loaded.
Formats that can carry code (pickles, *.py) are not even looked at.
"""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from clawdesk_fabric.errors import WeightsError
from clawdesk_fabric.weights.shape import Shape, plain

CONFIG_BYTES_MAX = 2**20
HEADERS_BYTES_MAX = 16 * 2**20
HEADER_BYTES_MAX = 4 * 2**20
"""A shard of 5,000 tensors needs 0.7 MiB."""
SHARDS_MAX = 512
LAYERS_MAX = 4096

T = TypeVar("T")
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**40)]
_Figure = Annotated[int, msgspec.Meta(ge=1, le=2**31)]
_Word = Annotated[str, msgspec.Meta(max_length=256)]


class _Tensor(msgspec.Struct):
    # Defaults, because the header's one entry that is no tensor (__metadata__) has none of them.
    dtype: Annotated[str, msgspec.Meta(max_length=16)] = ""
    shape: Annotated[tuple[_Count, ...], msgspec.Meta(max_length=8)] = ()
    offsets: tuple[_Count, _Count] = msgspec.field(default=(0, 0), name="data_offsets")


class _Quantisation(msgspec.Struct):
    quant_method: _Word = ""
    bits: _Count | None = None


class _Text(msgspec.Struct):
    num_hidden_layers: _Figure | None = None
    num_attention_heads: _Figure | None = None
    num_key_value_heads: _Figure | None = None
    hidden_size: _Figure | None = None
    head_dim: _Figure | None = None
    max_position_embeddings: _Figure | None = None


class _Config(_Text):
    model_type: _Word = ""
    architectures: Annotated[tuple[_Word, ...], msgspec.Meta(max_length=8)] | None = None
    quantization_config: _Quantisation | None = None
    # A model that also sees pictures keeps its language part here.
    text_config: _Text | None = None


def read_folder(folder: Path) -> Shape:
    """What config.json and the headers of the weights say.

    Raises:
        WeightsError: a file is missing, malformed, truncated, or beyond a bound.
    """
    shards = sorted(folder.glob("*.safetensors"))
    if not shards:
        raise WeightsError(f"{folder} holds no *.safetensors file", permanent=True)
    if len(shards) > SHARDS_MAX:
        raise WeightsError(f"{folder} holds {len(shards)} shards; at most {SHARDS_MAX} are read")
    stored: Counter[str] = Counter()
    left = HEADERS_BYTES_MAX
    for shard in shards:
        left -= _read_header(shard, min(left, HEADER_BYTES_MAX), stored)
    return _shape(folder, _read_config(folder / "config.json"), stored, shards)


def _read_config(path: Path) -> _Config:
    try:
        with path.open("rb") as file:
            raw = file.read(CONFIG_BYTES_MAX + 1)
    except OSError as error:
        raise WeightsError(
            f"{path} cannot be read: {error.strerror}; it says what kind of model this is",
            mend="give the whole folder, as it was published",
            permanent=True,
        ) from error
    if len(raw) > CONFIG_BYTES_MAX:
        raise WeightsError(f"{path} has more than {CONFIG_BYTES_MAX} bytes", permanent=True)
    return _decoded(path, raw, _Config)


def _decoded(path: Path, raw: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise WeightsError(
            f"{path.name} is malformed: {plain(str(error))}", permanent=True
        ) from error


def _read_header(path: Path, limit: int, stored: Counter[str]) -> int:
    """Count the parameters of one shard by their type; the bytes that were read."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= limit:
            raise WeightsError(
                f"{path.name} claims a header of {length} bytes; at most {limit} are read",
                permanent=True,
            )
        raw = file.read(length)
    tensors = _decoded(path, raw, dict[str, _Tensor])
    tensors.pop("__metadata__", None)
    end = 8 + length + max((t.offsets[1] for t in tensors.values()), default=0)
    if len(raw) != length or end > size:
        raise WeightsError(
            f"{path.name} is cut short: it has {size} bytes and its weights need {end}",
            mend="download it again",
            permanent=True,
        )
    for tensor in tensors.values():
        stored[plain(tensor.dtype)] += math.prod(tensor.shape)
    return length


def _shape(folder: Path, config: _Config, stored: Counter[str], shards: list[Path]) -> Shape:
    text: _Text = config
    if config.num_hidden_layers is None and config.text_config is not None:
        text = config.text_config
    layers, heads, width = text.num_hidden_layers, text.num_attention_heads, text.hidden_size
    if layers is None or heads is None or width is None or layers > LAYERS_MAX or not stored:
        raise WeightsError(
            f"{folder} is not a language model: its config.json names no layers, heads and width",
            permanent=True,
        )
    method = config.quantization_config
    quantisation = stored.most_common(1)[0][0]
    if method is not None and method.quant_method:
        quantisation = plain(method.quant_method) + (f" {method.bits} bit" if method.bits else "")
    size = text.head_dim or width // heads
    family = plain((config.architectures or (config.model_type,))[0])
    return Shape(
        form="safetensors",
        title=plain(folder.name),
        licence="",
        architecture=family,
        parameters=stored.total(),
        quantisation=quantisation,
        layers=layers,
        heads=heads,
        kv_heads=(text.num_key_value_heads or heads,) * layers,
        key_size=size,
        value_size=size,
        context=text.max_position_embeddings or 0,
        file_bytes=sum(shard.stat().st_size for shard in shards),
        # One that writes is named after its head, such as LlamaForCausalLM.
        embeds=family.endswith("Model"),
    )
