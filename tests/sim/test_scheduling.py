"""Every promise of docs/adr/0012-scheduling.md holds; PLAN_SEEDS sets how many worlds each sees."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.sim import promises, promises_why

CHECKS = [
    check
    for module in (promises, promises_why)
    for name, check in vars(module).items()
    if callable(check)
    and getattr(check, "__module__", "") == module.__name__
    and not name.startswith("_")
    and check.__annotations__ == {"return": "None"}
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_promise(check: Callable[[], None]) -> None:
    check()


def test_every_promise_is_looked_at() -> None:
    assert len(CHECKS) == 25
