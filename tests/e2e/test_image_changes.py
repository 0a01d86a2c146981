"""A rebuilt guest image takes no snapshot away: real machines on two images, old and present.

A snapshot holds the memory and the disk of its machine, and so the guest program of its day. The
read-only root below it stays where it was built, for images are never changed nor removed.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from clawdesk.adapters.libvirt import image_recipe
from clawdesk.adapters.libvirt.image import GuestImage, build_image
from clawdesk.adapters.libvirt.machines import LibvirtMachines
from clawdesk.domain.model import Snapshot
from clawdesk.ports.errors import GuestError, SnapshotDamagedError
from clawdesk.ports.guest import FileEntry
from clawdesk.ports.machines import MachineSpec
from clawdesk_guest import protocol
from tests.support import libvirt_real as real
from tests.support.libvirt_guest import guests_of, shell, workspace_tar

pytestmark = pytest.mark.e2e
TASK = "01JCHANGES0000000000000001"
OTHER = "01JCHANGES0000000000000002"
EDITED = FileEntry("hello.txt", 0o100644, b"edited\n")
REMEMBER = "head -c 16 /dev/urandom | od -An -tx1 > /dev/shm/nonce; cat /dev/shm/nonce; date > made"


def _old_image(folder: Path) -> GuestImage:
    """The image as it was when the guest spoke the oldest version taken; built below `folder`."""
    program = folder / "clawdesk_guest"
    shutil.copytree(Path(protocol.__file__).parent, program)
    text = (program / "protocol.py").read_text()
    older = text.replace(f"VERSION = {protocol.VERSION}\n", f"VERSION = {protocol.VERSION_MIN}\n")
    assert older != text
    (program / "protocol.py").write_text(older)
    files = [
        (f"usr/lib/clawdesk/clawdesk_guest/{path.name}", 0o644, path)
        for path in program.glob("*.py")
    ]
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CLAWDESK_DATA_DIR", str(folder / "older"))
        patched.setattr(image_recipe, "_guest_program", lambda: files)
        return build_image("base", print)


async def test_a_snapshot_of_an_older_image_goes_on(tmp_path: Path) -> None:
    folder = real.folder() / "images"
    folder.mkdir()
    old, present = _old_image(folder), real.image()
    assert old.digest != present.digest
    tar = workspace_tar(tmp_path, {"hello.txt": b"hello\n"})
    images = [old]
    async with (
        real.real_machines("images", warm=False, find_image=lambda _name: images[-1]) as machines,
        guests_of(machines) as guests,
    ):
        machine = await machines.start(MachineSpec(TASK, 1, real.NEED, tar))
        guest = await guests.connect(machine.machine, token="", start=True)
        remembered = await shell(guest, REMEMBER)
        assert await guest.quiesce()
        snapshots = [await machines.snapshot(machine.machine, TASK, 1)]
        await guest.close()
        await machines.destroy(machine.machine)

        images.append(present)  # built again, some weeks later
        for ordinal in (2, 3):  # a snapshot of what was restored goes on as well
            machine = await machines.restore(TASK, 1, snapshots[-1])
            guest = await guests.connect(machine.machine, token="", start=False)
            assert await shell(guest, "cat /dev/shm/nonce") == remembered
            with pytest.raises(GuestError) as caught:
                await guest.apply([EDITED], [])
            assert caught.value.code == "old_guest"
            assert [file.path for file in (await guest.collect()).changed] == ["made"]
            assert await guest.quiesce()
            snapshots.append(await machines.snapshot(machine.machine, TASK, ordinal))
            await guest.close()
            await machines.destroy(machine.machine)

        machine = await machines.start(MachineSpec(OTHER, 1, real.NEED, tar))
        guest = await guests.connect(machine.machine, token="", start=True)
        await guest.apply([EDITED], [])  # a new machine stands on the present image
        assert await shell(guest, "cat hello.txt") == "edited"

        await _without_its_image(machines, old, snapshots[0])
    shutil.rmtree(folder)


async def _without_its_image(
    machines: LibvirtMachines, image: GuestImage, snapshot: Snapshot
) -> None:
    """Somebody removed the old image by hand: the snapshot is damaged, in those words."""
    shutil.rmtree(image.root.parent)
    with pytest.raises(SnapshotDamagedError, match="guest image") as caught:
        await machines.restore(TASK, 1, snapshot)
    assert caught.value.mend
