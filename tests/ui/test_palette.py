"""The palette, the help sheet and the menu: one registry behind all of them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from clawdesk.ui.desk import Desk
from clawdesk.ui.help_sheet import HelpSheet
from clawdesk.ui.palette_sheet import ROW_ROLE, Key, PaletteSheet
from clawdesk.viewmodels.palette import Entry
from clawdesk.viewmodels.task_acts import ALSO
from tests.support import plane_scenes as scenes
from tests.ui.conftest import Bench


def palette(bench: Bench, text: str = "") -> tuple[Desk, PaletteSheet]:
    bench.plane.fill()
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    desk.window.tasks.list.choose(next(iter(bench.plane.state.tasks)))
    desk.registry.trigger("palette")
    bench.settle()
    (sheet,) = desk.window.findChildren(PaletteSheet)
    sheet.field.setText(text)
    return desk, sheet


def rows(sheet: PaletteSheet) -> list[Entry | str]:
    model = sheet.list.model()
    return [model.index(n, 0).data(ROW_ROLE) for n in range(model.rowCount())]


def test_every_act_is_found_and_what_cannot_be_done_says_why(bench: Bench) -> None:
    desk, sheet = palette(bench, ">")
    listed = {row.text: row for row in rows(sheet) if isinstance(row, Entry)}
    for act in desk.registry.acts.values():
        if act.key != "palette":
            assert listed[desk.registry.words(act)[0]].why_not == act.why_not()
    assert any(row.why_not for row in listed.values())
    sheet.reject()


def test_an_act_is_found_by_what_other_people_call_it(bench: Bench) -> None:
    desk, sheet = palette(bench)
    for typed, text in (
        ("stop", "Cancel fix-loader…"),
        ("restore", "Roll fix-loader back to checkpoint 3…"),
        ("> shell", "Open a terminal in the machine of fix-loader"),
        ("approve", "Show the next thing that needs you"),
    ):
        sheet.field.setText(typed)
        assert text in [row.text for row in rows(sheet) if isinstance(row, Entry)], typed
    assert ALSO.keys() <= desk.registry.acts.keys()
    sheet.reject()


def test_an_act_names_the_task_and_the_checkpoint_it_would_touch(bench: Bench) -> None:
    _, sheet = palette(bench, "> roll")
    entries = [row for row in rows(sheet) if isinstance(row, Entry)]
    assert entries[0].text == "Roll fix-loader back to checkpoint 3…"
    assert entries[0].detail == "undoes 1 step of work"
    assert entries[1].text == "Show the checkpoints of fix-loader"
    sheet.field.setText("> next")
    (entry,) = (row for row in rows(sheet) if isinstance(row, Entry) and row.keys == "F8")
    assert entry.detail == "bench-fp8: Which data set should the benchmark use?"
    sheet.reject()


def test_an_act_that_is_off_does_nothing_and_stays(bench: Bench) -> None:
    desk, sheet = palette(bench, "> merge")
    merge, undo = (row for row in rows(sheet) if isinstance(row, Entry))
    assert merge.why_not
    assert undo.why_not == "it is not merged"
    QTest.keyClick(sheet.field, Qt.Key.Key_Return)
    assert sheet.isVisible()
    assert desk.decisions.sheet is None
    sheet.reject()


def test_arrows_pass_over_headings_and_enter_goes_to_the_task(bench: Bench) -> None:
    desk, sheet = palette(bench, "@")
    model = sheet.list.model()
    for _ in range(model.rowCount() + 2):
        assert isinstance(sheet.list.currentIndex().data(ROW_ROLE), Entry)
        QTest.keyClick(sheet.field, Qt.Key.Key_Down)
    sheet.field.setText("@ refactor")
    QTest.keyClick(sheet.field, Qt.Key.Key_Return)
    bench.settle()
    assert desk.plane.state.tasks[desk.chosen].title == "refactor-io"


def test_a_checkpoint_and_a_changed_file_lead_to_the_changes(bench: Bench) -> None:
    desk, sheet = palette(bench, "#")
    checkpoints = [row for row in rows(sheet) if isinstance(row, Entry)]
    assert checkpoints
    assert checkpoints[0].text.startswith(desk.plane.state.tasks[desk.chosen].title)
    sheet.field.setText("/")
    bench.settle()
    files = [row.text for row in rows(sheet) if isinstance(row, Entry)]
    assert "src/loader.py" in files
    QTest.keyClick(sheet.field, Qt.Key.Key_Return)
    bench.settle()
    assert desk.window.inspector.place == "changes"


def test_help_leads_to_the_signs(bench: Bench) -> None:
    _, sheet = palette(bench, "?")
    QTest.keyClick(sheet.field, Qt.Key.Key_Return)
    assert sheet.field.text() == "> "
    assert sheet.isVisible()
    sheet.reject()


def test_the_help_sheet_lists_every_shortcut_of_the_registry(bench: Bench) -> None:
    bench.plane.fill()
    desk = bench.open()
    desk.registry.trigger("help")
    sheet = desk.decisions.sheet
    assert isinstance(sheet, HelpSheet)
    named = [key.accessibleName() for key in sheet.findChildren(Key)]
    for act in desk.registry.acts.values():
        if act.keys:
            assert any(name.endswith(f": {act.key_words}") for name in named), act.key


def test_the_menu_has_every_act_and_gives_the_reason_of_what_is_off(bench: Bench) -> None:
    bench.plane.fill()
    desk = bench.open()
    menu = desk.registry.menu(desk.window)
    assert isinstance(menu, QMenu)
    inner = [m for a in menu.actions() if isinstance(m := a.menu(), QMenu)]
    found = [a for each in (menu, *inner) for a in each.actions() if a.objectName()]
    lines = {a.objectName().removeprefix("menu."): a for a in found}
    assert set(lines) == set(desk.registry.acts)
    for key, act in desk.registry.acts.items():
        why = act.why_not()
        assert lines[key].isEnabled() is not bool(why)
        assert why in lines[key].text()
        assert desk.registry.words(act)[0] in lines[key].text()
    assert max(len(each.actions()) for each in (menu, *inner)) < 26, "it fits a small screen"
    menu.deleteLater()
