"""The guest image in a real (emulated) machine: its program, its files, a restore."""

from __future__ import annotations

import asyncio
import http.server
import json
import tempfile
import threading
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import pytest

from clawdesk.adapters.egress import TcpEgress
from clawdesk.adapters.libvirt.channel import ChannelSession, GuestChannels
from clawdesk.adapters.libvirt.image import GuestImage, build_image, find_image
from clawdesk.domain.keys import key_of
from clawdesk.domain.network import Reach
from clawdesk.domain.processes import KeySpec
from clawdesk.ports.guest import (
    BoundaryAsked,
    FileEntry,
    GuestLost,
    GuestMessage,
    StepEnded,
    StepOutput,
    StepRun,
)
from clawdesk.ports.inference import ModelResponse
from tests.support.certificates import Authority
from tests.support.guest_qemu import QemuGuest
from tests.support.guest_tar import workspace_tar
from tests.support.inference_fake import EchoInference

pytestmark = pytest.mark.e2e

FILES = {"notes.txt": b"one\n", "tool*": b"#!/bin/sh\necho tool\n", ".gitignore": b"*.tmp\n"}
# Talks to the model as any program would, with nothing but the standard library.
MODEL_CALL = r"""
import json, os, urllib.request
url = os.environ["OPENAI_BASE_URL"] + "/chat/completions"
body = json.dumps({"model": os.environ["OPENAI_MODEL"], "stream": True}).encode()
headers = {"content-type": "application/json", "authorization": "Bearer clawdesk"}
with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as answer:
    print(answer.status, answer.headers["content-type"])
    print(answer.read().decode())
"""


@pytest.fixture(scope="module")
def image() -> GuestImage:
    return build_image("base", lambda _line: None)


@pytest.fixture
def guest(image: GuestImage) -> Iterator[QemuGuest]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        machine = QemuGuest(image, folder, workspace_tar(folder, FILES))
        machine.start()
        yield machine
        machine.close()


@pytest.fixture
async def channels(guest: QemuGuest) -> AsyncIterator[GuestChannels]:
    channels = GuestChannels(lambda _machine: guest.socket, LocalServer())
    yield channels
    await channels.close()


class LocalServer(EchoInference):
    """A model server on this host's loopback: the relay's far end, over real HTTP."""

    async def call(
        self, token: str, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> ModelResponse:
        self.asked.append((token, method, path, dict(headers), body))
        return await asyncio.to_thread(self._call, method, path, dict(headers), body)

    def _call(self, method: str, path: str, headers: dict[str, str], body: bytes) -> ModelResponse:
        server = http.server.HTTPServer(("127.0.0.1", 0), _Model)
        serving = threading.Thread(target=server.handle_request)
        serving.start()
        url = f"http://127.0.0.1:{server.server_port}{path}"
        asked = urllib.request.Request(url, body, headers, method=method)
        with urllib.request.urlopen(asked) as answer:
            content = answer.read()
            kept = dict(answer.headers)
        serving.join()
        server.server_close()
        return ModelResponse(200, kept, self._chunks(path, content))


class _Model(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.wfile.write(f"data: {asked['model']} says hello\n\ndata: [DONE]\n\n".encode())

    def log_message(self, *_: object) -> None:
        pass


async def _run(session: ChannelSession, command: str, **env: str) -> tuple[str, int]:
    """(output, exit code) of a step."""
    await session.run(StepRun("r", "step", command, 60, env))
    messages = [m async for m in _until_end(session)]
    text = b"".join(m.chunk for m in messages if isinstance(m, StepOutput)).decode()
    ended = messages[-1]
    assert isinstance(ended, StepEnded), ended
    return text, ended.exit_code


async def _until_end(session: ChannelSession) -> AsyncIterator[GuestMessage]:
    async for message in session.messages():
        yield message
        if isinstance(message, StepEnded | GuestLost):
            return


def test_the_image_is_found_without_building(image: GuestImage) -> None:
    assert find_image("base") == image


async def test_a_step_in_a_machine(channels: GuestChannels) -> None:
    session = await channels.connect("m", token="t", start=True)
    seen, code = await _run(
        session,
        "pwd; id -u; hostname; ls /sys/class/net; ./tool; git log --format=%s; git status --short;"
        " python3 -c 'from clawdesk_guest import step, checkpoint, ask'; echo two >> notes.txt;"
        " echo x > x.tmp; rm tool; ln -s notes.txt link",
    )
    assert seen.split() == ["/workspace", "0", "clawdesk", "lo", "tool", "base"]
    assert code == 0
    changes = await session.collect()
    assert {f.path: (f.mode, f.content) for f in changes.changed} == {
        "notes.txt": (0o100644, b"one\ntwo\n"),
        "link": (0o120000, b"notes.txt"),
    }
    assert changes.deleted == ("tool",)


async def test_output_streams_while_the_step_runs(channels: GuestChannels) -> None:
    session = await channels.connect("m", token="t", start=True)
    command = "echo first; read line < /tmp/gate; echo second"
    await session.run(StepRun("r", "step", f"mkfifo /tmp/gate; {command}", 60))
    messages = session.messages()
    first = await anext(messages)
    assert isinstance(first, StepOutput)
    assert first.chunk == b"first\n"  # although the step has not ended
    await session.kill("r")
    assert isinstance(await anext(messages), StepEnded)


async def test_a_model_call_goes_through_the_relay(guest: QemuGuest) -> None:
    server = LocalServer()
    channels = GuestChannels(lambda _machine: guest.socket, server)
    session = await channels.connect("m", token="task-token", start=True)
    command = f"cat > call.py <<'END'\n{MODEL_CALL}\nEND\npython3 call.py"
    seen, code = await _run(session, command, OPENAI_MODEL="small")
    await channels.close()
    assert code == 0, seen
    assert "200 text/event-stream\ndata: small says hello" in seen
    [(token, method, path, headers, _)] = server.asked
    assert (token, method, path) == ("task-token", "POST", "/v1/chat/completions")
    assert "authorization" not in headers


async def test_a_machine_without_a_network_card_reaches_what_it_may(guest: QemuGuest) -> None:
    """An ordinary program, which finds its proxy as all do; the server stands for the internet."""

    async def look_up(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhello in")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host = f"files.example.org:{server.sockets[0].getsockname()[1]}"
    egress = TcpEgress(look_up=look_up, may=lambda _address, _own: True)
    channels = GuestChannels(lambda _machine: guest.socket, LocalServer(), egress)
    session = await channels.connect("m", token="t", start=True, network=Reach((host,)))
    fetch = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read())"
    command = f'python3 -c "{fetch}" http://{host}/; python3 -c "{fetch}" http://other.example.org/'
    seen, code = await _run(session, command, CLAWDESK_NETWORK=host)
    assert "b'hello in'" in seen
    assert code == 1
    assert "403: Forbidden" in seen
    await channels.close()
    server.close()


async def test_a_key_goes_out_with_a_request_and_is_nowhere_in_the_machine(
    guest: QemuGuest, tmp_path: Path
) -> None:
    """An ordinary program asks without TLS; the service gets TLS and the key."""
    heads: list[bytes] = []

    async def look_up(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nits-answer-" + b"is-in-memory")
        writer.close()
        await writer.wait_closed()

    authority, value = Authority(), "s3cret-value-of-ann"
    shows = authority.server("api.example.org", tmp_path)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=shows)
    host = f"api.example.org:{server.sockets[0].getsockname()[1]}"
    reach = Reach((host,), keys=(key_of(KeySpec(host, "API_TOKEN"), value),))
    trust = authority.trusted
    egress = TcpEgress(look_up=look_up, may=lambda _address, _own: True, trust=trust)
    channels = GuestChannels(lambda _machine: guest.socket, LocalServer(), egress)
    session = await channels.connect("m", token="t", start=True, network=reach)
    fetch = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read())"
    command = f'python3 -c "{fetch}" http://{host}/v1/items | tee /dev/shm/answer; env'
    seen, code = await _run(session, command, CLAWDESK_NETWORK=host)
    assert code == 0, seen
    assert "its-answer-is-in-memory" in seen
    [head] = heads
    assert head.startswith(b"GET /v1/items HTTP/1.1\r\n")
    assert f"\r\nAuthorization: Bearer {value}\r\n".encode() in head
    assert await session.quiesce()
    await session.close()
    await channels.close()
    server.close()
    guest.save(tmp_path / "state")
    memory = (tmp_path / "state").read_bytes()
    assert b"its-answer-is-in-memory" in memory
    assert value.encode() not in memory


async def test_a_waiting_checkpoint_survives_a_restore(
    guest: QemuGuest, channels: GuestChannels
) -> None:
    session = await channels.connect("m", token="t", start=True)
    secret = "head -c 16 /dev/urandom | od -An -tx1 | tr -d ' ' > /dev/shm/nonce"
    later = "cat /dev/shm/nonce; date +%s; head -c 8 /dev/urandom | od -An -tx8"
    command = f"{secret}; cat /dev/shm/nonce; claw checkpoint --approve -m now; {later}"
    await session.run(StepRun("r", "step", command, 600))
    before = b""
    async for message in session.messages():
        if isinstance(message, BoundaryAsked):
            asked = message
            break
        assert isinstance(message, StepOutput)
        before += message.chunk
    assert await session.quiesce()
    await session.close()
    state = guest.folder / "state"
    guest.save(state)
    drawn = set()
    for _ in range(2):  # the same snapshot twice: each answers the same waiting call
        guest.restore(state)
        again = await channels.connect("m", token="t", start=False)
        assert again.greeting.running == "r"
        assert again.greeting.pending == (asked.request_id,)
        assert again.greeting.boot_id == session.greeting.boot_id
        await again.reply(asked.request_id, {"outcome": "continue"})
        messages = [m async for m in _until_end(again)]
        after = b"".join(m.chunk for m in messages if isinstance(m, StepOutput))
        nonce, clock_s, random = after.split()
        assert nonce == before.strip()  # a value that was only in memory
        assert abs(int(clock_s) - time.time_ns() // 10**9) <= 5  # not the snapshot's clock
        drawn.add(random)
        assert messages[-1] == StepEnded("r", 0)
        await again.close()
        guest.kill()
    assert len(drawn) == 2  # nor its random numbers


async def test_approved_files_are_in_the_workspace_and_in_its_snapshot(
    guest: QemuGuest, channels: GuestChannels
) -> None:
    session = await channels.connect("m", token="t", start=True)
    # The step stands in a folder, reads a file that is replaced, and waits for the person.
    work = "mkdir -p d/e; cd d; echo draft > draft; exec 3< ../notes.txt; claw checkpoint --approve"
    shown = "cat <&3; cat ../notes.txt ../link; ls; test -x ../run && echo runs; test ! -e ../tool"
    await session.run(StepRun("r", "step", f"{work}; {shown}", 600))
    asked = await anext(session.messages())
    assert isinstance(asked, BoundaryAsked)
    large = bytes(range(256)) * 8192 + b"!"
    files = [
        FileEntry("notes.txt", 0o100644, b"edited\n"),
        FileEntry("link", 0o120000, b"d/final"),
        FileEntry("d/final", 0o100644, b"approved\n"),
        FileEntry("run", 0o100755, b"#!/bin/sh\n"),
        FileEntry("large.bin", 0o100644, large),
    ]
    assert await session.quiesce()
    await session.apply(files, ["d/draft", "tool"])
    changes = await session.collect()
    assert {f.path: f for f in changes.changed} == {f.path: f for f in files}
    assert changes.deleted == ("tool",)
    assert await session.quiesce()
    await session.close()
    state = guest.folder / "state"
    guest.save(state)
    guest.restore(state)
    again = await channels.connect("m", token="t", start=False)
    assert await again.collect() == changes
    await again.apply([FileEntry("notes.txt", 0o100644, b"once more\n")], [])
    await again.reply(asked.request_id, {"outcome": "continue"})
    messages = [m async for m in _until_end(again)]
    seen = b"".join(m.chunk for m in messages if isinstance(m, StepOutput)).decode()
    assert seen.split("\n") == ["one", "once more", "approved", "e", "final", "runs", ""]
    assert messages[-1] == StepEnded("r", 0)


async def test_a_killed_machine_is_told(guest: QemuGuest, channels: GuestChannels) -> None:
    session = await channels.connect("m", token="t", start=True)
    guest.kill()
    assert [type(m) async for m in session.messages()] == [GuestLost]


@pytest.mark.alone
async def test_a_machine_that_hangs_is_lost_after_its_time_of_silence(guest: QemuGuest) -> None:
    """SIGSTOP: the process lives and its socket is open, and nothing comes any more."""
    channels = GuestChannels(lambda _m: guest.socket, EchoInference(), silence_s_max=6.0)
    try:
        session = await channels.connect("m", token="t", start=True)
        guest.stop()
        begun_s = time.monotonic()
        messages = [m async for m in session.messages()]
        assert messages == [GuestLost("the guest stopped answering")]
        assert 5 < time.monotonic() - begun_s < 15
    finally:
        await channels.close()


async def test_a_panic_ends_the_machine(channels: GuestChannels) -> None:
    session = await channels.connect("m", token="t", start=True)
    await session.run(StepRun("r", "step", "echo c > /proc/sysrq-trigger", 60))
    messages = [m async for m in session.messages()]
    assert isinstance(messages[-1], GuestLost)
