"""The domain's XML against golden files, and a saved domain under another identity.

A changed golden file is a changed attack surface: look at it before you accept it.
Write them anew with `CLAWDESK_WRITE_GOLDEN=1 pytest tests/unit/adapters/test_domain_xml.py`.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from clawdesk.adapters.libvirt.domain_xml import (
    DomainClaim,
    DomainIdentity,
    DomainShape,
    channel_is_open,
    claim_of,
    disk_source,
    domain_xml,
    image_files,
    renamed,
    snapshot_xml,
)

GOLDEN = Path(__file__).parent / "golden"
SHAPE = DomainShape(
    emulator=Path("/usr/bin/qemu-system-x86_64"),
    kernel=Path("/images/base/vmlinux"),
    initrd=Path("/images/base/initrd"),
    root=Path("/images/base/root.squashfs"),
    cmdline="quiet panic=-1",
    cpu_count=1,
    memory_mib=512,
    accelerator="tcg",
)
IDENTITY = DomainIdentity(
    name="cd-01hz-1-00000001",
    uuid="6ec318fc-f2a2-430c-8da9-40b2c0fa8860",
    owner="0123456789abcdef",
    role="task",
    task="01HZ",
    attempt=1,
    overlay=Path("/home/tasks/01HZ/layers/cd-01hz-1-00000001.qcow2"),
    workspace=Path("/home/tasks/01HZ/workspaces/cd-01hz-1-00000001.raw"),
    channel=Path("/run/cd-01hz-1-00000001.sock"),
)
OTHER = replace(
    IDENTITY,
    name="cd-01hz-2-00000002",
    uuid="69e3da16-73a4-4a72-a881-9f8315d186bb",
    attempt=2,
    overlay=Path("/home/new.qcow2"),
    workspace=Path("/home/new.raw"),
    channel=Path("/run/new.sock"),
)


def compare(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("CLAWDESK_WRITE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


def test_an_emulated_machine() -> None:
    compare("domain_tcg.xml", domain_xml(SHAPE, IDENTITY))


def test_a_kvm_machine_with_more_of_everything() -> None:
    shape = replace(SHAPE, accelerator="kvm", cpu_count=4, memory_mib=2048)
    compare("domain_kvm.xml", domain_xml(shape, IDENTITY))


def test_a_snapshot() -> None:
    compare("snapshot.xml", snapshot_xml(Path("/s/memory"), Path("/l/next.qcow2")))


def test_a_saved_domain_under_another_identity() -> None:
    saved = (GOLDEN / "saved_by_libvirt.xml").read_text()
    compare("saved_renamed.xml", renamed(saved, OTHER))


def test_what_libvirt_overlooks_is_told_once_however_often_it_is_restored() -> None:
    booted = domain_xml(SHAPE, IDENTITY)
    assert renamed(renamed(booted, OTHER), OTHER).count("cpu-unavailable-features") == 1
    saved_before = (GOLDEN / "saved_by_libvirt.xml").read_text()
    assert renamed(saved_before, OTHER).count("cpu-unavailable-features") == 1


def test_a_machine_has_three_disks_one_channel_and_nothing_else() -> None:
    devices = ElementTree.fromstring(domain_xml(SHAPE, IDENTITY)).find("devices")
    assert devices is not None
    kinds = sorted(device.tag for device in devices)
    assert kinds == [
        "channel",
        "controller",
        "controller",
        "disk",
        "disk",
        "disk",
        "emulator",
        "memballoon",
    ]
    models = {(d.tag, d.get("type", ""), d.get("model", "")) for d in devices}
    assert ("controller", "usb", "none") in models
    assert ("memballoon", "", "none") in models
    writable = [d for d in devices.findall("disk") if d.find("readonly") is None]
    assert [d.find("target").get("dev") for d in writable] == ["vdb"]  # type: ignore[union-attr]


@pytest.mark.parametrize("value", ["a'b", 'a"b', "a<b>&c", "/with space/é"])
def test_awkward_paths_and_names_survive(value: str) -> None:
    identity = replace(IDENTITY, task=value, overlay=Path(value), channel=Path(value))
    text = domain_xml(replace(SHAPE, kernel=Path(value), cmdline=value), identity)
    domain = ElementTree.fromstring(text)
    assert domain.findtext("os/kernel") == str(Path(value))
    assert domain.findtext("os/cmdline") == value
    assert disk_source(text, "vdb") == str(Path(value))
    claim = claim_of(text)
    assert claim is not None
    assert claim.task == value


def test_the_claim_is_read_back() -> None:
    assert claim_of(domain_xml(SHAPE, IDENTITY)) == DomainClaim(
        "0123456789abcdef", "task", "01HZ", 1
    )
    assert claim_of("<domain><name>somebody else's</name></domain>") is None
    assert claim_of("no xml") is None


def test_renaming_keeps_addresses_and_drops_the_old_chain() -> None:
    saved = (GOLDEN / "saved_by_libvirt.xml").read_text()
    text = renamed(saved, OTHER)
    assert disk_source(text, "vda") == disk_source(saved, "vda")
    assert disk_source(text, "vdb") == "/home/new.qcow2"
    assert disk_source(text, "vdc") == "/home/new.raw"
    vdb = ElementTree.fromstring(text).findall("devices/disk")[1]
    assert vdb.find("backingStore") is None
    assert vdb.find("address") is not None
    claim = claim_of(text)
    assert claim is not None
    assert claim.attempt == 2


def test_the_files_of_the_image_a_machine_stands_on() -> None:
    wanted = (SHAPE.kernel, SHAPE.initrd, SHAPE.root)
    assert image_files(domain_xml(SHAPE, IDENTITY)) == wanted
    saved = (GOLDEN / "saved_by_libvirt.xml").read_text()
    assert len(image_files(saved)) == 3
    assert image_files(renamed(saved, OTHER)) == image_files(saved)


@pytest.mark.parametrize("saved", ["", "<domain/>", "not xml", "<domain><name>x</name></domain>"])
def test_renaming_refuses_what_is_no_machine_of_ours(saved: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        renamed(saved, OTHER)


def test_the_guest_is_up_once_its_end_of_the_channel_is_open() -> None:
    text = domain_xml(SHAPE, IDENTITY)
    assert not channel_is_open(text)
    name = "name='org.clawdesk.agent.0'"
    assert not channel_is_open(text.replace(name, f"{name} state='disconnected'"))
    assert channel_is_open(text.replace(name, f"{name} state='connected'"))
