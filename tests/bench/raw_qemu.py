"""A machine started by QEMU alone, as the thing that ours is measured beside."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from pathlib import Path

from clawdesk.adapters.libvirt.image import GuestImage

BOOT_S_MAX = 120.0


def command(image: GuestImage, folder: Path, *, memory_mib: int, accelerator: str) -> list[str]:
    """The same kernel, disks, memory and channel as ours, and no management."""
    words = ["qemu-system-x86_64", "-machine", "pc,acpi=off", "-accel", accelerator]
    words += ["-m", str(memory_mib), "-nodefaults", "-display", "none", "-no-reboot", "-S"]
    words += ["-kernel", str(image.kernel), "-initrd", str(image.initrd)]
    words += ["-append", image.guest_cmdline]
    for name, options in (
        ("root", f"file={image.root},format=raw,readonly=on"),
        ("disk", f"file={folder}/overlay.qcow2,format=qcow2,cache=writeback"),
        ("work", f"file={folder}/workspace.raw,format=raw,readonly=on"),
    ):
        words += [
            "-drive",
            f"if=none,id={name},{options}",
            "-device",
            f"virtio-blk-pci,drive={name}",
        ]
    # Without an id QEMU does not tell when the guest opens the port.
    words += ["-device", "virtio-serial-pci"]
    words += ["-chardev", f"socket,id=agent,path={folder}/agent.sock,server=on,wait=off"]
    words += ["-device", "virtserialport,id=port0,chardev=agent,name=org.clawdesk.agent.0"]
    words += ["-qmp", f"unix:{folder}/monitor.sock,server=on,wait=off"]
    if os.geteuid() == 0:
        words += ["-runas", "nobody"]
    return words


def boot_ms(
    image: GuestImage, folder: Path, base: Path, *, memory_mib: int, accelerator: str
) -> float:
    """Time from the start of the process to the guest's program opening its channel."""
    folder.mkdir()
    create = ["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(base), "-F", "qcow2"]
    subprocess.run([*create, str(folder / "overlay.qcow2")], check=True)
    (folder / "workspace.raw").touch()
    os.truncate(folder / "workspace.raw", 64 << 20)
    words = command(image, folder, memory_mib=memory_mib, accelerator=accelerator)
    monitor = folder / "monitor.sock"
    begun = time.monotonic()
    # QEMU daemonises itself when its monitor listens, so there is nothing to poll for.
    pidfile = folder / "pid"
    subprocess.run([*words, "-daemonize", "-pidfile", str(pidfile)], check=True)
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(BOOT_S_MAX)
        client.connect(str(monitor))
        try:
            _wait_for_guest(client)
            return (time.monotonic() - begun) * 1000
        finally:
            _quit(client)


def _wait_for_guest(client: socket.socket) -> None:
    """Start the CPUs and read events until the guest's end of the channel is open."""
    with client.makefile("rw", encoding="utf-8", buffering=1) as stream:
        for name in ("qmp_capabilities", "cont"):
            stream.write(json.dumps({"execute": name}) + "\n")
        for line in stream:
            event = json.loads(line)
            if event.get("event") == "VSERPORT_CHANGE" and event["data"]["open"]:
                return
    raise RuntimeError("QEMU ended before the guest was up")


def _quit(client: socket.socket) -> None:
    """End QEMU; it has ended when it closes the monitor."""
    try:
        client.sendall(json.dumps({"execute": "quit"}).encode() + b"\n")
        while client.recv(4096):
            pass
    except OSError:
        return
