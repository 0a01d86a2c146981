"""One call on its way: waits for its slot, is forwarded to the model, and streamed back.

Bytes are passed on as they come, and no more of them are held than one connection's buffers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import aiohttp
from aiohttp import web

from clawdesk_fabric import forward, short_way, usage
from clawdesk_fabric import openai_wire as wire
from clawdesk_fabric.accounts import Accounts
from clawdesk_fabric.call_limits import LIMITS, STREAM_BYTES_MAX, Watch
from clawdesk_fabric.effects import CutOff
from clawdesk_fabric.engines.base import Endpoint
from clawdesk_fabric.guard import CALL_HEADER, as_wire_error
from clawdesk_fabric.line import LineError, NoHttpError
from clawdesk_fabric.model import CallId
from clawdesk_fabric.openai_request import Ask
from clawdesk_fabric.openai_wire import WireError
from clawdesk_fabric.runtime import Fabric
from clawdesk_fabric.tickets import Ticket
from clawdesk_fabric.usage import TAIL_BYTES, Usage

log = logging.getLogger("clawdesk_fabric")
FIRST_COMMENT_S = 1.0
COMMENT_S = 10.0
_ERROR = b'\ndata: {"error"'
"""How a Fabric ends a stream that failed."""
COMMENT_GAP_S = 0.25
"""Between two comments, however fast the queue moves."""


class ClientLeftError(Exception):
    """Writing to the client failed; not the model's fault."""


class _ToldError(WireError):
    """The stream that was passed on ended with an error of its own already."""


class Calls:
    """What the calls of one process share: connections to models, a way to cut them all off, and
    what each used."""

    def __init__(self) -> None:
        self.accounts = Accounts()
        self.upstreams = forward.Upstreams()
        self.watches: dict[CallId, tuple[Endpoint, Watch]] = {}
        self.peer_problem: Callable[[str], str] = lambda _: ""
        """Why calls to a peer would be lost, "" if they would not."""

    def cut(self) -> None:
        """End every call at a model; its client is told why."""
        for _, watch in self.watches.values():
            watch.end(WireError("no_capacity", "the Fabric ends", retry_after_s=5))

    def cut_one(self, effect: CutOff) -> None:
        """End a peer's call at a model of ours."""
        if effect.call in self.watches:
            self.watches[effect.call][1].end(_yields(effect.text))

    def cut_at(self, peer: str, why: str) -> None:
        """End every call at this peer."""
        for seat, watch in self.watches.values():
            if seat.peer == peer:
                watch.end(peer_lost(why))


def peer_lost(why: str) -> WireError:
    """The answer to a call that another machine can no longer give."""
    mend = "call again later, or a model of this machine; clawdesk-fabric peers list says more"
    return WireError("peer_lost", why, mend=mend)


def _yields(text: str) -> WireError:
    return WireError("no_capacity", text, mend="call again", retry_after_s=5)


class Relay:
    """One call.

    Args:
        deadline_at: loop time after which the answer is of no use; 0 = none.
    """

    def __init__(
        self,
        request: web.Request,
        fabric: Fabric,
        ticket: Ticket,
        ask: Ask,
        *,
        deadline_at: float,
        calls: Calls,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._request = request
        self._fabric = fabric
        self._ticket = ticket
        self._ask = ask
        self._deadline_at = deadline_at
        self._calls = calls
        self._response: web.StreamResponse | None = None  # once its headers have been sent
        self._tail = b""
        self._tokens: tuple[int, int] | None = None  # prompt and answer, of a whole answer
        self._begun_at = self._loop.time()
        self._seated_at = 0.0
        self._first_byte_at = 0.0
        self._last_byte_at = 0.0
        self.outcome = "client_left"  # unless something else is known
        self.bytes_sent = 0

    @property
    def succeeded(self) -> bool:
        return self.outcome == "ok"

    @property
    def wait_ms(self) -> int:
        """How long the call waited for its slot, or waits by now."""
        return int(((self._seated_at or self._loop.time()) - self._begun_at) * 1000)

    def usage(self) -> Usage | None:
        """What the call used; None if no byte came from the model."""
        if not self._first_byte_at:
            return None
        prompt, completion = self._tokens or usage.counted(self._tail)
        return Usage(
            prompt,
            completion,
            int((self._first_byte_at - self._seated_at) * 1000),
            int((self._last_byte_at - self._seated_at) * 1000),
        )

    async def run(self, body: bytes) -> web.StreamResponse:
        """The whole way. Failures before the first byte are raised, later ones end the stream."""
        try:
            response = await self._run(body)
        except ClientLeftError:
            assert self._response is not None
            return self._response
        except Exception as error:
            failure = as_wire_error(error)
            self.outcome = failure.code
            if self._response is None:
                raise
            return await self._end_broken(failure)
        self.outcome = "ok"
        return response

    async def _run(self, body: bytes) -> web.StreamResponse:
        seat = await self._seat()
        self._seated_at = self._loop.time()
        call = self._ticket.call
        watch = Watch(seat.model, call.call_class, LIMITS[call.call_class], self._deadline_at)
        self._calls.watches[call.id] = seat, watch
        try:
            self._check(seat)
            async with watch:
                return await self._forward(seat, body, watch)
        except (LineError, OSError) as error:
            raise await self._broken(seat, error) from None
        finally:
            del self._calls.watches[call.id]
            if watch.client_stalled and self._request.transport is not None:
                # Its buffers are full; closing politely would wait for it to read them.
                self._request.transport.abort()

    def _check(self, seat: Endpoint) -> None:
        """Raises WireError for what happened between the seat and now."""
        if self._ticket.call.id in self._fabric.state.cut:
            raise _yields(f"a call of its owner's own needs {seat.model}")
        problem = self._calls.peer_problem(seat.peer) if seat.peer else ""
        if problem:
            raise peer_lost(problem)

    # -- the queue -------------------------------------------------------------------------------

    async def _seat(self) -> Endpoint:
        """Wait for a slot (the core minds the deadline); a stream gets comment lines meanwhile."""
        if self._ticket.seat.done():
            return self._ticket.seat.result()
        if self._ask.stream:
            await self._comment_until_seated()
        return await self._ticket.seat

    async def _comment_until_seated(self) -> None:
        ticket = self._ticket
        await asyncio.wait([ticket.seat], timeout=FIRST_COMMENT_S)
        # Before the first comment, news must not commit us to a stream: an error may follow.
        while not ticket.seat.done():
            ticket.news.clear()
            ticket.told = ticket.wait
            response = await self._start({"Content-Type": forward.EVENTS})
            await self._send(response, wire.queued_comment(ticket.told))
            news = asyncio.create_task(ticket.news.wait())
            watched: set[asyncio.Future[Any]] = {ticket.seat, news}
            try:
                await asyncio.wait([ticket.seat], timeout=COMMENT_GAP_S)
                await asyncio.wait(
                    watched,
                    timeout=COMMENT_S - COMMENT_GAP_S,
                    return_when=asyncio.FIRST_COMPLETED,
                )
            finally:
                news.cancel()

    # -- the model -------------------------------------------------------------------------------

    async def _forward(self, seat: Endpoint, body: bytes, watch: Watch) -> web.StreamResponse:
        stream = self._ask.stream
        path = self._request.path
        answer = await self._calls.upstreams.post(seat, path, body, stream=stream)
        try:
            if stream:
                return await self._pass_on(seat, answer, watch)
            self._first_byte_at = self._loop.time()
            whole, value = await forward.whole(seat, answer, watch)
        finally:
            answer.release()
        self._last_byte_at = self._loop.time()
        # The end of a very long one is all that is looked at.
        self._tokens = usage.stated(value) if value else usage.counted(whole[-TAIL_BYTES:])
        self.bytes_sent = len(whole)
        return short_way.answer(self._request, whole, self._headers())

    async def _pass_on(
        self, seat: Endpoint, answer: forward.Answer, watch: Watch
    ) -> web.StreamResponse:
        """Every chunk as it comes; the end only if the model said that it is the end."""
        response = await self._start({"Content-Type": answer.content_type})
        while chunk := await answer.read():
            self._last_byte_at = self._loop.time()
            self._first_byte_at = self._first_byte_at or self._last_byte_at
            self._tail = (self._tail + chunk)[-TAIL_BYTES:]
            self.bytes_sent += len(chunk)
            if self.bytes_sent > STREAM_BYTES_MAX:
                text = f"{seat.model} sent more than {STREAM_BYTES_MAX} bytes"
                raise WireError("model_failed", text)
            watch.for_client()
            await self._send(response, chunk)
            watch.for_model()
        if seat.peer and _ERROR in self._tail:
            raise _ToldError("peer_lost", f"{seat.peer} ended its answer with an error")
        if wire.DONE.search(self._tail) is None:
            raise await self._broken(seat, EOFError("its stream ended before its answer did"))
        watch.for_client()
        with suppress(ConnectionError, aiohttp.ClientConnectionError):
            await response.write_eof()
        return response

    def _headers(self) -> dict[str, str]:
        ticket = self._ticket
        headers = {
            CALL_HEADER: self._calls.accounts.name_of(ticket.call.id),
            "X-Clawdesk-Wait-Ms": str(self.wait_ms),
        }
        if ticket.told is not None:  # it waited long enough to be told why
            headers["X-Clawdesk-Reason"] = ticket.told.code
            if not ticket.seat.done():
                headers["X-Clawdesk-Position"] = str(ticket.told.position)
        return headers

    async def _start(self, headers: dict[str, str]) -> web.StreamResponse:
        """The event stream, its headers sent; the same one when called again."""
        if self._response is None:
            headers = {**headers, **self._headers(), "Cache-Control": "no-store"}
            response = web.StreamResponse(headers=headers)
            try:
                await response.prepare(self._request)
            except (ConnectionError, aiohttp.ClientConnectionError):
                self._response = response
                raise ClientLeftError from None
            self._response = response
        return self._response

    async def _send(self, response: web.StreamResponse, chunk: bytes) -> None:
        try:
            await response.write(chunk)
        except (ConnectionError, aiohttp.ClientConnectionError) as error:
            raise ClientLeftError from error

    # -- endings ---------------------------------------------------------------------------------

    async def _broken(self, seat: Endpoint, error: Exception) -> WireError:
        """The connection to the model broke: say what the engine knows of its end."""
        if seat.peer:
            return peer_lost(f"{seat.peer}, which lends {seat.model}, is lost: {error}")
        if isinstance(error, NoHttpError):
            return WireError("model_failed", f"{seat.model} answered something that is no HTTP")
        said = await self._fabric.why_ended(seat)
        return WireError("model_failed", said or f"{seat.model} broke off: {error}")

    async def _end_broken(self, failure: WireError) -> web.StreamResponse:
        """Headers are out: the stream gets an error event as its last."""
        response = self._response
        assert response is not None
        log.log(failure.level, "call %d failed midway: %s", self._ticket.call.id, failure.logged)
        with suppress(ConnectionError, aiohttp.ClientConnectionError):
            if not isinstance(failure, _ToldError):
                await response.write(wire.error_event(failure))
            await response.write_eof()
        return response
