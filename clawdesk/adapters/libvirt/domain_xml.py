"""The XML libvirt is given: domains, their snapshots, and a saved domain under another identity.

Pure: values in, text out; no file is read and libvirt is not called. The device set is the whole
attack surface of a machine, so it is spelled out here and nowhere else: three disks, one channel;
no network card, no serial line, no screen, no balloon, no USB (tests/unit/adapters/golden).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

CHANNEL = "org.clawdesk.agent.0"
NAMESPACE = "urn:clawdesk:machine:1"
QEMU_NAMESPACE = "http://libvirt.org/schemas/domain/qemu/1.0"
_CAPABILITIES = (
    f"<qemu:capabilities xmlns:qemu='{QEMU_NAMESPACE}'>"
    "<qemu:del capability='cpu-unavailable-features'/></qemu:capabilities>"
)
"""What of QEMU's libvirt is told to overlook.

By that capability it asks for each of some 400 properties of the CPU, one after the other, whenever
a guest starts: half of the half second of a warm start (2026-11-27, libvirt 9.0). Without it a few
questions get all.
"""
_V2 = ("cx16", "lahf_lm", "pni", "popcnt", "sse4.1", "sse4.2", "ssse3")
_CPU = {
    # What QEMU emulates by itself is older than what programs are built for now (x86-64-v2): they
    # die of an illegal instruction. It boots no slower; `maximum` does, 1.3 times (facts).
    "tcg": "<cpu mode='custom' match='exact' check='none'><model fallback='forbid'>qemu64</model>"
    + "".join(f"<feature policy='require' name='{name}'/>" for name in _V2)
    + "</cpu>",
    "kvm": "<cpu mode='host-passthrough' migratable='on'/>",
}
_DOMAIN_TYPE = {"tcg": "qemu", "kvm": "kvm"}


@dataclass(frozen=True, slots=True)
class DomainShape:
    """What a machine is built of; equal shapes can share a warm template.

    Args:
        root: read-only root file system, shared by all machines.
        accelerator: "kvm" or "tcg".
    """

    emulator: Path
    kernel: Path
    initrd: Path
    root: Path
    cmdline: str
    cpu_count: int
    memory_mib: int
    accelerator: str


@dataclass(frozen=True, slots=True)
class DomainIdentity:
    """What makes one machine differ from another of the same shape.

    Args:
        role: "task", "template" or "probe"; only tasks are shown to the control plane.
        overlay: the machine's own writable qcow2 layer.
        workspace: raw read-only disk, of the size every machine of the shape has.
        channel: Unix socket the host connects to.
    """

    name: str
    uuid: str
    owner: str
    role: str
    task: str
    attempt: int
    overlay: Path
    workspace: Path
    channel: Path


@dataclass(frozen=True, slots=True)
class DomainClaim:
    """Who a domain says it belongs to."""

    owner: str
    role: str
    task: str
    attempt: int


def domain_xml(shape: DomainShape, identity: DomainIdentity) -> str:
    """The domain of a machine that boots."""
    kvm_or_qemu = _DOMAIN_TYPE[shape.accelerator]
    return f"""<domain type='{kvm_or_qemu}'>
  <name>{_text(identity.name)}</name>
  <uuid>{identity.uuid}</uuid>
  <metadata>{_claim(identity)}</metadata>
  <memory unit='MiB'>{shape.memory_mib}</memory>
  <vcpu>{shape.cpu_count}</vcpu>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <kernel>{_text(shape.kernel)}</kernel>
    <initrd>{_text(shape.initrd)}</initrd>
    <cmdline>{_text(shape.cmdline)}</cmdline>
  </os>
  <features/>{_CPU[shape.accelerator]}
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>destroy</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>{_text(shape.emulator)}</emulator>
    {_disk("vda", "raw", shape.root, readonly=True)}
    {_disk("vdb", "qcow2", identity.overlay, readonly=False)}
    {_disk("vdc", "raw", identity.workspace, readonly=True)}
    <controller type='usb' model='none'/>
    <controller type='virtio-serial' index='0'/>
    <channel type='unix'>
      <source mode='bind' path={quoteattr(str(identity.channel))}/>
      <target type='virtio' name='{CHANNEL}'/>
    </channel>
    <memballoon model='none'/>
  </devices>
  {_CAPABILITIES}
</domain>
"""


def snapshot_xml(memory: Path, overlay: Path) -> str:
    """A snapshot whose memory goes to one file and after which vdb is written to `overlay`.

    The two read-only disks never change and stay out of it.
    """
    return f"""<domainsnapshot>
  <memory snapshot='external' file={quoteattr(str(memory))}/>
{_snapshot_disks(overlay)}</domainsnapshot>
"""


def disk_snapshot_xml(overlay: Path) -> str:
    """The same without the memory."""
    return f"<domainsnapshot>\n{_snapshot_disks(overlay)}</domainsnapshot>\n"


def _snapshot_disks(overlay: Path) -> str:
    return f"""  <disks>
    <disk name='vda' snapshot='no'/>
    <disk name='vdb' snapshot='external'><source file={quoteattr(str(overlay))}/></disk>
    <disk name='vdc' snapshot='no'/>
  </disks>
"""


def renamed(saved: str, identity: DomainIdentity) -> str:
    """A saved domain's XML with another name, uuid, claim, overlay, workspace and channel.

    Addresses and models stay as they were: the guest's devices must be found where the frozen
    memory remembers them.

    Raises:
        ValueError: the text is not XML of a machine of ours.
    """
    try:
        domain = ElementTree.fromstring(saved)  # noqa: S314 - written by libvirt for our own domain
    except ElementTree.ParseError as error:
        raise ValueError(f"not XML: {error}") from error
    _child(domain, "name").text = identity.name
    _child(domain, "uuid").text = identity.uuid
    old = _child(domain, "metadata")
    old.clear()
    old.append(ElementTree.fromstring(_claim(identity)))  # noqa: S314 - our own text
    devices = _child(domain, "devices")
    _point(devices, "vdb", identity.overlay)
    _point(devices, "vdc", identity.workspace)
    for channel in devices.findall("channel"):
        if _child(channel, "target").get("name") == CHANNEL:
            _child(channel, "source").set("path", str(identity.channel))
    if domain.find(f"{{{QEMU_NAMESPACE}}}capabilities") is None:  # saved before 2026-11-27
        domain.append(ElementTree.fromstring(_CAPABILITIES))  # noqa: S314 - our own text
    return ElementTree.tostring(domain, encoding="unicode")


def claim_of(domain_text: str) -> DomainClaim | None:
    """The claim in a domain's XML; None when it is not one of ours."""
    try:
        domain = ElementTree.fromstring(domain_text)  # noqa: S314 - from libvirt
        claim = domain.find(f"metadata/{{{NAMESPACE}}}machine")
        if claim is None:
            return None
        return DomainClaim(
            owner=claim.get("owner", ""),
            role=claim.get("role", ""),
            task=claim.get("task", ""),
            attempt=int(claim.get("attempt", "0")),
        )
    except (ElementTree.ParseError, ValueError):
        return None


def channel_is_open(domain_text: str) -> bool:
    """Whether the guest has opened its end of the channel, that is: its program is up."""
    domain = ElementTree.fromstring(domain_text)  # noqa: S314 - from libvirt
    return any(
        target.get("name") == CHANNEL and target.get("state") == "connected"
        for target in domain.iterfind("devices/channel/target")
    )


def disk_source(domain_text: str, target: str) -> str:
    """Path of the image that a disk writes to now, "" when there is no such disk."""
    domain = ElementTree.fromstring(domain_text)  # noqa: S314 - from libvirt
    for disk in domain.iterfind("devices/disk"):
        if _child(disk, "target").get("dev") == target:
            source = disk.find("source")
            return "" if source is None else source.get("file", "")
    return ""


def image_files(domain_text: str) -> tuple[Path, ...]:
    """The files of the guest image a domain stands on: kernel, initrd, root."""
    domain = ElementTree.fromstring(domain_text)  # noqa: S314 - from libvirt
    named = [domain.findtext("os/kernel"), domain.findtext("os/initrd")]
    return tuple(Path(path) for path in (*named, disk_source(domain_text, "vda")) if path)


def _disk(target: str, kind: str, path: Path, *, readonly: bool) -> str:
    closing = "<readonly/></disk>" if readonly else "</disk>"
    return (
        f"<disk type='file' device='disk'><driver name='qemu' type='{kind}' cache='writeback'/>"
        f"<source file={quoteattr(str(path))}/><target dev='{target}' bus='virtio'/>{closing}"
    )


def _claim(identity: DomainIdentity) -> str:
    return (
        f"<clawdesk:machine xmlns:clawdesk='{NAMESPACE}' owner={quoteattr(identity.owner)} "
        f"role={quoteattr(identity.role)} task={quoteattr(identity.task)} "
        f"attempt='{identity.attempt}'/>"
    )


def _point(devices: ElementTree.Element, target: str, path: Path) -> None:
    """Give a disk another file. What libvirt noted of the old file's chain must go with it:
    a stale chain made the guest read an empty disk (facts, section 3c)."""
    for disk in devices.findall("disk"):
        if _child(disk, "target").get("dev") != target:
            continue
        for stale in [*disk.findall("backingStore"), *disk.findall("source")]:
            disk.remove(stale)
        ElementTree.SubElement(disk, "source", {"file": str(path)})
        return
    raise ValueError(f"no disk {target}")


def _child(parent: ElementTree.Element, tag: str) -> ElementTree.Element:
    found = parent.find(tag)
    if found is None:
        raise ValueError(f"no <{tag}> in <{parent.tag}>")
    return found


def _text(value: str | Path) -> str:
    return str(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
