"""Relays a guest's model calls to the Fabric, with the task's token. Runs on the I/O thread.

Only the OpenAI-compatible part is reachable from a guest, never the Fabric's control.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from clawdesk.adapters.libvirt.channel_answers import Answer, RawAnswer, Wire
from clawdesk.adapters.libvirt.channel_calls import Listener
from clawdesk.adapters.libvirt.channel_told import Ended, Teller
from clawdesk.ports.errors import PortError
from clawdesk.ports.guest import ModelCalled, ModelsUsed
from clawdesk.ports.inference import Inference
from clawdesk_guest import http_wire

_PATH = re.compile(r"/v1(/[A-Za-z0-9_@:-][A-Za-z0-9._@:-]*)+/?(\?[A-Za-z0-9._~=&%+:,-]*)?")
_PASSED_ON = frozenset({"accept", "content-type", "user-agent"})
_PASSED_ON_PREFIXES = ("openai-", "x-clawdesk-", "x-stainless-")
_BODY_BYTES_MAX = 32 << 20
_BODIES_BYTES_MAX = 96 << 20
"""All calls of one machine together, while their bodies arrive."""
_NAME_HEADER = "x-clawdesk-call"


class _Call:
    """A call whose body is arriving, or that is being answered."""

    def __init__(
        self, head: tuple[str, str, Mapping[str, str]], size: int, run: str, answer: Answer
    ) -> None:
        self.run = run
        self.answer = answer
        self.method, self.path, headers = head
        self.headers = {n: v for n, v in headers.items() if _is_passed_on(n)}
        self.size = size
        self.body = bytearray()
        self.answering: asyncio.Task[None] | None = None


class ModelRelay:
    """The model calls of one machine; `hear` is told each that is over.

    `run`: of the step that runs now, "" = none.
    """

    def __init__(
        self,
        wire: Wire,
        inference: Inference,
        token: str,
        hear: Callable[[ModelCalled | ModelsUsed], None] = lambda _: None,
    ) -> None:
        self.run = ""
        self._teller = Teller(inference, hear)
        self._wire = wire
        self._inference = inference
        self._token = token
        self._calls: dict[int, _Call] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def asked(self, stream: int, head: bytes, size: int) -> None:
        """A call of a guest that passes on what a program wrote (protocol, rule 16)."""
        try:
            read = http_wire.read_head(head)
        except http_wire.BadRequestError as error:
            said = http_wire.error_answer(error.status, "bad_request", str(error))
            self._wire.link.write(stream, said)
            self._wire.link.close(stream)
            return
        answer = RawAnswer(self._wire, stream, head)
        self._begin(stream, _Call(read, size, self.run, answer))

    def opened(self, stream: int, head: Mapping[str, Any]) -> None:
        """A call of a guest before version 9, which has read it."""
        read = head["method"], head["path"], head["headers"]
        self._begin(stream, _Call(read, head["size"], self.run, Answer(self._wire, stream)))

    def _begin(self, stream: int, call: _Call) -> None:
        expected = sum(other.size for other in self._calls.values()) + call.size
        if not 0 <= call.size <= _BODY_BYTES_MAX or expected > _BODIES_BYTES_MAX:
            self._wire.link.close(stream, "the bodies of the model calls are too large")
            return
        self._calls[stream] = call
        self._answer_if_complete(stream, call)

    def owns(self, stream: int) -> bool:
        return stream in self._calls

    def got(self, stream: int, content: bytes) -> None:
        call = self._calls[stream]
        call.body += content
        if len(call.body) < call.size:  # behind a whole body nothing comes that needs credit
            self._wire.link.grant(stream, len(content))
        if len(call.body) > call.size:
            self.closed(stream)
            self._wire.link.close(stream, "a longer body than was announced")
            return
        self._answer_if_complete(stream, call)

    def closed(self, stream: int) -> None:
        """The client in the guest left: the Fabric's slot is freed by ending the call."""
        call = self._calls.pop(stream, None)
        if call is not None and call.answering is not None:
            call.answering.cancel()

    async def close(self) -> None:
        """End all calls and wait until they have let go of the Fabric."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._teller.close()

    def _answer_if_complete(self, stream: int, call: _Call) -> None:
        if call.answering is not None or len(call.body) < call.size:
            return
        call.answering = asyncio.get_running_loop().create_task(self._answer(stream, call))
        self._tasks.add(call.answering)
        call.answering.add_done_callback(self._tasks.discard)

    async def _answer(self, stream: int, call: _Call) -> None:
        answer = call.answer
        try:
            if call.method not in {"GET", "POST"} or not _PATH.fullmatch(call.path):
                text = f"{call.method} {call.path[:200]} is not a model call"
                await _refuse(answer, 404, "not_found", text)
            else:
                await self._forward(call)
        except PortError as error:
            if answer.has_begun:
                self._break_off(stream, error)
            else:
                await _refuse(answer, 503, error.code, error.sentence)
        except Exception as error:
            self._break_off(stream, error)
        finally:
            self._calls.pop(stream, None)
            self._wire.wake()

    def _break_off(self, stream: int, error: Exception) -> None:
        """The guest gets a cut answer, as from any server that broke; the reason is ours."""
        why = f"the Model Fabric's answer broke off: {type(error).__name__}"
        self._wire.link.close(stream, why)

    async def _forward(self, call: _Call) -> None:
        began_s, listener = time.monotonic(), Listener(bytes(call.body))
        try:
            response = await self._inference.call(
                self._token, call.method, call.path, call.headers, bytes(call.body)
            )
        except PortError as error:
            self._tell(call, Ended(listener, 503, began_s, run=call.run, why=error.sentence))
            raise
        call.body.clear()
        call.size = 0
        try:
            call.answer.begin(response.status, response.headers)
            async for content in response.chunks:
                listener.heard(content)
                if not await call.answer.send(content):
                    return
            await call.answer.end()
        finally:
            await _close(response.chunks)
            names = (v for k, v in response.headers.items() if k.lower() == _NAME_HEADER)
            name = next(names, "")
            self._tell(call, Ended(listener, response.status, began_s, name, call.run))

    def _tell(self, call: _Call, ended: Ended) -> None:
        """Of questions about the models nothing is told: they are no calls."""
        if call.method == "POST":
            self._teller.over(ended)


async def _refuse(answer: Answer, status: int, code: str, text: str) -> None:
    error = {"message": text, "type": "clawdesk", "code": code}
    answer.begin(status, {"content-type": "application/json"})
    await answer.send(json.dumps({"error": error}).encode())
    await answer.end()


def _is_passed_on(name: str) -> bool:
    return name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)


async def _close(chunks: AsyncIterator[bytes]) -> None:
    """Let go of an answer that may not have been read to its end."""
    close = getattr(chunks, "aclose", None)
    if close is not None:
        await close()
