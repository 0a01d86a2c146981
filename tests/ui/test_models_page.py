"""The models page on a scripted plane: what it shows, what it sends, and that names stay text."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget

from clawdesk.ports.errors import PortError
from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.models import Model, ModelQueue, ModelWindow, ProjectUse, Waiter
from clawdesk.runtime.api import Change, Outcome
from clawdesk.ui.ask_sheet import AskSheet
from clawdesk.ui.button import Button
from clawdesk.ui.guard import GUARD_MS
from clawdesk.ui.main_window import Page
from clawdesk.ui.model_sheets import TIME_FORMAT, BudgetSheet, ReserveSheet
from clawdesk.ui.ours import ours
from clawdesk.ui.paint import paint_bar, use_fill
from clawdesk.ui.palette_sheet import PaletteSheet
from clawdesk.viewmodels.devices import Use, use_words
from tests.support import model_scenes
from tests.support import plane_scenes as scenes

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk
    from tests.ui.conftest import Bench


@pytest.fixture
def page(bench: Bench) -> Desk:
    """The page with two models in use, a queue, a reservation and a budget."""
    bench.plane.fill()
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    desk.registry.trigger("models")
    bench.show_fabric(model_scenes.busy())
    return desk


def button(desk: Desk, name: str) -> Button:
    where: QWidget = desk.decisions.sheet or desk.window
    found = where.findChild(Button, name)
    assert found is not None, name
    return found


def texts(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel))


def test_it_opens_and_closes_by_its_shortcut(bench: Bench, page: Desk) -> None:
    assert page.window.page is Page.MODELS
    QTest.keySequence(page.window, "Ctrl+G")
    assert page.window.page is not Page.MODELS
    QTest.keySequence(page.window, "Ctrl+G")
    assert page.window.page is Page.MODELS
    button(page, "models.back").click()
    assert page.window.page is not Page.MODELS
    page.registry.trigger("models")
    page.choose_project(scenes.PROJECT)  # whoever goes to a project's tasks is there
    assert page.window.page is not Page.MODELS


def test_everything_is_said_in_words(bench: Bench, page: Desk) -> None:
    models = page.window.models
    spoken = models.cards["GPU-0"].accessibleName()
    assert spoken.startswith("GPU 0, simulated. ")
    for words in (
        "in use, held by tasks 55.1 GiB",
        "promised, not used 8.9 GiB",
        "other programs 0.4 GiB",
        "driver 0.5 GiB",
        "free 15.1 GiB",
        "qwen3-32b 4121 · 2 leases 55.1 of 64 GiB",
    ):
        assert words in spoken
    legend = models.legend.accessibleName()
    assert all(word in legend for word in map(use_words, Use))
    row = models.models.lines["qwen3-32b"].accessibleName()
    assert row.startswith("qwen3-32b, Ready, pinned, ")
    assert len(models.waits.lines) == 4
    assert "now, until" in models.windows.lines["r-1"].accessibleName()


def test_every_use_has_a_look_of_its_own(page: Desk) -> None:
    """Printed in grey they must still differ: no two pictures are the same."""
    seen = {}
    for use in Use:
        image = QImage(40, 12, QImage.Format.Format_RGB32)
        image.fill(QColor("black"))
        painter = QPainter(image)
        paint_bar(painter, QRectF(0, 0, 40, 12), [(1.1, use_fill(use, "g0"))])
        painter.end()
        grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
        seen[use] = bytes(grey.constBits())
    assert len(set(seen.values())) == len(Use)


def test_load_is_sent_once_and_shows_progress(bench: Bench, page: Desk) -> None:
    bench.plane.hold["load_model"] = asyncio.Event()
    load = button(page, "model.glm-355b.act")
    assert load.words == "Load"
    load.click()
    load.click()
    asked = [call for call in bench.plane.calls if call[0] == "load_model"]
    bench.run(asyncio.sleep(0))
    asked = [call for call in bench.plane.calls if call[0] == "load_model"]
    assert asked == [("load_model", "glm-355b")]
    waits = page.window.models.models.lines["glm-355b"]
    assert "Loading" in waits.accessibleName(), "the click shows before the model service does"
    assert not load.isEnabled()
    show_while_busy = model_scenes.loading()
    bench.plane.environment = replace(bench.plane.environment, fabric=show_while_busy)
    bench.plane.publish(Change(environment=True))
    line = page.window.models.models.lines["qwen3-32b"]
    assert "loading the model into memory · 12.4 s of about 31.0 s" in texts(line)
    bench.plane.hold["load_model"].set()
    bench.settle()
    assert "Not loaded" in waits.accessibleName()


def test_a_refused_act_is_a_sentence(bench: Bench, page: Desk) -> None:
    why = "glm-355b is not loaded: it needs 371000 MiB, and all GPUs have 327680 MiB."
    bench.plane.answers["load_model"] = Outcome(False, why)
    button(page, "model.glm-355b.act").click()
    bench.settle()
    assert page.window.banner.notice is not None
    assert page.window.banner.notice.what == why


def test_unload_of_a_model_in_use_says_what_is_cut_first(bench: Bench, page: Desk) -> None:
    button(page, "model.qwen3-32b.act").click()
    bench.settle()
    sheet = page.decisions.sheet
    assert isinstance(sheet, AskSheet)
    assert "4 calls in flight end first; nothing is cut off." in texts(sheet)
    assert ("unload_model", "qwen3-32b") not in bench.plane.calls
    bench.clock.advance(GUARD_MS)
    button(page, "unload.go").click()
    bench.settle()
    assert ("unload_model", "qwen3-32b") in bench.plane.calls


def test_unload_of_an_idle_model_asks_nothing(bench: Bench, page: Desk) -> None:
    button(page, "model.bge-small.act").click()
    bench.settle()
    assert page.decisions.sheet is None
    assert ("unload_model", "bge-small") in bench.plane.calls


def test_pin_and_unpin(bench: Bench, page: Desk) -> None:
    button(page, "model.qwen3-32b.pin").click()
    button(page, "model.bge-small.pin").click()
    bench.settle()
    assert ("pin_model", "qwen3-32b", False) in bench.plane.calls
    assert ("pin_model", "bge-small", True) in bench.plane.calls


def test_what_is_not_possible_says_why(bench: Bench, page: Desk) -> None:
    unload = button(page, "model.coder-30b.act")
    assert not unload.isEnabled()
    assert "end the reservation first" in unload.accessibleDescription()
    assert "end the reservation first" in texts(page.window.models.models.lines["coder-30b"])
    bench.show_fabric(model_scenes.no_docker())
    assert not button(page, "model.bge-small.act").isEnabled()
    assert page.window.models.problem.isVisible()
    assert "sudo systemctl start docker" in page.window.models.problem.accessibleName()


def test_reserve_sends_times_and_keeps_the_sheet_when_refused(bench: Bench, page: Desk) -> None:
    refusal = "glm-355b is not reserved: with qwen3-32b that makes 436536 MiB, there are 327680 MiB"
    bench.plane.answers["reserve_model"] = Outcome(False, refusal)
    button(page, "model.glm-355b.reserve").click()
    sheet = page.decisions.sheet
    assert isinstance(sheet, ReserveSheet)
    assert sheet.model.currentData() == "glm-355b"
    assert sheet.project.currentData() == scenes.PROJECT
    bench.clock.advance(GUARD_MS)
    button(page, "reserve.go").click()
    bench.settle()
    assert sheet.outcome.text() == refusal
    assert page.decisions.sheet is sheet
    # A second may pass meanwhile, and the window reads a log then.
    (call,) = (c for c in bench.plane.calls if c[0] == "reserve_model")
    name, model, project, from_s, until_s = call
    assert (name, model, project) == ("reserve_model", "glm-355b", scenes.PROJECT)
    assert until_s - from_s == 3_600
    assert 0 <= bench.clock.now // 1000 - from_s < 60  # the field knows minutes
    bench.plane.answers.clear()
    button(page, "reserve.go").click()
    bench.settle()
    assert page.decisions.sheet is None


@pytest.mark.parametrize(
    ("begin", "end", "words"),
    [
        ("soon", "2030-01-01 10:00", "“From” must be a time"),
        ("2030-01-01 10:00", "", "“Until” must be a time"),
        ("2030-01-01 10:00", "2030-01-01 09:00", "must be after “From”"),
        ("2020-01-01 10:00", "2020-01-01 11:00", "must not have passed"),
    ],
)
def test_a_wrong_time_is_said_and_not_sent(
    bench: Bench, page: Desk, begin: str, end: str, words: str
) -> None:
    page.models.reserve("glm-355b")
    sheet = page.decisions.sheet
    assert isinstance(sheet, ReserveSheet)
    assert TIME_FORMAT == "yyyy-MM-dd HH:mm"
    bench.clock.advance(GUARD_MS)
    sheet.begin.setText(begin)
    sheet.end.setText(end)
    button(page, "reserve.go").click()
    bench.settle()
    assert words in sheet.outcome.text()
    assert not [call for call in bench.plane.calls if call[0] == "reserve_model"]


def test_a_plane_that_is_gone_leaves_the_sheet_usable(bench: Bench, page: Desk) -> None:
    bench.plane.refuse["reserve_model"] = PortError("The plane has ended.", mend="Start again.")
    page.models.reserve("glm-355b")
    bench.clock.advance(GUARD_MS)
    button(page, "reserve.go").click()
    bench.settle()
    sheet = page.decisions.sheet
    assert isinstance(sheet, ReserveSheet)
    assert sheet.outcome.text() == "The plane has ended. Start again."
    assert sheet.go.isEnabled()


def test_budget_of_a_project(bench: Bench, page: Desk) -> None:
    button(page, "use./home/ada/notes.budget").click()
    sheet = page.decisions.sheet
    assert isinstance(sheet, BudgetSheet)
    assert (sheet.project.currentData(), sheet.gpu_hours.text()) == ("/home/ada/notes", "2")
    bench.clock.advance(GUARD_MS)
    sheet.gpu_hours.setText("-1")
    button(page, "budget.go").click()
    assert "“GPU-hours” must be a number" in sheet.outcome.text()
    sheet.gpu_hours.setText("4.5")
    sheet.tokens.setText("1,000,000")
    button(page, "budget.go").click()
    bench.settle()
    assert bench.plane.calls[-1] == ("set_budget", "/home/ada/notes", 4.5, 1_000_000)
    assert page.decisions.sheet is None
    assert not any(call[0] == "set_weight" for call in bench.plane.calls)


def test_weight_of_a_project(bench: Bench, page: Desk) -> None:
    button(page, "use./home/ada/notes.budget").click()
    sheet = page.decisions.sheet
    assert isinstance(sheet, BudgetSheet)
    bench.clock.advance(GUARD_MS)
    for wrong in ("0", "1001", "much"):
        sheet.weight.setText(wrong)
        button(page, "budget.go").click()
        assert "“Weight” must be a number from 0.01 to 1000" in sheet.outcome.text()
    sheet.weight.setText("2.5")
    button(page, "budget.go").click()
    bench.settle()
    assert bench.plane.calls[-2:] == [
        ("set_weight", "/home/ada/notes", 2.5),
        ("set_budget", "/home/ada/notes", 2.0, 0),
    ]


def test_a_reservation_is_ended(bench: Bench, page: Desk) -> None:
    button(page, "reservation.r-1.end").click()
    bench.settle()
    assert bench.plane.calls[-1] == ("end_reservation", "r-1")


def test_the_focus_stays_while_figures_change(bench: Bench, page: Desk) -> None:
    load = button(page, "model.bge-small.act")
    load.setFocus(Qt.FocusReason.TabFocusReason)
    bench.show_fabric(model_scenes.lost())
    bench.show_fabric(model_scenes.empty())
    assert button(page, "model.bge-small.act") is load
    assert load.words == "Load"
    assert page.window.focusWidget() is load


def test_every_button_takes_the_keyboard_and_says_whose_it_is(bench: Bench, page: Desk) -> None:
    for found in page.window.models.findChildren(Button):
        assert found.focusPolicy() & Qt.FocusPolicy.TabFocus
        assert len(found.accessibleName()) > len("Reserve…"), found.objectName()
    load = button(page, "model.glm-355b.act")
    load.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(load, Qt.Key.Key_Space)
    bench.settle()
    assert ("load_model", "glm-355b") in bench.plane.calls


def test_f6_goes_round_the_page(bench: Bench, page: Desk) -> None:
    places = []
    for _ in range(4):
        focus = page.window.focusWidget()
        assert focus is not None
        places.append(focus.objectName())
        page.registry.trigger("pane")
    assert places == ["models.back", "models.budget", "status.need", "models.device.GPU-0"]


def test_the_palette_has_every_act(bench: Bench, page: Desk) -> None:
    entries = {entry.text: entry for entry in page.models.entries()}
    assert {"Load glm-355b", "Unpin qwen3-32b", "Reserve glm-355b…"} <= set(entries)
    assert entries["Unload coder-30b"].why_not.startswith("it is reserved now")
    page.registry.trigger("palette")
    sheets = page.window.findChildren(PaletteSheet)
    assert sheets
    sheets[0].reject()


def test_a_lost_gpu_is_told_in_a_sentence(bench: Bench, page: Desk) -> None:
    bench.show_fabric(model_scenes.lost())
    card = page.window.models.cards["GPU-1"]
    assert "GPU is lost: it does not answer its driver" in card.accessibleName()
    assert "simulated" in card.accessibleName()


def test_the_history_grows_while_the_page_is_not_looked_at(bench: Bench, page: Desk) -> None:
    page.registry.trigger("models")
    for _ in range(5):
        bench.clock.advance(2_000)
        bench.plane.publish(Change(load=True))
    (line,) = page.models.history.lines("GPU-0", bench.clock.now)
    assert len(line) >= 5


def test_hostile_names_are_plain_text(bench: Bench, page: Desk) -> None:
    name = model_scenes.HOSTILE
    model = Model(name, name, phase="starting", progress=name, problem=name, slots=1)
    waiter = Waiter(name, name, name, name, call=1, text=name, frees=name)
    queue = ModelQueue(
        (waiter,), 1, (), (ModelWindow(name, name, name, 0, 1),), (ProjectUse(name),)
    )
    device = model_scenes.gpu(0, name=name, problem=name)
    status = replace(model_scenes.empty(), models=(model,), queue=queue, devices=(device,))
    bench.show_fabric(replace(status, gpu_note=name))
    page.models.reserve(name)
    bench.settle()
    sheet = page.decisions.sheet
    assert sheet is not None
    for widget in [*ours(page.window.models), *ours(sheet)]:
        said = [widget.accessibleName(), widget.objectName(), widget.toolTip()]
        if isinstance(widget, QLabel):
            said.append(widget.text())
            assert widget.textFormat() is Qt.TextFormat.PlainText or not widget.text()
        for text in said:
            assert "\x1b" not in text
            assert "\u202e" not in text
        assert "<b>" not in widget.toolTip()


def test_no_service_and_no_gpu_leave_a_calm_page(bench: Bench, page: Desk) -> None:
    bench.plane.load = scenes.load(gpus=False)
    bench.show_fabric(
        FabricStatus(False, problem="the model service does not run", mend="start it")
    )
    models = page.window.models
    assert not models.cards
    assert "No NVIDIA GPU" in texts(models)
    assert "There are no models now: the model service does not run." in texts(models)
    assert not button(page, "models.budget").isEnabled()
    assert page.registry.acts["budget"].why_not() == "no model service answers"
