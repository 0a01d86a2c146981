"""The catalog and the user's settings file: what is taken, and what a mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from clawdesk_fabric.catalog import ModelSpec, load
from clawdesk_fabric.entries import is_safe_url
from clawdesk_fabric.errors import CatalogError
from clawdesk_fabric.specs import (
    ImageSource,
    LocalWeights,
    Price,
    RecipeSource,
    UpstreamSource,
    WheelWeights,
)


def test_the_shipped_model_is_pinned_by_hash() -> None:
    spec = load().models["smollm2-135m"]
    assert isinstance(spec.weights, WheelWeights)
    assert len(spec.weights.wheel.sha256) == len(spec.weights.sha256) == 64
    assert spec.threads == 1
    assert spec.context % spec.slots == 0


def test_a_list_of_models_that_cannot_be_looked_at_is_said(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"nnn cannot be looked at: File name too long"):
        load(own=tmp_path / ("n" * 300))


def test_a_settings_file_changes_figures_only(tmp_path: Path) -> None:
    config = tmp_path / "fabric.toml"
    config.write_text(
        "[fabric]\nmemory_mib = 2048\n[models.smollm2-135m]\nthreads = 4\nidle_stop_s = 60\n"
    )
    catalog = load(config)
    assert catalog.settings.memory_mib == 2048
    assert catalog.models["smollm2-135m"].threads == 4
    assert catalog.models["smollm2-135m"].slots == load().models["smollm2-135m"].slots


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[fabric", "is not TOML"),
        ("[other]\n", "other: unknown key; allowed: fabric, models"),
        ("[fabric]\nspeed = 1\n", "fabric.speed: unknown key"),
        ("[fabric]\nwaiting_max = 0\n", "fabric.waiting_max: found 0; allowed: 1 or more"),
        ("fabric = 3\n", "allowed: a table"),
        ("[models.gpt-9]\n", "models.gpt-9: unknown; allowed: smollm2-135m"),
        ("[models.smollm2-135m]\nwheel = 'x'\n", "models.smollm2-135m.wheel: unknown key"),
        ("[models.smollm2-135m]\nslots = true\n", "found True; allowed: int"),
        ("[models.smollm2-135m]\nslots = 0\n", "slots: found 0; allowed: 1 or more"),
    ],
)
def test_a_mistake_names_file_key_and_what_is_allowed(tmp_path: Path, text: str, said: str) -> None:
    config = tmp_path / "fabric.toml"
    config.write_text(text)
    with pytest.raises(CatalogError) as caught:
        load(config)
    assert str(config) in caught.value.what
    assert said in caught.value.what


def test_a_settings_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="cannot be read"):
        load(tmp_path / "none.toml")


OWN = """
[[models]]
name = "mine"
title = "Mine"
licence = "MIT"
endpoints = ["chat/completions"]
"""
FIGURES = "context = 64\nslots = 1\nthreads = 1\nmemory_mib = 64\nidle_stop_s = 1\n"
FILE = f'weights = [{{path = "/m/w.gguf", sha256 = "{"a" * 64}", bytes = 7}}]\n'
IMAGE = f'image = "sha256:{"b" * 64}"\nport = 8000\nhealth = "/h"\ncommand = ["--m", "{{model}}"]\n'
UPSTREAM = 'upstream = "https://host/v1/"\nmodel = "big"\nprojects = ["notes"]\nslots = 4\n'


def own(tmp_path: Path, text: str) -> ModelSpec:
    path = tmp_path / "models.toml"
    path.write_text(OWN + text)
    return load(own=path).models["mine"]


def test_a_model_of_ones_own_stands_beside_the_shipped_one(tmp_path: Path) -> None:
    spec = own(tmp_path, FIGURES + 'recipe = "llama"\n' + FILE)
    assert spec.source == RecipeSource("llama")
    assert isinstance(spec.weights, LocalWeights)
    assert spec.weights.inside == "/weights/w.gguf"
    assert "smollm2-135m" in load(own=tmp_path / "models.toml").models
    assert load(own=tmp_path / "none.toml").models.keys() == {"smollm2-135m"}


def test_what_a_model_is_does_not_depend_on_where_its_file_lies(tmp_path: Path) -> None:
    text = FIGURES + 'recipe = "llama"\n' + FILE
    here = own(tmp_path, text).identity
    assert here == own(tmp_path, text.replace("/m/", "/elsewhere/")).identity
    assert here != own(tmp_path, text.replace("aa", "ab")).identity
    assert here != own(tmp_path, FIGURES + IMAGE + FILE).identity


def test_an_image_is_taken_by_digest_with_its_command_as_a_list(tmp_path: Path) -> None:
    spec = own(tmp_path, FIGURES + IMAGE + "gpu_memory_mib = 9000\ngpus_max = 2\n")
    assert spec.source == ImageSource(f"sha256:{'b' * 64}", ("--m", "{model}"), 8000, "/h")
    assert (spec.gpu_memory_mib, spec.gpus_max, spec.weights) == (9000, 2, None)


def test_an_upstream_takes_nothing_and_is_open_to_those_it_names(tmp_path: Path) -> None:
    spec = own(tmp_path, UPSTREAM)
    assert spec.source == UpstreamSource("https://host/v1", "big", ("notes",))
    assert (spec.memory_mib, spec.gpu_memory_mib, spec.slots) == (0, 0, 4)
    assert spec.is_open_to("notes", interactive=False)
    assert not spec.is_open_to("other", interactive=True)
    assert spec.is_open_to("", interactive=True)
    assert not spec.is_open_to("", interactive=False)
    assert own(tmp_path, FIGURES + IMAGE).is_open_to("any", interactive=False)


def test_a_price_is_what_the_user_states_and_no_part_of_the_model(tmp_path: Path) -> None:
    plain = own(tmp_path, UPSTREAM)
    priced = own(tmp_path, UPSTREAM + 'price = {input = 3, output = 12.5, currency = "EUR"}\n')
    assert plain.price is None
    assert priced.price == Price(3.0, 12.5, "EUR")
    assert priced.identity == plain.identity


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (FIGURES, "exactly one of recipe, image, upstream"),
        (FIGURES + IMAGE + 'upstream = "https://host"\n', "exactly one of"),
        (FIGURES + IMAGE.replace("sha256:", "vllm:"), "allowed: NAME@sha256:"),
        (FIGURES + IMAGE.replace("8000", "0"), "port: found 0; allowed: 1 to 65535"),
        (FIGURES + IMAGE.replace('["--m", "{model}"]', '"--m"'), "command: found '--m'"),
        (FIGURES + IMAGE + "speed = 1\n", "models.mine.speed: unknown key"),
        (FIGURES + 'recipe = "../x"\n' + FILE, "allowed: the name of a recipe"),
        (FIGURES + 'recipe = "llama"\n' + FILE.replace("/m/w", "w"), "an absolute path"),
        (FIGURES + 'recipe = "llama"\n' + FILE.replace("/m/w", "/m:/w"), "without a colon"),
        (FIGURES + 'recipe = "llama"\n' + FILE.replace("aa", "zz"), "64 hexadecimal digits"),
        (FIGURES + 'recipe = "llama"\nweights = []\n', "1 to 1024 files"),
        (UPSTREAM + "memory_mib = 64\n", "allowed: nothing: an upstream runs elsewhere"),
        (UPSTREAM + "price = 3\n", "found 3; allowed: a table"),
        (UPSTREAM + "price = {input = -1, output = 2}\n", "price.input: found -1"),
        (UPSTREAM + 'price = {input = 1, output = 2, currency = "euro"}\n', "price.currency"),
        (UPSTREAM + "price = {input = 1, output = nan}\n", "price.output: found nan"),
        (UPSTREAM.replace("https", "http"), "https://HOST/v1, or http on 127.0.0.1"),
        (UPSTREAM.replace("host", "me:key@host"), "https://HOST/v1"),
        (UPSTREAM.replace("host/v1/", "host/v1?k=1"), "https://HOST/v1"),
        (UPSTREAM + OWN + UPSTREAM, "there is a model of this name already"),
    ],
)
def test_a_mistake_in_ones_own_models_is_told(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CatalogError) as caught:
        own(tmp_path, text)
    assert said in caught.value.what


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://api.host/v1", True),
        ("http://127.0.0.1:8080/v1", True),
        ("http://[::1]:8080/v1", True),
        ("http://localhost/v1", True),
        ("http://127.0.0.1.evil.example/v1", False),
        ("http://192.168.0.2/v1", False),
        ("http://0.0.0.0/v1", False),
        ("ftp://127.0.0.1/v1", False),
        ("file:///etc/passwd", False),
        ("https://", False),
        ("https://host:99999/v1", False),
        ("https://[::1", False),
        ("https://host/v1#x", False),
    ],
)
def test_only_safe_addresses_are_called(url: str, safe: bool) -> None:
    assert is_safe_url(url) is safe
