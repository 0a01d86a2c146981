"""The guest image's recipe and its parts, without a network."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from clawdesk.adapters.libvirt import image_commands, image_kernel, image_recipe, places
from clawdesk.adapters.libvirt.image import build_image, find_image
from clawdesk.adapters.libvirt.image_disk import blank_disk
from clawdesk.adapters.libvirt.image_kernel import initramfs, pvh_kernel
from clawdesk.adapters.libvirt.image_recipe import image_names, load_recipe
from clawdesk.adapters.libvirt.image_root import file_digest, write_squashfs
from clawdesk.ports.errors import MachineError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLAWDESK_DATA_DIR", str(tmp_path / "home"))
    return tmp_path / "home"


def test_the_recipe_names_everything() -> None:
    recipe = load_recipe("base")
    assert image_names() == ["base"]
    assert recipe.root_arguments[-1] == "bookworm"
    names = [Path(module).name for module in recipe.modules]
    assert names.index("virtio_ring") < names.index("virtio")  # or the kernel refuses virtio
    paths = [path for path, _, _ in recipe.files]
    assert "usr/bin/claw" in paths
    assert "usr/lib/clawdesk/clawdesk_guest/protocol.py" in paths


def test_an_unknown_image_names_the_known_ones(home: Path) -> None:
    with pytest.raises(MachineError, match="known: base") as caught:
        find_image("fedora")
    assert caught.value.code == "unknown_image"


def test_the_digest_follows_every_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = load_recipe("base")
    folder = tmp_path / "image"
    subprocess.run(["cp", "-r", image_recipe.recipe_folder(), folder], check=True)
    monkeypatch.setattr(image_recipe, "recipe_folder", lambda: folder)
    assert load_recipe("base").digest == before.digest  # not where it lies, but what it is
    with (folder / "init").open("a") as init:
        init.write("# changed\n")
    assert load_recipe("base").digest != before.digest


def test_no_image_is_found_before_it_is_built(home: Path) -> None:
    assert find_image("base") is None


def test_a_missing_program_is_named_with_its_package(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("shutil.which", lambda *_args, **_words: None)
    said: list[str] = []
    with pytest.raises(MachineError, match="mmdebstrap is not installed") as caught:
        build_image("base", said.append)
    assert caught.value.mend.endswith("mmdebstrap")
    assert said  # progress was shown before
    assert not list((home / "images").glob("*/"))


def _cpio(content: bytes) -> dict[str, tuple[int, bytes]]:
    """path -> (mode, content) of a newc archive."""
    files: dict[str, tuple[int, bytes]] = {}
    at = 0
    while True:
        assert content[at : at + 6] == b"070701"
        numbers = [int(content[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in range(13)]
        mode, size, name_size = numbers[1], numbers[6], numbers[11]
        name = content[at + 110 : at + 110 + name_size - 1].decode()
        at = (at + 110 + name_size + 3) & ~3
        if name == "TRAILER!!!":
            return files
        files[name] = (mode, content[at : at + size])
        at = (at + size + 3) & ~3


def test_the_initial_file_system_holds_its_modules_in_order() -> None:
    files = _cpio(initramfs(b"busybox", b"#!init", [("b_first", b"1"), ("a_second", b"22")]))
    assert files["init"] == (0o100755, b"#!init")
    assert files["bin/busybox"] == (0o100755, b"busybox")
    assert files["modules/order"][1] == b"b_first\na_second\n"
    assert files["modules/a_second.ko"] == (0o100644, b"22")
    assert files["dev"] == (0o040755, b"")


def test_the_kernel_is_taken_out_of_its_wrapper() -> None:
    elf = b"\x7fELF" + b"kernel" * 1000
    done = subprocess.run(["lz4", "-l", "-c"], input=elf, capture_output=True, check=True)
    payload = done.stdout + struct.pack("<I", len(elf))
    header = bytearray(5 * 512)
    header[0x1F1] = 4
    struct.pack_into("<II", header, 0x248, 0, len(payload))
    assert pvh_kernel(bytes(header) + payload) == elf


def test_what_is_no_kernel_is_refused() -> None:
    with pytest.raises(MachineError, match="lz4 failed"):
        pvh_kernel(bytes(10_000))


def _root(path: Path) -> Path:
    with tarfile.open(path, "w") as tar:
        # Folders that nobody names, as that of the root, must not get the time of the packing.
        for folder in ["./etc"] + ["./" + "/".join(["long"] * n) for n in range(1, 41)]:
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        for name, content in (
            ("./etc/hostname", b"builder"),
            ("./etc/keep", b"kept"),
            ("./" + "long/" * 40 + "name", b"x" * 70_000),
            ("./etc/resolv.conf", b"nameserver"),
            ("./last", b"last"),
        ):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path


def test_the_root_is_packed_alike_each_time_and_with_our_files(tmp_path: Path) -> None:
    recipe = load_recipe("base")
    tar = _root(tmp_path / "root.tar")
    images = [tmp_path / "one", tmp_path / "two"]
    for image in images:
        write_squashfs(recipe, tar, image)
    assert file_digest(images[0]) == file_digest(images[1])
    packed = images[0]

    def cat(name: str) -> bytes:
        command = ["unsquashfs", "-cat", str(packed), name]
        return subprocess.run(command, capture_output=True, check=True).stdout

    assert cat("etc/keep") == b"kept"
    assert cat("last") == b"last"
    assert cat("etc/hostname") == b"clawdesk\n"
    assert len(cat("long/" * 40 + "name")) == 70_000
    assert cat("usr/bin/claw").startswith(b"#!/usr/bin/python3")
    listed = subprocess.run(["unsquashfs", "-ll", packed], capture_output=True, check=True).stdout
    assert b"resolv.conf" not in listed
    assert b"dist-packages/clawdesk_guest -> /usr/lib/clawdesk/clawdesk_guest" in listed


@pytest.mark.parametrize("content", [b"", b"x" * 2000])
def test_a_root_that_is_not_a_tar_is_refused(tmp_path: Path, content: bytes) -> None:
    broken = tmp_path / "root.tar"
    broken.write_bytes(content)
    with pytest.raises(MachineError, match="damaged"):
        write_squashfs(load_recipe("base"), broken, tmp_path / "image")


def test_files_of_an_older_recipe_do_not_count(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = load_recipe("base")
    folder = home / "images" / f"base-{recipe.digest[:16]}-0123456789abcdef"
    folder.mkdir(parents=True)
    for name in ("vmlinux", "initrd", "root.squashfs"):
        (folder / name).write_bytes(b"x")
    note = '{"name": "base", "digest": "d", "cmdline": "c", "kernel": "6", "sizes": {"vmlinux": 1}}'
    (folder / "image.json").write_text(note)
    found = find_image("base")
    assert found is not None
    assert found.kernel == folder / "vmlinux"
    (folder / "vmlinux").write_bytes(b"cut off")
    assert find_image("base") is None
    (folder / "vmlinux").write_bytes(b"x")
    changed = replace(recipe, digest="f" * 64)
    monkeypatch.setattr("clawdesk.adapters.libvirt.image.load_recipe", lambda _name: changed)
    assert find_image("base") is None


def test_an_empty_disk_is_made_once(home: Path) -> None:
    disk = blank_disk(256)
    assert blank_disk(256) == disk
    assert disk.stat().st_mode & 0o777 == 0o444
    assert disk.stat().st_blocks * 512 < 8 << 20  # sparse
    assert [path.name for path in disk.parent.iterdir()] in (
        ["ext4-256.qcow2", "blank.lock"],
        ["blank.lock", "ext4-256.qcow2"],
    )
    with pytest.raises(MachineError, match="too small"):
        blank_disk(10)


def test_machine_files_lie_where_qemus_user_can_reach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLAWDESK_DATA_DIR", raising=False)
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o700)
    monkeypatch.setattr(places, "open_folder", lambda folder: folder)
    monkeypatch.setenv("XDG_DATA_HOME", str(shut / "data"))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert places.machine_home() == Path("/var/lib/clawdesk")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert places.machine_home() == shut / "data" / "clawdesk"


def test_without_a_network_the_last_kernel_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(arguments: list[str], **_words: object) -> str:
        raise MachineError(f"{arguments[0]} failed", code="build_failed")

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(image_kernel, "run", fail)
    monkeypatch.setattr(image_kernel, "member", lambda *_words: b"")
    recipe = load_recipe("base")
    with pytest.raises(MachineError, match="apt-get failed"):
        image_kernel.fetch_kernel(recipe, tmp_path / "tar", lambda _line: None)
    kept = tmp_path / "clawdesk/kernels/linux-image-6.1.0-1-cloud-amd64_6.1.1-1/kernel.deb"
    kept.parent.mkdir(parents=True)
    kept.touch()
    said: list[str] = []
    found = image_kernel.fetch_kernel(recipe, tmp_path / "tar", said.append)
    assert (found.version, found.deb) == ("6.1.1-1", kept)
    assert "does not answer" in said[-1]


def test_shared_folders_are_open_whatever_the_umask(home: Path) -> None:
    before = os.umask(0o077)
    try:
        disk = blank_disk(256)
    finally:
        os.umask(before)
    for folder in (disk.parent, home):
        assert folder.stat().st_mode & 0o777 == 0o755


def test_a_system_that_does_not_know_debians_keys_is_told_so() -> None:
    """As on Ubuntu 22.04."""
    said = "W: GPG error: http://example.org/debian bookworm InRelease: NO_PUBKEY 6ED0E7B82643E131"
    error = image_commands.failed("mmdebstrap", 25, said)
    assert "debian-archive-keyring is too old" in error.what
    assert "from 24.04 on" in error.mend
    assert "network" not in error.mend


def test_an_account_that_may_make_no_namespaces_is_told_what_lets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    said = "E: unshare syscall failed: Operation not permitted"
    error = image_commands.failed("mmdebstrap", 25, said)
    assert "user namespace" in error.what
    assert error.mend.endswith("then run: clawdesk images build")
    assert "network" not in error.mend
    assert "network" in image_commands.failed("mmdebstrap", 25, "E: no space").mend
    for name, value, command in (
        ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "unprivileged_userns=0"),
    ):
        setting = tmp_path / value / name
        setting.parent.mkdir(parents=True)
        setting.write_text(f"{value}\n")
        mend = image_commands._let_make_namespaces(tmp_path / value)
        assert mend.startswith("sudo sysctl -w kernel.")
        assert mend.endswith(command)
