"""`claw acp COMMAND`: lives with an agent that speaks the Agent Client Protocol, for a person.

It starts the agent, tells it the prompt, and is its client: what the agent wants to be allowed or
to know is asked of the person, what it says and does becomes the step's output, files and commands
are served in the workspace. When the agent ends its turn the work is made durable with the agent
alive and waiting; a person's word then becomes its next prompt, hours or snapshots later.

It all lives in the machine's memory, so a snapshot holds the agent's session too.
"""

import contextlib
import os
import signal
import sys
import time
from collections import deque
from typing import Any

from clawdesk_guest import acp_requests, acp_wire, claw
from clawdesk_guest.acp_person import Person, Reply
from clawdesk_guest.acp_process import AgentProcess
from clawdesk_guest.acp_wire import Answer, Junk, Notice, Said, short, table_of, text_of
from clawdesk_guest.acp_words import Conversation
from clawdesk_guest.loop import Loop

START_S_MAX = 300.0
"""For `initialize` and `session/new`: an agent that says nothing that long speaks no ACP."""
LEAVE_S_MAX = 5.0
CANCEL_S_MAX = 3.0
JUNK_MAX = 200
_DONE = "end_turn"
_TOLD = "It was told to end."
_STOPS = {
    "max_tokens": "it reached the limit of tokens of its model",
    "max_turn_requests": "it reached its own limit of model calls",
    "refusal": "it refuses to go on",
    "cancelled": "it was cancelled",
}


class Client:
    """One agent from its start to its end.

    Args:
        command: the agent, as a line of shell.
        prompt: what it is told first.
        permissions: ask | allow | reject: what becomes of a request for permission.
        approve: whether a person is asked about the work at the end of each turn.
    """

    def __init__(self, command: str, prompt: str, *, permissions: str, approve: bool) -> None:
        self._loop = Loop()
        self._command = command
        self._approve = approve
        self._prompts: deque[str] = deque([prompt])
        self._talk = Conversation(_print, _work_at)
        self._person = Person(self._loop)
        self._agent = AgentProcess(
            self._loop, heard=self._hear, ended=self._agent_ended, spoiled=self._spoiled
        )
        self._requests = acp_requests.Requests(
            self._loop,
            self._person,
            self._talk,
            send=self._agent.send,
            permissions=permissions,
            prompt=self._prompts.append,
        )
        self._awaited: dict[int, str] = {}  # requests of ours without an answer
        self._last_id = 0
        self._session = ""
        self._junk = 0
        self._is_prompted = False
        self._timer = 0
        self._code: int | None = None  # what this program will exit with; None = going on
        self._why = ""
        self._is_terminated = False

    def run(self) -> int:
        """Returns the exit code: 0 when the agent ended its last turn well."""
        signal.signal(signal.SIGTERM, self._terminated)
        self._loop.before_wait = self._look
        try:
            self._agent.start(self._command)
        except OSError as error:
            print(f"clawdesk: the agent could not be started: {error}", file=sys.stderr)
            return 1
        self._timer = self._loop.after(START_S_MAX, self._too_slow)
        self._ask(
            "initialize",
            {
                "protocolVersion": acp_wire.VERSION,
                "clientCapabilities": acp_requests.CAPABILITIES,
                "clientInfo": {"name": "clawdesk", "title": "ClawDesk", "version": "1"},
            },
        )
        self._loop.run()
        if self._why:
            print(f"clawdesk: {self._why}", file=sys.stderr, flush=True)
        return self._code or 0

    # What the agent says

    def _hear(self, said: Said) -> None:
        if isinstance(said, Answer):
            method = self._awaited.pop(said.id, "") if isinstance(said.id, int) else ""
            if method and self._code is None:
                self._answered(method, said)
        elif isinstance(said, Notice):
            if said.method == "session/update":
                self._talk.update(table_of(said.params.get("update")))
        elif isinstance(said, Junk):
            self._take_junk(said)
        else:
            self._requests.serve(said)

    def _take_junk(self, junk: Junk) -> None:
        """Some agents print on their standard output; one that only prints is none."""
        self._junk += 1
        self._talk.note("printed", junk.text)
        if junk.id is not None:
            self._agent.send(acp_wire.refusal(junk.id, acp_wire.PARSE_ERROR, junk.why))
        if self._junk == JUNK_MAX:
            self._fail(
                f"The agent sent {JUNK_MAX} lines that are no JSON-RPC (the last: {junk.why}). "
                "Does its command make it speak ACP on its standard output?"
            )

    def _spoiled(self) -> None:
        self._fail(
            f"The agent sent a message of more than {acp_wire.LINE_BYTES_MAX >> 20} MiB, "
            "which no client takes."
        )

    def _answered(self, method: str, answer: Answer) -> None:
        if method == "session/prompt":
            self._turn_ended(answer)
        elif answer.error:
            self._fail(f"The agent answered {method!r} with an error: {answer.error}")
        elif method == "initialize":
            self._initialized(answer.result)
        else:
            self._opened(answer.result)

    def _initialized(self, result: dict[str, Any]) -> None:
        version = result.get("protocolVersion")
        if version != acp_wire.VERSION:
            self._fail(
                f"The agent speaks version {short(repr(version), 40)} of ACP, "
                f"ClawDesk version {acp_wire.VERSION}."
            )
            return
        about = table_of(result.get("agentInfo"))
        name = text_of(about.get("title"), 100) or text_of(about.get("name"), 100) or "an agent"
        version_words = text_of(about.get("version"), 40)
        self._talk.note("session", f"with {name} {version_words}".rstrip() + _when())
        self._ask("session/new", {"cwd": os.getcwd(), "mcpServers": []})

    def _opened(self, result: dict[str, Any]) -> None:
        self._session = text_of(result.get("sessionId"), 1000)
        if not self._session:
            self._fail("The agent opened a session without an id.")
            return
        self._loop.cancel(self._timer)
        self._prompt()

    # Turns

    def _prompt(self) -> None:
        prompt = self._prompts.popleft()
        self._talk.note("you", prompt)
        block = {"type": "text", "text": prompt}
        self._is_prompted = True
        self._ask("session/prompt", {"sessionId": self._session, "prompt": [block]})

    def _turn_ended(self, answer: Answer) -> None:
        self._is_prompted = False
        stop = text_of(answer.result.get("stopReason"), 40)
        said = f"failed: {answer.error}" if answer.error else f"ended: {stop}"
        self._talk.note("turn", f"{said}{_tokens(answer.result)}{self._context()}{_when()}")
        if self._is_terminated:
            self._leave(1, self._why)
        elif self._prompts:
            self._prompt()
        elif stop == _DONE:
            self._rest("")
        else:
            self._rest(answer.error or _STOPS.get(stop, stop or "it does not say why"))

    def _context(self) -> str:
        return f"; {self._talk.context}" if self._talk.context else ""

    def _rest(self, problem: str) -> None:
        """Make the turn's work durable; the agent waits in the snapshot for a further prompt."""

        def told(reply: Reply) -> None:
            if reply.get("outcome") == "rejected":
                self._prompts.append(text_of(reply.get("feedback")) or "Go on.")
                self._prompt()
                return
            if feedback := text_of(reply.get("feedback")):
                self._talk.note("you", feedback)
            if "error" in reply:
                self._fail(f"The turn could not be made durable: {text_of(reply['error'])}")
            elif problem:
                self._fail(f"The agent has stopped: {problem}.")
            else:
                self._leave(0)

        words = f"the agent has stopped: {problem}" if problem else "the agent has ended its turn"
        self._person.checkpoint(words, told, approve=self._approve)

    # The end

    def _leave(self, code: int, why: str = "") -> None:
        """End with the agent: it is asked to leave first."""
        if self._code is not None:
            return
        self._code, self._why = code, why
        self._loop.cancel(self._timer)
        self._talk.pause()
        self._person.hang_up()
        self._requests.close()
        self._agent.hush()
        self._loop.after(LEAVE_S_MAX, lambda: self._agent.kill(signal.SIGTERM))
        self._loop.after(2 * LEAVE_S_MAX, self._agent.kill)

    def _fail(self, why: str) -> None:
        self._leave(1, why)

    def _agent_ended(self, code: int) -> None:
        if self._code is None:
            self._talk.pause()
            doing = "at its work" if self._is_prompted else "before its turn"
            why = f"The agent ended {doing}, with exit code {code}."
            self._leave(1, _TOLD if self._is_terminated else why)
        self._agent.kill()  # what it left in its group
        self._loop.stop()

    def _too_slow(self) -> None:
        what = next(iter(self._awaited.values()), "initialize")
        self._fail(f"The agent did not answer {what!r} within {START_S_MAX:.0f} s.")

    def _terminated(self, *_: object) -> None:
        """The step's time is over, or it is cancelled. Carried out where the loop stands."""
        self._is_terminated = True

    def _look(self) -> None:
        if not self._is_terminated or self._code is not None or self._why:
            return
        self._why = _TOLD
        if self._is_prompted:
            self._agent.send(acp_wire.notice("session/cancel", {"sessionId": self._session}))
            self._loop.after(CANCEL_S_MAX, lambda: self._leave(1, self._why))
        else:
            self._leave(1, self._why)

    def _ask(self, method: str, params: dict[str, Any]) -> None:
        self._last_id += 1
        self._awaited[self._last_id] = method
        self._agent.send(acp_wire.request(self._last_id, method, params))


def _tokens(result: dict[str, Any]) -> str:
    """What the agent says it used in this turn."""
    usage = table_of(result.get("usage"))
    names = (("inputTokens", "in"), ("outputTokens", "out"))
    counts = [f"{usage[key]:,} {word}" for key, word in names if type(usage.get(key)) is int]
    return f"; tokens: {', '.join(counts)}" if counts else ""


def _when() -> str:
    """The machine's clock is the host's."""
    return time.strftime("; %Y-%m-%d %H:%M:%SZ", time.gmtime())


def _work_at(part: str) -> None:
    """An entry of its plan is a part of the step; the guest program answers at once."""
    with contextlib.suppress(claw.ClawError):
        claw.part(part)


def _print(line: str) -> None:
    print(line, flush=True)


def run(command: str) -> int:
    """`claw acp COMMAND`: what else it needs stands in the environment, as the host put it."""
    prompt = os.environ.get("CLAWDESK_PROMPT", "")
    if not prompt:
        print("claw acp: CLAWDESK_PROMPT is not set: there is nothing to do", file=sys.stderr)
        return 2
    permissions = os.environ.get("CLAWDESK_PERMISSIONS", "ask")
    approve = bool(os.environ.get("CLAWDESK_APPROVE"))
    return Client(command, prompt, permissions=permissions, approve=approve).run()
