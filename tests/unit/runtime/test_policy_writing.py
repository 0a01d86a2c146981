"""The rule for images in the user's own file: written and taken out, all else as it was."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clawdesk.domain.network import Reach
from clawdesk.domain.policy_file import parse_rules
from clawdesk.ports.errors import PortError
from clawdesk.runtime.policy_writing import (
    HEAD,
    replace_text,
    rule_lines,
    with_catalog,
    without_catalog,
)
from clawdesk.runtime.settings import Settings

RULE = Reach(("py.example", "files.example:8443"), ("10.1.2.3",))
TABLE = "\n".join(["[images.catalog]", *(f"# {line}" for line in HEAD), *rule_lines(RULE)[1:]])
MINE = """\
# my rules
[host]
machines_max = 3   # three

[defaults.approval]
paths = [
    "Makefile",  # looked at
]

[projects."/home/me/thesis"]
weight = 2
# the end
"""


@pytest.mark.parametrize("text", ["", MINE, MINE.rstrip(), "# only a word", "[images]\n"])
def test_it_stands_at_the_end_and_goes_as_it_came(text: str) -> None:
    with_it = with_catalog(text, RULE)
    assert with_it.startswith(text)
    assert with_it.strip().endswith(TABLE)
    assert parse_rules(with_it).catalog == RULE
    assert with_catalog(with_it, RULE) == with_it, "once"
    without = without_catalog(with_it)
    assert without.rstrip() == ("" if text == "[images]\n" else text.rstrip())
    assert without_catalog(without) == without


def test_a_list_of_ones_own_grows_and_keeps_its_comments() -> None:
    mine = '[images.catalog]\nallow = [\n    "py.example",  # the usual\n]\n[host]  # this one\n'
    grown = with_catalog(mine, RULE)
    assert parse_rules(grown).catalog == RULE
    assert '    "py.example",  # the usual\n' in grown
    assert "[host]  # this one\n" in grown
    dotted = with_catalog('images.catalog.allow = ["a.example"]\n', RULE)
    assert parse_rules(dotted).catalog.hosts == ("a.example", *RULE.hosts)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            'images = { catalog = { allow = ["a.example"] } }\n',
            "images in it is not written",
        ),
        ("images = 3\n", "images in it is not written"),
        ("[images]\ncatalog = 3\n", "images.catalog in it is not written"),
        ("[host\n", "Unexpected character"),
        ("[images.catalog]\nallow = 3\n", "images.catalog.allow in it is no list"),
    ],
)
def test_what_it_cannot_write_it_tells_to_be_written(text: str, why: str) -> None:
    with pytest.raises(PortError) as refused:
        with_catalog(text, RULE)
    assert refused.value.what.startswith(f"Your policy.toml is not changed: {why}")
    for line in rule_lines(RULE):
        assert line in refused.value.mend


@pytest.mark.parametrize(
    "mine",
    [
        '[images.catalog]\n# mine\nallow = ["py.example"]\n',
        '[images.catalog]\nallow = [\n  "py.example", # mine\n]\n',
        'images = { catalog = { allow = ["py.example"] } } # mine\n',
    ],
)
def test_words_of_ones_own_are_not_taken_out_with_it(mine: str) -> None:
    with pytest.raises(PortError) as refused:
        without_catalog(f"[host]\nmachines_max = 2\n\n{mine}" if mine[0] == "[" else mine)
    assert "Remove the table [images.catalog] yourself" in refused.value.mend
    assert ("line 4" if mine[0] == "[" else "line 1") in refused.value.mend


def begun(tmp_path: Path, content: bytes | None) -> tuple[Settings, Path]:
    folder = tmp_path / "config"
    folder.mkdir()
    file = folder / "policy.toml"
    if content is not None:
        file.write_bytes(content)
    settings = Settings(folder, tmp_path / "state")
    settings.begin()
    return settings, file


def test_it_holds_at_once_and_after_a_restart(tmp_path: Path) -> None:
    settings, file = begun(tmp_path, MINE.encode())
    file.chmod(0o640)
    settings.allow_catalog(RULE)
    assert settings.rules.catalog == RULE
    assert file.read_text().startswith(MINE)
    assert file.stat().st_mode & 0o777 == 0o640, "as it was"
    assert [path.name for path in file.parent.iterdir()] == ["policy.toml"], "a draft was left"
    again = Settings(file.parent, tmp_path / "state")
    again.begin()
    assert again.rules.catalog == RULE
    settings.take_back_catalog()
    assert settings.rules.catalog == Reach()
    assert file.read_text() == MINE


def test_the_first_file_is_the_users_alone(tmp_path: Path) -> None:
    settings, file = begun(tmp_path, None)
    settings.take_back_catalog()
    assert not file.exists()
    settings.allow_catalog(RULE)
    assert file.stat().st_mode & 0o777 == 0o600


def test_line_ends_stay_as_they_are(tmp_path: Path) -> None:
    settings, file = begun(tmp_path, MINE.replace("\n", "\r\n").encode())
    settings.allow_catalog(RULE)
    found = file.read_bytes()
    assert found.count(b"\n") == found.count(b"\r\n")
    assert found.startswith(MINE.replace("\n", "\r\n").encode())
    file.write_bytes(b"[host]\r\nmachines_max = 2\n")
    with pytest.raises(PortError, match="lines end in two ways"):
        settings.allow_catalog(RULE)
    assert file.read_bytes() == b"[host]\r\nmachines_max = 2\n"


def test_a_link_is_followed_and_stays_one(tmp_path: Path) -> None:
    kept = tmp_path / "dotfiles.toml"
    kept.write_text(MINE)
    settings, file = begun(tmp_path, None)
    file.symlink_to(kept)
    settings.allow_catalog(RULE)
    assert file.is_symlink()
    assert parse_rules(kept.read_text()).catalog == RULE


def test_a_file_it_may_not_or_cannot_change_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, file = begun(tmp_path, MINE.encode())
    (tmp_path / "other").hardlink_to(file)
    with pytest.raises(PortError, match="not a file of yours alone"):
        settings.allow_catalog(RULE)
    (tmp_path / "other").unlink()
    with pytest.raises(PortError, match="changed by somebody else"):
        replace_text(file, "what was read before", "new")
    file.write_text("[host]\nmachines_max = 0\n")
    with pytest.raises(PortError, match="machines_max: found 0") as refused:
        settings.allow_catalog(RULE)
    assert refused.value.mend == "Mend it first."
    file.write_text(f"#{'x' * 65_400}\n")
    with pytest.raises(PortError, match="more than 64 KiB"):
        settings.allow_catalog(RULE)
    file.write_text(MINE)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PortError, match="No space left"):
        settings.allow_catalog(RULE)
    assert file.read_text() == MINE
    assert settings.rules.catalog == Reach()
