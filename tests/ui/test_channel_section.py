"""OpenClaw on the settings page: its states, what mends them, set up, test message, remove."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit, QWidget

from clawdesk.ports.channel import USUAL_ADDRESS, ChannelState, ChannelStatus
from clawdesk.ports.errors import PortError
from clawdesk.runtime.api import Change, ChannelView, Outcome
from clawdesk.ui.button import Button
from clawdesk.ui.channel_section import ChannelSection
from clawdesk.ui.channel_setup import ChannelSheet
from clawdesk.ui.safe_text import SafeLabel
from tests.support import channel_scenes as scenes
from tests.ui.conftest import Bench

TOKEN = "not-to-be-shown-0123456789"


def opened(bench: Bench, view: ChannelView | None = None) -> ChannelSection:
    bench.plane.fill()
    if view is not None:
        bench.plane.environment = replace(bench.plane.environment, channel=view)
    desk = bench.open()
    desk.registry.trigger("settings")
    bench.settle()
    return desk.window.settings.channel


def becomes(bench: Bench, view: ChannelView) -> None:
    bench.plane.environment = replace(bench.plane.environment, channel=view)
    bench.plane.publish(Change(environment=True))
    bench.settle()


def said(widget: QWidget) -> str:
    return str(widget.property("text"))


def shown(section: ChannelSection) -> set[str]:
    buttons = (section.add, section.change, section.test, section.again, section.remove)
    return {button.objectName().rpartition(".")[2] for button in buttons if button.isVisible()}


def called(bench: Bench, name: str) -> list[tuple[object, ...]]:
    return [call for call in bench.plane.calls if call[0] == name]


def press(bench: Bench, name: str) -> None:
    """A button of the sheet that is up, after its guard."""
    assert bench.desk is not None
    assert bench.desk.decisions.sheet is not None
    bench.clock.advance(1_000)
    button = bench.desk.decisions.sheet.findChild(Button, name)
    assert button is not None
    button.click()
    bench.settle()


def test_each_state_says_what_it_is_and_what_mends_it(bench: Bench) -> None:
    section = opened(bench)
    assert said(section.state) == "Not set up"
    assert shown(section) == {"add"}
    assert not section.mend.isVisible()
    becomes(bench, scenes.unreachable())
    assert said(section.state) == "Unreachable"
    assert "connection refused" in said(section.text)
    assert shown(section) == {"change", "again", "remove"}
    becomes(bench, scenes.pairing())
    assert said(section.state) == "Pairing needed"
    section.copy.click()
    assert QGuiApplication.clipboard().text() == "openclaw devices approve 7c1e-42"
    becomes(bench, scenes.refused())
    assert said(section.mend) == "clawdesk channels add openclaw"
    becomes(bench, scenes.connected(list(bench.plane.state.tasks)))
    assert said(section.state) == "Connected"
    assert "2026.9.6" in said(section.text)
    assert shown(section) == {"change", "test", "remove"}
    texts = [said(label) for label in section.findChildren(SafeLabel)]
    assert "seen, answered by Telegram approval (4242)" in texts
    assert "nobody there" in texts


def test_a_settings_file_that_cannot_be_used_is_said_and_can_be_replaced(bench: Bench) -> None:
    why = "No channel is used: channels.toml, line 2: url: without TLS only this machine."
    section = opened(bench, ChannelView(ChannelStatus(text=why)))
    assert said(section.text) == why
    assert "change" in shown(section)
    assert "remove" in shown(section)


def test_set_up_asks_for_address_and_token_and_a_refusal_stays_on_the_sheet(bench: Bench) -> None:
    section = opened(bench)
    section.add.click()
    bench.settle()
    assert bench.desk is not None
    sheet = bench.desk.decisions.sheet
    assert isinstance(sheet, ChannelSheet)
    assert sheet.address.text() == USUAL_ADDRESS
    assert sheet.token.echoMode() is QLineEdit.EchoMode.Password
    press(bench, "channel.go")
    assert called(bench, "add_channel") == []
    assert "token is needed" in said(sheet.outcome)
    bench.plane.answers["add_channel"] = Outcome(False, "Set up, but unreachable: refused.")
    sheet.token.setText(TOKEN)
    press(bench, "channel.go")
    assert bench.desk.decisions.sheet is sheet
    assert "unreachable" in said(sheet.outcome)
    bench.plane.answers["add_channel"] = Outcome(True, "Connected.")
    sheet.address.setText("wss://gateway.example/")
    press(bench, "channel.go")
    assert bench.desk.decisions.sheet is None
    assert [call[1] for call in called(bench, "add_channel")] == [
        USUAL_ADDRESS,
        "wss://gateway.example/",
    ]
    texts = [said(label) for label in bench.desk.window.findChildren(SafeLabel)]
    assert not [text for text in texts if TOKEN in text]


@pytest.mark.parametrize("ok", [True, False])
def test_a_test_message_waits_for_a_tap_and_says_what_came_of_it(bench: Bench, ok: bool) -> None:
    section = opened(bench, scenes.connected([]))
    bench.plane.hold["test_channel"] = asyncio.Event()
    bench.plane.answers["test_channel"] = Outcome(ok, "Delivered (forwarder), and pat answered.")
    section.test.click()
    bench.settle()
    assert not section.test.isEnabled()
    assert "Tap any" in said(section.outcome)
    section.test.click()
    bench.plane.hold["test_channel"].set()
    bench.settle()
    assert "pat answered" in said(section.outcome)
    assert section.test.isEnabled()
    assert len(called(bench, "test_channel")) == 1


def test_a_plane_that_is_gone_leaves_the_button_usable(bench: Bench) -> None:
    section = opened(bench, scenes.connected([]))
    bench.plane.refuse["test_channel"] = PortError("The connection to ClawDesk ended.")
    section.test.click()
    bench.settle()
    assert section.test.isEnabled()
    assert not section.outcome.isVisible()
    assert bench.desk is not None
    assert bench.desk.window.banner.notice is not None


def test_it_looks_again_when_asked(bench: Bench) -> None:
    section = opened(bench, scenes.unreachable())
    section.again.click()
    bench.settle()
    assert len(called(bench, "channel")) == 1
    assert said(section.state) == "Unreachable"


def test_removing_asks_first(bench: Bench) -> None:
    section = opened(bench, scenes.connected([]))
    section.remove.click()
    bench.settle()
    assert called(bench, "remove_channel") == []
    bench.plane.answers["remove_channel"] = Outcome(True, "Removed. The device can be removed.")
    press(bench, "channel.remove.go")
    assert len(called(bench, "remove_channel")) == 1
    assert "device can be removed" in said(section.outcome)


def test_a_gateway_s_words_stay_plain_text(bench: Bench) -> None:
    evil = "<img src='/etc/passwd'> \u202eevil\nline"
    status = ChannelStatus(ChannelState.REFUSED, "wss://gateway.example/", evil, evil)
    section = opened(bench, ChannelView(status))
    for label in (section.text, section.mend):
        assert "<img" in said(label)
        assert "\u202e" not in said(label)
