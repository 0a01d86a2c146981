"""Small files of weights for tests: well-formed ones, byte by byte, and ways to break them."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

U32, F32, TEXT, LIST, U64 = 4, 6, 8, 9, 10
# Shape of the model that the shipped catalog names.
SMOLLM2: dict[str, Any] = {
    "general.architecture": "llama",
    "general.name": "Smol",
    "llama.block_count": 30,
    "llama.context_length": 8192,
    "llama.embedding_length": 576,
    "llama.attention.head_count": 9,
    "llama.attention.head_count_kv": 3,
    "tokenizer.ggml.tokens": ["<s>", "a", "b"],
    "tokenizer.ggml.scores": (0.5,) * 5000,
}


def text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def entry(key: str, value: Any) -> bytes:
    """One entry of a GGUF header."""
    if isinstance(value, bytes):  # as it stands, type and all
        return text(key) + value
    if isinstance(value, str):
        return text(key) + struct.pack("<I", TEXT) + text(value)
    if isinstance(value, list):
        body = b"".join(text(word) for word in value)
        return text(key) + struct.pack("<IIQ", LIST, TEXT, len(value)) + body
    if isinstance(value, tuple):
        code, kind = ("f", F32) if isinstance(value[0], float) else ("I", U32)
        body = struct.pack(f"<{len(value)}{code}", *value)
        return text(key) + struct.pack("<IIQ", LIST, kind, len(value)) + body
    return text(key) + struct.pack("<II", U32, value)


def tensor(name: str, shape: tuple[int, ...], kind: int = 0, offset: int = 0) -> bytes:
    dimensions = struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
    return text(name) + dimensions + struct.pack("<IQ", kind, offset)


def gguf(
    values: dict[str, Any] | None = None,
    tensors: tuple[bytes, ...] = (tensor("w", (32, 4)),),
    *,
    magic: bytes = b"GGUF",
    version: int = 3,
    counts: tuple[int, int] | None = None,
    weights: int = 32 * 4 * 4,
) -> bytes:
    """A GGUF file; `counts` are (tensors, entries) as claimed."""
    values = SMOLLM2 if values is None else values
    claimed = counts or (len(tensors), len(values))
    head = magic + struct.pack("<IQQ", version, *claimed)
    head += b"".join(entry(key, value) for key, value in values.items()) + b"".join(tensors)
    return head + bytes(-len(head) % 32) + bytes(weights)


CONFIG: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "hidden_size": 64,
    "max_position_embeddings": 2048,
    "rope_scaling": {"anything": [1, 2, {"else": None}]},
}


def safetensors(header: object, *, length: int | None = None, weights: int = 256) -> bytes:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw + bytes(weights)


TENSORS: dict[str, Any] = {
    "__metadata__": {"format": "pt"},
    "w": {"dtype": "BF16", "shape": [8, 16], "data_offsets": [0, 256]},
}


def model_folder(folder: Path, config: Any = None, header: object = None) -> Path:
    """A folder as it is published."""
    folder.mkdir(parents=True, exist_ok=True)
    config = CONFIG if config is None else config
    raw = config if isinstance(config, bytes) else json.dumps(config).encode()
    (folder / "config.json").write_bytes(raw)
    (folder / "model.safetensors").write_bytes(safetensors(TENSORS if header is None else header))
    (folder / "evil.py").write_text("raise SystemExit('executed')")
    return folder


def with_entry(whole: bytes, key: str, value: int) -> bytes:
    """A GGUF file with one more figure in its header, its weights where they were."""
    (count,) = struct.unpack_from("<Q", whole, 16)
    added = entry(key, value)
    # Weights begin at a multiple of 32, so what is added before them must be one too.
    short = -(len(added) + len(entry("pad", ""))) % 32
    added += entry("pad", "x" * short)
    return whole[:16] + struct.pack("<Q", count + 2) + added + whole[24:]
