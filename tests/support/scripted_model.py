"""A model server whose answers are written beforehand, and an agent that works with it.

The server is an OpenAI-compatible one on a port of this machine, as a user's own might be: the
Fabric is told of it in models.toml. Asked with tools, it calls the first one that takes a command.
What it answers depends on the conversation alone, so that an agent brought back to an earlier point
is answered as before. Of a stream it does not say how many tokens it has.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.support.real_cli import RealCli

MODEL = "scripted"
GATE_S_MAX = 300.0
CATALOG = """\
[[models]]
name = "scripted"
title = "Answers written beforehand"
licence = "none"
endpoints = ["chat/completions"]
upstream = "http://127.0.0.1:{port}/v1"
model = "scripted"
slots = 4
projects = ["{project}"]
price = {{ input = 2, output = 10, currency = "EUR" }}
"""
AGENT = '''\
"""An agent that knows nothing of ClawDesk: it asks a model what to run, and runs it."""
import json, os, subprocess, urllib.request

messages = [{"role": "user", "content": "The test fails. Mend it."}]
while True:
    stream = len(messages) % 4 == 3
    asked = {"model": os.environ["OPENAI_MODEL"], "messages": messages, "stream": stream}
    request = urllib.request.Request(
        os.environ["OPENAI_BASE_URL"] + "/chat/completions",
        json.dumps(asked).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        text = answer.read().decode()
    if stream:
        parts = [line[6:] for line in text.splitlines() if line.startswith("data: {")]
        chosen = [json.loads(part)["choices"][0]["delta"].get("content") or "" for part in parts]
        command = "".join(chosen)
    else:
        command = json.loads(text)["choices"][0]["message"]["content"]
    print("$", command, flush=True)
    if command == "exit":
        break
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    print(done.stdout + done.stderr, end="", flush=True)
    messages.append({"role": "assistant", "content": command})
    messages.append({"role": "user", "content": done.stdout + done.stderr})
with open("conversation.json", "w") as out:
    json.dump(messages, out)
'''
BUG = "def add(a, b):\n    return a - b\n"
TEST = "from calc import add\nassert add(2, 2) == 4\nprint('it adds')\n"
COMMANDS = ("cat calc.py", "sed -i 's/a - b/a + b/' calc.py", "python3 test_calc.py", "exit")


class Said(str):
    """An answer in words, also to whoever brings tools."""

    __slots__ = ()


@dataclass
class ScriptedModel:
    """`asked`: the conversations it was sent, in order; `gates`: answers held until one is open."""

    port: int
    asked: list[list[dict[str, Any]]] = field(default_factory=list)
    gates: dict[int, threading.Event] = field(default_factory=dict)
    moved: threading.Condition = field(default_factory=threading.Condition)

    def wait_for_turn(self, turn: int, within_s: float) -> None:
        """Return once it was asked for that answer."""
        with self.moved:
            assert self.moved.wait_for(lambda: turn in self.turns(), within_s), self.turns()

    def catalog(self, project: str) -> str:
        """An entry of models.toml."""
        return CATALOG.format(port=self.port, project=project)

    def turns(self) -> list[int]:
        """Of each call, how many answers its conversation held already."""
        return [sum(m["role"] == "assistant" for m in messages) for messages in self.asked]


@contextmanager
def scripted_model(
    commands: Sequence[str] = COMMANDS, *, delay_s: float = 0.0
) -> Iterator[ScriptedModel]:
    """A server that answers the n-th turn of any conversation with the n-th command.

    Args:
        delay_s: how long each answer takes, as a model that computes does.
    """

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """The list of models: the Fabric asks for it to see whether anybody is there."""
            listed = {"object": "list", "data": [{"id": MODEL, "object": "model"}]}
            self._send("application/json", json.dumps(listed).encode())

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            turn = sum(message["role"] == "assistant" for message in body["messages"])
            with model.moved:
                model.asked.append(body["messages"])
                model.moved.notify_all()
            if turn in model.gates:
                model.gates[turn].wait(GATE_S_MAX)
            threading.Event().wait(delay_s)  # it computes
            command = commands[min(turn, len(commands) - 1)]
            stream = bool(body.get("stream"))
            if body.get("tools") and not isinstance(command, Said):
                self._send(*_tool_call(turn, body["tools"], command, stream=stream))
            else:
                self._send(*_answer(command, stream=stream))

        def _send(self, kind: str, content: bytes) -> None:
            with contextlib.suppress(ConnectionError):  # whoever asked was killed meanwhile
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    model = ScriptedModel(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield model
    finally:
        for gate in model.gates.values():
            gate.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _tool_call(
    turn: int, tools: list[dict[str, Any]], command: str, *, stream: bool
) -> tuple[str, bytes]:
    offered = [tool["function"] for tool in tools]
    tool = next(f for f in offered if "command" in f["parameters"]["properties"])
    asked = dict.fromkeys(tool["parameters"].get("required", ()), "as the task asks")
    function = {"name": tool["name"], "arguments": json.dumps({**asked, "command": command})}
    call = {"index": 0, "id": f"call-{turn}", "type": "function", "function": function}
    message = {"role": "assistant", "content": f"Step {turn + 1}.", "tool_calls": [call]}
    if stream:
        return _stream([message], "tool_calls")
    choice = {"index": 0, "finish_reason": "tool_calls", "message": message}
    whole = {"id": "s", "object": "chat.completion", "created": 1, "model": MODEL}
    usage = {"prompt_tokens": 100 + turn, "completion_tokens": 10, "total_tokens": 110 + turn}
    return "application/json", json.dumps({**whole, "choices": [choice], "usage": usage}).encode()


@contextmanager
def behind_the_fabric(
    cli: RealCli, project: Path, commands: Sequence[str] = COMMANDS, *, delay_s: float = 0.0
) -> Iterator[ScriptedModel]:
    """Such a server as the one model of the Fabric that commands of `cli` start for `project`."""
    with scripted_model(commands, delay_s=delay_s) as model:
        settings = Path(cli.environment["XDG_CONFIG_HOME"]) / "clawdesk"
        settings.mkdir(parents=True, exist_ok=True)
        (settings / "models.toml").write_text(model.catalog(str(project)))
        try:
            yield model
        finally:
            cli.stop_fabric()


def _answer(command: str, *, stream: bool) -> tuple[str, bytes]:
    base = {"id": "s", "created": 1, "model": MODEL}
    if not stream:
        message = {"role": "assistant", "content": command}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        usage = {"prompt_tokens": 50, "completion_tokens": 5, "total_tokens": 55}
        whole = {**base, "object": "chat.completion", "choices": [choice], "usage": usage}
        return "application/json", json.dumps(whole).encode()
    return _stream([{"content": letter} for letter in command], "stop")


def _stream(deltas: Sequence[dict[str, Any]], reason: str) -> tuple[str, bytes]:
    events = []
    for delta, end in (*((delta, None) for delta in deltas), ({}, reason)):
        choice = {"index": 0, "finish_reason": end, "delta": delta}
        event = {"id": "s", "object": "chat.completion.chunk", "created": 1, "model": MODEL}
        events.append({**event, "choices": [choice]})
    lines = [f"data: {json.dumps(event)}\n\n" for event in events]
    return "text/event-stream", "".join([*lines, "data: [DONE]\n\n"]).encode()
