"""All that a person reads goes through translations: by reading the source, and by a language."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QCheckBox, QWidget

from clawdesk.ui.button import Button
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.words import counted, install_language, tr
from clawdesk_setup import sentences, translations
from tests.support import gallery_checks
from tests.support import plane_scenes as scenes
from tests.support.pseudo_locale import CLOSE, OPEN, PseudoLocale, pseudo, pseudo_locale
from tests.ui.conftest import Bench

# Said on a terminal before there is an application; said to an agent, which is told in English.
ENGLISH = ("PySide6  crashes Python", " (a removed line)", "Not taken from ")


@pytest.fixture
def speaks(qapp: QApplication) -> Iterator[PseudoLocale]:
    with pseudo_locale(qapp) as made:
        yield made


def bare(part: str) -> dict[str, list[sentences.Bare]]:
    found = {path.stem: sentences.bare(path) for path in sentences.modules(part)}
    return {
        name: [one for one in texts if not one.text.startswith(ENGLISH)]
        for name, texts in found.items()
    }


@pytest.mark.parametrize(("part", "least"), [("ui", 70), ("viewmodels", 35)])
def test_no_module_shows_a_bare_sentence(part: str, least: int) -> None:
    found = bare(part)
    assert len(found) > least
    mistakes = [f"{name}:{one.line} {one.text!r}" for name in found for one in found[name]]
    assert not mistakes, "give it to tr(): " + "; ".join(mistakes)


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("def f(x):\n    x.show('Read the log')", ["Read the log"]),
        ("def f(x, name):\n    x.show(f'Open {name} now')", ["Open  now"]),
        ("def f(x):\n    SafeLabel('none')", ["none"]),
        ("WORDS = {'a': 'Waits for you'}", ["Waits for you"]),
        ("def f(x, stay='Not now'):\n    'About it.'", ["Not now"]),
        ("def f(x):\n    x.show(tr('Read the log'), 'Ctrl Enter', f'{x}.close')", []),
        ("def f(x):\n    raise ValueError('a mistake of ours')", []),
        ("def f(x):\n    return x == 'two words'", []),
    ],
)
def test_what_counts_as_a_bare_sentence(tmp_path: Path, source: str, texts: list[str]) -> None:
    path = tmp_path / "module.py"
    path.write_text(source, "utf-8")
    assert [one.text for one in sentences.bare(path)] == texts


def test_places_are_named_and_survive_a_language() -> None:
    for text in sentences.translated():
        assert "{}" not in text, text
        assert pseudo(text).count("{") == text.count("{")


def numbers_of_polish(sentence: sentences.Sentence) -> list[str]:
    """Every sentence in the language of tests, with the three forms that Polish tells apart."""
    forms = ("one", "few", "many") if sentence.one else ("",)
    return [pseudo(sentence.text) + form for form in forms]


def test_a_language_is_a_file_that_the_start_loads(qapp: QApplication, tmp_path: Path) -> None:
    path = tmp_path / "clawdesk_pl.ts"
    every = sentences.translated()
    translations.write(path, translations.document("pl", every, numbers_of_polish))
    translations.compiled(path)
    loaded = install_language(qapp, ["pl-PL", "en"], tmp_path)
    try:
        assert loaded
        plain = {text: one for text, one in every.items() if not one.one}
        assert not [text for text in plain if tr(text) != pseudo(text)]
        said = [counted(count, "{count} result", "{count} results") for count in (1, 3, 5)]
        assert [text.rpartition(CLOSE)[2] for text in said] == ["one", "few", "many"]
        assert "5" in said[2]
    finally:
        for made in loaded:
            qapp.removeTranslator(made)
    assert tr("Close") == "Close"


def test_a_language_nobody_wrote_is_english(qapp: QApplication, tmp_path: Path) -> None:
    assert not install_language(qapp, ["fi-FI", "fi"], tmp_path)
    assert counted(1, "{count} result", "{count} results") == "1 result"
    assert counted(2, "{count} result", "{count} results") == "2 results"


def test_what_a_translator_wrote_outlives_a_change_of_the_source(tmp_path: Path) -> None:
    path = tmp_path / "clawdesk_de.ts"
    first = {text: sentences.Sentence(text) for text in ("Close", "Gone")}
    translations.write(path, translations.document("de", first, lambda one: ["Zu & “so”"]))
    translations.renew([path])
    kept = translations.kept(path)
    assert kept == {"Close": ["Zu & “so”"]}
    assert path.with_suffix(".qm").exists()


def test_a_string_is_found_in_the_language_and_filled(speaks: PseudoLocale) -> None:
    assert tr("Run {name}", name="{tidy}") == pseudo("Run {name}").format(name="{tidy}")
    assert tr("Close") == f"{OPEN}Clösé·{CLOSE}"


def test_what_is_looked_up_stands_whole_in_the_source(bench: Bench, speaks: PseudoLocale) -> None:
    bench.plane.fill()
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    for act in ("settings", "home", "models", "help", "operations", "new", "palette"):
        desk.registry.trigger(act)
        bench.settle()
    unknown = speaks.asked - sentences.translated().keys()
    assert not unknown, "a translator cannot find these in the source"
    for top in QApplication.topLevelWidgets():
        if top is not desk.window and top.parentWidget() is desk.window:
            top.close()


def words_of(page: QWidget) -> list[str]:
    """What stands on a page as words of ours: titles, buttons, boxes."""
    found = [w.words for w in page.findChildren(Button) if w.words]
    found += [w.text() for w in page.findChildren(QCheckBox)]
    found += [w.text() for w in page.findChildren(SafeLabel) if w.font().weight() >= 600]
    return [text for text in found if text]


@pytest.mark.parametrize("act", ["settings", "help", "operations"])
def test_a_page_speaks_the_language_and_has_room_for_it(
    bench: Bench, speaks: PseudoLocale, act: str
) -> None:
    bench.plane.fill()
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    desk.registry.trigger(act)
    bench.settle()
    page = desk.decisions.sheet or desk.window.settings
    plain = [text for text in words_of(page) if not text.startswith(OPEN)]
    assert not plain, plain
    assert not gallery_checks.cut_texts(page)
