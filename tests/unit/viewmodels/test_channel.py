"""The words of the channel: how far a request came, and which command stands in a sentence."""

from __future__ import annotations

from clawdesk.domain.channel.model import Delivery, Stage
from clawdesk.ports.channel import ChannelState, ChannelStatus
from clawdesk.runtime.api import ChannelView
from clawdesk.viewmodels.channel import ROWS_MAX, channel_page, command_in, how_far


def test_how_far_a_request_came_is_said_in_words() -> None:
    for route, words in (("forwarder", "to a chat"), ("pigeon", "by pigeon")):
        assert how_far(Delivery("T", "r", Stage.DELIVERED, route)) == f"delivered {words}"
    assert how_far(Delivery("T", "r", Stage.SEEN, "x", "pat")) == "seen, answered by pat"
    assert how_far(Delivery("T", "r", Stage.UNSEEN)) == "nobody there"


def test_a_command_is_found_only_where_one_stands() -> None:
    assert command_in("Where it runs: openclaw devices approve 7") == "openclaw devices approve 7"
    assert command_in("clawdesk channels add openclaw") == "clawdesk channels add openclaw"
    for text in ("", "Use a version that the guide names.", "Do this: rm -rf /"):
        assert command_in(text) == ""


def test_many_requests_are_counted() -> None:
    found = tuple(Delivery(f"T{n}", f"r{n}", Stage.WAITS) for n in range(ROWS_MAX + 1))
    page = channel_page(ChannelView(ChannelStatus(ChannelState.CONNECTED), found), {})
    assert len(page.rows) == ROWS_MAX
    assert page.more == "and one more request"
    assert page.can_test
    assert "/clawdesk" not in page.text
    words = ChannelStatus(ChannelState.CONNECTED, takes_words=True)
    assert "/clawdesk" in channel_page(ChannelView(words), {}).text
