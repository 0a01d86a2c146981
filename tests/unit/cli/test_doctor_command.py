"""`clawdesk doctor`: what it prints, its exit codes, and which commands `--fix` would run."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import pytest

from clawdesk.cli import doctor
from clawdesk.runtime.doctor import INSTALL, Check

FINE = Check("libvirt", "ok", "libvirt 9.0.0")
LIMIT = Check("kvm", "limited", "tcg", "Emulation is slower.")
LACK = Check(
    "guest image",
    "missing",
    "not built",
    "Nothing to boot.",
    "clawdesk images build base",
    works="Looking at what was done.",
)
OPTIONAL = Check("docker", "missing", "no engine", "No Docker.", "", needed=False)


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    doctor.add_arguments(parser)
    return parser.parse_args(words)


def test_limits_and_options_are_no_reason_to_fail(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.run(options(), lambda: [FINE, LIMIT, OPTIONAL]) == 0
    text = capsys.readouterr().out
    assert "Emulation is slower." in text
    assert "Tasks can run" in text


def test_a_lack_is_exit_code_5_with_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.run(options(), lambda: [FINE, LACK]) == 5
    text = capsys.readouterr().out
    words = [line.strip() for line in text.splitlines()]
    said = words.index("Nothing to boot.")
    assert words[said + 1 : said + 3] == [
        "Still works: Looking at what was done.",
        "$ clawdesk images build base",
    ]
    assert "guest image missing" in text


def test_json_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.run(options("--json"), lambda: [FINE, LACK]) == 5
    found = json.loads(capsys.readouterr().out)
    assert found["ready"] is False
    assert found["checks"][0] == {
        "name": "libvirt",
        "state": "ok",
        "found": "libvirt 9.0.0",
        "why": "",
        "mend": "",
        "needed": True,
        "works": "",
    }


def test_checks_survive_the_way_over_the_socket() -> None:
    checks = [FINE, LIMIT, LACK, OPTIONAL]
    assert doctor.from_json([check.as_json() for check in checks]) == checks


def test_an_unknown_state_is_never_read_as_good() -> None:
    assert doctor.from_json([{"name": "x", "state": "?"}])[0].state == "missing"


def test_each_mending_command_is_run_once_and_only_for_lacks(tmp_path: Path) -> None:
    install = Check("libvirt", "missing", "none", "", INSTALL)
    limit = Check("disk", "limited", "1 GiB", "little", "clawdesk prune")
    commands = doctor.mending_commands([install, install, LACK, limit], tmp_path)
    assert commands == [
        ["/usr/bin/python3", str(tmp_path / "packaging/setup.py"), "--only", "system,guest"],
        ["clawdesk", "images", "build", "base"],
    ]
    assert doctor.mending_commands([install], None) == []


def test_fix_asks_runs_and_looks_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    made = tmp_path / "made"
    program = f"import pathlib; pathlib.Path({str(made)!r}).touch()"
    lack = Check("x", "missing", "none", "why", f'{sys.executable} -c "{program}"')
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)

    def look() -> list[Check]:
        return [FINE] if made.exists() else [lack]

    assert doctor.run(options("--fix"), look, ask=lambda _: "n") == 5
    assert not made.exists()
    assert doctor.run(options("--fix"), look, ask=lambda _: "y") == 0
    assert "Tasks can run" in capfd.readouterr().out


def test_without_a_terminal_nothing_is_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    lack = Check("x", "missing", "none", "why", "false")
    assert doctor.run(options("--fix"), lambda: [lack]) == 5
    assert "Not run" in capsys.readouterr().err
