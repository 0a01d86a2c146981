"""Watches the GPUs for the Fabric: one thread asks the driver, the loop is told once a second.

A driver in trouble may not return from a call; then the last figures come again, each marked with
that as its problem, until it answers. Never decides what runs where.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from clawdesk_fabric.model import GpuReading
from clawdesk_fabric.nvml import GpuFigures, Look, Nvml

log = logging.getLogger("clawdesk_fabric")
INTERVAL_S = 1.0
STALE_S = 5.0
"""How long the driver may stay silent before its figures count as old."""
CLOSE_S_MAX = 2.0

OnRead = Callable[[tuple[GpuReading, ...], str], None]
"""Told of all GPUs, and "" or why there are none or none answers."""


class GpuSource(Protocol):
    """What reads the GPUs; `GpuWatch` is the real one."""

    async def open(self, on_read: OnRead) -> None:
        """Begin to read; `on_read` has been called once, on the loop, when this returns."""
        ...

    async def close(self) -> None:
        """Read no more."""
        ...


class GpuThread:
    """The one thread that calls the driver. It is made with the first `look`."""

    def __init__(self, nvml: Nvml) -> None:
        self._nvml = nvml
        self._asked: queue.SimpleQueue[asyncio.Future[Look] | None] = queue.SimpleQueue()
        self._pending: asyncio.Future[Look] | None = None
        self._pending_s = 0.0
        self._last = Look()
        self._thread: threading.Thread | None = None

    async def look(self, limit_s: float) -> Look:
        """Every GPU now, or after `limit_s` without an answer the last look, marked as old.

        The limit counts from when the driver was asked: who looks again need not wait again.
        """
        loop = asyncio.get_running_loop()
        if self._thread is None:
            # A daemon, because nothing can end a thread that the driver does not return from.
            self._thread = threading.Thread(target=self._serve, name="gpus", daemon=True)
            self._thread.start()
        if self._pending is None or self._pending.done():
            # At most one question is open, so that silence makes no queue of them.
            self._pending, self._pending_s = loop.create_future(), loop.time()
            self._asked.put(self._pending)
        answer = self._pending
        left_s = self._pending_s + limit_s - loop.time()
        await asyncio.wait([answer], timeout=max(0.0, left_s))
        if not answer.done():
            return _old(self._last, loop.time() - self._pending_s)
        self._last = answer.result()
        return self._last

    async def close(self) -> None:
        """End the thread; one that hangs in the driver is left to it."""
        if self._thread is None:
            return
        self._asked.put(None)
        await asyncio.to_thread(self._thread.join, CLOSE_S_MAX)
        if self._thread.is_alive():
            log.warning("the NVIDIA driver does not return; its thread is left behind")
        if self._pending is not None:
            self._pending.cancel()

    # -- on the thread ---------------------------------------------------------------------------

    def _serve(self) -> None:
        while (answer := self._asked.get()) is not None:
            result: Look | Exception
            try:
                result = self._nvml.look()
            except Exception as error:  # a mistake of ours: the loop must hear of it
                result = error
            with suppress(RuntimeError):  # the loop has ended
                answer.get_loop().call_soon_threadsafe(_settle, answer, result)
        self._nvml.close()


class GpuWatch:
    """Tells the loop that opened it of the GPUs.

    Args:
        interval_s: from one look to the next.
        stale_s: after so long without an answer each reading has that as its problem.
    """

    def __init__(
        self,
        *,
        interval_s: float = INTERVAL_S,
        stale_s: float = STALE_S,
        nvml: Nvml | None = None,
    ) -> None:
        self._interval_s = interval_s
        self._stale_s = stale_s
        self._thread = GpuThread(nvml or Nvml(load=False))
        self._task: asyncio.Task[None] | None = None

    async def open(self, on_read: OnRead) -> None:
        """Begin; `on_read` has been called once when this returns (after `stale_s` at most)."""
        await self._read(on_read)
        self._task = asyncio.create_task(self._keep_reading(on_read))

    async def close(self) -> None:
        """No `on_read` comes after this has begun."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._thread.close()

    async def _keep_reading(self, on_read: OnRead) -> None:
        try:
            while True:
                await asyncio.sleep(self._interval_s)
                await self._read(on_read)
        except Exception as error:
            # A mistake of ours; nobody may go on with figures that are no longer read.
            log.exception("GPUs are no longer watched")
            on_read((), f"GPUs are no longer watched: {error!r}; restart the Fabric")
            raise

    async def _read(self, on_read: OnRead) -> None:
        look = await self._thread.look(self._stale_s)
        on_read(tuple(reading(gpu) for gpu in look.gpus), look.note)


def reading(gpu: GpuFigures) -> GpuReading:
    """What the Fabric needs of a GPU. One whose memory is not known cannot be used."""
    problem = gpu.problem
    if not problem and (gpu.total_mib is None or gpu.used_mib is None):
        problem = "the driver does not tell how much memory this GPU has and uses"
    return GpuReading(
        # A GPU that has not answered since we began still is one of its own.
        uuid=gpu.uuid or f"unknown-{gpu.index}",
        index=gpu.index,
        name=gpu.name,
        total_mib=gpu.total_mib or 0,
        reserved_mib=gpu.reserved_mib or 0,
        used_mib=gpu.used_mib or 0,
        processes=gpu.processes,
        problem=problem,
        simulated=gpu.simulated,
        is_lost=gpu.is_lost,
    )


def _old(last: Look, silent_s: float) -> Look:
    note = f"the NVIDIA driver has not answered for {silent_s:.0f} s"
    if last.gpus:
        note += "; the figures are old"
    return Look(tuple(replace(gpu, problem=note) for gpu in last.gpus), note, last.driver)


def _settle(answer: asyncio.Future[Look], result: Look | Exception) -> None:
    if answer.done():
        return  # nobody waits any more
    if isinstance(result, Exception):
        answer.set_exception(result)
    else:
        answer.set_result(result)
