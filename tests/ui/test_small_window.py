"""The smallest window promised: pages are whole, and what gives way is what matters least."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QAbstractButton, QApplication

from clawdesk.runtime.doctor import STILL_WORKS
from clawdesk.ui.button import Button
from clawdesk.ui.check_list import CheckRow
from clawdesk.ui.checkpoint_list import CheckpointLine
from clawdesk.ui.command_text import CommandText, broken
from clawdesk.ui.model_lines import PageLine
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.segments import Segments
from clawdesk.ui.status_bar import StatusBar
from clawdesk.ui.tool_bar import SearchField
from clawdesk.ui.words import tr
from tests.support import gallery_checks, gallery_pictures, rough_scenes, window_shots
from tests.support.pseudo_locale import pseudo_locale
from tests.ui.conftest import Bench

SMALLEST = (1024, 700)
PAGES = (*rough_scenes.ACTS, "full", "approval", "approval-edit", "channel", "disk", "compare")


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch, qapp: QApplication) -> Iterator[None]:
    monkeypatch.setattr(window_shots, "SIZE", SMALLEST)
    before = qapp.quitOnLastWindowClosed()
    qapp.setQuitOnLastWindowClosed(False)
    yield
    qapp.setQuitOnLastWindowClosed(before)


@pytest.mark.parametrize("scene", PAGES)
def test_a_page_is_whole(bench: Bench, scene: str) -> None:
    shown = bench.run(gallery_pictures.show(scene, bench.memory))
    assert not shown.problems


def label(within: object, name: str) -> SafeLabel:
    found = within.findChild(SafeLabel, name)  # type: ignore[attr-defined]
    assert isinstance(found, SafeLabel)
    return found


def test_the_bar_leaves_out_load_before_health(bench: Bench) -> None:
    async def look() -> list[dict[str, bool]]:
        async with gallery_pictures.opened("channel", bench.memory) as (desk, _):
            bar, seen = desk.window.status, []
            for wide in (1440, 1024):
                desk.window.resize(wide, 700)
                names = ("cpu", "machines", "gpu", "gpu.drawing", "openclaw")
                seen.append({n: _shown(bar, n) for n in names})
            bar.resize(820, bar.height())
            return [*seen, {n: _shown(bar, n) for n in ("machines", "openclaw")}]

    roomy, small, tiny = bench.run(look())
    assert all(roomy.values())
    assert small == {
        "cpu": False,
        "machines": True,
        "gpu": True,
        "gpu.drawing": False,
        "openclaw": True,
    }
    assert tiny["openclaw"]
    assert not tiny["machines"]


def _shown(bar: StatusBar, name: str) -> bool:
    parts = (*bar.children(), *bar._gpu.children())
    item = next(part for part in parts if part.objectName() == f"status.{name}")
    return not item.isHidden()  # type: ignore[attr-defined]


def test_a_figure_that_counts_moves_nothing_in_the_bar(bench: Bench) -> None:
    bench.plane.fill()
    bar = bench.open().window.status
    bar._cpu.show_text("11 %")
    before = bar._cpu.wide()
    bar._cpu.show_text("88 %")
    assert bar._cpu.wide() == before


def test_the_search_field_gives_way_to_the_branch(bench: Bench) -> None:
    async def look() -> tuple[int, int, int]:
        async with gallery_pictures.opened("full", bench.memory) as (desk, _):
            branch, search = (
                label(desk.window, "toolbar.branch"),
                desk.window.findChild(SearchField),
            )
            assert search is not None
            small = search.width()
            spare = branch.width() - branch.sizeHint().width()
            desk.window.resize(1440, 900)
            return small, spare, search.width()

    small, spare, roomy = bench.run(look())
    assert spare >= 0, "the branch and what changed are read whole"
    assert small < roomy == 400


def test_a_review_says_in_full_what_is_answered(bench: Bench) -> None:
    async def look() -> list[str]:
        async with gallery_pictures.opened("approval", bench.memory) as (_, sheets):
            says = label(sheets[0], "approval.digest")
            assert "exactly what is shown" in says.text()
            return gallery_checks.cut_texts(sheets[0])

    assert not bench.run(look())


def test_why_a_task_waits_is_read_without_a_pointer(bench: Bench) -> None:
    async def look() -> tuple[str, bool, bool]:
        async with gallery_pictures.opened("waits", bench.memory) as (desk, _):
            why = desk.window.inspector.why
            small = why.isVisible()
            desk.window.resize(1600, 900)
            return why.text(), small, why.isVisible()

    text, small, roomy = bench.run(look())
    assert text.startswith("Needs 6 GiB of memory, 4.1 GiB of 16 GiB are free; held by bench-fp8")
    assert text.endswith("Freed by: the next checkpoint of refactor-io, expected every 300 s.")
    assert small
    assert not roomy, "it stands among the facts there"


def test_a_command_is_broken_between_words_only(bench: Bench) -> None:
    async def look() -> tuple[str, list[str], list[str]]:
        async with gallery_pictures.opened("home-libvirt", bench.memory) as (desk, _):
            shown = desk.window.home.checks.findChildren(CommandText)
            names = [b.objectName() for b in desk.window.home.checks.findChildren(Button)]
            copies = [name for name in names if name.endswith(".copy")]
            return rough_scenes.NO_LIBVIRT.mend, shown[0].lines(), copies

    command, lines, copies = bench.run(look())
    assert len(lines) > 1
    assert " ".join(line.strip() for line in lines) == command
    assert copies[0] == "check.libvirt.copy"
    assert "check.QEMU.copy" not in copies, "one command that mends both stands once"


def test_what_still_works_has_a_line_of_its_own(bench: Bench) -> None:
    async def look() -> list[tuple[str, str]]:
        async with gallery_pictures.opened("home-libvirt", bench.memory) as (desk, _):
            row = desk.window.home.checks.findChild(CheckRow, "check.libvirt")
            assert row is not None
            said = [label for label in row.findChildren(SafeLabel) if label.isVisible()]
            beside = [
                (one.text(), other.text())
                for one in said
                for other in said
                if one.text() in {"Why", "Still works"}
                and one.pos().y() == other.pos().y()
                and other is not one
            ]
            return sorted(beside, reverse=True)

    (why, reason), (works, still) = bench.run(look())
    assert (why, works, still) == ("Why", "Still works", STILL_WORKS)
    assert reason == rough_scenes.NO_LIBVIRT.problem


@pytest.mark.parametrize("scene", ["models", "models-peers"])
def test_what_a_model_is_held_by_is_read_whole(
    bench: Bench, qapp: QApplication, scene: str
) -> None:
    async def look() -> list[tuple[str, int, int]]:
        async with gallery_pictures.opened(scene, bench.memory) as (desk, _):
            lines = desk.window.findChildren(PageLine)
            detail = label(desk.window, "model.coder-30b.detail")
            assert detail.height() > 3 * QFontMetrics(detail.font()).height(), "several lines"
            return [
                (one.objectName(), one.height(), one.heightForWidth(one.width())) for one in lines
            ]

    with pseudo_locale(qapp):
        found = bench.run(look())
    assert found
    assert not [one for one in found if one[1] < one[2]], "a line is cut"


def test_a_checkpoint_says_in_full_what_it_holds(bench: Bench, qapp: QApplication) -> None:
    async def look() -> tuple[list[str], list[bool], set[int]]:
        async with gallery_pictures.opened("checkpoints", bench.memory) as (desk, _):
            rows = desk.window.findChildren(CheckpointLine)
            shown = [row._below if row._below.isVisible() else row._detail for row in rows]
            fits = [one.width() >= one.sizeHint().width() for one in shown]
            return [one.text() for one in shown], fits, {row.height() for row in rows}

    texts, fits, low = bench.run(look())
    assert texts[0].endswith("machine 288 MiB · 2.1 s")
    assert all(fits)
    with pseudo_locale(qapp):
        _, fits, high = bench.run(look())
    assert all(fits)
    assert min(high) > max(low), "it has a line of its own there"


def test_the_sum_of_the_gpus_has_fewer_words_where_all_would_be_cut(
    bench: Bench, qapp: QApplication
) -> None:
    async def look() -> str:
        async with gallery_pictures.opened("full", bench.memory) as (desk, _):
            return label(desk.window, "machine.summary").text()

    assert bench.run(look()) == "94.7 of 160 GiB in use"
    with pseudo_locale(qapp):
        cut = bench.run(look())
        assert cut == tr("{used} of {total} GiB", used="94.7", total="160")


@pytest.mark.parametrize("wide", [1024, 1440])
def test_while_one_searches_the_chosen_filter_is_seen(
    bench: Bench, qapp: QApplication, wide: int
) -> None:
    async def look() -> tuple[list[str], str, int, list[str]]:
        async with gallery_pictures.opened("searching", bench.memory) as (desk, _):
            desk.window.resize(wide, 700)
            pane = desk.window.tasks
            room = pane.search.x() - pane.filters.geometry().right()
            searching, picked = shown_in(pane.filters), pane.filters.picked
            pane.search.clear()
            pane._end_search()
            return searching, picked, room, shown_in(pane.filters)

    with pseudo_locale(qapp):
        searching, picked, room, after = bench.run(look())
    assert picked in searching
    assert room > 0, "filters and field lie beside one another"
    assert (searching == [picked]) == (wide == 1024)
    assert len(after) > 1


def shown_in(filters: Segments) -> list[str]:
    """The keys of the filters that can be seen."""
    buttons = filters.findChildren(QAbstractButton)
    return [one.objectName().rpartition(".")[2] for one in buttons if one.isVisible()]


def test_a_word_wider_than_a_line_stays_one(qapp: QApplication) -> None:
    assert broken("a " + "b" * 90, 40) == ["a", "  " + "b" * 90]
    assert broken("", 40) == [""]
    assert broken("x" * 90, 10) == ["x" * 90]


@pytest.mark.parametrize("scene", ["full", "crowd"])
def test_words_longer_than_english_overlap_nothing(
    bench: Bench, qapp: QApplication, scene: str
) -> None:
    """In the language of tests every text is a third longer."""

    async def look() -> tuple[list[str], int, int]:
        async with gallery_pictures.opened(scene, bench.memory) as (desk, _):
            search = desk.window.findChild(SearchField)
            assert search is not None
            return gallery_checks.overlaps(desk.window), search.width(), search.least()

    with pseudo_locale(qapp):
        overlaps, wide, least = bench.run(look())
    assert not overlaps
    assert wide >= least, "words and key of the search field lie on one another"


def test_names_of_task_files_keep_the_room(bench: Bench) -> None:
    async def look() -> tuple[list[str], list[int], list[str]]:
        async with gallery_pictures.opened("full", bench.memory) as (desk, _):
            runs = [b for b in desk.window.findChildren(Button) if b.objectName()[:4] == "run."]
            titles = [label(desk.window, f"projects.title.{run.objectName()[4:]}") for run in runs]
            spare = [title.width() - title.sizeHint().width() for title in titles]
            small = [run.words for run in runs]
            assert all(run.accessibleName().startswith("Run ") for run in runs)
            desk.window.resize(1440, 900)
            return small, spare, [run.words for run in runs]

    small, spare, roomy = bench.run(look())
    assert set(small) == {""}
    assert min(spare) >= 0, "a name is read whole"
    assert set(roomy) == {"Run"}
