"""Running a Fabric: metrics, a log without words, leaving, and a second one beside it."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

import clawdesk_fabric
from clawdesk_fabric import logs, metrics
from clawdesk_fabric.__main__ import main
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.metrics import CallRecord, Metrics
from clawdesk_fabric.runtime import Fabric
from clawdesk_fabric.server import AlreadyRunningError, Options, Server
from clawdesk_fabric.usage import Usage
from tests.support import openai_model
from tests.support.fabric_engine import FakeEngine
from tests.support.fabric_world import ASK, MODEL, World, catalog, running
from tests.support.raw_engine import Connection, RawEngine, json_answer

TARGET = "/v1/chat/completions"
CANARY = "canary-7f3a"
STREAM = {**ASK, "stream": True}


@pytest.fixture
async def talking(short_folder: Path) -> AsyncIterator[World]:
    """A Fabric whose model answers as OpenAI's would."""
    engine = RawEngine(short_folder, openai_model.answer)
    async with running(engine, short_folder / "t.sock", port=0) as made:
        yield made


async def scraped(world: World) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample of /metrics, as a scraper reads it."""
    async with world.session.get("http://localhost/metrics") as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text = await answer.text()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_metrics_tell_tokens_and_times_by_model_class_and_project(talking: World) -> None:
    await talking.chat()
    async with talking.post(TARGET, {**STREAM, "stream_options": {"include_usage": True}}) as it:
        await it.content.read()
    assert (await talking.chat(n=0))[0] == 400
    found = await scraped(talking)
    labels = {"class": "agent", "model": MODEL, "project": "p"}

    def value(name: str, **more: str) -> float:
        key = tuple(sorted({**labels, **more}.items()))
        return found[(f"clawdesk_fabric_{name}", key)]

    assert value("calls_ended_total", outcome="ok") == 2
    assert value("prompt_tokens_total") == 14
    assert value("completion_tokens_total") == 6
    assert value("wait_seconds_count") == 2
    assert value("first_byte_seconds_count") == 2
    assert value("duration_seconds_bucket", le="+Inf") == 2


def test_no_client_can_make_the_metrics_grow() -> None:
    made = Metrics(Fabric(catalog(), FakeEngine(Path()), memory_mib=1))
    used = Usage(1, 2, 3, 4)
    for number in range(metrics.PROJECTS_MAX * 5):
        made.ended(CallRecord(MODEL, "agent", f"p{number}", "ok", 1, used))
    made.ended(CallRecord(MODEL, "agent", "x" * 5000, "ok", 1, used))
    text = made.text().decode()
    counts = [line for line in text.splitlines() if line.startswith("clawdesk_fabric_calls_ended_")]
    projects = {line.split('project="')[1].split('"')[0] for line in counts if "project=" in line}
    assert len(projects) == metrics.PROJECTS_MAX + 1
    assert metrics.OTHER in projects
    assert "x" * 201 not in text


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    """What the process writes to its log, at the finest level it can be set to."""
    text = io.StringIO()
    output = logging.StreamHandler(text)
    output.setFormatter(logs.JsonLines())
    root = logging.getLogger()
    before = root.level
    root.addHandler(output)
    root.setLevel(logging.DEBUG)
    yield text
    root.removeHandler(output)
    root.setLevel(before)


async def repeat_all(connection: Connection) -> None:
    """An engine that quotes the prompt wherever it can."""
    body = connection.request.split(b"\r\n\r\n", 1)[1].decode()
    said = json.dumps({"error": {"message": body, "type": body, "code": body}}).encode()
    await connection.send(
        b"HTTP/1.1 500 %s\r\nX-Said: %s\r\nContent-Length: %d\r\n\r\n"
        % (CANARY.encode(), CANARY.encode(), len(said)),
        said,
    )


async def answer_canary(connection: Connection) -> None:
    await connection.send(json_answer(b'{"choices": ["%s"]}' % CANARY.encode()))


async def say_no_http(connection: Connection) -> None:
    await connection.send(CANARY.encode() * 10 + b"\r\n\r\n")


@pytest.mark.expect_log("POST /v1/")
@pytest.mark.parametrize("script", [repeat_all, answer_canary, say_no_http])
async def test_the_log_holds_no_prompt_no_answer_and_no_token(
    short_folder: Path, log_lines: io.StringIO, script: Any
) -> None:
    engine = RawEngine(short_folder, script)
    async with running(engine, short_folder / "f.sock", port=0) as world:
        hidden = [{"role": "user", "content": CANARY}]
        await world.chat(messages=hidden)
        await world.chat(messages=hidden, stream=True)
        await world.chat(messages=hidden, model=CANARY)
        await world.chat(messages=hidden, n=CANARY)
        for target in (f"/v1/{CANARY}", f"/v1/models/{CANARY}", f"/{CANARY}?{CANARY}"):
            await world.session.get(f"http://localhost{target}", headers=world.headers())
        for headers in (world.headers(Cookie=CANARY), {"Authorization": f"Bearer {CANARY}"}):
            async with world.post(TARGET, ASK, headers=headers) as answer:
                await answer.read()
        async with world.session.post(
            f"http://localhost{TARGET}",
            data=f'{{"{CANARY}',
            headers=world.headers(**{"Content-Type": "application/json"}),
        ) as answer:
            assert answer.status == 400
        token = world.token
    text = log_lines.getvalue()
    assert '"message":"call ended"' in text
    assert CANARY not in text
    assert token not in text
    for line in text.splitlines():
        fields = json.loads(line)
        assert {"time", "level", "message"} <= fields.keys()


async def test_a_call_that_ended_is_one_line_with_its_figures(
    talking: World, log_lines: io.StringIO
) -> None:
    await talking.chat()
    (line,) = [text for text in log_lines.getvalue().splitlines() if "call ended" in text]
    fields = json.loads(line)
    assert (fields["model"], fields["class"], fields["project"]) == (MODEL, "agent", "p")
    assert (fields["task"], fields["outcome"]) == ("t", "ok")
    assert (fields["prompt_tokens"], fields["completion_tokens"]) == (7, 3)


RECORD = {"msg": "call ended", "levelname": "INFO", "levelno": 20, "fields": {"outcome": "ok"}}


def test_a_person_at_a_terminal_reads_lines() -> None:
    record = logging.makeLogRecord(RECORD)
    assert logs.Lines().format(record).endswith("INFO call ended outcome=ok")
    assert json.loads(logs.JsonLines().format(record))["outcome"] == "ok"


async def test_lines_of_calls_are_written_together_and_others_at_once() -> None:
    text = io.StringIO()
    output = logs.Output(text)
    output.handle(logging.makeLogRecord(RECORD))
    assert text.getvalue() == ""
    output.handle(logging.makeLogRecord({"msg": "stopping", "levelno": 20}))
    assert text.getvalue() == "call ended\nstopping\n"
    for _ in range(logs.HELD_LINES_MAX):
        output.handle(logging.makeLogRecord(RECORD))
    assert text.getvalue().count("\n") == logs.HELD_LINES_MAX + 2
    # What is held at the end of the process is written by logging's own last flush.
    output.handle(logging.makeLogRecord(RECORD))
    output.flush()
    assert text.getvalue().count("\n") == logs.HELD_LINES_MAX + 3


# -- leaving -------------------------------------------------------------------------------------


@pytest.mark.expect_log("shutting down")
async def test_on_a_signal_calls_in_flight_end_and_the_rest_is_told_when_to_come_again(
    world: World, engine: FakeEngine
) -> None:
    await world.fabric.load(MODEL)
    model = engine.latest[MODEL]
    model.gate.clear()
    served = [asyncio.create_task(world.chat()) for _ in range(2)]
    await model.until(lambda: model.in_flight == 2)
    waiting = world.post(TARGET, ASK)
    entered = asyncio.create_task(waiting.__aenter__())
    await world.until(lambda: world.fabric.state.waiting_count == 1)
    os.kill(os.getpid(), signal.SIGTERM)
    refused = await entered
    assert (refused.status, int(refused.headers["Retry-After"]) > 0) == (503, True)
    # Who comes now hears the same.
    async with world.post(TARGET, ASK) as late:
        assert (late.status, int(late.headers["Retry-After"]) > 0) == (503, True)
    model.gate.set()
    assert [status for status, _ in await asyncio.gather(*served)] == [200, 200]


@pytest.mark.expect_log("the Fabric ends")
@pytest.mark.parametrize("stream", [False, True])
async def test_a_second_signal_ends_at_once(world: World, engine: FakeEngine, stream: bool) -> None:
    await world.fabric.load(MODEL)
    model = engine.latest[MODEL]
    model.gate.clear()

    async def text() -> str:
        async with world.post(TARGET, {**ASK, "stream": stream}) as answer:
            return str(await answer.text())

    call = asyncio.create_task(text())
    await model.until(lambda: model.in_flight == 1)
    os.kill(os.getpid(), signal.SIGTERM)
    await world.until(lambda: world.fabric.state.closing)
    assert world.fabric.state.calls
    os.kill(os.getpid(), signal.SIGTERM)
    said = await call
    # Cut off, but told so: the model never let go of its gate.
    assert "the Fabric ends" in said
    assert '"no_capacity"' in said
    await model.until(lambda: model.in_flight == 0)


# -- a second one --------------------------------------------------------------------------------


async def test_a_second_fabric_on_the_socket_is_told_who_serves_it(
    world: World, short_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(AlreadyRunningError) as refused:
        await Server(catalog(), FakeEngine(short_folder), Options(world.socket)).run()
    assert f"process {os.getpid()}" in refused.value.what
    assert await asyncio.to_thread(main, ["serve", f"--socket={world.socket}"]) == 1
    said = capsys.readouterr().err
    assert f"a Fabric serves {world.socket} already (process {os.getpid()})" in said
    assert "to mend it: use that one (clawdesk-fabric status)" in said
    assert (await world.chat())[0] == 200


async def test_a_second_fabric_beside_it_shares_nothing_but_the_machine(
    world: World, engine: FakeEngine, short_folder: Path
) -> None:
    other = FakeEngine(short_folder / "x")
    (short_folder / "x").mkdir()
    async with running(other, short_folder / "g.sock", port=0) as second:
        assert (await second.chat())[0] == 200
        # The first one's token and models are not the second one's.
        second.token = world.token
        assert (await second.chat())[0] == 401
        assert not engine.models
    assert (await world.chat())[0] == 200


async def test_a_port_that_is_taken_is_refused_plainly(world: World, short_folder: Path) -> None:
    options = Options(short_folder / "g.sock", port=world.server.port)
    with pytest.raises(FabricError, match="cannot be used: Address already"):
        await Server(catalog(), FakeEngine(short_folder), options).run()
    assert not options.socket.exists()


def test_no_part_of_the_fabric_needs_qt_or_libvirt() -> None:
    """Imports every module in a process of its own that refuses those packages."""
    code = (
        "import sys, importlib, pkgutil\n"
        "for name in ('PySide6', 'libvirt', 'pygit2', 'clawdesk', 'qasync'):\n"
        "    sys.modules[name] = None\n"
        "import clawdesk_fabric\n"
        "found = pkgutil.walk_packages(clawdesk_fabric.__path__, 'clawdesk_fabric.')\n"
        "names = [m.name for m in found if not m.name.endswith('__main__')]\n"
        "for name in names: importlib.import_module(name)\n"
        "print(len(names))\n"
    )
    root = Path(clawdesk_fabric.__file__).parents[1]
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) > 20
