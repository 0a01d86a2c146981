"""The settings page: notices, looks, the user's rules, a project's policy, trust and its end."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from clawdesk.ports.errors import RepositoryError
from clawdesk.runtime.deeds import Deed
from clawdesk.ui import tokens
from clawdesk.ui.ask_sheet import AskSheet
from clawdesk.ui.button import Button
from clawdesk.ui.desk import Desk
from clawdesk.ui.main_window import Page
from tests.support import plane_scenes as scenes
from tests.support import trust_scene
from tests.ui.conftest import Bench


def opened(bench: Bench, act: str = "settings") -> Desk:
    bench.plane.fill()
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    desk.registry.trigger(act)
    bench.settle()
    assert desk.window.page is Page.SETTINGS
    return desk


def spoken(desk: Desk, table: str, key: str) -> str:
    row = desk.window.settings.findChild(QWidget, f"settings.{table}.{key}")
    assert row is not None, key
    return row.accessibleName()


def test_each_rule_says_what_it_means_and_where_it_is_written(bench: Bench) -> None:
    desk = opened(bench, "policy")
    weight = spoken(desk, "policy", "weight")
    assert "share of this machine" in weight
    assert "2, " in weight
    assert "policy.toml, line 6" in weight
    assert "it asks 3" in weight
    assert "project.toml, line 3" in spoken(desk, "policy", "priority.default_class")
    assert "default" in spoken(desk, "policy", "approval.on_timeout")
    assert "8192 MiB" in spoken(desk, "rules", "host.reserve_memory_mib")
    assert "policy.toml, line 2" in spoken(desk, "rules", "host.reserve_memory_mib")


def test_trust_and_its_end_are_asked_and_shown(bench: Bench) -> None:
    desk = opened(bench, "policy")
    page = desk.window.settings
    assert page.trust.isVisible()
    assert not page.revoke.isVisible()
    page.trust.click()
    bench.settle()
    sheet = desk.decisions.sheet
    assert sheet is not None
    bench.clock.advance(1_000)
    go = sheet.findChild(Button, "trust.go")
    assert go is not None
    go.click()
    bench.settle()
    assert [c[0] for c in bench.plane.calls].count("trust") == 1
    assert page.revoke.isVisible()
    page.revoke.click()
    bench.settle()
    sheet = desk.decisions.sheet
    assert sheet is not None
    assert not [c for c in bench.plane.calls if c[0] == "untrust"], "it asks first"
    bench.clock.advance(1_000)
    go = sheet.findChild(Button, "revoke.go")
    assert go is not None
    go.click()
    bench.settle()
    assert [c[0] for c in bench.plane.calls].count("untrust") == 1
    assert not page.revoke.isVisible()


def test_a_mistaken_file_is_said(bench: Bench) -> None:
    bench.plane.refuse["project_policy"] = RepositoryError("project.toml:1: weight: found x")
    desk = opened(bench, "policy")
    assert not desk.window.settings.policy.isVisible()
    label = desk.window.settings.findChild(QWidget, "settings.trust")
    assert label is not None
    assert "weight: found x" in label.property("text")


def test_what_notifies_is_kept(bench: Bench) -> None:
    desk = opened(bench)
    page = desk.window.settings
    assert page.boxes["ended"].isChecked()
    page.boxes["in_front"].click()
    rules = bench.memory.notice_rules()
    assert rules.in_front
    desk.settings.refresh()
    bench.settle()
    assert page.boxes["in_front"].isChecked()


def test_the_theme_is_kept_and_may_follow_the_desktop(bench: Bench) -> None:
    desk = opened(bench)
    desk.window.settings.theme_chosen.emit("light")
    assert tokens.theme() is tokens.Theme.LIGHT
    desk.window.settings.theme_chosen.emit("")
    assert bench.memory.settings.value("theme") == ""
    desk.window.settings.theme_chosen.emit("dark")
    assert tokens.theme() is tokens.Theme.DARK


def test_it_goes_back_to_the_tasks(bench: Bench) -> None:
    desk = opened(bench)
    shown = [desk.window.page]
    for act in ("back", "settings", "models"):
        desk.window.settings.back.click() if act == "back" else desk.registry.trigger(act)
        shown.append(desk.window.page)
    assert shown == [Page.SETTINGS, Page.TASKS, Page.SETTINGS, Page.MODELS]


def test_settings_begin_at_the_top_and_escape_leaves_every_page(bench: Bench) -> None:
    desk = opened(bench, "policy")
    page = desk.window.settings
    desk.registry.trigger("settings")
    desk.registry.trigger("settings")
    bench.settle()
    assert page.area.verticalScrollBar().value() == 0
    for act in ("settings", "models", "home"):
        if desk.window.page.value != act:
            desk.registry.trigger(act)
        bench.settle()
        inside = getattr(desk.window, act).back
        inside.setFocus()
        QTest.keyClick(inside, Qt.Key.Key_Escape)
        assert desk.window.page is Page.TASKS, act


def test_a_theme_chosen_elsewhere_shows_in_the_settings(bench: Bench) -> None:
    desk = opened(bench)
    before = tokens.theme().value
    desk.registry.trigger("theme")
    assert desk.window.settings.theme.picked == tokens.theme().value != before
    desk.registry.trigger("theme")


def sheet_of(desk: Desk, name: str) -> AskSheet:
    sheet = desk.decisions.sheet
    assert isinstance(sheet, AskSheet)
    assert sheet.objectName() == name
    return sheet


def test_the_rule_for_images_is_shown_taken_back_and_allowed_again(bench: Bench) -> None:
    desk = opened(bench)
    page = desk.window.settings
    row = spoken(desk, "rules", "images.catalog.allow")
    assert "py.example.org, files.example.org, npm.ada.example:8443" in row
    assert "own agents, and nothing else" in row
    assert f"policy.toml, line {trust_scene.RULE_LINE + 3}" in row
    assert "10.1.2.3" in spoken(desk, "rules", "images.catalog.own")
    assert page.take_back.isVisible()
    assert not page.allow.isVisible()
    page.take_back.click()
    bench.settle()
    asking = sheet_of(desk, "images_back")
    assert not [c for c in bench.plane.calls if c[0] == "take_back_catalog"], "it asks first"
    bench.clock.advance(1_000)
    go = asking.findChild(Button, "images_back.go")
    assert go is not None
    go.click()
    bench.settle()
    assert [c[0] for c in bench.plane.calls].count("take_back_catalog") == 1
    assert "none" in spoken(desk, "rules", "images.catalog.allow")
    assert not page.take_back.isVisible()
    page.allow.click()
    bench.settle()
    bench.clock.advance(1_000)
    go = sheet_of(desk, "images").findChild(Button, "images.go")
    assert go is not None
    go.click()
    bench.settle()
    assert page.take_back.isVisible()


def test_what_was_done_leads_back_to_the_rule(bench: Bench) -> None:
    bench.plane.done = (Deed(1_000, "images", "Images of agents may be set up from a.example."),)
    desk = opened(bench)
    desk.registry.trigger("operations")
    bench.settle()
    sheet = desk.decisions.sheet
    assert sheet is not None
    undo = next(b for b in sheet.findChildren(Button) if b.text() == "Your rules…")
    undo.click()
    bench.settle()
    assert desk.window.page is Page.SETTINGS
    assert desk.window.settings.area.verticalScrollBar().value() > 0
