"""The streams a guest opens, on the I/O thread: output, files, model calls, connections.

Each goes to whoever asked for it; what nobody asked for is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from clawdesk.adapters.libvirt.channel_files import ChangesParser
from clawdesk.adapters.libvirt.channel_output import LONG_MARK, OutputBudget
from clawdesk.adapters.libvirt.channel_relay import ModelRelay
from clawdesk.adapters.libvirt.channel_shells import Shells
from clawdesk.adapters.libvirt.channel_tunnels import Tunnels
from clawdesk.ports.guest import GuestMessage, StepOutput
from clawdesk_guest.link import Link
from clawdesk_guest.protocol import Message, RemoteError

_DROPPED_BYTES_PER_S = 32 << 20
"""How fast output is taken that nobody will see: a flood must not cost a core."""


class Wire(Protocol):
    """What the streams need of the connection."""

    link: Link

    def used(self, stream: int, count_bytes: int) -> None:
        """Give the guest credit back."""
        ...


class Streams:
    """Open streams of one connection.

    Args:
        hear: told output, with the stream whose credit it holds (0: none).
    """

    def __init__(
        self,
        wire: Wire,
        carriers: tuple[ModelRelay, Tunnels, Shells],
        hear: Callable[[GuestMessage, int], None],
    ) -> None:
        self._wire = wire
        self._relay, self._tunnels, self._shells = carriers
        self._hear = hear
        self._runs: dict[str, set[str]] = {}  # the step that runs and its streams so far
        self._outputs: dict[int, tuple[str, str, OutputBudget]] = {}
        self._files: dict[int, ChangesParser] = {}
        # Call number -> what it asked for, and what is set when that comes.
        self._parsers: dict[int, tuple[ChangesParser, asyncio.Event]] = {}

    def expect_output(self, run_id: str) -> None:
        """From now on that step's output is taken, and no other's."""
        self._runs = {run_id: set()}
        self._relay.run = run_id

    def expect_files(self, call: int, begun: asyncio.Event | None = None) -> ChangesParser:
        """Files for that call are taken, until `forget_files`; `begun` is set when they come."""
        parser = ChangesParser()
        self._parsers[call] = (parser, begun or asyncio.Event())
        return parser

    def forget_files(self, call: int) -> None:
        self._parsers.pop(call, None)

    def clear(self) -> None:
        self._runs.clear()
        self._outputs.clear()
        self._files.clear()
        self._parsers.clear()

    def opened(self, stream: int, head: Message) -> None:
        op = head["op"]
        if op == "model":
            self._relay.opened(stream, head)
        elif op == "connect":
            self._tunnels.opened(stream, head)
        elif op == "terminal":
            self._shells.opened(stream, head)
        elif op == "output":
            self._opened_output(stream, head["run"], head["stream"])
        elif op == "files" and head["call"] in self._parsers:
            self._files[stream], begun = self._parsers[head["call"]]
            begun.set()
        elif op == "files":
            self._wire.link.close(stream, "nobody asked for these files any more")
        else:
            raise RemoteError("a stream of no known kind (rule 3)")

    def asked(self, stream: int, head: bytes, size: int) -> None:
        self._relay.asked(stream, head, size)

    def _opened_output(self, stream: int, run_id: str, name: str) -> None:
        """Two streams a run and no more, or a guest could begin its budget again and again."""
        open_here = self._runs.get(run_id)
        if open_here is None or name in open_here or name not in {"out", "err"}:
            raise RemoteError("output of a step that does not run, or twice (rule 3)")
        open_here.add(name)
        self._outputs[stream] = (run_id, name, OutputBudget())

    def got(self, stream: int, content: bytes) -> None:
        if stream in self._outputs:
            self._got_output(stream, content)
        elif stream in self._files:
            self._files[stream].feed(content)
            self._wire.link.grant(stream, len(content))
        elif self._relay.owns(stream):
            self._relay.got(stream, content)
        elif self._tunnels.owns(stream):
            self._tunnels.got(stream, content)
        elif self._shells.owns(stream):
            self._shells.got(stream, content)

    def _got_output(self, stream: int, content: bytes) -> None:
        run_id, name, budget = self._outputs[stream]
        was_over = budget.is_over
        now = budget.take(content)
        if now:
            # Credit returns when the caller has taken the chunk: a slow caller slows the step.
            self._hear(StepOutput(run_id, name, now), stream)
        if budget.is_over and not was_over:
            self._hear(StepOutput(run_id, name, LONG_MARK), 0)
        hidden_bytes = len(content) - len(now)
        if hidden_bytes:
            loop = asyncio.get_running_loop()
            loop.call_later(
                hidden_bytes / _DROPPED_BYTES_PER_S, self._wire.used, stream, hidden_bytes
            )

    def closed(self, stream: int) -> None:
        if stream in self._outputs:
            run_id, name, budget = self._outputs.pop(stream)
            rest = budget.finish()
            if rest:
                self._hear(StepOutput(run_id, name, rest), 0)
        elif self._files.pop(stream, None) is None:
            self._relay.closed(stream)
            self._tunnels.closed(stream)
            self._shells.closed(stream)
