"""What checkpoints cost an agent, and what its model calls cost beside the bare channel.

An agent that knows nothing of ClawDesk makes 21 calls to a model whose answers are written
beforehand, in machines of one warm template, by turns with a checkpoint before every tenth call and
with none before its end. Answers come at once, which no model does, and after one second each.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

from clawdesk.adapters.libvirt.channel import ChannelSession
from clawdesk.ports.inference import ModelResponse
from clawdesk.ports.machines import MachineSpec
from tests.bench.rows import Row, row
from tests.support import libvirt_real as real
from tests.support.inference_fake import EchoInference
from tests.support.libvirt_guest import guests_of, shell, workspace_tar
from tests.support.real_cli import RealCli, make_project, real_cli
from tests.support.scripted_model import AGENT, MODEL, behind_the_fabric

CALLS = 21
MIB = 16
PINGS = 100
_TASK = f"""\
[machine]
memory_mib = 256
[models]
default = "{MODEL}"
[[steps]]
name = "agent"
run = "python3 agent.py"
"""
_FILES = {
    "agent.py": AGENT,
    ".clawdesk/tasks/plain.toml": _TASK,
    ".clawdesk/tasks/ten.toml": f'{_TASK}checkpoint = "model-call"\nevery_calls = 10\n',
}
_RAW = f"""\
import sys, time
part, begun = b"x" * 65536, time.monotonic()
for _ in range({MIB * 16}):
    sys.stdout.buffer.write(part)
sys.stdout.buffer.flush()
print("\\n%.6f" % (time.monotonic() - begun))
"""
_RELAY = f"""\
import os, time, urllib.request
body = b'{{"model": "m", "messages": [], "user": "' + b"x" * ({MIB} << 20) + b'"}}'
request = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + "/chat/completions", body)
begun = time.monotonic()
urllib.request.urlopen(request).read()
print("%.6f" % (time.monotonic() - begun))
"""
_CALLS = f"""\
import os, signal, socket, statistics, time, urllib.request
def call(base):
    request = urllib.request.Request(base + "/chat/completions", b"{{}}")
    begun = time.monotonic()
    urllib.request.urlopen(request).read()
    return time.monotonic() - begun
# The same client beside it on a server inside that does nothing but answer.
server = socket.create_server(("127.0.0.1", 0))
child = os.fork()
if child == 0:
    while True:
        caller, _ = server.accept()
        asked = b""
        while not asked.endswith(b"{{}}"):
            asked += caller.recv(65536)
        caller.sendall(b"HTTP/1.0 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n{{}}")
        caller.close()
inside = "http://127.0.0.1:%d" % server.getsockname()[1]
relay = os.environ["OPENAI_BASE_URL"]
# By turns, as what an emulated switch between programs costs changes threefold within seconds.
added = [call(relay) - call(inside) for _ in range({PINGS})]
os.kill(child, signal.SIGKILL)
print("%.6f" % statistics.median(added))
"""


class AtOnce(EchoInference):
    """Every call has the same short answer, and nothing is remembered."""

    async def call(
        self, token: str, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> ModelResponse:
        return ModelResponse(200, {"content-type": "application/json"}, _short())


async def _short() -> AsyncIterator[bytes]:
    yield b"{}"


def measure(n: int) -> Iterator[Row]:
    for delay_s in (0.0, 1.0):
        plain, ten = _agents(n, delay_s)
        answers = f"answers after {delay_s:g} s" if delay_s else "answers at once"
        yield row(
            f"A1 an agent of {CALLS} calls, a checkpoint every 10; {answers}",
            ten,
            "ms",
            beside=plain,
            ratio_to="the same without checkpoints before its end",
            goal="at most 1.1 times",
        )
    raw, relay, ping, added = asyncio.run(_channel(n))
    yield row(
        f"A2 relay: {MIB} MiB of a call's body",
        relay,
        "MiB/s",
        beside=raw,
        ratio_to="as many bytes of a step's output over the same channel",
        goal="at least 0.5 times",
    )
    yield row(
        "A3 relay: a call, beyond the same client on a server inside the machine",
        added,
        "ms",
        beside=ping,
        ratio_to="a message there and back over the same channel",
        goal="at most 4 times",
    )


def _agents(n: int, delay_s: float) -> tuple[list[float], list[float]]:
    """Milliseconds of the agent's step without and with checkpoints, taken in turns."""
    commands = (*["true"] * (CALLS - 1), "exit")
    with real_cli() as cli:
        project = make_project(Path(tempfile.mkdtemp(dir=cli.root)), _FILES)
        with behind_the_fabric(cli, project, commands, delay_s=delay_s):
            pairs = [(_run(cli, project, "plain"), _run(cli, project, "ten")) for _ in range(n)]
    return [plain for plain, _ in pairs], [ten for _, ten in pairs]


def _run(cli: RealCli, project: Path, name: str) -> float:
    done = cli.run("run", str(project), name, "--headless", "--json", "--approve", "all")
    events = cli.events(done.stdout)
    reached = [e for e in events if e["event"] == "checkpoint_reached"]
    assert len(reached) == (1 if name == "plain" else 3), reached
    begun = next(e["at_ms"] for e in events if e["event"] == "step_started")
    return float(next(e["at_ms"] for e in events if e["event"] == "task_finished") - begun)


async def _channel(n: int) -> tuple[list[float], list[float], list[float], list[float]]:
    """MiB/s of a step's output and of a call's body; ms of a message, and added to a call."""
    raw, relay, ping, added = [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        files = {"raw.py": _RAW, "relay.py": _RELAY, "calls.py": _CALLS}
        tar = workspace_tar(Path(folder), {name: text.encode() for name, text in files.items()})
        async with real.real_machines("bench") as machines, guests_of(machines, AtOnce()) as guests:
            task = "01JBENCH000000000000000200"
            started = await machines.start(MachineSpec(task, 1, real.NEED, tar))
            guest = await guests.connect(started.machine, token="t", start=True)
            for _ in range(n):
                raw.append(MIB / float((await shell(guest, "python3 raw.py")).split()[-1]))
                relay.append(MIB / float(await shell(guest, "python3 relay.py")))
                ping.append(await _ping(guest))
                added.append(float(await shell(guest, "python3 calls.py")) * 1000)
            await guest.close()
            await machines.discard(task)
    return raw, relay, ping, added


async def _ping(guest: ChannelSession) -> float:
    """Median of a message that changes nothing and its answer, in ms."""
    took = []
    for _ in range(PINGS):
        begun = time.monotonic()
        await guest.set_feedback("")
        took.append((time.monotonic() - begun) * 1000)
    return statistics.median(took)
