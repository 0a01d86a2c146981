"""Notices over a real session bus, to a scripted notification server in its own process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from shutil import which

import pytest
from jeepney import DBusAddress, new_signal
from jeepney.io.asyncio import open_dbus_connection

from clawdesk.adapters.desktop_notices import NAME, DesktopNotices
from clawdesk.ports.notices import Notice, Urgency
from tests.support.notice_daemon import NoticeDaemon, notice_daemon, session_bus

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(which("dbus-daemon") is None, reason="needs dbus-daemon"),
]
HOSTILE = '<b>bold</b> <img src="http://x/y"> & <a href="file:///">x</a>'


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    with session_bus() as address:
        for name, value in address.items():
            monkeypatch.setenv(name, value)
        yield {**os.environ}


@pytest.fixture
async def notices() -> AsyncIterator[DesktopNotices]:
    made = DesktopNotices()
    yield made
    await made.close()


@pytest.fixture
def daemon(bus: dict[str, str]) -> Iterator[NoticeDaemon]:
    with notice_daemon(bus) as made:
        yield made


async def told(daemon: NoticeDaemon) -> dict[str, object]:
    return await asyncio.to_thread(daemon.next)


async def test_a_notice_is_shown_replaced_and_taken_back(
    daemon: NoticeDaemon, notices: DesktopNotices
) -> None:
    assert (await notices.support()).server == "Scripted 1.0"
    assert await notices.show(Notice("a", "one", "body", "Review", Urgency.CRITICAL))
    shown = await told(daemon)
    assert (shown["title"], shown["actions"]) == ("one", ["review", "Review"])
    assert shown["hints"] == {"urgency": 2, "desktop-entry": "org.clawdesk.ClawDesk"}
    assert await notices.show(Notice("a", "two"))
    again = await told(daemon)
    assert (again["id"], again["replaces"], again["actions"]) == (shown["id"], shown["id"], [])
    await notices.withdraw("a")
    assert await told(daemon) == {"event": "close", "id": shown["id"], "known": True}
    await notices.withdraw("a")
    await notices.show(Notice("b", "three"))
    assert (await told(daemon))["event"] == "notify", "what is gone is not taken back again"


async def test_text_of_others_is_no_markup(bus: dict[str, str], notices: DesktopNotices) -> None:
    with notice_daemon(bus) as marking:
        await notices.show(Notice("a", HOSTILE, HOSTILE))
        shown = await told(marking)
        assert shown["title"] == HOSTILE, "a title is plain text by the specification"
        assert "<" not in str(shown["body"])
        assert "&lt;b&gt;bold" in str(shown["body"])
    with notice_daemon(bus, "body") as plain:
        # Another server: its abilities are asked anew, and its numbers are its own.
        await notices.show(Notice("a", "t", HOSTILE, "Review"))
        shown = await told(plain)
        assert shown["body"] == HOSTILE
        assert (shown["actions"], shown["replaces"]) == ([], 0)
        assert not (await notices.support()).acts


async def test_a_press_comes_back_with_its_key_and_a_dismissed_one_is_forgotten(
    daemon: NoticeDaemon, notices: DesktopNotices
) -> None:
    pressed: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    notices.listen(lambda key, token: pressed.put_nowait((key, token)))
    await notices.show(Notice("a", "one", act="Review"))
    await notices.show(Notice("b", "two", act="Review"))
    one, two = await told(daemon), await told(daemon)
    await asyncio.to_thread(daemon.tell, dismiss=one["id"])
    await asyncio.to_thread(daemon.tell, press=99)
    await asyncio.to_thread(daemon.tell, press=two["id"])
    assert await asyncio.wait_for(pressed.get(), 10) == ("b", "token-1")
    await notices.withdraw("a")
    await notices.withdraw("b")
    assert (await told(daemon))["id"] == two["id"], "the dismissed one was not asked for"


async def test_a_press_that_overtakes_the_answer_counts(
    daemon: NoticeDaemon, notices: DesktopNotices
) -> None:
    pressed: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    notices.listen(lambda key, token: pressed.put_nowait((key, token)))
    await notices.support()
    # Both lie in the socket before the loop looks at it again.
    showing = asyncio.ensure_future(notices.show(Notice("a", "one", act="Review")))
    while not showing.done() and daemon.idle:
        await asyncio.sleep(0)
    daemon.tell(press=daemon.next()["id"])
    assert await showing
    assert await asyncio.wait_for(pressed.get(), 10) == ("a", "token-1")


async def test_a_press_by_another_program_of_the_bus_does_not_count(
    daemon: NoticeDaemon, notices: DesktopNotices
) -> None:
    pressed: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    notices.listen(lambda key, token: pressed.put_nowait((key, token)))
    await notices.show(Notice("a", "one", act="Review"))
    number = (await told(daemon))["id"]
    stranger = await open_dbus_connection("SESSION")
    server = DBusAddress("/org/freedesktop/Notifications", interface=NAME)
    await stranger.send(new_signal(server, "ActivationToken", "us", (number, "forged")))
    await stranger.send(new_signal(server, "ActionInvoked", "us", (number, "review")))
    await stranger.send(new_signal(server, "NotificationClosed", "uu", (number, 2)))
    await stranger.close()
    await asyncio.to_thread(daemon.tell, press=number)
    assert await asyncio.wait_for(pressed.get(), 10) == ("a", "token-1")
    assert pressed.empty()


async def test_no_server_is_said_and_breaks_nothing(
    bus: dict[str, str], notices: DesktopNotices
) -> None:
    found = await notices.support()
    assert found.problem == "Nothing on this desktop shows notices."
    assert found.mend
    assert not await notices.show(Notice("a", "one"))
    with notice_daemon(bus) as later:
        assert await notices.show(Notice("a", "one")), "one that came later is used"
        assert (await told(later))["title"] == "one"


async def test_a_silent_server_costs_its_bound(
    daemon: NoticeDaemon, notices: DesktopNotices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clawdesk.adapters.session_bus.CALL_S_MAX", 0.2)
    await asyncio.to_thread(daemon.tell, mute=True)
    found = await notices.support()
    assert found.problem == "The notification server does not answer."


async def test_no_bus_is_said(notices: DesktopNotices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    assert (await notices.support()).problem == "This session has no D-Bus."
    with session_bus() as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address["DBUS_SESSION_BUS_ADDRESS"])
        assert (await notices.support()).problem.startswith("Nothing on this desktop")
    assert not await notices.show(Notice("a", "one")), "the bus ended meanwhile"
