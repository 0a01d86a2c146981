"""Files of machines: save images fed through a FIFO, checksums, records, space, folders."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import struct
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from clawdesk.adapters.libvirt import checksums, disks
from clawdesk.adapters.libvirt.disks import SpaceRule
from clawdesk.adapters.libvirt.layout import Layout, runtime_folder
from clawdesk.adapters.libvirt.qcow2 import disk_bytes
from clawdesk.adapters.libvirt.records import (
    MachineRecord,
    SavedRecord,
    durable,
    named_files,
    read_machine,
    read_saved,
    write_machine,
    write_saved,
)
from clawdesk.adapters.libvirt.save_image import fed_through, pack_header, read_header
from clawdesk.ports.errors import MachineError, SnapshotDamagedError

MACHINE = MachineRecord("cd-1", "task", "1", 1, "/o", ("/a", "/b"), "/w", "tcg", "digest")
SAVED = SavedRecord(
    "1.2.x", "1", 2, "cd-1", "/m", ("/a", "/b"), "/w", {"/m": 3}, "tcg", "digest", "7.2"
)


def image(folder: Path, stream: bytes = b"QEVM" * 100_000) -> Path:
    path = folder / "memory"
    path.write_bytes(pack_header("<domain>old</domain>", b"<cookie/>") + stream)
    return path


def test_a_header_is_read_back_with_its_cookie(tmp_path: Path) -> None:
    header = read_header(image(tmp_path))
    assert header.xml == "<domain>old</domain>"
    assert header.cookie == b"<cookie/>"
    assert header.stream_offset == len(pack_header(header.xml, header.cookie))


def test_a_header_without_cookie_has_none(tmp_path: Path) -> None:
    path = tmp_path / "memory"
    path.write_bytes(pack_header("<domain/>", b"") + b"stream")
    assert read_header(path).cookie == b""


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"short",
        b"LibvirtQemudPart" + bytes(200),
        struct.pack("<16sIIIII56x", b"LibvirtQemudSave", 3, 10, 1, 0, 0) + bytes(10),
        struct.pack("<16sIIIII56x", b"LibvirtQemudSave", 2, 10, 1, 1, 0) + bytes(10),
        struct.pack("<16sIIIII56x", b"LibvirtQemudSave", 2, 100, 1, 0, 0) + bytes(10),
        struct.pack("<16sIIIII56x", b"LibvirtQemudSave", 2, 1 << 31, 1, 0, 0),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "memory"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"."):
        read_header(path)


def _sound() -> bool:
    return True


def test_the_fifo_yields_the_rewritten_header_and_the_untouched_stream(tmp_path: Path) -> None:
    stream = os.urandom(3 << 20)
    path = image(tmp_path, stream)
    before = path.read_bytes()
    fifo = tmp_path / "fifo"
    with fed_through(fifo, path, lambda xml: xml.replace("old", "new"), _sound):
        read = fifo.read_bytes()
    assert read == pack_header("<domain>new</domain>", b"<cookie/>") + stream
    assert path.read_bytes() == before
    assert not fifo.exists()


@pytest.mark.parametrize("size", [3 << 20, 1000], ids=["more than a pipe holds", "less"])
def test_a_reader_that_looks_first_and_opens_again_gets_all(tmp_path: Path, size: int) -> None:
    """As libvirt 10 does; whether the feeder has seen in between that nobody reads is chance."""
    stream = os.urandom(size)
    path = image(tmp_path, stream)
    head = pack_header("<domain>new</domain>", b"<cookie/>")
    for number in range(50):
        fifo = tmp_path / f"fifo{number}"
        with fed_through(fifo, path, lambda _: "<domain>new</domain>", _sound, opens=2):
            with fifo.open("rb", buffering=0) as look:
                assert look.read(len(head)) == head
            assert fifo.read_bytes() == head + stream


def test_a_reader_that_only_looks_leaves_no_thread(tmp_path: Path) -> None:
    path = image(tmp_path, bytes(8 << 20))
    threads = threading.active_count()
    for number in range(20):
        fifo = tmp_path / f"fifo{number}"
        with (
            fed_through(fifo, path, str, _sound, opens=2),
            fifo.open("rb", buffering=0) as look,
        ):
            assert look.read(10)
    assert threading.active_count() == threads


def test_the_end_of_the_stream_waits_for_a_yes_and_never_follows_a_no(tmp_path: Path) -> None:
    stream = os.urandom(3 << 20)
    path = image(tmp_path, stream)
    head, asked, answers = pack_header("x", b"<cookie/>"), threading.Event(), [True, False]

    def sound() -> bool:
        asked.set()
        return answers.pop(0)

    most = len(head) + len(stream) - (1 << 20)
    yes = tmp_path / "yes"
    with fed_through(yes, path, lambda _: "x", sound), yes.open("rb") as reader:
        assert reader.read(most) == (head + stream)[:most]
        assert asked.wait(30)
        assert reader.read() == stream[-(1 << 20) :]
    with fed_through(tmp_path / "no", path, lambda _: "x", sound):
        assert (tmp_path / "no").read_bytes() == (head + stream)[:most]


def test_a_reader_that_never_comes_or_gives_up_leaves_no_thread(tmp_path: Path) -> None:
    path = image(tmp_path, bytes(8 << 20))
    threads = threading.active_count()
    with fed_through(tmp_path / "a", path, str, _sound):
        pass
    with fed_through(tmp_path / "b", path, str, _sound), (tmp_path / "b").open("rb") as reader:
        assert reader.read(10)
    assert threading.active_count() == threads
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_whose_sum_is_known_is_not_read_to_seal_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "memory"
    path.write_bytes(b"content")
    known = checksums.of(path)
    path.write_bytes(b"CONTENT")
    with pytest.raises(SnapshotDamagedError, match="does not match"):
        disks.verify(path, 7, here=True, known=known)  # damaged before it was sealed
    path.write_bytes(b"content")
    assert disks.verify(path, 7, here=True, known=known) == known
    disks.remove(path)
    path.write_bytes(b"content")
    monkeypatch.setattr(checksums, "of", lambda _: pytest.fail("it was read"))
    assert disks.seal(path, known) == known
    assert disks.seal(path) == known, "noted beside it"


def test_a_file_that_an_earlier_version_sealed_is_still_verified(tmp_path: Path) -> None:
    path, note = tmp_path / "memory", tmp_path / "memory.sha256"
    path.write_bytes(b"content")
    note.write_text(hashlib.sha256(b"content").hexdigest())
    assert disks.noted_file(note.name) == path.name
    assert disks.verify(path, 7, here=False) == note.read_text()
    assert disks.seal(path) == note.read_text(), "not summed a second time"
    path.write_bytes(b"CONTENT")
    with pytest.raises(SnapshotDamagedError, match="does not match"):
        disks.verify(path, 7, here=False)
    disks.remove(path)
    assert list(tmp_path.iterdir()) == []


def test_a_record_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    saved = replace(SAVED, memory_sum="7f")
    path = tmp_path / "record.json"
    write_saved(path, saved)
    path.write_text(path.read_text().replace("memory_sum", "memory_sha256"))
    assert read_saved(path) == saved


def test_seal_then_verify_and_every_kind_of_damage(tmp_path: Path) -> None:
    path = tmp_path / "layer"
    path.write_bytes(b"content")
    with pytest.raises(SnapshotDamagedError, match="not safely on the disk"):
        disks.verify(path, 7, here=False)
    assert disks.verify(path, 7, here=True) == disks.seal(path)  # verifying seals what was not yet
    assert disks.verify(path, 7, here=False), "sealed, so it was safe"
    for damage in (b"CONTENT", b"longer content"):
        path.write_bytes(damage)
        with pytest.raises(SnapshotDamagedError):
            disks.verify(path, 7, here=True)
    disks.remove(path)
    with pytest.raises(SnapshotDamagedError):
        disks.verify(path, 7, here=True)
    assert list(tmp_path.iterdir()) == []


def test_too_little_space_is_said_with_numbers(tmp_path: Path) -> None:
    SpaceRule(0, 0.0).check(tmp_path)
    for rule in (SpaceRule(1 << 60, 0.0), SpaceRule(0, 1.01)):
        with pytest.raises(MachineError, match="GiB free") as caught:
            rule.check(tmp_path)
        assert caught.value.code == "no_space"
        assert caught.value.mend


def test_a_workspace_disk_begins_with_the_tar_and_is_sparse(tmp_path: Path) -> None:
    tar = tmp_path / "t.tar"
    tar.write_bytes(b"tar" * 1000)
    disk = tmp_path / "w.raw"
    disks.write_workspace(disk, tar, disks.workspace_bytes(3000))
    assert disk.stat().st_size == disks.WORKSPACE_BYTES
    assert disk.stat().st_blocks * 512 < 1 << 20
    with disk.open("rb") as found:
        assert found.read(3004) == b"tar" * 1000 + bytes(4)
    assert disks.workspace_bytes(5 << 30) == 8 << 30


def test_a_missing_tar_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(MachineError):
        disks.write_workspace(tmp_path / "w.raw", tmp_path / "absent", 10)
    assert not (tmp_path / "w.raw").exists()


def test_a_full_disk_has_its_own_code() -> None:
    assert disks.disk_error("x", OSError(errno.ENOSPC, "full")).code == "no_space"
    assert disks.disk_error("x", OSError(errno.EIO, "broken")).code == "disk"


def test_flattening_keeps_what_every_layer_wrote(tmp_path: Path) -> None:
    base = tmp_path / "base.raw"
    base.write_bytes(b"base" * 1024)
    first, second, flat = (tmp_path / f"{name}.qcow2" for name in ("a", "b", "flat"))
    subprocess.run(
        ["qemu-img", "convert", "-O", "qcow2", str(base), str(first)], check=True, timeout=60
    )
    disks.create_overlay(second, first)
    subprocess.run(["qemu-io", "-c", "write -P 7 0 512", str(second)], check=True, timeout=60)
    disks.flatten(flat, second)
    first.unlink()
    out = tmp_path / "out.raw"
    subprocess.run(
        ["qemu-img", "convert", "-O", "raw", str(flat), str(out)], check=True, timeout=60
    )
    assert out.read_bytes()[:4096] == b"\7" * 512 + (b"base" * 1024)[512:4096]


@pytest.mark.parametrize("size", ["1M", "3G", "2T"])
def test_an_overlay_is_what_qemus_own_tool_would_make(tmp_path: Path, size: str) -> None:
    base, overlay = tmp_path / "base.qcow2", tmp_path / "ünlike.qcow2"
    image = ["qemu-img", "create", "-q", "-f", "qcow2", str(base), size]
    subprocess.run(image, check=True, timeout=60)
    disks.create_overlay(overlay, base)
    check = ["qemu-img", "check", "--output=json", str(overlay)]
    checked = json.loads(subprocess.run(check, check=True, capture_output=True, timeout=60).stdout)
    assert checked["check-errors"] == 0
    assert not checked.get("leaks", 0)
    ask = ["qemu-img", "info", "--output=json", str(overlay)]
    found = json.loads(subprocess.run(ask, check=True, capture_output=True, timeout=60).stdout)
    assert found["backing-filename"] == str(base)
    assert found["backing-filename-format"] == found["format"] == "qcow2"
    assert found["virtual-size"] == disk_bytes(base) == disk_bytes(overlay)
    assert found["format-specific"]["data"]["refcount-bits"] == 16
    write = ["qemu-io", "-c", "write -P 7 700k 64k", "-c", "read -P 0 0 64k", str(overlay)]
    subprocess.run(write, check=True, timeout=60)
    subprocess.run(check, check=True, capture_output=True, timeout=60)


def test_a_disk_that_is_none_gets_no_overlay(tmp_path: Path) -> None:
    base, overlay = tmp_path / "base.qcow2", tmp_path / "overlay.qcow2"
    base.write_bytes(b"QFI\xfb")
    with pytest.raises(MachineError, match="no qcow2 file"):
        disks.create_overlay(overlay, base)
    assert not overlay.exists()


def test_records_come_back_equal_and_broken_ones_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    write_machine(path, MACHINE)
    assert read_machine(path) == MACHINE
    with pytest.raises(ValueError, match="snapshot"):
        read_saved(path)
    write_saved(path, SAVED)
    assert read_saved(path) == SAVED
    for broken in ("", "[]", "{", '{"layers": 1}', "\udcff"):
        path.write_bytes(broken.encode("utf-8", "surrogateescape"))
        with pytest.raises(ValueError, match=r"."):
            read_machine(path)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kind", ["fifo", "link", "folder"])
def test_what_is_no_plain_file_is_no_record(tmp_path: Path, kind: str) -> None:
    """A QEMU that broke out owns the folder; it must not make us wait or read elsewhere."""
    path, elsewhere = tmp_path / "r.json", tmp_path / "elsewhere"
    write_saved(elsewhere, SAVED)
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to(elsewhere)
    else:
        path.mkdir()
    assert named_files(path) == ()
    with pytest.raises(ValueError, match=r"."):
        read_saved(path)


def test_a_folder_that_cannot_be_listed_is_not_taken_for_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = Layout(tmp_path, tmp_path, os.getuid(), os.getgid())
    assert layout.saved_records() == layout.machine_records() == layout.template_records() == []
    layout.make_task("01HZ")

    def refuse(_folder: Path) -> list[str]:
        raise PermissionError

    with monkeypatch.context() as patch:  # what the test is given is removed by the real ones
        patch.setattr(os, "listdir", refuse)  # by which Python 3.11 and 3.12 look,
        patch.setattr(os, "scandir", refuse)  # and 3.13
        for records in (layout.saved_records, layout.machine_records, layout.template_records):
            with pytest.raises(PermissionError):
                records()


def test_the_owner_id_is_made_once(tmp_path: Path) -> None:
    layout = Layout(tmp_path, tmp_path, os.getuid(), os.getgid())
    assert len(layout.owner()) == 32
    assert layout.owner() == layout.owner()


@pytest.mark.parametrize("task", ["", "..", "a/b", "../x", "a b", "é"])
def test_a_task_is_one_plain_word(tmp_path: Path, task: str) -> None:
    layout = Layout(tmp_path, tmp_path, os.getuid(), os.getgid())
    with pytest.raises(MachineError):
        layout.task(task)
    with pytest.raises(MachineError):
        layout.snapshot(f"{task}.1.x")


def test_a_socket_path_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    layout = Layout(tmp_path, tmp_path / ("x" * 100), os.getuid(), os.getgid())
    with pytest.raises(MachineError) as caught:
        layout.channel("cd-1")
    assert caught.value.code == "long_path"


def test_a_runtime_folder_open_to_others_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAWDESK_RUNTIME_DIR", str(tmp_path / "r"))
    folder = runtime_folder()
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o755)
    with pytest.raises(MachineError) as caught:
        runtime_folder()
    assert caught.value.code == "foreign_folder"


def test_machine_files_are_closed_to_others(tmp_path: Path) -> None:
    layout = Layout(tmp_path, tmp_path, os.getuid(), os.getgid())
    folder = layout.make_task("01HZ")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "layers").stat().st_mode & 0o777 == 0o700
    layout.remove(folder)
    assert list((tmp_path / "tasks").iterdir()) == []


def test_only_plain_paths_below_the_home_lie_within_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "tasks").mkdir(parents=True)
    layout = Layout(home, tmp_path, os.getuid(), os.getgid())
    assert layout.within(f"{home}/tasks/T/layers/a.qcow2") == "tasks/T/layers/a.qcow2"
    for elsewhere in ("/etc/passwd", f"{home}-2/a", f"{home}/../a", f"{home}/tasks/../../a", ""):
        assert layout.within(elsewhere) == ""
    (tmp_path / "moved").symlink_to(home)
    assert layout.within(f"{tmp_path}/moved/tasks/T/a") == "tasks/T/a"


def test_a_note_made_while_its_file_is_removed_goes_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "layer"
    path.write_bytes(b"content")

    def remove_first(note: Path, text: str) -> None:
        disks.remove(path)
        durable(note, text)

    monkeypatch.setattr(disks, "durable", remove_first)
    disks.seal(path)
    assert list(tmp_path.iterdir()) == []


def test_what_a_record_names_is_read_even_from_a_later_version(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    write_saved(path, SAVED)
    assert named_files(path) == ("/m", "/w", "/a", "/b")
    write_machine(path, MACHINE)
    assert named_files(path) == ("/o", "/w", "/a", "/b")
    path.write_text('{"memory": "/m", "layers": ["/a", 7], "workspace": "", "news": {}}')
    assert named_files(path) == ("/m", "/a")
    for cut in ("", "{", "[]", '{"layers": 3}'):
        path.write_text(cut)
        assert named_files(path) == ()
    path.write_text("[" * 100_000)
    assert named_files(path) == ()
    path.write_text('{"memory": "/m", "long": "' + "x" * (1 << 20) + '"}')
    assert named_files(path) == ()
    path.unlink()
    with pytest.raises(FileNotFoundError):
        named_files(path)
