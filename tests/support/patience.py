"""How long tests with real parts wait: a net that ends one that hangs, and no bound of the product.

What a thing takes says nothing where a machine boots under emulation while another test builds an
image beside it; that it never comes is what a test has to end on, with what it saw until then.
Bounds that the product promises stand in the tests that measure them, and those are marked `alone`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

NET_S = 240.0
"""For one thing to come."""
TEST_S = 900.0
"""For a test that names no limit of its own: several such waits."""


@asynccontextmanager
async def net(seen: Callable[[], object]) -> AsyncIterator[None]:
    """Let what is done here take `NET_S` and no longer.

    Raises:
        AssertionError: it took longer; it tells what was `seen` until then.
    """
    try:
        async with asyncio.timeout(NET_S):
            yield
    except TimeoutError:
        raise AssertionError(f"never came; seen until then: {seen()}") from None
