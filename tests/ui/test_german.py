"""The language that is shipped: whole, true to its source, and with room for it in the window."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from clawdesk.ui.approval_sheet import ApprovalSheet
from clawdesk.ui.button import Button
from clawdesk.ui.model_lines import ModelLine
from clawdesk.ui.words import counted, install_language, languages, tr, wanted
from clawdesk.viewmodels.told import told
from clawdesk_setup import sentences, translations
from tests.support import gallery_pictures
from tests.support import plane_scenes as scenes
from tests.ui.conftest import Bench

FILE = translations.FOLDER / "clawdesk_de.ts"
PLACE = re.compile(r"\{[^{}]*\}")
KEY = re.compile(r"\((?:Ctrl\+)?[A-Z]\)")
ASKED = {"{count}"}
"""A form for exactly one may say it in a word."""


@pytest.fixture
def german(qapp: QApplication) -> Iterator[None]:
    before = qapp.quitOnLastWindowClosed()
    qapp.setQuitOnLastWindowClosed(False)
    loaded = install_language(qapp, ["de-AT", "en"])
    assert loaded
    yield
    for made in loaded:
        qapp.removeTranslator(made)
    qapp.setQuitOnLastWindowClosed(before)


def test_no_sentence_is_left_to_translate() -> None:
    known, every = translations.kept(FILE), sentences.translated()
    assert not every.keys() - known.keys(), "make translations, then translate what is unfinished"
    assert not known.keys() - every.keys(), "make translations: these are said no more"
    assert not [m for m in ElementTree.parse(FILE).iter("translation") if m.get("type")]
    assert all(form for forms in known.values() for form in forms)


def test_places_keys_and_ends_are_those_of_the_source() -> None:
    every = sentences.translated()
    for text, forms in translations.kept(FILE).items():
        assert len(forms) == (2 if every[text].one else 1), text
        for form in forms:
            places = set(PLACE.findall(form))
            missing = set(PLACE.findall(text)) - places
            assert missing <= (ASKED if form is not forms[-1] else set()), text
            assert places <= set(PLACE.findall(text)), text
            assert KEY.findall(form) == KEY.findall(text), text
            assert form.endswith("…") == text.endswith("…"), text
            assert (form[:1] == " ", form[-1:] == " ") == (text[:1] == " ", text[-1:] == " "), text


def test_the_shipped_file_is_made_from_its_source(tmp_path: Path) -> None:
    copy = tmp_path / FILE.name
    copy.write_bytes(FILE.read_bytes())
    made = translations.compiled(copy).read_bytes()
    assert made == FILE.with_suffix(".qm").read_bytes(), "make translations"


@pytest.mark.usefixtures("german")
def test_buttons_of_models_stand_in_columns(bench: Bench) -> None:
    """The longer word of a button is another one here: Anheften, Lösen."""

    async def look() -> set[tuple[int, int, int]]:
        async with gallery_pictures.opened("models", bench.memory) as (desk, _):
            rows = desk.window.findChildren(ModelLine)
            assert {row.pin.words for row in rows} == {"Anheften", "Lösen"}
            return {(row.act.x(), row.pin.x(), row.reserve.x()) for row in rows}

    assert len(bench.run(look())) == 1


@pytest.mark.usefixtures("german")
def test_sentences_numbers_and_reasons_are_german() -> None:
    assert tr("Approve") == "Freigeben"
    assert [counted(n, "{count} file", "{count} files") for n in (1, 2)] == ["1 Datei", "2 Dateien"]
    assert told("needs 6 GiB of memory, 512 MiB of 8 GiB are free; held by a, b and 2 more") == (
        "braucht 6 GiB Speicher, 512 MiB von 8 GiB sind frei; gehalten von a, b und 2 weitere"
    )


@pytest.mark.usefixtures("german")
def test_an_approval_from_elsewhere_is_told_in_the_colour_of_good_news(bench: Bench) -> None:
    """By what was decided and not by how its sentence begins, which is another one here."""
    bench.plane.fill()
    desk = bench.open()
    task = next(iter(bench.plane.state.tasks.values()))
    desk.decisions.open_task(task.id)
    bench.settle()
    bench.plane.put(scenes.decided_elsewhere(task, bench.clock.now))
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, ApprovalSheet)
    assert sheet.notice.text().startswith("Freigegeben")
    assert sheet.notice._role == "ok"


@pytest.mark.usefixtures("german")
def test_the_window_opens_in_german(bench: Bench) -> None:
    bench.plane.fill()
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    bench.settle()
    words = {button.words for button in desk.window.findChildren(Button)}
    assert {"Neue Aufgabe", "Antworten", "Prüfen"} <= words
    states = {row.state for row in desk.window.tasks.lanes.list.rows.rows}
    assert {"Prüfpunkt 4 freigeben", "Frage beantworten", "In Schritt 2 gescheitert"} <= states
    assert desk.window.status.need.words == "2 offen"


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize("scene", [s for s in gallery_pictures.SCENES if "split" not in s])
def test_a_page_has_room_for_german(bench: Bench, scene: str) -> None:
    assert not bench.run(gallery_pictures.show(scene, bench.memory)).problems


def test_the_setting_counts_then_the_desktop(bench: Bench) -> None:
    settings: QSettings = bench.memory.settings
    assert "de" not in wanted(settings)
    settings.setValue("language", "de")
    assert wanted(settings) == ("de",)
    assert languages() == (("en", "English"), ("de", "Deutsch"))


@pytest.mark.parametrize("wishes", [["en-GB", "de"], ["fi", "C", "de"], []])
def test_who_wants_english_before_it_gets_english(qapp: QApplication, wishes: list[str]) -> None:
    assert not install_language(qapp, wishes)


def test_the_settings_page_keeps_the_language(bench: Bench) -> None:
    bench.memory.settings.setValue("language", "de")
    desk = bench.open()
    desk.registry.trigger("settings")
    bench.settle()
    page = desk.window.settings
    assert page.language.picked == "de"
    page.language_chosen.emit("")
    assert bench.memory.settings.value("language") == ""
