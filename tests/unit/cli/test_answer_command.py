"""`clawdesk answer`: an answer, or a question in return; and how the latter is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from clawdesk.cli import answer, follow, show
from clawdesk.cli.main import _parser
from tests.support import plane_scenes as scenes
from tests.support.plane_fake import FakePlane

NOW_MS = 100 * scenes.MINUTE


@pytest.fixture
def plane(monkeypatch: pytest.MonkeyPatch) -> FakePlane:
    made = FakePlane(lambda: NOW_MS)
    made.fill()

    def with_plane(work: Callable[[Any], Awaitable[int]], **_: object) -> int:
        async def once() -> int:
            return await work(made)

        return asyncio.run(once())

    for command in (answer, show):
        monkeypatch.setattr(command, "with_plane", with_plane)
    return made


def asking(plane: FakePlane) -> str:
    return next(t.id for t in plane.state.tasks.values() if t.title == "bench-fp8")


def run(*words: str) -> int:
    options = _parser().parse_args([*words])
    return int({"answer": answer, "show": show}[words[0]].run(options))


def test_words_are_an_answer_or_asked_back(plane: FakePlane) -> None:
    task = asking(plane)
    assert run("answer", task, "choice", "--ask-back", "which is newer?") == 0
    assert plane.calls[-1] == ("ask_back", task, "choice", "which is newer?", "cli")


def test_plain_words_answer(plane: FakePlane) -> None:
    task = asking(plane)
    assert run("answer", task, "choice", "the second") == 0
    assert plane.calls[-1] == ("answer", task, "choice", "the second", "cli")


@pytest.mark.parametrize("words", [(), ("yes", "--ask-back", "why?")])
def test_one_of_the_two_and_not_both(words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as wrong:
        _parser().parse_args(["answer", "T", "choice", *words])
    assert wrong.value.code == 2


def test_show_says_what_was_asked_back(
    plane: FakePlane, capsys: pytest.CaptureFixture[str]
) -> None:
    task = asking(plane)
    run("answer", task, "choice", "--ask-back", "which is newer?")
    capsys.readouterr()
    assert run("show", task) == 0
    assert "asked back by you cli: which is newer?" in capsys.readouterr().out


def test_whoever_follows_reads_it_in_words() -> None:
    fields = {"verdict": "asked_back", "actor": "ann", "channel": "cli", "text": "which?"}
    assert follow._sentence("decision_given", fields) == "== asked back by ann via cli which?"
