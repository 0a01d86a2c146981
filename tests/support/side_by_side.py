"""How tests with real parts run beside one another: files as wholes, the longest first.

Tests of a file often share a home of machines, a gateway or an engine, so a file stays with one
worker (`--dist=loadgroup`); the long ones come first, so that no worker is left with one at the
end (`--no-loadscope-reorder`). Tests marked `alone` are not among them: they run after.
"""

from __future__ import annotations

import pytest

from tests.support.patience import TEST_S

PLACES = ("tests/contract/", "tests/e2e/")
"""Only there are tests with real parts: `make test` reads no other files for them."""
LONGEST = (
    *("agents", "acp_agent", "crash_points", "faults", "model_calls", "image_layers"),
    *("review_journey", "rough_agents", "kill9", "headless", "adoption"),
    *("alternatives", "fabric_clients", "window_journey", "machines"),
)
"""What takes a minute and more, by files of tests/e2e. An old order costs time and nothing else."""
LAYERS = ("tests/e2e/test_agents.py", "tests/e2e/test_acp_agent.py")
"""They build image layers in the user's own folder, where a start removes what is half built."""


def arrange(items: list[pytest.Item], *, beside: bool) -> None:
    """Put the tests with real parts into the groups and the order described above, with time.

    Args:
        beside: this is one of several processes that run them; else their order stays.
    Raises:
        pytest.UsageError: one lies where it would not be found.
    """
    for item in items:
        if item.get_closest_marker("e2e") is not None:
            if not item.nodeid.startswith(PLACES):
                raise pytest.UsageError(f"{item.nodeid} is marked e2e outside {PLACES}")
            item.add_marker(pytest.mark.xdist_group(_group(item)))
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(TEST_S))
    if not beside:
        return
    places = {f"tests/e2e/test_{name}.py": place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(_file(item), len(places)))


def _group(item: pytest.Item) -> str:
    file = _file(item)
    return LAYERS[0] if file in LAYERS else file


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]
