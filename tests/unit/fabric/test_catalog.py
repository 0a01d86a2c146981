"""The catalog and the user's settings file: what is taken, and what a mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from clawdesk_fabric.catalog import load
from clawdesk_fabric.errors import CatalogError


def test_the_shipped_model_is_pinned_by_hash() -> None:
    spec = load().models["smollm2-135m"]
    assert len(spec.wheel.sha256) == len(spec.file_sha256) == 64
    assert spec.threads == 1
    assert spec.context % spec.slots == 0


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
