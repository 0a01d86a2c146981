"""Process 1 of a machine: does what the host says over the channel, and relays what steps ask.

It decides nothing and never waits: slow work is done by children, bytes move when there is room.
"""

import os
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from clawdesk_guest import bounds, environment, machine, protocol
from clawdesk_guest import link as events
from clawdesk_guest.claw import SOCKET
from clawdesk_guest.errand import Errands
from clawdesk_guest.link import Link
from clawdesk_guest.loop import Loop
from clawdesk_guest.port import Port, SerialPort, SocketPort, find_port
from clawdesk_guest.proxy import Proxy
from clawdesk_guest.relay import Relay
from clawdesk_guest.requests import Requests
from clawdesk_guest.scribe import Scribe
from clawdesk_guest.shells import Shells
from clawdesk_guest.steps import Step
from clawdesk_guest.turns import Looked, Turns
from clawdesk_guest.workspace import Workspace

_LATE_S = 0.2  # what goes along with the next message waits so long for one
_ROUNDS_MAX = 64
"""Rounds of moving bytes before the loop looks at its descriptors again."""


class Settings(NamedTuple):
    """Where things are; tests run the same program with other places, outside a machine."""

    workspace: str = "/workspace"
    state: str = "/var/lib/clawdesk"
    disk: str = "/dev/vdc"
    claw_socket: str = SOCKET
    relay_port: int = 8080
    proxy_port: int = 3128
    groups: str = bounds.FOLDER
    is_machine: bool = True


class Runner:
    """The guest's side of one machine's life, over any number of connections."""

    def __init__(self, loop: Loop, port: Port, settings: Settings) -> None:
        self._loop = loop
        self._port = port
        self._settings = settings
        self._link = Link(guest=True)
        self._epoch = ""
        self._last_request = 0
        self._last_number = 0
        self._unacked: dict[int, protocol.Message] = {}
        self._step: Step | None = None
        self._last: Step | None = None  # the step that runs or ran last
        self._come_to_rest: Callable[[], None] | None = None  # once nothing is under way
        self._part: str | None = None  # what the step works at, if it ever said
        self._is_held = False
        self._sends_late = False
        self._is_unpacked = False
        self._errands = Errands(
            loop, Workspace(settings.workspace, settings.state, settings.disk).works()
        )
        self._scribe = Scribe(loop, settings.workspace)
        self._requests = Requests(
            loop,
            settings.claw_socket,
            new_id=self._new_request_id,
            asked=self._tell_surely,
            left=self._request_left,
            part=self._begin_part,
        )
        self._turns = Turns(self._ask_turn, self._look)
        address = ("127.0.0.1", settings.relay_port)
        self._relay = Relay(
            loop, self._link, address, self._turns, changed=self._check_quiet, send=self._send
        )
        self._proxy = Proxy(loop, self._link, ("127.0.0.1", settings.proxy_port))
        self._bounds = bounds.Bounds(settings.groups)
        self._shells = Shells(loop, self._bounds, self._shell_ended, self._check_quiet)
        self._ops: dict[str, Callable[[protocol.Message], None]] = {
            "hello": self._hello,
            "ping": lambda m: self._link.tell({"op": "pong", "tick": m["tick"]}),
            "ack": lambda m: self._forget_number(m["n"]),
            "unpack": self._unpack,
            "turns": self._set_turns,
            "turns_by_change": self._set_by_change,
            "leave": self._leave,
            "run": self._run,
            "kill": self._kill,
            "reply": self._reply,
            "feedback": self._feedback,
            "collect": self._collect,
            "quiesce": self._quiesce,
            "rest": self._rest,
            "unquiesce": self._unquiesce,
            "put": self._write,
            "remove": self._write,
            "shell": self._shell,
            "resize": self._resize,
        }
        loop.before_wait = self._pump
        port.attach(loop, self._receive)

    def close(self) -> None:
        self._shells.close("the machine ends")
        self._errands.close()
        self._scribe.rest()
        self._relay.close()
        self._proxy.close()
        self._requests.close()
        self._port.close()

    # The wire

    def _receive(self) -> None:
        while content := self._port.read():
            try:
                for event in self._link.feed(content):
                    self._take(event)
            except protocol.RemoteError:
                # The host does not break rules; bytes torn by a restore do. Its next hello mends.
                self._epoch = ""
                self._relay.hold(True)
                self._proxy.hold(True)
                self._link.deafen()
            if self._port.tells_of_more:
                return

    def _take(self, event: events.Event) -> None:
        if isinstance(event, events.Told):
            self._ops[event.message["op"]](event.message)
        elif isinstance(event, events.Got):
            self._carrier(event.stream).got(event.stream, event.content)
        elif isinstance(event, events.Opened):
            if event.head["op"] == "answer":  # to a `connect`: nothing else has one
                head = event.head
                self._proxy.answer(event.stream, head["status"], head["headers"])
        elif isinstance(event, events.Closed):
            self._carrier(event.stream).closed(event.stream, event.error)

    def _carrier(self, stream: int) -> Proxy | Relay | Shells:
        """Whose stream it is; what is nobody's any more the shells pass over."""
        if stream in self._relay.streams:
            return self._relay
        return self._proxy if stream in self._proxy.streams else self._shells

    def _pump(self) -> None:
        """Move bytes until nothing more can move."""
        for _ in range(_ROUNDS_MAX):
            if self._epoch and self._step is not None:
                self._step.pump(self._link)
            # What has nothing under way is not called: at each turn that would cost as much again.
            if self._errands.now is not None:
                self._errands.pump(self._link)
            if self._shells.open:
                self._shells.pump(self._link)
            if self._relay.clients:
                self._relay.pump()
            if self._proxy.clients:
                self._proxy.pump()
            was_full = self._link.is_full
            if not self._send() or not was_full:
                break  # only where the queue was full can anybody have more to give
        else:
            self._loop.after(0, lambda: None)
        if self._link.late and not self._sends_late:
            self._sends_late = True
            self._loop.after(_LATE_S, self._send_late)

    def _send_late(self) -> None:
        self._sends_late = False
        self._link.send_late()

    def _send(self) -> bool:
        """Whether any byte went."""
        moved = False
        while waiting := self._link.outgoing():
            count = self._port.write(waiting)
            if count == 0:
                break
            self._link.sent(count)
            moved = True
        return moved

    def _tell_surely(self, message: protocol.Message) -> None:
        """Tell the host, again after each hello until it acknowledges."""
        self._last_number += 1
        numbered = {**message, "n": self._last_number}
        self._unacked[self._last_number] = numbered
        if self._epoch:
            self._link.tell_in_turn(numbered)

    def _forget_number(self, number: int) -> None:
        if "request" not in self._unacked.get(number, {}):  # rule 9: a waiting call is kept
            self._unacked.pop(number, None)

    def _new_request_id(self) -> str:
        # The epoch keeps a restored machine from using a name again.
        self._last_request += 1
        return f"{self._epoch[:12] or 'start'}-{self._last_request}"

    def _request_left(self, request_id: str) -> None:
        for number, message in list(self._unacked.items()):
            if message.get("request") == request_id:
                del self._unacked[number]

    def _done(self, call: int) -> None:
        self._link.tell_in_turn({"op": "done", "call": call})

    def _failed(self, call: int, why: str) -> None:
        cut = why[: protocol.TEXT_CHARS_MAX - 1]
        self._link.tell_in_turn({"op": "failed", "call": call, "why": cut})

    # A host connects

    def _hello(self, message: protocol.Message) -> None:
        if message["epoch"] == self._epoch:
            return  # Said again because our answer was slow.
        self._epoch = message["epoch"]
        if self._settings.is_machine:
            machine.set_clock(message["clock_ms"])
            machine.seed_random(bytes.fromhex(message["seed"]))
        self._link.restart()
        self._link.raw(protocol.SYNC + bytes.fromhex(self._epoch))
        self._link.tell({
            "op": "greeting",
            "version": protocol.VERSION,
            "boot_id": machine.boot_id(),
            "python": sys.version.split()[0],
            "kernel": os.uname().release,
            "running": self._step.run_id if self._step is not None else "",
            "pending": self._requests.waiting,
            **self._last_step(),
        })  # fmt: skip
        self._come_to_rest = None
        self._scribe.rest()  # what the host before had not finished is not finished
        self._shells.close("another host has taken up the machine")
        self._relay.restart()
        self._proxy.restart()
        self._hold(False)
        if self._step is not None:
            self._step.connect(self._link)
        for unacked in self._unacked.values():
            self._link.tell_in_turn(unacked)
        if self._part is not None:
            self._tell_part()

    def _last_step(self) -> protocol.Message:
        last = self._last
        ended = last is not None and last is not self._step
        return {
            "last_run": last.run_id if last is not None else "",
            "last_ended": ended,
            "last_exit_code": last.exit_code if last is not None and ended else 0,
            "last_timed_out": last.timed_out if last is not None and ended else False,
        }

    # Steps

    def _run(self, message: protocol.Message) -> None:
        if self._step is not None:
            self._failed(message["call"], f"the step {self._step.run_id} is still running")
            return
        step = Step(self._loop, message["run"], self._bounds, self._step_ended)
        env = self._environment(message["name"], message["env"])
        # A machine in which an image is set up has no workspace.
        has_workspace = os.path.isdir(self._settings.workspace)
        folder = self._settings.workspace if has_workspace else "/"
        try:
            step.start(message["command"], folder, env, float(message["timeout_s"]))
        except (OSError, ValueError) as error:
            self._failed(message["call"], f"the step could not be started: {error}")
            return
        self._step = self._last = step
        self._part = None
        self._done(message["call"])
        step.connect(self._link)

    def _set_turns(self, message: protocol.Message) -> None:
        self._turns.begin(message["every_calls"], message["every_s"])
        self._done(message["call"])

    def _set_by_change(self, message: protocol.Message) -> None:
        self._turns.by_change()
        answer = self._answering(message["call"])
        self._errands.do("changed", lambda _error, _changed: answer(""))

    def _look(self, looked: Looked) -> None:
        """Whether the workspace has changed; where that cannot be told, it has."""
        self._errands.do("changed", lambda error, changed: looked(bool(error) or changed))

    def _leave(self, message: protocol.Message) -> None:
        self._turns.want()
        self._done(message["call"])

    def _ask_turn(self, number: int) -> str:
        return self._requests.ask({"op": "turn", "number": number}, self._turns.answered)

    def _environment(self, name: str, more: dict[str, str]) -> dict[str, str]:
        """What a step or a shell finds, with what the host adds."""
        own = {}
        if not self._settings.is_machine:
            own = {"PATH": os.environ["PATH"], "HOME": self._settings.state}
            own["CLAWDESK_SOCKET"] = self._settings.claw_socket
        ports = (self._relay.port, self._proxy.port)
        return environment.of_step(name, {**own, **more}, *ports)

    def _step_ended(self, step: Step) -> None:
        self._step = None
        self._turns.begin(0, 0)
        told = {"run": step.run_id, "exit_code": step.exit_code, "timed_out": step.timed_out}
        if step.killed:
            self._tell_surely({"op": "ended_short", **told, "killed": step.killed})
        else:
            self._tell_surely({"op": "ended", **told})

    def _begin_part(self, name: str) -> None:
        if self._step is not None and name != (self._part or ""):
            self._part = name
            if self._epoch:
                self._tell_part()

    def _tell_part(self) -> None:
        self._link.tell_in_turn({"op": "part", "name": self._part})

    def _kill(self, message: protocol.Message) -> None:
        if self._step is not None and self._step.run_id == message["run"]:
            self._step.kill()
        self._done(message["call"])

    # Shells of a person

    def _shell(self, message: protocol.Message) -> None:
        size, env = (message["columns"], message["rows"]), self._environment("", message["env"])
        if self._is_held:
            self._failed(message["call"], "a checkpoint is being taken; try again in a moment")
            return
        try:
            self._shells.start(self._link, message["shell"], self._settings.workspace, env, size)
        except OSError as error:
            self._failed(message["call"], f"the shell could not be started: {error}")
            return
        self._done(message["call"])

    def _resize(self, message: protocol.Message) -> None:
        self._shells.resize(message["shell"], (message["columns"], message["rows"]))
        self._done(message["call"])

    def _shell_ended(self, shell: str, exit_code: int, why: str) -> None:
        told = {"op": "shell_ended", "shell": shell, "exit_code": exit_code, "why": why}
        self._link.tell_in_turn(told)

    # Requests of `claw`

    def _reply(self, message: protocol.Message) -> None:
        if self._requests.reply(message["request"], message["payload"]):
            self._request_left(message["request"])
            self._done(message["call"])
        else:
            self._failed(message["call"], f"nobody waits for {message['request']} any more")

    def _feedback(self, message: protocol.Message) -> None:
        self._requests.feedback = message["text"]
        self._done(message["call"])

    # Files

    def _unpack(self, message: protocol.Message) -> None:
        if self._is_unpacked:
            self._done(message["call"])
            return

        answer = self._answering(message["call"])

        def unpacked(error: str, _: bool) -> None:
            self._is_unpacked = not error
            answer(error)

        self._errands.do("unpack", unpacked)

    def _collect(self, message: protocol.Message) -> None:
        self._send_files("collect", message)

    def _send_files(self, work: str, message: protocol.Message) -> None:
        call = message["call"]
        limits = {name: message[name] for name in ("files_max", "bytes_max")}
        answer = self._answering(call)
        stream = self._link.open({"op": "files", "call": call})
        self._errands.do(work, lambda error, _: answer(error), stream=stream, **limits)

    def _write(self, message: protocol.Message) -> None:
        self._scribe.do(message, self._answering(message["call"]))

    def _answering(self, call: int) -> Callable[[str], None]:
        """What to call, once, with the outcome of a call: an error, "" = well."""
        epoch = self._epoch

        def ended(error: str) -> None:
            if epoch != self._epoch:
                return  # Whoever asked is gone.
            if error:
                self._failed(call, error)
            else:
                self._done(call)

        return ended

    # Standing still for a snapshot

    def _hold(self, held: bool) -> None:
        self._is_held = held
        self._relay.hold(held)
        self._proxy.hold(held)
        if self._step is not None:
            self._step.hold(held)

    def _quiesce(self, message: protocol.Message) -> None:
        answer = self._answering(message["call"])
        self._stand_still(lambda: self._errands.do("sync", lambda error, _: answer(error)))

    def _rest(self, message: protocol.Message) -> None:
        self._stand_still(lambda: self._send_files("rest", message))

    def _stand_still(self, then: Callable[[], None]) -> None:
        self._come_to_rest = then
        self._scribe.rest()
        self._is_held = True
        self._shells.close("a checkpoint of the machine is being taken")
        self._relay.hold(True)
        self._check_quiet()

    def _check_quiet(self) -> None:
        """Once no call is in flight and no shell open: hold the output too, sync, tell the host."""
        then = self._come_to_rest
        if then is None or self._relay.in_flight or self._shells.open:
            return
        self._come_to_rest = None
        self._hold(True)
        then()

    def _unquiesce(self, message: protocol.Message) -> None:
        self._come_to_rest = None
        self._hold(False)
        self._done(message["call"])

    def last_words(self, why: str) -> None:
        """Tell the host why this program ends; best effort."""
        self._failed(0, why)
        self._send()


def serve(port: Port, settings: Settings) -> None:
    """Run until the loop is stopped; a bug ends the machine, after telling the host why."""
    loop = Loop()
    os.makedirs(settings.state, exist_ok=True)
    runner = Runner(loop, port, settings)
    try:
        loop.run()
    except Exception as error:
        import traceback

        runner.last_words(f"the guest program failed: {error!r}\n{traceback.format_exc()}")
        raise
    finally:
        runner.close()
        loop.close()


def main() -> None:
    """Entry point of process 1."""
    machine.prepare()
    while not (path := find_port()):
        time.sleep(0.005)  # The port's device appears a moment after the module is loaded.
    serve(SerialPort(path), Settings())


def main_outside(arguments: list[str]) -> None:
    """The same program as an ordinary process, for tests: NAME=VALUE of Settings, and `port`."""
    machine.adopt_orphans()
    given: dict[str, Any] = {"groups": "", **dict(word.split("=", 1) for word in arguments)}
    port = SocketPort(given.pop("port"))
    for name in ("relay_port", "proxy_port"):
        given[name] = int(given.get(name, "0"))
    serve(port, Settings(**given, is_machine=False))


if __name__ == "__main__":
    main_outside(sys.argv[1:])
