"""Agents that speak the protocol badly, or to no good end. The argument names one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SESSION = {"sessionId": "one"}


def send(message: dict[str, Any]) -> None:
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def receive() -> dict[str, Any]:
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    message: dict[str, Any] = json.loads(line)
    return message


def answer(result: dict[str, Any]) -> None:
    send({"id": receive()["id"], "result": result})


def say(text: str) -> None:
    content = {"type": "text", "text": text}
    update = {"sessionUpdate": "agent_message_chunk", "content": content}
    send({"method": "session/update", "params": {**SESSION, "update": update}})


def ask(method: str, params: Any) -> dict[str, Any]:
    send({"id": f"ask {method}", "method": method, "params": params})
    return receive()


def nested(depth: int) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = [value]
    return value


def is_greedy() -> None:
    """Asks for what it may not have, and says how that went."""
    Path("link").symlink_to("/etc")
    asked: list[tuple[str, dict[str, Any]]] = [
        ("host/run", {"command": "id"}),
        ("fs/read_text_file", {"path": "/etc/passwd"}),
        ("fs/write_text_file", {"path": "../outside", "content": "x"}),
        ("fs/write_text_file", {"path": "link/outside", "content": "x"}),
        ("session/request_permission", {"toolCall": {}, "options": []}),
        ("terminal/output", {"terminalId": "t9"}),
        ("elicitation/create", {"mode": "url", "url": "http://evil.example.org"}),
        ("fs/write_text_file", {"path": "a.txt", "content": 7}),
        ("fs/read_text_file", {"path": nested(100)}),
        ("fs/write_text_file", {"path": "deep/er.txt", "content": "one\ntwo\nthree\n"}),
        ("fs/read_text_file", {"path": "deep/er.txt", "line": 2, "limit": 1}),
    ]
    told = []
    for method, params in asked:
        got = ask(method, params)
        error = got.get("error")
        told.append(
            f"{error['code']} {error['message']}" if error else f"ok {json.dumps(got['result'])}"
        )
    say("; ".join(told).replace(str(Path.cwd()), "/workspace"))


def asks() -> None:
    colour = {
        "type": "string",
        "title": "Colour",
        "oneOf": [{"const": "r", "title": "Red"}, {"const": "b", "title": "Blue"}],
    }
    litres = {"type": "integer", "title": "How much", "description": "in litres", "default": 3}
    schema = {"type": "object", "properties": {"colour": colour, "litres": litres}}
    form = {**SESSION, "mode": "form", "message": "Which paint?", "requestedSchema": schema}
    say(json.dumps(ask("elicitation/create", form)["result"]))


def main(kind: str) -> None:
    if kind == "silent end":
        sys.exit(7)
    if kind == "prints":
        for number in range(1000):
            print(f"loading part {number}")
        sys.stdout.flush()
    if kind == "endless line":
        sys.stdout.write("x" * (9 << 20))
        sys.stdout.flush()
    answer({"protocolVersion": 99 if kind == "old" else 1})
    if kind == "login":
        error = {"code": -32000, "message": "Authentication required"}
        send({"id": receive()["id"], "error": error})
    answer({} if kind == "no session" else SESSION)
    prompted = receive()["id"]
    if kind == "leaves a flood":
        # What goes on writing to its standard output is no part of it any more.
        subprocess.Popen(["setsid", "yes", '{"jsonrpc":"2.0","method":"session/update"}'])
        sys.exit(9)
    if kind == "dies at work":
        sys.exit(9)
    if kind == "greedy":
        is_greedy()
    if kind == "asks":
        asks()
    stop = "refusal" if kind == "refuses" else "end_turn"
    send({"id": prompted, "result": {"stopReason": stop}})
    receive()


if __name__ == "__main__":
    main(sys.argv[1])
