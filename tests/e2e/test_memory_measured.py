"""The memory of a real machine is seen as ours while it runs, and grows as the guest uses it."""

from __future__ import annotations

from pathlib import Path

import pytest

from clawdesk.adapters.telemetry import HostTelemetry
from clawdesk.ports.machines import MachineSpec
from tests.support import libvirt_real as real
from tests.support.libvirt_guest import guests_of, shell, workspace_tar

pytestmark = pytest.mark.e2e
TASK = "01JMEMORY00000000000000001"


async def test_what_a_machine_occupies_is_measured(tmp_path: Path) -> None:
    tar = workspace_tar(tmp_path, {"hello.txt": b"hello\n"})
    # The machine that makes a warm template is ours too, and would come and go meanwhile.
    async with real.real_machines(warm=False) as machines, guests_of(machines) as guests:
        telemetry = HostTelemetry(disk=tmp_path, machines=machines.pids)
        machine = await machines.start(MachineSpec(TASK, 1, real.NEED, tar))
        guest = await guests.connect(machine.machine, token="", start=True)
        before = (await telemetry.sample()).machines_mib
        assert before is not None
        assert 10 < before < real.NEED.memory_mib + 200
        await shell(guest, "head -c 80M /dev/urandom > /dev/shm/ballast")
        after = (await telemetry.sample()).machines_mib
        assert after is not None
        assert after >= before + 60
        await machines.destroy(machine.machine)
        gone = (await telemetry.sample()).machines_mib
        assert gone is not None
        assert gone < after - 60
        await telemetry.close()
