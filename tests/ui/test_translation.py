"""All that a person reads goes through Qt's translations: by reading the source, and by a language.

`LEFT` names the modules that are not there yet; it may only become shorter.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QCheckBox, QWidget

from clawdesk.ui.button import Button
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.words import tr
from tests.support import catalog, gallery_checks
from tests.support import plane_scenes as scenes
from tests.support.pseudo_locale import CLOSE, OPEN, PseudoLocale, pseudo, pseudo_locale
from tests.ui.conftest import Bench

LEFT = {
    "approval_sheet",
    "branches",
    "checkpoint_list",
    "comment_bar",
    "comment_list",
    "compare_page",
    "decisions",
    "diff_pane",
    "disk_sheet",
    "edit_pane",
    "fact_table",
    "file_list",
    "fork_sheet",
    "inspector",
    "merge_sheet",
    "question_sheet",
    "review_side",
    "task_list",
}


@pytest.fixture
def speaks(qapp: QApplication) -> Iterator[PseudoLocale]:
    with pseudo_locale(qapp) as made:
        yield made


def test_no_module_shows_a_bare_sentence_but_those_that_are_left() -> None:
    found = {path.stem: catalog.bare(path) for path in catalog.modules()}
    mistakes = [text for name, texts in found.items() if name not in LEFT for text in texts]
    assert not mistakes, "give it to tr(): " + "; ".join(mistakes)
    assert not [name for name in LEFT if not found[name]], "it is done: take it off the list"


def test_places_are_named_and_survive_a_language() -> None:
    for text in catalog.translated():
        assert "{}" not in text, text
        assert pseudo(text).count("{") == text.count("{")


def test_a_string_is_found_in_the_language_and_filled(speaks: PseudoLocale) -> None:
    assert tr("Run {name}", name="{tidy}") == pseudo("Run {name}").format(name="{tidy}")
    assert tr("Back") == f"{OPEN}Bàçk·{CLOSE}"


def test_what_is_looked_up_stands_whole_in_the_source(bench: Bench, speaks: PseudoLocale) -> None:
    bench.plane.fill()
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    for act in ("settings", "home", "models", "help", "operations", "new", "palette"):
        desk.registry.trigger(act)
        bench.settle()
    unknown = speaks.asked - catalog.translated()
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
