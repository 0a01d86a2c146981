"""Headers of weights that nobody vouches for: what is read out of them, and what is refused."""

from __future__ import annotations

import json
import os
import random
import struct
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from clawdesk_fabric.adding import read_shape
from clawdesk_fabric.errors import FabricError, WeightsError
from clawdesk_fabric.weights import gguf as gguf_module
from clawdesk_fabric.weights.gguf import read_gguf
from clawdesk_fabric.weights.safetensors import read_folder
from clawdesk_fabric.weights.shape import plain
from tests.support.weights_files import (
    CONFIG,
    LIST,
    SMOLLM2,
    TENSORS,
    TEXT,
    U32,
    entry,
    gguf,
    model_folder,
    safetensors,
    tensor,
    text,
)


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_a_gguf_file_says_what_it_is(tmp_path: Path) -> None:
    shape = read_gguf(write(tmp_path / "m.gguf", gguf()))
    assert (shape.form, shape.architecture, shape.title) == ("gguf", "llama", "Smol")
    assert (shape.layers, shape.heads, shape.kv_heads) == (30, 9, (3,) * 30)
    assert (shape.key_size, shape.value_size, shape.context) == (64, 64, 8192)
    assert (shape.parameters, shape.quantisation) == (128, "F32")


def test_the_quantisation_is_that_of_most_parameters(tmp_path: Path) -> None:
    tensors = (tensor("a", (32, 4)), tensor("b", (256, 8), kind=12, offset=512))
    shape = read_gguf(write(tmp_path / "m.gguf", gguf(tensors=tensors, weights=512 + 8 * 144)))
    assert (shape.parameters, shape.quantisation) == (128 + 2048, "Q4_K")


def test_layers_may_differ_in_their_heads(tmp_path: Path) -> None:
    values = {**SMOLLM2, "llama.block_count": 3, "llama.attention.head_count_kv": (4, 0, 1)}
    values["llama.attention.key_length"] = 128
    shape = read_gguf(write(tmp_path / "m.gguf", gguf(values)))
    assert (shape.kv_heads, shape.key_size, shape.value_size) == ((4, 0, 1), 128, 128)


def without(key: str) -> dict[str, Any]:
    return {k: v for k, v in SMOLLM2.items() if k != key}


LISTS_IN_LISTS = struct.pack("<IIQ", LIST, LIST, 2**60)
MANY_WORDS = struct.pack("<IIQ", LIST, TEXT, 2**62)
MANY_FIGURES = struct.pack("<IIQ", LIST, U32, 2**62)
HUGE_TEXT = struct.pack("<IQ", TEXT, 2**63)
HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "ends in the middle"),
    "magic": (gguf(magic=b"GGML"), "does not begin with GGUF"),
    "old": (gguf(version=1), "version 1; versions 2 and 3"),
    "big endian": (gguf(version=3 << 24), "versions 2 and 3"),
    "many tensors": (gguf(counts=(2**62, 1)), "at most 65536"),
    "many entries": (gguf(counts=(1, 2**62)), "at most 4096"),
    "more entries than there are": (gguf(counts=(1, 40)), ""),
    "huge text": (gguf({"a": HUGE_TEXT}), "bytes of one text"),
    "huge key": (gguf(counts=(1, 1), values={"k" * 2000: 1}), "bytes of one text"),
    "many words": (gguf({"a": MANY_WORDS}), "words; at most"),
    "many figures": (gguf({"a": MANY_FIGURES}), "ends in the middle"),
    "lists in lists": (gguf({"a": LISTS_IN_LISTS}), "lists in lists"),
    "unknown kind": (gguf({"a": struct.pack("<I", 77)}), "unknown kind 77"),
    "cut header": (gguf()[:200], "ends in the middle"),
    "cut weights": (gguf(weights=100), "cut short"),
    "far weights": (gguf(tensors=(tensor("w", (4,), offset=2**62),)), "cut short"),
    "huge tensor": (gguf(tensors=(tensor("w", (2**60, 2**60)),)), "cut short"),
    "many dimensions": (gguf(tensors=(tensor("w", (1,) * 9),)), "dimensions of a tensor"),
    "no architecture": (gguf(without("general.architecture")), "which kind of model"),
    "figure as architecture": (gguf({**SMOLLM2, "general.architecture": 7}), "which kind"),
    "no layers": (gguf(without("llama.block_count")), "not a language model"),
    "no tensors": (gguf(tensors=()), "not a language model"),
    "no heads": (gguf({**SMOLLM2, "llama.attention.head_count": 0}), "not a language model"),
    "many layers": (gguf({**SMOLLM2, "llama.block_count": 2**31 - 1}), "not a language model"),
    "text as layers": (gguf({**SMOLLM2, "llama.block_count": "9"}), "llama.block_count is 9"),
    "heads of other layers": (
        gguf({**SMOLLM2, "llama.attention.head_count_kv": (1, 2)}),
        "30 layers and key heads for 2",
    ),
    "no alignment": (gguf({**SMOLLM2, "general.alignment": 0}), "aligned to nothing"),
    "a part": (gguf({**SMOLLM2, "split.count": 3}), "one of 3 parts"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_gguf_file_is_refused_with_a_sentence(tmp_path: Path, name: str) -> None:
    content, said = HOSTILE[name]
    path = write(tmp_path / "m.gguf", content)
    tracemalloc.start()
    try:
        with pytest.raises(WeightsError) as caught:
            read_gguf(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert said in caught.value.what
    assert caught.value.what.startswith("m.gguf ")
    assert peak < 8 * 2**20, "a claim of the file decided how much memory was taken"


def test_the_same_key_twice_is_refused(tmp_path: Path) -> None:
    once = gguf()
    doubled = once[:16] + struct.pack("<Q", len(SMOLLM2) + 1) + entry("general.name", "x")
    with pytest.raises(WeightsError, match="twice"):
        read_gguf(write(tmp_path / "m.gguf", doubled + once[24:]))


def test_no_more_than_the_bound_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gguf_module, "HEADER_BYTES_MAX", 2**20)
    words = ["x" * 1000] * 2000
    path = write(tmp_path / "m.gguf", gguf({**SMOLLM2, "tokenizer.ggml.merges": words}))
    with pytest.raises(WeightsError, match="header of more than 1 MiB"):
        read_gguf(path)


def test_random_damage_is_a_sentence_or_harmless(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    good = gguf({k: v for k, v in SMOLLM2.items() if k != "tokenizer.ggml.scores"})
    path = tmp_path / "m.gguf"
    for _ in range(int(os.environ.get("FUZZ_CASES", "2000")) // 10 + 200):
        broken = bytearray(good)
        for _ in range(chance.randint(1, 8)):
            broken[chance.randrange(len(broken) - 512)] = chance.choice((0, 1, 127, 255))
        path.write_bytes(bytes(broken[: chance.choice((len(broken), chance.randrange(600)))]))
        with suppress(WeightsError):  # anything else is a mistake of ours
            read_gguf(path)


def test_a_folder_says_what_it_is(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    shape = read_folder(folder)
    assert (shape.form, shape.architecture) == ("safetensors", "LlamaForCausalLM")
    assert (shape.layers, shape.heads, shape.kv_heads, shape.key_size) == (2, 4, (2, 2), 16)
    assert (shape.parameters, shape.quantisation, shape.context) == (128, "BF16", 2048)
    assert read_shape(folder / "model.safetensors") == shape


def test_a_model_that_sees_pictures_keeps_its_figures_elsewhere(tmp_path: Path) -> None:
    config = {"model_type": "big", "text_config": CONFIG, "quantization_config": {"bits": 4}}
    config["quantization_config"] = {"quant_method": "awq", "bits": 4}
    shape = read_folder(model_folder(tmp_path / "m", config))
    assert (shape.architecture, shape.layers, shape.quantisation) == ("big", 2, "awq 4 bit")


DEEP = b"[" * 100_000
CONFIGS: dict[str, tuple[Any, str]] = {
    "nothing": (b"", "malformed"),
    "deep": (b'{"a":' + DEEP, "malformed"),
    "huge": (b'{"a":"' + b"x" * 2**20 + b'"}', "more than"),
    "text": ({**CONFIG, "num_hidden_layers": "two"}, "malformed"),
    "negative": ({**CONFIG, "num_attention_heads": -4}, "malformed"),
    "no heads": ({"num_hidden_layers": 2, "hidden_size": 9}, "not a language model"),
    "many layers": ({**CONFIG, "num_hidden_layers": 10**6}, "not a language model"),
    "huge number": (b'{"num_hidden_layers":' + b"9" * 9999 + b"}", "malformed"),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_hostile_config_is_refused(tmp_path: Path, name: str) -> None:
    config, said = CONFIGS[name]
    with pytest.raises(WeightsError, match=said):
        read_folder(model_folder(tmp_path / "m", config))


def offsets(end: int) -> dict[str, Any]:
    return {"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, end]}}


HEADERS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "claims a header of 0"),
    "absurd length": (safetensors(TENSORS, length=2**60), "claims a header of"),
    "long length": (safetensors(TENSORS, length=2**20), "malformed"),
    "deep": (safetensors(DEEP), "malformed"),
    "deep inside": (safetensors(b'{"w":{"x":' + DEEP), "malformed"),
    "a list": (safetensors([1, 2]), "malformed"),
    "negative": (safetensors({"w": {"dtype": "F32", "shape": [-1]}}), "malformed"),
    "cut": (safetensors(offsets(10**9)), "cut short"),
    "no tensors": (safetensors({}), "not a language model"),
}


@pytest.mark.parametrize("name", HEADERS)
def test_hostile_safetensors_are_refused(tmp_path: Path, name: str) -> None:
    content, said = HEADERS[name]
    folder = model_folder(tmp_path / "m")
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(WeightsError, match=said):
        read_folder(folder)


def remove_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def link_nowhere(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


@pytest.mark.parametrize(
    ("harm", "said"), [(remove_config, "config.json"), (link_nowhere, "holds no")]
)
def test_an_incomplete_folder_is_refused(
    tmp_path: Path, harm: Callable[[Path], None], said: str
) -> None:
    folder = model_folder(tmp_path / "m")
    harm(folder)
    with pytest.raises(WeightsError, match=said):
        read_folder(folder)


def test_what_is_no_model_at_all_is_refused(tmp_path: Path) -> None:
    pickle = write(tmp_path / "m.bin", b"\x80\x04cos\nsystem\n")
    with pytest.raises(FabricError, match="neither a GGUF file nor"):
        read_shape(pickle)
    os.mkfifo(tmp_path / "pipe.gguf")
    with pytest.raises(FabricError, match="not a plain file"):
        read_shape(tmp_path / "pipe.gguf")
    with pytest.raises(FabricError, match="cannot be read"):
        read_shape(tmp_path / "none.gguf")


def test_texts_of_a_file_cannot_steer_a_terminal() -> None:
    assert plain("\x1b[2Jname\n") == "?[2Jname?"
    assert len(plain("x" * 10_000)) == 80
    assert text("ab") == b"\x02" + bytes(7) + b"ab"
    assert json.loads(json.dumps(plain("\ud800"))) == "?"
