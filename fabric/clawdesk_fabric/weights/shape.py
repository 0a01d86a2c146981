"""What the header of a weights file says, as one value for both formats."""

from __future__ import annotations

from dataclasses import dataclass

TEXT_CHARACTERS_MAX = 80


@dataclass(frozen=True, slots=True)
class Shape:
    """The figures that memory depends on, and the words a person knows the model by.

    Args:
        form: "gguf" or "safetensors".
        parameters: elements of all tensors.
        quantisation: the type that most parameters are stored in.
        layers: blocks of the network.
        heads: attention heads of the widest layer.
        kv_heads: heads that keep keys and values, one figure per layer; 0 = that layer keeps none.
        key_size: values of one key of one head.
        value_size: values of one value vector of one head.
        context: tokens it was trained on; 0 = not said.
        file_bytes: all weights files together.
        embeds: it makes one vector of a text, and writes none.
    """

    form: str
    title: str
    licence: str
    architecture: str
    parameters: int
    quantisation: str
    layers: int
    heads: int
    kv_heads: tuple[int, ...]
    key_size: int
    value_size: int
    context: int
    file_bytes: int
    embeds: bool = False


def plain(text: str) -> str:
    """A text out of a file, safe to print: no control characters, and short."""
    kept = "".join(c if c.isprintable() else "?" for c in text[: TEXT_CHARACTERS_MAX + 1])
    return kept if len(kept) <= TEXT_CHARACTERS_MAX else kept[: TEXT_CHARACTERS_MAX - 1] + "…"
