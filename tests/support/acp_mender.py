"""An agent that speaks ACP, by the official package: a program of its own, for a machine or a test.

It asks a model what to run, asks its client whether it may where that changes anything, and runs it
in a terminal of the client. What begins with "ask" is a question for the person, as a form of one
field. With arguments they are the commands, and no model is asked.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import urllib.request
from typing import Any, cast

import acp
from acp import schema

OPTIONS = [
    schema.PermissionOption(option_id="yes", name="Allow", kind="allow_once"),
    schema.PermissionOption(option_id="no", name="Reject", kind="reject_once"),
]
READS = ("cat", "ls", "python3", "ask")
SIGNS = ["plus", "minus"]


class Mender:
    """One session, whose conversation with the model goes on from prompt to prompt."""

    def __init__(self, commands: list[str]) -> None:
        self._commands = commands
        self._client: Any = None
        self._messages: list[dict[str, str]] = []

    def on_connect(self, conn: acp.Client) -> None:
        self._client = conn

    async def initialize(
        self, protocol_version: int, *_: Any, **__: Any
    ) -> schema.InitializeResponse:
        return schema.InitializeResponse(
            protocol_version=protocol_version,
            agent_info=schema.Implementation(name="mender", title="Mender", version="1.2"),
        )

    async def new_session(self, *_: Any, **__: Any) -> schema.NewSessionResponse:
        return schema.NewSessionResponse(session_id="one")

    async def prompt(
        self, session_id: str, prompt: list[Any], *_: Any, **__: Any
    ) -> schema.PromptResponse:
        text = "".join(block.text for block in prompt)
        self._messages.append({"role": "user", "content": text})
        number = 0
        while (command := await asyncio.to_thread(self._next_command)) != "exit":
            number += 1
            await self._do(session_id, f"call-{len(self._messages)}", command, number)
        self._messages.append({"role": "assistant", "content": command})
        await self._tell(session_id, acp.update_agent_message_text("It is mended.\n"))
        usage = schema.Usage(total_tokens=150, input_tokens=120, output_tokens=30)
        return schema.PromptResponse(stop_reason="end_turn", usage=usage)

    def _next_command(self) -> str:
        """What the model wants run."""
        if self._commands:
            return self._commands.pop(0)
        asked = {"model": os.environ["OPENAI_MODEL"], "messages": self._messages}
        request = urllib.request.Request(
            os.environ["OPENAI_BASE_URL"] + "/chat/completions",
            json.dumps(asked).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            said: str = json.load(answer)["choices"][0]["message"]["content"]
        return said

    async def _do(self, session: str, call: str, command: str, number: int) -> None:
        entries = [
            acp.plan_entry("look", status="completed" if number > 1 else "in_progress"),
            acp.plan_entry("mend", status="in_progress" if number > 1 else "pending"),
        ]
        await self._tell(session, acp.update_plan(entries))
        started = acp.start_tool_call(call, command, kind="execute", status="pending")
        await self._tell(session, started)
        output = "The user does not want this."
        if await self._may(session, call, command):
            output = await self._run(session, command)
        shown = [acp.tool_content(acp.text_block(output))]
        await self._tell(session, acp.update_tool_call(call, status="completed", content=shown))
        self._messages.append({"role": "assistant", "content": command})
        self._messages.append({"role": "user", "content": output})

    async def _may(self, session: str, call: str, command: str) -> bool:
        if command.startswith(READS):
            return True
        tool = schema.ToolCallUpdate(tool_call_id=call, raw_input={"command": command})
        answer = await self._client.request_permission(session, tool, OPTIONS)
        return getattr(answer.outcome, "option_id", "") == "yes"

    async def _ask(self, session: str, question: str) -> str:
        field = schema.ElicitationStringPropertySchema(type="string", enum=SIGNS)
        form = schema.ElicitationSchema(properties={"sign": field}, required=["sign"])
        mode = schema.ElicitationFormSessionMode(session_id=session, requested_schema=form)
        answer = await self._client.create_elicitation(question, mode)
        return f"The user says: {(answer.content or {}).get('sign', answer.action)}"

    async def _run(self, session: str, command: str) -> str:
        if command.startswith("ask "):
            return await self._ask(session, command.removeprefix("ask "))
        begun = await self._client.create_terminal(session, command="sh", args=["-c", command])
        await self._client.wait_for_terminal_exit(session, begun.terminal_id)
        printed = await self._client.terminal_output(session, begun.terminal_id)
        await self._client.release_terminal(session, begun.terminal_id)
        output: str = printed.output
        return output

    async def _tell(self, session: str, update: Any) -> None:
        await self._client.session_update(session, update)


if __name__ == "__main__":
    asyncio.run(acp.run_agent(cast(acp.Agent, Mender(sys.argv[1:]))))
