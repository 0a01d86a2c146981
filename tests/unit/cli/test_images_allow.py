"""`clawdesk images allow`: everything is shown before it is written, and nothing without a yes."""

from __future__ import annotations

import argparse
import asyncio
import builtins
import io
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from clawdesk.cli import images_allow
from clawdesk.domain.package_sources import NPM, PYPI, PackageSource
from clawdesk.runtime.api import Outcome, PlaneApi
from tests.support.plane_fake import FakePlane
from tests.support.trust_scene import ALLOWED, NOT_ALLOWED, PATH


class Person(io.StringIO):
    """Somebody at a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def plane(monkeypatch: pytest.MonkeyPatch) -> FakePlane:
    made = FakePlane(lambda: 0)
    made.access = NOT_ALLOWED

    def with_plane(work: Callable[[PlaneApi], Awaitable[int]]) -> int:
        async def once() -> int:
            return await work(made)

        return asyncio.run(once())

    monkeypatch.setattr(images_allow, "with_plane", with_plane)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return made


def said(*words: str) -> int:
    parser = argparse.ArgumentParser()
    images_allow.add_allow_arguments(parser)
    return images_allow.allow(parser.parse_args(words))


def acts(plane: FakePlane) -> list[str]:
    return [call[0] for call in plane.calls if call[0] != "catalog_access"]


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("yes", 0), ("n", 3), ("", 3)])
def test_it_is_written_after_a_yes_at_a_terminal(
    plane: FakePlane,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: str,
    code: int,
) -> None:
    monkeypatch.setattr(sys, "stdin", Person())
    shown_before: list[str] = []

    def ask(question: str) -> str:
        shown_before.append(capsys.readouterr().out)
        assert question == "Allow it? [y/N] "
        return answer

    monkeypatch.setattr(builtins, "input", ask)
    assert said() == code
    [text] = shown_before
    for word in ("py.example.org (Python packages)", "10.1.2.3", PATH, "[images.catalog]"):
        assert word in text
    assert "no task reaches these hosts" in text
    assert "clawdesk images allow --take-back" in text
    assert acts(plane) == (["allow_catalog"] if code == 0 else [])


def test_without_a_terminal_it_only_shows(
    plane: FakePlane, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said() == 2
    assert "--yes allows what is shown above" in capsys.readouterr().err
    assert not acts(plane)
    assert said("--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["wanted"] == list(ALLOWED.hosts)
    assert (shown["wanted_own"], shown["now"]["hosts"]) == (["10.1.2.3"], [])
    assert not acts(plane)
    assert said("--yes", "--json") == 0
    assert json.loads(capsys.readouterr().out)["ok"]
    assert acts(plane) == ["allow_catalog"]


def test_what_is_allowed_already_is_not_asked_again_and_is_taken_back(
    plane: FakePlane, capsys: pytest.CaptureFixture[str]
) -> None:
    plane.access = ALLOWED
    assert said() == 0
    assert f"{PATH}, line {ALLOWED.line}" in capsys.readouterr().out
    assert not acts(plane)
    assert said("--take-back") == 0
    assert "nowhere any more" in capsys.readouterr().out
    assert acts(plane) == ["take_back_catalog"]


def test_a_source_nobody_knows_is_named_and_the_others_are_offered(
    plane: FakePlane, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = PackageSource(NPM, problem="npm of this computer does not say where it looks.")
    plane.access = replace(NOT_ALLOWED, sources=(NOT_ALLOWED.sources[0], broken))
    assert said("--yes") == 0
    shown = capsys.readouterr()
    assert "npm packages: npm of this computer does not say" in shown.err
    assert "py.example.org" in shown.out
    plane.access = replace(NOT_ALLOWED, sources=(PackageSource(PYPI, problem="x"), broken))
    assert said("--yes") == 1
    assert "there is no host that could be allowed" in capsys.readouterr().err


def test_a_refusal_is_told(
    plane: FakePlane, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def refuse(hosts: tuple[str, ...], own: tuple[str, ...]) -> Outcome:
        return Outcome(False, "policy.toml is not changed: it is full.")

    monkeypatch.setattr(plane, "allow_catalog", refuse)
    assert said("--yes") != 0
    assert "it is full" in "".join(capsys.readouterr())
