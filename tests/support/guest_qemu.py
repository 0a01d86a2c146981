"""A guest booted by plain QEMU, for tests of the image and the channel without libvirt."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from clawdesk.adapters.libvirt.image import GuestImage
from clawdesk.adapters.libvirt.image_disk import blank_disk

WORKSPACE_DISK_BYTES = 64 << 20


_EVENTS = {"capability": "events", "state": True}
_BOOT_S = 30.0


class _Monitor:
    """QEMU's monitor (QMP): commands, and events that are waited for."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_BOOT_S)
        deadline = time.monotonic() + _BOOT_S
        while True:
            try:
                self._socket.connect(str(path))
                break
            except OSError:
                assert time.monotonic() < deadline, "QEMU did not open its monitor"
                threading.Event().wait(0.01)
        self._lines = self._socket.makefile("rb")
        self._lines.readline()
        self.do("qmp_capabilities")

    def __enter__(self) -> _Monitor:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._socket.close()

    def do(self, command: str, **arguments: object) -> None:
        told = {"execute": command, "arguments": arguments}
        self._socket.sendall(json.dumps(told).encode())
        while True:
            answer = json.loads(self._lines.readline())
            assert "error" not in answer, answer
            if "return" in answer:
                return

    def wait_for(self, event: str, status: str) -> None:
        while True:
            told = json.loads(self._lines.readline())
            if told.get("event") == event and told["data"].get("status") == status:
                return


class QemuGuest:
    """One emulated machine; `close` ends it. Its channel is the Unix socket `socket`."""

    def __init__(self, image: GuestImage, folder: Path, tar: Path | None = None) -> None:
        self.folder = folder
        self.image = image
        self.socket = folder / "agent.sock"
        self.monitor = folder / "monitor.sock"
        self.overlay = folder / "overlay.qcow2"
        self.workspace = folder / "workspace.raw"
        self._process: subprocess.Popen[bytes] | None = None
        base = blank_disk(512)
        create = ["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(base), "-F", "qcow2"]
        subprocess.run([*create, str(self.overlay)], check=True)
        if tar is not None:
            shutil.copyfile(tar, self.workspace)
        else:
            self.workspace.touch()
        size = self.workspace.stat().st_size
        os.truncate(self.workspace, max(size, WORKSPACE_DISK_BYTES))

    def start(self, *extra: str) -> None:
        """Boot (or, with `-incoming`, wait for a state)."""
        drives = [
            ("root", f"file={self.image.root},format=raw,readonly=on"),
            ("disk", f"file={self.overlay},format=qcow2,cache=writeback"),
            ("work", f"file={self.workspace},format=raw,readonly=on"),
        ]
        command = ["qemu-system-x86_64", "-machine", "pc,acpi=off", "-accel", "tcg"]
        command += ["-m", "256", "-nodefaults", "-display", "none", "-no-reboot"]
        command += ["-kernel", str(self.image.kernel), "-initrd", str(self.image.initrd)]
        command += ["-append", self.image.guest_cmdline]
        for name, options in drives:
            command += ["-drive", f"if=none,id={name},{options}"]
            command += ["-device", f"virtio-blk-pci,drive={name}"]
        command += ["-device", "virtio-serial-pci"]
        command += ["-chardev", f"socket,id=agent,path={self.socket},server=on,wait=off"]
        command += ["-device", "virtserialport,chardev=agent,name=org.clawdesk.agent.0"]
        command += ["-qmp", f"unix:{self.monitor},server=on,wait=off"]
        self._process = subprocess.Popen([*command, *extra])

    def save(self, state: Path) -> None:
        """Write the machine's memory to a file and end it; the disk stays as it is then."""
        with _Monitor(self.monitor) as monitor:
            monitor.do("migrate-set-capabilities", capabilities=[_EVENTS])
            monitor.do("stop")
            monitor.do("migrate", uri=f"exec:cat > {state}")
            monitor.wait_for("MIGRATION", "completed")
        self.kill()

    def restore(self, state: Path) -> None:
        """Start again where `save` stopped."""
        self.socket.unlink()
        self.monitor.unlink()
        self.start("-incoming", "defer", "-S")
        with _Monitor(self.monitor) as monitor:
            monitor.do("migrate-set-capabilities", capabilities=[_EVENTS])
            monitor.do("migrate-incoming", uri=f"exec:cat {state}")
            monitor.wait_for("MIGRATION", "completed")
            monitor.do("cont")

    def kill(self) -> None:
        """SIGKILL, as in a crash of QEMU."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """SIGSTOP: the process stays, and does nothing any more."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def close(self) -> None:
        self.kill()
