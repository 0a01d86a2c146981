"""Adding a model from a file: what is told, what is written, and what is checked before a start."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from clawdesk_fabric import paths
from clawdesk_fabric.__main__ import main
from clawdesk_fabric.adding import gpu_rooms
from clawdesk_fabric.catalog import load
from clawdesk_fabric.errors import CatalogError, WeightsError
from clawdesk_fabric.model import GpuReading
from clawdesk_fabric.own_catalog import remove_entry
from clawdesk_fabric.simulated_gpus import state
from clawdesk_fabric.specs import ImageSource, LocalWeights
from clawdesk_fabric.weights import files
from clawdesk_fabric.weights.files import Hashes, WeightFile, write_private
from tests.support import simulated_gpus
from tests.support.weights_files import SMOLLM2, gguf, model_folder

DIGEST = "sha256:" + "a" * 64


@pytest.fixture(autouse=True)
def _places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "c"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "k"))
    monkeypatch.setenv("CLAWDESK_RUNTIME_DIR", str(tmp_path / "r"))


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "Smol.Q4_1.gguf"
    path.write_bytes(gguf())
    return path


def test_one_command_makes_a_model_that_the_catalog_has(
    weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["add", str(weights), "--context=8192", "--slots=4"]) == 0
    said = capsys.readouterr().out
    assert "30 layers, 9 heads (3 keep keys and values), trained on 8192 tokens" in said
    assert "8192 tokens kept, 2048 for each of 4 requests at once" in said
    assert "(estimated: weights 1, cache 180, program 64)" in said
    assert "it fits on this machine's memory" in said
    spec = load().models["smol.q4_1"]
    assert (spec.context, spec.slots, spec.gpu_memory_mib) == (8192, 4, 0)
    assert isinstance(spec.weights, LocalWeights)
    assert spec.weights.files[0].path == weights
    assert spec.memory_mib >= 245
    assert stat.S_IMODE(paths.own_models().stat().st_mode) == 0o600


def test_a_model_that_makes_vectors_is_offered_for_embeddings_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "Vectors.gguf"
    path.write_bytes(gguf({**SMOLLM2, "llama.pooling_type": 1}))
    assert main(["add", str(path)]) == 0
    assert "answers embeddings" in capsys.readouterr().out
    assert load().models["vectors"].endpoints == ("embeddings",)
    path.write_bytes(gguf({**SMOLLM2, "llama.pooling_type": 4}))
    assert main(["add", str(path), "--name=ranks"]) == 1
    assert "ranks texts for a search" in capsys.readouterr().err


def test_comments_and_other_entries_stay(weights: Path) -> None:
    assert main(["add", str(weights), "--name=one"]) == 0
    path = paths.own_models()
    path.write_text(path.read_text().replace('name = "one"', 'name = "one"  # my favourite'))
    assert main(["add", str(weights), "--name=two"]) == 0
    assert main(["remove", "two"]) == 0
    text = path.read_text()
    assert 'name = "one"  # my favourite' in text
    assert "two" not in text
    assert main(["remove", "one"]) == 0
    assert "[" not in path.read_text()
    assert weights.exists()


def test_a_name_is_given_once(weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["add", str(weights), "--name=smollm2-135m"]) == 1
    assert "there is a model smollm2-135m already" in capsys.readouterr().err
    assert not paths.own_models().exists()
    with pytest.raises(CatalogError, match="comes with the program"):
        remove_entry(paths.own_models(), "smollm2-135m")
    with pytest.raises(CatalogError, match="not one you added"):
        remove_entry(paths.own_models(), "none")


def test_a_dry_run_writes_nothing(weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["add", str(weights), "--dry-run", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["fits"] is True
    assert told["estimate"]["kv_cache_mib"] == 360
    assert (told["entry"]["name"], told["written"]) == ("smol.q4_1", "")
    assert not paths.own_models().exists()


def test_what_does_not_fit_is_not_added(weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["add", str(weights), f"--context={2**31}"]) == 1
    told = capsys.readouterr()
    assert "it does not fit: it needs about" in told.out
    assert "more than the 8192 it was trained on" in told.out
    assert "not added" in told.err
    assert not paths.own_models().exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--image=vllm/vllm:latest"], "docker image inspect --format"),
        ([f"--image=v@{DIGEST}"], "--command '--model {model}"),
        (["--gpus=1"], "runs on processors only"),
        (["--name=No Name"], "--name NAME"),
        ([f"--image={DIGEST}", "--command='"], "--command cannot be read"),
    ],
)
def test_what_cannot_be_served_is_refused_with_what_to_do(
    weights: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["add", str(weights), *options]) == 1
    assert said in capsys.readouterr().err


def test_a_folder_is_served_by_an_image_and_code_in_it_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = model_folder(tmp_path / "Big-Model")
    assert main(["add", str(folder)]) == 1
    assert "serves GGUF files only" in capsys.readouterr().err
    line = "--command=serve {model} --port {port} 'two words'"
    assert main(["add", str(folder), f"--image={DIGEST}", line]) == 0
    spec = load().models["big-model"]
    assert isinstance(spec.source, ImageSource)
    assert spec.source.command == ("serve", "{model}", "--port", "{port}", "two words")
    assert isinstance(spec.weights, LocalWeights)
    assert [file.name for file in spec.weights.files] == ["config.json", "model.safetensors"]
    assert spec.weights.inside == "/weights"


def test_gpus_leave_what_nobody_else_has() -> None:
    ready = GpuReading("GPU-1", 0, "Card", 24_000, 400, 3000)
    lost = GpuReading("GPU-2", 1, "Card", 24_000, 400, 0, problem="it is lost")
    (room,) = gpu_rooms([ready, lost], 512)
    assert (room.device, room.free_mib) == ("GPU-1", 24_000 - 400 - 3000 - 512)


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulated_gpus.library(tmp_path_factory.mktemp("cache"))


def test_the_command_looks_at_the_gpus_before_it_writes(
    library: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["add", str(weights), f"--image={DIGEST}", "--command=serve {model}"]
    with simulated_gpus.loaded(library, tmp_path / "gpus"):
        assert main([*command, "--gpus=1"]) == 1
        assert "it does not fit: no NVIDIA GPU" in capsys.readouterr().out
        state.write(state.simulated(2, total_mib=4096))
        assert main([*command, "--gpus=1", "--context=131072", "--slots=1"]) == 1
        # Each: 4096 in all, 400 for the driver, 512 for the desktop.
        assert "simulated) has the most room, 3184 MiB" in capsys.readouterr().out
        assert main([*command, "--gpus=2", "--context=131072", "--slots=1"]) == 0
    assert "it fits on GPU 0" in capsys.readouterr().out
    spec = load().models["smol.q4_1"]
    assert (spec.gpus_max, spec.memory_mib) == (2, 4096)
    assert spec.gpu_memory_mib > 3184


def reading_of(path: Path) -> list[str]:
    """What is reported while the file's digest is asked for."""
    said: list[str] = []
    Hashes().of(path, said.append)
    return said


def test_a_file_is_hashed_once(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGE_BYTES", 0)
    monkeypatch.setattr(files, "CHUNK_BYTES", 500)
    said = reading_of(weights)
    assert said[-1] == "reading Smol.Q4_1.gguf: 100 %"
    assert len(said) <= 10
    assert reading_of(weights) == []
    os.utime(weights)
    assert reading_of(weights) != []


def added(path: Path) -> tuple[WeightFile, ...]:
    digest = Hashes().of(path, lambda _: None)
    return (WeightFile(path.name, path, digest, path.stat().st_size),)


def refused(known: tuple[WeightFile, ...]) -> WeightsError:
    with pytest.raises(WeightsError) as caught:
        Hashes().check(known, lambda _: None)
    assert str(known[0].path) in caught.value.what
    assert caught.value.mend
    return caught.value


def test_a_changed_or_missing_file_is_refused_by_name(weights: Path) -> None:
    known = added(weights)
    Hashes().check(known, lambda _: None)
    seen = weights.stat()
    changed = bytearray(weights.read_bytes())
    changed[-1] ^= 1
    weights.write_bytes(changed)
    # Not even a time that was set back hides it.
    os.utime(weights, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert "bytes have changed" in refused(known).what
    weights.unlink()
    assert "No such file" in refused(known).what


def test_a_file_the_container_could_not_read_is_refused(weights: Path) -> None:
    known = added(weights)
    weights.chmod(0o600)
    assert refused(known).mend == f"chmod o+r {weights}"


def test_a_broken_cache_of_digests_costs_one_more_reading(weights: Path, tmp_path: Path) -> None:
    known = added(weights)
    for text in ("", "[]", '{"a": 1}', "{" * 1000):
        (tmp_path / "k/clawdesk/weights.json").write_text(text)
        Hashes().check(known, lambda _: None)


def test_a_private_file_is_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "f"
    write_private(path, "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space") as refused:
        write_private(path, "new")
    assert refused.value.filename == str(path)
    assert path.read_text() == "old"
    assert list(tmp_path.glob(".f-*")) == []


@pytest.mark.parametrize("text", ["[models.a]\n", "models = 3\n", "models = ['a']\n"])
def test_a_catalog_of_another_shape_is_told_in_a_sentence_and_left_alone(
    weights: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    path = paths.own_models()
    path.parent.mkdir(parents=True)
    path.write_text(text)
    for command in (["add", str(weights)], ["remove", "a"]):
        assert main(command) == 1
        assert "models" in capsys.readouterr().err
    assert path.read_text() == text


def test_a_catalog_that_is_no_toml_is_left_alone(
    weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = paths.own_models()
    path.parent.mkdir(parents=True)
    path.write_text("[[models\n")
    assert main(["add", str(weights)]) == 1
    assert "is not TOML" in capsys.readouterr().err
    assert path.read_text() == "[[models\n"
