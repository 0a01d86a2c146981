"""The user's files: read at start, watched, never loosened by a mistake; trust that lasts."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from clawdesk.domain.rules import Rules
from clawdesk.ports.errors import PortError
from clawdesk.runtime.settings import LAST_GOOD, Settings
from clawdesk.runtime.trust import Trusted, TrustStore

DIGEST = "a" * 64
OTHER = "b" * 64


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    return tmp_path / "config"


def begun(folder: Path) -> Settings:
    settings = Settings(folder, folder.parent / "state")
    settings.begin()
    return settings


def looked(settings: Settings) -> bool:
    """A change counts once it looked the same twice."""
    return any([settings.look(), settings.look()])


def test_without_files_the_defaults_hold(folder: Path) -> None:
    settings = begun(folder)
    assert (settings.rules, settings.trusted, settings.mistakes) == (Rules(), frozenset(), ())
    assert [check.state for check in settings.checks()] == ["ok", "ok"]
    assert looked(settings) is False


def test_a_change_counts_and_is_said_once(folder: Path) -> None:
    file = folder / "policy.toml"
    file.write_text("[host]\nmachines_max = 3\n")
    settings = begun(folder)
    assert settings.rules.machines_max == 3
    assert settings.news() == ()
    file.write_text("[host]\nmachines_max = 2\n")
    assert settings.look() is False, "it is not taken before it looked the same twice"
    assert settings.look() is True
    assert settings.rules.machines_max == 2
    (news,) = settings.news()
    assert "its rules hold now" in news
    assert looked(settings) is False
    assert settings.news() == ()
    file.unlink()
    assert looked(settings) is True
    assert settings.rules == Rules()


def test_a_mistake_leaves_the_last_good_rules_also_over_a_restart(folder: Path) -> None:
    file = folder / "policy.toml"
    file.write_text("[host]\nmachines_max = 1\n[defaults]\nweight_max = 1\n")
    good = begun(folder).rules
    file.write_text("[host]\nmachines_max = 1\nmachine_max = 9\n")
    settings = begun(folder)
    assert settings.rules == good
    assert settings.kept == "The last rules without a mistake are in force."
    (mistake,) = settings.mistakes
    assert mistake.startswith(f"{file}:3: host.machine_max: found a key nobody knows")
    (news,) = settings.news()
    assert mistake in news
    check = settings.checks()[0]
    assert check.state == "limited"
    assert mistake in check.why
    file.write_text("[host]\nmachines_max = 0\n")
    assert looked(settings) is False
    assert settings.rules == good
    assert "machines_max: found 0" in settings.news()[0]
    file.write_text("[host]\nmachines_max = 1\n[defaults]\nweight_max = 1\n")
    assert looked(settings) is False, "the same rules as before"
    assert settings.mistakes == ()
    assert "no mistake any more" in settings.news()[0]


def test_a_mistake_at_the_very_first_start_leaves_the_defaults(folder: Path) -> None:
    (folder / "policy.toml").write_bytes(b"[host]\nmachines_max = \xff\n")
    settings = begun(folder)
    assert settings.rules == Rules()
    assert ":2: found bytes that are not UTF-8" in settings.mistakes[0]
    assert settings.kept == "The defaults are in force."


def test_files_that_are_none(folder: Path) -> None:
    file = folder / "policy.toml"
    file.mkdir()
    assert "found no plain file" in begun(folder).mistakes[0]
    file.rmdir()
    file.write_text("#" * 70_000)
    assert "found more than 64 KiB" in begun(folder).mistakes[0]


def test_what_is_trusted_is_on_disk_and_private(folder: Path) -> None:
    settings = begun(folder)
    settings.trust(Trusted(DIGEST, "/p", 1, ("weight 3",)))
    settings.trust(Trusted(OTHER, "/q", 2))
    assert settings.trusted == {DIGEST, OTHER}
    file = folder / "trusted.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.iterdir()] == ["trusted.json"], "a draft was left"
    assert begun(folder).trusted == {DIGEST, OTHER}
    assert settings.untrust("/p") == 1
    assert settings.untrust("/none", OTHER) == 1
    assert begun(folder).trusted == frozenset()


def test_a_trust_file_that_cannot_be_believed_trusts_nothing(folder: Path) -> None:
    settings = begun(folder)
    settings.trust(Trusted(DIGEST, "/p", 1))
    file = folder / "trusted.json"
    file.chmod(0o660)
    assert looked(settings) is True
    assert settings.trusted == frozenset()
    assert "may be written by others" in settings.news()[0]
    assert settings.checks()[1].state == "limited"
    with pytest.raises(PortError, match="may be written by others"):
        settings.trust(Trusted(OTHER, "/p", 1))
    file.chmod(0o600)
    assert looked(settings) is True
    assert settings.trusted == {DIGEST}
    for damage in ("{", "[]", '{"trusted": [{"digest": 3}]}', "[" * 100_000, "\x00"):
        file.write_text(damage)
        looked(settings)
        assert settings.trusted == frozenset(), damage[:20]
    file.write_text(json.dumps({"version": 2, "trusted": []}))
    with pytest.raises(PortError, match="not written by this version"):
        TrustStore(file).read()


def test_trust_that_could_not_be_written_is_no_trust(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = begun(folder)
    settings.trust(Trusted(DIGEST, "/p", 1))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PortError, match="No space left"):
        settings.trust(Trusted(OTHER, "/p", 2))
    assert settings.trusted == {DIGEST}
    assert [path.name for path in folder.iterdir()] == ["trusted.json"]


def test_a_copy_of_the_last_good_rules_that_is_damaged_costs_only_itself(folder: Path) -> None:
    copy = folder.parent / "state" / LAST_GOOD
    copy.parent.mkdir()
    copy.write_bytes(b"\xff\xfe")
    (folder / "policy.toml").write_text("[host]\nmachines_max = 2\n")
    begun(folder)
    assert copy.read_text() == "[host]\nmachines_max = 2\n"
